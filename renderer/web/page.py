"""The report's own page, told that there is a server behind it."""

from __future__ import annotations

from starlette.responses import HTMLResponse

from renderer.report.markup import content_policy, integrity, page_script, page_style, render_page
from renderer.web.board import Board
from renderer.web.door import Visitor

_FRAME = "; frame-ancestors 'none'"


def review_page(board: Board, visitor: Visitor) -> HTMLResponse:
    """Return the page for one visitor."""
    reading, counted, problems = board.head()
    boot = {
        "project": reading.project,
        "total": counted.total.total,
        "tables": board.tables(),
        "live": {"word": visitor.word, "who": visitor.who},
    }
    policy = content_policy(page_script(), page_style(), is_live=True) + _FRAME
    page = render_page(reading, counted, problems, boot)
    return HTMLResponse(
        page.encode("utf-8", "replace"), headers={"Content-Security-Policy": policy}
    )


def enter_page(message: str = "", status: int = 200) -> HTMLResponse:
    """Return the page that asks for a token; works without a script."""
    from markupsafe import escape

    style = page_style()
    said = f'<p class="callout error" role="alert">{escape(message)}</p>' if message else ""
    page = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Barkline review</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><style>{style}</style></head>
<body><main class="enter"><h1>Barkline review</h1>{said}
<form method="post" action="/enter"><div class="field"><label for="token">Token</label>
<input id="token" name="token" type="password" required autofocus maxlength="200"
 autocomplete="current-password"></div>
<p class="note">Whoever started the server has it.</p>
<div class="form-end"><button class="primary">Enter</button></div></form></main></body></html>
"""
    policy = f"default-src 'none'; style-src '{integrity(style)}'; form-action 'self'{_FRAME}"
    return HTMLResponse(page, status, {"Content-Security-Policy": policy})
