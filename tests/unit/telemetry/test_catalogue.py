"""One table of metrics: what the code measures, the pages show and the documents say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from renderer.telemetry.catalogue import METRICS, Kind, Metric, Place, metrics_of

BY_NAME = {metric.name: metric for metric in METRICS}
CALLS = {
    "count": Kind.COUNTER,
    "set": Kind.GAUGE,
    "observe": Kind.HISTOGRAM,
    "time": Kind.HISTOGRAM,
}
VARIABLES = {"STAGE": ["barkline_stage_seconds"]}
SUFFIX = re.compile(r"_(bucket|sum|count)$")
UNITS = {"s": "_seconds", "bytes": "_bytes"}


def measured(repository: Path) -> Iterator[tuple[str, str, str, set[str]]]:
    """Yield (file, method, metric, labels) of every call of a meter in the code."""
    for package in ("renderer", "workers"):
        for path in sorted((repository / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                    continue
                if node.func.attr not in CALLS or not ast.unparse(node.func.value).endswith(
                    "meter"
                ):
                    continue
                labels = {word.arg or "" for word in node.keywords}
                for name in names_of(node.args[0]):
                    yield path.name, node.func.attr, name, labels


def names_of(argument: ast.expr) -> list[str]:
    if isinstance(argument, ast.Constant):
        return [str(argument.value)]
    name = ast.unparse(argument)
    return VARIABLES.get(name) or ["barkline_cache_hits_total", "barkline_cache_misses_total"]


def test_every_metric_is_measured_as_it_is_declared(repository: Path) -> None:
    seen = set()
    for where, method, name, labels in measured(repository):
        metric = BY_NAME[name]
        assert metric.kind is CALLS[method], (where, name)
        assert labels == set(metric.labels), (where, name)
        seen.add(name)
    assert seen == set(BY_NAME)


def test_pages_and_alerts_ask_for_every_metric_and_no_other(repository: Path) -> None:
    folder = repository / "assets/monitoring"
    text = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (folder / "alerts.yml", folder / "grafana/dashboards.yaml")
    )
    asked = {
        name if name in BY_NAME else SUFFIX.sub("", name)
        for name in re.findall(r"\bbarkline_[a-z_]+", text)
    }
    assert asked == set(BY_NAME)


def test_the_document_lists_every_metric_with_its_kind_labels_and_unit(repository: Path) -> None:
    text = (repository / "docs/monitoring.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(barkline_\w+)` \| (\w+) \| (.*?) \| (.*?) \|", text, re.MULTILINE)
    assert [name for name, *_ in rows] == [metric.name for metric in METRICS]
    for name, kind, labels, says in rows:
        metric = BY_NAME[name]
        assert kind == metric.kind.value
        assert re.findall(r"`(\w+)`", labels) == list(metric.labels)
        assert says == metric.says


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_names_follow_the_rules_of_prometheus(metric: Metric) -> None:
    assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
    unit = UNITS.get(metric.unit, "")
    assert unit in metric.name
    assert bool(metric.buckets) == (metric.kind is Kind.HISTOGRAM)
    assert metric.says.endswith(".")
    assert set(metric.known) <= set(metric.labels)
    assert not {"line", "line_id", "text", "take"} & set(metric.labels)


def test_parent_and_children_measure_different_things() -> None:
    of_child, of_parent = (
        {metric.name for metric in metrics_of(place)} for place in (Place.WORKER, Place.SUPERVISOR)
    )
    assert of_parent
    assert not of_child & of_parent
