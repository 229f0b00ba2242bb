"""Phonemes in time to mouth shapes in time: OVR-15 visemes, Rhubarb cues, and written words.

Every mapping covers the sound from its first to its last phoneme without a gap or an overlap. A
diphthong or affricate in one span is cut in its parts; a span that holds only a mark (Piper gives
stress and length marks spans of their own) belongs to the letter before it, or after it at the
start of a word.

References:
    Meta, "Viseme Reference" of the Oculus Lipsync SDK: the fifteen shapes and the MPEG-4 faces
        (ISO/IEC 14496-2, table of visemes) behind them.
    D. Wolf, "Rhubarb Lip Sync" documentation, "Mouth shapes": A–F after Preston Blair (1994),
        Cartoon Animation, with G (F, V), H (L) and X (rest).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from renderer.domain.take import Viseme, WordSpan
from renderer.domain.transcript import PhoneSpan, Transcript
from renderer.text import phones

SILENCE = "_"
OVR = ("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "ih", "oh", "ou")
RHUBARB = ("A", "B", "C", "D", "E", "F", "G", "H", "X")

# Shape to the IPA letters it is seen on.
_OVR_LETTERS = {
    "PP": "pbmɓʙɸβɱʘ",
    "FF": "fvⱱʋ",
    "TH": "θð",
    "DD": "tdʈɖɗʔ",
    "kk": "kɡgɠqɢʛxɣχħhɦʕʜʢʡcɟʄçʝɧʟɰ",
    "CH": "ʃʒɕʑʂʐʧʤǂ",
    "SS": "szʦʣǀǃ",
    "nn": "nlŋɲɳɴʎɭɫɬɮɺǁ",
    "RR": "rɹɾʀʁɻɽɚɝɜɞ",
    "aa": "aɑɐɒʌæɶ",
    "E": "eɛəɘœø",
    "ih": "iɪɨɪjyʏᵻ",
    "oh": "oɔɤɵ",
    "ou": "uʊʉɯwɥʍᵿ",
}
_CUE_LETTERS = {
    "A": "pbmɓʙɸβɱʘ",
    "B": "tdʈɖɗʔkɡgɠqɢʛxɣχħhɦʕʜʢʡcɟʄçʝɧʟɰʃʒɕʑʂʐʧʤǂszʦʣǀǃnŋɲɳɴθðrɹɾʀʁɻɽiɪɨjᵻ",
    "C": "eɛæəɘɐʌ",
    "D": "aɑ",
    "E": "ɔɒɚɝɜɞœøɶɤɵ",
    "F": "uʊʉɯwɥʍᵿoyʏ",
    "G": "fvⱱʋ",
    "H": "lʎɭɫɬɮɺǁ",
}


def _by_letter(shapes: Mapping[str, str]) -> dict[str, str]:
    return {letter: shape for shape, letters in shapes.items() for letter in letters}


_OVR_OF = _by_letter(_OVR_LETTERS)
_CUE_OF = _by_letter(_CUE_LETTERS)


def visemes(spans: Sequence[PhoneSpan]) -> tuple[Viseme, ...]:
    """Return OVR-15 mouth shapes; neighbours of one shape are one.

    Args:
        spans: Phonemes in time, in order.

    >>> [v.shape for v in visemes([PhoneSpan("m", 0, 0.1, 0), PhoneSpan("aɪ", 0.1, 0.4, 0)])]
    ['PP', 'aa', 'ih']
    """
    return _track(spans, _OVR_OF, "sil")


def cues(spans: Sequence[PhoneSpan]) -> tuple[Viseme, ...]:
    """Return Rhubarb mouth cues A–H and X; neighbours of one shape are one.

    Args:
        spans: Phonemes in time, in order.

    >>> [v.shape for v in cues([PhoneSpan("_", 0, 0.1, -1), PhoneSpan("f", 0.1, 0.2, 0)])]
    ['X', 'G']
    """
    return _track(spans, _CUE_OF, "X")


def words(spans: Sequence[PhoneSpan], transcript: Transcript) -> tuple[WordSpan, ...]:
    """Return every written word in time, in the order of the line.

    A written word that is spoken as several words spans all of them. One that has no spoken word
    of its own (the further groups of "1 000 000") shares the time of the word before it. Words the
    engine gave no phoneme for are left out.

    Args:
        spans: Phonemes in time; `word` is an index into `transcript.words`.
        transcript: The line that was spoken.
    """
    times: dict[int, tuple[float, float]] = {}
    for span in spans:
        if 0 <= span.word < len(transcript.words):
            written = transcript.words[span.word].written
            start, end = times.get(written, (span.start_s, span.end_s))
            times[written] = (min(start, span.start_s), max(end, span.end_s))
    own = {w.written for w in transcript.words}
    out = []
    last: tuple[float, float] | None = None
    for i, word in enumerate(transcript.written):
        last = times.get(i) if i in own else last
        if last is not None:
            out.append(WordSpan(word, *last))
    return tuple(out)


class _Letter(NamedTuple):
    letter: str
    start_s: float
    end_s: float


def _track(
    spans: Sequence[PhoneSpan], shapes: Mapping[str, str], silence: str
) -> tuple[Viseme, ...]:
    track: list[Viseme] = []
    for letter, start_s, end_s in _closed(_letters(spans)):
        shape = silence if letter == SILENCE else shapes[letter]
        if track and track[-1].shape == shape:
            track[-1] = Viseme(shape, track[-1].start_s, end_s)
        elif end_s > start_s:
            track.append(Viseme(shape, start_s, end_s))
    return tuple(track)


def _letters(spans: Sequence[PhoneSpan]) -> Iterator[_Letter]:
    """Cut spans into single letters; a span without a letter widens its neighbour."""
    pending_s: float | None = None  # start of marks that wait for the letter after them
    last: _Letter | None = None
    for span in spans:
        if span.end_s <= span.start_s:
            continue
        found = _parts(span)
        if not found and last is not None and last.letter != SILENCE:
            last = last._replace(end_s=span.end_s)
            continue
        if not found:
            pending_s = span.start_s if pending_s is None else pending_s
            continue
        if pending_s is not None:
            found[0] = found[0]._replace(start_s=pending_s)
            pending_s = None
        if last is not None:
            yield last
        yield from found[:-1]
        last = found[-1]
    if last is not None:
        yield last._replace(end_s=max(last.end_s, spans[-1].end_s))


def _parts(span: PhoneSpan) -> list[_Letter]:
    """Cut one span into its letters: the first vowel of a diphthong holds 60 % of it."""
    if span.phoneme == SILENCE or not span.phoneme.strip():
        return [_Letter(SILENCE, span.start_s, span.end_s)]
    letters = [c for c in phones.tidy(span.phoneme) if c in _OVR_OF]
    if not letters and any(c not in phones.KNOWN for c in span.phoneme):
        return [_Letter(SILENCE, span.start_s, span.end_s)]  # pauses at punctuation
    if not letters:
        return []
    long = 0.6 if len(letters) == 2 and set(letters) <= phones.VOWELS else 1 / len(letters)  # noqa: PLR2004
    shares = [long] + [(1 - long) / max(1, len(letters) - 1)] * (len(letters) - 1)
    length = span.end_s - span.start_s
    bounds = [span.start_s + length * sum(shares[:i]) for i in range(len(letters))] + [span.end_s]
    return [_Letter(c, a, b) for c, (a, b) in zip(letters, pairwise(bounds), strict=True)]


def _closed(letters: Iterator[_Letter]) -> Iterator[_Letter]:
    """Close gaps and overlaps: each letter lasts until the next begins."""
    last: _Letter | None = None
    for letter in letters:
        if last is not None:
            yield last._replace(end_s=max(last.start_s, letter.start_s))
        last = letter
    if last is not None:
        yield last
