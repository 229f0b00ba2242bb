"""The tests of tests/unit/services/test_level.py, on PostgreSQL."""

from tests.unit.services.test_level import *  # noqa: F403
