"""From bytes to named sections; resource bodies stay undecoded until asked for."""
