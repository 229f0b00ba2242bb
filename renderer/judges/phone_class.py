"""Phones of any language and of the recogniser in classes that both have, and their distance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

# Class to the IPA letters in it. Close enough for an English model to hear German or Catalan by:
# voicing of stops and fricatives, length and stress are left out.
_LETTERS = {
    "P": "pbɓʙʘɸβ",
    "T": "tdʈɖɗɾɽʔ",
    "K": "kɡgɠqɢʛcɟʄxɣχ",
    "F": "fvⱱʋ",
    "D": "θð",
    "S": "szʦʣɮɬ",
    "C": "ʃʒɕʑʂʐʧʤçʝɧ",
    "H": "hɦʕʜʢħʡ",
    "M": "mɱ",
    "N": "nɲɳŋɴ",
    "L": "lʎɭɫɺǁʟ",
    "R": "rɹʀʁɻɚɝ",
    "W": "wʍɥɰ",
    "J": "j",
    "i": "iɪɨyʏᵻ",
    "e": "eɛøœ",
    "a": "aɑɐæɶʌəɘɜɞ",
    "o": "oɔɒɤɵ",
    "u": "uʊʉɯᵿ",
}
_OF_LETTER = {letter: name for name, letters in _LETTERS.items() for letter in letters}
# The recogniser's phones; a diphthong counts as what it starts with and its off-glide.
_ARPABET = {
    "AA": "a", "AE": "a", "AH": "a", "AO": "o", "AW": "au", "AY": "ai", "B": "P", "CH": "C",
    "D": "T", "DH": "D", "EH": "e", "ER": "R", "EY": "ei", "F": "F", "G": "K", "HH": "H", "IH": "i",
    "IY": "i", "JH": "C", "K": "K", "L": "L", "M": "M", "N": "N", "NG": "N", "OW": "ou", "OY": "oi",
    "P": "P", "R": "R", "S": "S", "SH": "C", "T": "T", "TH": "D", "UH": "u", "UW": "u", "V": "F",
    "W": "W", "Y": "J", "Z": "S", "ZH": "C",
}  # fmt: skip
# IPA to what the recogniser's dictionary would write.
_TO_ARPABET = {
    "aɪ": "AY", "aʊ": "AW", "eɪ": "EY", "oʊ": "OW", "əʊ": "OW", "ɔɪ": "OY", "tʃ": "CH", "dʒ": "JH",
    "ɜː": "ER", "ɪə": "IY", "p": "P", "b": "B", "t": "T", "d": "D", "k": "K", "ɡ": "G", "g": "G",
    "f": "F", "v": "V", "θ": "TH", "ð": "DH", "s": "S", "z": "Z", "ʃ": "SH", "ʒ": "ZH", "h": "HH",
    "m": "M", "n": "N", "ŋ": "NG", "l": "L", "ɫ": "L", "r": "R", "ɹ": "R", "ɾ": "D", "w": "W",
    "j": "Y", "i": "IY", "ɪ": "IH", "e": "EH", "ɛ": "EH", "æ": "AE", "a": "AA", "ɑ": "AA",
    "ɒ": "AA", "ɔ": "AO", "o": "OW", "u": "UW", "ʊ": "UH", "ʌ": "AH", "ə": "AH", "ɐ": "AH",
    "ᵻ": "IH", "ɚ": "ER", "ɝ": "ER", "ɜ": "ER", "ʔ": "T", "y": "IY", "ø": "ER", "œ": "EH",
    "ç": "SH", "x": "HH", "χ": "HH", "ʁ": "R", "ʀ": "R", "ɲ": "N", "ʎ": "L", "β": "V", "ɣ": "G",
    "ɨ": "IH", "ʏ": "UH", "ɥ": "W",
}  # fmt: skip


def classes_of_ipa(ipa: Iterable[str]) -> str:
    """Return the classes of IPA, one letter each; marks, pauses and unknown letters have none.

    >>> classes_of_ipa("ˈʃʊɡɚ"), classes_of_ipa(["_", "aː", "x"])
    ('CuKR', 'aK')
    """
    return "".join(_OF_LETTER.get(letter, "") for symbol in ipa for letter in symbol)


def classes_of_arpabet(phones: Iterable[str]) -> str:
    """Return the classes of the recogniser's phones; silence and noise have none.

    >>> classes_of_arpabet(["SIL", "SH", "UH", "G", "ER", "+SPN+"])
    'CuKR'
    """
    return "".join(_ARPABET.get(phone, "") for phone in phones)


def arpabet_of_ipa(ipa: str) -> tuple[str, ...]:
    """Return how the recogniser's dictionary would write a word's phonemes.

    >>> arpabet_of_ipa("ˈtʃeɪmbɚ")
    ('CH', 'EY', 'M', 'B', 'ER')
    """
    plain = ipa.replace("ˈ", "").replace("ˌ", "")
    found: list[str] = []
    at = 0
    while at < len(plain):
        size = next((n for n in (2, 1) if plain[at : at + n] in _TO_ARPABET), 0)
        if size:
            found.append(_TO_ARPABET[plain[at : at + size]])
        at += max(1, size)
    return tuple(found)


def error_rate(heard: Sequence[str], expected: Sequence[str]) -> float:
    """Return the least insertions, deletions and substitutions per expected phone.

    >>> error_rate("CuK", "CuKR"), error_rate("", "")
    (0.25, 0.0)
    """
    row = list(range(len(expected) + 1))
    for i, phone in enumerate(heard, 1):
        above, row[0] = row[0], i
        for j, other in enumerate(expected, 1):
            kept = above + (phone != other)
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, kept)
    return row[-1] / max(1, len(expected))
