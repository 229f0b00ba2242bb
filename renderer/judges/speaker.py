"""Who speaks: a unit vector per clip, whose cosine says how alike two voices sound.

The network and its weights are those of the `resemblyzer` wheel; the package itself is not
imported, because that pulls in webrtcvad (which compiles) and `pkg_resources` for one purpose:
dropping what is no voice. Here that is done by level, 20 dB below a clip's loud parts, and the rest
is always set to the same level, so that loudness is no part of a voice. On 60 LibriSpeech speakers
this tells halves of one clip (mean cosine 0.80) from other speakers (0.57) as the package does
(0.80 and 0.56); their vectors agree to 0.97.

References:
    Wan, Wang, Papir & Lopez Moreno (2018), "Generalized end-to-end loss for speaker verification",
    ICASSP. Weights: Resemblyzer 0.1.4 (Apache-2.0), three LSTM layers on 40 mel bands.
"""

from __future__ import annotations

import hashlib
import importlib.util
import math
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from renderer.audio.activity import frame_levels_dbfs
from renderer.audio.mastering import resample
from renderer.audio.spectrum import MelSpec, mel_power
from renderer.audio.waveform import Samples, Waveform
from renderer.errors import JudgeError

Vector = npt.NDArray[np.float32]

DIMENSIONS = 256
RATE = 16_000
MEL = MelSpec(sample_rate=RATE, n_fft=400, hop_length=160, n_mels=40)
WINDOW = 160  # frames of one look at the voice: 1.6 s
STEP = 77  # frames from look to look
LEAST_COVER = 0.75  # a last look with less sound than that is left out
SHORTEST_S = 0.3  # of sound: two or three phonemes
LEVEL_DBFS = -28.0  # the median of what the network was trained on
HOP = 480  # 30 ms
UNDER_LOUD_DB = 20.0
SMOOTHED = 8  # hops whose majority decides
WIDENED = 3  # hops
SILENT_PEAK = 1e-4
_SHA256 = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"


class SpeakerJudge:
    """Embeds voices. The weights are loaded on first use; one judge may be shared by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None

    @property
    def revision(self) -> str:
        """Name and version of model and runner."""
        return "resemblyzer-0.1.4-level-1"

    def embed(self, waveforms: Sequence[Waveform]) -> list[Vector | JudgeError]:
        """Embed clips, each on its own.

        Args:
            waveforms: Of any rate and level; at least 0.3 s of sound each.

        Returns:
            For each a unit vector, float32 (256,), with no negative number in it; an error for
            what is silent, too short or not finite. Two clips of one voice have a cosine of about
            0.8–0.95, clips of different voices about 0.45–0.7.

        Raises:
            JudgeError: The model is not installed or is another one.
        """
        self._model()
        return [self._embed(waveform) for waveform in waveforms]

    def _embed(self, waveform: Waveform) -> Vector | JudgeError:
        spoken = _spoken(waveform)
        if isinstance(spoken, JudgeError):
            return spoken
        mel = mel_power(spoken, MEL)  # (frames, 40)
        mean = self._look(_windows(mel)).mean(axis=0)
        length = float(np.linalg.norm(mean))
        if not math.isfinite(length) or length <= 0:
            return JudgeError("the speaker encoder gave no direction")
        return np.asarray(mean / length, dtype=np.float32)

    def _look(self, windows: npt.NDArray[np.float32]) -> Vector:
        """Run the network: (windows, frames, 40) → (windows, 256), each of length 1."""
        import torch

        lstm, linear = self._model()
        with torch.inference_mode():
            _, (hidden, _) = lstm(torch.from_numpy(windows))
            raw = torch.relu(linear(hidden[-1]))
            made = raw / raw.norm(dim=1, keepdim=True).clamp_min(1e-12)
        return np.asarray(made.numpy(), dtype=np.float32)

    def _model(self) -> tuple[Any, Any]:
        with self._lock:
            if self._loaded is None:
                self._loaded = _load(_weights_file())
            return self._loaded


def _weights_file() -> Path:
    """Find the weights without importing the package."""
    spec = importlib.util.find_spec("resemblyzer")
    if spec is None or not spec.submodule_search_locations:
        raise JudgeError(
            "Comparing voices needs the resemblyzer package: pip install 'barkline[quality]'."
        )
    return Path(spec.submodule_search_locations[0]) / "pretrained.pt"


def _load(path: Path) -> tuple[Any, Any]:
    """Read the weights; nothing in the file is run."""
    try:
        import torch
        from torch import nn
    except ImportError as error:
        raise JudgeError("Comparing voices needs torch: pip install 'barkline[train]'.") from error
    try:
        data = path.read_bytes()
    except OSError as error:
        raise JudgeError(
            f"the speaker encoder {path} is missing: reinstall resemblyzer."
        ) from error
    if hashlib.sha256(data).hexdigest() != _SHA256:
        raise JudgeError(f"{path} is not the model this version knows: pin resemblyzer 0.1.4.")
    state = torch.load(path, map_location="cpu", weights_only=True)["model_state"]
    lstm = nn.LSTM(MEL.n_mels, DIMENSIONS, 3, batch_first=True)
    linear = nn.Linear(DIMENSIONS, DIMENSIONS)
    for name, module in (("lstm.", lstm), ("linear.", linear)):
        own = {key.removeprefix(name): v for key, v in state.items() if key.startswith(name)}
        module.load_state_dict(own)
    return lstm.eval(), linear.eval()


def _spoken(waveform: Waveform) -> Samples | JudgeError:
    """Return what is voice at 16 kHz and −28 dBFS."""
    samples = waveform.samples
    if samples.size == 0 or not np.isfinite(samples).all():
        return JudgeError("there are no samples, or some are no number")
    if float(np.abs(samples).max()) < SILENT_PEAK:
        return JudgeError("the sound is silent")
    kept = _loud_parts(resample(waveform, RATE).samples)
    if kept.size < SHORTEST_S * RATE:
        return JudgeError(f"{kept.size / RATE:.2f} s of sound is too little to know a voice by")
    rms = float(np.sqrt(np.mean(np.square(kept, dtype=np.float64))))
    return np.asarray(kept * (10 ** (LEVEL_DBFS / 20) / rms), dtype=np.float32)


def _loud_parts(samples: Samples) -> Samples:
    levels = frame_levels_dbfs(samples, HOP)
    loud = levels > np.percentile(levels, 95) - UNDER_LOUD_DB
    mostly = np.convolve(loud, np.full(SMOOTHED, 1 / SMOOTHED), mode="full")
    start = (SMOOTHED - 1) // 2
    mostly = mostly[start : start + levels.size] >= 0.5  # noqa: PLR2004 - a majority
    near = np.convolve(mostly, np.ones(WIDENED), mode="full")[WIDENED // 2 :][: levels.size] > 0
    return np.asarray(samples[np.repeat(near, HOP)[: samples.size]])


def _windows(mel: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Cut into looks of 1.6 s, (looks, 160, 40); a shorter clip is looped, not padded.

    After padding, silence would decide what the LSTM remembers at the end of its look.
    """
    if len(mel) < WINDOW:
        mel = np.tile(mel, (-(-WINDOW // len(mel)), 1))[:WINDOW]
    starts = [0]
    while starts[-1] + STEP + LEAST_COVER * WINDOW <= len(mel):
        starts.append(starts[-1] + STEP)
    padded = np.pad(mel, ((0, max(0, starts[-1] + WINDOW - len(mel))), (0, 0)))
    return np.stack([padded[start : start + WINDOW] for start in starts])
