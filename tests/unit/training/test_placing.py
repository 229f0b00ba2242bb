"""A folder takes its place whole, what it replaces is never lost, and leavings are swept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from renderer.errors import TrainingError
from renderer.training import placing
from renderer.training.character import register
from renderer.training.placing import place, require_place, sweep, working


def voice(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "card.yaml").write_text(text, "utf-8")
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def voices(tmp_path: Path) -> Path:
    voice(tmp_path / "voices/mira", "old")
    return tmp_path / "voices"


def test_what_is_no_voice_is_never_replaced(tmp_path: Path) -> None:
    made, voices = voice(tmp_path / "made/mira", "new"), tmp_path / "voices"
    (voices / "mira").mkdir(parents=True)
    (voices / "mira/thesis.tex").write_text("years", "utf-8")
    with pytest.raises(TrainingError, match=r"no voice.*card\.yaml"):
        register(made, voices, replaces=True)
    assert names(voices) == ["mira"]
    assert names(voices / "mira") == ["thesis.tex"]
    (tmp_path / "file").write_text("text", "utf-8")
    with pytest.raises(TrainingError, match="no voice"):
        require_place(tmp_path / "file", replaces=True)


@pytest.mark.parametrize("end", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_an_end_between_the_two_renames_brings_the_old_one_back(
    voices: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: BaseException
) -> None:
    made, rename, done = voice(tmp_path / "made/mira", "new"), os.rename, []

    def breaks(source: Path, target: Path) -> None:
        done.append(source)
        if len(done) == 2:
            raise end
        rename(source, target)

    monkeypatch.setattr(placing.os, "rename", breaks)
    with pytest.raises((KeyboardInterrupt, TrainingError)):
        register(made, voices, replaces=True)
    assert names(voices) == ["mira"]
    assert (voices / "mira/card.yaml").read_text() == "old"


def test_a_voice_that_a_dead_process_set_aside_is_there_again(voices: Path, tmp_path: Path) -> None:
    aside = voices / ".replaced-abc"
    aside.mkdir()
    os.rename(voices / "mira", aside / "mira")
    (voices / ".exporting-def").mkdir()
    (voices / ".mine").mkdir()
    sweep(voices)
    assert names(voices) == [".mine", "mira"]
    voice(aside / "mira", "older")  # its place is taken: the new one had been put there
    sweep(voices)
    assert (voices / "mira/card.yaml").read_text() == "old"
    assert names(voices) == [".mine", "mira"]


def test_what_another_process_works_on_is_not_swept(voices: Path) -> None:
    with working(voices) as folder:
        sweep(voices)
        assert folder.is_dir()
    assert names(voices) == ["mira"]


def test_a_place_is_taken(voices: Path, tmp_path: Path) -> None:
    with working(voices) as folder:
        made = voice(folder / "mira", "new")
        with pytest.raises(TrainingError, match="there already"):
            place(made, voices / "mira", replaces=False)
        place(made, voices / "mira", replaces=True)
    assert names(voices) == ["mira"]
    assert (voices / "mira/card.yaml").read_text() == "new"
