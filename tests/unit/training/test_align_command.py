"""`barkline train align`: from recordings to a model by the commands that the docs name."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from renderer.cli import main
from renderer.errors import TrainingError
from renderer.training import corpus_align
from renderer.training.corpus import CLIPS_FILE, Corpus
from renderer.training.trainer import BEST, LAST

RECIPE = """
model = "acoustic"
size = "tiny"
steps = 2
batch_frames = 400
validate_every = 2
[[corpora]]
folder = "corpus"
"""


def run(*argv: object) -> int:
    with pytest.raises(SystemExit) as stopped:
        main([str(arg) for arg in argv])
    return int(stopped.value.code or 0)


@pytest.fixture
def corpus(good_folder: Path, tmp_path: Path) -> Path:
    """What `train prepare` makes of eight recordings: no durations."""
    out = tmp_path / "corpus"
    few = ("--least-minutes", 0, "--no-words", "--valid", 0.3)
    assert run("train", "prepare", good_folder, "--out", out, "--speaker", "mira", *few) == 0
    return out


def fit(folder: Path) -> int:
    recipe = folder / "recipe.toml"
    recipe.write_text(RECIPE, "utf-8")
    return run("train", "fit", recipe, "--out", folder / "run", "--device", "cpu")


def test_recordings_are_aligned_and_then_learnt(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit(tmp_path) == 1
    said = capsys.readouterr().err
    assert f"`barkline train align {corpus}`" in " ".join(said.split())
    assert run("train", "align", corpus, "--steps", 4, "--device", "cpu", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    clips = [clip for clip in Corpus.load(corpus).clips if clip.passed]
    assert all(sum(clip.durations) == clip.frames for clip in clips)
    assert (told["corpus"], told["aligned"]) == (corpus.as_posix(), len(clips))
    assert (told["known"], told["refused"]) == (0, {})
    assert (corpus / "aligner" / BEST).is_file()
    assert fit(tmp_path) == 0
    assert run("train", "predict", tmp_path / "run", corpus, "--device", "cpu") == 0

    before = (corpus / CLIPS_FILE).read_bytes()
    capsys.readouterr()
    assert run("train", "align", corpus, "--steps", 4) == 0  # nothing is left to do
    assert "knows already" in capsys.readouterr().out
    assert (corpus / CLIPS_FILE).read_bytes() == before


def test_stopped_it_leaves_the_corpus_alone_and_goes_on(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (corpus / CLIPS_FILE).read_bytes()
    plan = corpus_align.plan_of(corpus, steps=3)

    def began(made: corpus_align.Run) -> None:
        made.trainer.stop()

    assert corpus_align.align(Corpus.load(corpus), corpus / "a", plan, began=began) is None
    assert (corpus / CLIPS_FILE).read_bytes() == before
    assert (corpus / "a" / LAST).is_file()
    made = corpus_align.align(Corpus.load(corpus), corpus / "a", plan)
    assert made is not None
    assert all(clip.durations for clip in made.clips if clip.passed)


def test_a_corpus_that_changed_meanwhile_is_not_overwritten(corpus: Path) -> None:
    plan = corpus_align.plan_of(corpus, steps=1)
    asked = Corpus.load(corpus)

    def began(_: corpus_align.Run) -> None:
        replace(asked, clips=asked.clips[1:]).save()

    with pytest.raises(TrainingError, match="changed while"):
        corpus_align.align(asked, corpus / "a", plan, began=began)
    assert len(Corpus.load(corpus).clips) == len(asked.clips) - 1


def test_where_nothing_can_be_aligned_the_corpus_stays_as_it_was(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_aligner: object, asked: Corpus, **_: object) -> Corpus:
        return replace(asked, clips=tuple(replace(c, faults=("alignment",)) for c in asked.clips))

    monkeypatch.setattr(corpus_align, "align_corpus", fail)
    before = (corpus / CLIPS_FILE).read_bytes()
    plan = corpus_align.plan_of(corpus, steps=1)
    with pytest.raises(TrainingError, match="None of the clips"):
        corpus_align.align(Corpus.load(corpus), corpus / "a", plan)
    assert (corpus / CLIPS_FILE).read_bytes() == before


@pytest.mark.parametrize("steps", ["0", "x"])
def test_wrong_steps(corpus: Path, steps: str) -> None:
    assert run("train", "align", corpus, "--steps", steps) == 64


def test_no_corpus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("train", "align", tmp_path) == 65
    assert "no corpus" in capsys.readouterr().err
