"""Neutral documents and their writers."""
