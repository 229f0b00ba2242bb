"""A voice speaks another language: foreign phones are replaced by its nearest, and marked.

What it says rightly teaches its timbre in that language; what it had to replace must not be learnt
as that language's phone (`Clip.trusted` is False there) and comes from other teachers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

from renderer.domain.transcript import SpokenWord, Transcript
from renderer.errors import BarklineError, TextError
from renderer.ports import Synthesiser, Transcriber
from renderer.text.inventory import TokenSequence, is_vowel, phonemes
from renderer.text.token_time import TimedTokens
from renderer.training.corpus import Speaker
from renderer.training.teacher import Lesson, VoiceTeacher, merged, transcribe

ENGLISH = frozenset((*"iɪʊəɛæɐɚʌᵻpbtdkɡmnŋɾɹfvθðszʃʒhjwl", "iː", "uː", "ɑː", "ɔː", "ɜː"))
"""What an American English voice has learnt to say."""

DIPHTHONGS = frozenset((("e", "ɪ"), ("a", "ɪ"), ("a", "ʊ"), ("ɔ", "ɪ"), ("o", "ʊ")))
"""Vowels it has learnt before an off-glide alone."""

DISTRUSTED = {"de": frozenset("ɾ"), "ca": frozenset("ɾ"), "es": frozenset("ɾ")}
"""By language: phones that are written alike and sound otherwise; espeak's German r, say."""

# Foreign phones in English ones, the nearest.
NEAREST: dict[str, str] = {
    "r": "ɹ", "ʁ": "ɹ", "ʀ": "ɹ", "ɲ": "n j", "ʎ": "l j", "ç": "ʃ", "x": "h", "χ": "h", "ɣ": "ɡ",
    "β": "v", "ɱ": "m", "ɥ": "w", "ʝ": "j", "ɫ": "l", "ʔ": "t", "c": "k", "ɟ": "ɡ", "ʋ": "v",
    "i": "iː", "y": "uː", "yː": "uː", "ʏ": "ʊ", "u": "uː", "ø": "ɜː", "øː": "ɜː", "œ": "ə",
    "œː": "ɜː", "e": "e ɪ", "eː": "e ɪ", "ɛː": "ɛ", "o": "o ʊ", "oː": "o ʊ", "ɔ": "ɔː", "a": "ʌ",
    "aː": "ɑː", "ɑ": "ɑː", "ɒ": "ɑː", "ɒː": "ɔː", "ɜ": "ə", "ɐː": "ɑː", "æː": "æ", "ɪː": "iː",
    "ʊː": "uː", "əː": "ɜː", "ɛ\u0303": "æ n", "œ\u0303": "ʌ n", "ɑ\u0303": "ɑː n",
    "ɔ\u0303": "ɔː n", "l\u0329": "ə l", "n\u0329": "ə n", "m\u0329": "ə m", "r\u0329": "ɚ",
}  # fmt: skip
_MARKS = {1: "ˈ", 2: "ˌ"}


@dataclass(frozen=True, slots=True)
class Unit:
    """A phone of the other language and what is said in its place.

    Attributes:
        symbol: The phone that is meant.
        stress: Its stress.
        said: What is said: the phone itself, or the nearest ones.
        trusted: Whether it sounds as it should.
    """

    symbol: str
    stress: int
    said: tuple[str, ...]
    trusted: bool


def units(
    ipa: str, known: Collection[str] = ENGLISH, distrusted: Collection[str] = ()
) -> tuple[Unit, ...]:
    """Say a word's phones with those that are known.

    Raises:
        TextError: Nothing is near to one of them.

    >>> [(u.symbol, " ".join(u.said), u.trusted) for u in units("bˈyːn")]
    [('b', 'b', True), ('yː', 'uː', False), ('n', 'n', True)]
    """
    pairs = phonemes(ipa)
    found: list[Unit] = []
    for number, (symbol, stress) in enumerate(pairs):
        before = pairs[number - 1][0] if number else ""
        after = pairs[number + 1][0] if number + 1 < len(pairs) else ""
        glide = (symbol, after) in DIPHTHONGS or (before, symbol) in DIPHTHONGS
        if glide or symbol in known:
            found.append(Unit(symbol, stress, (symbol,), symbol not in distrusted))
            continue
        if symbol not in NEAREST:
            raise TextError(f"Nothing that the voice can say is near {symbol!r} in {ipa!r}.")
        found.append(Unit(symbol, stress, tuple(NEAREST[symbol].split()), trusted=False))
    return tuple(found)


def spell(word: Sequence[Unit]) -> str:
    """Return the IPA that is said for a word, with stress marks.

    >>> spell(units("ʁˈeːvə"))
    'ɹˈeɪvə'
    """
    ipa = ""
    for number, unit in enumerate(word):
        goes_on = number and unit.stress and word[number - 1].stress == unit.stress
        for place, symbol in enumerate(unit.said):
            starts = unit.stress and not goes_on and is_vowel(symbol)
            if starts and not any(is_vowel(s) for s in unit.said[:place]):
                ipa += _MARKS[unit.stress]
            ipa += symbol
    return ipa


def restore(timed: TimedTokens, meant: Sequence[Sequence[Unit]]) -> tuple[TimedTokens, Flags]:
    """Put the phones that were meant in the place of those that were said.

    Args:
        timed: The tokens that were said.
        meant: The units of each word.

    Returns:
        The tokens that were meant, and for each whether it sounds as it should.

    Raises:
        TextError: The voice said other phones than it was given.
    """
    rows: list[tuple[str, int, int, int, bool]] = []
    sequence, at = timed.sequence, 0
    while at < len(sequence):
        word = sequence.words[at]
        if word < 0:
            rows.append((sequence.symbols[at], 0, -1, timed.durations[at], True))
            at += 1
            continue
        for unit in meant[word]:
            end = at + len(unit.said)
            if sequence.symbols[at:end] != unit.said or set(sequence.words[at:end]) != {word}:
                raise TextError("The voice said other phones than it was given.")
            frames = sum(timed.durations[at:end])
            rows.append((unit.symbol, unit.stress, word, frames, unit.trusted))
            at = end
    symbols, stresses, words, durations, trusted = zip(*rows, strict=True)
    return replace(
        timed, sequence=TokenSequence(symbols, stresses, words), durations=durations
    ), trusted


Flags = tuple[bool, ...]


class SubstituteTeacher:
    """A voice that speaks a language it was not made for.

    Args:
        voice: The voice, loaded.
        transcriber: Texts to phones.
        locale: BCP 47 tag of the texts.
        speaker: How the corpus is to call it, with its terms.
        voice_locale: BCP 47 tag of the voice's own language, which its engine may ask for.
        voice_speaker: Which of the voice's speakers, or "".
        rate: Speaking rate asked of the voice, ×.
    """

    def __init__(
        self,
        voice: Synthesiser,
        transcriber: Transcriber,
        locale: str,
        speaker: Speaker,
        voice_locale: str = "en-US",
        voice_speaker: str = "",
        rate: float = 1.0,
    ) -> None:
        self._own = VoiceTeacher(voice, transcriber, voice_locale, speaker, voice_speaker, rate)
        self._transcriber = transcriber
        self._locale = locale
        self._voice_locale = voice_locale

    @property
    def speaker(self) -> Speaker:
        """Whose voice it is."""
        return self._own.speaker

    @property
    def language(self) -> str:
        """The language it speaks."""
        return self._locale.split("-")[0].lower()

    def teach(self, texts: Sequence[str]) -> list[Lesson | BarklineError]:
        """Say texts."""
        lines = [self._replaced(x) for x in transcribe(self._transcriber, texts, self._locale)]
        good = [line for line in lines if not isinstance(line, TextError)]
        said = self._own.say([line for line, _ in good])
        lessons = [
            replace(lesson, restore=partial(restore, meant=meant))
            if isinstance(lesson, Lesson)
            else lesson
            for lesson, (_, meant) in zip(said, good, strict=True)
        ]
        return merged(lines, lessons)

    def _replaced(self, line: Transcript | TextError) -> _Line | TextError:
        """Return what is said for a line, and the units of its words."""
        if isinstance(line, TextError):
            return line
        distrusted = DISTRUSTED.get(self.language, frozenset())
        try:
            meant = tuple(units(word.phonemes, distrusted=distrusted) for word in line.words)
        except TextError as error:
            return error
        words = tuple(
            SpokenWord(word.text, spell(own), word.written, word.punctuation)
            for word, own in zip(line.words, meant, strict=True)
        )
        return Transcript(self._voice_locale, line.written, words), meant


_Line = tuple[Transcript, tuple[tuple[Unit, ...], ...]]
