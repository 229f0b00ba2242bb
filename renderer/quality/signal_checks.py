"""Checks of the raw take's noise, voice and artefacts: see `renderer.quality.signal`."""

from __future__ import annotations

from renderer.quality.rule import Rule

_VOICE = "Listen to the voice; less pitch or energy change, or another speaker, if it is broken."

SIGNAL_RULES = (
    Rule(
        "noise",
        "floor_snr_db",
        "least_snr_db",
        "dB",
        "Speech against the noise under all of it.",
        "Listen to soft moments: noise lies under the voice. Render again; for a recording, use a "
        "quieter one.",
    ),
    Rule(
        "hum",
        "steady_hum_db",
        "most_hum_db",
        "dB",
        "Mains hum (50 or 60 Hz and harmonics) against the speech.",
        "For a recording, take the hum out or use another; a voice that hums was trained on hum.",
    ),
    Rule(
        "bandwidth",
        "bandwidth_hz",
        "least_bandwidth_hz",
        "Hz",
        "Up to where the voice reaches: it sounds dull, as through a telephone.",
        "Export the recording again from its source; it was resampled from a lower rate.",
    ),
    Rule(
        "hoarse",
        "hnr_db",
        "least_hnr_db",
        "dB",
        "Harmonics against noise in the voiced parts.",
        _VOICE,
    ),
    Rule(
        "rough",
        "jitter",
        "most_jitter",
        "",
        "Unsteadiness of the voice from period to period.",
        _VOICE,
    ),
    Rule(
        "breathy",
        "cpps_db",
        "least_cpps_db",
        "dB",
        "Prominence of the voice's cepstral peak.",
        _VOICE,
    ),
    Rule(
        "buzz",
        "comb_db",
        "most_comb_db",
        "dB",
        "Lines at the vocoder's frame rate over their surroundings: a metallic buzz.",
        "Render again; if every line of the voice buzzes, its vocoder needs more training.",
    ),
    Rule(
        "repeat",
        "repeat_ratio",
        "least_repeat_ratio",
        "",
        "A stretch comes back exactly: a sound or word is said twice.",
        "Render again; if the text says it twice on purpose, switch the limit off for the voice.",
    ),
)
