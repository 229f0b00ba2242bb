"""What the judge of phones learns from: frames of corpora with the sound of each frame.

Frames are made of a clip's sound once and kept in memory. A batch is stretches of clips, changed
as voices, rooms and microphones differ: size of the head, tempo, colour, hiss, room, bandwidth.

References:
    Jaitly & Hinton (2013), "Vocal tract length perturbation improves speech recognition", ICML.
    Ko et al. (2015), "Audio augmentation for speech recognition", Interspeech (tempo).
    Park et al. (2019), "SpecAugment", Interspeech.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from renderer.audio.phone_frames import SPEC, phone_frames
from renderer.audio.waveform import Waveform
from renderer.errors import TrainingError
from renderer.text.sound import SILENCE, sound_of
from renderer.training.corpus import MEL, Clip, Corpus
from renderer.training.sound import clip_samples

Frames = npt.NDArray[np.float32]
Half = npt.NDArray[np.float16]
Labels = npt.NDArray[np.int64]
Progress = Callable[[int, int], None]

LEAST_FRAMES = 600  # of a sound in all corpora: fewer teach nothing
_WARP = 0.16
_TEMPO = 0.25
_COLOUR = 0.12
_SHARES = {"hiss": 0.5, "room": 0.2, "narrow": 0.25, "mask": 0.3, "tempo": 0.5, "pad": 0.1}


@dataclass(frozen=True, slots=True, eq=False)
class PhoneLesson:
    """One clip.

    Attributes:
        frames: float16 (frames, mels), of `phone_frames`.
        labels: int (frames,), the class of each frame.
        words: For each word its classes, in order.
        speaker: Who says it.
        is_held_out: Whether it only judges.
    """

    frames: Half
    labels: Labels
    words: tuple[tuple[int, ...], ...]
    speaker: str
    is_held_out: bool


def classes_of(corpora: Sequence[Corpus]) -> tuple[str, ...]:
    """Return the sounds that are said often enough to be learnt; silence is the first.

    Raises:
        TrainingError: A corpus was cut into other frames.
    """
    counts: Counter[str] = Counter()
    for corpus in corpora:
        if (corpus.spec.sample_rate, corpus.spec.hop_length) != (SPEC.sample_rate, SPEC.hop_length):
            raise TrainingError(f"{corpus.folder} is cut into other frames; make it again.")
        for clip in corpus.clips:
            for symbol, frames in zip(clip.phones, clip.durations, strict=False):
                counts[sound_of(symbol)] += frames
    known = sorted(s for s, frames in counts.items() if frames >= LEAST_FRAMES and s != SILENCE)
    return (SILENCE, *known)


def lessons_of(
    corpora: Sequence[Corpus], classes: Sequence[str], progress: Progress | None = None
) -> list[PhoneLesson]:
    """Read the clips whose phone times are known and whose sounds are all among the classes.

    Raises:
        TrainingError: A sound cannot be read.
    """
    clips = [(c, clip) for c in corpora for clip in c.clips if clip.passed and clip.durations]
    numbers = {sound: number for number, sound in enumerate(classes)}
    lessons = []
    for done, (corpus, clip) in enumerate(clips, 1):
        if all(sound_of(symbol) in numbers for symbol in clip.phones):
            lessons.append(_lesson(corpus, clip, numbers))
        if progress:
            progress(done, len(clips))
    return lessons


def _lesson(corpus: Corpus, clip: Clip, numbers: dict[str, int]) -> PhoneLesson:
    samples = clip_samples(corpus, clip)
    frames = phone_frames(Waveform(samples, MEL.sample_rate)).astype(np.float16)
    each = [numbers[sound_of(symbol)] for symbol in clip.phones]
    labels = np.repeat(np.array(each, dtype=np.int64), clip.durations)[: len(frames)]
    words: dict[int, list[int]] = {}
    for one, word in zip(each, clip.words, strict=True):
        if word >= 0 and one:
            words.setdefault(word, []).append(one)
    return PhoneLesson(
        frames[: len(labels)],
        labels,
        tuple(tuple(words[n]) for n in sorted(words)),
        clip.speaker,
        clip.split != "train",
    )


def batches(
    lessons: Sequence[PhoneLesson], rng: np.random.Generator, size: int, length: int
) -> Iterator[tuple[Frames, Labels]]:
    """Go through all clips once in a random order.

    Args:
        lessons: Clips.
        rng: Decides order, stretches and changes.
        size: Stretches per batch.
        length: Frames per stretch, even.

    Yields:
        float32 (size, length, mels) and int (size, length); −1 where there is nothing to learn.
    """
    pieces = [
        (number, start)
        for number, lesson in enumerate(lessons)
        for start in _starts(len(lesson.labels), length, rng)
    ]
    rng.shuffle(pieces)
    for at in range(0, len(pieces) - size + 1, size):
        made = [_piece(lessons[n], start, length, rng) for n, start in pieces[at : at + size]]
        yield np.stack([frames for frames, _ in made]), np.stack([labels for _, labels in made])


def _starts(frames: int, length: int, rng: np.random.Generator) -> list[int]:
    count = max(1, -(-frames // length))
    room = max(0, frames - length)
    offset = rng.uniform(0, 1)
    return [int(min(room, (n + offset) * room / count)) for n in range(count)]


def _piece(
    lesson: PhoneLesson, start: int, length: int, rng: np.random.Generator
) -> tuple[Frames, Labels]:
    tempo = rng.uniform(1 - _TEMPO, 1 + _TEMPO) if rng.random() < _SHARES["tempo"] else 1.0
    wanted = min(int(length * tempo) + 1, len(lesson.labels) - start)
    cut = lesson.frames[start : start + wanted].astype(np.float32)
    at = np.arange(0, wanted - 1, tempo)[:length]
    low = at.astype(np.int64)
    part = (at - low).astype(np.float32)[:, None]
    frames = cut[low] * (1 - part) + cut[np.minimum(low + 1, wanted - 1)] * part
    labels = lesson.labels[start + np.round(at).astype(np.int64)]
    frames = vary(frames, rng)
    out = np.full((length, frames.shape[1]), frames.min(), dtype=np.float32)
    known = np.full(length, -1, dtype=np.int64)
    out[: len(frames)], known[: len(labels)] = frames, labels
    known[len(labels) :] = 0
    return out, known


def vary(frames: Frames, rng: np.random.Generator) -> Frames:
    """Return frames as another head, microphone and room would give them.

    Args:
        frames: float32 (frames, mels), of `phone_frames`.
        rng: Decides how.
    """
    mels = frames.shape[1]
    bands = np.arange(mels)
    warped = np.clip(bands * rng.uniform(1 - _WARP, 1 + _WARP), 0, mels - 1)
    low = warped.astype(np.int64)
    part = (warped - low).astype(np.float32)
    made = frames[:, low] * (1 - part) + frames[:, np.minimum(low + 1, mels - 1)] * part
    colour = np.interp(bands, np.linspace(0, mels, 5), rng.normal(0, _COLOUR, 5))
    made = made + colour.astype(np.float32)
    if rng.random() < _SHARES["room"]:
        made = _smeared(made, rng.uniform(0.3, 0.75))
    if rng.random() < _SHARES["hiss"]:
        tilt = np.linspace(0, rng.normal(0, 0.2), mels)
        hiss = rng.uniform(-1.1, -0.15) + tilt + rng.normal(0, 0.06, made.shape)
        made = np.logaddexp(made * 8, hiss * 8) / 8
    if rng.random() < _SHARES["narrow"]:
        made[:, rng.integers(mels * 5 // 8, mels) :] = made.min()
    if rng.random() < _SHARES["mask"]:
        first = rng.integers(0, mels - 8)
        made[:, first : first + rng.integers(2, 8)] = made.mean()
    return np.asarray(made + rng.normal(0, 0.03), dtype=np.float32)


def _smeared(frames: Frames, kept: float) -> Frames:
    """Let every frame ring on, as in a room; `kept` of the power stays after a frame."""
    power, ring = np.exp(8 * frames), np.zeros(frames.shape[1], dtype=np.float32)
    out = np.empty_like(power)
    for t, one in enumerate(power):
        ring = np.maximum(one, ring * kept)
        out[t] = 0.8 * one + 0.2 * ring
    return np.asarray(np.log(np.maximum(out, 1e-9)) / 8, dtype=np.float32)
