"""Does a take sound like its text? Listened to sound by sound, in every language of the judge."""

from __future__ import annotations

from renderer.errors import BarklineError, JudgeError, UnhearableError
from renderer.ports.judge import PhoneReader
from renderer.quality.limits import Limits
from renderer.quality.metrics import Score, Scores, Unsure
from renderer.quality.phone_path import Told, tell
from renderer.quality.take import GateInput

TOLD_METRICS = ("text_evidence", "text_misfit")


def is_told(limits: Limits) -> bool:
    """Whether any limit rests on how the take sounds beside its text."""
    return limits.most_text_evidence is not None or limits.most_text_misfit is not None


def read_phones(take: GateInput, reader: PhoneReader) -> Scores:
    """Return how a take sounds beside its text, or why nobody can tell.

    Args:
        take: A take that sounds.
        reader: Hears sounds.
    """
    if take.direction.delivery.value == "whisper":
        return dict.fromkeys(
            TOLD_METRICS, Unsure("Nobody can read the sounds of a whisper: listen.")
        )
    try:
        told = tell(reader.read(take.delivered, take.transcript))
    except UnhearableError as error:
        return dict.fromkeys(TOLD_METRICS, Unsure(f"{error}: listen."))
    except BarklineError as error:
        return dict.fromkeys(TOLD_METRICS, JudgeError(str(error)))
    note = _words(take, told)
    return {
        "text_evidence": Score(told.worst.evidence, told.worst.start_s, note),
        "text_misfit": told.misfit,
    }


def _words(take: GateInput, told: Told) -> str:
    """Return the words of the stretch that sounds least like them."""
    if told.worst.first_word < 0:
        return ""
    words = take.transcript.words[told.worst.first_word : told.worst.last_word + 1]
    return " ".join(word.text for word in words)
