"""The same question, put to a real Envoy: a copy of a dump that runs on loopback, and what it says.

Nothing here decides what Envoy would do: configuration is adapted so that it can run on one
machine, what had to be taken out is named, and what Envoy logs is held against the trace.
"""
