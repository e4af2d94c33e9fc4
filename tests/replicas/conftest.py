"""Fixtures for tests of several gateways."""

from tests.support.mesh import enrolled_database
from tests.support.replicas import begin, shared_database

__all__ = ["begin", "enrolled_database", "shared_database"]
