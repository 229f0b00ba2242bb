"""DNSMOS P.835 and P.808, run once per nine seconds of a line instead of once per second.

The models judge a window of exactly 9.01 s at 16 kHz. The reference implementation loops a clip
until it is long enough and then scores a window at every full second of what it has; for a line of
3 s that is up to three windows of the same looped sound. Here a line of up to 9.01 s is one window,
and a longer line is cut into the least number of windows that cover it, whose scores are averaged.

The loop is a whole number of the models' frames, 10 ms: silence fills a line up to that. So what
P.835 computes for each frame repeats with the loop and is computed once (`dnsmos_p835`): the cost
is that of the line's own length, not of nine seconds. Its frames have no taper, so that a score
depends by 0.1 and more on where in a frame a sound falls, and the maximum over a loop of any length
is one over several such places. Lines of less than 2.4 s are said several times in one loop, so
that they have most of that too: 0.10 (OVRL) less than the reference's first window up to 1 s, 0.06
up to 2 s, 0.03 up to 3 s on average (`benchmarks/dnsmos.py`).

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
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from renderer.audio.activity import sound_bounds
from renderer.audio.mastering import resample
from renderer.audio.spectrum import MelSpec, mel_power
from renderer.audio.waveform import Waveform
from renderer.errors import JudgeError
from renderer.judges.dnsmos_p835 import BLOCK, FRAMES, P835, Loop

RATE = 16_000
WINDOW = (FRAMES + 1) * BLOCK  # 144160 samples, 9.01 s
LEAST_LOOP = round(2.4 * RATE)  # a shorter line is said again until it is as long
MOST_WINDOWS = 8  # per line: 72 s; a longer line is judged on eight windows spread over it
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
        with_p808: Whether P.808 is scored too; it costs half a second's worth of P.835.
    """

    def __init__(self, threads: int = 1, *, with_p808: bool = True) -> None:
        self._threads = threads
        self._with_p808 = with_p808
        self._lock = threading.Lock()
        self._loaded: tuple[P835, Any] | None = None

    @property
    def revision(self) -> str:
        """Name and version of models and runner."""
        return "dnsmos-p835+p808-9.01s-2"

    def score(self, waveforms: Sequence[Waveform]) -> list[Mapping[str, float] | JudgeError]:
        """Score a batch.

        Args:
            waveforms: Of any rate and length; a line's score does not depend on the others.

        Returns:
            For each `dnsmos_sig`, `dnsmos_bak`, `dnsmos_ovrl` and `dnsmos_p808`, about 1–5; an
            error for what is silent, empty or not finite, or when the model failed.
        """
        return [self._of(waveform) for waveform in waveforms]

    def _of(self, waveform: Waveform) -> Mapping[str, float] | JudgeError:
        loops = _loops_of(waveform)
        if isinstance(loops, JudgeError):
            return loops
        try:
            p835, p808 = self._models()
            return _mean([score for loop in loops for score in _scores(p835, p808, loop)])
        except JudgeError as error:
            return error
        except ImportError as error:
            return JudgeError(f"DNSMOS needs {error.name}: pip install 'barkline[cpu]'.")
        except Exception as error:  # onnxruntime has no common error class of its own
            return JudgeError(f"DNSMOS failed: {error}")

    def _models(self) -> tuple[P835, Any]:
        with self._lock:
            if self._loaded is None:
                folder = _model_folder()
                both = {name: _checked(folder / name) for name in _SHA256}
                opened = partial(_session, threads=self._threads)
                p808 = opened(both["model_v8.onnx"]) if self._with_p808 else None
                self._loaded = (P835(both["sig_bak_ovr.onnx"], opened), p808)
            return self._loaded


def _model_folder() -> Path:
    """Find the models without importing the package, which would pull librosa and requests in."""
    spec = importlib.util.find_spec("speechmos")
    if spec is None or not spec.submodule_search_locations:
        raise JudgeError("DNSMOS needs the speechmos package: pip install 'barkline[cpu]'.")
    return Path(spec.submodule_search_locations[0]) / "dnsmos_models"


def _checked(path: Path) -> bytes:
    """Return a model, if it is the one this code was checked with."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise JudgeError(f"the DNSMOS model {path} is missing: reinstall speechmos.") from error
    if hashlib.sha256(data).hexdigest() != _SHA256[path.name]:
        raise JudgeError(f"{path} is not the model this version knows: pin speechmos 0.0.1.1.")
    return data


def _session(data: bytes, threads: int) -> Any:  # noqa: ANN401 - onnxruntime is untyped
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # A thread pool that spins between runs would steal the other workers' cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def _loops_of(waveform: Waveform) -> list[Loop] | JudgeError:
    """Return what of a line is judged, or why nothing is."""
    samples = waveform.samples
    if samples.size < 2 * BLOCK or not np.isfinite(samples).all():
        return JudgeError("there are hardly any samples, or some are no number")
    bounds = sound_bounds(waveform)
    if float(np.abs(samples).max()) < SILENT_PEAK or bounds.start == bounds.end:
        return JudgeError("the sound is silent")
    rated = np.clip(resample(waveform, RATE).samples, -1.0, 1.0)
    said = np.tile(rated, max(1, math.ceil(LEAST_LOOP / rated.size)))
    filled = np.pad(said, (0, -said.size % BLOCK))
    return list(_cut(filled.reshape(-1, BLOCK)))


def _cut(blocks: npt.NDArray[np.float32]) -> Iterator[Loop]:
    """Loop a short line; spread windows evenly over a long one."""
    window = FRAMES + 1
    room = max(0, len(blocks) - window)
    count = math.ceil(len(blocks) / window)
    starts = tuple(int(s) for s in np.linspace(0, room, min(MOST_WINDOWS, count)))
    if count <= MOST_WINDOWS:
        yield Loop(blocks, starts)
        return
    for start in starts:
        yield Loop(blocks[start : start + window], (0,))


def _scores(p835: P835, p808: Any, loop: Loop) -> Iterator[dict[str, float]]:  # noqa: ANN401
    """Score a loop's windows, one after the other."""
    for start, raw in zip(loop.starts, p835.raw(loop), strict=True):
        scores = {
            name: float(np.polyval(terms, float(value)))
            for (name, terms), value in zip(_POLYNOMIALS.items(), raw, strict=True)
        }
        if p808 is not None:
            mel = _decibels(mel_power(loop.window(start)[:-BLOCK], MEL))
            scores["dnsmos_p808"] = float(p808.run(None, {"input_1": mel[np.newaxis]})[0][0][0])
        yield scores


def _decibels(power: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return P.808's input, float32 (900, 120): decibels under the window's loudest bin."""
    level = 10 * np.log10(np.maximum(power, 1e-10))
    level -= 10 * np.log10(max(float(power.max()), 1e-10))
    return np.asarray((np.maximum(level, -80.0) + 40) / 40, dtype=np.float32)


def _mean(scores: Sequence[Mapping[str, float]]) -> Mapping[str, float] | JudgeError:
    mean = {name: sum(s[name] for s in scores) / len(scores) for name in scores[0]}
    if not all(math.isfinite(value) for value in mean.values()):
        return JudgeError("DNSMOS gave no number")
    return mean
