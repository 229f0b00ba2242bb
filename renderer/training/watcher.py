"""TensorBoard: losses, mels, alignments and sounds of a run, for a person to watch."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from renderer.training.learner import Illustration


class TensorBoard:
    """Writes a run's `tensorboard/`; look at it with `tensorboard --logdir RUN`.

    A full disk ends the pictures, with a warning, and never the training.

    Args:
        folder: Of the run.
    """

    def __init__(self, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        _hush()
        self._is_broken = False
        with self._forgiving():  # it writes already
            self._writer = SummaryWriter(str(folder / "tensorboard"))

    def numbers(self, kind: str, values: Mapping[str, float], step: int) -> None:
        """Take measures."""
        if self._is_broken:
            return
        with self._forgiving():
            for name, value in values.items():
                self._writer.add_scalar(f"{kind}/{name}", value, step)

    def picture(self, illustration: Illustration, step: int) -> None:
        """Take pictures, low rows at the bottom, and sounds."""
        if self._is_broken:
            return
        with self._forgiving():
            for name, image in illustration.images.items():
                grey = _grey(image)[::-1]
                self._writer.add_image(name, grey[None].copy(), step)
            rate = illustration.sample_rate
            for name, sound in illustration.sounds.items():
                self._writer.add_audio(name, np.nan_to_num(sound), step, rate)
            self._writer.flush()

    @contextmanager
    def _forgiving(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._is_broken = True
            logging.getLogger(__name__).warning(
                "TensorBoard's files cannot be written (%s); training goes on without them.", error
            )


def _hush() -> None:
    """Let TensorBoard's thread end without a traceback: what it failed at is said in a warning."""
    before = threading.excepthook
    if getattr(before, "is_hushed", False):
        return

    def tell(about: threading.ExceptHookArgs) -> None:
        is_theirs = type(about.thread).__module__.partition(".")[0] == "tensorboard"
        if not (is_theirs and issubclass(about.exc_type, OSError)):
            before(about)

    tell.is_hushed = True  # type: ignore[attr-defined]
    threading.excepthook = tell


def _grey(image: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Return an image from its lowest to its highest value, 0–255; a flat one is black."""
    image = np.nan_to_num(image)
    low, high = float(image.min()), float(image.max())
    span = high - low or 1.0
    return np.asarray(np.round((image - low) / span * 255), dtype=np.uint8)
