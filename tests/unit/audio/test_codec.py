from __future__ import annotations

import contextlib
import hashlib
import struct
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.audio.codec import (
    MAX_BYTES,
    decode,
    encode,
    encode_raw,
    encoder_revision,
    media_type,
)
from renderer.audio.ogg import checksum, pages, with_fixed_serial
from renderer.audio.riff import PCM, wave_file
from renderer.audio.waveform import Waveform
from renderer.domain.project import CODECS
from renderer.errors import AudioError

RATE = 48_000


def sound(seconds: float = 1.0, seed: int = 0) -> Waveform:
    noise = np.random.default_rng(seed).standard_normal(round(seconds * RATE))
    tone = np.sin(2 * np.pi * 220 * np.arange(noise.size) / RATE)
    return Waveform.of(0.3 * tone + 0.01 * noise, RATE)


@pytest.mark.parametrize("codec", CODECS)
def test_the_sound_comes_back_with_its_length(codec):
    original = sound()
    back = decode(encode(original, codec))
    assert back.sample_rate == RATE
    assert back.samples.size == original.samples.size
    assert np.corrcoef(back.samples, original.samples)[0, 1] > 0.99


@pytest.mark.parametrize("codec", CODECS)
def test_same_sound_same_bytes_in_another_process(codec):
    program = (
        "import hashlib, numpy as np\n"
        "from renderer.audio.codec import encode\n"
        "from renderer.audio.waveform import Waveform\n"
        "t = np.arange(96_000) / 48_000\n"
        f"data = encode(Waveform.of(0.3 * np.sin(1_382 * t), 48_000), {codec!r}, 0.4)\n"
        "print(hashlib.sha256(data).hexdigest())\n"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    }
    here = encode(Waveform.of(0.3 * np.sin(1_382 * np.arange(96_000) / 48_000), RATE), codec, 0.4)
    assert runs == {hashlib.sha256(here).hexdigest() + "\n"}


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("count", [0, 1, 3, 480])
def test_very_short_sounds_are_encoded(codec, count):
    back = decode(encode(Waveform.of(np.full(count, 0.1), RATE), codec))
    assert back.samples.size == count or (count, back.samples.size) == (0, 1)


@pytest.mark.parametrize("codec", CODECS)
def test_samples_that_are_no_sound_are_encoded_as_something_finite(codec):
    broken = Waveform.of([np.nan, np.inf, -np.inf, 9.0, -9.0] * 500, RATE)
    assert np.isfinite(decode(encode(broken, codec)).samples).all()


def test_a_long_vorbis_file_does_not_crash_the_encoder():
    assert decode(encode(sound(60), "ogg")).samples.size == 60 * RATE


@pytest.mark.parametrize("codec", ["ogg", "opus"])
def test_quality_costs_bytes(codec):
    sizes = [len(encode(sound(3), codec, q)) for q in (0.0, 0.5, 1.0)]
    assert sizes == sorted(sizes)
    assert sizes[0] < 0.8 * sizes[2]


def test_opus_says_what_to_do_about_a_rate_it_cannot_carry():
    with pytest.raises(AudioError, match="48000"):
        encode(Waveform.of(np.zeros(100), 22_050), "opus")


def test_unknown_codec_names_the_known_ones():
    with pytest.raises(AudioError, match="wav24"):
        encode(sound(0.1), "mp3")


def test_raw_takes_survive_bit_by_bit():
    samples = np.random.default_rng(0).standard_normal(1001).astype(np.float32)
    samples[:4] = [1e-38, -0.0, 1.5, -7.0]
    back = decode(encode_raw(Waveform(samples, 22_050)))
    assert back.sample_rate == 22_050
    assert back.samples.tobytes() == samples.tobytes()


def test_24_bits_are_exact_and_32_bit_wav_has_no_time_stamp():
    steps = np.random.default_rng(0).integers(-(2**23), 2**23, 500) / 2**23
    original = Waveform.of(steps, RATE)
    for codec in ("wav24", "flac"):
        assert np.array_equal(decode(encode(original, codec)).samples, original.samples)
    assert b"PEAK" not in encode_raw(original)


def test_dither_decorrelates_the_error_and_leaves_digital_silence_alone():
    time = np.arange(RATE) / RATE
    faint = Waveform.of(0.6 / 2**15 * np.sin(2 * np.pi * 1000 * time + 0.3), RATE)
    heard = decode(encode(faint, "wav16")).samples
    error = heard - faint.samples
    spectrum = np.abs(np.fft.rfft(error))
    # Without dither the error holds harmonics of the tone; with it, no bin stands out at 3 kHz.
    assert spectrum[3000] < 6 * np.median(spectrum)
    assert not decode(encode(Waveform.of(np.zeros(999), RATE), "wav16")).samples.any()


def test_odd_sized_24_bit_files_are_padded_as_riff_wants():
    data = encode(Waveform.of([0.5], RATE), "wav24")
    assert len(data) % 2 == 0
    assert struct.unpack("<I", data[4:8])[0] == len(data) - 8


def test_ogg_checksums_are_right_and_the_serial_is_ours():
    data = encode(sound(0.5), "ogg")
    for start, end in pages(data):
        page = bytearray(data[start:end])
        stored = struct.unpack_from("<I", page, 22)[0]
        page[22:26] = b"\0\0\0\0"
        assert checksum(bytes(page)) == stored
        assert page[14:18] == struct.pack("<I", 0x4261726B)


def test_ogg_checksum_agrees_with_the_definition():
    def plain(data: bytes) -> int:
        crc = 0
        for byte in data:
            crc ^= byte << 24
            for _ in range(8):
                crc = ((crc << 1) ^ (0x04C11DB7 if crc & 0x80000000 else 0)) & 0xFFFFFFFF
        return crc

    for data in (b"", b"a", b"OggS" + bytes(range(256))):
        assert checksum(data) == plain(data)


@pytest.mark.parametrize("data", [b"OggS", b"junk" * 20, b"OggS" + b"\xff" * 40])
def test_bytes_that_are_no_ogg_pages_are_refused(data):
    with pytest.raises(AudioError):
        with_fixed_serial(data)


def test_stereo_is_averaged():
    left_right = np.array([[16_384, 0], [0, 16_384], [-16_384, -16_384]], dtype="<i2")
    data = bytearray(wave_file(left_right.tobytes(), RATE, PCM, 16))
    struct.pack_into("<H", data, 22, 2)
    struct.pack_into("<IH", data, 28, RATE * 4, 4)
    assert decode(bytes(data)).samples.tolist() == [0.25, 0.25, -0.5]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        b"RIFF\x00\x00\x00\x00WAVE",
        b"#!/bin/sh\n",
        b"ID3\x03" + b"\0" * 100,
        b"fLaC" + b"\0" * 200,
        b"OggS" + b"\0" * 200,
    ],
)
def test_what_is_no_sound_is_an_audio_error(data):
    with pytest.raises(AudioError):
        decode(data)


def test_files_that_are_too_large_or_too_long_are_refused(monkeypatch):
    with pytest.raises(AudioError, match="refused"):
        decode(b"RIFF" + bytes(MAX_BYTES))
    monkeypatch.setattr("renderer.audio.codec.MAX_SECONDS", 0.5)
    with pytest.raises(AudioError, match="cut it"):
        decode(encode(sound(1.0), "flac"))


def test_a_rate_or_channel_count_that_is_no_speech_is_refused():
    with pytest.raises(AudioError, match="Hz"):
        decode(wave_file(b"\0\0" * 50, 11, PCM, 16))


def test_what_the_header_rules_out_is_not_read(monkeypatch):
    import soundfile

    long = encode(sound(2.0), "flac")
    monkeypatch.setattr(soundfile.SoundFile, "read", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(AudioError, match="more than 1 s"):
        decode(long, most_seconds=1.0)
    with pytest.raises(AudioError, match="48000 Hz is refused"):
        decode(long, rates=(16_000, 44_100))


def test_reading_stops_at_the_callers_limit_where_the_header_says_nothing(monkeypatch):
    import soundfile

    data = bytearray(encode(sound(40.0), "flac"))
    data[21] &= 0xF0  # the count of samples in STREAMINFO: unknown
    data[22:26] = bytes(4)
    read, blocks = soundfile.SoundFile.read, []
    monkeypatch.setattr(
        soundfile.SoundFile, "read", lambda *a, **k: blocks.append(1) or read(*a, **k)
    )
    with pytest.raises(AudioError, match="more than 1 s"):
        decode(bytes(data), most_seconds=1.0)
    assert len(blocks) == 1


def test_a_header_that_promises_more_than_there_is_costs_nothing():
    data = bytearray(encode(sound(0.1), "wav16"))
    struct.pack_into("<I", data, 40, 0x7FFFFFF0)
    assert decode(bytes(data)).duration_s == pytest.approx(0.1, abs=0.001)


@settings(max_examples=150, deadline=None)
@given(
    codec=st.sampled_from(["ogg", "flac", "wav16", "opus"]),
    edits=st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=12),
    cut=st.integers(0, 4000),
)
def test_damaged_files_are_an_audio_error_or_a_finite_length(codec, edits, cut):
    data = bytearray(encode(sound(0.1), codec)[: cut or None])
    for at, value in edits:
        if at < len(data):
            data[at] = value
    with contextlib.suppress(AudioError):
        assert decode(bytes(data)).duration_s <= 1200


def test_revisions_name_the_libraries():
    assert "Vorbis" in encoder_revision("ogg")
    assert "opus" in encoder_revision("opus")
    assert "FLAC" in encoder_revision("flac")
    assert encoder_revision("wav16") == encoder_revision("wav24")


def test_every_codec_has_a_media_type():
    assert {media_type(codec).split("/")[0] for codec in CODECS} == {"audio"}
