"""The first pass over recordings: phonemise, decode, measure, align; collect every fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from renderer.audio.codec import decode
from renderer.audio.waveform import Waveform
from renderer.domain.transcript import Transcript
from renderer.domain.utterance import Utterance
from renderer.errors import AudioError, Fault, JudgeError, TextError
from renderer.ports import Transcriber
from renderer.text.inventory import TokenSequence, is_pause, tokens
from renderer.training.corpus import MEL
from renderer.training.metadata import METADATA_FILE, Recording
from renderer.training.qc import AlignmentJudge, Candidate
from renderer.training.sound_measure import SoundMeasures, measure_sound

Progress = Callable[[str, int, int], None]
LEAST_RATE = 16_000  # Hz: below it the upper half of the models' band is missing
_ALIGNED_AT_ONCE = 8
_LONGEST_PROBLEM = 300  # characters


@dataclass(frozen=True, slots=True)
class Heard:
    """A recording that can be used: its phones and what was measured."""

    recording: Recording
    tokens: TokenSequence
    sound: SoundMeasures
    alignment: Mapping[str, float] | JudgeError | None = None

    @property
    def language(self) -> str:
        """Return the language without its region."""
        return self.recording.language.replace("_", "-").split("-")[0].lower()

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
) -> dict[str, TokenSequence]:
    """Return the phones of each recording; what cannot be spoken is a fault."""
    lines = [Utterance(r.id, r.language, "", "", r.text, r.text, "") for r in recordings]
    found: dict[str, TokenSequence] = {}
    for recording, answer in zip(recordings, transcriber.transcribe(lines), strict=True):
        try:
            found[recording.id] = tokens(_transcript(answer))
        except TextError as error:
            fix = "Write it in words, or remove the line."
            faults.append(_fault(recording, "text", str(error), fix, "unspeakable"))
    return found


def _transcript(answer: Transcript | TextError) -> Transcript:
    if isinstance(answer, TextError):
        raise answer
    return answer


def _fault(recording: Recording, name: str, problem: str, fix: str, code: str) -> Fault:
    return Fault(METADATA_FILE, recording.line, name, problem[:_LONGEST_PROBLEM], fix, code)


def listen(
    recordings: Sequence[Recording],
    phones: Mapping[str, TokenSequence],
    faults: list[Fault],
    aligner: AlignmentJudge | None,
    tell: Progress,
) -> Iterator[Heard]:
    """Decode and measure every recording, also those whose text cannot be spoken."""
    waiting: list[tuple[Heard, Waveform]] = []
    for done, recording in enumerate(recordings, 1):
        tell("listening", done, len(recordings))
        try:
            sound = decoded(recording)
        except AudioError as error:
            fix = f"Export {recording.path.name} again."
            faults.append(_fault(recording, "file", str(error), fix, "bad-sound"))
            continue
        if recording.id not in phones:
            continue
        waiting.append((Heard(recording, phones[recording.id], measure_sound(sound)), sound))
        if len(waiting) == _ALIGNED_AT_ONCE:
            yield from _aligned(waiting, aligner)
            waiting = []
    yield from _aligned(waiting, aligner)


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
    return Waveform.of(sound.samples - sound.samples.mean(), sound.sample_rate)


def _aligned(
    heard: Sequence[tuple[Heard, Waveform]], aligner: AlignmentJudge | None
) -> Iterator[Heard]:
    """Ask the aligner about some recordings; its failure is an answer, too."""
    if aligner is None or not heard:
        yield from (one for one, _ in heard)
        return
    answers = aligner.score(
        [sound for _, sound in heard],
        [one.recording.text for one, _ in heard],
        [one.recording.language for one, _ in heard],
    )
    for (one, _), answer in zip(heard, answers, strict=True):
        yield replace(one, alignment=answer)
