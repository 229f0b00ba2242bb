"""The listening page of a corpus: every clip with its sound, picture and findings, worst first.

One file beside `audio/`: it works from a folder, without a server and without a network. Whatever
people wrote is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
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
_ZOOM = 2.5  # speech at −23 LUFS is a thin line otherwise
_MOST_RARE = 60
_MOST_ROWS = 1_500  # what a browser shows without a pause; all findings are in qc.json
_BAD = (Outcome.FAIL, Outcome.ERROR)


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
    frame_s = card.corpus.spec.hop_length / card.corpus.spec.sample_rate
    clips = sorted(card.corpus.clips, key=lambda clip: _worst_first(clip, card.findings[clip.id]))
    return environment.get_template("qc.html.j2").render(
        title=card.corpus.folder.name,
        card=card,
        rows=[_row(c, card.findings[c.id], folder, frame_s) for c in clips[:_MOST_ROWS]],
        minutes=sum(clip.frames for clip in clips) * frame_s / 60,
        usable=sum(clip.frames for clip in clips if clip.passed) * frame_s / 60,
        columns=_COLUMNS,
        height=_HEIGHT,
        most_rare=_MOST_RARE,
    )


def _row(clip: Clip, findings: Sequence[Finding], folder: Path, frame_s: float) -> dict[str, Any]:
    return {
        "clip": clip,
        "duration_s": clip.frames * frame_s,
        "bad": [f for f in findings if f.outcome in _BAD],
        "remarks": [f for f in findings if f.outcome is Outcome.INCONCLUSIVE],
        "good": [f for f in findings if f.outcome is Outcome.PASS],
        "picture": _picture(folder / clip.audio),
        "severity": _severity(findings),
    }


def _worst_first(clip: Clip, findings: Sequence[Finding]) -> tuple[float, int, str]:
    remarks = sum(finding.outcome is Outcome.INCONCLUSIVE for finding in findings)
    return -_severity(findings), -remarks, clip.id


def _severity(findings: Sequence[Finding]) -> float:
    """Add up how far beyond its limit each bad value lies, 1–5; no value at all counts as 3."""
    total = 0.0
    for finding in findings:
        if finding.outcome not in _BAD:
            continue
        if finding.value is None or finding.limit is None:
            total += 3.0
            continue
        over = abs(finding.value - finding.limit) / max(abs(finding.limit), 1e-3)
        total += 1.0 + min(over, 4.0)
    return total


def _picture(path: Path) -> str:
    """Return the points of a waveform's outline in an SVG of `_COLUMNS` × `_HEIGHT`."""
    try:
        drawn = peaks(decode(path.read_bytes()), _COLUMNS)
    except (OSError, AudioError):
        return ""
    half = _HEIGHT / 2
    top = [f"{x},{half - min(1.0, _ZOOM * high) * half:.1f}" for x, (_, high) in enumerate(drawn)]
    bottom = [f"{x},{half - max(-1.0, _ZOOM * low) * half:.1f}" for x, (low, _) in enumerate(drawn)]
    return " ".join(top + bottom[::-1])
