from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from renderer.audio.codec import encode
from renderer.audio.waveform import Waveform
from renderer.errors import TrainingError
from renderer.training import feature_store
from renderer.training.corpus import MEL, VALID, Clip, Corpus, Speaker
from renderer.training.feature_store import FeatureStore, speaker_statistics
from renderer.training.sound import clip_samples

RATE, HOP = MEL.sample_rate, MEL.hop_length


def tone(hz: float, frames: int, gain: float = 0.3) -> np.ndarray:
    t = np.arange(frames * HOP) / RATE
    parts = [np.sin(2 * np.pi * k * hz * t) / k for k in range(1, 12)]
    return (gain * np.sum(parts, axis=0)).astype(np.float32)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    (tmp_path / "audio").mkdir()
    clips = []
    for name, hz in (("low", 110.0), ("high", 220.0)):
        for number in range(2):
            frames = 30 + number
            path = f"audio/{name}-{number}.flac"
            sound = Waveform(tone(hz, frames), RATE)
            (tmp_path / path).write_bytes(encode(sound, "flac"))
            split = VALID if number else "train"
            clips.append(Clip(f"{name}-{number}", name, "en", "a", path, frames, split=split))
    made = Corpus(tmp_path, {n: Speaker(n) for n in ("low", "high")}, tuple(clips))
    made.save()
    return made


def count_extractions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    calls: list[int] = []
    real = feature_store.extract

    def counted(*args):
        calls.append(1)
        return real(*args)

    monkeypatch.setattr(feature_store, "extract", counted)
    return calls


def test_features_are_made_once(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = count_extractions(monkeypatch)
    store, clip = FeatureStore(corpus), corpus.clips[0]
    first, second = store.get(clip), store.get(clip)
    assert len(calls) == 1
    for name in ("mel", "f0", "voiced", "energy"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert first.mel.dtype == np.float32
    assert first.mel.shape == (80, clip.frames)


@pytest.mark.parametrize("change", ["revision", "speaker", "sound"])
def test_stale_features_are_made_again(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    clip = corpus.clips[0]
    FeatureStore(corpus).get(clip)
    calls = count_extractions(monkeypatch)
    if change == "revision":
        monkeypatch.setattr(feature_store, "REVISION", "features-next")
    if change == "speaker":
        speaker = replace(corpus.speakers[clip.speaker], f0_floor_hz=90)
        corpus = replace(corpus, speakers={**corpus.speakers, clip.speaker: speaker})
    if change == "sound":
        path = corpus.folder / clip.audio
        path.write_bytes(encode(Waveform(tone(150, clip.frames), RATE), "flac"))
        os.utime(path, (1, 1))
    FeatureStore(corpus).get(clip)
    assert len(calls) == 1


@pytest.mark.parametrize("cut", [0, 10, 2000])
def test_a_damaged_file_is_made_again(corpus: Corpus, cut: int) -> None:
    store, clip = FeatureStore(corpus), corpus.clips[0]
    expected = store.get(clip)
    (path,) = store.folder.glob("*.npz")
    path.write_bytes(path.read_bytes()[:cut])
    np.testing.assert_array_equal(store.get(clip).mel, expected.mel)


def test_flipped_bits_are_noticed(corpus: Corpus) -> None:
    store, clip = FeatureStore(corpus), corpus.clips[0]
    expected = store.get(clip)
    (path,) = store.folder.glob("*.npz")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 255
    path.write_bytes(data)
    np.testing.assert_array_equal(store.get(clip).mel, expected.mel)


def test_an_id_never_leads_out_of_the_folder(corpus: Corpus) -> None:
    store, clip = FeatureStore(corpus), replace(corpus.clips[0], id="../../away")
    store.get(clip)
    assert [p.parent for p in corpus.folder.rglob("*.npz")] == [store.folder]


def test_a_full_disk_leaves_no_half_file(corpus: Corpus, monkeypatch) -> None:
    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    store = FeatureStore(corpus)
    with pytest.raises(TrainingError, match="No space left"):
        store.get(corpus.clips[0])
    assert list(store.folder.iterdir()) == []


def test_missing_damaged_and_wrong_sounds_are_named(corpus: Corpus) -> None:
    first, second, third, fourth = corpus.clips
    (corpus.folder / first.audio).unlink()
    (corpus.folder / second.audio).write_bytes(b"fLaC nonsense")
    for clip in (first, second):
        with pytest.raises(TrainingError, match=f"clip {clip.id} cannot be read"):
            clip_samples(corpus, clip)
    (corpus.folder / third.audio).write_bytes(encode(Waveform(tone(100, 30), 16_000), "flac"))
    for clip in (third, replace(fourth, frames=fourth.frames + 1)):
        with pytest.raises(TrainingError, match="are due"):
            clip_samples(corpus, clip)


def test_a_short_last_frame_is_filled(corpus: Corpus) -> None:
    clip = corpus.clips[0]
    short = Waveform(tone(110, clip.frames)[:-100], RATE)
    (corpus.folder / clip.audio).write_bytes(encode(short, "flac"))
    samples = clip_samples(corpus, clip)
    assert samples.size == clip.frames * HOP
    assert not samples[-100:].any()


def test_all_are_built_in_several_processes(corpus: Corpus, monkeypatch) -> None:
    told: list[tuple[int, int]] = []
    FeatureStore(corpus).build_all(lambda done, total: told.append((done, total)), processes=2)
    assert told[-1] == (4, 4)
    calls = count_extractions(monkeypatch)
    FeatureStore(corpus).build_all()
    assert not calls


def test_speakers_are_measured(corpus: Corpus) -> None:
    failed = replace(corpus.clips[0], id="bad", faults=("clipping",))
    statistics = speaker_statistics(replace(corpus, clips=(*corpus.clips, failed)))
    low, high = statistics["low"], statistics["high"]
    assert low.mean_pitch_st == pytest.approx(12 * np.log2(1.1), abs=0.05)
    assert high.mean_pitch_st - low.mean_pitch_st == pytest.approx(12, abs=0.05)
    assert low.std_pitch_st < 0.5
    assert low.minutes == pytest.approx(61 * HOP / RATE / 60)


def test_a_speaker_without_a_voice_is_refused(corpus: Corpus) -> None:
    quiet = {n: replace(s, f0_floor_hz=400) for n, s in corpus.speakers.items()}
    clip = corpus.clips[0]
    silence = Waveform(np.zeros(clip.frames * HOP, np.float32), RATE)
    (corpus.folder / clip.audio).write_bytes(encode(silence, "flac"))
    with pytest.raises(TrainingError, match="voiced frame"):
        speaker_statistics(replace(corpus, speakers=quiet, clips=(clip,)))
