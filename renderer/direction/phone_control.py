"""What is asked of single phones: every edit of a phone combined, within limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from renderer.domain.direction import Delivery, Prosody
from renderer.domain.transcript import PhonePlace

_PLAIN = Prosody()


@dataclass(frozen=True, slots=True)
class PhoneControl:
    """What is done to one phone, on top of its word.

    Attributes:
        word: Index of the spoken word.
        phone: Which symbol of the word (`text.inventory.phonemes`), from 0.
        rate: ×.
        pitch_st: Semitones.
        energy_db: dB.
    """

    word: int
    phone: int
    rate: float = 1.0
    pitch_st: float = 0.0
    energy_db: float = 0.0


def plan_phones(
    places: Sequence[PhonePlace],
    delivery: Delivery,
    soften: float,
    hold: Callable[[str, float, str], float],
    clamps: list[str],
) -> tuple[PhoneControl, ...]:
    """Return one control per edited phone, in the order of the line.

    Args:
        places: The edits and where their phones are; a phone may be named more than once.
        delivery: A whisper has no pitch, so none is asked of its phones.
        soften: 1 is pitch as asked, 0 none.
        hold: Holds (name, value, name of the limit) within the limit.
        clamps: Where it is said that a whisper leaves pitch out.
    """
    asked: dict[tuple[int, int], Prosody] = {}
    for place in places:
        at, edit = (place.word, place.phone), place.edit
        own = Prosody(rate=edit.rate, pitch_st=edit.pitch_st, energy_db=edit.energy_db)
        asked[at] = asked.get(at, _PLAIN).then(own)
    if delivery is Delivery.WHISPER and any(one.pitch_st for one in asked.values()):
        clamps.append("the pitch of phones is left out; a whisper has none")
        soften = 0.0
    return tuple(
        PhoneControl(
            word,
            phone,
            hold("phone rate", one.rate, "rate"),
            hold("phone pitch_st", soften * one.pitch_st, "pitch_st"),
            hold("phone energy_db", one.energy_db, "energy_db"),
        )
        for (word, phone), one in sorted(asked.items())
        if one != _PLAIN
    )
