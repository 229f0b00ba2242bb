"""The grammar one line is listened to with: its words in order, and a way out to any phone.

A recogniser that may only say the line's words finds them in any noise. Here, a loop over single
phones stands beside the words: from before or after any word into it, and out of it before any
word. A word is heard where its own sounds explain the recording better than free phones do, less
what it costs to leave the line and to say a phone. So a dropped word is a jump, a wrong one a few
free phones, a repeated one a way back.

References:
    Mostow et al. (1994), "A prototype reading coach that listens", AAAI: recognition against a
    known text with deletions, repetitions and truncations.
"""

from __future__ import annotations

from collections.abc import Sequence

# Free phones: one of each class that the acoustic model keeps apart well. More cost time.
PHONES = (
    "AA", "AE", "AH", "AO", "EH", "ER", "IH", "IY", "OW", "UW", "B", "D", "F", "G", "HH", "L", "M",
    "N", "R", "S", "SH", "T", "TH", "W", "K", "Z",
)  # fmt: skip
LEAVE = 1e-5  # chance to leave the line after a word
SKIP = 1e-5  # chance to leave out a word
PHONE = 1 / 40  # chance of each free phone
_PREFIX = "phone-"

Transition = tuple[int, int, float, str] | tuple[int, int, float]


def phone_words() -> dict[str, str]:
    """Return the words to add to the dictionary, one per free phone, and their phones."""
    return {f"{_PREFIX}{phone.lower()}": phone for phone in PHONES}


def is_phone(name: str) -> bool:
    """Whether a word of the grammar is a free phone."""
    return name.startswith(_PREFIX)


def line_grammar(words: Sequence[Sequence[str]]) -> list[Transition]:
    """Return the transitions; state 0 is the start, state `len(words)` the end.

    Args:
        words: The names in the dictionary that each word of the line may have.
    """
    hub = len(words) + 1
    made: list[Transition] = []
    for state, names in enumerate(words):
        made += [(state, state + 1, 1.0, name) for name in names]
        made.append((state, state + 1, SKIP))
    for state in range(len(words) + 1):
        made += [(state, hub, LEAVE), (hub, state, 1.0)]
    return made + [(hub, hub, PHONE, name) for name in phone_words()]
