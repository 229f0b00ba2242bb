"""The vocoders there are, by the names that recipes use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from torch import Tensor, nn

from renderer.audio.spectrum import MelSpec
from renderer.training import hifigan
from renderer.training.source_filter import SourceFilter, SourceFilterConfig


class Vocoder(Protocol):
    """What every generator offers beside being a module."""

    def pair(
        self, mel: Tensor, f0: Tensor, voiced: Tensor, cycles: Tensor, noise: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Speak a batch twice, with different noise, at the recording's own phase."""
        ...


def make_generator(size: str, spec: MelSpec) -> nn.Module:
    """Return a new generator by its name in a recipe.

    Raises:
        ValueError: No generator has that name.
    """
    makers: Mapping[str, Callable[[], nn.Module]] = {
        "small": lambda: SourceFilter(SourceFilterConfig(spec=spec)),
        "tiny": lambda: SourceFilter(SourceFilterConfig(width=32, blocks=2, spec=spec)),
        "v1": lambda: hifigan.Generator(hifigan.GeneratorConfig.v1()),
        "v2": lambda: hifigan.Generator(hifigan.GeneratorConfig.v2()),
    }
    if size not in makers:
        raise ValueError(f"no vocoder has the size {size!r}; there are {', '.join(makers)}")
    return makers[size]()
