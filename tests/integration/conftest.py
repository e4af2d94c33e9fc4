"""The gateway as a fixture."""

from tests.support.mesh import enrolled, enrolled_database, enrolled_file, mesh, own_mesh, shared_enrolled, shared_mesh

__all__ = ["enrolled", "enrolled_database", "enrolled_file", "mesh", "own_mesh", "shared_enrolled", "shared_mesh"]
