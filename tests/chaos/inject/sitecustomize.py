"""What a process of the fault tests does beside its work; Python imports this by its name.

A folder (`CHAOS_CONTROL`) says what goes wrong next: `<step>` holds an action as
`renderer.services.failpoint` has it. The process that gets there first renames the file, writes its
id into it, and does it. `skew-worker` and `skew-relay` hold seconds a clock is off.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

CONTROL = Path(os.environ["CHAOS_CONTROL"])
ROLE = "worker" if any("worker" in word for word in sys.orig_argv) else "relay"


def claim(step: str) -> str | None:
    """Return what this process is to do at a step, once among all."""
    path = CONTROL / step
    if not path.exists():
        return None
    try:
        text = path.read_text(encoding="utf-8")
        path.rename(CONTROL / f"{step}.done")
    except FileNotFoundError:
        return None
    (CONTROL / f"{step}.done").write_text(str(os.getpid()), encoding="utf-8")
    return text


def point(step: str) -> None:
    """Pass a step."""
    action = claim(step)
    if action is not None:
        plain(f"{step}:1:{action}")(step)


def read(text: str) -> Any:
    """Stand in for `failpoint.read`, which every process calls when it is composed."""
    from renderer.services.failpoint import nothing

    if ROLE == "worker" and "renderer.bootstrap.stages" in sys.modules:
        misbehave()
    return point if not text else nothing


def misbehave() -> None:
    """Let some words crash, hang or exhaust memory in native code, below the formant voice."""
    import ctypes
    import re

    import numpy as np

    from renderer.speech.formant import FormantVoice

    speak = FormantVoice.speak

    def spoken(self: Any, requests: Any) -> Any:
        words = {word.casefold() for r in requests for word in r.transcript.written}
        if "crash" in words:
            ctypes.string_at(0)
        if "hang" in words:  # holds the interpreter: no other thread of the process runs
            re.match("(a|aa)+$", "a" * 60 + "b")
        if "devour" in words:
            np.ones(1 << 36)
        return speak(self, requests)

    if not hasattr(FormantVoice, "is_hostile"):
        FormantVoice.is_hostile = True  # type: ignore[attr-defined]
        FormantVoice.speak = spoken  # type: ignore[method-assign]


def skew() -> None:
    """Let the clock of this process be off."""
    from renderer.bootstrap.clock import SystemClock

    now = SystemClock.now

    def off(self: Any) -> Any:
        path = CONTROL / f"skew-{ROLE}"
        try:
            seconds = float(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            seconds = 0.0
        return now(self) + timedelta(seconds=seconds)

    SystemClock.now = off  # type: ignore[method-assign]


def break_retries() -> None:
    """Let the queue fail exactly when a retry is enqueued."""
    import redis
    from dramatiq.brokers.redis import RedisBroker

    enqueue = RedisBroker.enqueue

    def broken(self: Any, message: Any, **more: Any) -> Any:
        if message.options.get("retries") and claim("retrying") is not None:
            raise redis.exceptions.ConnectionError("gone, just now")
        return enqueue(self, message, **more)

    RedisBroker.enqueue = broken  # type: ignore[method-assign]


def steady() -> None:
    """Let a supervisor restart at once: a fault test kills one process again and again."""
    from workers import supervisor

    supervisor.STEADY_S, supervisor.SILENT_S = 0.0, float(os.environ.get("CHAOS_SILENT_S", "15"))


from renderer.services import failpoint  # noqa: E402 - after what stands in for it

plain = failpoint.read
failpoint.read = read
skew()
steady()
if ROLE == "worker":
    break_retries()
