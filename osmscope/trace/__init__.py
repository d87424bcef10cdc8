"""Puts the rules in order: from a request to its outcomes."""
