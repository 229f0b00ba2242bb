"""Was the text said? Listens to takes where that says anything, and tells where it does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from renderer.audio.waveform import Waveform
from renderer.domain.transcript import Transcript
from renderer.ports.judge import Recogniser
from renderer.quality.audibility import SIZES, Audibility
from renderer.quality.heard import TextMetrics, compare
from renderer.quality.metrics import Score, Scores, Unsure
from renderer.quality.take import GateInput

TEXT_METRICS = (
    "heard_coverage",
    "heard_error_rate",
    "missing_phones",
    "missing_first_phones",
    "missing_last_phones",
    "extra_phones",
    "repeated_phones",
    "divergent_phones",
    "divergent_s",
)
TEXT_LIMITS = ("most_missing_phones", "most_extra_phones", "most_heard_error_rate")
FEWEST_PHONES = 3

AudibilityOf = Callable[[GateInput], Audibility | None]


class Listener:
    """Listens to takes.

    Args:
        recogniser: Hears words.
        audibility: How a take's voice is listened to; None: nobody knows.
    """

    def __init__(self, recogniser: Recogniser, audibility: AudibilityOf) -> None:
        self._recogniser = recogniser
        self._audibility = audibility

    def listen(self, take: GateInput) -> Scores:
        """Return the metrics of the text: values, or why there are none.

        Args:
            take: A take that sounds.

        Raises:
            UnhearableError: The recogniser can say nothing about it.
            BarklineError: It failed, or the voice cannot say the passages.
        """
        if why := _not_heard(take, self._recogniser.languages):
            return dict.fromkeys(TEXT_METRICS, Unsure(why))
        audibility = self._audibility(take)
        if audibility is None or not audibility.is_hearable:
            why = f"The recogniser does not hear the voice {take.voice} well enough: listen."
            return dict.fromkeys(TEXT_METRICS, Unsure(why))
        played = played_at(take.delivered, audibility.size)
        heard = self._recogniser.hear(played, take.transcript)
        return _scores(compare(heard), audibility.size)


def _not_heard(take: GateInput, languages: frozenset[str] | None) -> str:
    """Return why what is heard of a take would say nothing, or ""."""
    language = take.locale.replace("_", "-").split("-")[0].lower()
    if languages is not None and language not in languages:
        heard = ", ".join(sorted(languages))
        return f"The recogniser hears the language {heard} alone, not {take.locale}: listen."
    if take.direction.delivery.value != "normal":
        return f"The recogniser cannot hear a {take.direction.delivery.value}: listen."
    if take.transcript.phoneme_count < FEWEST_PHONES:
        return "Too few phones to be sure of any: listen."
    return ""


def played_at(waveform: Waveform, size: float) -> Waveform:
    """Return a sound as it is when played `size` × as fast, pitch and formants with it."""
    return Waveform(waveform.samples, round(waveform.sample_rate * size))


def measure_audibility(
    recogniser: Recogniser, spoken: Sequence[tuple[Waveform, Transcript]]
) -> Audibility:
    """Find the size at which a voice is heard best, and how well that is.

    Args:
        recogniser: Hears words.
        spoken: Clean sentences of the voice.

    Raises:
        JudgeError: The recogniser failed.
    """
    tried = [Audibility(size, _error_rate(recogniser, spoken, size)) for size in SIZES]
    return min(tried, key=lambda audibility: audibility.error_rate)


def _error_rate(
    recogniser: Recogniser, spoken: Sequence[tuple[Waveform, Transcript]], size: float
) -> float:
    wrong = phones = 0.0
    for sound, transcript in spoken:
        found = compare(recogniser.hear(played_at(sound, size), transcript))
        wrong += found.phone_error_rate * found.phone_count
        phones += found.phone_count
    return wrong / max(1.0, phones)


def _scores(found: TextMetrics, size: float) -> Scores:
    return {
        "heard_coverage": found.coverage,
        "heard_error_rate": found.phone_error_rate,
        "missing_phones": Score(found.missing_phones, found.missing_start_s * size),
        "missing_first_phones": float(found.missing_first),
        "missing_last_phones": float(found.missing_last),
        "extra_phones": Score(found.extra_phones, found.extra_start_s * size),
        "repeated_phones": float(found.repeated_phones),
        "divergent_phones": Score(found.divergent_phones, found.divergent_start_s * size),
        "divergent_s": found.divergent_s * size,
    }
