"""The listening page of a corpus: every clip with its sound, picture and findings, worst first.

One file beside `audio/`: it works from a folder, without a server and without a network. Whatever
people wrote is escaped.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from renderer.audio.codec import decode
from renderer.audio.spectrum import peaks
from renderer.domain.verdict import Finding, Outcome
from renderer.errors import AudioError
from renderer.training.corpus import Clip
from renderer.training.qc_card import QcCard

_COLUMNS = 160
_HEIGHT = 40
_PAGE = Path(__file__).parent / "page"
_MOST_RARE = 60


def draw_page(card: QcCard, folder: Path) -> str:
    """Return the page of a corpus.

    Args:
        card: What it tells.
        folder: Where the corpus lies now.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_PAGE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    minutes = card.corpus.spec.hop_length / card.corpus.spec.sample_rate / 60
    rows = sorted(
        (_row(clip, card, folder, minutes * 60) for clip in card.corpus.clips), key=_worst
    )
    return environment.get_template("qc.html.j2").render(
        title=card.corpus.folder.name,
        card=card,
        rows=sorted(rows, key=_worst),
        minutes=sum(clip.frames for clip in card.corpus.clips) * minutes,
        usable=sum(clip.frames for clip in card.corpus.clips if clip.passed) * minutes,
        columns=_COLUMNS,
        height=_HEIGHT,
        most_rare=_MOST_RARE,
    )


def _row(clip: Clip, card: QcCard, folder: Path, frame_s: float) -> dict[str, Any]:
    findings = card.findings[clip.id]
    bad = [f for f in findings if f.outcome in (Outcome.FAIL, Outcome.ERROR)]
    remarks = [f for f in findings if f.outcome is Outcome.INCONCLUSIVE]
    return {
        "clip": clip,
        "duration_s": clip.frames * frame_s,
        "bad": bad,
        "remarks": remarks,
        "good": [f for f in findings if f.outcome is Outcome.PASS],
        "picture": _picture(folder / clip.audio),
        "severity": sum(map(_severity, bad)),
    }


def _severity(finding: Finding) -> float:
    """How far beyond its limit a value lies, 1–5; what has no value counts as 3."""
    if finding.value is None or finding.limit is None:
        return 3.0
    over = abs(finding.value - finding.limit) / max(abs(finding.limit), 1e-3)
    return 1.0 + min(over, 4.0)


def _worst(row: dict[str, Any]) -> tuple[float, int, str]:
    return -row["severity"], -len(row["remarks"]), row["clip"].id


def _picture(path: Path) -> str:
    """Return the points of a waveform's outline in an SVG of `_COLUMNS` × `_HEIGHT`."""
    try:
        drawn = peaks(decode(path.read_bytes()), _COLUMNS)
    except (OSError, AudioError):
        return ""
    half = _HEIGHT / 2
    top = [f"{x},{half - high * half:.1f}" for x, (_, high) in enumerate(drawn)]
    bottom = [f"{x},{half - low * half:.1f}" for x, (low, _) in enumerate(drawn)]
    return " ".join(top + bottom[::-1])
