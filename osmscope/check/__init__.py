"""What is wrong in a sidecar, whether or not a request meets it: one finding a file."""
