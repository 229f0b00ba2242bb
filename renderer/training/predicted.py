"""Mels as the acoustic model makes them, for a vocoder to finish on.

A vocoder that has heard recorded mels alone is surprised by predicted ones, which are smoother. The
acoustic model therefore says every clip again with the clip's own durations, pitch and energy, so
that its mel still belongs to the recorded sound.

Reference: Kong et al. (2020), HiFi-GAN (2010.05646), section 4.4, fine-tuning on Tacotron 2's mels.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch

from renderer.errors import TrainingError
from renderer.training.acoustic import AcousticLearner
from renderer.training.acoustic_source import AcousticSource
from renderer.training.corpus import TRAIN, VALID, Clip, Corpus
from renderer.training.sound import file_name, write_bytes

Frames = npt.NDArray[np.float32]
FOLDER = "predicted"
Show = Callable[[int, int], None]


def predict_all(
    learner: AcousticLearner,
    corpora: Sequence[Corpus],
    *,
    device: torch.device,
    show: Show = lambda _done, _all: None,
) -> int:
    """Write the predicted mel of every usable clip into each corpus's `predicted/`.

    Args:
        learner: A trained acoustic model; its module is put into evaluation mode.
        corpora: Whose speakers and languages it knows.
        device: Where it lies.
        show: Told how many clips of how many are done.

    Returns:
        How many were written.

    Raises:
        TrainingError: The model does not know a speaker or says what is no finite number, or the
            disk is full.
    """
    _require_finite(learner)
    for module in learner.modules.values():
        module.eval()
    total = sum(len(c.usable(TRAIN)) + len(c.usable(VALID)) for c in corpora)
    done = 0
    for corpus in corpora:
        source = AcousticSource([(corpus, 1.0)], learner.cast, validation_clips=1_000_000)
        for ids, batch in source.everything():
            mels = learner.say_again(batch.to(device)).float().cpu().numpy()
            lengths = batch.durations.sum(1).tolist()
            said = {i: m[:, :n] for i, m, n in zip(ids, mels, lengths, strict=True)}
            for clip_id, mel in said.items():
                if not np.isfinite(mel.astype(np.float16)).all():
                    raise TrainingError(f"The model says clip {clip_id} as no finite numbers.")
            for clip_id, mel in said.items():
                _write(corpus, clip_id, mel)
            done += len(ids)
            show(done, total)
    return done


def predicted_mel(corpus: Corpus, clip: Clip) -> Frames | None:
    """Return a clip's predicted mel, (n_mels, frames), or None when there is none that fits."""
    path = corpus.folder / FOLDER / f"{file_name(clip.id)}.npy"
    try:
        mel = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    fits = isinstance(mel, np.ndarray) and mel.dtype == np.float16
    if not fits or mel.shape != (corpus.spec.n_mels, clip.frames) or not np.isfinite(mel).all():
        return None
    return np.asarray(mel, dtype=np.float32)


def fingerprint(corpora: Sequence[Corpus]) -> tuple[str, int, int]:
    """Return a hash of all predicted mels, and of the clips to train on those without and all."""
    digest, missing, total = hashlib.sha256(), 0, 0
    for corpus in corpora:
        for clip in (*corpus.usable(TRAIN), *corpus.usable(VALID)):
            mel = predicted_mel(corpus, clip)
            digest.update(f"{clip.id}\0".encode())
            digest.update(b"" if mel is None else mel.tobytes())
            total += clip.split == TRAIN
            missing += clip.split == TRAIN and mel is None
    return digest.hexdigest(), missing, total


def _require_finite(learner: AcousticLearner) -> None:
    for module in learner.modules.values():
        for name, value in module.state_dict().items():
            if not bool(torch.isfinite(value).all()):
                raise TrainingError(
                    f"The acoustic model's {name} holds what is no finite number, so nothing was "
                    "predicted and what was there stands. Train it again, or take another run."
                )


def _write(corpus: Corpus, clip_id: str, mel: Frames) -> None:
    file = io.BytesIO()
    np.save(file, mel.astype(np.float16), allow_pickle=False)
    write_bytes(corpus.folder / FOLDER / f"{file_name(clip_id)}.npy", file.getvalue())
