"""Delivery and storage formats: the same sound gives the same bytes, hostile bytes give an error.

| codec | format | for |
|---|---|---|
| `ogg` | Ogg Vorbis, VBR | the default delivery |
| `opus` | Ogg Opus | small downloads |
| `flac` | FLAC, 24 bit | lossless delivery |
| `wav16` | PCM, 16 bit, TPDF dither of a fixed seed | engines that read nothing else |
| `wav24` | PCM, 24 bit, no dither (one step is −138 dBFS, below any voice's noise) | masters |

Raw takes are stored as 32-bit float WAV: a re-master from the store must give the bytes the first
mastering gave, and a FLAC of 24 bits could not promise that.
"""

from __future__ import annotations

import io
from functools import cache

import numpy as np
import numpy.typing as npt

from renderer.audio.ogg import with_fixed_serial
from renderer.audio.revision import CODEC_REVISION
from renderer.audio.riff import FLOAT, PCM, wave_file
from renderer.audio.waveform import Samples, Waveform
from renderer.domain.project import CODECS
from renderer.errors import AudioError

MAX_BYTES = 256 * 1024 * 1024
MAX_SECONDS = 1200.0
MAX_CHANNELS = 8
RATE_RANGE = (4_000, 384_000)
CHUNK = 4_096  # libsndfile's Vorbis writer overflows the stack on one large write
DITHER_SEED = 1770
_UNKNOWN_FRAMES = 1 << 62  # libsndfile's own mark of a length nobody knows lies above
_MEDIA_TYPES = {
    "ogg": "audio/ogg",
    "opus": "audio/ogg; codecs=opus",
    "flac": "audio/flac",
    "wav16": "audio/wav",
    "wav24": "audio/wav",
}
_OPUS_RATES = (8_000, 12_000, 16_000, 24_000, 48_000)
_MAGIC = (b"RIFF", b"OggS", b"fLaC")


def encode(waveform: Waveform, codec: str, quality: float = 0.5) -> bytes:
    """Encode a sound.

    Args:
        waveform: Samples beyond ±1 are clipped, non-finite ones become zero.
        codec: One of `renderer.domain.project.CODECS`.
        quality: 0–1. Vorbis: its own scale (0.5 = q5, about 80 kbit/s for speech in mono at
            48 kHz). Opus: 24 kbit/s at 0 to 96 kbit/s at 1. The others ignore it.

    Returns:
        The file's bytes; the same on every call with the same library versions.

    Raises:
        AudioError: Unknown codec, or a rate the codec cannot carry.
    """
    samples = np.clip(np.nan_to_num(waveform.samples, nan=0.0, posinf=0.0, neginf=0.0), -1, 1)
    sound = Waveform(np.ascontiguousarray(samples, dtype=np.float32), waveform.sample_rate)
    if codec == "wav16":
        return wave_file(_integers(_dithered(sound.samples), 16), sound.sample_rate, PCM, 16)
    if codec == "wav24":
        return wave_file(
            _integers(sound.samples.astype(np.float64), 24), sound.sample_rate, PCM, 24
        )
    if codec == "flac":
        return _write(sound, "FLAC", "PCM_24", 0.625)
    if codec == "ogg":
        return with_fixed_serial(_write(sound, "OGG", "VORBIS", 1.0 - quality))
    if codec == "opus":
        if sound.sample_rate not in _OPUS_RATES:
            raise AudioError(
                f"Opus cannot carry {sound.sample_rate} Hz; set the project's mastering "
                "sample_rate to 48000."
            )
        return with_fixed_serial(_write(sound, "OGG", "OPUS", 1.0 - _opus_level(quality)))
    raise AudioError(f"unknown codec {codec!r}; use one of {', '.join(CODECS)}.")


def encode_raw(waveform: Waveform) -> bytes:
    """Encode a raw take without any loss: 32-bit float WAV at its own rate, bit exact."""
    data = waveform.samples.astype("<f4").tobytes()
    return wave_file(data, waveform.sample_rate, FLOAT, 32)


def decode(
    data: bytes, *, most_seconds: float | None = None, rates: tuple[int, int] = RATE_RANGE
) -> Waveform:
    """Decode WAV, FLAC, Ogg Vorbis or Ogg Opus; more than one channel is averaged to mono.

    What the header rules out is refused before a sample is read; where it says nothing, or less
    than there is, reading stops at the limit: silence of hours may be a file of some kilobytes.

    Args:
        data: The file's bytes.
        most_seconds: What is longer is refused; None: `MAX_SECONDS`.
        rates: The lowest and the highest sampling rate that is taken, Hz.

    Raises:
        AudioError: No such file, damaged, or beyond 256 MiB, 8 channels or the limits.
    """
    import soundfile

    if len(data) > MAX_BYTES:
        raise AudioError(f"a sound file of {len(data)} bytes is refused; the limit is {MAX_BYTES}.")
    if data[:4] not in _MAGIC:
        raise AudioError("the bytes are no WAV, FLAC or Ogg file; convert the file to WAV.")
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            limit = MAX_SECONDS if most_seconds is None else most_seconds
            _check_shape(file.samplerate, file.channels, rates)
            if file.samplerate * limit < file.frames < _UNKNOWN_FRAMES:
                raise _too_long(limit)
            samples = _read(file, limit)
            rate = int(file.samplerate)
    except (soundfile.SoundFileError, RuntimeError, ValueError, OSError) as error:
        raise AudioError(f"the sound file cannot be decoded ({error}); export it again.") from error
    return Waveform.of(samples, rate)


def media_type(codec: str) -> str:
    """Return the media type of a codec's files, as HTTP has it."""
    return _MEDIA_TYPES[codec]


@cache
def encoder_revision(codec: str) -> str:
    """Return what else than sound, codec and quality decides the bytes, for the render key."""
    if codec.startswith("wav"):
        return CODEC_REVISION
    import soundfile

    vendor = _vendor(encode(Waveform(np.zeros(4_800, np.float32), 48_000), codec))
    return f"{CODEC_REVISION} libsndfile-{soundfile.__libsndfile_version__} {vendor}"


def _vendor(data: bytes) -> str:
    """Return the encoder library's own name: the vendor string every comment header begins with."""
    for mark in (b"\x03vorbis", b"OpusTags"):
        at = data.find(mark)
        if at >= 0:
            at += len(mark)
            length = int.from_bytes(data[at : at + 4], "little")
            return data[at + 4 : at + 4 + length].decode("utf-8", "replace")
    at = data.find(b"reference libFLAC")
    return data[at : data.find(b"\0", at)].decode("ascii", "replace") if at >= 0 else "unknown"


def _write(sound: Waveform, container: str, subtype: str, compression: float) -> bytes:
    import soundfile

    # FLAC and Opus know no empty file.
    samples = sound.samples if sound.samples.size else np.zeros(1, np.float32)
    target = io.BytesIO()
    with soundfile.SoundFile(
        target,
        "w",
        sound.sample_rate,
        1,
        subtype,
        format=container,
        compression_level=min(max(compression, 0.0), 1.0),
    ) as file:
        for start in range(0, samples.size, CHUNK):
            file.write(samples[start : start + CHUNK])
    return target.getvalue()


def _opus_level(quality: float) -> float:
    """Map 0–1 to libsndfile's scale, where 0 is 6 and 1 is 256 kbit/s per channel."""
    kilobits = 24 + 72 * min(max(quality, 0.0), 1.0)
    return (kilobits - 6) / 250


def _read(file: object, most_seconds: float) -> npt.NDArray[np.float32]:
    """Read in blocks, so that a header that promises more than there is costs nothing."""
    limit = int(most_seconds * file.samplerate)  # type: ignore[attr-defined]
    blocks, count = [np.zeros(0, np.float32)], 0
    while True:
        block = file.read(1 << 18, dtype="float32", always_2d=True)  # type: ignore[attr-defined]
        if block.shape[0] == 0:
            return np.concatenate(blocks)
        count += block.shape[0]
        if count > limit:
            raise _too_long(most_seconds)
        blocks.append(block[:, 0] if block.shape[1] == 1 else block.mean(axis=1))


def _too_long(most_seconds: float) -> AudioError:
    return AudioError(f"a sound of more than {most_seconds:g} s is refused; cut it.")


def _check_shape(sample_rate: int, channels: int, rates: tuple[int, int]) -> None:
    if not rates[0] <= sample_rate <= rates[1]:
        raise AudioError(f"a sampling rate of {sample_rate} Hz is refused; export at 48000 Hz.")
    if not 1 <= channels <= MAX_CHANNELS:
        raise AudioError(f"a file of {channels} channels is refused; export it in mono.")


def _dithered(samples: Samples) -> npt.NDArray[np.float64]:
    """Add triangular dither of ±1 step of 16 bits; digital silence stays silent.

    The bits come from PCG64's raw stream, which numpy promises never to change.
    """
    bits = np.random.PCG64(DITHER_SEED).random_raw(samples.size)
    first = (bits & np.uint64(0xFFFF_FFFF)).astype(np.float64)
    noise = (first - (bits >> np.uint64(32)).astype(np.float64)) / 2**32 / 2**15
    return np.where(samples == 0, 0.0, samples.astype(np.float64) + noise)


def _integers(samples: npt.NDArray[np.float64], bits: int) -> bytes:
    """Round to little-endian integers of 16 or 24 bits."""
    scale = 2 ** (bits - 1)
    whole = np.clip(np.rint(samples * scale), -scale, scale - 1).astype("<i4")
    if bits == 16:  # noqa: PLR2004 - a width numpy knows
        return bytes(whole.astype("<i2").tobytes())
    return bytes(whole.view(np.uint8).reshape(-1, 4)[:, :3].tobytes())
