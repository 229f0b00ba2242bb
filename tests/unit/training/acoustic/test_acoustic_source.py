"""Batches of the acoustic model: a function of the step, within their budget, nothing untrusted."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch

from renderer.errors import TrainingError
from renderer.training import acoustic_source
from renderer.training.acoustic_batch import AcousticBatch, Cast
from renderer.training.acoustic_source import AcousticSource
from renderer.training.corpus import Clip, Corpus
from renderer.training.feature_store import FeatureStore
from renderer.training.features import Features


def source_of(corpus: Corpus, **options: object) -> AcousticSource:
    return AcousticSource([(corpus, 1.0)], Cast.of([corpus]), **options)  # type: ignore[arg-type]


def same(a: AcousticBatch, b: AcousticBatch) -> bool:
    return a.mel.shape == b.mel.shape and torch.equal(a.mel, b.mel)


def test_a_batch_is_a_function_of_the_step_and_the_seed(babble: Corpus) -> None:
    one, two = (source_of(babble, batch_frames=300, seed=7) for _ in range(2))
    assert all(same(one.batch(step), two.batch(step)) for step in (5, 0, 3))
    other = source_of(babble, batch_frames=300, seed=8)
    assert not all(same(one.batch(step), other.batch(step)) for step in range(5))
    assert not same(one.batch(0), one.batch(1))


def test_batches_are_whole_and_within_their_budget(babble: Corpus) -> None:
    source = source_of(babble, batch_frames=400)
    for step in range(20):
        batch = source.batch(step)
        rows, mels, frames = batch.mel.shape
        assert rows * frames <= 400
        assert mels == 80
        assert rows == len(set(map(tuple, batch.durations.tolist())))  # no clip twice
        inside = torch.arange(frames) < batch.durations.sum(1)[:, None]
        assert int(batch.durations.sum(1).max()) == frames
        assert not batch.mel.transpose(1, 2)[~inside].any()
        assert not batch.phones[torch.arange(batch.phones.shape[1]) >= batch.lengths[:, None]].any()
        assert torch.equal(batch.voiced > 0, batch.tone != 0)


def test_features_are_those_of_the_clip(babble: Corpus) -> None:
    source = source_of(babble)
    batch = source.validation()[0]
    clip = min(babble.usable("valid"), key=lambda c: (c.frames, c.id))
    features = FeatureStore(babble).get(clip)
    np.testing.assert_allclose(batch.mel[0, :, : clip.frames], features.mel, atol=0.01)
    assert batch.durations[0, : len(clip.phones)].tolist() == list(clip.durations)
    assert babble_words(clip) == batch.word_starts[0].sum()
    voiced = features.voiced
    hz = 100 * 2 ** (batch.tone[0, : clip.frames].numpy() / 12)
    np.testing.assert_allclose(hz[voiced], features.f0[voiced], rtol=1e-4)


def babble_words(clip: Clip) -> int:
    return max(clip.words) + 1


def test_speakers_averages(babble: Corpus) -> None:
    source = source_of(babble)
    high, low = source.mean_pitch_st  # sorted by name
    assert source.cast.speakers == ("high", "low")
    assert high - low == pytest.approx(12.0, abs=0.7)
    assert low == pytest.approx(12 * np.log2(1.1), abs=0.7)


def test_validation_is_the_same_every_time_and_even(babble: Corpus) -> None:
    source = source_of(babble, validation_clips=4)
    batches = source.validation()
    assert all(same(a, b) for a, b in zip(batches, source.validation(), strict=True))
    speakers = Counter(s for batch in batches for s in batch.speaker.tolist())
    assert speakers == {0: 2, 1: 2}


def test_weights_say_how_often_a_corpus_is_heard(babble: Corpus) -> None:
    low = replace(babble, clips=tuple(c for c in babble.clips if c.speaker == "low"))
    high = replace(babble, clips=tuple(c for c in babble.clips if c.speaker == "high"))
    source = AcousticSource([(low, 1.0), (high, 4.0)], Cast.of([babble]), batch_frames=150)
    drawn = Counter(s for step in range(200) for s in source.batch(step).speaker.tolist())
    assert 3 < drawn[0] / drawn[1] < 5.5


def test_balance_evens_speakers_out(babble: Corpus) -> None:
    few = [c for c in babble.clips if c.speaker == "high" and c.split == "train"][:2]
    rest = [c for c in babble.clips if c.speaker == "low"]
    corpus = replace(babble, clips=tuple(sorted((*few, *rest), key=lambda c: c.id)))
    shares = []
    for balance in (0.0, 1.0):
        source = source_of(corpus, batch_frames=120, balance=balance)
        drawn = Counter(s for step in range(200) for s in source.batch(step).speaker.tolist())
        shares.append(drawn[0] / drawn.total())
    assert shares[0] < 0.3
    assert 0.38 < shares[1] < 0.62


def test_lengths_are_bucketed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acoustic_source, "_BUCKET", 2)
    assert acoustic_source._buckets([10, 11, 30, 31, 32, 90]) == [(0, 2), (2, 6)]
    assert acoustic_source._buckets([10]) == [(0, 1)]


def poisoned(corpus: Corpus, clip: Clip) -> Features:
    """Return the features of a clip, those of its phone 2 replaced by nonsense."""
    features = FeatureStore(corpus).get(clip)
    start, end = sum(clip.durations[:2]), sum(clip.durations[:3])
    mel, f0, voiced, energy = (
        np.array(x) for x in (features.mel, features.f0, features.voiced, features.energy)
    )
    mel[:, start:end], f0[start:end], voiced[start:end], energy[start:end] = 40, 599, True, 300
    return Features(mel, f0, voiced, energy)


def test_what_is_not_trusted_reaches_no_input_but_the_mel(babble: Corpus) -> None:
    clips = tuple(
        replace(c, trusted=tuple(i != 2 for i in range(len(c.phones)))) for c in babble.clips
    )
    corpus = replace(babble, clips=clips)
    clean, bad = source_of(corpus), source_of(corpus, get=poisoned)
    assert clean.mean_pitch_st == bad.mean_pitch_st
    assert clean.mean_energy_db == bad.mean_energy_db
    a, b = clean.batch(0), bad.batch(0)
    for name in ("pitch", "energy", "tone", "voiced", "trusted"):
        torch.testing.assert_close(getattr(a, name), getattr(b, name), msg=name)
    assert not a.trusted[:, 2].any()
    assert float(b.mel.max()) == 40


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"durations": ()}, "no durations"),
        ({"phones": ("☃",), "stresses": (0,), "words": (-1,)}, "☃"),
    ],
)
def test_clips_that_cannot_be_learnt(babble: Corpus, change: dict, message: str) -> None:
    clip = babble.usable("train")[0]
    if "phones" in change:
        change = {**change, "durations": (clip.frames,)}
    corpus = replace(babble, clips=(replace(clip, **change),))
    with pytest.raises(TrainingError, match=message):
        source_of(corpus, get=_get(babble))


def _get(corpus: Corpus):
    return lambda _corpus, clip: FeatureStore(corpus).get(clip)


def test_nothing_to_train_on(babble: Corpus) -> None:
    with pytest.raises(TrainingError, match="no clip"):
        source_of(replace(babble, clips=()))


def test_a_speaker_the_model_does_not_have(babble: Corpus) -> None:
    with pytest.raises(TrainingError, match="the model has no"):
        AcousticSource([(babble, 1.0)], Cast(("low",), ("de", "en")))
