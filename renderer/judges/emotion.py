"""Which emotion a line sounds like: advice beside the gate, never a reason to reject.

The model is a JSON file of plain numbers (`assets/judges/emotion.json`), trained by
`barkline train emotion` on what our own voices say and run by numpy; nothing in the file is code.
How well it hears, and whom, is in docs/benchmarks/emotion.md.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from renderer.audio.waveform import Waveform
from renderer.errors import BarklineError, JudgeError
from renderer.ports import EmotionHeard
from renderer.quality.emotion_features import NAMES, baseline_of, measure_emotion
from renderer.quality.emotion_model import EmotionModel

Floats = npt.NDArray[np.float64]

MOST_BYTES = 1_000_000


class EmotionJudge:
    """Hears emotions. The model is loaded on first use; one judge may be shared by threads.

    Args:
        path: The model file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._loaded: tuple[EmotionModel, str] | None = None

    @property
    def revision(self) -> str:
        """Name and digest of the model.

        Raises:
            JudgeError: The file is missing or is no model.
        """
        return f"emotion-1-{self._model()[1][:12]}"

    def baseline(self, neutral: Sequence[Waveform]) -> Floats:
        """Return a speaker's baseline.

        Args:
            neutral: Clips said neutrally, at the level the lines to be heard have; what cannot be
                measured is left out.

        Returns:
            float64 (features,).

        Raises:
            JudgeError: None of them can be measured.
        """
        measured = [_measured(waveform) for waveform in neutral]
        good = [one for one in measured if not isinstance(one, JudgeError)]
        if not good:
            raise JudgeError("no neutral clip can be measured, so there is no baseline")
        return baseline_of(np.stack(good))

    def hear(
        self, waveforms: Sequence[Waveform], baselines: Sequence[Floats | None]
    ) -> list[EmotionHeard | JudgeError]:
        """Hear clips, each on its own.

        Args:
            waveforms: Of any rate.
            baselines: Of each clip's speaker (`baseline`), or None when there is none.

        Returns:
            For each its probabilities; an error for what is silent, not finite, too short or has
            hardly any voice (a whisper).

        Raises:
            JudgeError: The model file is missing or is no model.
        """
        model = self._model()[0]
        return [
            _heard(model, waveform, baseline)
            for waveform, baseline in zip(waveforms, baselines, strict=True)
        ]

    def _model(self) -> tuple[EmotionModel, str]:
        with self._lock:
            if self._loaded is None:
                self._loaded = read_model(self._path)
            return self._loaded


def read_model(path: Path) -> tuple[EmotionModel, str]:
    """Read a model file and its SHA-256.

    Raises:
        JudgeError: It cannot be read, is larger than a megabyte or is no model.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise JudgeError(f"{path} is too large for an emotion model; train it again")
        model = EmotionModel.from_plain(json.loads(data))
    except OSError as error:
        raise JudgeError(f"cannot read the emotion model {path}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise JudgeError(f"{path} is no JSON; train the emotion model again") from error
    except BarklineError as error:
        raise JudgeError(f"{path}: {error}") from error
    return model, hashlib.sha256(data).hexdigest()


def _measured(waveform: Waveform) -> Floats | JudgeError:
    try:
        return measure_emotion(waveform)
    except JudgeError as error:
        return error


def _heard(
    model: EmotionModel, waveform: Waveform, baseline: Floats | None
) -> EmotionHeard | JudgeError:
    features = _measured(waveform)
    if isinstance(features, JudgeError):
        return features
    if baseline is None:
        found = model.absolute.probabilities(features[None])[0]
    elif baseline.shape != (len(NAMES),) or not np.isfinite(baseline).all():
        return JudgeError("the speaker's baseline is of another version; measure it again")
    else:
        found = model.relative.probabilities((features - baseline)[None])[0]
    pairs = zip(model.emotions, found, strict=True)
    return EmotionHeard({emotion: float(p) for emotion, p in pairs}, baseline is not None)
