"""The tests of tests/unit/services/test_render_poison.py, on PostgreSQL."""

from tests.unit.services.test_render_poison import *  # noqa: F403
