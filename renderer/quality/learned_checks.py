"""Checks of learned metrics: an absolute floor, and the voice's own score less a margin."""

from __future__ import annotations

from collections.abc import Mapping

from renderer.quality.metrics import Scores
from renderer.quality.rule import Rule
from renderer.quality.take import LEARNED

LEAST_SOUND_S = 0.2  # of sound; a model that hears less of it, looped, hears a tone
_HINT = "Listen: noise or distortion. Try less pitch or energy change, another wording or another "
_FLOOR_HINT = f"{_HINT}voice; a voice that always fails needs its own limit in gate.yaml."
_OWN_HINT = f"{_HINT}seed. Its own undirected sentences sound better."


def _floor(name: str, meaning: str) -> Rule:
    message = f"{meaning} (1–5)."
    return Rule(name, name, f"least_{name}", "MOS", message, _FLOOR_HINT, errs_when_off=True)


def _own(name: str, meaning: str) -> Rule:
    name = below(name)
    message = f"How far below the voice's own: {meaning[0].lower()}{meaning[1:]}."
    return Rule(name, name, f"most_{name}", "MOS", message, _OWN_HINT)


def below(name: str) -> str:
    """Return the metric of how far a learned metric lies below the voice's own."""
    return f"{name}_below"


def below_own(scores: Mapping[str, float], own: Mapping[str, float]) -> Scores:
    """Return how far scores lie below those of the voice itself, where both are known.

    Args:
        scores: Of the take, by metric of `LEARNED`.
        own: Of the voice's undirected passages.
    """
    return {below(n): own[n] - scores[n] for n in LEARNED if n in own and n in scores}


BELOW = tuple(below(name) for name in LEARNED)
_MEANINGS = {
    "dnsmos_ovrl": "Overall quality as DNSMOS P.835 hears it",
    "dnsmos_sig": "Quality of the voice as DNSMOS P.835 hears it",
    "dnsmos_bak": "Freedom from noise as DNSMOS P.835 hears it",
    "dnsmos_p808": "Quality as DNSMOS P.808 hears it",
}
LEARNED_CHECKS = (
    *(_floor(name, meaning) for name, meaning in _MEANINGS.items()),
    *(_own(name, meaning) for name, meaning in _MEANINGS.items()),
)
