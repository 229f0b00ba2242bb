"""The gate: one attempt in, one verdict out.

Silent or broken sound is decided at once. Everything else is held against the exact checks and the
learned metrics. A check that cannot be computed is an ERROR, never a pass; a metric that is not
valid for a line (learned ones on barks) is INCONCLUSIVE: shown, and neither pass nor fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from renderer.domain.verdict import Finding, Outcome, Verdict
from renderer.errors import JudgeError
from renderer.quality.finding import at_least
from renderer.quality.limits import GateLimits, Limits, merge, read_limits
from renderer.quality.sound_checks import SOUND_CHECKS, check_finite, check_silence
from renderer.quality.speech_checks import SPEECH_CHECKS
from renderer.quality.take import LEARNED, GateInput, Measured

__all__ = ["GateInput", "GateLimits", "judge", "merge", "needs_learned", "read_limits"]

Check = Callable[[Measured, Limits], Finding | None]
SIGNAL_CHECKS: tuple[Check, ...] = (*SOUND_CHECKS, *SPEECH_CHECKS)

_MEANINGS = {
    "dnsmos_ovrl": "Overall quality as DNSMOS P.835 hears it",
    "dnsmos_sig": "Quality of the voice as DNSMOS P.835 hears it",
    "dnsmos_bak": "Freedom from noise as DNSMOS P.835 hears it",
    "dnsmos_p808": "Quality as DNSMOS P.808 hears it",
}
_HINT = (
    "Listen: noise or distortion. Try less pitch or energy change, another wording or another "
    "voice; a voice that always fails needs its own limit in gate.yaml."
)


def judge(take: GateInput, limits: GateLimits) -> Verdict:
    """Decide about one attempt.

    Args:
        take: The attempt and what is known about it.
        limits: Of the project.

    Returns:
        Rejected when any check failed, an error when any could not be computed, else approved.
    """
    measured = Measured(take)
    general = _limits(take, limits, is_short=False)
    broken = tuple(_run([check_finite], measured, general))
    if not measured.is_finite:
        return Verdict.of(broken)
    silent = tuple(_run([check_silence], measured, general))
    if any(f.outcome is not Outcome.PASS for f in silent) or measured.bounds.end == 0:
        return Verdict.of((*broken, *silent))
    is_short = limits.is_short(take.word_count, measured.sound_s)
    held = _limits(take, limits, is_short=is_short)
    exact = _run(SIGNAL_CHECKS, measured, held)
    return Verdict.of((*broken, *silent, *exact, *_learned(take, held, is_short)))


def needs_learned(take: GateInput, limits: GateLimits) -> bool:
    """Whether learned metrics are worth their time: not for silence, broken sound and barks."""
    measured = Measured(take)
    if not measured.is_finite or measured.bounds.end == 0:
        return False
    return not limits.is_short(take.word_count, measured.sound_s)


def _limits(take: GateInput, limits: GateLimits, *, is_short: bool) -> Limits:
    return limits.limits_for(
        engine=take.engine,
        locale=take.locale,
        voice=take.voice,
        delivery=take.direction.delivery.value,
        is_short=is_short,
    )


def _run(
    checks: list[Check] | tuple[Check, ...], measured: Measured, limits: Limits
) -> Iterator[Finding]:
    for check in checks:
        try:
            finding = check(measured, limits)
        except Exception as error:  # whatever it is: an ERROR finding, never a pass
            name = check.__name__.removeprefix("check_")
            yield _error(name, f"The check broke: {type(error).__name__}: {error}")
            continue
        if finding is not None:
            yield finding


def _learned(take: GateInput, limits: Limits, is_short: bool) -> Iterator[Finding]:
    """Hold the learned metrics against their limits."""
    for name in LEARNED:
        limit: float | None = getattr(limits, f"least_{name}")
        score = take.learned.get(name)
        if is_short:
            value = score if isinstance(score, float) else None
            message = "Not valid for a line this short: listen."
            if limit is not None or score is not None:
                yield Finding(name, Outcome.INCONCLUSIVE, value, unit="MOS", message=message)
        elif isinstance(score, JudgeError):
            yield _error(name, f"It could not be measured: {score}")
        elif limit is not None and score is None:
            yield _error(name, "It was not measured.")
        elif limit is not None and score is not None:
            yield at_least(name, float(score), limit, "MOS", f"{_MEANINGS[name]} (1–5).", _HINT)


def _error(check: str, message: str) -> Finding:
    return Finding(
        check, Outcome.ERROR, message=message, hint="Render again; if it stays, report it."
    )
