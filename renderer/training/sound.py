"""Sound files of a corpus: mono FLAC of 16 bits, whole frames long."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import uuid
from pathlib import Path

import numpy as np

from renderer.audio.codec import decode
from renderer.audio.waveform import Samples
from renderer.errors import AudioError, TrainingError
from renderer.training.corpus import Clip, Corpus
from renderer.training.features import frame_count

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,120}")
_SCALE = 2**15


def file_name(clip_id: str) -> str:
    """Return a clip's file name without its ending: its id, or a hash where that is no plain name.

    >>> file_name("LJ001-0001"), len(file_name("../../etc/passwd"))
    ('LJ001-0001', 64)
    """
    if _PLAIN_NAME.fullmatch(clip_id):
        return clip_id
    return hashlib.sha256(clip_id.encode()).hexdigest()


def write_sound(path: Path, samples: Samples, sample_rate: int) -> None:
    """Write a sound under a temporary name, then rename it.

    Args:
        path: Ends in .flac; its folder is made.
        samples: float32 (T,); what lies beyond ±1 is clipped.
        sample_rate: Hz.

    Raises:
        TrainingError: It cannot be written; nothing is left of it.
    """
    import soundfile

    whole = np.clip(np.rint(samples * _SCALE), -_SCALE, _SCALE - 1).astype(np.int16)
    data = io.BytesIO()
    soundfile.write(data, whole, sample_rate, format="FLAC", subtype="PCM_16")
    write_bytes(path, data.getvalue())


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file of a corpus: all of it or nothing.

    Raises:
        TrainingError: It cannot be written; nothing is left of it.
    """
    temporary = path.with_name(f".{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise TrainingError(
            f"{path} cannot be written ({error.strerror or error}); make room or choose another "
            "folder, and start again."
        ) from error


def clip_samples(corpus: Corpus, clip: Clip) -> Samples:
    """Read a clip's sound, exactly `clip.frames` frames long.

    Raises:
        TrainingError: The file is missing, damaged, or of another rate or length.
    """
    try:
        sound = decode((corpus.folder / clip.audio).read_bytes())
    except (OSError, AudioError) as error:
        raise TrainingError(
            f"the sound of clip {clip.id} cannot be read ({error}); make the corpus again."
        ) from error
    size = clip.frames * corpus.spec.hop_length
    wrong_rate = sound.sample_rate != corpus.spec.sample_rate
    if wrong_rate or frame_count(sound.samples.size, corpus.spec) != clip.frames:
        raise TrainingError(
            f"the sound of clip {clip.id} has {sound.samples.size} samples at {sound.sample_rate} "
            f"Hz where {size} at {corpus.spec.sample_rate} Hz are due; make the corpus again."
        )
    return np.pad(sound.samples, (0, size - sound.samples.size))
