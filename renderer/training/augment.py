"""Labelled variants of clips: another voice out of a voice, or the same voice spoken otherwise.

What is done is said in a short text, such as `resample=0.85,pitch=-3,rate=1.1`:

    resample  plays the sound at that speed: 0.85 is a larger, lower and slower speaker (cleanest)
    formant   × the formant frequencies alone: below 1 a longer vocal tract
    pitch     semitones up, formants stay
    range     × the width of the pitch contour around its mean
    rate      × the speaking rate
    vary      each clip has a rate and a range of its own, by this standard deviation (0.1 = 10 %)
    noise     signal-to-noise ratio in dB of pink noise that is added
    world     1: by WORLD instead of overlap-add (needs pyworld)

The label, with what was drawn for each clip, stands in the clip's `checks` as `augment.pitch` etc.
"""

from __future__ import annotations

import hashlib
import math
import zlib
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from renderer.audio.waveform import Samples, Waveform
from renderer.errors import AudioError, Fault, InputError, TrainingError
from renderer.training.corpus import CORPUS_FILE, TRAIN, Clip, Corpus, Speaker
from renderer.training.reshape import (
    Melody,
    noisy,
    overlapped,
    resampled,
    scaled_durations,
    vocoded,
)
from renderer.training.sound import clip_samples, file_name, write_sound

_BOUNDS = {
    "resample": (0.5, 2.0),
    "formant": (0.6, 1.6),
    "pitch": (-12.0, 12.0),
    "range": (0.0, 3.0),
    "rate": (0.5, 2.0),
    "vary": (0.0, 0.5),
    "noise": (0.0, 80.0),
    "world": (0.0, 1.0),
}
_FURTHEST_DRAW = 2.0  # standard deviations
_PEAK = 0.99


@dataclass(frozen=True, slots=True)
class Augmentation:
    """What is changed; see the top of this file."""

    resample: float = 1.0
    formant: float = 1.0
    pitch: float = 0.0
    range: float = 1.0
    rate: float = 1.0
    vary: float = 0.0
    noise: float = math.inf
    world: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Augmentation:
        """Read the short text; "" changes nothing.

        Raises:
            InputError: All that is wrong with it.

        >>> print(Augmentation.parse("pitch=-3, resample=0.85"))
        resample=0.85,pitch=-3
        """
        values: dict[str, float] = {}
        faults: list[Fault] = []
        for part in filter(None, (p.strip() for p in text.split(","))):
            name, _, number = (p.strip() for p in part.partition("="))
            problem, fix = _problem(name, number, name in values)
            if problem:
                faults.append(Fault("augmentation", 0, name, problem, fix, "bad-augmentation"))
            else:
                values[name] = float(number)
        if faults:
            listed = " ".join(str(fault) for fault in faults)
            raise InputError(f"The augmentation {text!r} cannot be read: {listed}", faults)
        return cls(**values)

    def __str__(self) -> str:
        return ",".join(f"{name}={value:g}" for name, value in self.label().items())

    def label(self) -> dict[str, float]:
        """Return what differs from nothing, by name."""
        plain = asdict(Augmentation())
        return {name: value for name, value in asdict(self).items() if value != plain[name]}

    def drawn(self, random: np.random.Generator) -> Augmentation:
        """Return the same with the rate and range of one clip drawn."""
        if self.vary == 0:
            return self
        far = np.clip(random.standard_normal(2), -_FURTHEST_DRAW, _FURTHEST_DRAW)
        rate, width = np.exp(self.vary * far)
        return replace(self, rate=self.rate * float(rate), range=self.range * float(width))

    @property
    def reshapes(self) -> bool:
        """Whether more than the speed of playing is changed."""
        return (self.formant, self.pitch, self.range, self.rate) != (1.0, 0.0, 1.0, 1.0)


def vary_sound(
    sound: Waveform,
    durations: tuple[int, ...],
    hop_length: int,
    augmentation: Augmentation,
    random: np.random.Generator,
) -> tuple[Samples, tuple[int, ...]]:
    """Return a variant of a sound and its durations.

    Where overlap-add or WORLD take part, each phone is stretched to whole frames, so that the
    durations stay exact; where the sound is only resampled, they are right to half a frame.

    Args:
        sound: Whole frames long.
        durations: Lengths in frames that cover it, or ().
        hop_length: Samples per frame.
        augmentation: What to change; `vary` is not looked at (see `drawn`).
        random: For the noise.

    Returns:
        float32 (frames × hop_length,); durations that add up to the frames, or ().

    Raises:
        ValueError: The phones do not fit into so short a sound.
        TrainingError: pyworld is asked for and missing.
    """
    rate = sound.sample_rate
    played = resampled(sound.samples, rate, augmentation.resample)
    before = sound.samples.size // hop_length
    factor = 1 / (augmentation.resample * augmentation.rate)
    frames = max(1, round(before * factor) if augmentation.reshapes else math.ceil(before * factor))
    new = scaled_durations(durations, factor, frames) if durations else ()
    if augmentation.reshapes:
        source_s = _corners(durations or (before,)) * (hop_length / augmentation.resample / rate)
        target_s = _corners(new or (frames,)) * (hop_length / rate)
        melody = Melody(augmentation.pitch, augmentation.range)
        change = vocoded if augmentation.world else overlapped
        played = change(
            Waveform.of(played, rate), melody, augmentation.formant, source_s, target_s
        ).samples
    if math.isfinite(augmentation.noise):
        played = noisy(played, rate, augmentation.noise, random)
    whole = np.pad(played, (0, frames * hop_length - played.size))
    peak = float(np.abs(whole).max(initial=0.0))
    return (whole * np.float32(_PEAK / peak) if peak > _PEAK else whole), new


def vary_clip(
    corpus: Corpus, clip: Clip, speaker: Speaker, augmentation: Augmentation, seed: int
) -> tuple[Clip, Samples]:
    """Return a labelled variant of a clip as another speaker's, and its sound.

    Raises:
        TrainingError: Its sound cannot be read or is too short for so many phones.
    """
    random = np.random.default_rng([seed, zlib.crc32(clip.id.encode())])
    drawn = augmentation.drawn(random)
    sound = Waveform(clip_samples(corpus, clip), corpus.spec.sample_rate)
    hop = corpus.spec.hop_length
    try:
        samples, durations = vary_sound(sound, clip.durations, hop, drawn, random)
    except (ValueError, AudioError) as error:
        raise TrainingError(f"clip {clip.id} cannot be changed by {drawn}: {error}.") from error
    new_id = f"{speaker.name}-{clip.id}"
    label = {f"augment.{name}": value for name, value in drawn.label().items()}
    made = replace(
        clip,
        id=new_id,
        speaker=speaker.name,
        audio=f"audio/{file_name(new_id)}.flac",
        frames=samples.size // hop,
        durations=durations,
        checks={**clip.checks, **label},
    )
    return made, samples


def derive(  # noqa: PLR0913 - each is one independent choice of the recipe
    corpus: Corpus,
    speaker: str,
    new_speaker: str,
    augmentation: Augmentation,
    folder: Path,
    *,
    limit: int | None = None,
    seed: int = 0,
    splits: Collection[str] = (TRAIN,),
    progress: Callable[[int, int], None] | None = None,
) -> Corpus:
    """Make a corpus of variants of one speaker's clips.

    Args:
        corpus: Where the clips are; those that failed are left out.
        speaker: Whose clips.
        new_speaker: Name of the one who seems to speak in the variants.
        augmentation: What to change.
        folder: Where the new corpus is written.
        limit: Most clips taken; a smaller limit takes a part of what a larger one takes.
        seed: Decides which clips are taken and what is drawn.
        splits: Validation clips are left alone unless they are asked for; a new voice wants
            `(TRAIN, VALID)`.
        progress: Called with (clips done, clips in all).

    Raises:
        TrainingError: No such speaker or no clip, a sound that cannot be read, a full disk; a
            corpus lies in `folder`.
    """
    if speaker not in corpus.speakers:
        known = ", ".join(sorted(corpus.speakers))
        raise TrainingError(f"{corpus.folder} has no speaker {speaker}; it has {known}.")
    if (folder / CORPUS_FILE).exists():
        raise TrainingError(f"{folder} holds a corpus already; remove it or choose another folder.")
    made = _derived_speaker(corpus.speakers[speaker], new_speaker, augmentation)
    own = [c for c in corpus.clips if c.speaker == speaker and c.passed and c.split in splits]
    if not own:
        raise TrainingError(f"{speaker} has no usable clip in {corpus.folder}.")
    taken = sorted(own, key=lambda clip: _rank(clip, seed))[:limit]
    clips = []
    for done, clip in enumerate(sorted(taken, key=lambda clip: clip.id), 1):
        variant, samples = vary_clip(corpus, clip, made, augmentation, seed)
        write_sound(folder / variant.audio, samples, corpus.spec.sample_rate)
        clips.append(variant)
        if progress:
            progress(done, len(taken))
    derived = Corpus(folder, {new_speaker: made}, tuple(clips), corpus.spec)
    derived.save()
    return derived


def _derived_speaker(speaker: Speaker, name: str, augmentation: Augmentation) -> Speaker:
    factor = augmentation.resample * 2 ** (augmentation.pitch / 12)
    source = f"{speaker.source} Made from {speaker.name} by {augmentation}.".strip()
    return replace(
        speaker,
        name=name,
        source=source,
        f0_floor_hz=round(speaker.f0_floor_hz * factor, 1),
        f0_ceiling_hz=round(speaker.f0_ceiling_hz * factor, 1),
    )


def _rank(clip: Clip, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}/{clip.id}".encode()).digest()


def _corners(durations: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Return where phones begin and end, in frames; (N + 1,)."""
    return np.concatenate(([0], np.cumsum(durations))).astype(np.float64)


def _problem(name: str, number: str, is_twice: bool) -> tuple[str, str]:
    """Return what is wrong with one part of the text and what to do, or ("", "")."""
    if name not in _BOUNDS:
        return f"There is no augmentation {name!r}.", f"Use {', '.join(_BOUNDS)}."
    if is_twice:
        return "It is there twice.", "Say it once."
    least, most = _BOUNDS[name]
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not least <= value <= most:  # nan compares false
        return f"{number!r} is no number from {least:g} to {most:g}.", "Change it."
    return "", ""
