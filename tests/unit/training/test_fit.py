"""From a recipe to a run: what cannot be trained is refused before anything is spent."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from renderer.errors import InputError, TrainingError
from renderer.training import checkpoint, predicted
from renderer.training.acoustic import AcousticLearner
from renderer.training.corpus import MEL, TRAIN, VALID, Clip, Corpus, Speaker
from renderer.training.fit import choose_device, is_begun, prepare_run
from renderer.training.recipe import CorpusChoice, Recipe
from renderer.training.sound import write_sound
from renderer.training.trainer import BEST, LAST

HOP = MEL.hop_length
VOICES = {"low": 110.0, "high": 220.0}


def sound(frames: list[int], hz: float, seed: int) -> np.ndarray:
    """Pause, hiss, hum, pause."""
    draw = np.random.default_rng(seed)
    at = np.arange(frames[2] * HOP) / MEL.sample_rate
    hum = sum(np.sin(2 * np.pi * k * hz * at) / k for k in range(1, 10))
    parts = [
        np.zeros(frames[0] * HOP), 0.1 * draw.standard_normal(frames[1] * HOP), 0.15 * hum,
        np.zeros(frames[3] * HOP),
    ]  # fmt: skip
    whole = np.concatenate(parts)
    return (whole + 1e-4 * draw.standard_normal(whole.size)).astype(np.float32)


def make(folder: Path, language: str = "en", voices: tuple[str, ...] = ("low", "high")) -> Corpus:
    clips = []
    for number in range(8):
        name = voices[number % len(voices)]
        frames = [4, 6 + number % 3, 14 + number, 4]
        one = f"clip{number}"
        write_sound(folder / f"{one}.flac", sound(frames, VOICES[name], number), MEL.sample_rate)
        clips.append(
            Clip(
                one,
                name,
                language,
                "sa",
                f"{one}.flac",
                sum(frames),
                phones=("_", "s", "a", "_"),
                stresses=(0, 0, 1, 0),
                words=(-1, 0, 0, -1),
                durations=tuple(frames),
                split=VALID if number >= 6 else TRAIN,
            )
        )
    speakers = {n: Speaker(n, "CC0-1.0", True, f0_floor_hz=70, f0_ceiling_hz=400) for n in voices}
    made = Corpus(folder, speakers, tuple(clips))
    made.save()
    return made


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return make(tmp_path / "corpus")


def recipe(*corpora: Corpus, **changes: object) -> Recipe:
    known: dict[str, object] = {
        "model": "acoustic", "size": "tiny", "steps": 4, "batch_frames": 120, "validate_every": 2,
        "segment_frames": 8, "precision": "float32", "warmup_steps": 1,
        "corpora": [CorpusChoice(folder=one.folder) for one in corpora],
    }  # fmt: skip
    return Recipe.model_validate(known | changes)


@pytest.mark.parametrize("model", ["acoustic", "vocoder"])
def test_a_run_leaves_checkpoints_metrics_card_and_curve(
    corpus: Corpus, tmp_path: Path, model: str
) -> None:
    folder = tmp_path / "run"
    assert not is_begun(folder)
    run = prepare_run(recipe(corpus, model=model), folder, device="cpu")
    assert run.go().reason == "finished"
    assert is_begun(folder)
    names = {LAST, BEST, "metrics.jsonl", "card.json", "curve.svg"}
    assert names <= {path.name for path in folder.iterdir()}
    assert json.loads((folder / "card.json").read_text())["best"]["kind"] == "valid"


def test_stopped_at_once_it_has_a_card_all_the_same(corpus: Corpus, tmp_path: Path) -> None:
    run = prepare_run(recipe(corpus, validate_every=100), tmp_path, device="cpu")
    run.trainer.stop()
    assert run.go().reason == "stopped"
    assert json.loads((tmp_path / "card.json").read_text())["outcome"]["best_loss"] is None


def test_a_corpus_of_nothing(tmp_path: Path, corpus: Corpus) -> None:
    empty = replace(corpus, clips=())
    empty.save()
    with pytest.raises(TrainingError, match="No clip of the corpora passed"):
        prepare_run(recipe(empty), tmp_path, device="cpu")
    failed = replace(corpus, clips=tuple(replace(c, faults=("noisy",)) for c in corpus.clips))
    failed.save()
    with pytest.raises(TrainingError, match=r"qc\.html"):
        prepare_run(recipe(failed), tmp_path, device="cpu")


def test_other_mel_frames_are_refused(tmp_path: Path, corpus: Corpus) -> None:
    odd = replace(corpus, spec=replace(MEL, hop_length=128))
    odd.save()
    with pytest.raises(TrainingError, match="other mel frames"):
        prepare_run(recipe(odd), tmp_path, device="cpu")


@pytest.mark.parametrize("model", ["acoustic", "vocoder"])
def test_an_unknown_size(corpus: Corpus, tmp_path: Path, model: str) -> None:
    with pytest.raises(TrainingError, match=r"`size`.*'huge'"):
        prepare_run(recipe(corpus, model=model, size="huge"), tmp_path, device="cpu")


def test_predicted_mels_have_to_be_there(corpus: Corpus, tmp_path: Path) -> None:
    plan = recipe(corpus, model="vocoder", predicted_mels=True)
    with pytest.raises(TrainingError, match="barkline train predict"):
        prepare_run(plan, tmp_path, device="cpu")
    clip = corpus.usable(TRAIN)[0]
    folder = corpus.folder / predicted.FOLDER
    folder.mkdir()
    path = folder / f"{clip.id}.npy"
    good = np.zeros((MEL.n_mels, clip.frames), np.float16)
    for bad in (b"", b"\x93NUMPY", b"PK\x05\x06" + b"\0" * 18):
        path.write_bytes(bad)
        assert predicted.predicted_mel(corpus, clip) is None
    for other in (good[:, 1:], np.full_like(good, np.nan), good.astype(np.complex64)):
        np.save(path, other)
        assert predicted.predicted_mel(corpus, clip) is None
    np.save(path, good)
    assert predicted.predicted_mel(corpus, clip) is not None
    prepare_run(plan, tmp_path, device="cpu")


def test_going_on_from_a_checkpoint_adds_speakers_and_refuses_languages(
    tmp_path: Path,
) -> None:
    base = make(tmp_path / "base", voices=("low",))
    prepare_run(recipe(base), tmp_path / "first", device="cpu").go()
    start = tmp_path / "first" / BEST
    more = make(tmp_path / "more", voices=("high",))
    run = prepare_run(recipe(more, start_from=start), tmp_path / "second", device="cpu")
    run.go()
    kept = checkpoint.load(tmp_path / "second" / BEST)
    assert kept.run["speakers"] == ["low", "high"]
    german = make(tmp_path / "german", language="de")
    with pytest.raises(TrainingError, match="does not speak de; it knows en"):
        prepare_run(recipe(german, start_from=start), tmp_path / "third", device="cpu")


def test_a_vocoder_does_not_start_from_an_acoustic_model(corpus: Corpus, tmp_path: Path) -> None:
    prepare_run(recipe(corpus), tmp_path / "first", device="cpu").go()
    plan = recipe(corpus, model="vocoder", start_from=tmp_path / "first" / BEST)
    with pytest.raises(TrainingError, match="another architecture of 'vocoder'"):
        prepare_run(plan, tmp_path / "second", device="cpu")


def test_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto").type == "cpu"
    with pytest.raises(TrainingError, match="no CUDA device"):
        choose_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto").type == "cuda"


@pytest.fixture
def begun(corpus: Corpus, tmp_path: Path) -> Path:
    """A checkpoint of the tiny model."""
    run = prepare_run(recipe(corpus, steps=1, validate_every=1), tmp_path / "begun", device="cpu")
    run.go()
    return tmp_path / "begun" / BEST


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("size", "small", "of size tiny, not small"),
        ("with_emotion", True, "neutral alone"),
        ("frozen", ["fastpitch.encodr"], r"fastpitch\.encodr"),
    ],
)
def test_what_the_model_to_start_from_has_not_is_a_fault(
    corpus: Corpus, tmp_path: Path, begun: Path, field: str, value: object, said: str
) -> None:
    plan = recipe(corpus, start_from=begun, **{field: value})
    with pytest.raises(InputError) as caught:
        prepare_run(plan, tmp_path / "next", device="cpu")
    (fault,) = caught.value.faults
    assert fault.field == field
    assert re.search(said, fault.problem)


def test_what_the_model_to_start_from_has_may_be_said(
    corpus: Corpus, tmp_path: Path, begun: Path
) -> None:
    plan = recipe(corpus, start_from=begun, with_emotion=False, frozen=["fastpitch.encoder"])
    prepare_run(plan, tmp_path / "next", device="cpu")
    unsaid = recipe(corpus, start_from=begun).model_dump(exclude={"size"}, exclude_unset=True)
    prepare_run(Recipe.model_validate(unsaid), tmp_path / "next", device="cpu")


@pytest.mark.parametrize("model", ["acoustic", "vocoder"])
def test_a_begun_run_goes_on_without_the_file_it_started_from_and_with_no_other(
    corpus: Corpus, tmp_path: Path, model: str
) -> None:
    for name, seed in (("one", 1), ("other", 2)):
        plan = recipe(corpus, model=model, steps=1, validate_every=1, seed=seed)
        prepare_run(plan, tmp_path / name, device="cpu").go()
    one, other = (tmp_path / name / BEST for name in ("one", "other"))
    folder = tmp_path / "run"
    run = prepare_run(recipe(corpus, model=model, start_from=one), folder, device="cpu")
    run.trainer.stop()
    assert run.go().reason == "stopped"
    for wrong in (other, None):
        with pytest.raises(TrainingError, match="start_sha256 was"):
            prepare_run(recipe(corpus, model=model, start_from=wrong), folder, device="cpu").go()
    one.unlink()
    plan = recipe(corpus, model=model, start_from=one)
    assert prepare_run(plan, folder, device="cpu").go().reason == "finished"
    with pytest.raises(TrainingError, match="start from"):
        prepare_run(plan, tmp_path / "new", device="cpu")


def test_a_run_goes_on_with_the_predictions_it_began_with(corpus: Corpus, tmp_path: Path) -> None:
    folder = corpus.folder / predicted.FOLDER
    folder.mkdir()
    first, second = corpus.usable(TRAIN)[:2]
    np.save(folder / f"{first.id}.npy", np.zeros((MEL.n_mels, first.frames), np.float16))
    plan = recipe(corpus, model="vocoder", predicted_mels=True)
    run = prepare_run(plan, tmp_path / "run", device="cpu")
    assert "5 of 6 clips have no predicted mel" in run.notes[0]
    run.trainer.stop()
    run.go()
    np.save(folder / f"{second.id}.npy", np.zeros((MEL.n_mels, second.frames), np.float16))
    with pytest.raises(TrainingError, match="predicted_sha256 was"):
        prepare_run(plan, tmp_path / "run", device="cpu").go()


def test_a_model_of_no_numbers_predicts_nothing(
    corpus: Corpus, tmp_path: Path, begun: Path
) -> None:
    kept = checkpoint.load(begun)
    learner = AcousticLearner.restored(kept, kept.run)
    cpu = torch.device("cpu")
    assert predicted.predict_all(learner, [corpus], device=cpu) == len(corpus.clips)
    before = [path.read_bytes() for path in sorted((corpus.folder / predicted.FOLDER).iterdir())]
    with torch.no_grad():
        learner.model.decoder.out.bias[3] = float("nan")
    with pytest.raises(TrainingError, match="no finite number"):
        predicted.predict_all(learner, [corpus], device=cpu)
    after = [path.read_bytes() for path in sorted((corpus.folder / predicted.FOLDER).iterdir())]
    assert before == after
