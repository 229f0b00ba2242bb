"""`voice.json`: what is inside a voice of our own, beside its three graphs.

A voice folder holds `card.yaml` (what it is, and its rights), `voice.json` (this) and the graphs
`encoder.onnx`, `decoder.onnx` and `vocoder.onnx`. The card's `model_sha256` is the hash of
`voice.json`, which holds the hashes of the graphs: one hash stands for all of it.

A speaker is a unit VECTOR with a few statistics, so speakers can be mixed: a speaker may name the
`parts` it is blended of. A folder without graphs builds on another voice (`base`): its speakers are
vectors of their own or blends of that voice's speakers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from renderer.domain.speaker import Speaker, blend
from renderer.errors import ModelRefusedError

FORMAT, REVISION = "barkline-voice", 1
FILE = "voice.json"
GRAPHS = ("encoder.onnx", "decoder.onnx", "vocoder.onnx")


def wrong(what: str) -> ModelRefusedError:
    """Return the error for a voice whose `voice.json` cannot be used."""
    return ModelRefusedError(f"The voice's {FILE} is wrong: {what}.")


@dataclass(frozen=True, slots=True)
class Base:
    """The voice whose graphs a voice speaks with.

    Attributes:
        voice: Its name.
        sha256: The `model_sha256` of its card.
    """

    voice: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Blend:
    """A speaker made of others.

    Attributes:
        parts: Speaker to weight, > 0; the weights' sum does not matter.
        rate: Speaking rate, ×, on top of the parts' own.
        pitch_st: Shift in semitones, on top of the parts' own.
    """

    parts: Mapping[str, float]
    rate: float = 1.0
    pitch_st: float = 0.0

    def of(self, speakers: Mapping[str, Speaker]) -> Speaker:
        """Return the blended speaker.

        Raises:
            ValueError: The parts' vectors cancel out.
        """
        mixed = blend([(speakers[name], w) for name, w in sorted(self.parts.items())])
        return mixed.shifted(self.rate, self.pitch_st)


@dataclass(frozen=True, slots=True)
class VoiceModel:
    """The contents of `voice.json`.

    Attributes:
        speakers: Speakers with a vector, by name.
        blends: Speakers made of others: name to (part to weight, rate, pitch shift).
        base: The voice that has the graphs, or None for a voice with graphs of its own.
        files: Graph to the SHA-256 of its file; empty with a base.
        symbols: The phone symbols; a symbol's id is its place. Empty with a base.
        languages: Language codes; a language's id is its place. Empty with a base.
        emotions: Names of emotions; an emotion's id is its place. Empty with a base.
        inventory: Revision of the phone inventory it was trained with.
        sample_rate: Hz.
        hop_length: Samples per mel frame.
        n_mels: Mel bands.
        variation: How much a retake differs when nothing is asked: 0 not at all, 1 like Piper.
    """

    speakers: Mapping[str, Speaker]
    blends: Mapping[str, Blend] = field(default_factory=dict)
    base: Base | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    symbols: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    emotions: tuple[str, ...] = ()
    inventory: str = ""
    sample_rate: int = 22_050
    hop_length: int = 256
    n_mels: int = 80
    variation: float = 0.0

    def resolved(self, base: Mapping[str, Speaker] | None = None) -> dict[str, Speaker]:
        """Return every speaker with its vector, blends made.

        Args:
            base: The resolved speakers of the base voice, for a voice that has one.

        Raises:
            ModelRefusedError: A blend names a part that is not there, or parts that cancel out.
        """
        known = dict(self.speakers if base is None else base)
        made = dict(self.speakers)
        for name, mix in self.blends.items():
            if missing := sorted(set(mix.parts) - set(known)):
                raise wrong(f"the blend {name!r} names {missing[0]!r}, who is no speaker")
            try:
                made[name] = mix.of(known)
            except ValueError as error:
                raise wrong(f"the blend {name!r} cannot be made: {error}") from error
        return made
