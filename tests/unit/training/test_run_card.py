"""What a run says of itself."""

from __future__ import annotations

import json
import math
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from renderer.training import run_card
from renderer.training.corpus import VALID, Clip, Corpus, Speaker
from renderer.training.recipe import CorpusChoice, Recipe
from renderer.training.run_folder import comparable, differences
from renderer.training.trainer import Outcome

OUTCOME = Outcome(40, "finished", 35, 0.25, 12.5)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    clip = Clip("a", "mira", "en", "Hello.", "a.flac", 8613)
    clips = (clip, replace(clip, id="b", split=VALID), replace(clip, id="c", faults=("noisy",)))
    speaker = Speaker("mira", "CC-BY-4.0", True, "Mira, at home", "Mira")
    made = Corpus(tmp_path / "corpora" / "mira", {"mira": speaker}, clips)
    made.save()
    return made


def recipe(corpus: Corpus, **changes: object) -> Recipe:
    known = {"model": "vocoder", "corpora": [CorpusChoice(folder=corpus.folder)]}
    return Recipe.model_validate(known | changes)


def test_the_card_names_data_licence_metrics_and_revision(corpus: Corpus, tmp_path: Path) -> None:
    path = run_card.write(
        tmp_path, recipe(corpus), [corpus], OUTCOME, torch.device("cpu"), {"loss": 0.25}
    )
    card = json.loads(path.read_text("utf-8"))
    (data,) = card["data"]
    assert (data["name"], data["clips"], data["valid_clips"], data["refused_clips"]) == (
        "mira",
        1,
        1,
        1,
    )
    assert data["minutes"] == pytest.approx(1.67, abs=0.01)
    assert data["speakers"][0]["licence"] == "CC-BY-4.0"
    assert data["speakers"][0]["attribution"] == "Mira"
    assert card["outcome"] == {
        "step": 40, "reason": "finished", "best_step": 35, "best_loss": 0.25, "spent_s": 12.5,
        "keep": "best", "kept_step": 0,
    }  # fmt: skip
    assert card["best"] == {"loss": 0.25}
    assert "CPU core" in card["hardware"]
    assert str(tmp_path) not in path.read_text("utf-8")


def test_a_run_that_was_never_validated_has_a_card_that_is_json(
    corpus: Corpus, tmp_path: Path
) -> None:
    never = replace(OUTCOME, best_step=0, best_loss=math.inf)
    path = run_card.write(tmp_path, recipe(corpus), [corpus], never, torch.device("cpu"), {})

    def refuse(word: str) -> None:
        raise AssertionError(word)

    card = json.loads(path.read_text("utf-8"), parse_constant=refuse)
    assert card["outcome"]["best_loss"] is None


def test_a_run_may_be_moved_and_saved_more_often(corpus: Corpus, tmp_path: Path) -> None:
    moved = Corpus(tmp_path / "elsewhere", corpus.speakers, corpus.clips)
    moved.save()
    one = run_card.about(recipe(corpus), [corpus])
    assert one == run_card.about(recipe(moved, checkpoint_s=1.0), [moved])
    assert one == json.loads(json.dumps(one))
    assert one != run_card.about(recipe(corpus, seed=2), [corpus])


def test_other_clips_are_another_run(corpus: Corpus) -> None:
    one = run_card.about(recipe(corpus), [corpus])
    fewer = Corpus(corpus.folder, corpus.speakers, corpus.clips[:2])
    fewer.save()
    assert one != run_card.about(recipe(corpus), [fewer])


def test_the_revision_is_marked_where_files_differ(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        who = ("-c", "user.name=t", "-c", "user.email=t@example.org")
        subprocess.run(["git", "-C", str(tmp_path), *who, *words], check=True, capture_output=True)

    assert run_card.git_revision(tmp_path / "none") == ""
    git("init")
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "-m", "a")
    clean = run_card.git_revision(tmp_path)
    assert len(clean) == 40
    (tmp_path / "a").write_text("2")
    assert run_card.git_revision(tmp_path) == f"{clean}+"


def test_a_run_of_an_older_release_goes_on(corpus: Corpus) -> None:
    now = json.loads(json.dumps(run_card.about(recipe(corpus), [corpus])))
    new = ("keep", "balance", "frozen", "predicted_mels", "precision")
    old = {**now, "recipe": {k: v for k, v in now["recipe"].items() if k not in new}}
    later = {**now, "start_sha256": None, "predicted_sha256": "abc"}
    assert differences(*comparable(old, later)) == []
    changed = json.loads(json.dumps(run_card.about(recipe(corpus, keep="latest"), [corpus])))
    assert differences(*comparable(old, changed)) == ['recipe.keep was "best", now "latest"']
    given = {**now, "start_sha256": "abc"}
    assert differences(*comparable({**now, "start_sha256": None}, given)) != []
    assert differences(*comparable(given, {**now, "start_sha256": None})) != []


def test_precision_may_differ_as_hardware_may(corpus: Corpus) -> None:
    one, other = (
        run_card.about(recipe(corpus, precision=kind), [corpus]) for kind in ("auto", "float32")
    )
    assert differences(*comparable(one, other)) == []
