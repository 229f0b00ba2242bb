"""The phonemes Barkline knows: IPA letters and marks, one code point each.

The inventory is that of espeak-ng's IPA output and of the `phoneme_id_map` of Piper voices, so a
phoneme that is known here can be spoken by every engine. Mouth shapes are in `viseme`.

References:
    Handbook of the International Phonetic Association (1999), chart revised 2020.
"""

from __future__ import annotations

import unicodedata

VOWELS = frozenset("aeiouyæøœɐɑɒɔɘəɚɛɜɝɞɤɨɪɯɵɶʉʊʌʏᵻᵿ")
CONSONANTS = frozenset(
    "bcdfhjklmnpqrstvwxzçðħŋβθχɓɕɖɗɟɠɡɢɣɥɦɧɫɬɭɮɰɱɲɳɴɸɹɺɻɽɾʀʁʂʃʄʈʋʍʎʐʑʒʔʕʘʙʛʜʝʟʡʢʦʣʧʤⱱǀǁǂǃ"
)
STRESS = frozenset("ˈˌ")
LENGTH = frozenset("ːˑ")
# Aspiration, palatalisation, nasality, syllabicity, … : they belong to the letter before them.
MARKS = frozenset("ʰʲˠʷˤˀ˞↑↓\u0303\u0329\u032a\u032f\u033a\u033b\u031a\u0325\u032c\u0318\u0319")
TONES = frozenset("0123456789˥˦˧˨˩")

LETTERS = VOWELS | CONSONANTS
KNOWN = LETTERS | STRESS | LENGTH | MARKS | TONES

# What people type for want of a phonetic keyboard, and marks that no engine speaks.
_TYPED = str.maketrans(
    {"g": "ɡ", ":": "ː", "'": "ˈ", "’": "ˈ", ",": "ˌ", "͡": "", "͜": "", ".": "", "‿": "", "|": ""}
)


def tidy(ipa: str) -> str:
    """Return IPA as the engines want it: decomposed, ASCII stand-ins replaced, no ties and dots.

    Words stay separated by single spaces.

    >>> tidy("'ɡeɪ.m'") == tidy("ˈgeɪmˈ")
    True
    >>> tidy("t͡ʃiːz  plˈiːz")
    'tʃiːz plˈiːz'
    """
    plain = unicodedata.normalize("NFD", ipa).translate(_TYPED)
    return " ".join(plain.replace("c\u0327", "ç").split())


def unknown(ipa: str) -> tuple[str, ...]:
    """Return the code points of tidy IPA that are no phoneme, in order, each once.

    >>> unknown("ˈkeɪlɪθ"), unknown("kAy!")
    ((), ('A', '!'))
    """
    return tuple(dict.fromkeys(c for c in ipa if c not in KNOWN and c != " "))


def problem(ipa: str) -> str:
    """Return what is wrong with phonemes a person wrote (after `tidy`), or "".

    >>> problem("ˈlɛd")
    ''
    >>> problem("lEd")
    'has characters that are no IPA phonemes: E (U+0045)'
    """
    strange = unknown(ipa)
    if strange:
        shown = ", ".join(
            f"{c} (U+{ord(c):04X})" if c.isprintable() else f"U+{ord(c):04X}" for c in strange[:5]
        )
        return f"has characters that are no IPA phonemes: {shown}"
    for word in ipa.split(" "):
        if not any(c in LETTERS for c in word):
            return "has no phoneme"
    return ""


def letters(ipa: str) -> int:
    """Count the phoneme letters, without stress, length, tone and other marks."""
    return sum(1 for c in ipa if c in LETTERS)
