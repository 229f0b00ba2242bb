"""The features of a corpus on disk: made when first asked for, made again when they are stale."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from renderer.audio.pitch import semitones
from renderer.errors import TrainingError
from renderer.training.corpus import Clip, Corpus
from renderer.training.features import REVISION, Features, extract
from renderer.training.sound import clip_samples, file_name, write_bytes

_SHARE = 16  # clips a process takes at a time


@dataclass(frozen=True, slots=True)
class SpeakerStatistics:
    """A speaker's average over the voiced frames of what may be trained on.

    Attributes:
        mean_pitch_st: Mean F0, semitones re 100 Hz.
        std_pitch_st: Its standard deviation, semitones.
        mean_energy_db: Mean energy, dB.
        minutes: Minutes of clips in all.
    """

    mean_pitch_st: float
    std_pitch_st: float
    mean_energy_db: float
    minutes: float


@dataclass(frozen=True, slots=True)
class FeatureStore:
    """The features of a corpus, made when first asked for and kept in its `features/`."""

    corpus: Corpus

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return self.corpus.folder / "features"

    def get(self, clip: Clip) -> Features:
        """Return a clip's features.

        Raises:
            TrainingError: Its sound cannot be read, or the disk is full.
        """
        path, key = self._path(clip), self._key(clip)
        kept = _read(path, key, (self.corpus.spec.n_mels, clip.frames))
        if kept is not None:
            return kept
        speaker = self.corpus.speakers[clip.speaker]
        made = extract(clip_samples(self.corpus, clip), speaker, self.corpus.spec)
        _write(path, key, made)
        # What comes from the disk has lost bits of the mel; give the same on the first call.
        rounded = made.mel.astype(np.float16).astype(np.float32)
        return Features(rounded, made.f0, made.voiced, made.energy)

    def build_all(
        self, progress: Callable[[int, int], None] | None = None, processes: int = 1
    ) -> None:
        """Make the features of every clip that passed.

        Args:
            progress: Called with (clips done, clips in all).
            processes: How many to work with.

        Raises:
            TrainingError: As `get`.
        """
        clips = [clip for clip in self.corpus.clips if clip.passed]
        tell = progress or (lambda _done, _total: None)
        if processes <= 1:
            for done, clip in enumerate(clips, 1):
                self.get(clip)
                tell(done, len(clips))
            return
        empty = FeatureStore(replace(self.corpus, clips=()))  # light to send
        shares = [(empty, clips[at : at + _SHARE]) for at in range(0, len(clips), _SHARE)]
        done = 0
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            for count in pool.map(_build, shares):
                done += count
                tell(done, len(clips))

    def _path(self, clip: Clip) -> Path:
        return self.folder / f"{file_name(clip.id)}.npz"

    def _key(self, clip: Clip) -> str:
        """Return what the features are a function of; the sound counts by its size and date."""
        speaker = self.corpus.speakers[clip.speaker]
        try:
            about = (self.corpus.folder / clip.audio).stat()
            sound = f"{about.st_size}@{int(about.st_mtime)}"
        except OSError:
            sound = "missing"
        bounds = (speaker.f0_floor_hz, speaker.f0_ceiling_hz)
        return repr((REVISION, astuple(self.corpus.spec), bounds, sound))


def speaker_statistics(
    corpus: Corpus, store: FeatureStore | None = None
) -> dict[str, SpeakerStatistics]:
    """Measure each speaker over the clips that passed, of both splits.

    Raises:
        TrainingError: A speaker has clips but none of them has a voiced frame.
    """
    source = store or FeatureStore(corpus)
    clips: dict[str, list[Clip]] = {}
    for clip in corpus.clips:
        if clip.passed:
            clips.setdefault(clip.speaker, []).append(clip)
    minutes_per_frame = corpus.spec.hop_length / corpus.spec.sample_rate / 60
    return {
        name: _statistics(
            name, map(source.get, own), minutes_per_frame * sum(clip.frames for clip in own)
        )
        for name, own in sorted(clips.items())
    }


def _statistics(name: str, clips: Iterable[Features], minutes: float) -> SpeakerStatistics:
    measured = [(clip.f0[clip.voiced], clip.energy[clip.voiced]) for clip in clips]
    f0 = np.concatenate([f0 for f0, _ in measured]).astype(np.float64)
    energy = np.concatenate([energy for _, energy in measured]).astype(np.float64)
    if f0.size == 0:
        raise TrainingError(
            f"no clip of speaker {name} has a voiced frame: check the recordings and the "
            "speaker's f0_floor_hz and f0_ceiling_hz."
        )
    pitch = semitones(f0)
    return SpeakerStatistics(float(pitch.mean()), float(pitch.std()), float(energy.mean()), minutes)


def _build(share: tuple[FeatureStore, Sequence[Clip]]) -> int:
    """Make the features of some clips in a process of its own."""
    store, clips = share
    for clip in clips:
        store.get(clip)
    return len(clips)


def _read(path: Path, key: str, shape: tuple[int, int]) -> Features | None:
    """Return what is kept under a key, or None where it is missing, stale or damaged."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            if str(kept["key"]) != key or kept["mel"].shape != shape:
                return None
            features = Features(
                kept["mel"].astype(np.float32), kept["f0"], kept["voiced"], kept["energy"]
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
    rows = (features.f0, features.voiced, features.energy)
    return features if all(row.shape == shape[1:] for row in rows) else None


def _write(path: Path, key: str, made: Features) -> None:
    data = io.BytesIO()
    np.savez(
        data,
        key=np.array(key),
        mel=made.mel.astype(np.float16),
        f0=made.f0,
        voiced=made.voiced,
        energy=made.energy,
    )
    write_bytes(path, data.getvalue())
