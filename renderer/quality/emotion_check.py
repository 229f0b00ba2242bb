"""Whether the emotion that was asked is the one that is heard: advice, never a reason to reject.

Even people name acted emotions wrongly two times in five by ear, and the judge is trained on our
own way of acting. So this passes or is inconclusive; a take is never tried again for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from renderer.domain.direction import Emotion
from renderer.domain.verdict import Finding, Outcome
from renderer.errors import JudgeError
from renderer.quality.limits import Limits
from renderer.quality.metrics import Metrics, Score, Scores

CHECK = "emotion_heard"
LEAST_INTENSITY = 0.4  # below it an emotion is hardly meant to be heard
LEAST_PROBABILITY = 0.25  # of the asked emotion, twice what guessing gives
NOT_MEASURED = "it was not measured"
NO_BASELINE = "Held against no neutral sound of its voice."
_SHOWN = 2
METRICS = {emotion: f"emotion_{emotion.value}" for emotion in Emotion}


def emotion_scores(
    heard: Mapping[Emotion, float] | JudgeError, *, has_baseline: bool = True
) -> Scores:
    """Return what a judge heard as metrics; an error stands in the place of all of them.

    Args:
        heard: Probability of each emotion, or why there is none.
        has_baseline: Whether it was held against the voice's own neutral sound.
    """
    if isinstance(heard, JudgeError):
        return dict.fromkeys(METRICS.values(), heard)
    note = "" if has_baseline else NO_BASELINE
    return {
        METRICS[emotion]: Score(share, note=note) if note else share
        for emotion, share in heard.items()
    }


def check_emotion_heard(metrics: Metrics, limits: Limits) -> Finding | None:
    """The asked emotion is heard, as far as a judge can tell."""
    line = metrics.line
    if not line.emotion or line.intensity is None:
        return None
    names = [name for name in METRICS.values() if metrics.value(name) is not None]
    why = next((e for n in METRICS.values() if (e := metrics.errors.get(n))), "")
    heard = {e: metrics.needed(name) for e, name in METRICS.items() if name in names}
    limit = limits.least_emotion_share
    found = check_emotion(Emotion(line.emotion), line.intensity, heard or None, why, limit)
    note = next((n for name in names if (n := metrics.notes.get(name))), "")
    return replace(found, message=f"{found.message} {note}") if found and note else found


def check_emotion(
    asked: Emotion,
    intensity: float,
    heard: Mapping[Emotion, float] | None,
    error: str = "",
    least_probability: float | None = LEAST_PROBABILITY,
) -> Finding | None:
    """Hold what is heard against what was asked.

    Args:
        asked: The line's emotion.
        intensity: Of the line, 0–1.
        heard: Probability of each emotion, or None when nothing could be heard.
        error: Why not, or "": nobody listened.
        least_probability: Of the asked emotion when another one is heard first, 0–1; None: the
            check is off.

    Returns:
        PASS or INCONCLUSIVE, also when nothing was measured; None when the check is off, or the
        line asks for no emotion that could be heard.
    """
    if least_probability is None:
        return None
    if asked is not Emotion.NEUTRAL and intensity < LEAST_INTENSITY:
        return None
    if heard is None:
        told = f"Which emotion is heard cannot be told: {error or NOT_MEASURED}."
        return Finding(CHECK, Outcome.INCONCLUSIVE, message=told)
    if asked not in heard:
        told = f"The judge of emotions does not know {asked.value}."
        return Finding(CHECK, Outcome.INCONCLUSIVE, message=told)
    value = heard[asked]
    ranked = sorted(heard.items(), key=lambda item: -item[1])
    is_first = value >= max(heard.values())  # nan compares false, so it is never heard
    is_heard = is_first or value >= least_probability
    told = f"Asked: {asked.value}; heard: {_told(ranked)}."
    return Finding(
        CHECK,
        Outcome.PASS if is_heard else Outcome.INCONCLUSIVE,
        value,
        least_probability,
        ">=",
        "1",
        told,
        "" if is_heard else _hint(asked, intensity),
    )


def _told(ranked: list[tuple[Emotion, float]]) -> str:
    return ", ".join(f"{emotion.value} {share:.1f}" for emotion, share in ranked[:_SHOWN])


def _hint(asked: Emotion, intensity: float) -> str:
    if asked is Emotion.NEUTRAL:
        return "Listen to it: pitch, rate or energy of the line may move it away from neutral."
    if intensity < 1.0:
        return (
            f"Listen to it; raise the intensity of {asked.value} (now {intensity:g}) if it is weak."
        )
    return "Listen to it: the voice may not carry this emotion; another wording may."
