"""From recordings to a voice: all of it, what is refused, and going on after a stop."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from renderer.domain.utterance import Utterance
from renderer.domain.voice_json import read_voice_model
from renderer.errors import InputError, TrainingError
from renderer.ports import SpeechRequest
from renderer.speech.voice_book import Voices
from renderer.training import character, checkpoint
from renderer.training.base import Base
from renderer.training.character import Character, Told, register, train_character
from renderer.training.corpus import TRAIN, VALID, Corpus, Speaker
from renderer.training.fit import Run
from renderer.training.prepare import Rights
from renderer.training.trainer import LAST, Progress
from renderer.training.tuning import Tuning

SHOWN: list[tuple[str, int, int]] = []


@pytest.fixture
def made(
    good_folder: Path, tmp_path: Path, base: Base, mira: Character, quick: Tuning, transcriber
) -> Path:
    SHOWN.clear()
    told = Told(lambda what, done, n, _note: SHOWN.append((what, done, n)))
    folder = train_character(good_folder, tmp_path / "run", base, mira, quick, transcriber, told)
    assert folder is not None
    return folder


def test_recordings_become_a_voice_that_speaks(
    made: Path, tmp_path: Path, good_folder, base, mira, quick, transcriber
) -> None:
    card = yaml.safe_load((made / "card.yaml").read_text("utf-8"))
    assert card["name"] == "mira"
    assert card["languages"] == ["en"]
    assert (card["licence"], card["may_publish"]) == ("CC-BY-4.0", True)
    assert card["consent_ref"] == "contract 12"
    assert card["attribution"] == "Voice: Mira.\nThanks to Ann and Bob."
    assert card["source"] == "Read by Mira. Fine-tuned from pack."
    model = read_voice_model((made / "voice.json").read_bytes())
    assert set(model.speakers) == {"mira"}  # the base's speakers are not those of this voice
    assert {what for what, *_ in SHOWN} >= {"aligner", "aligning", "acoustic", "writing the voice"}

    placed = register(made, tmp_path / "voices")
    line = Utterance("a", "en-US", "", "", "hold your ground", "hold your ground", "mira")
    (transcript,) = transcriber.transcribe([line])
    (speech,) = Voices([tmp_path / "voices"]).open("mira").speak([SpeechRequest(transcript)])
    assert not isinstance(speech, Exception)
    assert speech.waveform.duration_s > 0.2
    assert np.isfinite(speech.waveform.samples).all()

    with pytest.raises(TrainingError, match="--replace"):
        register(made, tmp_path / "voices")
    assert register(made, tmp_path / "voices", replaces=True) == placed
    assert [p.name for p in (tmp_path / "voices").iterdir()] == ["mira"]  # nothing half-made


def test_only_the_new_speaker_and_what_speaks_is_learnt(made: Path, base: Base) -> None:
    kept = checkpoint.load(made.parents[1] / "acoustic" / LAST)
    old, new = base.acoustic.weights("fastpitch"), kept.part("module.fastpitch")
    changed = {name.split(".")[0] for name in old if not np.allclose(old[name].float(), new[name])}
    assert "encoder" not in changed
    assert {"decoder", "duration"} <= changed
    vectors = kept.part("module.speakers")["vectors"]
    assert vectors.shape[0] == 3
    assert np.allclose(vectors[:2], base.acoustic.weights("speakers")["vectors"])


def test_what_was_stopped_goes_on_to_the_same_voice(
    made: Path, good_folder: Path, tmp_path: Path, base, mira, quick, transcriber
) -> None:
    stops = {"aligner": 1, "acoustic": 2}

    def began(run: Run) -> None:
        left = stops.pop(run.folder.name, 0)
        if left:
            go = run.trainer.run

            def stop_there(show: Callable[[Progress], None], minutes: float = 0):
                def tell(progress: Progress) -> None:
                    show(progress)
                    if progress.step >= left:
                        run.trainer.stop()

                return go(tell, minutes)

            run.trainer.run = stop_there  # type: ignore[method-assign]

    run = tmp_path / "interrupted"
    told = Told(began=began)
    answers = [
        train_character(good_folder, run, base, mira, quick, transcriber, told) for _ in range(3)
    ]
    assert answers[:2] == [None, None]
    assert answers[2] is not None
    for model in ("aligner", "acoustic"):
        one, other = (checkpoint.load(r / model / LAST) for r in (run, made.parents[1]))
        assert one.step == other.step == 4
        assert all(torch.equal(one.tensors[k], v) for k, v in other.tensors.items())
    models = [read_voice_model((v / "voice.json").read_bytes()) for v in (made, answers[2])]
    assert models[0].speakers == models[1].speakers


def test_a_run_goes_on_only_as_what_it_was(
    made: Path, good_folder: Path, base, mira, quick, transcriber
) -> None:
    run = made.parents[1]
    other = replace(quick, acoustic={**quick.acoustic, "steps": 5})
    with pytest.raises(TrainingError, match="another acoustic"):
        train_character(good_folder, run, base, mira, other, transcriber)
    with (good_folder / "metadata.csv").open("a") as file:
        file.write("\n")
    with pytest.raises(TrainingError, match="another recordings"):
        train_character(good_folder, run, base, mira, quick, transcriber)


def test_half_a_minute_is_too_little_and_more_may_be_recorded(
    good_folder: Path, tmp_path: Path, base, mira, quick, transcriber
) -> None:
    asked = replace(mira, least_minutes=3.0)
    run = tmp_path / "run"
    with pytest.raises(TrainingError, match="3 usable minutes per speaker are needed, mira has 0"):
        train_character(good_folder, run, base, asked, quick, transcriber)
    assert (run / "corpus/qc.html").is_file()  # to see what was wrong
    assert not (run / character.ASK_FILE).exists()
    shutil.copy(good_folder / "wavs/s0.wav", good_folder / "wavs/s8.wav")
    with (good_folder / "metadata.csv").open("a") as file:
        file.write("\ns8|The Gate Is Open Now.|once more the gate.")
    with pytest.raises(TrainingError, match="3 usable minutes"):
        train_character(good_folder, run, base, asked, quick, transcriber)
    assert len(Corpus.load(run / "corpus").clips) == 9


def test_an_empty_folder_is_refused(tmp_path: Path, base, mira, quick, transcriber) -> None:
    (tmp_path / "recordings").mkdir()
    with pytest.raises(InputError, match=r"needs a metadata\.csv"):
        train_character(tmp_path / "recordings", tmp_path / "run", base, mira, quick, transcriber)


def test_a_name_or_language_the_base_cannot_give_is_refused_before_anything_is_learnt(
    good_folder: Path, tmp_path: Path, base, mira, quick, transcriber
) -> None:
    for number, (who, why) in enumerate(
        [
            (replace(mira, name="ann"), "'ann' of its own"),
            (replace(mira, language="de"), "speak de"),
        ]
    ):
        run = tmp_path / f"run{number}"
        with pytest.raises(TrainingError, match=why):
            train_character(good_folder, run, base, who, quick, transcriber)
        assert not (run / "aligner").exists()
        assert not (run / character.ASK_FILE).exists()  # another base may be tried


def test_rights_are_those_of_all_it_is_made_of(base: Base, mira: Character) -> None:
    corpus = Corpus(Path("none"), {}, ())
    closed = replace(base, rights=replace(base.rights, may_publish=False))
    unknown = replace(mira, rights=replace(mira.rights, licence=""))
    assert character.about(mira, base, corpus).may_publish
    assert not character.about(mira, closed, corpus).may_publish
    assert not character.about(unknown, base, corpus).may_publish


def corpus_of(folder: Path, *speakers: Speaker, source: Corpus) -> Corpus:
    """Write a corpus of several speakers with the sounds of another, no clip kept out."""
    clips = [
        replace(clip, id=f"{speaker.name}-{clip.id}", speaker=speaker.name, split=TRAIN)
        for speaker in speakers
        for clip in source.clips
    ]
    shutil.copytree(source.folder / "audio", folder / "audio")
    made = Corpus(folder, {s.name: s for s in speakers}, tuple(clips))
    made.save()
    return made


def test_one_speaker_of_a_corpus_is_taken_with_its_terms(
    made: Path, tmp_path: Path, base, mira, quick, transcriber
) -> None:
    own = Corpus.load(made.parents[1] / "corpus")  # aligned, so it need not be again
    folder = tmp_path / "two"
    corpus_of(folder, Speaker("cleo", "CC0-1.0", False, "Cleo."), Speaker("dora"), source=own)
    plain = replace(mira, rights=Rights())
    with pytest.raises(TrainingError, match="are of cleo, dora: say with --speaker"):
        train_character(folder, tmp_path / "a", base, plain, quick, transcriber)
    cleo = replace(plain, speaker="cleo")
    voice = train_character(folder, tmp_path / "a", base, cleo, quick, transcriber)
    assert voice is not None
    card = yaml.safe_load((voice / "card.yaml").read_text("utf-8"))
    assert (card["licence"], card["may_publish"]) == ("CC0-1.0", False)
    taken = Corpus.load(tmp_path / "a/corpus")
    assert set(taken.speakers) == {clip.speaker for clip in taken.clips} == {"mira"}
    assert len(taken.usable(VALID)) == 2  # kept out of the training here
    assert not (tmp_path / "a/aligner").exists()
    asked = replace(mira, speaker="cleo")
    with pytest.raises(TrainingError, match="may not be published"):
        train_character(folder, tmp_path / "b", base, asked, quick, transcriber)


def test_the_vocoder_learns_where_it_is_asked_to(
    made: Path, tmp_path: Path, base, mira, quick, transcriber
) -> None:
    own = Corpus.load(made.parents[1] / "corpus")
    corpus_of(tmp_path / "one", Speaker("cleo"), source=own)
    few = {"steps": 2, "validate_every": 2, "batch_frames": 64}
    how = replace(quick, vocoder=few)
    voice = train_character(tmp_path / "one", tmp_path / "a", base, mira, how, transcriber)
    assert voice is not None
    kept = checkpoint.load(tmp_path / "a/vocoder" / LAST)
    assert kept.step == 2
    before = base.vocoder.weights("vocoder")
    after = kept.part("module.vocoder")
    assert any(not np.allclose(before[name].float(), after[name]) for name in before)


def test_time_that_is_spent_is_not_spent_again(
    made: Path, good_folder: Path, base, mira, quick, transcriber
) -> None:
    run = made.parents[1]
    before = (run / "acoustic" / LAST).read_bytes()
    spent = replace(quick, minutes=1e-9)
    assert train_character(good_folder, run, base, mira, spent, transcriber) == made
    assert (run / "acoustic" / LAST).read_bytes() == before
