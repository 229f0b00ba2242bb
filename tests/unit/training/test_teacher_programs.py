"""flite and festival, where they are installed; in CI they have to be."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from renderer.errors import SynthesisError, TrainingError
from renderer.text.lexicon import Lexicon
from renderer.text.transcriber import EspeakTranscriber
from renderer.training import program
from renderer.training.corpus import MEL, Corpus
from renderer.training.distil import distil
from renderer.training.teacher_festival import VOICES, FestivalTeacher, read_segments
from renderer.training.teacher_flite import SPEAKERS, FliteTeacher, read_phones

TEXTS = [
    "Who goes there?",
    "The captain's old water bottle… is empty; what a pity!",
    '") (system "touch hacked") ("',
]
"""The last one is hostile; its words may be said, and nothing else may happen."""


def needs(name: str, package: str, file: str = "") -> None:
    if shutil.which(name) and (not file or Path("/usr/share/festival/voices", file).exists()):
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI needs {package}")
    pytest.skip(f"{package} is not installed")


@pytest.fixture(scope="module")
def transcriber() -> EspeakTranscriber:
    return EspeakTranscriber(Lexicon())


def check(folder: Path) -> None:
    """Pauses are quiet, vowels are loud: the times are right."""
    import soundfile

    corpus = Corpus.load(folder)
    quiet, loud = [], []
    for clip in corpus.clips:
        samples, _ = soundfile.read(folder / clip.audio)
        power = np.mean(samples.reshape(-1, MEL.hop_length) ** 2, axis=1) + 1e-9
        edges = np.concatenate([[0], np.cumsum(clip.durations)])
        for phone, a, b in zip(clip.phones, edges[:-1], edges[1:], strict=True):
            if b - a > 2:
                level = 10 * np.log10(power[a + 1 : b - 1].mean())
                (quiet if phone in "_,.?!…;" else loud if phone in "aeoiɑːɛɔə" else []).append(
                    level
                )
    assert np.median(quiet) < np.median(loud) - 25


@pytest.mark.parametrize("voice", sorted(SPEAKERS))
def test_flite_teaches(voice: str, tmp_path: Path, transcriber: EspeakTranscriber) -> None:
    needs("flite", "flite")
    done = distil(TEXTS, FliteTeacher(voice, transcriber), tmp_path)
    assert done.made >= 2
    assert done.corpus.speakers[voice].may_publish
    check(tmp_path)


@pytest.mark.parametrize("voice", sorted(VOICES))
def test_festival_teaches(voice: str, tmp_path: Path, transcriber: EspeakTranscriber) -> None:
    own = VOICES[voice]
    region = "us" if own.locale == "en-US" else "catalan"
    needs("festival", own.package, f"{region}/{own.command.removeprefix('voice_')}")
    texts = TEXTS if region == "us" else ["Bon dia!", "El vell moliner busca la clau, però riu!"]
    done = distil(texts, FestivalTeacher(voice, transcriber), tmp_path)
    assert done.made >= 2
    assert done.corpus.languages == (own.locale.split("-")[0],)
    assert not list(Path.cwd().glob("hacked*"))
    check(tmp_path)


def test_a_voice_that_is_not_there_is_named(transcriber: EspeakTranscriber) -> None:
    with pytest.raises(TrainingError, match="awb"):
        FliteTeacher("nobody", transcriber)
    with pytest.raises(TrainingError, match="slt-hts"):
        FestivalTeacher("nobody", transcriber)


def test_a_missing_program_names_its_package(
    monkeypatch: pytest.MonkeyPatch, transcriber: EspeakTranscriber
) -> None:
    monkeypatch.setattr(program.shutil, "which", lambda _name: None)
    with pytest.raises(TrainingError, match="apt install flite"):
        FliteTeacher("rms", transcriber)
    with pytest.raises(TrainingError, match="apt install festival"):
        FestivalTeacher("slt-hts", transcriber)


def test_a_program_that_hangs_or_fails_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SynthesisError, match="did not finish"):
        program.run_program(["/bin/sleep", "9"], tmp_path, 0.05)
    with pytest.raises(SynthesisError, match="failed"):
        program.run_program(["/bin/sh", "-c", "echo no >&2; exit 3"], tmp_path, 9)
    with pytest.raises(SynthesisError, match="cannot be run"):
        program.run_program(["/no/such/program"], tmp_path, 9)
    with pytest.raises(SynthesisError, match="no sound"):
        program.read_sound(tmp_path / "none.wav")


def test_phones_that_are_not_those_of_the_sound_are_refused() -> None:
    with pytest.raises(SynthesisError, match="not those of its"):
        read_phones("pau:0.1 t:0.3 pau:5.0", 1.0)
    with pytest.raises(SynthesisError, match="not those of its"):
        read_phones("", 1.0)


def test_label_files_with_rubbish_are_read_as_far_as_they_go() -> None:
    assert read_segments("no header") == []
    assert [h.name for h in read_segments("#\n 0.1 100 pau\nxyz\n 0.2 100 t\n")] == ["", "t"]
