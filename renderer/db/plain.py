"""Domain values to JSON columns and back."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from renderer.domain.render_key import RenderKey
from renderer.domain.request import RenderRequest
from renderer.domain.take import RenderResult
from renderer.domain.utterance import Utterance


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:  # noqa: ANN401 - a class
    return TypeAdapter(kind)


def aware(moment: datetime) -> datetime:
    """Return a stored moment with its zone: SQLite forgets that it is UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def to_plain(value: Utterance | RenderRequest | RenderResult) -> Any:  # noqa: ANN401 - JSON
    """Return a domain value as plain JSON values.

    The level of silence is −inf. JSON has no such number: SQLite takes it all the same, PostgreSQL
    does not. So it is written as the text "-inf", which is read back as the number.
    """
    kind: Any = type(value)
    return finite(_adapter(kind).dump_python(value, mode="json"))


def finite(plain: Any) -> Any:  # noqa: ANN401 - JSON
    """Return JSON values with texts for the numbers that JSON has not; see `to_plain`."""
    if isinstance(plain, float):
        return plain if math.isfinite(plain) else str(plain)
    if isinstance(plain, dict):
        return {name: finite(part) for name, part in plain.items()}
    if isinstance(plain, list):
        return [finite(part) for part in plain]
    return plain


def utterance_of(plain: Any) -> Utterance:  # noqa: ANN401 - JSON
    """Read an utterance back."""
    value: Utterance = _adapter(Utterance).validate_python(plain)
    return value


def request_of(plain: Any) -> RenderRequest:  # noqa: ANN401 - JSON
    """Read a request back."""
    value: RenderRequest = _adapter(RenderRequest).validate_python(plain)
    return value


def result_of(plain: Any) -> RenderResult:  # noqa: ANN401 - JSON
    """Read a result back."""
    value: RenderResult = _adapter(RenderResult).validate_python(plain)
    return value


def dump_result(result: RenderResult) -> bytes:
    """Return a result as the document stored under its render key."""
    return _adapter(RenderResult).dump_json(result) + b"\n"


def load_result(document: bytes) -> RenderResult | None:
    """Read such a document back; None when it is of another version or damaged."""
    try:
        value: RenderResult = _adapter(RenderResult).validate_json(document)
    except ValidationError:
        return None
    return value


def key_of(plain: dict[str, str]) -> RenderKey:
    """Read a render key's parts back."""
    return RenderKey.from_plain(plain)
