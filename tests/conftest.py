"""Fixtures every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """The reference data: skipped when not configured, FAILS when configured and unusable."""
    folder = os.environ.get("BARKLINE_REFERENCE_DATA")
    if not folder:
        pytest.skip("BARKLINE_REFERENCE_DATA is not set")
    path = Path(folder)
    if not (path / "voices").is_dir() or not (path / "emotion").is_dir():
        pytest.fail(f"BARKLINE_REFERENCE_DATA={folder} has no voices/ and emotion/")
    return path


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout."""
    return ROOT


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests ran on the reference data, so that a green run cannot hide its absence."""
    ran = sum(
        "reference" in report.keywords
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
        if report.when == "call"
    )
    terminalreporter.write_line(f"reference tests that ran: {ran}")
