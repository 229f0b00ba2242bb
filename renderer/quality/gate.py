"""The gate: one attempt in, one verdict out.

`measure` listens, `decide` reads what was measured and needs no sound. Silent or broken sound is
decided at once. Everything else is held against the exact checks and the learned metrics. A metric
that could not be computed is an ERROR, never a pass; one that is not valid for a line (learned ones
where hardly anything sounds) is INCONCLUSIVE: shown, and neither pass nor fail. One check only
advises: what could not be measured for `emotion_heard` is INCONCLUSIVE as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from renderer.domain.direction import Delivery
from renderer.domain.verdict import Finding, Outcome, Verdict
from renderer.quality.circumstances import Circumstances, NotMeasuredError
from renderer.quality.emotion_check import check_emotion_heard
from renderer.quality.heard_checks import HEARD_CHECKS
from renderer.quality.learned_checks import LEARNED_CHECKS, LEAST_SOUND_S
from renderer.quality.limit_file import read_limits
from renderer.quality.limits import GateLimits, Limits, merge
from renderer.quality.line_checks import LINE_CHECKS
from renderer.quality.metric_document import read_metrics
from renderer.quality.metrics import Metrics, UnsureError
from renderer.quality.rule import Check, Rule, name_of
from renderer.quality.signal_checks import SIGNAL_RULES
from renderer.quality.sound_checks import SILENCE, SOUND_CHECKS, check_non_finite
from renderer.quality.speech_checks import SPEECH_CHECKS
from renderer.quality.take import GateInput, measure

__all__ = [
    "GateInput",
    "GateLimits",
    "Metrics",
    "decide",
    "judge",
    "limits_of",
    "measure",
    "merge",
    "needs_emotion",
    "needs_learned",
    "read_limits",
    "read_metrics",
]

SIGNAL_CHECKS: tuple[Check, ...] = (
    *SOUND_CHECKS,
    *SPEECH_CHECKS,
    *SIGNAL_RULES,
    *LINE_CHECKS,
    *HEARD_CHECKS,
)
SENTENCE_CHECKS: tuple[Rule, ...] = LEARNED_CHECKS  # set aside where hardly anything sounds
NOTHING_SOUNDS = Finding(
    SILENCE.check, Outcome.FAIL, 0.0, unit="s", message="Nothing in it sounds.", hint=SILENCE.hint
)  # whatever the limit of the peak: there is no line
TOO_SHORT = "Too little sound for it: listen."


def judge(take: GateInput, limits: GateLimits) -> Verdict:
    """Decide about one attempt: measure it, then decide.

    Args:
        take: The attempt and what is known about it.
        limits: Of the project.

    Returns:
        Rejected when any check failed, an error when any could not be computed, else approved.
    """
    return decide(measure(take), limits)


def decide(metrics: Metrics, limits: GateLimits) -> Verdict:
    """Decide about one attempt by what was measured of it.

    Args:
        metrics: Of the attempt.
        limits: Of the project.

    Returns:
        Rejected when any check failed, an error when anything it needs was not measured, else
        approved.
    """
    general = _limits(metrics.line, limits, is_short=False)
    first = tuple(_run([check_non_finite], metrics, general))
    if metrics.non_finite != 0:
        return Verdict.of(first)
    first = (*first, *_run([SILENCE], metrics, general))
    if any(f.outcome is not Outcome.PASS for f in first):
        return Verdict.of(first)
    if metrics.sound_s == 0:
        return Verdict.of((*(f for f in first if f.check != SILENCE.check), NOTHING_SOUNDS))
    if metrics.sound_s is None:
        return Verdict.of((*first, *_run([check_sound], metrics, general)))
    is_short = limits.is_short(metrics.line.word_count, metrics.sound_s)
    held = _limits(metrics.line, limits, is_short=is_short)
    exact = _run((*SIGNAL_CHECKS, check_emotion_heard), metrics, held)
    learned = _sentence(metrics, held) if limits.holds_learned else ()
    return Verdict.of((*first, *exact, *learned))


def needs_learned(metrics: Metrics) -> bool:
    """Whether learned metrics are worth their time: enough sounds, and nothing is broken."""
    return metrics.non_finite == 0 and (metrics.sound_s or 0.0) >= LEAST_SOUND_S


def limits_of(metrics: Metrics, limits: GateLimits) -> Limits:
    """Return the limits that hold for a take that sounds."""
    is_short = limits.is_short(metrics.line.word_count, metrics.sound_s or 0.0)
    return _limits(metrics.line, limits, is_short=is_short)


def needs_emotion(metrics: Metrics, limits: GateLimits) -> bool:
    """Whether the judge of emotions is to listen: the limits ask for it, and there is a voice."""
    if not needs_learned(metrics) or metrics.line.delivery == Delivery.WHISPER:
        return False
    if limits.is_short(metrics.line.word_count, metrics.sound_s or 0.0):
        return False
    return _limits(metrics.line, limits, is_short=False).least_emotion_share is not None


def check_sound(metrics: Metrics, limits: Limits) -> Finding | None:
    """How long the line sounds is known; what kind of line it is rests on that."""
    metrics.needed("sound_s")
    return None


def _limits(line: Circumstances, limits: GateLimits, *, is_short: bool) -> Limits:
    return limits.limits_for(
        engine=line.engine,
        locale=line.locale,
        voice=line.voice,
        delivery=line.delivery,
        is_short=is_short,
    )


def _run(checks: Sequence[Check], metrics: Metrics, limits: Limits) -> Iterator[Finding]:
    for check in checks:
        try:
            finding = check(metrics, limits)
        except NotMeasuredError as error:
            yield _error(check, str(error))
        except UnsureError as error:
            yield Finding(name_of(check), Outcome.INCONCLUSIVE, message=str(error))
        except Exception as error:  # whatever it is: an ERROR finding, never a pass
            yield _error(check, f"The check broke: {type(error).__name__}: {error}")
        else:
            if finding is not None:
                yield finding


def _sentence(metrics: Metrics, limits: Limits) -> Iterator[Finding]:
    """Hold what models hear; where hardly anything sounds it is shown, and that is all."""
    if needs_learned(metrics):
        yield from _run(SENTENCE_CHECKS, metrics, limits)
        return
    for rule in SENTENCE_CHECKS:
        if finding := rule.set_aside(metrics, limits, TOO_SHORT):
            yield finding


def _error(check: Check, message: str) -> Finding:
    return Finding(
        name_of(check),
        Outcome.ERROR,
        message=message,
        hint="Render again; if it stays, report it.",
    )
