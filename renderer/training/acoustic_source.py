"""Batches for the acoustic model: clips of about the same length, drawn by the number of the step.

All features lie in memory, mels in 16 bits: an hour of speech takes 55 MB.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from renderer.audio.pitch import semitones
from renderer.errors import TextError, TrainingError
from renderer.text import inventory
from renderer.training.acoustic_batch import AcousticBatch, Cast
from renderer.training.corpus import TRAIN, VALID, Clip, Corpus
from renderer.training.feature_store import FeatureStore
from renderer.training.features import Features, phone_energy, phone_pitch

_BUCKET = 48  # clips of about one length, at least
_LONGEST = 1.2  # of a bucket, × its shortest

_MOST_ROWS = 32


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """A clip as arrays; `weight` is how often it is drawn."""

    id: str
    whole: Mapping[str, npt.NDArray[np.int64]]  # phones, stresses, word_starts, durations: (N,)
    pitch: npt.NDArray[np.float32]  # (N,), NaN where nothing is voiced
    energy: npt.NDArray[np.float32]  # (N,)
    trusted: npt.NDArray[np.float32]  # (N,)
    mel: npt.NDArray[np.float16]  # (M, T)
    tone: npt.NDArray[np.float32]  # (T,)
    voiced: npt.NDArray[np.bool_]  # (T,)
    level: npt.NDArray[np.float32]  # (T,), dB
    numbers: tuple[int, int, int]  # language, emotion, speaker
    weight: float

    @property
    def frames(self) -> int:
        return len(self.tone)


class AcousticSource:
    """Implements `learner.Source` over several corpora.

    A batch is clips of one bucket of lengths, as many as `batch_frames` holds with their padding.
    Every clip is drawn as often as another of its corpus's weight.

    Args:
        corpora: Corpora with their weights.
        cast: The names behind the numbers.
        batch_frames: Padded frames in a batch, at most (a longer clip is a batch of its own).
        seed: Of everything drawn.
        balance: 0 draws speakers as their clips are many, 1 all speakers equally often.
        validation_clips: At most so many, evenly over the speakers.
        get: Measures a clip; its corpus's feature store where None.

    Raises:
        TrainingError: Nothing to learn from; a clip without durations or with unknown phones.
    """

    def __init__(
        self,
        corpora: Sequence[tuple[Corpus, float]],
        cast: Cast,
        *,
        batch_frames: int = 6_400,
        seed: int = 1,
        balance: float = 0.0,
        validation_clips: int = 96,
        get: Callable[[Corpus, Clip], Features] | None = None,
    ) -> None:
        self.cast, self._budget, self._seed = cast, batch_frames, seed
        measure = get or (lambda corpus, clip: FeatureStore(corpus).get(clip))
        rows: dict[str, list[_Row]] = {TRAIN: [], VALID: []}
        for corpus, weight in corpora:
            for split, found in rows.items():
                clips = _spread(corpus.usable(split), validation_clips * (split == VALID))
                _require_durations(corpus, clips)
                found += [_row(clip, measure(corpus, clip), cast, weight) for clip in clips]
        if not rows[TRAIN]:
            raise TrainingError("The corpora hold no clip to train on.")
        self._rows = sorted(rows[TRAIN], key=lambda row: (row.frames, row.id))
        self._valid = sorted(rows[VALID], key=lambda row: (row.frames, row.id))
        self.mean_pitch_st, self.mean_energy_db = self._averages()
        self._weights = _balanced(self._rows, balance)
        self._buckets = _buckets([row.frames for row in self._rows])
        share = np.array(
            [self._weights[a:b].sum() * self._rows[b - 1].frames for a, b in self._buckets]
        )
        self._shares = share / share.sum()

    def __len__(self) -> int:
        """Return how many clips are trained on."""
        return len(self._rows)

    def batch(self, step: int) -> AcousticBatch:
        """Return the batch of a step."""
        draw = np.random.default_rng((self._seed, step))
        first, end = self._buckets[draw.choice(len(self._buckets), p=self._shares)]
        room = max(1, self._budget // self._rows[end - 1].frames)
        odds = self._weights[first:end] / self._weights[first:end].sum()
        count = min(room, end - first)
        chosen = first + draw.choice(end - first, size=count, replace=False, p=odds)
        return self._collate([self._rows[i] for i in sorted(chosen)])

    def validation(self) -> Sequence[AcousticBatch]:
        """Return the validation clips, the shortest first."""
        batches: list[list[_Row]] = [[]]
        for row in self._valid:
            if batches[-1] and (len(batches[-1]) + 1) * row.frames > self._budget:
                batches.append([])
            batches[-1].append(row)
        return [self._collate(rows) for rows in batches if rows]

    def everything(self) -> Iterator[tuple[tuple[str, ...], AcousticBatch]]:
        """Yield every clip once, training and validation, as (ids, batch)."""
        rows = sorted([*self._rows, *self._valid], key=lambda row: (row.frames, row.id))
        while rows:
            count = max(1, self._budget // rows[min(len(rows), _MOST_ROWS) - 1].frames)
            now, rows = rows[: min(count, _MOST_ROWS)], rows[min(count, _MOST_ROWS) :]
            yield tuple(row.id for row in now), self._collate(now)

    def _averages(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return each speaker's mean tone (st re 100 Hz) and level (dB) over what is voiced."""
        count = len(self.cast.speakers)
        frames, tones, levels = np.zeros(count), np.zeros(count), np.zeros(count)
        for row in self._rows:
            speaker = row.numbers[2]
            frames[speaker] += np.count_nonzero(row.voiced)
            tones[speaker] += row.tone[row.voiced].sum(dtype=np.float64)
            levels[speaker] += row.level[row.voiced].sum(dtype=np.float64)
        frames = np.maximum(frames, 1)
        return tuple((tones / frames).tolist()), tuple((levels / frames).tolist())

    def _collate(self, rows: Sequence[_Row]) -> AcousticBatch:
        """Lay clips side by side, with zeros behind the shorter ones."""
        language, emotion, speaker = (
            torch.tensor(x) for x in zip(*(r.numbers for r in rows), strict=True)
        )
        pitch = [
            np.where(np.isnan(r.pitch), self.mean_pitch_st[r.numbers[2]], r.pitch) for r in rows
        ]
        return AcousticBatch(
            **{name: _stack([row.whole[name] for row in rows]) for name in rows[0].whole},
            lengths=torch.tensor([len(row.pitch) for row in rows]),
            language=language,
            emotion=emotion,
            speaker=speaker,
            pitch=_stack([p.astype(np.float32) for p in pitch]),
            energy=_stack([row.energy for row in rows]),
            trusted=_stack([row.trusted for row in rows]),
            mel=_stack([row.mel.astype(np.float32) for row in rows]),
            tone=_stack([row.tone for row in rows]),
            voiced=_stack([row.voiced.astype(np.float32) for row in rows]),
        )


def _require_durations(corpus: Corpus, clips: Sequence[Clip]) -> None:
    for clip in clips:
        if not clip.durations:
            raise TrainingError(
                f"Clip {clip.id} has no durations; align its corpus first: "
                f"`barkline train align {corpus.folder}`."
            )


def _row(clip: Clip, features: Features, cast: Cast, weight: float) -> _Row:
    """Measure a clip's phones; what is not trusted is filled from the sound around it.

    Raises:
        TrainingError: The clip holds something unknown.
    """
    trusted = np.array(clip.trusted or [True] * len(clip.phones), dtype=bool)
    heard = np.repeat(trusted, clip.durations)
    voiced = features.voiced & heard
    tone = np.zeros(clip.frames, dtype=np.float32)
    tone[voiced] = semitones(features.f0[voiced].astype(np.float64))
    energy = phone_energy(features.energy, clip.durations)
    if trusted.any():
        place = np.arange(len(trusted))
        energy = np.interp(place, place[trusted], energy[trusted]).astype(np.float32)
    return _Row(
        clip.id,
        _text(clip),
        phone_pitch(features.f0, voiced, clip.durations, fallback_st=float("nan")),
        energy,
        trusted.astype(np.float32),
        features.mel.astype(np.float16),
        tone,
        voiced,
        features.energy,
        _numbers(clip, cast),
        weight,
    )


def _text(clip: Clip) -> dict[str, npt.NDArray[np.int64]]:
    """Return a clip's phones as numbers, with where words begin."""
    words = (-1, *clip.words)
    starts = [now >= 0 and now != before for before, now in zip(words, clip.words, strict=False)]
    try:
        phones = inventory.numbers(clip.phones)
    except TextError as error:
        raise TrainingError(f"Clip {clip.id}: {error}") from error
    plain = {
        "phones": phones,
        "stresses": clip.stresses,
        "word_starts": starts,
        "durations": clip.durations,
    }
    return {name: np.array(values, dtype=np.int64) for name, values in plain.items()}


def _numbers(clip: Clip, cast: Cast) -> tuple[int, int, int]:
    emotion = clip.emotion if len(cast.emotions) > 1 else cast.emotions[0]
    try:
        return (
            cast.languages.index(clip.language),
            cast.emotions.index(emotion),
            cast.speakers.index(clip.speaker),
        )
    except ValueError as error:
        raise TrainingError(
            f"Clip {clip.id}: the model has no {clip.language}, {emotion} or {clip.speaker}; "
            f"it has {', '.join((*cast.languages, *cast.emotions, *cast.speakers))}."
        ) from error


def _spread(clips: Sequence[Clip], most: int) -> list[Clip]:
    """Return at most so many clips, evenly over the speakers; all for 0."""
    if not most:
        return list(clips)
    turns: dict[str, int] = {}
    ranked = []
    for clip in clips:
        turns[clip.speaker] = turns.get(clip.speaker, 0) + 1
        ranked.append((turns[clip.speaker], clip.speaker, clip.id, clip))
    return [clip for *_, clip in sorted(ranked, key=lambda one: one[:3])[:most]]


def _balanced(rows: Sequence[_Row], balance: float) -> npt.NDArray[np.float64]:
    """Return how often each clip is drawn, speakers evened out as far as asked."""
    weights = np.array([row.weight for row in rows])
    speakers = np.array([row.numbers[2] for row in rows])
    totals = np.bincount(speakers, weights)
    return np.asarray(weights * totals[speakers] ** -balance, dtype=np.float64)


def _buckets(frames: Sequence[int]) -> list[tuple[int, int]]:
    """Cut sorted lengths into [first, end) of about one length, each of `_BUCKET` clips or more."""
    starts = [0]
    for i, length in enumerate(frames):
        is_longer = length > _LONGEST * frames[starts[-1]]
        if is_longer and i - starts[-1] >= _BUCKET and len(frames) - i >= _BUCKET:
            starts.append(i)
    return list(zip(starts, [*starts[1:], len(frames)], strict=True))


def _stack(arrays: Sequence[npt.NDArray[np.generic]]) -> Tensor:
    """Stack arrays of different last lengths, with zeros behind the shorter ones."""
    longest = max(array.shape[-1] for array in arrays)
    whole = np.zeros((len(arrays), *arrays[0].shape[:-1], longest), dtype=arrays[0].dtype)
    for row, array in zip(whole, arrays, strict=True):
        row[..., : array.shape[-1]] = array
    return torch.from_numpy(whole)
