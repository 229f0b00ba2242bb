"""Looks after everything at once: no check waits for another, or keeps it from running."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping

from renderer.domain.diagnosis import Diagnosis, failed
from renderer.errors import BarklineError

PATIENCE_S = 20.0
Check = Callable[[], Iterable[Diagnosis]]


def examine(checks: Mapping[str, Check], patience_s: float = PATIENCE_S) -> list[Diagnosis]:
    """Run checks side by side; return what they found, in their order.

    Args:
        checks: Name to check; one that raises has failed.
        patience_s: Seconds until a check that does not answer has failed.
    """
    found: dict[str, list[Diagnosis]] = {}
    threads = {
        name: threading.Thread(target=_run, args=(name, check, found), daemon=True)
        for name, check in checks.items()
    }
    until = time.monotonic() + patience_s
    for thread in threads.values():
        thread.start()
    for thread in threads.values():
        thread.join(max(0.0, until - time.monotonic()))
    told = dict(found)
    return [one for name in checks for one in told.get(name, [_silent(name, patience_s)])]


def _run(name: str, check: Check, found: dict[str, list[Diagnosis]]) -> None:
    try:
        found[name] = list(check())
    except BarklineError as error:  # says itself what to do
        found[name] = [failed(name, str(error))]
    except ModuleNotFoundError as error:
        fix = "Install 'barkline[cpu]' or 'barkline[gpu]'; for a service also 'barkline[service]'."
        found[name] = [failed(name, f"the package {error.name} is not installed.", fix)]
    except OSError as error:
        fix = "Check that the path is right and may be read and written."
        found[name] = [failed(name, f"{error.filename or name}: {error.strerror}.", fix)]
    except Exception as error:  # its text may hold what nobody should read
        fix = "This is a fault of Barkline; please report it."
        found[name] = [failed(name, f"unforeseen {type(error).__name__}.", fix)]


def _silent(name: str, patience_s: float) -> Diagnosis:
    return failed(
        name,
        f"no answer within {patience_s:g} s.",
        "Check that the server is not overloaded or paused, and the network between.",
    )
