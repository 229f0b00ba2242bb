"""The tests of tests/unit/services/test_publish_lock.py, on PostgreSQL."""

from tests.unit.services.test_publish_lock import *  # noqa: F403
