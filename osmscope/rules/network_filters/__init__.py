"""What each network filter decides for a connection."""
