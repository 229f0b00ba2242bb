"""Pictures kept from one report to the next: a take's sound does not change, so neither do they."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from renderer.domain.reading import TakeReading
from renderer.errors import BarklineError
from renderer.report.picture import REVISION, Pictures
from renderer.whole_file import write_whole

FOLDER = "pictures"
Draw = Callable[[TakeReading], Pictures | None]


class Gallery:
    """The pictures of one report folder.

    Args:
        report: The report folder.
        draw: Draws a take that has no picture yet; None where there is nothing to draw.
    """

    def __init__(self, report: Path, draw: Draw) -> None:
        self._folder = report / FOLDER
        self._draw = draw
        self._shown: set[str] = set()

    def hang(self, take: TakeReading | None) -> dict[str, Any] | None:
        """Return the picture of a take as plain values, drawing it when it is not there yet.

        A take that cannot be drawn gets `{"problem": …}`; it does not fail the report.
        """
        if take is None or not take.audio:
            return None
        name = _name(take)
        kept = self._kept(name)
        if kept is None:
            try:
                pictures = self._draw(take)
            except BarklineError as error:
                return {"problem": str(error)}
            if pictures is None:
                return None
            kept = self._keep(name, pictures)
        self._shown.add(name)
        return kept

    def png(self, name: str) -> bytes | None:
        """Return a spectrogram that was drawn before, or None.

        Args:
            name: 32 hex digits, as in the picture's `png`; the caller has made sure of that.
        """
        try:
            return (self._folder / f"{name}.png").read_bytes()
        except FileNotFoundError:
            return None

    def prune(self) -> None:
        """Remove pictures of takes this report does not show."""
        for file in self._folder.glob("*"):
            if file.suffix in (".png", ".json") and file.stem not in self._shown:
                file.unlink(missing_ok=True)

    def _kept(self, name: str) -> dict[str, Any] | None:
        try:
            kept = json.loads((self._folder / f"{name}.json").read_text("utf-8"))
        except (OSError, ValueError):
            return None
        has_picture = isinstance(kept, dict) and (self._folder / f"{name}.png").is_file()
        return kept if has_picture else None

    def _keep(self, name: str, pictures: Pictures) -> dict[str, Any]:
        plain = {**pictures.plain(), "png": f"{FOLDER}/{name}.png"}
        write_whole(self._folder / f"{name}.png", pictures.spectrogram)
        write_whole(self._folder / f"{name}.json", json.dumps(plain).encode())
        return plain


def _name(take: TakeReading) -> str:
    """Name a take's picture by all that its sound follows from; 32 hex digits."""
    parts = (REVISION, take.render_key, str(take.attempt), take.finished_at, take.audio)
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
