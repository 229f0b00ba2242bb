"""The tests of tests/unit/services/test_reading_pages.py, on PostgreSQL."""

from tests.unit.services.test_reading_pages import *  # noqa: F403
