"""Tests of where requests go: read from files, run against one proxy's configuration."""
