"""The one carrier of sound inside Barkline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Waveform:
    """Mono sound.

    Attributes:
        samples: float32 (T,), nominally in −1..1.
        sample_rate: Hz.
    """

    samples: Samples
    sample_rate: int

    def __post_init__(self) -> None:
        """Hold the shape, dtype and rate every stage relies on."""
        if self.samples.ndim != 1 or self.samples.dtype != np.float32 or self.sample_rate <= 0:
            raise ValueError(
                f"a waveform is float32 (T,) at a positive rate, not {self.samples.dtype} "
                f"{self.samples.shape} at {self.sample_rate} Hz"
            )

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.samples.size / self.sample_rate

    @classmethod
    def of(cls, samples: npt.ArrayLike, sample_rate: int) -> Waveform:
        """Make a waveform from anything numpy can read as (T,)."""
        return cls(np.ascontiguousarray(samples, dtype=np.float32), sample_rate)
