"""An analysis of a project: sounds, judges, study, pictures and page put together."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from renderer import __version__
from renderer.bootstrap.cast_emotion import emotion_judge, listen
from renderer.bootstrap.clock import SystemClock
from renderer.bootstrap.house import House
from renderer.errors import AnalysisError, ConfigError, JudgeError

if TYPE_CHECKING:
    from renderer.analysis.cast import Spoken
    from renderer.analysis.drift import Rendition
    from renderer.analysis.sound_print import SoundPrint
    from renderer.analysis.study import Study
    from renderer.domain.take import Take
    from renderer.services.scope import Scope
    from renderer.services.survey import LineTakes, Sounding, Survey

Progress = Callable[[int, int], None]
LACKING = "this needs {}, which is not installed: pip install 'barkline[analysis,quality]'."
_SHORT = 6
MOS = "dnsmos_p808"  # what listeners would say, by the metrics of a take


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A study, and what could not be part of it.

    Attributes:
        study: What was found.
        lines: Approved lines in scope.
        notes: What was left out, and why.
        emotion: Why there is nothing on emotions, or "".
    """

    study: Study
    lines: int
    notes: tuple[str, ...]
    emotion: str


def require_analysis() -> None:
    """Hold that what an analysis needs is installed.

    Raises:
        ConfigError: Something is not; says which extra to install.
    """
    # Looked for alone: the encoder is never imported, only its weights are read; torch is slow.
    for module in ("resemblyzer", "torch"):
        if importlib.util.find_spec(module) is None:
            raise ConfigError(LACKING.format(module))
    for module, package in (("sklearn", "scikit-learn"), ("resvg_py", "resvg-py")):
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise ConfigError(LACKING.format(package)) from error


def open_survey(house: House) -> Survey:
    """Return what measures sounds; it remembers in the build folder."""
    from renderer.analysis.sound_print import REVISION, measure_voice
    from renderer.judges.speaker import SpeakerJudge
    from renderer.services.survey import Survey

    judge = SpeakerJudge()
    name = hashlib.sha256(f"{judge.revision} {REVISION}".encode()).hexdigest()[:12]
    cache = house.workspace.build / "cache" / f"soundings-{name}.npz"
    return Survey(house.store, judge, measure_voice, cache)


def analyse(house: House, scope: Scope, progress: Progress | None = None) -> Found:
    """Measure the approved takes in scope and study them.

    Args:
        house: The project.
        scope: Which lines.
        progress: Told (sounds measured, sounds in all).

    Raises:
        AnalysisError: Nothing is approved in scope, or no sound is left.
        ConfigError: The judge of voices is not installed.
    """
    from renderer.analysis.drift import sort_versions
    from renderer.analysis.study import study
    from renderer.services.survey import read_takes, sound_of

    with house.reading() as unit:
        lines = list(read_takes(unit, scope))
    if not lines:
        raise AnalysisError("No approved take is in scope; render first: `barkline render`.")
    takes = [take for line in lines for take in (*line.history, line.take)]
    sounds = [sound for take in takes if (sound := sound_of(take))]
    survey = open_survey(house)
    try:
        known = survey.run(sounds, progress)
    except JudgeError as error:
        raise ConfigError(str(error)) from error
    heard, why = listen(house.store, lines, emotion_judge())
    names = {c.id: c.name for c in house.workspace.project.characters.values()}
    spoken = [take for line in lines if (take := _spoken(line, known))]
    voices: dict[str, list[str]] = {}
    for line in lines:
        voices.setdefault(line.utterance.character, []).append(line.utterance.voice)
    made = study(spoken, names, voices, sort_versions(_renditions(lines, known)), heard)
    return Found(made, len(lines), _notes(survey.lost, spoken), why)


def _spoken(line: LineTakes, known: Mapping[str, Sounding]) -> Spoken | None:
    from renderer.analysis.cast import Spoken
    from renderer.analysis.sound_print import speaking_rate
    from renderer.services.survey import sound_of

    sound, said, result = sound_of(line.take), line.utterance, line.take.result
    if sound is None or result is None or sound.sha256 not in known:
        return None
    return Spoken(
        said.line_id,
        said.locale,
        said.character,
        said.direction.emotion.value,
        sound_print(known[sound.sha256]),
        speaking_rate(result.alignment.phones),
        sound.duration_s,
        _mos(line.take),
    )


def _mos(take: Take) -> float | None:
    """Return what the judge predicted of a take when it was rendered."""
    found = take.result.metrics.get(MOS) if take.result else None
    return float(found) if isinstance(found, int | float) else None


def sound_print(found: Sounding) -> SoundPrint:
    """Return what was measured as the analysis reads it."""
    from renderer.analysis.sound_print import SoundPrint, split

    spectrum, f0 = split(found.measured)
    return SoundPrint(found.embedding if found.embedding.size else None, spectrum, f0, found.why)


def _notes(lost: Sequence[str], spoken: Sequence[Spoken]) -> tuple[str, ...]:
    notes = []
    if lost:
        notes.append(
            f"{len(lost)} sounds are not in the store or are damaged and were left out; "
            "`barkline render --verify` renders them again."
        )
    mute = sum(1 for s in spoken if s.sound.embedding is None)
    if mute:
        notes.append(
            f"{mute} lines are too short or too quiet to tell a voice by; they count for colour, "
            "pitch and pace alone."
        )
    return tuple(notes)


def _renditions(lines: Sequence[LineTakes], known: Mapping[str, Sounding]) -> list[Rendition]:
    """Return every take a voice has spoken, from the oldest; recordings are no voice's."""
    import numpy as np

    from renderer.analysis.drift import Rendition
    from renderer.services.survey import sound_of, version_of

    found = []
    takes = [(take, line) for line in lines for take in line.history]
    for take, line in sorted(takes, key=lambda pair: pair[0].id):
        sound = sound_of(take)
        if take.request.recording_key or sound is None or sound.sha256 not in known:
            continue
        voice = known[sound.sha256].embedding
        clip = np.asarray(voice, np.float64) if voice.size else None
        name, is_now = _version_name(version_of(take)), take.id == line.take.id
        found.append(Rendition(line.utterance.character, line.utterance.key, name, clip, is_now))
    return found


def _version_name(version: tuple[str, str, str]) -> str:
    voice, weights, engine = version
    return f"{voice} {weights[:_SHORT]}/{engine[:_SHORT]}"


def write_study(house: House, found: Found, into: Path) -> Path:
    """Write page, pictures and figures of a study; returns the page's path."""
    from renderer.analysis.canvas import style_sheet
    from renderer.analysis.raster import has_letters
    from renderer.analysis.table import plain
    from renderer.bootstrap.plate import draw_plates, write_pictures
    from renderer.report.analysis_page import AnalysisPage, write_analysis
    from renderer.whole_file import write_whole

    drawn = draw_plates(found.study, found.emotion)
    write_pictures(drawn, into)
    text = json.dumps(plain(found.study), ensure_ascii=False, indent=1)
    write_whole(into / "analysis.json", (text + "\n").encode("utf-8", "replace"))
    made = found.study
    notes = [*found.notes]
    if not has_letters():
        notes.append("This machine has no font resvg knows, so the PNG files have no words.")
    page = AnalysisPage(
        project=house.workspace.project.name,
        written_at=SystemClock().now().astimezone(UTC).isoformat(timespec="seconds"),
        version=__version__,
        facts=(
            (str(len(made.cast)), "characters"),
            (f"{found.lines:,}", "approved lines"),
            (f"{sum(m.seconds for m in made.cast) / 60:.1f}", "minutes"),
            (str(made.groups.count), "groups of alike voices"),
            (str(len(made.confused)), "pairs that will be confused"),
            (
                str(len({(d.character, d.locale) for d in made.drifts if d.has_moved})),
                "voices that moved",
            ),
        ),
        notes=notes,
        plates=[plate for plate, _ in drawn],
        style=style_sheet(),
        back="../index.html" if (into.parent / "index.html").is_file() else "",
    )
    return write_analysis(page, into)
