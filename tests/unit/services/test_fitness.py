"""A worker renders only what its own code, models and encoders were planned for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from renderer.domain.project import DeliveryTarget
from renderer.domain.render_key import Part, RenderKey
from renderer.domain.request import RenderRequest
from renderer.domain.take import Take
from renderer.domain.utterance import Utterance
from renderer.domain.voice import VoiceCard
from renderer.errors import ModelRefusedError, UnknownVoiceError
from renderer.services.fitness import Fitness, explain
from renderer.services.render_key import KeyBuilder

STAGES = {
    Part.TEXT_RULES: "text/2",
    Part.DIRECTION_STAGE: "direction/1",
    Part.MASTERING_STAGE: "mastering/1",
}
SAID = Utterance("l", "en-US", "guard", "gate", "Halt!", "Halt!", "amy#s1")


class Book:
    """Implements `ports.VoiceBook` as far as keys need it."""

    def __init__(self, sha256="a" * 64, revision="piper/1 config/1", broken=False) -> None:
        self.installed = VoiceCard("amy", "piper", sha256)
        self.revision, self.broken = revision, broken

    def cards(self):
        return {"amy": self.installed}

    def card(self, name):
        if name != "amy":
            raise UnknownVoiceError(name)
        return self.installed

    def engine_revision(self, name):
        if self.broken:
            raise ModelRefusedError("no configuration")
        return self.revision

    def open(self, name):
        raise AssertionError("fitness loads no model")


def encoder(codec: str) -> str:
    return f"{codec} libsndfile-1.2"


def planned(book=None, stages=STAGES, codec="vorbis", said=SAID, recording="") -> Take:
    """Plan a take as `open_house` does."""
    inputs = {Part.TEXT: "t", Part.VOICE: "v"} | ({Part.RECORDING: "r"} if recording else {})
    revisions = {**stages, Part.ENCODER: encoder(codec)}
    key = KeyBuilder(lambda _said: inputs, book or Book(), revisions).key(said)
    request = RenderRequest(
        said, delivery=replace(DeliveryTarget(), codec=codec), recording_key=recording
    )
    return Take(1, key, request)


def fitness(book=None, stages=STAGES, encode=encoder) -> Fitness:
    return Fitness(book or Book(), lambda codec: {**stages, Part.ENCODER: encode(codec)})


def test_what_this_process_planned_it_may_render() -> None:
    assert fitness().misfits(planned()) == ()
    assert fitness().misfits(planned(recording="objects/ab/x.wav")) == ()


@pytest.mark.parametrize("codec", ["opus", "vorbis", "wav16"])
def test_the_takes_own_codec_counts(codec) -> None:
    assert fitness().misfits(planned(codec=codec)) == ()


def test_each_part_that_differs_is_named() -> None:
    take = planned()
    assert fitness(Book(sha256="b" * 64)).misfits(take) == (Part.VOICE_WEIGHTS,)
    assert fitness(Book(revision="piper/1 config/2")).misfits(take) == (Part.ENGINE,)
    for part in STAGES:
        assert fitness(stages={**STAGES, part: "other"}).misfits(take) == (part,)
    assert fitness(encode=lambda codec: f"{codec} 1.3").misfits(take) == (Part.ENCODER,)
    newer = dict.fromkeys(STAGES, "3")
    assert fitness(stages=newer).misfits(take) == tuple(p for p in Part if p in STAGES)


def test_a_recording_needs_neither_the_voice_nor_the_text_rules() -> None:
    take = planned(recording="objects/ab/x.wav")
    other = {**STAGES, Part.TEXT_RULES: "3", Part.DIRECTION_STAGE: "2"}
    assert fitness(Book(broken=True), other).misfits(take) == ()
    changed = {**STAGES, Part.MASTERING_STAGE: "2"}
    assert fitness(stages=changed).misfits(take) == (Part.MASTERING_STAGE,)


def test_a_voice_that_is_missing_or_broken_is_a_misfit_and_no_error() -> None:
    missing = Take(1, planned().render_key, RenderRequest(replace(SAID, voice="eve")))
    voice = (Part.VOICE_WEIGHTS, Part.ENGINE)
    assert fitness().misfits(missing)[:2] == voice
    assert fitness(Book(broken=True)).misfits(planned()) == voice


def test_a_voice_that_is_changed_while_the_process_runs_is_noticed() -> None:
    book, take = Book(), planned()
    fit = fitness(book)
    assert fit.misfits(take) == ()
    book.revision = "piper/1 config/2"
    assert fit.misfits(take) == (Part.ENGINE,)


def test_a_key_without_a_part_was_made_by_other_rules() -> None:
    take = planned()
    less = {p: d for p, d in take.render_key.parts.items() if p is not Part.ENGINE}
    assert fitness().misfits(replace(take, render_key=RenderKey(less))) == (Part.ENGINE,)


def test_a_worker_says_what_it_lacks() -> None:
    assert explain((Part.ENCODER,)) == (
        "this worker has another encoder than the take was planned with"
    )
