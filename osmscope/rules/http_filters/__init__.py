"""What each HTTP filter decides before the router."""
