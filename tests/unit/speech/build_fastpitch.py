"""Makes a voice of our own that nobody trained: small, random, and of the shape of a real one."""

from __future__ import annotations

from pathlib import Path

import torch

from renderer.domain.voice_model import Blend
from renderer.training.export import SpeakerAbout, VoiceAbout, export_voice
from renderer.training.fastpitch import FastPitch, FastPitchConfig
from renderer.training.source_filter import SourceFilter, SourceFilterConfig
from renderer.training.speaker_table import SpeakerTable

ABOUT = VoiceAbout(
    "pack",
    "CC0-1.0",
    True,
    "Random numbers.",
    "Nobody.",
    speakers={"mira": SpeakerAbout(), "tomas": SpeakerAbout(1.1, -1.0)},
    blends={"both": Blend({"mira": 0.7, "tomas": 0.3})},
    variation=0.0,
)


def networks(seed: int = 0) -> tuple[FastPitch, SpeakerTable, SourceFilter]:
    """Return networks as if after a few steps: nothing in them is zero."""
    torch.manual_seed(seed)
    acoustic = FastPitch(FastPitchConfig.named("tiny", languages=("en", "de")))
    vocoder = SourceFilter(SourceFilterConfig(width=32, blocks=1, expansion=2))
    with torch.no_grad():
        for parameter in [*acoustic.parameters(), *vocoder.parameters()]:
            parameter.add_(0.05 * torch.randn_like(parameter))
    table = SpeakerTable(("mira", "tomas"))
    table.tell("mira", 12.0, -20.0)
    table.tell("tomas", 2.0, -18.0)
    return acoustic, table, vocoder


def write(folder: Path, half: bool = True) -> Path:
    """Write the voice `pack` below a folder of voices."""
    return export_voice(*networks(), ABOUT, folder / "pack", half)
