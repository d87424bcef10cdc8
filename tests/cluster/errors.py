"""What can go wrong with a cluster for tests."""


class ClusterError(Exception):
    """The cluster cannot be built, does not start, or refuses what a test asks of it."""
