"""The phones of flite's and festival's American voices, as IPA symbols of the inventory.

References:
    CMU Pronouncing Dictionary, phone set; festival's `radio_phones.scm` (`ax`).
"""

from __future__ import annotations

from renderer.training.phone_match import Alphabet

_R = ("ɹ",)
ARPABET: Alphabet = {
    "aa": (("ɑː", "ɒ", "ɔː", "ɑ"),), "ae": (("æ", "a"),), "ah": (("ʌ", "ɐ", "ə"),),
    "ao": (("ɔː", "ɔ", "ɑː", "o"),), "aw": (("a",), ("ʊ",)), "ax": (("ə", "ɐ", "ᵻ", "ʌ", "ɪ"),),
    "axr": (("ɚ",),), "ay": (("a",), ("ɪ",)), "eh": (("ɛ", "e"),), "er": (("ɚ", "ɜː"),),
    "ey": (("e",), ("ɪ",)), "ih": (("ɪ", "ᵻ", "i"),), "ix": (("ᵻ", "ɪ"),), "iy": (("iː", "i"),),
    "ow": (("o",), ("ʊ",)), "oy": (("ɔ",), ("ɪ",)), "uh": (("ʊ",),), "uw": (("uː", "u"),),
    "b": (("b",),), "ch": (("t",), ("ʃ",)), "d": (("d", "ɾ"),), "dh": (("ð",),), "f": (("f",),),
    "g": (("ɡ",),), "hh": (("h",),), "jh": (("d",), ("ʒ",)), "k": (("k",),), "l": (("l",),),
    "m": (("m",),), "n": (("n", "ŋ"),), "ng": (("ŋ",),), "p": (("p",),), "r": (_R,), "s": (("s",),),
    "sh": (("ʃ",),), "t": (("t", "ɾ"),), "th": (("θ",),), "v": (("v",),), "w": (("w", "ʍ"),),
    "y": (("j",),), "z": (("z",),), "zh": (("ʒ",),),
}  # fmt: skip
SILENCES = frozenset(("pau", "h#", "brth", "sil", "_", "#"))

_ASCII = str.maketrans(
    {"’": "'", "‘": "'", "…": ".", "—": ",", "–": ",", '"': " ", "“": " ", "”": " ", "\\": " "}
)


def plain(text: str, encoding: str = "ascii") -> str:
    r"""Return text in letters an old program reads, on one line, without quotes and backslashes.

    >>> plain("“Who’s there…” —\nMe!")
    "Who's there.  , Me!"
    """
    import unicodedata

    flat = "".join(c if c.isprintable() else " " for c in text.translate(_ASCII))
    try:
        flat.encode(encoding)
    except UnicodeEncodeError:
        if encoding == "ascii":
            flat = unicodedata.normalize("NFKD", flat)
        flat = flat.encode(encoding, "ignore").decode(encoding)
    return flat.strip()
