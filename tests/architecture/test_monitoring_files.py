"""Prometheus, its alerts and Grafana's pages: they parse, and ask for what is measured."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from renderer.telemetry.catalogue import METRICS as CATALOGUE
from renderer.telemetry.catalogue import Kind

Run = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]
MONITORING = ROOT / "assets/monitoring"
# Every metric the service has, with its labels; histograms have _bucket, _sum and _count.
HISTOGRAMS = {m.name: set(m.labels) for m in CATALOGUE if m.kind is Kind.HISTOGRAM}
METRICS = {m.name: set(m.labels) for m in CATALOGUE if m.kind is not Kind.HISTOGRAM}
KNOWN = METRICS | {
    f"{name}_{part}": labels | ({"le"} if part == "bucket" else set())
    for name, labels in HISTOGRAMS.items()
    for part in ("bucket", "sum", "count")
}
FROM_PROMETHEUS = {"up": set[str](), "ALERTS": {"alertname", "alertstate", "severity"}}
ALWAYS = {"job", "instance", "service"}


def alerts() -> list[dict[str, Any]]:
    rules = yaml.safe_load((MONITORING / "alerts.yml").read_text(encoding="utf-8"))
    return [rule for group in rules["groups"] for rule in group["rules"]]


def writer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pages", ROOT / "scripts/write_dashboards.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGES = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((MONITORING / "grafana/dashboards").glob("*.json"))
}
QUERIES = [
    (f"{name}: {panel['title']}", target["expr"])
    for name, page in PAGES.items()
    for panel in page["panels"]
    for target in panel["targets"]
]
EVERY = [*((rule["alert"], rule["expr"]) for rule in alerts()), *QUERIES]


def without_inputs(expression: str) -> str:
    """The expression as Grafana sends it."""
    told = {"$__rate_interval": "5m", "$__range": "6h", "$price_per_hour": "1.00"}
    for name, value in told.items():
        expression = expression.replace(name, value)
    assert "$" not in expression, expression
    return expression


def test_prometheus_takes_its_configuration(run_program: Run) -> None:
    done = run_program("promtool", "check", "config", str(MONITORING / "prometheus.yml"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_asks_services_that_exist_where_they_answer() -> None:
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    asked = yaml.safe_load((MONITORING / "prometheus.yml").read_text(encoding="utf-8"))
    for job in asked["scrape_configs"]:
        for found in job.get("dns_sd_configs", []):
            assert all(f"\n  {name}:" in compose for name in found["names"])
            assert f'BARKLINE_METRICS_PORT: "{found["port"]}"' in compose


def test_alerts_fire_when_they_should_and_only_then(run_program: Run) -> None:
    cases = Path(__file__).with_name("alert_cases.yml")
    done = run_program("promtool", "test", "rules", str(cases))
    assert done.returncode == 0, done.stdout + done.stderr
    tried = cases.read_text(encoding="utf-8")
    assert [
        rule["alert"] for rule in alerts() if f"alertname: {rule['alert']}\n" not in tried
    ] == []


def test_every_expression_parses(run_program: Run, tmp_path: Path) -> None:
    rules = [
        {"record": f"query:{number}", "expr": without_inputs(expression)}
        for number, (_, expression) in enumerate(EVERY)
    ]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": rules}]}))
    done = run_program("promtool", "check", "rules", str(file))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("where", "expression"), EVERY, ids=lambda text: text[:50])
def test_every_expression_asks_for_what_is_measured(where: str, expression: str) -> None:
    bare = re.sub(r'"[^"]*"', '""', expression)
    metrics = set(re.findall(r"\b(?:barkline_\w+|up|ALERTS)\b", bare))
    known = KNOWN | FROM_PROMETHEUS
    assert metrics, where
    assert metrics - set(known) == set(), where
    labels = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", bare))
    for group in re.findall(r"\b(?:by|on|group_left|without)\s*\(([^)]*)\)", bare):
        labels |= {label.strip() for label in group.split(",") if label.strip()}
    has = ALWAYS.union(*(known[metric] for metric in metrics))
    assert labels - has == set(), where


def test_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    runbooks = (ROOT / "docs/runbooks.md").read_text(encoding="utf-8")
    chapters = re.split(r"^## ", runbooks, flags=re.MULTILINE)
    written = {chapter.partition("\n")[0].strip(): chapter for chapter in chapters[1:]}
    for rule in alerts():
        name = rule["alert"]
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["annotations"]["runbook_url"] == f"docs/runbooks.md#{name.casefold()}"
        assert name in written, f"{name} has no chapter in docs/runbooks.md"
        for part in ("Means:", "Look:", "Do:"):
            assert f"**{part}**" in written[name], f"{name}: no {part}"
    about = {name for name in written if name.startswith("Barkline")}
    assert about == {rule["alert"] for rule in alerts()}


def test_alerts_have_names_of_their_own() -> None:
    names = [rule["alert"] for rule in alerts()]
    assert len(names) == len(set(names))


def test_pages_are_what_their_table_says() -> None:
    pages = writer()
    for page in pages.read_pages():
        assert pages.path_of(page).read_text(encoding="utf-8") == pages.render(page), (
            "run scripts/write_dashboards.py"
        )
    assert sorted(PAGES) == sorted(page["uid"] for page in pages.read_pages())


def test_pages_answer_the_four_questions() -> None:
    assert sorted(page["title"] for page in PAGES.values()) == [
        "1 Is it healthy?",
        "2 What is slow?",
        "3 What is rejected, and why?",
        "4 What does a minute of audio cost?",
    ]


@pytest.mark.parametrize("name", sorted(PAGES))
def test_panels_use_the_provisioned_source_and_do_not_overlap(name: str) -> None:
    source = yaml.safe_load(
        (MONITORING / "grafana/provisioning/datasources/prometheus.yml").read_text()
    )["datasources"][0]
    taken = set()
    for panel in PAGES[name]["panels"]:
        assert panel["datasource"] == {"type": source["type"], "uid": source["uid"]}
        assert panel["description"].endswith(".")
        at = panel["gridPos"]
        cells = {(x, at["y"]) for x in range(at["x"], at["x"] + at["w"])}
        assert not cells & taken
        assert at["x"] + at["w"] <= 24
        taken |= cells


def test_grafana_finds_the_pages_where_they_are_mounted() -> None:
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    provider = yaml.safe_load(
        (MONITORING / "grafana/provisioning/dashboards/barkline.yml").read_text()
    )["providers"][0]
    mounted = provider["options"]["path"]
    assert f"./assets/monitoring/grafana/dashboards:{mounted}:ro" in compose
    assert f"{mounted}/healthy.json" in compose


def test_every_metric_is_shown_or_watched() -> None:
    shown = " ".join(expression for _, expression in EVERY)
    unseen = {name for name in METRICS | HISTOGRAMS if not re.search(rf"\b{name}", shown)}
    assert unseen == set()
