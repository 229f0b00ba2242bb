"""Another program's phones and our transcript of the same sentence: which belongs to which word.

Programs such as flite name phones in their own alphabet and not always as our rules have them. Each
of their phones stands for some IPA symbols (`er` for `ɜː` or `ɚ`); what was really said is kept,
and among the symbols it may stand for the transcript's is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from renderer.domain.transcript import PhoneSpan, Transcript
from renderer.errors import TextError
from renderer.text.inventory import is_vowel, phonemes

Options = tuple[str, ...]
Alphabet = Mapping[str, tuple[Options, ...]]
"""A program's phone to the sounds it is made of; each sound is one of some symbols, the usual one
first."""

_SKIP, _OTHER_VOWEL, _OTHER_CONSONANT, _OTHER_KIND = 0.8, 0.5, 0.9, 1.7
_MOST_COST = 0.45  # per phone; beyond it another sentence was said
_LONGEST_TAP_S = 0.055
_STRESS = {0: "", 1: "ˈ", 2: "ˌ"}


@dataclass(frozen=True, slots=True)
class Heard:
    """A phone as another program names it.

    Attributes:
        name: In the program's alphabet; "" for silence.
        start_s: Seconds.
        end_s: Seconds.
    """

    name: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class _Sound:
    options: Options
    start_s: float
    end_s: float
    is_first: bool  # after a silence


@dataclass(frozen=True, slots=True)
class _Planned:
    symbol: str
    stress: int
    word: int


def match(
    transcript: Transcript, heard: Sequence[Heard], alphabet: Alphabet
) -> tuple[PhoneSpan, ...]:
    """Give each phone its IPA symbol, its stress and its word.

    Args:
        transcript: The sentence by our rules.
        heard: What the program said, silences included, in order.
        alphabet: Of the program.

    Returns:
        Spans as `ports.Speech` has them; silences have word −1.

    Raises:
        TextError: A phone is not in the alphabet, or something else was said.
    """
    sounds = _sounds(heard, alphabet)
    planned = [
        _Planned(symbol, stress, number)
        for number, word in enumerate(transcript.words)
        for symbol, stress in phonemes(word.phonemes)
    ]
    if not sounds or not planned:
        raise TextError("Nothing was said.")
    partner, cost = _align(sounds, planned)
    if cost > _MOST_COST * max(len(sounds), len(planned)):
        raise TextError("The program said something else than the text.")
    spans = _spans(sounds, planned, partner)
    pauses = [PhoneSpan("_", h.start_s, h.end_s, -1) for h in heard if not h.name]
    return tuple(sorted([*spans, *pauses], key=lambda span: (span.start_s, span.end_s)))


def _sounds(heard: Sequence[Heard], alphabet: Alphabet) -> list[_Sound]:
    """Return single sounds; a phone of two sounds is halved."""
    found: list[_Sound] = []
    is_first = True
    for phone in heard:
        if not phone.name:
            is_first = True
            continue
        if phone.name not in alphabet:
            raise TextError(f"The program's phone {phone.name!r} is unknown.")
        parts = alphabet[phone.name]
        width = (phone.end_s - phone.start_s) / len(parts)
        for number, options in enumerate(parts):
            start_s = phone.start_s + number * width
            found.append(_Sound(options, start_s, start_s + width, is_first))
            is_first = False
    return found


def _difference(sound: _Sound, planned: _Planned) -> float:
    if planned.symbol in sound.options:
        return 0.0
    vowels = is_vowel(sound.options[0]), is_vowel(planned.symbol)
    if vowels[0] != vowels[1]:
        return _OTHER_KIND
    return _OTHER_VOWEL if vowels[0] else _OTHER_CONSONANT


def _align(sounds: Sequence[_Sound], planned: Sequence[_Planned]) -> tuple[list[int | None], float]:
    """Find the cheapest alignment: for each sound its planned phone, or None; and the cost.

    Levenshtein's distance with costs by kind of phone. A silence may only fall between words, so
    that a sound after one prefers the first phone of a word.
    """
    rows, columns = len(sounds) + 1, len(planned) + 1
    starts = [j == 0 or planned[j - 1].word != p.word for j, p in enumerate(planned)]
    cost = np.zeros((rows, columns))
    cost[:, 0] = np.arange(rows) * _SKIP
    cost[0, :] = np.arange(columns) * _SKIP
    for i in range(1, rows):
        for j in range(1, columns):
            split = _SKIP if sounds[i - 1].is_first and not starts[j - 1] else 0.0
            paired = cost[i - 1, j - 1] + _difference(sounds[i - 1], planned[j - 1]) + split
            cost[i, j] = min(paired, cost[i - 1, j] + _SKIP, cost[i, j - 1] + _SKIP)
    partner: list[int | None] = [None] * len(sounds)
    i, j = len(sounds), len(planned)
    while i and j:
        split = _SKIP if sounds[i - 1].is_first and not starts[j - 1] else 0.0
        paired = cost[i - 1, j - 1] + _difference(sounds[i - 1], planned[j - 1]) + split
        if np.isclose(cost[i, j], paired):
            partner[i - 1] = j - 1
            i, j = i - 1, j - 1
        elif np.isclose(cost[i, j], cost[i - 1, j] + _SKIP):
            i -= 1
        else:
            j -= 1
    return partner, float(cost[-1, -1])


def _spans(
    sounds: Sequence[_Sound], planned: Sequence[_Planned], partner: Sequence[int | None]
) -> list[PhoneSpan]:
    """Name the sounds; one without a partner belongs to the word before it, unless a silence is."""
    spans: list[PhoneSpan] = []
    words = [None if j is None else planned[j].word for j in partner]
    for number, (sound, j) in enumerate(zip(sounds, partner, strict=True)):
        word = words[number]
        if word is None:
            later = next((w for w in words[number:] if w is not None), None)
            before = spans[-1].word if spans else None
            word = later if before is None or (sound.is_first and later is not None) else before
        symbol, stress = sound.options[0], ""
        if j is not None:
            if planned[j].symbol in sound.options and not _is_slow_tap(sound, planned[j].symbol):
                symbol = planned[j].symbol
            goes_on = _goes_on(planned, j) and number > 0 and partner[number - 1] == j - 1
            stress = "" if goes_on else _STRESS[planned[j].stress]
        mark = stress if is_vowel(symbol) else ""
        spans.append(PhoneSpan(mark + symbol, sound.start_s, sound.end_s, word or 0))
    return spans


def _is_slow_tap(sound: _Sound, symbol: str) -> bool:
    """Whether a planned tap was said as a stop: with a closure longer than a tap has."""
    return symbol == "ɾ" and sound.end_s - sound.start_s > _LONGEST_TAP_S


def _goes_on(planned: Sequence[_Planned], j: int) -> bool:
    """Whether a phone is the off-glide of a stressed diphthong."""
    before = planned[j - 1] if j else None
    here = planned[j]
    return bool(
        before and before.word == here.word and before.stress == here.stress and here.stress
    )
