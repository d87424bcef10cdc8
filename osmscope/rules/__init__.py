"""One Envoy rule, one file. Pure: no I/O, no clock, no randomness."""
