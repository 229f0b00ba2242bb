"""Scores that could not be made: an error in their place, never a pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from renderer.errors import BarklineError, DatabaseError, JudgeError, UnhearableError
from renderer.quality.metrics import Scores, Unsure


def in_place(names: Sequence[str], how: Callable[[], Scores]) -> Scores:
    """Return scores; whatever breaks is an error of these metrics alone.

    Args:
        names: The metrics that `how` makes.
        how: Makes them. What nobody can hear leaves them inconclusive.

    Raises:
        DatabaseError: The world's fault, and no take's.
    """
    try:
        return how()
    except UnhearableError as error:
        return dict.fromkeys(names, Unsure(f"{error}: listen."))
    except DatabaseError:
        raise
    except BarklineError as error:
        return dict.fromkeys(names, JudgeError(str(error)))
    except Exception as error:
        return dict.fromkeys(names, JudgeError(f"{type(error).__name__}: {error}"))
