"""The tests of tests/unit/services/test_ingest_plan.py, on PostgreSQL."""

from tests.unit.services.test_ingest_plan import *  # noqa: F403
