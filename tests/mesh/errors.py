"""What goes wrong with a mesh."""


class MeshError(Exception):
    """The mesh cannot run here, did not start, or a pod of it does not answer."""
