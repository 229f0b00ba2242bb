"""Logs: one object a line with what is at work; no password, whoever logs it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from renderer.telemetry.logs import start_logs, without_password
from renderer.telemetry.trace import LogTracer

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture(autouse=True)
def _quiet_again() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def events(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_inside_a_span_carries_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    start_logs(as_json=True)
    log, tracer = logging.getLogger("renderer.services.render"), LogTracer()
    with (
        tracer.span("render batch", [TRACE, ""], batch="w:1"),
        tracer.span("take", [TRACE], line="halt", locale="en-US", take=7, project="tiny"),
    ):
        log.info("take %d is %s", 7, "approved")
    log.warning("outside")
    inside, outside = events(capsys)
    assert inside["event"] == "take 7 is approved"
    assert inside["level"] == "info"
    assert inside["logger"] == "renderer.services.render"
    fields = {k: inside[k] for k in ("batch", "line", "locale", "take", "project", "trace_id")}
    assert fields == {
        "batch": "w:1",
        "line": "halt",
        "locale": "en-US",
        "take": 7,
        "project": "tiny",
        "trace_id": TRACE,
    }
    assert not {"line", "trace_id", "batch"} & outside.keys()


def test_a_batch_of_several_imports_names_no_single_trace(
    capsys: pytest.CaptureFixture[str],
) -> None:
    start_logs(as_json=True)
    with LogTracer().span("render batch", [TRACE, TRACE[::-1]], batch="b"):
        logging.getLogger("x").warning("two")
    assert "trace_id" not in events(capsys)[0]


def test_passwords_are_blacked_out_in_messages_fields_and_tracebacks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    start_logs(as_json=True)
    url = "postgresql+psycopg://barkline:hunter2@db/barkline"
    with LogTracer().span("x", database=url):
        try:
            raise ConnectionError(f"{url} and redis://:s3cr3t@queue:6379/0 are away")
        except ConnectionError:
            logging.getLogger("x").exception("no %s", url)
    said = capsys.readouterr().err
    assert "hunter2" not in said
    assert "s3cr3t" not in said
    assert json.loads(said)["event"] == "no postgresql+psycopg://barkline:***@db/barkline"


def test_tracebacks_show_no_local_values(capsys: pytest.CaptureFixture[str]) -> None:
    for as_json in (True, False):
        start_logs(as_json=as_json)
        text = "what " + "Vhar says"
        try:
            raise ValueError(len(text))
        except ValueError:
            logging.getLogger("x").exception("failed")
        said = capsys.readouterr().err
        assert "ValueError: 14" in said
        assert "what Vhar says" not in said


def test_text_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    start_logs(as_json=False)
    logging.getLogger("workers.worker_process").info("worker %d is ready", 3)
    logging.getLogger("botocore.hooks").info("noise")
    said = capsys.readouterr().err
    assert "worker 3 is ready" in said
    assert "\x1b" not in said
    assert "noise" not in said


def test_an_address_without_a_password_stays_as_it_is() -> None:
    for text in ("s3://voice/takes?region=eu", "at 10:30 a@b wrote http://host:80/x"):
        assert without_password(text) == text
