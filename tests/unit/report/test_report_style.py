from __future__ import annotations

import re
from pathlib import Path

import pytest

from renderer.report import pages

STYLE = (Path(pages.__file__).parent / "page" / "page.css").read_text("utf-8")


def colours(scheme: str) -> dict[str, str]:
    light, dark = re.findall(r":root \{(.*?)\}", STYLE, re.S)[:2]
    found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", light))
    return found | (
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", dark)) if scheme == "dark" else {}
    )


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("behind", ["page", "surface", "raised", "chosen"])
@pytest.mark.parametrize(
    "text", ["text", "muted", "accent", "approved", "rejected", "failed", "pending"]
)
def test_text_can_be_read_on_every_ground(scheme: str, behind: str, text: str) -> None:
    """WCAG 2.2, 1.4.3 (AA)."""
    palette = colours(scheme)
    assert contrast(palette[text], palette[behind]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("mark", ["edge", "wave", "accent"])
def test_controls_and_graphics_stand_out(scheme: str, mark: str) -> None:
    """WCAG 2.2, 1.4.11."""
    palette = colours(scheme)
    assert contrast(palette[mark], palette["surface"]) >= 3.0
