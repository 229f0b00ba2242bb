"""What people commit, as named digests: the half of a render key that needs no engine.

`verify` in the game build and `plan` without a database rest on it, so it knows the manifests, the
lexicon, the emotion profiles and the recordings, and nothing of voices that are installed. Notes,
tags, scenes, places in a file and the names of characters never enter: they change no sound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from renderer.domain.direction import Direction, Emotion, Emphasis, PhoneEdit, Prosody, WordEdit
from renderer.domain.project import DeliveryTarget, Project
from renderer.domain.render_key import Part, RenderKey, digest
from renderer.domain.utterance import Utterance
from renderer.domain.words import fold
from renderer.services.recording import scan_recordings

__all__ = ["InputKeyer", "canonical_direction", "scan_recordings"]

_DECIMALS = 6
_LOSSY = frozenset({"ogg", "opus"})
_PLAIN_PROSODY = Prosody()


class InputKeyer:
    """Computes the input parts of utterances of one project.

    Equal directions, locales, seeds and voices are digested once, so that 100,000 lines take
    seconds.
    """

    def __init__(
        self,
        project: Project,
        lexicon_digest: Callable[[Utterance], str],
        profile_digest: Callable[[Direction], str],
        recordings: Mapping[tuple[str, str], str],
    ) -> None:
        """Prepare a keyer.

        Args:
            project: Gives the mastering and delivery targets.
            lexicon_digest: Digest of the lexicon entries an utterance's words use.
            profile_digest: Digest of the emotion profile a (canonical) direction uses.
            recordings: (line_id, locale) to the SHA-256 of the human recording that replaces the
                synthetic take.
        """
        self._lexicon_digest = lexicon_digest
        self._profile_digest = profile_digest
        self._recordings = recordings
        self._mastering = digest(_canonical(asdict(project.mastering)))
        self._codec = digest(_codec_document(project.delivery))
        self._directions: dict[Direction, tuple[str, str]] = {}
        self._values: dict[object, str] = {}

    def parts(self, utterance: Utterance) -> dict[Part, str]:
        """Return the digest of every input that bears on an utterance.

        A line with a human recording depends on its text and the recording, not on voices. An
        input of which the line takes nothing (no lexicon entry, no emotion) is absent.
        """
        parts = {
            Part.TEXT: digest(utterance.text),
            Part.LOCALE: self._digest(utterance.locale),
            Part.MASTERING: self._mastering,
            Part.CODEC: self._codec,
        }
        recording = self._recordings.get(utterance.key)
        if recording is not None:
            return parts | {Part.RECORDING: self._digest(recording)}
        direction, profile = self._direction(utterance.direction)
        parts |= {
            Part.DIRECTION: direction,
            Part.VOICE: self._digest(utterance.voice),
            Part.SEED: self._digest(utterance.seed),
        }
        taken = {Part.EMOTION_PROFILE: profile, Part.LEXICON: self._lexicon_digest(utterance)}
        return parts | {part: one for part, one in taken.items() if one}

    def input_digest(self, utterance: Utterance) -> str:
        """Return the 64 hex digits the voice lock holds for an utterance."""
        return RenderKey(self.parts(utterance)).input_digest

    def _direction(self, direction: Direction) -> tuple[str, str]:
        known = self._directions.get(direction)
        if known is None:
            plain = canonical_direction(direction)
            known = digest(_direction_document(plain)), self._profile_digest(plain)
            self._directions[direction] = known
        return known

    def _digest(self, value: str | int) -> str:
        known = self._values.get(value)
        if known is None:
            known = self._values[value] = digest(value)
        return known


def canonical_direction(direction: Direction) -> Direction:
    """Return the one form of all directions that ask for the same sound.

    An emotion of intensity 0 is neutral, neutral has no intensity, and a word edit that asks for
    nothing is none.

    >>> canonical_direction(Direction(Emotion.ANGRY, intensity=0)) == canonical_direction(
    ...     Direction(Emotion.NEUTRAL, intensity=0.9)
    ... )
    True
    """
    intensity = _canonical(direction.intensity)
    is_heard = direction.emotion is not Emotion.NEUTRAL and intensity > 0
    return replace(
        direction,
        emotion=direction.emotion if is_heard else Emotion.NEUTRAL,
        intensity=intensity if is_heard else 0.0,
        prosody=_prosody(direction.prosody),
        words=tuple(_word(w) for w in direction.words if _asks_something(w)),
    )


def _codec_document(delivery: DeliveryTarget) -> dict[str, Any]:
    """The quality of a lossless codec changes no byte, so it is none of its inputs."""
    lossy = {"quality": delivery.quality} if delivery.codec in _LOSSY else {}
    document: dict[str, Any] = _canonical({"codec": delivery.codec, **lossy})
    return document


def _word(edit: WordEdit) -> WordEdit:
    phones = (_phone(p) for p in edit.phones)
    return replace(
        edit,
        word=fold(edit.word),
        prosody=_prosody(edit.prosody),
        phones=tuple(sorted((p for p in phones if _phone_document(p)), key=_phone_order)),
    )


def _phone(edit: PhoneEdit) -> PhoneEdit:
    return PhoneEdit(**_canonical(asdict(edit)) | {"occurrence": edit.occurrence})


def _phone_order(edit: PhoneEdit) -> tuple[str, int]:
    """Changes of phones multiply and add, so that their order bears on nothing."""
    return edit.phone, edit.occurrence


def _asks_something(edit: WordEdit) -> bool:
    return (
        _prosody(edit.prosody) != _PLAIN_PROSODY
        or edit.emphasis is not Emphasis.NONE
        or edit.phonemes != ""
        or any(_phone_document(_phone(p)) for p in edit.phones)
    )


def _prosody(prosody: Prosody) -> Prosody:
    return Prosody(**_canonical(asdict(prosody)))


def _direction_document(direction: Direction) -> dict[str, Any]:
    """Only what differs from a plain direction, so that a new field leaves old keys alone."""
    document: dict[str, Any] = _prosody_document(direction.prosody)
    if direction.intensity > 0:
        document |= {"emotion": direction.emotion.value, "intensity": direction.intensity}
    if direction.delivery.value != "normal":
        document["delivery"] = direction.delivery.value
    if direction.words:
        document["words"] = [_word_document(w) for w in direction.words]
    return document


def _word_document(edit: WordEdit) -> dict[str, Any]:
    document: dict[str, Any] = _prosody_document(edit.prosody)
    document |= {"word": edit.word, "occurrence": edit.occurrence}
    if edit.emphasis is not Emphasis.NONE:
        document["emphasis"] = edit.emphasis.value
    if edit.phonemes:
        document["phonemes"] = edit.phonemes
    if edit.phones:
        document["phones"] = [
            _phone_document(p) | {"phone": p.phone, "occurrence": p.occurrence} for p in edit.phones
        ]
    return document


def _phone_document(edit: PhoneEdit) -> dict[str, Any]:
    """What is asked of a phone; empty when nothing is."""
    return _prosody_document(
        Prosody(rate=edit.rate, pitch_st=edit.pitch_st, energy_db=edit.energy_db)
    )


def _prosody_document(prosody: Prosody) -> dict[str, Any]:
    plain = asdict(_PLAIN_PROSODY)
    return {name: value for name, value in asdict(prosody).items() if value != plain[name]}


def _canonical(value: Any) -> Any:  # noqa: ANN401 - anything JSON can hold
    """Round numbers to six decimals and make 1, 1.0 and -0.0 equal to their like."""
    if isinstance(value, dict):
        return {name: _canonical(inner) for name, inner in value.items()}
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return round(float(value), _DECIMALS) + 0.0
