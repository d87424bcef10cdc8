"""Typed Envoy objects, without decisions."""
