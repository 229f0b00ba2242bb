"""Which sounds are heard in a line: our own judge of phones, for every language our voices speak.

The model is an ONNX file (`assets/judges/phones.onnx`), trained on what other voices than those it
is tried on say (`assets/training/phones`); how well it hears, and whom, is in docs/gate.md.
"""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from renderer.audio.phone_frames import FRAME_S, SPEC, phone_frames
from renderer.audio.waveform import Waveform
from renderer.domain.transcript import Transcript
from renderer.errors import JudgeError, TextError, UnhearableError
from renderer.quality.phone_path import PhoneScores, Scores
from renderer.text.sound import sounds_of

MOST_BYTES = 20_000_000
LONGEST_S = 60.0
_ENTRY = "barkline.phones"


class _Loaded(NamedTuple):
    session: Any
    numbers: dict[str, int]
    digest: str


class PhoneJudge:
    """Hears sounds. The model is loaded on first use; one judge may be shared by threads.

    Args:
        path: The model file.
        threads: Cores one run may use.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._path = path
        self._threads = threads
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None

    @property
    def revision(self) -> str:
        """Name and digest of the model.

        Raises:
            JudgeError: The file is missing or is no model.
        """
        return f"phones-1-{self._model().digest[:12]}"

    def read(self, waveform: Waveform, transcript: Transcript) -> PhoneScores:
        """Say how likely each sound is in each frame, beside what the text has.

        Args:
            waveform: Of any rate and level, at most a minute.
            transcript: What should have been said.

        Raises:
            UnhearableError: It is too long, or the text has no sounds or some the model does not
                know.
            JudgeError: There is nothing to hear, or the model is missing or broken.
        """
        model = self._model()
        words = self._words(transcript, model.numbers)
        if waveform.duration_s > LONGEST_S:
            raise UnhearableError(f"More than {LONGEST_S:g} s are not listened to at once")
        if not np.isfinite(waveform.samples).all() or not waveform.samples.any():
            raise JudgeError("there is nothing to hear")
        frames = phone_frames(waveform)
        even = np.pad(frames, ((0, len(frames) % 2), (0, 0)), mode="edge")[None]
        try:
            (log_p,) = model.session.run(None, {"frames": even})
        except Exception as error:  # onnxruntime has no base class of its own
            raise JudgeError(f"the judge of phones failed: {error}") from error
        return PhoneScores(_checked(log_p[0], len(frames)), words, FRAME_S)

    def _words(
        self, transcript: Transcript, numbers: dict[str, int]
    ) -> tuple[tuple[int, ...], ...]:
        try:
            sounds = sounds_of(transcript)
        except TextError as error:
            raise UnhearableError(str(error)) from error
        strange = sorted({s for word in sounds for s in word if s not in numbers})
        if strange:
            raise UnhearableError(f"The judge of phones does not know {', '.join(strange)}")
        if not any(sounds):
            raise UnhearableError("The text has no sounds to hear")
        return tuple(tuple(numbers[s] for s in word) for word in sounds)

    def _model(self) -> _Loaded:
        with self._lock:
            if self._loaded is None:
                self._loaded = _load(self._path, self._threads)
            return self._loaded


def _load(path: Path, threads: int) -> _Loaded:
    import onnxruntime

    try:
        data = path.read_bytes()
    except OSError as error:
        raise JudgeError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > MOST_BYTES:
        raise JudgeError(f"{path} is larger than {MOST_BYTES} bytes; it is no judge of phones")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    try:
        session = onnxruntime.InferenceSession(data, options, ["CPUExecutionProvider"])
        about = json.loads(session.get_modelmeta().custom_metadata_map[_ENTRY])
        numbers = {str(sound): number for number, sound in enumerate(about["classes"])}
        (given,), (made,) = session.get_inputs(), session.get_outputs()
    except Exception as error:  # whatever is wrong with the file
        raise JudgeError(f"{path} is no judge of phones: {error}") from error
    if given.shape[-1] != SPEC.n_mels or made.shape[-1] not in (len(numbers), "classes"):
        raise JudgeError(f"{path} is a judge of other frames or sounds")
    return _Loaded(session, numbers, hashlib.sha256(data).hexdigest())


def _checked(log_p: Scores, frames: int) -> Scores:
    found = np.asarray(log_p[:frames], dtype=np.float32)
    if not np.isfinite(found).all():
        raise JudgeError("the judge of phones gave what is no number")
    return found
