"""A tiny corpus of a made-up language, exact to the frame."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from babble import make_corpus

from renderer.training.corpus import Corpus


@pytest.fixture(scope="session")
def babble(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """24 clips of two speakers in two languages, 18 of them for training."""
    return make_corpus(tmp_path_factory.mktemp("babble"))
