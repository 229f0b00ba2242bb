from __future__ import annotations

from pathlib import Path

import pytest

from renderer.errors import InputError
from renderer.quality.audibility import read_audibility

SHIPPED = Path(__file__).resolve().parents[3] / "assets" / "audibility.yaml"


def test_the_shipped_file_knows_who_is_heard():
    voices = read_audibility(SHIPPED)
    assert voices["hearth#hale"].is_hearable
    assert not voices["hearth#pip"].is_hearable


@pytest.mark.parametrize(
    "row",
    [
        "[1]",
        "{size: 1}",
        "{size: x, error_rate: 0.1}",
        "{size: 9, error_rate: 0.1}",
        "{size: .nan, error_rate: 0.1}",
        "{size: 1, error_rate: -1}",
        "{size: true, error_rate: 0.1}",
        "{size: 1, error_rate: false}",
        "{size: 1, error_rate: 1" + 400 * "0" + "}",
    ],
)
def test_all_faults_are_named_at_once(tmp_path, row):
    path = tmp_path / "audibility.yaml"
    path.write_text(f"voices:\n  one: {row}\n  two: {row}\n  good: {{size: 1, error_rate: 0}}\n")
    with pytest.raises(InputError) as caught:
        read_audibility(path)
    assert [fault.field for fault in caught.value.faults] == ["voices.one", "voices.two"]


@pytest.mark.parametrize("data", [b"", b"\xff", b"voices: 3", b"a: [", b"x" * 70_000])
def test_what_is_no_hearing_file_is_refused(tmp_path, data):
    path = tmp_path / "audibility.yaml"
    path.write_bytes(data)
    with pytest.raises(InputError):
        read_audibility(path)
