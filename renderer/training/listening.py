"""The first pass over recordings: phonemise, decode, measure, align; collect every fault."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from renderer.audio.codec import decode
from renderer.audio.waveform import Waveform
from renderer.domain.transcript import Transcript
from renderer.domain.utterance import Utterance
from renderer.errors import AudioError, Fault, JudgeError, TextError
from renderer.ports import Transcriber
from renderer.ports.judge import Recogniser, WordAlignment
from renderer.text.inventory import TokenSequence, is_pause, tokens
from renderer.training.corpus import MEL
from renderer.training.metadata import METADATA_FILE, Recording
from renderer.training.qc import Candidate
from renderer.training.sound_measure import SoundMeasures, measure_sound

Progress = Callable[[str, int, int], None]
LEAST_RATE = 16_000  # Hz: below it the upper half of the models' band is missing
_HELD_LANGUAGE = "en"
_COMMON = 5  # occurrences in a text set; rarer phones come from loan words
_LONGEST_PROBLEM = 300  # characters


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text in words and in phones."""

    transcript: Transcript
    tokens: TokenSequence


@dataclass(frozen=True, slots=True)
class Heard:
    """A recording that can be used: its phones and what was measured."""

    recording: Recording
    tokens: TokenSequence
    sound: SoundMeasures
    alignment: WordAlignment | JudgeError | None

    @property
    def language(self) -> str:
        """Return the language without its region."""
        return _base(self.recording.language)

    @property
    def candidate(self) -> Candidate:
        """Return what is judged of it."""
        r = self.recording
        phones = tuple(s for s in self.tokens.symbols if not is_pause(s))
        return Candidate(
            r.id, r.speaker, self.language, r.emotion, r.text, phones, self.sound, self.alignment
        )


def transcribe(
    recordings: Sequence[Recording], transcriber: Transcriber, faults: list[Fault]
) -> dict[str, Spoken]:
    """Return the phones of each recording by id; what cannot be spoken is a fault."""
    lines = [Utterance(r.id, r.language, "", "", r.text, r.text, "") for r in recordings]
    found: dict[str, Spoken] = {}
    for recording, answer in zip(recordings, transcriber.transcribe(lines), strict=True):
        try:
            found[recording.id] = _spoken(answer)
        except TextError as error:
            fix = "Write it in words, or remove the line."
            faults.append(_fault(recording, "text", str(error), fix, "unspeakable"))
    return found


def _spoken(answer: Transcript | TextError) -> Spoken:
    if isinstance(answer, TextError):
        raise answer
    return Spoken(answer, tokens(answer))


def common_phones(
    texts: Sequence[str], language: str, transcriber: Transcriber
) -> dict[str, frozenset[str]]:
    """Return the phones that a language's texts hold five times and more, by the language's code.

    Args:
        texts: Some hundred sentences; what cannot be spoken is left out.
        language: BCP 47 tag.
        transcriber: Text to phonemes.
    """
    lines = [Utterance("", language, "", "", text, text, "") for text in texts]
    counted = Counter[str]()
    for answer in transcriber.transcribe(lines):
        with contextlib.suppress(TextError):
            counted.update(s for s in _spoken(answer).tokens.symbols if not is_pause(s))
    common = frozenset(phone for phone, count in counted.items() if count >= _COMMON)
    return {_base(language): common}


def _fault(recording: Recording, name: str, problem: str, fix: str, code: str) -> Fault:
    return Fault(METADATA_FILE, recording.line, name, problem[:_LONGEST_PROBLEM], fix, code)


def listen(
    recordings: Sequence[Recording],
    spoken: Mapping[str, Spoken],
    faults: list[Fault],
    recogniser: Recogniser | None,
    tell: Progress,
) -> Iterator[Heard]:
    """Decode and measure every recording, also those whose text cannot be spoken.

    Args:
        recordings: What the metadata name.
        spoken: Their texts by id, where they can be spoken.
        faults: Takes what is wrong with the files.
        recogniser: Holds English texts against their sounds (its scores of other languages
            cannot be held against a limit), or None.
        tell: Called with ("listening", recordings done, in all).
    """
    for done, recording in enumerate(recordings, 1):
        tell("listening", done, len(recordings))
        try:
            sound = decoded(recording)
        except AudioError as error:
            fix = f"Export {recording.path.name} again."
            faults.append(_fault(recording, "file", str(error), fix, "bad-sound"))
            continue
        if text := spoken.get(recording.id):
            is_held = _base(recording.language) == _HELD_LANGUAGE
            alignment = _aligned(recogniser if is_held else None, sound, text.transcript)
            yield Heard(recording, text.tokens, measure_sound(sound), alignment)


def decoded(recording: Recording) -> Waveform:
    """Read a recording as mono.

    Raises:
        AudioError: It is no sound, is damaged, or lacks the upper half of the band.
    """
    try:
        sound = decode(recording.path.read_bytes())
    except OSError as error:
        raise AudioError(f"It cannot be read ({error.strerror or error}).") from error
    if sound.sample_rate < LEAST_RATE:
        raise AudioError(
            f"It has {sound.sample_rate} Hz; a voice needs {LEAST_RATE} Hz at least, better "
            f"{MEL.sample_rate} or more, as recorded and not converted."
        )
    if not np.isfinite(sound.samples).all():
        raise AudioError("It holds samples that are no numbers.")
    mean = sound.samples.mean() if sound.samples.size else 0.0
    return Waveform.of(sound.samples - mean, sound.sample_rate)


def _aligned(
    recogniser: Recogniser | None, sound: Waveform, transcript: Transcript
) -> WordAlignment | JudgeError | None:
    """Hold a text against its sound; a failure is an answer, too."""
    if recogniser is None:
        return None
    try:
        return recogniser.align(sound, transcript)
    except JudgeError as error:
        return error


def _base(language: str) -> str:
    return language.replace("_", "-").split("-")[0].lower()
