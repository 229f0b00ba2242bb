"""Human recordings on disk: found, hashed, and never followed out of the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from renderer.domain.object_key import sha256_hex
from renderer.errors import ManifestError
from renderer.services import recording
from renderer.services.input_key import scan_recordings
from renderer.services.recording import Recording, find_recordings


def _record(root: Path, name: str, data: bytes = b"RIFF") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _codes(caught: pytest.ExceptionInfo[ManifestError]) -> set[str]:
    return {f.code for f in caught.value.faults}


def test_recordings_are_named_by_folder_and_file(tmp_path: Path) -> None:
    _record(tmp_path, "en-US/halt_01.wav", b"one")
    _record(tmp_path, "de-DE/halt_01.WAV", b"two")
    _record(tmp_path, "de-DE/notes.txt")
    _record(tmp_path, "readme.wav")
    assert scan_recordings(tmp_path) == {
        ("halt_01", "en-US"): sha256_hex(b"one"),
        ("halt_01", "de-DE"): sha256_hex(b"two"),
    }


def test_a_recording_is_read_where_it_was_found(tmp_path: Path) -> None:
    odd = _record(tmp_path, "en-US/halt_01.Wav", b"one")
    apart = _record(tmp_path, "fr-FR/he\u0301ros.wav", b"two")  # as macOS may write it
    assert find_recordings(tmp_path) == {
        ("halt_01", "en-US"): Recording(odd, sha256_hex(b"one")),
        ("h\u00e9ros", "fr-FR"): Recording(apart, sha256_hex(b"two")),
    }


def test_a_recording_that_changes_meanwhile_is_refused(tmp_path: Path) -> None:
    path = _record(tmp_path, "en-US/a.wav", b"one")
    found = find_recordings(tmp_path)["a", "en-US"]
    assert found.read() == b"one"
    path.write_bytes(b"two")
    with pytest.raises(ManifestError, match=r"recorded/en-US/a\.wav changed while reading"):
        found.read()
    path.unlink()
    with pytest.raises(ManifestError, match=r"cannot read recorded/en-US/a\.wav"):
        found.read()


def test_no_folder_is_no_recordings(tmp_path: Path) -> None:
    assert scan_recordings(tmp_path / "recorded") == {}


def test_unchanged_files_are_not_read_again(tmp_path: Path) -> None:
    path = _record(tmp_path, "en-US/a.wav", b"one")
    cache: dict[str, tuple[int, int, str]] = {}
    scan_recordings(tmp_path, cache)
    assert list(cache) == ["recorded/en-US/a.wav"]
    cache["recorded/en-US/a.wav"] = (*cache["recorded/en-US/a.wav"][:2], "from the cache")
    assert scan_recordings(tmp_path, cache) == {("a", "en-US"): "from the cache"}
    path.write_bytes(b"three")
    assert scan_recordings(tmp_path, cache) == {("a", "en-US"): sha256_hex(b"three")}


@pytest.mark.skipif(os.name != "posix", reason="needs symbolic links")
def test_links_are_refused_wherever_they_lead(tmp_path: Path) -> None:
    outside = _record(tmp_path / "outside", "secret.wav")
    root = tmp_path / "recorded"
    _record(root, "en-US/a.wav")
    (root / "en-US" / "b.wav").symlink_to(outside)
    (root / "fr-FR").symlink_to(tmp_path / "outside")
    with pytest.raises(ManifestError) as caught:
        scan_recordings(root)
    assert _codes(caught) == {"recording-link"}
    assert len(caught.value.faults) == 2


@pytest.mark.skipif(os.name != "posix", reason="names Windows cannot have")
def test_every_bad_name_is_told_at_once(tmp_path: Path) -> None:
    _record(tmp_path, "en-US/a:b.wav")
    _record(tmp_path, "en-US/con.wav")
    _record(tmp_path, "en-US/empty.wav", b"")
    with pytest.raises(ManifestError) as caught:
        scan_recordings(tmp_path)
    assert [f.path for f in caught.value.faults] == [
        "recorded/en-US/a:b.wav",
        "recorded/en-US/con.wav",
        "recorded/en-US/empty.wav",
    ]


def test_names_that_clash_on_some_system_are_refused(tmp_path: Path) -> None:
    _record(tmp_path, "en-US/halt.wav")
    _record(tmp_path, "en-US/HALT.wav")
    if len(list((tmp_path / "en-US").iterdir())) < 2:
        pytest.skip("this file system knows one case")
    with pytest.raises(ManifestError) as caught:
        scan_recordings(tmp_path)
    assert _codes(caught) == {"recording-clash"}


def test_a_folder_without_end_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "MAX_FILES", 2)
    for i in range(4):
        _record(tmp_path, f"en-US/{i}.wav")
    with pytest.raises(ManifestError) as caught:
        scan_recordings(tmp_path)
    assert _codes(caught) == {"recording-count"}


def test_a_gigantic_file_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "MAX_BYTES", 3)
    _record(tmp_path, "en-US/a.wav")
    with pytest.raises(ManifestError) as caught:
        scan_recordings(tmp_path)
    assert _codes(caught) == {"recording-size"}
