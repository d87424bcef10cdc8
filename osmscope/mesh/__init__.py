"""What only one vendor does: names, ports, identities."""
