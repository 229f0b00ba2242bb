"""festival as a teacher: HTS voices of recorded speakers, 16 and 32 kHz.

References:
    Taylor, Black & Caley (1998), "The architecture of the Festival speech synthesis system".
    Bonafonte et al. (2009), "Corpus and voices for Catalan speech synthesis" (FestCat).
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from renderer.domain.transcript import Transcript
from renderer.errors import BarklineError, SynthesisError, TextError, TrainingError
from renderer.ports import Transcriber
from renderer.training.arpabet import ARPABET, SILENCES, plain
from renderer.training.corpus import Speaker
from renderer.training.phone_match import Alphabet, Heard, match
from renderer.training.program import find_program, read_sound, run_program
from renderer.training.teacher import Lesson, transcribe

TIMEOUT_S = 60.0
PACKAGE = "festival"
_FIELDS = 3
_FOLDER = Path("/usr/share/festival/voices")
_HEADER_END = "#"

# FestCat's phones (SAMPA for Catalan); espeak writes the softened b, d, g where it does not.
CATALAN: Alphabet = {
    "ax": (("ə",),), "a": (("a",),), "e": (("e",),), "E": (("ɛ",),), "i": (("i",),),
    "o": (("o",),), "O": (("ɔ",),), "u": (("u",),), "j": (("j",),), "w": (("w",),),
    "b": (("b", "β"),), "d": (("d", "ð"),), "g": (("ɡ", "ɣ"),), "p": (("p",),), "t": (("t",),),
    "k": (("k",),), "f": (("f",),), "s": (("s",),), "z": (("z",),), "S": (("ʃ",),),
    "Z": (("ʒ",),), "m": (("m", "ɱ"),), "n": (("n", "ŋ", "ɱ"),), "J": (("ɲ",),), "l": (("l",),),
    "L": (("ʎ",),), "r": (("ɾ", "r"),), "rr": (("r",),),
}  # fmt: skip
_CMU = (
    "festival's voice cmu_us_slt_arctic_hts: Copyright (c) 2003 Carnegie Mellon University, all "
    "rights reserved. Free to use, copy, modify, publish, distribute and sell without "
    "restriction, provided that this notice is kept, modifications are marked, the authors' "
    "names are kept and are not used to endorse derived products. Provided without any warranty."
)
_UPC = (
    "festival's voice upc_ca_ona_hts (FestCat, festcat.talp.cat): Copyright 2007-2016 Universitat "
    "Politècnica de Catalunya, Antonio Bonafonte; LGPL-2.1-or-later."
)


@dataclass(frozen=True, slots=True)
class FestivalVoice:
    """A voice of festival.

    Attributes:
        command: Scheme function that selects it.
        package: Debian's package.
        locale: What it speaks.
        alphabet: Its phones.
        encoding: Of the text it reads.
        speaker: Its terms.
        model: Where Debian puts its HTS voice.
    """

    command: str
    package: str
    locale: str
    alphabet: Alphabet
    encoding: str
    speaker: Speaker
    model: Path


VOICES = {
    "slt-hts": FestivalVoice(
        "voice_cmu_us_slt_arctic_hts",
        "festvox-us-slt-hts",
        "en-US",
        ARPABET,
        "ascii",
        Speaker(
            "slt-hts",
            "CMU-Festvox",
            True,
            "CMU ARCTIC slt, an American woman, spoken by festival's HTS voice at 32 kHz",
            _CMU,
            100.0,
            400.0,
        ),
        _FOLDER / "us/cmu_us_slt_arctic_hts/hts/cmu_us_slt_arctic_hts.htsvoice",
    ),
    "ona-hts": FestivalVoice(
        "voice_upc_ca_ona_hts",
        "festvox-ca-ona-hts",
        "ca",
        {**CATALAN, **{f"{vowel}1": CATALAN[vowel] for vowel in "aeEioOu"}},
        "latin-1",
        Speaker(
            "ona-hts",
            "LGPL-2.1-or-later",
            True,
            "FestCat's ona, a Catalan woman, spoken by festival's HTS voice (festcat.talp.cat)",
            _UPC,
            90.0,
            400.0,
        ),
        _FOLDER / "catalan/upc_ca_ona_hts/hts/upc_ca_ona.htsvoice",
    ),
}


class FestivalTeacher:
    """One of festival's voices.

    Args:
        voice: One of `VOICES`.
        transcriber: Texts to phones, by which festival's phones are given to words.
        speaker: How the corpus is to call it; by default as in `VOICES`.
        rate: Speaking rate, ×.
        warp: Frequency warping of the HTS voice, or None for its own: lower ones sound like a
            larger head, at the same F0.

    Raises:
        TrainingError: festival is not installed, or there is no such voice.
    """

    def __init__(
        self,
        voice: str,
        transcriber: Transcriber,
        speaker: Speaker | None = None,
        rate: float = 1.0,
        warp: float | None = None,
    ) -> None:
        if voice not in VOICES:
            raise TrainingError(f"no festival voice {voice!r}; choose one of {', '.join(VOICES)}.")
        self._program = find_program("festival", PACKAGE)
        self._voice = VOICES[voice]
        self._transcriber = transcriber
        self._speaker = speaker or self._voice.speaker
        self._rate, self._warp = rate, warp

    @property
    def speaker(self) -> Speaker:
        """Whose voice it is."""
        return self._speaker

    @property
    def language(self) -> str:
        """The language it speaks."""
        return self._voice.locale.split("-")[0]

    def teach(self, texts: Sequence[str]) -> list[Lesson | BarklineError]:
        """Say texts: one run for all, then one each for those that a failure left out.

        Raises:
            TrainingError: festival has not got the voice; names the package.
        """
        lines = transcribe(self._transcriber, texts, self._voice.locale)
        good = [(t, x) for t, x in zip(texts, lines, strict=True) if not isinstance(x, TextError)]
        said = self._run(good)
        retried = [
            self._run([one])[0] if isinstance(answer, SynthesisError) and len(good) > 1 else answer
            for one, answer in zip(good, said, strict=True)
        ]
        left = iter(retried)
        return [x if isinstance(x, TextError) else next(left) for x in lines]

    def _run(self, lines: Sequence[tuple[str, Transcript]]) -> list[Lesson | BarklineError]:
        """Say lines in one run of the program."""
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
            folder = Path(name)
            script = [f"({self._voice.command})", *self._parameters(folder)]
            for number, (text, _) in enumerate(lines):
                # `plain` leaves no quote and no backslash, so that a text cannot leave its string.
                said = plain(text, self._voice.encoding)
                script += [
                    f'(set! utt (Utterance Text "{said}"))',
                    "(utt.synth utt)",
                    f'(utt.save.wave utt "{number}.wav" \'riff)',
                    f'(utt.save.segs utt "{number}.seg")',
                ]
            (folder / "say.scm").write_text("\n".join(script), self._voice.encoding)
            problem = self._speak(folder, TIMEOUT_S + 10 * len(lines))
            return [
                self._lesson(folder / str(number), line, problem)
                for number, (_, line) in enumerate(lines)
            ]

    def _parameters(self, folder: Path) -> list[str]:
        """Return the lines that set rate and warping; the engine takes the first of each option."""
        wanted = [f'(list "-r" {self._rate:.4f})'] if self._rate != 1.0 else []
        if self._warp is not None:
            (folder / "warped.htsvoice").write_bytes(warped(self._voice.model, self._warp))
            wanted.append('(list "-m" "warped.htsvoice")')
        if not wanted:
            return []
        return [f"(set! hts_engine_params (append (list {' '.join(wanted)}) hts_engine_params))"]

    def _speak(self, folder: Path, timeout_s: float) -> str:
        """Run the script; return what went wrong."""
        try:
            _, errors = run_program([self._program, "-b", "say.scm"], folder, timeout_s)
        except SynthesisError as error:
            errors = str(error)
        if f"unbound variable: {self._voice.command}" in errors:
            raise TrainingError(
                f"festival has not got the voice {self._voice.command.removeprefix('voice_')}. On "
                f"Debian or Ubuntu: apt install {self._voice.package}."
            )
        return errors

    def _lesson(self, path: Path, line: Transcript, problem: str) -> Lesson | BarklineError:
        try:
            segments = path.with_suffix(".seg").read_text("latin-1")
            sound = read_sound(path.with_suffix(".wav"))
            return Lesson(sound, line, match(line, read_segments(segments), self._voice.alphabet))
        except OSError:
            return SynthesisError(f"festival said nothing: {problem[:80]}")
        except (SynthesisError, TextError) as error:
            return error


def warped(model: Path, warp: float) -> bytes:
    """Return an HTS voice with another frequency warping in its head.

    Raises:
        TrainingError: The voice is not there or no HTS voice.
    """
    try:
        head, option, rest = model.read_bytes().partition(b"ALPHA=")
    except OSError as error:
        raise TrainingError(f"festival's voice cannot be read: {error}.") from error
    if not option:
        raise TrainingError(f"{model} is no HTS voice whose warping can be changed.")
    return head + option + f"{warp:.2f}".encode() + rest[rest.index(b"\n") :]


def read_segments(text: str) -> list[Heard]:
    r"""Read an Xwaves label file: after `#`, lines of end time, a number, the phone.

    >>> read_segments("nfields 1\n#\n 0.2 100 pau\n 0.35 100 t\n")[1]
    Heard(name='t', start_s=0.2, end_s=0.35)
    """
    found: list[Heard] = []
    at = 0.0
    for line in text.partition(f"{_HEADER_END}\n")[2].splitlines():
        fields = line.split()
        if len(fields) < _FIELDS:
            continue
        end_s = max(at, float(fields[0]))
        name = fields[2]
        found.append(Heard("" if name in SILENCES else name, at, end_s))
        at = end_s
    return found
