"""The tests of tests/unit/services/test_relay_queue.py, on PostgreSQL."""

from tests.unit.services.test_relay_queue import *  # noqa: F403
