from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renderer.errors import InputError
from renderer.training.metadata import Defaults, read_metadata

DEFAULTS = Defaults("ann", "en-US")


def folder_of(tmp_path: Path, text: str, *sounds: str) -> Path:
    for name in sounds:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"RIFF")
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "metadata.csv").write_text(text, "utf-8")
    return tmp_path


def codes(folder: Path) -> list[tuple[int, str, str]]:
    return [(f.line, f.field, f.code) for f in read_metadata(folder, DEFAULTS)[1]]


def test_ljspeechs_layout_is_read(tmp_path: Path) -> None:
    text = 'a|Dr. "X" said 2.|Doctor "X" said two.\n\nb|Only  text.\n'
    recordings, faults = read_metadata(folder_of(tmp_path, text, "wavs/a.wav", "b.flac"), DEFAULTS)
    assert not faults
    a, b = recordings
    assert (a.id, a.text, a.line) == ("a", 'Doctor "X" said two.', 1)
    assert (b.text, b.line, b.speaker, b.language, b.emotion) == (
        "Only text.",
        3,
        "ann",
        "en-US",
        "neutral",
    )
    assert a.path == tmp_path / "wavs" / "a.wav"


@pytest.mark.parametrize("separator", ["|", ",", ";", "\t"])
def test_a_header_names_the_columns(tmp_path: Path, separator: str) -> None:
    quoted = "Halt you!" if separator == "|" else f'"Halt{separator} you!"'
    rows = [
        ["text", "file", "emotion", "speaker", "language"],
        [
            quoted,
            "a/x.wav",
            "Angry",
            "bo",
            "de",
        ],
        ["Well.", "a/y.wav", "", "", ""],
    ]
    text = "\ufeff" + "\r\n".join(separator.join(row) for row in rows)
    recordings, faults = read_metadata(folder_of(tmp_path, text, "a/x.wav", "a/y.wav"), DEFAULTS)
    assert not faults
    x, y = recordings
    assert (x.id, x.speaker, x.language, x.emotion) == ("a-x", "bo", "de", "angry")
    assert x.text.startswith("Halt")
    assert x.text.endswith("you!")
    assert (y.id, y.speaker, y.language, y.emotion) == ("a-y", "ann", "en-US", "neutral")


def test_every_fault_is_told_with_its_line(tmp_path: Path) -> None:
    text = "\n".join(
        [
            "a|Good.",
            "b|",
            "c|No sound.",
            "a|Twice.",
            "../d|Outside.",
            "e",
            "f|one|two|three",
            "|No id.",
            "g|?!…",
        ]
    )
    assert codes(folder_of(tmp_path, text, "a.wav", "b.wav", "e.wav", "f.wav", "g.wav")) == [
        (2, "text", "empty-text"),
        (3, "id", "missing-sound"),
        (4, "id", "duplicate-id"),
        (5, "id", "bad-id"),
        (6, "", "wrong-columns"),
        (7, "", "wrong-columns"),
        (8, "id", "bad-id"),
        (9, "text", "empty-text"),
    ]


def test_columns_are_checked_too(tmp_path: Path) -> None:
    text = "\n".join(
        [
            "file|text|emotion|speaker|mood",
            "a.wav|Good.|angry|bo|x",
            "a.wav|Bad.|enraged|b o|x",
            "../a.wav|Outside.|angry|bo|x",
        ]
    )
    found = codes(folder_of(tmp_path, text, "a.wav"))
    assert (1, "mood", "unknown-column") in found
    assert (3, "emotion", "bad-emotion") in found
    assert (3, "speaker", "bad-speaker") in found
    assert (3, "id", "duplicate-id") in found
    assert (4, "file", "bad-path") in found


@pytest.mark.parametrize(
    "name",
    [
        "../a",
        "/etc/passwd",
        "C:\\a",
        "\\\\server\\a",
        "..\\a",
        "x/../../a",
        "a\0",
        "a" * 300,
        "C:a",
    ],
)
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    folder = folder_of(tmp_path / "in", f"{name}|Text.", "ok.wav")
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    recordings, faults = read_metadata(folder, DEFAULTS)
    assert not recordings
    assert faults[0].code == "bad-id"


def test_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "in", "a|Text.")
    (tmp_path / "secret.wav").write_bytes(b"RIFF")
    os.symlink(tmp_path / "secret.wav", folder / "a.wav")
    assert codes(folder) == [(1, "id", "bad-path")]


def test_other_encodings_are_named_by_line(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_bytes("a|gut\nb|schön".encode("latin-1"))
    with pytest.raises(InputError, match="no UTF-8") as caught:
        read_metadata(tmp_path, DEFAULTS)
    assert caught.value.faults[0].line == 2


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_an_empty_file_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="is empty"):
        read_metadata(folder_of(tmp_path, text), DEFAULTS)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="one line per recording"):
        read_metadata(tmp_path, DEFAULTS)


def test_an_endless_field_is_a_fault(tmp_path: Path) -> None:
    found = codes(folder_of(tmp_path, f"a|{'x' * 200_000}\nb|Good.", "a.wav", "b.wav"))
    assert found == [(1, "", "wrong-columns")]


@given(st.text(max_size=300))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_text_is_read_or_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "metadata.csv").write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        recordings, faults = read_metadata(tmp_path, DEFAULTS)
    except InputError:
        return
    assert not recordings  # there is no sound
    assert faults
    assert all(fault.line > 0 and fault.fix for fault in faults)


@given(
    st.lists(
        st.tuples(
            st.text("abcdefgh", min_size=1, max_size=5),
            st.text(st.characters(codec="utf-8", categories=["L", "P", "Zs"]), max_size=40),
        ),
        min_size=1,
        max_size=8,
        unique_by=lambda row: row[0],
    )
)
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_was_written_is_read(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    rows = [(name, f"a{text.replace('|', '')}z") for name, text in rows]
    for name, _ in rows:
        (tmp_path / f"{name}.wav").write_bytes(b"")
    lines = "\n".join(f"{name}|{text}" for name, text in rows)
    (tmp_path / "metadata.csv").write_text(lines, "utf-8")
    recordings, faults = read_metadata(tmp_path, DEFAULTS)
    assert not faults
    assert [r.id for r in recordings] == [name for name, _ in rows]
    assert all(r.text[0] == "a" and r.text[-1] == "z" for r in recordings)
