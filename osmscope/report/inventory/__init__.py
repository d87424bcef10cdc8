"""What one sidecar has: its resources by kind, what they say, and who refers to whom."""
