"""The tests of tests/unit/services/test_gc.py, on PostgreSQL."""

from tests.unit.services.test_gc import *  # noqa: F403
