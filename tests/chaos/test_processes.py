"""Some faults on real processes and real servers; `make chaos` runs all of them, many times."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.fault import FAULTS
from tests.chaos.fleet import Fleet
from tests.chaos.history import Expected
from tests.chaos.processes import learn, run_case
from tests.servers.process import MissingServerError

CHOSEN = (
    "worker killed at judged",
    "worker killed at finishing",
    "relay killed at published",
    "Redis restarted without",
    "Redis fails as a retry is enqueued",
    "PostgreSQL ended at once",
    "S3 cuts the answer off after storing",
    "messages doubled, delayed, reordered",
)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """A service with leases of two seconds."""
    standing = Fleet(tmp_path_factory.mktemp("fleet") / "fleet")
    try:
        standing.__enter__()
    except MissingServerError as missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(missing))
    yield standing
    standing.__exit__(None, None, None)


@pytest.fixture(scope="module")
def expected(fleet: Fleet) -> dict[str, Expected]:
    return learn(fleet)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", CHOSEN)
def test_the_service_needs_no_hand(
    name: str, fleet: Fleet, expected: dict[str, Expected], tmp_path: Path
) -> None:
    seed = list(FAULTS).index(name)
    assert run_case(fleet, seed, expected).violations == ()
