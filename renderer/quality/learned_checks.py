"""Checks of learned metrics. None is valid for a short line: see `gate.decide`."""

from __future__ import annotations

from renderer.quality.rule import Rule

_HINT = (
    "Listen: noise or distortion. Try less pitch or energy change, another wording or another "
    "voice; a voice that always fails needs its own limit in gate.yaml."
)


def _dnsmos(name: str, meaning: str) -> Rule:
    message = f"{meaning} (1–5)."
    return Rule(name, name, f"least_{name}", "MOS", message, _HINT, errs_when_off=True)


LEARNED_CHECKS = (
    _dnsmos("dnsmos_ovrl", "Overall quality as DNSMOS P.835 hears it"),
    _dnsmos("dnsmos_sig", "Quality of the voice as DNSMOS P.835 hears it"),
    _dnsmos("dnsmos_bak", "Freedom from noise as DNSMOS P.835 hears it"),
    _dnsmos("dnsmos_p808", "Quality as DNSMOS P.808 hears it"),
)
