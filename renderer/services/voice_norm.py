"""What a voice is like when nothing is asked of it: pitch, pace, sound, and how it is heard.

Measured once per process on the passages its level is measured on, and kept in memory: a worker
lives for hours, and a norm is a few seconds of work. It is no part of any render key.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from renderer.audio.activity import (
    FRAME_S,
    frame_levels_dbfs,
    silence_threshold_dbfs,
    silent_spans,
    sound_bounds,
)
from renderer.audio.waveform import Waveform
from renderer.domain.transcript import Transcript
from renderer.domain.utterance import Utterance
from renderer.domain.voice import VoiceRef
from renderer.errors import JudgeError
from renderer.ports import (
    Speech,
    SpeechRequest,
    Synthesiser,
    Transcriber,
    VoiceBook,
)
from renderer.ports.judge import Recogniser, SpeakerEncoder
from renderer.quality.hearing import Hearing
from renderer.quality.likeness import Vector, centroid
from renderer.quality.obtained import Floats, Manner, baseline, manner
from renderer.services.level import passages
from renderer.services.listen import measure_hearing

PAUSE_S = 0.15  # a shorter one is a stop's closure
PitchTrack = Callable[[Waveform], tuple[Floats, float]]
"""Sound → F0 per frame, Hz, 0 where unvoiced; and seconds from frame to frame."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A neutral sentence of a voice."""

    waveform: Waveform
    transcript: Transcript


class VoiceNorms:
    """Norms of voices, each measured on first use.

    Args:
        voices: The installed voices.
        transcriber: Text to phonemes.
        pitch: Tracks F0.
    """

    def __init__(self, voices: VoiceBook, transcriber: Transcriber, pitch: PitchTrack) -> None:
        self._voices = voices
        self._transcriber = transcriber
        self._pitch = pitch
        self._lock = threading.RLock()
        self._manners: dict[tuple[str, str], Manner] = {}
        self._hearings: dict[tuple[str, str], Hearing] = {}
        self._centroids: dict[tuple[str, str], Vector] = {}

    def manner(self, voice: str, locale: str) -> Manner:
        """Return a voice's own pitch and pace."""
        key = voice, locale
        with self._lock:
            if key not in self._manners:
                spoken = self.speak(voice, locale)
                self._manners[key] = baseline(
                    [self.manner_of(s.waveform, s.transcript) for s in spoken]
                )
            return self._manners[key]

    def manner_of(self, waveform: Waveform, transcript: Transcript) -> Manner:
        """Measure how a sentence is spoken."""
        f0, hop_s = self._pitch(waveform)
        return manner(f0, hop_s, _speaking_s(waveform), transcript.phoneme_count)

    def hearing(self, voice: str, locale: str, recogniser: Recogniser) -> Hearing:
        """Return how well a voice is heard, and at which size.

        Raises:
            JudgeError: The recogniser failed.
        """
        key = voice, locale
        with self._lock:
            if key not in self._hearings:
                spoken = [(s.waveform, s.transcript) for s in self.speak(voice, locale)]
                self._hearings[key] = measure_hearing(recogniser, spoken)
            return self._hearings[key]

    def centroids(self, voice: str, locale: str, encoder: SpeakerEncoder) -> Mapping[str, Vector]:
        """Return the centroids of a voice and of all other speakers of its model.

        A model that mixes its speakers up gives one of these; characters of other models are
        told apart by the cast map, not by the gate.

        Raises:
            JudgeError: The encoder is missing or gave no direction.
        """
        name = VoiceRef.parse(voice).name
        speakers = [f"{name}#{speaker}" for speaker in self._voices.card(name).speakers]
        if voice == name:  # its first speaker speaks, who is nobody else
            speakers = speakers[1:]
        all_ = {*speakers, voice}
        with self._lock:
            for one in sorted(all_):
                if (one, locale) not in self._centroids:
                    self._centroids[one, locale] = self._centroid(one, locale, encoder)
            return {one: self._centroids[one, locale] for one in all_}

    def _centroid(self, voice: str, locale: str, encoder: SpeakerEncoder) -> Vector:
        vectors = encoder.embed([s.waveform for s in self.speak(voice, locale)])
        good = [v for v in vectors if not isinstance(v, JudgeError)]
        if not good:
            raise JudgeError(f"no sentence of {voice} could be told by its voice")
        return centroid(good)

    def speak(self, voice: str, locale: str) -> Sequence[Spoken]:
        """Return the passages as the voice says them.

        Raises:
            JudgeError: It says none of them.
        """
        synthesiser: Synthesiser = self._voices.open(VoiceRef.parse(voice).name)
        lines = [
            Utterance(f"norm_{i}", locale, "", "", text, text, voice)
            for i, text in enumerate(passages(locale))
        ]
        made = self._transcriber.transcribe(lines)
        texts = [t for t in made if isinstance(t, Transcript)]
        speaker = VoiceRef.parse(voice).speaker
        answers = synthesiser.speak([SpeechRequest(t, speaker=speaker) for t in texts])
        pairs = zip(answers, texts, strict=True)
        spoken = [Spoken(a.waveform, t) for a, t in pairs if isinstance(a, Speech)]
        if not spoken:
            raise JudgeError(f"{voice} says none of the passages its norm is measured on")
        return spoken


def _speaking_s(waveform: Waveform) -> float:
    """Return seconds from first to last sound, without pauses; as the metric `speaking_s`."""
    start, end = sound_bounds(waveform)
    levels = frame_levels_dbfs(waveform.samples, max(1, round(FRAME_S * waveform.sample_rate)))
    silent = silent_spans(waveform, silence_threshold_dbfs(levels), 0.06)
    pauses = sum(b - a for a, b in silent if b - a >= PAUSE_S)
    return float((end - start) / waveform.sample_rate - pauses)
