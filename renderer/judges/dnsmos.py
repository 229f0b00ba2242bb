"""DNSMOS P.835 and P.808, run once per nine seconds of a line instead of once per second.

The models judge a window of exactly 9.01 s at 16 kHz. The reference implementation loops a clip
until it is long enough and then scores a window at every full second of what it has; for a line of
3 s that is up to three windows of the same looped sound. Here a line of up to 9.01 s is one window,
the reference's first one, and a longer line is cut into the least number of windows that cover it,
whose scores are averaged. Windows of several lines run as one batch.

References:
    Reddy, Gopal & Cutler (2022), "DNSMOS P.835", ICASSP. Models and the two polynomials that map
    their outputs to MOS: the `speechmos` wheel (MIT), `dnsmos_models/`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from renderer.audio.activity import sound_bounds
from renderer.audio.mastering import resample
from renderer.audio.spectrum import MelSpec, mel_power
from renderer.audio.waveform import Samples, Waveform
from renderer.errors import JudgeError

RATE = 16_000
WINDOW = 144_160  # 9.01 s
HOP_P808 = 160
MOST_WINDOWS = 8  # per line: 72 s; a longer line is judged on eight windows spread over it
BATCH = 4  # windows per run: bounds memory at about 600 MB
MEL = MelSpec(sample_rate=RATE, n_fft=321, hop_length=160, n_mels=120)
SILENT_PEAK = 1e-4
# Raw output to MOS, highest power first, in the order of the model's outputs.
_POLYNOMIALS = {
    "dnsmos_sig": (-0.08397278, 1.22083953, 0.0052439),
    "dnsmos_bak": (-0.13166888, 1.60915514, -0.39604546),
    "dnsmos_ovrl": (-0.06766283, 1.11546468, 0.04602535),
}
# The models this code was checked with; others would need their own polynomials.
_SHA256 = {
    "sig_bak_ovr.onnx": "269fbebdb513aa23cddfbb593542ecc540284a91849ac50516870e1ac78f6edd",
    "model_v8.onnx": "9246480c58567bc6affd4200938e77eef49468c8bc7ed3776d109c07456f6e91",
}


class DnsmosJudge:
    """Scores noise and distortion, not naturalness: hold it against a voice's own baseline.

    The models are loaded on first use. One judge may be shared by threads.

    Args:
        threads: Cores one run may use.
        with_p808: Whether P.808 is scored too; it costs a twentieth of P.835.
    """

    def __init__(self, threads: int = 1, *, with_p808: bool = True) -> None:
        self._threads = threads
        self._with_p808 = with_p808
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None

    @property
    def revision(self) -> str:
        """Name and version of models and runner."""
        return "dnsmos-p835+p808-9.01s-1"

    def score(self, waveforms: Sequence[Waveform]) -> list[Mapping[str, float] | JudgeError]:
        """Score a batch.

        Args:
            waveforms: Of any rate and length; a line's score does not depend on the others.

        Returns:
            For each `dnsmos_sig`, `dnsmos_bak`, `dnsmos_ovrl` and `dnsmos_p808`, about 1–5; an
            error for what is silent, empty or not finite, or when the model failed.
        """
        windows = [_windows_of(waveform) for waveform in waveforms]
        flat = [w for line in windows if not isinstance(line, JudgeError) for w in line]
        try:
            scores = iter(self._run(flat)) if flat else iter(())
        except JudgeError as error:
            return [w if isinstance(w, JudgeError) else error for w in windows]
        return [
            line if isinstance(line, JudgeError) else _mean([next(scores) for _ in line])
            for line in windows
        ]

    def _run(self, windows: Sequence[Samples]) -> list[dict[str, float]]:
        """Score windows in batches of similar cost."""
        p835, p808 = self._models()
        made: list[dict[str, float]] = []
        try:
            for start in range(0, len(windows), BATCH):
                batch = np.stack(windows[start : start + BATCH])
                raw = p835.run(None, {"input_1": batch})[0]
                mels = p808.run(None, {"input_1": _mels(batch)})[0] if p808 else None
                made += [_mapped(raw[i], mels, i) for i in range(len(batch))]
        except Exception as error:  # onnxruntime has no common error class of its own
            raise JudgeError(f"DNSMOS failed: {error}") from error
        return made

    def _models(self) -> tuple[Any, Any]:
        with self._lock:
            if self._loaded is None:
                folder = _model_folder()
                p808 = _session(folder / "model_v8.onnx", self._threads)
                self._loaded = (
                    _session(folder / "sig_bak_ovr.onnx", self._threads),
                    p808 if self._with_p808 else None,
                )
            return self._loaded


def _model_folder() -> Path:
    """Find the models without importing the package, which would pull librosa and requests in."""
    spec = importlib.util.find_spec("speechmos")
    if spec is None or not spec.submodule_search_locations:
        raise JudgeError("DNSMOS needs the speechmos package: pip install 'barkline[cpu]'.")
    return Path(spec.submodule_search_locations[0]) / "dnsmos_models"


def _session(path: Path, threads: int) -> Any:  # noqa: ANN401 - onnxruntime is untyped
    import onnxruntime

    try:
        data = path.read_bytes()
    except OSError as error:
        raise JudgeError(f"the DNSMOS model {path} is missing: reinstall speechmos.") from error
    if hashlib.sha256(data).hexdigest() != _SHA256[path.name]:
        raise JudgeError(f"{path} is not the model this version knows: pin speechmos 0.0.1.1.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # A thread pool that spins between runs would steal the other workers' cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def _windows_of(waveform: Waveform) -> list[Samples] | JudgeError:
    """Return a line's windows, float32 (144160,) each, or why there are none."""
    samples = waveform.samples
    if samples.size == 0 or not np.isfinite(samples).all():
        return JudgeError("there are no samples, or some are no number")
    bounds = sound_bounds(waveform)
    if float(np.abs(samples).max()) < SILENT_PEAK or bounds.start == bounds.end:
        return JudgeError("the sound is silent")
    rated = np.clip(resample(waveform, RATE).samples, -1.0, 1.0)
    return list(_cut(rated))


def _cut(samples: Samples) -> Iterator[Samples]:
    """Loop a short line, as the reference does; spread windows evenly over a long one."""
    if samples.size <= WINDOW:
        repeats = -(-WINDOW // samples.size)
        yield np.tile(samples, repeats)[:WINDOW]
        return
    count = min(MOST_WINDOWS, math.ceil(samples.size / WINDOW))
    for start in np.linspace(0, samples.size - WINDOW, count).astype(int):
        yield samples[start : start + WINDOW]


def _mels(batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return P.808's input, float32 (n, 900, 120): decibels under each window's loudest bin."""
    return np.stack([_decibels(mel_power(window[:-HOP_P808], MEL)) for window in batch])


def _decibels(power: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    level = 10 * np.log10(np.maximum(power, 1e-10))
    level -= 10 * np.log10(max(float(power.max()), 1e-10))
    return np.asarray((np.maximum(level, -80.0) + 40) / 40, dtype=np.float32)


def _mapped(
    raw: npt.NDArray[np.float32], p808: npt.NDArray[np.float32] | None, row: int
) -> dict[str, float]:
    scores = {
        name: float(np.polyval(terms, float(value)))
        for (name, terms), value in zip(_POLYNOMIALS.items(), raw, strict=True)
    }
    if p808 is not None:
        scores["dnsmos_p808"] = float(p808[row][0])
    return scores


def _mean(scores: Sequence[Mapping[str, float]]) -> Mapping[str, float] | JudgeError:
    mean = {name: sum(s[name] for s in scores) / len(scores) for name in scores[0]}
    if not all(math.isfinite(value) for value in mean.values()):
        return JudgeError("DNSMOS gave no number")
    return mean
