"""What differs between two sidecars, or between two dumps of one, by meaning."""
