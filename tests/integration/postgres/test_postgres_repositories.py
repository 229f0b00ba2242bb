"""The tests of tests/unit/db/test_repositories.py, on PostgreSQL."""

from tests.unit.db.test_repositories import *  # noqa: F403
