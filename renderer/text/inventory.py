"""The phone symbols our own voices learn: one list for every language, and lines cut into them.

A symbol is one IPA letter with its marks and its length (`aː`, `ɛ̃`, `l̩`); diphthongs and
affricates are two symbols, as in Piper. A line begins and ends with the pause `_`, and every
punctuation mark is a pause symbol of its own. Voices know symbols by their number: the list may
only grow at its end.

Stress belongs to vowels: the first vowel (or syllabic consonant) after a stress mark carries it,
with the off-glide of a diphthong (`ɪ ʊ ʏ` right after a short vowel), wherever in the syllable the
mark is written.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from renderer.domain.transcript import Transcript
from renderer.errors import TextError
from renderer.text import phones

# Raise it whenever the same transcript may give other tokens.
INVENTORY_REVISION = "1"

PADDING = "<pad>"
SILENCE = "_"
PAUSES = (SILENCE, *",;:.?!…—")

# fmt: off
SYMBOLS: tuple[str, ...] = (
    PADDING, *PAUSES,
    *"iyɨʉɯuɪʏʊeøɘɵɤoəɛœɜɞʌɔæɐaɑɒᵻᵿɚɝ",
    "iː", "yː", "uː", "ɪː", "ʊː", "eː", "øː", "oː", "əː", "ɛː", "œː", "ɜː", "ɔː", "æː", "ɐː", "aː",
    "ɑː", "ɒː", "ɚː", "ɨː", "ʉː", "ʌː",
    "ɛ\u0303", "œ\u0303", "ɑ\u0303", "ɔ\u0303", "a\u0303", "o\u0303", "i\u0303", "u\u0303",
    "e\u0303", "ɐ\u0303", "ə\u0303",
    *"pbtdʈɖcɟkɡqʔmɱnɳɲŋrɾʁʀɹɻfvɸβθðszʃʒʂʐɕʑçʝxɣχhɦħʋjɥɰwʍlɫɭʎɬ",
    "pʲ", "bʲ", "tʲ", "dʲ", "kʲ", "ɡʲ", "mʲ", "nʲ", "rʲ", "ɾʲ", "fʲ", "vʲ", "sʲ", "zʲ", "ʃʲ", "xʲ",
    "lʲ", "ɭʲ",
    "l\u0329", "n\u0329", "m\u0329", "r\u0329", "r\u031d",
    "pː", "bː", "tː", "dː", "kː", "ɡː", "mː", "nː", "ŋː", "lː", "rː", "sː", "fː", "vː", "jː", "hː",
    "ʃː", "ɲː", "ʎː",
)
# Letters that no language of ours has, and what is nearest among those that are listed.
_NEAREST = {
    "ɶ": "œ", "ʙ": "b", "ⱱ": "v", "ɖ": "d", "ɢ": "ɡ", "ɠ": "ɡ", "ʛ": "ɡ", "ɓ": "b", "ɗ": "d",
    "ʄ": "ɟ", "ɴ": "ŋ", "ɽ": "ɾ", "ɺ": "ɾ", "ɮ": "l", "ʟ": "l", "ʕ": "ʔ", "ʡ": "ʔ", "ʢ": "ʔ",
    "ʘ": "p", "ǀ": "t", "ǁ": "l", "ǂ": "c", "ǃ": "k", "ʜ": "h", "ʗ": "k", "ʖ": "l", "ɧ": "ʃ",
    "ɿ": "ɨ", "ʅ": "ɨ",
}
_TWO = {"ʦ": "ts", "ʣ": "dz", "ʧ": "tʃ", "ʤ": "dʒ", "ʨ": "tɕ", "ʥ": "dʑ"}
# fmt: on
_NUMBERS = {symbol: number for number, symbol in enumerate(SYMBOLS)}
_STRESS = {"ˈ": 1, "ˌ": 2}
_OFF_GLIDES = frozenset("ɪʊʏ")
_VOICELESS = frozenset("pʈtckqʔɸfθsʃʂɕçxχħhʍɬ")
_UNHEARD = frozenset("\"^-.·ˑ|ʼ'͜͡‿\u200d\u200c*~()")
_SYLLABIC = "\u0329"


@dataclass(frozen=True, slots=True)
class TokenSequence:
    """A line as our models read it.

    Attributes:
        symbols: N of `SYMBOLS`; the first and the last are `_`.
        stresses: N stresses: 0 none, 1 primary, 2 secondary; 0 on consonants and pauses.
        words: N indices into the transcript's words, −1 in pauses.
    """

    symbols: tuple[str, ...]
    stresses: tuple[int, ...]
    words: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.symbols)

    @property
    def ids(self) -> tuple[int, ...]:
        """Return the N symbols' places in `SYMBOLS`.

        Raises:
            TextError: A symbol is not listed.
        """
        return numbers(self.symbols)


def numbers(symbols: Sequence[str]) -> tuple[int, ...]:
    """Return the places of symbols in `SYMBOLS`.

    Raises:
        TextError: A symbol is not listed; the message names all such symbols.
    """
    strange = sorted({symbol for symbol in symbols if symbol not in _NUMBERS})
    if strange:
        raise TextError(
            f"No phone symbols of this version (inventory {INVENTORY_REVISION}): "
            f"{', '.join(strange)}. Make the corpus again, or use the version it was made with."
        )
    return tuple(_NUMBERS[symbol] for symbol in symbols)


def is_pause(symbol: str) -> bool:
    """Whether a symbol is a pause, not a phone."""
    return symbol in PAUSES


def is_vowel(symbol: str) -> bool:
    """Whether a symbol can carry stress: a vowel or a syllabic consonant."""
    return symbol[:1] in phones.VOWELS or _SYLLABIC in symbol


def is_voiceless(symbol: str) -> bool:
    """Whether a phone is said without voice, so that it has no pitch."""
    return symbol[:1] in _VOICELESS


def phonemes(ipa: str) -> tuple[tuple[str, int], ...]:
    """Cut IPA into (symbol, stress).

    Args:
        ipa: One word or one span, with stress marks and without spaces.

    Raises:
        TextError: It holds symbols no voice of ours knows; the message names them.

    >>> phonemes("wˈɔːtɚ")
    (('w', 0), ('ɔː', 1), ('t', 0), ('ɚ', 0))
    >>> phonemes("ˈtʃeɪn")
    (('t', 0), ('ʃ', 0), ('e', 1), ('ɪ', 1), ('n', 0))
    """
    found: list[tuple[str, int]] = []
    stress, glides, unknown = 0, False, []
    for piece in _pieces(phones.tidy(ipa)):
        if piece in _STRESS:
            stress = _STRESS[piece]
            continue
        symbols = _listed(piece)
        if symbols is None:
            unknown.append(piece)
        for symbol in symbols or ():
            if glides and symbol in _OFF_GLIDES:
                found.append((symbol, found[-1][1]))
                glides = False
                continue
            carries = stress if is_vowel(symbol) else 0
            found.append((symbol, carries))
            glides = bool(carries) and len(symbol) == 1
            stress = 0 if carries else stress
    if unknown:
        named = ", ".join(f"{u} (U+{ord(u[0]):04X})" for u in dict.fromkeys(unknown))
        raise TextError(f"No voice of ours knows the phonemes {named} in {ipa!r}; write others.")
    return tuple(found)


def _pieces(ipa: str) -> Iterator[str]:
    """Cut IPA into stress marks and letters with the marks that belong to them."""
    open_ = ""
    for symbol in ipa:
        if symbol in _UNHEARD or symbol.isspace():
            continue
        joins = symbol in phones.MARKS or symbol in phones.LENGTH or unicodedata.combining(symbol)
        if open_ and not joins:
            yield open_
            open_ = ""
        if symbol in _STRESS:
            yield symbol
        elif open_ or not joins:
            open_ += symbol
    if open_:
        yield open_


def _listed(piece: str) -> tuple[str, ...] | None:
    """Return the listed symbols for a letter with marks, the marks dropped that are not listed."""
    letter, marks = piece[0], piece[1:]
    letter = _NEAREST.get(letter, letter)
    if letter in _TWO:
        return tuple(_TWO[letter])
    length = "ː" if "ː" in marks else ""
    rest = marks.replace("ː", "").replace("ˑ", "")
    shorter = [rest[:end] for end in range(len(rest), -1, -1)]
    for mark in dict.fromkeys([*shorter, *rest, ""]):
        for one in (letter + mark + length, letter + mark):
            if one in _NUMBERS and one != SILENCE:
                return (one,)
    return None


def tokens(transcript: Transcript) -> TokenSequence:
    """Cut a line into tokens: a pause, the phones of its words, its punctuation, a pause.

    Raises:
        TextError: A word holds phonemes no voice of ours knows, or there is no phone at all.

    >>> from renderer.domain.transcript import SpokenWord
    >>> line = Transcript("en", ("No",), (SpokenWord("no", "nˈoʊ", 0, "?!"),))
    >>> " ".join(tokens(line).symbols), tokens(line).stresses
    ('_ n o ʊ ? ! _', (0, 0, 1, 1, 0, 0, 0))
    """
    rows: list[tuple[str, int, int]] = [(SILENCE, 0, -1)]
    for number, word in enumerate(transcript.words):
        rows += [(symbol, stress, number) for symbol, stress in phonemes(word.phonemes)]
        rows += [(mark, 0, -1) for mark in word.punctuation if mark in PAUSES]
    if len(rows) == 1 or all(word < 0 for _, _, word in rows):
        raise TextError("The line has no phonemes; there is nothing to say.")
    return _sequence([*rows, (SILENCE, 0, -1)])


def _sequence(rows: Sequence[tuple[str, int, int]]) -> TokenSequence:
    symbols, stresses, words = zip(*rows, strict=True)
    return TokenSequence(tuple(symbols), tuple(stresses), tuple(words))
