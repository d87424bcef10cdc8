"""The terminal UI: screens that render report objects; they know nothing of Envoy."""
