"""Write the QA page: a folder that opens from disk, with nothing to install and no network.

    index.html                 the overview, the style sheet, the script
    data/lines-*.js            a small row per line, loaded at once
    data/details-*.js          everything else, loaded in slices when a line is opened
    pictures/*.png, *.json     spectrograms and peaks, kept from one report to the next
    audio/…                    sounds that are not in the voice folder (rejected, previous)
    summary.json               the overview and the problems, for machines

Data files are named by their content and written first, `index.html` is renamed into place last: a
reader who has the old page open keeps the old data until the new page is there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from renderer.domain.reading import LineReading, ProjectReading, TakeReading
from renderer.errors import BarklineError
from renderer.report.gallery import Draw, Gallery
from renderer.report.markup import render_page
from renderer.report.record import Plain, Tables, detail, local_path, problem, script_json
from renderer.report.tally import GROUPS, Overview, Row, group_of, order, overview
from renderer.whole_file import write_whole

ROWS_PER_FILE = 2_000
DETAILS_PER_FILE = 40

Sound = Callable[[str], bytes]
Progress = Callable[[int, int], None]


def write_report(
    reading: ProjectReading,
    into: Path,
    sound: Sound | None,
    pictures: Draw,
    progress: Progress | None = None,
) -> Path:
    """Write the QA page of a project.

    Args:
        reading: What to show.
        into: The report folder; made when it is missing.
        sound: Returns the bytes of a take's `audio` path; asked only for paths inside the report
            folder that are not there yet. None when the caller has put every sound in its place.
        pictures: Draws one take, or returns None where there is nothing to draw. Asked once per
            take: pictures are kept from one report to the next.
        progress: Told (lines done, lines in all).

    Returns:
        The path of `index.html`.
    """
    lines = order(reading.lines)
    gallery = Gallery(into, pictures)
    data = _DataFolder(into / "data")
    tables = Tables()
    details: list[str] = []
    for start in range(0, len(lines), DETAILS_PER_FILE):
        part = lines[start : start + DETAILS_PER_FILE]
        plain = []
        for done, line in enumerate(part, start + 1):
            plain.append(_detail(line, into, sound, gallery))
            if progress:
                progress(done, len(lines))
        details.append(data.write("details", len(details), plain))
    rows = _write_rows(reading, lines, tables, data)
    counted = overview(reading)
    problems = [problem(line) for line in lines if group_of(line) in ("rejected", "failed")]
    boot = {
        "project": reading.project,
        "writtenAt": reading.written_at,
        "total": len(lines),
        "rowsPerFile": ROWS_PER_FILE,
        "detailsPerFile": DETAILS_PER_FILE,
        "rows": rows,
        "details": details,
        "tables": tables.plain(),
    }
    write_whole(into / "summary.json", _summary(reading, counted, problems))
    index = into / "index.html"
    has_analysis = (into / "analysis" / "index.html").is_file()
    page = render_page(reading, counted, problems, boot, has_analysis=has_analysis)
    write_whole(index, page.encode("utf-8", "replace"))
    data.prune()
    gallery.prune()
    return index


class _DataFolder:
    """Script files named by their content, and the removal of those no page names any more."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: set[str] = set()

    def write(self, kind: str, index: int, payload: Any) -> str:  # noqa: ANN401 - JSON
        """Write `barkline(kind, index, payload);` and return its path relative to the report."""
        content = f"barkline({script_json(kind)},{index},{script_json(payload)});\n".encode("ascii")
        name = f"{kind}-{index:05d}-{hashlib.sha256(content).hexdigest()[:12]}.js"
        if not (self._folder / name).is_file():
            write_whole(self._folder / name, content)
        self._written.add(name)
        return f"{self._folder.name}/{name}"

    def prune(self) -> None:
        for file in self._folder.glob("*.js"):
            if file.name not in self._written:
                file.unlink(missing_ok=True)


def _detail(line: LineReading, into: Path, sound: Sound | None, gallery: Gallery) -> Plain:
    for take in (line.take, line.previous):
        if take and sound:
            _place_sounds(take, into, sound)
    return detail(line, gallery.hang(line.take), gallery.hang(line.previous))


def _place_sounds(take: TakeReading, into: Path, sound: Sound) -> None:
    """Write the sounds that belong into the report folder and are not there.

    A sound that cannot be had is left out: the page says so where it should play.
    """
    for path in (take.audio, *take.tried_audio):
        safe = local_path(path)
        target = into / safe
        if not safe or ".." in safe.split("/") or target.is_file():
            continue
        try:
            write_whole(target, sound(path))
        except BarklineError:
            continue


def _write_rows(
    reading: ProjectReading, lines: Sequence[LineReading], tables: Tables, data: _DataFolder
) -> list[str]:
    place = {id(line): index for index, line in enumerate(reading.lines)}
    rows = [tables.row(line, place[id(line)]) for line in lines]
    return [
        data.write("lines", number, rows[start : start + ROWS_PER_FILE])
        for number, start in enumerate(range(0, len(rows), ROWS_PER_FILE))
    ]


def _summary(reading: ProjectReading, counted: Overview, problems: Sequence[Any]) -> bytes:
    document = {
        "format": "barkline-report",
        "version": 1,
        "project": reading.project,
        "written_at": reading.written_at,
        "barkline": reading.version,
        "codec": reading.codec,
        "total": _row(counted.total),
        **{f"by_{facet}": [_row(row) for row in rows] for facet, rows in counted.by.items()},
        "failed_checks": dict(counted.checks),
        "flags": {flag.replace(" ", "_"): count for flag, count in counted.flags},
        "unpublishable": dict(counted.unpublishable),
        "problems": list(problems),
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


def _row(row: Row) -> Plain:
    return {
        "value": row.value,
        "name": row.name,
        "lines": row.total,
        **{group: row.counts[group] for group in GROUPS},
        "approved_share": round(row.share, 4),
        "seconds": round(row.duration_s, 3),
        "approved_seconds": round(row.approved_s, 3),
    }
