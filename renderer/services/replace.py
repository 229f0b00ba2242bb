"""Uploaded recordings: checked, converted, and put into the project's folder."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from renderer.audio.codec import decode, encode
from renderer.domain.voice_lock import is_safe_segment
from renderer.errors import AudioError, ManifestError
from renderer.ports import LineKey, ObjectStore
from renderer.services.recording import find_recordings
from renderer.whole_file import write_whole

MAX_UPLOAD_BYTES = 64 * 1024 * 1024
SECONDS = (0.1, 120.0)
RATE_RANGE_HZ = (16_000, 192_000)
LEAST_PEAK_DBFS = -50.0


class RecordingFolder:
    """Implements `ports.RecordingShelf` over `recorded/` of a project.

    Args:
        root: That folder; made when it is needed.
        store: Where recordings are kept as well, so that they can be put back.
    """

    def __init__(self, root: Path, store: ObjectStore) -> None:
        self._root = root
        self._store = store
        self._decoding = threading.Lock()

    def take_in(self, data: bytes) -> str:
        """Check an upload and store it as a mono WAV of 24 bits at its own rate.

        One at a time: a small file may be a sound of hundreds of megabytes.

        Raises:
            AudioError: It is no sound, or beyond the limits.
        """
        if len(data) > MAX_UPLOAD_BYTES:
            raise AudioError(
                f"the upload has {len(data):,} bytes; at most {MAX_UPLOAD_BYTES:,} are taken."
            )
        with self._decoding:
            sound = decode(data, most_seconds=SECONDS[1], rates=RATE_RANGE_HZ)
            _require_usable(sound.samples, sound.sample_rate)
            recording = encode(sound, "wav24")
        return self._store.put(recording, ".wav", "audio/wav")

    def current(self, key: LineKey) -> str:
        """Return the object key of a line's recording, which is stored for it; "" for none."""
        found = find_recordings(self._root).get(key)
        return "" if found is None else self._store.put(found.read(), ".wav", "audio/wav")

    def has(self, object_key: str) -> bool:
        """Whether a recording can be put back."""
        return self._store.has(object_key)

    def put(self, key: LineKey, object_key: str) -> None:
        """Let a line have a stored recording, or none with ""; whole or not at all.

        Raises:
            ManifestError: Folders on the way are links, or the names are no file's.
        """
        path = self._place(key)
        if not object_key:
            path.unlink(missing_ok=True)
            return
        data = self._store.get(object_key)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data, is_durable=True)

    def _place(self, key: LineKey) -> Path:
        """Return where a line's recording lies, or is to lie."""
        line_id, locale = key
        folder = self._root / locale
        if not (is_safe_segment(line_id) and is_safe_segment(locale)):
            raise ManifestError(f"{line_id!r} ({locale!r}) cannot be the name of a recording.")
        if self._root.is_symlink() or folder.is_symlink():
            raise ManifestError(f"{folder} is a link; make it a folder, then upload again.")
        found = find_recordings(self._root).get(key)  # as the file system spells it
        return folder / f"{line_id}.wav" if found is None else found.path


def _require_usable(samples: np.ndarray, sample_rate: int) -> None:
    """Hold that a sound can be a line.

    Args:
        samples: float32 (T,); what is beyond −1..1 would be clipped.
        sample_rate: Hz.

    Raises:
        AudioError: It is too short, too long, silent, too loud for 24 bits, or no numbers.
    """
    seconds = samples.size / sample_rate
    shortest, longest = SECONDS
    if not shortest <= seconds <= longest:
        raise AudioError(
            f"the recording has {seconds:.2f} s; a line has {shortest:g} to {longest:g} s."
        )
    if not np.isfinite(samples).all():
        raise AudioError("the recording holds values that are no numbers; export it again.")
    peak = float(np.abs(samples).max())
    if peak < 10 ** (LEAST_PEAK_DBFS / 20):
        raise AudioError("the recording is silent; upload another one.")
    if peak > 1.0:
        beyond = np.ceil(200 * np.log10(peak)) / 10
        raise AudioError(
            f"the recording goes {beyond:.1f} dB beyond full scale, which 24 bits would clip; "
            "export it that much softer."
        )
