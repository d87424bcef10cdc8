"""Logged traffic, asked again: what would differ under another configuration."""
