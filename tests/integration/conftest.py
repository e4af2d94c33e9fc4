"""The gateway as a fixture."""

from tests.support.mesh import mesh

__all__ = ["mesh"]
