"""TensorBoard: losses, mels, alignments and sounds of a run, for a person to watch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from renderer.training.learner import Illustration


class TensorBoard:
    """Writes a run's `tensorboard/`; look at it with `tensorboard --logdir RUN`.

    Args:
        folder: Of the run.
    """

    def __init__(self, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(folder / "tensorboard"))

    def numbers(self, kind: str, values: Mapping[str, float], step: int) -> None:
        """Take measures."""
        for name, value in values.items():
            self._writer.add_scalar(f"{kind}/{name}", value, step)

    def picture(self, illustration: Illustration, step: int) -> None:
        """Take pictures, low rows at the bottom, and sounds."""
        for name, image in illustration.images.items():
            grey = _grey(image)[::-1]
            self._writer.add_image(name, grey[None].copy(), step)
        rate = illustration.sample_rate
        for name, sound in illustration.sounds.items():
            self._writer.add_audio(name, sound, step, rate)
        self._writer.flush()


def _grey(image: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Return an image from its lowest to its highest value, 0–255; a flat one is black."""
    low, high = float(image.min()), float(image.max())
    span = high - low or 1.0
    return np.asarray(np.round((image - low) / span * 255), dtype=np.uint8)
