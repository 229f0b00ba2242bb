"""The formant voice: espeak-ng, the voice of last resort that needs no download.

It speaks the phonemes of the transcript, so that lexicons and word edits are heard. Only a word
whose IPA the language's phonemes cannot spell (tones) is spoken from its letters.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np

from renderer.audio.waveform import Waveform
from renderer.domain.transcript import PhoneSpan, SpokenWord
from renderer.domain.voice import VoiceCard
from renderer.errors import SynthesisError, VoiceError
from renderer.ports import Speech, SpeechRequest
from renderer.speech import espeak, language, mnemonic
from renderer.speech.timing import Span, scale_pauses

NAME = "formant"
REVISION = "formant/1"
_NORMAL_RATE = 175  # words per minute, espeak's own
_RATES = (80, 450)
_CLOSE_ENOUGH = 0.01
_TOKEN, _CLAUSE = 50, 600
_UNSPEAKABLE = re.compile(r"[^\w'’\-]+")
# Speed against words per minute, measured; the starting point of the search for an exact rate.
_KNOWN_SPEEDS = ((80, 0.43), (120, 0.64), (175, 1.0), (250, 1.55), (350, 2.69), (450, 3.02))
_PUNCTUATION = {"…": "…", "—": " —"}


def revision() -> str:
    """Return the engine's revision for the render key; espeak's version is part of it."""
    return f"{REVISION} espeak-ng/{espeak.version()}"


@cache
def _data_sha256() -> str:
    """Hash espeak's phoneme and intonation data, which are this voice's weights."""
    digest = hashlib.sha256()
    for name in ("phontab", "phonindex", "phondata", "intonations"):
        digest.update((espeak.data_folder() / name).read_bytes())
    return digest.hexdigest()


@cache
def formant_card() -> VoiceCard:
    """Return the card of the built-in voice; without espeak-ng it has no speakers and no hash."""
    try:
        sha256, speakers = _data_sha256(), tuple(language.speakers())
    except VoiceError:
        sha256, speakers = "", ()
    return VoiceCard(
        name=NAME,
        engine=NAME,
        model_sha256=sha256,
        speakers={speaker: number for number, speaker in enumerate(speakers)},
        licence="GPL-3.0-or-later",
        may_publish=True,
        source="espeak-ng (github.com/espeak-ng/espeak-ng): vowels computed from rules and formant "
        "tables; short recorded noises are mixed into some consonants. The licence is the "
        "program's; the sound it makes is output of the program and may be shipped.",
        has_durations=True,
    )


@lru_cache(maxsize=65_536)
def _word(voice: str, text: str, phonemes: str) -> tuple[str, ...]:
    """Return what espeak is given for one word: mnemonics, or its letters, in short tokens."""
    letters = _UNSPEAKABLE.sub(" ", text).strip(" _-")
    if phonemes:
        spelling = mnemonic.spell(voice, phonemes, letters)
        if spelling.pieces and not (spelling.missing and letters):
            cuts = range(0, len(spelling.pieces), _TOKEN)
            return tuple(f"[[{mnemonic.join(spelling.pieces[c : c + _TOKEN])}]]" for c in cuts)
    return tuple(letters[c : c + _TOKEN] for c in range(0, len(letters), _TOKEN))


def _text(voice: str, words: Sequence[SpokenWord]) -> tuple[str, list[int]]:
    """Return the text for espeak and the character at which each word starts.

    espeak's buffers hold 800 characters of a clause and some 250 phonemes of a word. Beyond that
    it cuts inside the brackets, or crashes, so that long words are split and a comma ends a
    clause before it is full.
    """
    text, starts, clause = "", [], 0
    for word in words:
        starts.append(len(text))
        for token in _word(voice, word.text, word.phonemes):
            if clause + len(token) > _CLAUSE:
                text, clause = text.rstrip() + ", ", 0
            text += f"{token} "
            clause += len(token) + 1
        marks = "".join(_PUNCTUATION.get(mark, mark) for mark in word.punctuation)
        if marks:
            text, clause = f"{text.rstrip()}{marks} ", 0
    return text, starts


def _say_at(voice: str, text: str, rate: float, seed: int) -> espeak.Spoken:
    """Speak `rate` times as fast as espeak's normal rate, to one per cent.

    espeak's words per minute are not proportional to its speed, so the setting is searched.
    """
    speaker = espeak.engine()
    normal = speaker.say(voice, text, _NORMAL_RATE, seed)
    if rate == 1.0:
        return normal
    settings, speeds = zip(*_KNOWN_SPEEDS, strict=True)
    aim, best, error = rate, normal, abs(1 - rate) / rate
    for _ in range(4):
        setting = round(float(np.clip(np.interp(aim, speeds, settings), *_RATES)))
        spoken = speaker.say(voice, text, setting, seed)
        reached = normal.samples.size / spoken.samples.size
        if abs(reached - rate) / rate < error:
            best, error = spoken, abs(reached - rate) / rate
        if error < _CLOSE_ENOUGH:
            break
        aim *= rate / reached
    return best


def _spans(spoken: espeak.Spoken, starts: Sequence[int]) -> list[Span]:
    """Return the phonemes in time, covering the sound; pauses are merged."""
    edges = [(0, "", -1)]
    for event in spoken.events:
        word = bisect_right(starts, event.position) - 1 if event.ipa else -1
        edges.append((event.sample, event.ipa, word))
    ends = [start for start, _, _ in edges[1:]] + [spoken.samples.size]
    spans: list[Span] = []
    for (start, ipa, word), end in zip(edges, ends, strict=True):
        if end <= start:
            continue
        if not ipa and spans and spans[-1].phoneme == "_":
            spans[-1] = Span("_", spans[-1].start, end, -1)
        else:
            spans.append(Span(ipa or "_", start, end, word))
    return spans


class FormantVoice:
    """The formant voice, ready to speak."""

    @property
    def card(self) -> VoiceCard:
        """What the voice is."""
        return formant_card()

    @property
    def has_intonation(self) -> bool:
        """The engine takes neither pitch nor the timing of words."""
        return False

    def speak(self, requests: Sequence[SpeechRequest]) -> list[Speech | SynthesisError]:
        """Say a batch; one answer per request, in order, each on its own."""
        return [self._answer(request) for request in requests]

    def _answer(self, request: SpeechRequest) -> Speech | SynthesisError:
        try:
            return self._say(request)
        except SynthesisError as error:
            return error

    def _say(self, request: SpeechRequest) -> Speech:
        words = request.transcript.words
        if not words:
            raise SynthesisError("There is nothing to say: the transcript has no words.")
        plain = language.identifier(request.transcript.locale)
        voice = plain + language.variant(request.speaker)
        text, starts = _text(plain, words)
        spoken = _say_at(voice, text, request.rate, request.seed)
        samples, spans = (spoken.samples / 32768).astype(np.float32), _spans(spoken, starts)
        if request.pause_scale != 1.0:
            samples, spans = scale_pauses(samples, spans, request.pause_scale)
        rate = espeak.engine().sample_rate
        phones = tuple(PhoneSpan(s.phoneme, s.start / rate, s.end / rate, s.word) for s in spans)
        if not any(p.word >= 0 for p in phones):
            raise SynthesisError("espeak-ng found nothing to say in this line.")
        return Speech(Waveform.of(samples, rate), phones, "engine")
