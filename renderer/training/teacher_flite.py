"""flite as a teacher: small recorded American, Scottish and synthetic voices, 16 kHz.

References:
    Black & Lenzo (2001), "Flite: a small fast run-time synthesis engine", 4th ISCA SSW.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from renderer.domain.transcript import Transcript
from renderer.errors import BarklineError, SynthesisError, TextError, TrainingError
from renderer.ports import Transcriber
from renderer.training.arpabet import ARPABET, SILENCES, plain
from renderer.training.corpus import Speaker
from renderer.training.phone_match import Heard, match
from renderer.training.program import find_program, read_sound, run_program
from renderer.training.teacher import Lesson, transcribe

TIMEOUT_S = 60.0
_MOST_MISSING_S = 0.2
PACKAGE = "flite"
_PHONE = re.compile(r"(\S+):([0-9.]+)")
_ATTRIBUTION = (
    "Flite and its voices: Language Technologies Institute, Carnegie Mellon University, Copyright "
    "(c) 1999-2016, all rights reserved (cmuflite.org). Free to use, copy, modify, publish, "
    "distribute and sell without restriction, provided that this notice is kept, modifications "
    "are marked, the authors' names are kept and are not used to endorse derived products. "
    "Provided without any warranty."
)


def _speaker(name: str, source: str, floor_hz: float, ceiling_hz: float) -> Speaker:
    about = f"{source}, spoken by flite 2 (cmuflite.org)"
    return Speaker(name, "CMU-Flite", True, about, _ATTRIBUTION, floor_hz, ceiling_hz)


SPEAKERS = {
    "awb": _speaker("awb", "CMU ARCTIC awb, a Scottish man", 70.0, 300.0),
    "rms": _speaker("rms", "CMU ARCTIC rms, an American man", 55.0, 250.0),
    "slt": _speaker("slt", "CMU ARCTIC slt, an American woman", 100.0, 400.0),
    "kal16": _speaker("kal16", "diphones of an American man at 16 kHz", 60.0, 250.0),
}


class FliteTeacher:
    """One of flite's voices.

    Args:
        voice: One of `SPEAKERS`.
        transcriber: Texts to phones, by which flite's phones are given to words.
        speaker: How the corpus is to call it; by default as flite does.
        rate: Speaking rate, ×.

    Raises:
        TrainingError: flite is not installed or has no such voice.
    """

    language = "en"

    def __init__(
        self,
        voice: str,
        transcriber: Transcriber,
        speaker: Speaker | None = None,
        rate: float = 1.0,
    ) -> None:
        if voice not in SPEAKERS:
            raise TrainingError(f"flite has no voice {voice!r}; use one of {', '.join(SPEAKERS)}.")
        self._program = find_program("flite", PACKAGE)
        self._voice = voice
        self._transcriber = transcriber
        self._speaker = speaker or SPEAKERS[voice]
        self._stretch = f"duration_stretch={1 / rate:.4f}"

    @property
    def speaker(self) -> Speaker:
        """Whose voice it is."""
        return self._speaker

    def teach(self, texts: Sequence[str]) -> list[Lesson | BarklineError]:
        """Say texts, one run of the program each."""
        lines = transcribe(self._transcriber, texts, "en-US")
        return [
            line if isinstance(line, TextError) else self._answer(text, line)
            for text, line in zip(texts, lines, strict=True)
        ]

    def _answer(self, text: str, line: Transcript) -> Lesson | BarklineError:
        try:
            return self._say(text, line)
        except (SynthesisError, TextError) as error:
            return error

    def _say(self, text: str, line: Transcript) -> Lesson:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
            folder = Path(name)
            (folder / "text").write_text(f"{plain(text)}\n", "ascii")
            said = [self._program, "-voice", self._voice, "--setf", self._stretch, "-psdur"]
            said += ["-f", "text", "-o", "sound.wav"]
            printed, _ = run_program(said, folder, TIMEOUT_S)
            sound = read_sound(folder / "sound.wav")
        heard = read_phones(printed, sound.duration_s)
        return Lesson(sound, line, match(line, heard, ARPABET))


def read_phones(printed: str, duration_s: float) -> list[Heard]:
    r"""Read what `flite -psdur` prints: one line per phrase, the ends of phones from its start.

    The sound is a little shorter than the phones (a diphone voice leaves out half of the last
    silence): what is missing is taken from the last phone of each phrase, in equal parts.

    Args:
        printed: Its output.
        duration_s: Length of the sound.

    Raises:
        SynthesisError: The phones are not those of the sound.

    >>> phones = read_phones("pau:0.1 t:0.3 pau:0.5\npau:0.1 iy:0.2 pau:0.4", 0.7)
    >>> [(h.name, h.start_s, h.end_s) for h in phones if h.name]
    [('t', 0.1, 0.3), ('iy', 0.5, 0.6)]
    """
    phrases = [found for line in printed.splitlines() if (found := _PHONE.findall(line))]
    missing_s = (sum(float(phrase[-1][1]) for phrase in phrases) - duration_s) / max(
        1, len(phrases)
    )
    if not phrases or abs(missing_s) > _MOST_MISSING_S:
        raise SynthesisError(f"flite's phones are not those of its {duration_s:.2f} s of sound.")
    heard: list[Heard] = []
    at = 0.0
    for phrase in phrases:
        offset = at
        for number, (name, end) in enumerate(phrase, 1):
            end_s = offset + float(end) - (missing_s if number == len(phrase) else 0.0)
            end_s = max(at, round(end_s, 6))
            heard.append(Heard("" if name in SILENCES else name, at, end_s))
            at = end_s
    return heard
