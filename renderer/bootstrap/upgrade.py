"""Lines rendered with another voice, model or profile through the same stages, beside the old."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from renderer.bootstrap.analysis import open_survey, sound_print
from renderer.bootstrap.house import House, voice_book
from renderer.bootstrap.stages import stage_revisions
from renderer.bootstrap.walk import open_render
from renderer.bootstrap.workspace import with_profiles
from renderer.errors import AnalysisError, BarklineError, ConfigError, JudgeError

if TYPE_CHECKING:
    from renderer.analysis.upgrade import Comparison, Side
    from renderer.audio.waveform import Waveform
    from renderer.domain.verdict import Verdict
    from renderer.services.render import Render
    from renderer.services.scope import Scope
    from renderer.services.survey import LineTakes, Survey

Progress = Callable[[int, int], None]
OLD, NEW = "old", "new"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be tried.

    Attributes:
        voice_from: The voice that lines have now.
        voice_to: The voice they are tried with; the same one for another model or profile.
        voices: Folder whose voices come before all others, or None.
        profiles: Other emotion profiles, or None.
        lines: At most so many lines per character; 0 for all.
    """

    voice_from: str
    voice_to: str
    voices: Path | None = None
    profiles: Path | None = None
    lines: int = 0


def other_house(house: House, wish: Wish) -> House:
    """Return the house with the voices and profiles of a wish; project and store are the same."""
    from renderer.services.render_key import KeyBuilder

    place, voices = house.workspace, house.voices
    settings, project = place.settings, place.project
    if wish.profiles is not None:
        place = with_profiles(place, wish.profiles)
    if wish.voices is not None:
        voices = voice_book(settings, project, [wish.voices])
    keys = KeyBuilder(place.inputs.parts, voices, stage_revisions(project.delivery.codec))
    return dataclasses.replace(house, workspace=place, voices=voices, keys=keys)


def sample(lines: Sequence[LineTakes], most: int) -> list[LineTakes]:
    """Return at most so many lines of each character, spread evenly; 0 for all."""
    by_character: dict[str, list[LineTakes]] = {}
    for line in lines:
        by_character.setdefault(line.utterance.character, []).append(line)
    return [line for some in by_character.values() for line in _spread(some, most or len(some))]


def _spread(lines: Sequence[LineTakes], most: int) -> list[LineTakes]:
    count = min(most, len(lines))
    return [lines[i * len(lines) // count] for i in range(count)]


def compare_lines(
    house: House, scope: Scope, wish: Wish, into: Path, progress: Progress | None = None
) -> list[Comparison]:
    """Render the lines of a voice anew and hold them against their approved takes.

    Nothing is stored in the project: sounds lie in the report folder alone.

    Args:
        house: The project.
        scope: Which lines.
        wish: What is tried.
        into: The report folder; gets `old/` and `new/`.
        progress: Told (lines done, lines in all).

    Raises:
        AnalysisError: No approved line in scope has that voice.
        VoiceError: The new voice is not installed or cannot be used.
    """
    from renderer.domain.voice import VoiceRef
    from renderer.services.survey import read_takes

    with house.reading() as unit:
        found = [line for line in read_takes(unit, scope) if _is_meant(line, wish)]
    if not found:
        raise AnalysisError(
            f"No approved line in scope has the voice {wish.voice_from!r}; render first, or look "
            "at `barkline voices list` and the project's characters."
        )
    tried = other_house(house, wish)
    tried.voices.card(VoiceRef.parse(wish.voice_to).name)
    render, survey = open_render(tried), open_survey(house)
    lines = sample(found, wish.lines)
    return list(_compared(tried, render, survey, (lines, wish.voice_to), into, progress))


def _is_meant(line: LineTakes, wish: Wish) -> bool:
    return line.utterance.voice == wish.voice_from and not line.take.request.recording_key


def _compared(
    tried: House,
    render: Render,
    survey: Survey,
    asked: tuple[Sequence[LineTakes], str],
    into: Path,
    progress: Progress | None,
) -> Iterator[Comparison]:
    from renderer.analysis.upgrade import Comparison

    lines, voice_to = asked
    try:
        for done, line in enumerate(lines, 1):
            said = line.utterance
            yield Comparison(
                said.line_id,
                said.locale,
                said.character,
                said.text,
                said.direction.emotion.value,
                _old(tried, survey, line, into),
                _new(tried, render, survey, (line, voice_to), into),
            )
            if progress:
                progress(done, len(lines))
    except JudgeError as error:
        raise ConfigError(str(error)) from error


def _old(tried: House, survey: Survey, line: LineTakes, into: Path) -> Side:
    from renderer.analysis.upgrade import Side
    from renderer.audio.codec import decode

    result = line.take.result
    if result is None or result.delivery is None:  # an approved take has both
        return Side("error", error="the approved take has no sound")
    try:
        data = tried.store.get(result.delivery.key)
        sound = decode(data)
    except BarklineError as error:
        return Side("error", error=str(error))
    suffix = "." + result.delivery.key.rsplit(".", maxsplit=1)[-1]
    audio = _keep(into, OLD, result.delivery.sha256, suffix, data)
    return _side(survey, sound, result.verdict, audio, result.loudness_lufs)


def _new(
    tried: House, render: Render, survey: Survey, asked: tuple[LineTakes, str], into: Path
) -> Side:
    import hashlib

    from renderer.analysis.upgrade import Side

    line, voice = asked
    said = replace(line.utterance, voice=voice)
    try:
        made = render.preview(tried.keys.key(said), tried.request(said))
    except BarklineError as error:
        return Side("error", error=str(error))
    suffix = tried.workspace.project.delivery.extension
    sha256 = hashlib.sha256(made.delivery).hexdigest()
    audio = _keep(into, NEW, sha256, suffix, made.delivery)
    return _side(survey, made.decoded, made.verdict, audio, made.master.loudness_lufs)


def _keep(into: Path, side: str, sha256: str, suffix: str, data: bytes) -> str:
    from renderer.whole_file import write_whole

    path = f"{side}/{sha256}{suffix}"
    write_whole(into / path, data)
    return path


def _side(
    survey: Survey,
    waveform: Waveform,
    verdict: Verdict | None,
    audio: str,
    loudness_lufs: float | None,
) -> Side:
    from renderer.analysis.upgrade import Side
    from renderer.quality.take import LEARNED

    findings = verdict.findings if verdict else ()
    return Side(
        decision=verdict.decision.value if verdict else "error",
        sound=sound_print(survey.measure(waveform)),
        audio=audio,
        duration_s=waveform.duration_s,
        loudness_lufs=_finite(loudness_lufs),
        scores={f.check: f.value for f in findings if f.check in LEARNED and f.value is not None},
        failed=tuple(f"{f.check}: {f.message}" for f in (verdict.failed if verdict else ())),
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
