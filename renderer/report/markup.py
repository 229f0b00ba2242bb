"""The page itself: template, style sheet and script in one file, under a policy of its own.

The report on disk and the review server show the same page. What is different is in `boot`: a page
with `live` in it asks its server for lines and hands decisions to it; one without keeps them in the
browser until they are exported as a file.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from renderer.domain.reading import ProjectReading
from renderer.report.record import script_json
from renderer.report.tally import GROUPS, Overview

STATIC_PROBLEMS = 300
_PAGE = Path(__file__).parent / "page"
_SCRIPTS = (
    *("element", "model", "server", "filter", "list", "player", "drawing", "detail"),
    *("decision", "retake", "panel", "bulk", "keyboard", "live", "main"),
)


def render_page(
    reading: ProjectReading,
    counted: Overview,
    problems: Sequence[Any],
    boot: Mapping[str, Any],
    *,
    has_analysis: bool = False,
) -> str:
    """Return the page as HTML.

    Args:
        reading: Project, date and version are read; its lines are not.
        counted: What the overview shows.
        problems: Lines for the printed page, the first of which are shown.
        boot: What the script starts from; with `live`, the page may talk to its server.
        has_analysis: Whether the pages of an analysis lie beside it.
    """
    return fill(
        "index.html.j2",
        page_style(),
        page_script(),
        is_live="live" in boot,
        reading=reading,
        overview=counted,
        groups=GROUPS,
        problems=problems[:STATIC_PROBLEMS],
        problems_left_out=max(0, len(problems) - STATIC_PROBLEMS),
        boot=script_json(boot),
        has_analysis=has_analysis,
    )


def fill(
    template: str,
    style: str,
    script: str,
    *,
    is_live: bool = False,
    **told: Any,  # noqa: ANN401 - whatever the template shows
) -> str:
    """Return a page of the report with its style, script and content policy.

    Args:
        template: File name in the folder of pages.
        style: Style sheet.
        script: What runs in it, "" for nothing.
        is_live: Whether it may talk to its own server.
        told: What the template shows; escaped by it.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_PAGE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    policy = content_policy(script, style, is_live=is_live)
    return environment.get_template(template).render(
        style=style, script=script, policy=policy, is_live=is_live, **told
    )


def page_style() -> str:
    """Return the page's style sheet."""
    return "\n".join((_PAGE / f"{name}.css").read_text("utf-8") for name in ("page", "review"))


def page_script() -> str:
    """Return the page's script: its parts in one strict scope of their own."""
    parts = "\n".join((_PAGE / f"{name}.js").read_text("utf-8") for name in _SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}}})();\n'


def content_policy(script: str, style: str, *, is_live: bool = False) -> str:
    """Return the content security policy of the page.

    Only this very script runs, and only what it loads itself ('strict-dynamic'): no text of a
    manifest can become code, whatever it holds, and nothing can be sent or fetched, but to and
    from the page's own server where it has one. `file:` is there for pages opened from disk, where
    browsers differ about 'self'.

    References:
        Content Security Policy Level 3, W3C: sections 2.3.1 (hashes) and 8.2 ('strict-dynamic').
    """
    disk = "" if is_live else " file:"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{integrity(script)}' 'strict-dynamic'",
            f"style-src '{integrity(style)}'",
            f"img-src 'self'{disk} data:",
            f"media-src 'self'{disk}",
            *(("connect-src 'self'",) if is_live else ()),
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def integrity(content: str) -> str:
    """Return a text's SHA-256 as content policies name it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode("ascii")
