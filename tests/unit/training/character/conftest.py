"""A base that has learnt nothing, and how little a character needs to be tested."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from renderer.training.base import Base, Inherited, save_base
from renderer.training.character import Character
from renderer.training.fastpitch import FastPitch, FastPitchConfig
from renderer.training.prepare import Rights
from renderer.training.source_filter import SourceFilter, SourceFilterConfig
from renderer.training.speaker_table import SpeakerTable
from renderer.training.tuning import Tuning

CONFIG = FastPitchConfig.named("tiny", languages=("en", "fr"))


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(7)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `train export --weights` writes, of networks that were never trained."""
    table = SpeakerTable(("ann", "bob"), CONFIG.speaker_dim)
    table.tell("ann", 12.0, -20.0)
    table.tell("bob", 2.0, -20.0)
    vocoder = SourceFilter(SourceFilterConfig(width=32, blocks=1, expansion=2))
    path = tmp_path_factory.mktemp("base") / "weights.safetensors"
    rights = Inherited("pack", "CC0-1.0", True, "Thanks to Ann and Bob.")
    save_base(path, FastPitch(CONFIG), table, vocoder, rights, half=True)
    return path


@pytest.fixture(scope="module")
def base(weights: Path) -> Base:
    return Base.load(weights)


@pytest.fixture
def mira() -> Character:
    rights = Rights("CC-BY-4.0", True, "Read by Mira.", "Voice: Mira.")
    return Character("mira", "en-US", rights, "contract 12", least_minutes=0.1)


@pytest.fixture
def quick() -> Tuning:
    few = {"steps": 4, "validate_every": 2, "batch_frames": 400}
    return Tuning(acoustic=few, aligner=few)
