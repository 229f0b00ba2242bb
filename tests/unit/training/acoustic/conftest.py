"""A made-up language with exact phone times: vowels of harmonics, consonants of noise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from renderer.training.corpus import MEL, TRAIN, VALID, Clip, Corpus, Speaker

VOWELS = {"a": (800, 1300), "i": (300, 2300), "u": (320, 800), "e": (450, 2000), "o": (450, 900)}
NOISES = {"s": (5000, 9000), "ʃ": (2200, 4500), "f": (1000, 9500)}
SPEAKERS = {"low": 110.0, "high": 220.0}


def _vowel(samples: int, tones: np.ndarray, formants: tuple[int, int]) -> np.ndarray:
    time = np.cumsum(tones) / MEL.sample_rate
    sound = np.zeros(samples)
    for k in range(1, int(5000 / tones.max()) + 1):
        height = sum(np.exp(-(((k * tones.mean() - f) / 150) ** 2)) for f in formants) + 0.02
        sound += height * np.sin(2 * np.pi * k * time)
    return 0.1 * sound


def _noise(samples: int, band: tuple[int, int], draw: np.random.Generator) -> np.ndarray:
    spectrum = np.fft.rfft(draw.normal(size=samples))
    hz = np.fft.rfftfreq(samples, 1 / MEL.sample_rate)
    return 0.3 * np.fft.irfft(np.where((hz > band[0]) & (hz < band[1]), spectrum, 0), samples)


def clip(name: str, speaker: str, seed: int, split: str) -> tuple[Clip, np.ndarray]:
    """Return a clip of a few syllables and its sound."""
    draw = np.random.default_rng(seed)
    phones, words = ["_"], [-1]
    for word in range(draw.integers(2, 5)):
        for _ in range(draw.integers(1, 3)):
            phones += [draw.choice(list(NOISES)), draw.choice(list(VOWELS))]
            words += [word, word]
    phones, words = [*phones, "_"], [*words, -1]
    frames = [
        int(draw.integers(6, 14)) if p in VOWELS else int(draw.integers(4, 10)) for p in phones
    ]
    sound = []
    for phone, count in zip(phones, frames, strict=True):
        samples = count * MEL.hop_length
        if phone in VOWELS:
            glide = np.linspace(*draw.uniform(-2, 2, 2), samples)
            sound.append(_vowel(samples, SPEAKERS[speaker] * 2 ** (glide / 12), VOWELS[phone]))
        elif phone in NOISES:
            sound.append(_noise(samples, NOISES[phone], draw))
        else:
            sound.append(np.zeros(samples))
    samples = np.concatenate(sound) + draw.normal(size=sum(frames) * MEL.hop_length) * 1e-4
    made = Clip(
        id=name,
        speaker=speaker,
        language="de" if speaker == "low" else "en",
        text=" ".join(phones),
        audio=f"{name}.flac",
        frames=sum(frames),
        phones=tuple(map(str, phones)),
        stresses=tuple(int(p in VOWELS) for p in phones),
        words=tuple(words),
        durations=tuple(frames),
        split=split,
    )
    return made, samples.astype(np.float32)


def make_corpus(folder: Path, clips: int = 24, seed: int = 0) -> Corpus:
    """Write a corpus of two speakers, a quarter of it for validation."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for number in range(clips):
        split = VALID if number % 4 == 3 else TRAIN
        speaker = ("low", "high")[(number % 4 + number // 4) % 2]
        one, samples = clip(f"clip{number:03}", speaker, seed * 1000 + number, split)
        soundfile.write(folder / one.audio, samples, MEL.sample_rate, subtype="PCM_16")
        made.append(one)
    speakers = {
        name: replace(Speaker(name), f0_floor_hz=hz / 2, f0_ceiling_hz=hz * 2)
        for name, hz in SPEAKERS.items()
    }
    corpus = Corpus(folder, speakers, tuple(made))
    corpus.save()
    return corpus


@pytest.fixture(scope="session")
def babble(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """24 clips of two speakers in two languages, 18 of them for training."""
    return make_corpus(tmp_path_factory.mktemp("babble"))
