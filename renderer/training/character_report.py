"""What was found of a character, for machines and as a page with its sounds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from renderer.audio.waveform import Waveform
from renderer.domain.transcript import Transcript
from renderer.domain.verdict import Finding, Outcome
from renderer.errors import BarklineError
from renderer.ports import Judge, Recogniser, SpeakerEncoder, Synthesiser
from renderer.training.sound import write_bytes, write_sound

REPORT_FILE, PAGE_FILE, SOUNDS = "validation.json", "index.html", "validation"
_TEMPLATES = Path(__file__).parent / "page"


@dataclass(frozen=True, slots=True)
class CastMember:
    """A voice that the character must not be taken for."""

    name: str
    voice: Synthesiser
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Judges:
    """Who listens; None for whoever is not there."""

    speakers: SpeakerEncoder | None = None
    opinion: Judge | None = None
    recogniser: Recogniser | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Sentence:
    """A held-out sentence, as recorded and as said.

    Attributes:
        text: What is said.
        recorded: The recording.
        said: What the character made of it, or why there is nothing.
        transcript: Its words and phonemes, or None when the text cannot be spoken.
    """

    text: str
    recorded: Waveform
    said: Waveform | BarklineError
    transcript: Transcript | None = None


@dataclass(frozen=True, slots=True)
class Validation:
    """What was found.

    Attributes:
        name: Of the voice.
        findings: One per question.
        measures: Figures behind them, by name.
        likeness: Cosine to each voice of the cast, the most alike first.
        sentences: How many were said.
    """

    name: str
    findings: tuple[Finding, ...]
    measures: Mapping[str, float] = field(default_factory=dict)
    likeness: Mapping[str, float] = field(default_factory=dict)
    sentences: int = 0

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that speak against the voice, or that could not be made."""
        return tuple(f for f in self.findings if f.outcome in (Outcome.FAIL, Outcome.ERROR))

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        plain = asdict(self) | {
            "judged": not any(f.outcome is Outcome.ERROR for f in self.findings)
        }
        path.write_text(json.dumps(plain, ensure_ascii=False, indent=1) + "\n", "utf-8")


def write_report(
    folder: Path, validation: Validation, sentences: Sequence[Sentence], picture: str
) -> Path:
    """Write `validation.json` and the page `index.html` with its sounds.

    Args:
        folder: Of the character's run.
        validation: What was found.
        sentences: What was listened to.
        picture: SVG of the speakers' space, or "".

    Returns:
        The page.

    Raises:
        TrainingError: The disk is full.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    validation.save(folder / REPORT_FILE)
    rows = [_row(folder, number, sentence) for number, sentence in enumerate(sentences)]
    page = environment.get_template("character.html.j2").render(
        validation=validation, rows=rows, picture=picture
    )
    write_bytes(folder / PAGE_FILE, page.encode())
    return folder / PAGE_FILE


def _row(folder: Path, number: int, sentence: Sentence) -> dict[str, str]:
    """Write a sentence's sounds; return what the page shows of it."""
    row = {"text": sentence.text, "recorded": "", "said": "", "error": ""}
    for kind, sound in (("recorded", sentence.recorded), ("said", sentence.said)):
        if isinstance(sound, BarklineError):
            row["error"] = str(sound)
            continue
        row[kind] = f"{SOUNDS}/{number:02}-{kind}.flac"
        write_sound(folder / row[kind], sound.samples, sound.sample_rate)
    return row
