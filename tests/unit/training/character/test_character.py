"""From recordings to a voice: all of it, what is refused, and going on after a stop."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from renderer.domain.utterance import Utterance
from renderer.domain.voice_json import read_voice_model
from renderer.errors import InputError, TrainingError
from renderer.ports import SpeechRequest
from renderer.speech.voice_book import Voices
from renderer.training import character, checkpoint
from renderer.training.base import Base
from renderer.training.character import Character, Told, register, train_character
from renderer.training.corpus import Corpus
from renderer.training.finetune import Tuning
from renderer.training.fit import Run
from renderer.training.trainer import LAST, Progress

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
    assert (answers[2] / "voice.json").read_bytes() == (made / "voice.json").read_bytes()


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


def test_rights_are_those_of_all_it_is_made_of(base: Base, mira: Character) -> None:
    corpus = Corpus(Path("none"), {}, ())
    closed = replace(base, rights=replace(base.rights, may_publish=False))
    unknown = replace(mira, rights=replace(mira.rights, licence=""))
    assert character.about(mira, base, corpus).may_publish
    assert not character.about(mira, closed, corpus).may_publish
    assert not character.about(unknown, base, corpus).may_publish
