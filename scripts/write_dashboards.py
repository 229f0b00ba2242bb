"""Write the Grafana dashboards from `assets/monitoring/grafana/dashboards.yaml`.

python scripts/write_dashboards.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1] / "assets/monitoring/grafana"
SOURCE = {"type": "prometheus", "uid": "prometheus"}
WIDE, HIGH, COLUMNS = 8, 8, 3


def read_pages() -> list[dict[str, Any]]:
    """Return the pages as people write them."""
    pages: list[dict[str, Any]] = yaml.safe_load((ROOT / "dashboards.yaml").read_text("utf-8"))
    return pages


def path_of(page: dict[str, Any]) -> Path:
    """Return where a page's JSON lies."""
    return ROOT / "dashboards" / f"{page['uid']}.json"


def render(page: dict[str, Any]) -> str:
    """Return a page as Grafana reads it."""
    inputs = page.get("inputs", {})
    plain = {
        "uid": f"barkline-{page['uid']}",
        "title": page["title"],
        "tags": ["barkline"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "links": [{"type": "dashboards", "tags": ["barkline"], "title": "", "keepTime": True}],
        "templating": {"list": [_input(name, *said) for name, said in inputs.items()]},
        "panels": [_panel(index, panel) for index, panel in enumerate(page["panels"])],
    }
    return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"


def _input(name: str, label: str, default: str) -> dict[str, Any]:
    choice = {"text": default, "value": default}
    return {
        "name": name,
        "label": label,
        "type": "textbox",
        "query": default,
        "current": choice,
        "options": [{**choice, "selected": True}],
    }


def _panel(index: int, panel: dict[str, Any]) -> dict[str, Any]:
    row, column = divmod(index, COLUMNS)
    queries = enumerate(panel["queries"].items())
    return {
        "id": index + 1,
        "title": panel["title"],
        "type": panel["kind"],
        "description": panel["says"],
        "datasource": SOURCE,
        "gridPos": {"x": column * WIDE, "y": row * HIGH, "w": WIDE, "h": HIGH},
        "fieldConfig": {"defaults": {"unit": panel["unit"]}, "overrides": []},
        "targets": [_target(panel["kind"], number, *query) for number, query in queries],
    }


def _target(kind: str, number: int, legend: str, expression: str) -> dict[str, Any]:
    target: dict[str, Any] = {
        "refId": chr(ord("A") + number),
        "datasource": SOURCE,
        "expr": expression,
        "legendFormat": legend or "__auto",
    }
    if kind != "timeseries":  # one value: that of the end of the time shown
        target |= {"instant": True, "range": False}
    if kind == "table":
        target |= {"format": "table"}
    return target


def main() -> None:
    """Write every page."""
    for page in read_pages():
        path_of(page).parent.mkdir(parents=True, exist_ok=True)
        path_of(page).write_text(render(page), encoding="utf-8")


if __name__ == "__main__":
    main()
