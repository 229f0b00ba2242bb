"""Logs of the service: one line an event, as text or JSON, with what is at work.

Everything goes through here, Dramatiq's and SQLAlchemy's logs too. Passwords of addresses are
blacked out, whoever logs them; nobody logs dialogue.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

from renderer.errors import ConfigError

# user:password@ of an address; the user may be missing.
_PASSWORD = re.compile(r"(?P<scheme>\b[A-Za-z][A-Za-z0-9+.-]*://[^\s:/@]*):[^\s/]*@")
# Whose news are told; of others, what is wrong.
OURS = ("renderer", "workers", "__main__")


def start_logs(*, as_json: bool, level: int = logging.INFO) -> None:
    """Send everything that is logged to standard error, one line an event.

    Args:
        as_json: JSON objects; else text for people.
        level: The least that is shown of our own.

    Raises:
        ConfigError: structlog is not installed.
    """
    try:
        import structlog
    except ImportError as error:
        raise ConfigError(
            "the service's logs need structlog: pip install 'barkline[service]'"
        ) from error
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    last: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False, sort_keys=False)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(level)


def redact(_logger: object, _name: str, event: MutableMapping[str, Any]) -> Any:  # noqa: ANN401
    """Black out the passwords of addresses in every text of an event."""
    for key, value in event.items():
        if isinstance(value, str) and "://" in value:
            event[key] = without_password(value)
    return event


def without_password(text: str) -> str:
    """Return a text with the passwords of its addresses blacked out.

    >>> without_password("redis://:secret@host:6379/0 refuses")
    'redis://:***@host:6379/0 refuses'
    """
    return _PASSWORD.sub(r"\g<scheme>:***@", text)
