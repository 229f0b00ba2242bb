"""Variables of the environment, read one by one; what is wrong with them is collected."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from renderer.domain.route import Queue


class Environment:
    """Reads variables, and collects what is wrong with them.

    Args:
        values: The environment.
        problems: Where a sentence about every variable that is wrong goes.
    """

    def __init__(self, values: Mapping[str, str], problems: list[str]) -> None:
        self._values = values
        self._problems = problems

    def text(self, name: str) -> str:
        """Read a variable, "" where it is not set."""
        return self._values.get(name, "")

    def secret(self, name: str) -> str:
        """Read a variable, or the file that NAME_FILE names."""
        path = self.text(f"{name}_FILE")
        if not path:
            return self.text(name)
        if self.text(name):
            self._problems.append(f"{name} and {name}_FILE are both set; unset one.")
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is no text"
            self._problems.append(f"{name}_FILE={path!r} cannot be read: {why}.")
            return ""

    def folder(self, name: str) -> Path | None:
        """Read the name of a folder that exists."""
        if not self.text(name):
            return None
        path = Path(self.text(name))
        if not path.is_dir():
            self._problems.append(f"{name}={str(path)!r} is no folder; unset it, or make it.")
            return None
        return path

    def url(self, name: str, schemes: tuple[str, ...]) -> str:
        """Read an address of one of some schemes, or the file that NAME_FILE names."""
        value = self.secret(name)
        if value and value.partition("://")[0] not in schemes:
            self._problems.append(
                f"{name} is no {' or '.join(f'{s}://' for s in schemes)} address."
            )
        return value

    def count(self, name: str, default: int, *, least: int = 1, most: int = 1024) -> int:
        """Read a whole number within bounds."""
        text = self.text(name)
        if not text:
            return default
        if text.isascii() and text.isdigit() and least <= int(text) <= most:
            return int(text)
        self._problems.append(
            f"{name}={text!r} is no number from {least} to {most}; unset it for {default}."
        )
        return default

    def seconds(self, name: str, default: float, least: float, most: float) -> float:
        """Read a number of seconds within bounds."""
        text = self.text(name)
        if not text:
            return default
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if least <= value <= most:
            return value
        self._problems.append(
            f"{name}={text!r} is no number of seconds from {least:g} to {most:g}; "
            f"unset it for {default:g}."
        )
        return default

    def choice(self, name: str, known: Mapping[str, bool | None], default: str) -> bool | None:
        """Read one of some words, whatever its case; return what it stands for."""
        text = self.text(name).casefold() or default
        if text not in known:
            *some, last = known
            self._problems.append(f"{name}={text!r} is not {', '.join(some)} or {last}.")
        return known.get(text)

    def queues(self, name: str) -> tuple[Queue, ...]:
        """Read names of queues, all of them where none is named."""
        asked = [part.strip() for part in self.text(name).split(",") if part.strip()]
        wrong = [part for part in asked if part not in set(Queue)]
        if wrong:
            self._problems.append(f"{name}={self.text(name)!r} is not gpu, cpu or gpu,cpu.")
        return tuple(queue for queue in Queue if not asked or queue.value in asked)
