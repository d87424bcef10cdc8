"""Witnesses: for a resource, a request that reaches it, or why none can.

Decision: proposals are cheap and may be wrong; only what the tracer itself confirms is given away.
That none can is said only with a proof; else it is said that none was found, and what was tried.
"""
