"""From what a user typed to sidecars that can be asked; shared by the command line and the UI."""
