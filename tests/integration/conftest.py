"""Fixtures of the integration tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kept_scores import kept_scores


@pytest.fixture(scope="session", autouse=True)
def scores() -> Iterator[None]:
    """What the judges say of a sound is kept."""
    with kept_scores():
        yield
