"""A mesh of our own: real Envoys as OSM configures them, in network namespaces of one machine.

``python -m tests.mesh record`` makes the dumps in ``fixtures/``. Tests use ``running_mesh`` to hold
what osmscope says against what really happened; ``why_not_here`` says why a machine can't run it.
"""

from tests.mesh.errors import MeshError
from tests.mesh.running import RunningMesh, running_mesh, why_not_here

__all__ = ["MeshError", "RunningMesh", "running_mesh", "why_not_here"]
