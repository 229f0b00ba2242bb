from __future__ import annotations

import numpy as np
import pytest

from renderer.judges import dnsmos
from renderer.judges.dnsmos_p835 import BLOCK, CHUNK, FRAMES, P835, Loop, split


@pytest.fixture(scope="module")
def data() -> bytes:
    return (dnsmos._model_folder() / "sig_bak_ovr.onnx").read_bytes()


def session(data: bytes):
    return dnsmos._session(data, threads=1)


def speechlike(blocks: int) -> np.ndarray:
    noise = np.random.default_rng(blocks).standard_normal((blocks, BLOCK))
    loudness = 0.1 * np.abs(np.sin(np.arange(blocks) / 19))[:, np.newaxis]
    return (noise * loudness).astype(np.float32)


@pytest.mark.parametrize(
    ("blocks", "starts"),
    [
        (1, (0,)),
        (7, (0,)),
        (CHUNK + 1, (0,)),
        (333, (0,)),
        (FRAMES, (0,)),
        (FRAMES + 1, (0,)),
        (1403, (0, 251, 502)),
    ],
)
def test_a_loop_scores_what_the_whole_model_makes_of_its_windows(data, blocks, starts):
    loop = Loop(speechlike(blocks), starts)
    whole = session(data)
    windows = np.stack([loop.window(start) for start in starts])
    expected = whole.run(None, {"input_1": windows})[0]
    assert P835(data, session).raw(loop) == pytest.approx(expected, abs=1e-4)


def test_a_loop_begins_anew_where_it_ends():
    loop = Loop(speechlike(7), (0,))
    sound = loop.blocks.ravel()
    assert np.array_equal(loop.window(0)[: 2 * sound.size], np.tile(sound, 2))
    assert loop.window(0).size == (FRAMES + 1) * BLOCK


def test_another_model_is_not_cut_anywhere(data):
    with pytest.raises(ValueError, match="another model"):
        split(data.replace(b"conv2d_3/Relu", b"conv2d_9/Relu"))
