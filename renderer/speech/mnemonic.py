"""IPA to espeak's phoneme mnemonics, for every language espeak knows.

espeak speaks mnemonics between `[[` and `]]` (`w'O:t3` for "water") but has no way back from the
IPA it prints. The way back is asked from espeak itself: every mnemonic of its phoneme tables is
translated in a neutral place under the language, and the answers are turned round. Where a
word's own mnemonics are known they win over the table, because several mnemonics can share one
IPA symbol (American "lot" and "palm").
"""

from __future__ import annotations

import struct
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from renderer.errors import SynthesisError
from renderer.speech import espeak

_VOWEL = 2
_CONSONANTS = range(3, 9)  # liquid, stop, voiced stop, fricative, voiced fricative, nasal
_VOWEL_LETTERS = frozenset("aeiouyæøœɐɑɒɔəɚɛɜɝɘɞɨɪɤɯɵʉʊʌʏᵻ")
_UNSAFE = frozenset(" |[]'_\x01")
# Where a mnemonic is asked for: what is before it, after it, and how many phonemes those are.
_VOWEL_PLACES = (("p|", "|p", 2), ("p|'", "|p", 2), ("p|", "", 1), ("p|'", "", 1))
_CONSONANT_PLACES = (("a|", "|'a", 2), ("'a|", "|a", 2), ("", "|'a", 1), ("'a|", "", 1))
_STRESS = {"ˈ": "'", "ˌ": ","}
_STRESS_MNEMONICS = ("''", "'", ",,", ",", "%%", "%", "==", "=")
_SILENT = frozenset(
    "͜͡‿.·ˑ-ʔ\u200d\u200c"
)  # ties, syllable marks, joiners: nothing to say if unknown
# What to say for a symbol the language does not have, nearest first.
_NEAR = {
    "ɡ": "g", "g": "ɡ", "ɹ": "rɾʁ", "r": "ɾɹʁ", "ɾ": "rɹd", "ʁ": "ʀrɹɾ", "ʀ": "ʁr", "ɻ": "ɹr",
    "ɽ": "ɾr", "ɐ": "ʌəa", "ə": "ɐɜʌe", "ɚ": "ɜə", "ɝ": "ɜɚə", "ɜ": "ɚəɛ", "ɘ": "əe", "ɵ": "əø",
    "ᵻ": "ɪiə", "ɪ": "iᵻe", "i": "ɪ", "ɨ": "ɪi", "ʏ": "yø", "y": "ʏui", "ʉ": "uy", "ʊ": "u",
    "u": "ʊ", "ɯ": "uɨ", "e": "ɛ", "ɛ": "eæ", "æ": "aɛ", "a": "ɑæɐ", "ɑ": "aɒɔ", "ɒ": "ɔɑoa",
    "ɔ": "oɒ", "o": "ɔ", "ʌ": "ɐəa", "ø": "œe", "œ": "øɛ", "ɤ": "oə", "ɞ": "œ", "θ": "ts",
    "ð": "dz", "β": "vb", "ɸ": "f", "ʋ": "vw", "ʍ": "w", "w": "vu", "ɥ": "jy", "j": "i",
    "ç": "ʃx", "x": "χhk", "χ": "xh", "ɣ": "ɡx", "h": "xɦ", "ɦ": "h", "ħ": "h", "ʕ": "ʔ",
    "ŋ": "n", "ɲ": "n", "ɳ": "n", "ɱ": "m", "ɴ": "ŋn", "ɫ": "l", "ɭ": "l", "ʎ": "lj", "ɬ": "ʃl",
    "ɮ": "l", "ʂ": "ʃ", "ʐ": "ʒ", "ɕ": "ʃ", "ʑ": "ʒ", "ʃ": "s", "ʒ": "zʃ", "z": "s", "v": "f",
    "ʈ": "t", "ɖ": "d", "c": "k", "ɟ": "ɡ", "q": "k", "ɢ": "ɡ", "b": "p", "d": "t",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spelling:
    """A word in espeak's mnemonics.

    Attributes:
        pieces: Mnemonics, one per phoneme.
        missing: IPA symbols the language has nothing for, which are left out.
    """

    pieces: tuple[str, ...]
    missing: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What stands between `[[` and `]]`."""
        return join(self.pieces)


def _read_phontab() -> list[tuple[str, bool]]:
    """Return every (mnemonic, is it a vowel) of espeak's `phontab`, in the order of the file.

    The file: a count of tables and 3 bytes; per table a count of phonemes, the number of the table
    it builds on, 2 bytes, a name of 32 bytes; per phoneme 16 bytes (`PHONEME_TAB` of phoneme.h).
    """
    data = (espeak.data_folder() / "phontab").read_bytes()
    found: dict[tuple[str, bool], None] = {}
    offset = 4
    try:
        for _ in range(data[0]):
            count = data[offset]
            offset += 36
            for _ in range(count):
                name, _flags, _program, _code, kind = struct.unpack_from("<4sIHBB", data, offset)
                mnemonic = name.rstrip(b"\0").decode("latin-1")
                if kind == _VOWEL or kind in _CONSONANTS:
                    found[mnemonic, kind == _VOWEL] = None
                offset += 16
    except (struct.error, IndexError) as error:
        raise SynthesisError("espeak-ng's phontab cannot be read; is it version 1.52?") from error
    return [entry for entry in found if not _UNSAFE & set(entry[0])]


def _bare(ipa: str) -> str:
    return unicodedata.normalize("NFD", ipa).replace("ˈ", "").replace("ˌ", "")


def join(pieces: Sequence[str]) -> str:
    """Join mnemonics; `|` keeps `t` and `S` from being read as `tS`, but `_|` is a pause."""
    text = ""
    for piece in pieces:
        text += piece if not text or text.endswith(("_", "|")) else f"|{piece}"
    return text


def _is_vowel(symbols: str) -> bool:
    return symbols[0] in _VOWEL_LETTERS or "\u0329" in symbols  # or a syllabic consonant


def _answers(voice: str, mnemonic: str, places: Sequence[tuple[str, str, int]]) -> Counter[str]:
    """Count what a mnemonic is said as in several places.

    One that swallows a neighbour is foreign to the language (espeak stops reading there) and
    counts for nothing.
    """
    speaker, said = espeak.engine(), Counter[str]()
    for before, after, neighbours in places:
        whole = speaker.phonemes(voice, f"[[{before}{mnemonic}{after}]]", ipa=True)
        if len(whole) != neighbours + 1:
            return Counter()
        said[_bare(whole[bool(before)])] += 1
    del said[""]
    return said


@cache
def _table(voice: str) -> dict[str, str]:
    """Ask espeak what each mnemonic sounds like in a language, and turn the answers round.

    A symbol's mnemonic is the one that says it in most places, then the shortest: rules such as
    final devoicing change a phoneme in one place and not in another.
    """
    best: dict[str, tuple[bool, int, int, str]] = {}
    for mnemonic, vowel in _read_phontab():
        places = _VOWEL_PLACES if vowel else _CONSONANT_PLACES
        for symbols, count in _answers(voice, mnemonic, places).items():
            rank = (vowel != _is_vowel(symbols), -count, len(mnemonic), mnemonic)
            best[symbols] = min(best.get(symbols, rank), rank)
    return {symbols: rank[-1] for symbols, rank in best.items()}


def _longest(table: dict[str, str], ipa: str, start: int) -> tuple[str, str]:
    """Return (symbols, mnemonic) of the longest known run at `start`, or ("", "")."""
    for length in range(min(6, len(ipa) - start), 0, -1):
        symbols = ipa[start : start + length]
        if symbols in table:
            return symbols, table[symbols]
    return "", ""


def _stressless(mnemonic: str) -> str:
    for mark in _STRESS_MNEMONICS:
        if mnemonic.startswith(mark) and len(mnemonic) > len(mark):
            return mnemonic[len(mark) :]
    return mnemonic


@cache
def _own(voice: str, text: str) -> tuple[tuple[str, str], ...]:
    """Return (bare IPA, mnemonic) of a word as espeak itself says it alone."""
    speaker = espeak.engine()
    symbols = [_bare(p) for p in speaker.phonemes(voice, text, ipa=True)]
    names = [_stressless(m) for m in speaker.phonemes(voice, text, ipa=False)]
    names = [m for m in names if m.strip("_!|:;")]
    pairs = tuple(zip(symbols, names, strict=False)) if len(symbols) == len(names) else ()
    return pairs if all(s and not s.startswith("(") for s, _ in pairs) else ()


class _Writer:
    """Walks one word's IPA and writes its mnemonics."""

    def __init__(self, voice: str, ipa: str, own: tuple[tuple[str, str], ...]) -> None:
        self.table = _table(voice)
        self.ipa = unicodedata.normalize("NFD", ipa)
        self.own = list(own)
        self.pieces: list[str] = []
        self.missing: list[str] = []
        self.stress = ""

    def write(self) -> Spelling:
        at = 0
        while at < len(self.ipa):
            at += self._step(at)
        return Spelling(tuple(self.pieces), tuple(self.missing))

    def _step(self, at: int) -> int:
        """Take one phoneme; return how many characters it was."""
        if mark := _STRESS.get(self.ipa[at]):
            self.stress = mark
            return 1
        if self.own and self.ipa.startswith(self.own[0][0], at):
            symbols, mnemonic = self.own.pop(0)
        else:
            self.own = self.own[1:]
            symbols, mnemonic = _longest(self.table, self.ipa, at)
        if mnemonic:
            self._add(symbols, mnemonic)
            return len(symbols)
        self._approximate(self.ipa[at])
        return 1

    def _add(self, symbols: str, mnemonic: str) -> None:
        """Stress belongs to the vowel, wherever a lexicon writes the mark."""
        if self.stress and _is_vowel(symbols):
            mnemonic, self.stress = self.stress + mnemonic, ""
        self.pieces.append(mnemonic)

    def _approximate(self, symbol: str) -> None:
        if symbol == "ː" and self.pieces:
            self.pieces.append(":")
            return
        for near in _NEAR.get(symbol, ""):
            symbols, mnemonic = _longest(self.table, near, 0)
            if mnemonic:
                self._add(symbols, mnemonic)
                return
        if symbol not in _SILENT and not unicodedata.combining(symbol):
            self.missing.append(symbol)


@cache
def spell(voice: str, ipa: str, text: str = "") -> Spelling:
    """Write IPA in the mnemonics of a language.

    Args:
        voice: espeak's identifier of the language (`gmw/en-US`).
        ipa: IPA with stress marks, without spaces.
        text: The word in letters, whose own mnemonics are preferred where they say the same.
    """
    return _Writer(voice, ipa, _own(voice, text) if text else ()).write()
