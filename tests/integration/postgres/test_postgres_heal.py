"""The tests of tests/unit/services/test_heal.py, on PostgreSQL."""

from tests.unit.services.test_heal import *  # noqa: F403
