"""How a vocoder learns: stretches of clips, and one step of generator and discriminators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from itertools import accumulate
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from renderer.audio.spectrum import MelSpec
from renderer.audio.waveform import Samples
from renderer.errors import TrainingError
from renderer.training import hifigan
from renderer.training.corpus import TRAIN, VALID, Clip, Corpus
from renderer.training.epoch import continue_f0, fundamental_cycles
from renderer.training.feature_store import FeatureStore
from renderer.training.features import MEL_FLOOR
from renderer.training.generator import Vocoder
from renderer.training.learner import Illustration, Update
from renderer.training.sound import clip_samples
from renderer.training.spectral_loss import PhaseDistance, SpectralDistance

Frames = npt.NDArray[np.float32]
Predicted = Callable[[Corpus, Clip], Frames | None]
_GAINS_DB = (-9.0, 3.0)
_VALID_FRAMES = 256
_VALID_CLIPS = 24


@dataclass(frozen=True, slots=True)
class VocoderBatch:
    """Stretches of clips.

    Attributes:
        mel: Log mels, (B, n_mels, F).
        f0: Hz, continued, (B, F).
        voiced: 1 or 0, (B, F).
        cycles: Phase of the fundamental in cycles, 0–1, (B, F × hop).
        samples: What was recorded, (B, F × hop).
    """

    mel: Tensor
    f0: Tensor
    voiced: Tensor
    cycles: Tensor
    samples: Tensor

    def to(self, device: torch.device) -> Self:
        """Return the batch on a device."""
        return type(self)(*(getattr(self, f.name).to(device) for f in fields(self)))


class _Kept(NamedTuple):
    """A clip in memory, small: 16 bits a value."""

    mel: npt.NDArray[np.float16]
    f0: Frames
    voiced: npt.NDArray[np.bool_]
    cycles: npt.NDArray[np.uint16]
    samples: npt.NDArray[np.int16]


class VocoderSource:
    """Cuts stretches out of the clips of some corpora, each speaker as its corpus's weight says.

    Args:
        stores: Features of each corpus.
        weights: How often a corpus's clips are drawn, × their frames.
        batch_frames: Frames in a batch.
        segment_frames: Frames in a stretch.
        seed: Of the draws.
        predicted: Gives the mel an acoustic model makes of a clip with the clip's own durations and
            pitch, to learn from instead of the recorded one; None for clips without.

    Raises:
        TrainingError: No clip is long enough, or a sound cannot be read.
    """

    def __init__(
        self,
        stores: Sequence[FeatureStore],
        weights: Sequence[float],
        *,
        batch_frames: int,
        segment_frames: int,
        seed: int,
        predicted: Predicted = lambda _corpus, _clip: None,
    ) -> None:
        self._seed, self._segment = seed, segment_frames
        self._count = max(1, batch_frames // segment_frames)
        self._spec = stores[0].corpus.spec
        self._clips: list[_Kept] = []
        shares: list[float] = []
        self._valid: list[_Kept] = []
        for store, weight in zip(stores, weights, strict=True):
            for clip in store.corpus.usable(TRAIN):
                if clip.frames > segment_frames:
                    self._clips.append(_keep(store, clip, predicted))
                    shares.append(weight * clip.frames)
            held_out = store.corpus.usable(VALID)
            step = max(1, len(held_out) * len(stores) // _VALID_CLIPS)
            self._valid += [_keep(store, clip, predicted) for clip in held_out[::step]]
        if not self._clips:
            raise TrainingError(
                f"No clip to train on is longer than `segment_frames` ({segment_frames} frames); "
                "lower it, or add clips."
            )
        self._until = np.array(list(accumulate(shares)))

    def batch(self, step: int) -> VocoderBatch:
        """Return the stretches of a step, at random places and levels."""
        rng = np.random.default_rng([self._seed, step])
        drawn = np.searchsorted(self._until, rng.random(self._count) * self._until[-1])
        cuts = []
        for index in drawn:
            clip = self._clips[min(int(index), len(self._clips) - 1)]
            start = int(rng.integers(0, clip.f0.size - self._segment + 1))
            gain = float(10 ** (rng.uniform(*_GAINS_DB) / 20))
            cuts.append(_cut(clip, start, self._segment, gain, self._spec))
        return _stack(cuts)

    def validation(self) -> Sequence[VocoderBatch]:
        """Return the beginning of each validation clip, one per batch."""
        return [
            _stack([_cut(clip, 0, min(clip.f0.size, _VALID_FRAMES), 1.0, self._spec)])
            for clip in self._valid
        ]


def _keep(store: FeatureStore, clip: Clip, predicted: Predicted) -> _Kept:
    found, samples = store.get(clip), clip_samples(store.corpus, clip)
    f0 = continue_f0(found.f0, found.voiced)
    cycles = fundamental_cycles(samples, f0, found.voiced, store.corpus.spec)
    made = predicted(store.corpus, clip)
    mel = found.mel if made is None else made
    return _Kept(
        mel.astype(np.float16),
        f0,
        found.voiced,
        (np.mod(cycles, 1.0) * 65_536).astype(np.uint16),
        np.round(np.clip(samples, -1, 1) * 32_767).astype(np.int16),
    )


def _cut(clip: _Kept, start: int, size: int, gain: float, spec: MelSpec) -> tuple[Samples, ...]:
    frames = slice(start, start + size)
    at = slice(start * spec.hop_length, (start + size) * spec.hop_length)
    mel = clip.mel[:, frames].astype(np.float32) + np.float32(np.log(gain))
    return (
        np.maximum(mel, np.float32(np.log(MEL_FLOOR))),
        clip.f0[frames],
        clip.voiced[frames].astype(np.float32),
        clip.cycles[at].astype(np.float32) / np.float32(65_536),
        clip.samples[at].astype(np.float32) * np.float32(gain / 32_767),
    )


def _stack(cuts: Sequence[tuple[Samples, ...]]) -> VocoderBatch:
    columns = zip(*cuts, strict=True)
    return VocoderBatch(*(torch.from_numpy(np.stack(column)) for column in columns))


@dataclass(frozen=True, slots=True)
class LossWeights:
    """How much each loss counts.

    Attributes:
        spectral: Energy distance of spectra.
        phase: Complex distance of the voiced low frequencies.
        adversarial: Of the discriminators' opinion.
        features: Distance of the discriminators' features.
    """

    spectral: float = 1.0
    phase: float = 1.0
    adversarial: float = 0.3
    features: float = 2.0


class VocoderLearner:
    """A generator, and discriminators from a step on.

    Args:
        generator: What is exported.
        discriminators: What it has to deceive, or None.
        spec: Of its mels.
        adversarial_from: First step in which discriminators learn and are heard.
        learning: (rate, weight decay) of AdamW.
        weights: Of the losses.
    """

    averaged = ("vocoder",)

    def __init__(
        self,
        generator: nn.Module,
        discriminators: hifigan.Discriminators | None,
        spec: MelSpec,
        *,
        adversarial_from: int = 0,
        learning: tuple[float, float] = (1e-3, 0.01),
        weights: LossWeights | None = None,
    ) -> None:
        self.generator, self.discriminators = generator, discriminators
        self._from, self._weights = adversarial_from, weights or LossWeights()
        self._spec = spec
        self._distance = SpectralDistance()
        self._phase = PhaseDistance(spec.sample_rate, 4 * spec.hop_length)
        self.modules: dict[str, nn.Module] = {"vocoder": generator}
        self.optimizers: dict[str, torch.optim.Optimizer] = {"vocoder": _adam(generator, learning)}
        if discriminators is not None:
            self.modules["discriminators"] = discriminators
            self.optimizers["discriminators"] = _adam(discriminators, learning)

    def train_step(self, batch: VocoderBatch, step: int, update: Update) -> dict[str, float]:
        """Teach the discriminators, where they are heard, then the generator."""
        self._move(batch.mel.device)
        noise = torch.randn_like(batch.samples), torch.randn_like(batch.samples)
        first, second = self._speak(batch, noise)
        losses: dict[str, Tensor] = {}
        judges = self.discriminators if step >= self._from else None
        if judges is not None:
            losses["discriminators"] = hifigan.discriminator_loss(
                judges(batch.samples), judges(first.detach())
            )
            update("discriminators", losses["discriminators"])
        with torch.autocast(batch.mel.device.type, enabled=False):
            losses["spectral"] = self._distance.energy(first, second, batch.samples)
            losses["phase"] = self._phase(first, batch.samples, batch.voiced)
        total = self._weights.spectral * losses["spectral"] + self._weights.phase * losses["phase"]
        if judges is not None:
            total = total + self._deceive(judges, first, batch.samples, losses)
        losses["gradient"] = torch.tensor(update("vocoder", total))
        return {name: float(loss.detach()) for name, loss in losses.items()}

    def _deceive(
        self,
        judges: hifigan.Discriminators,
        made: Tensor,
        real: Tensor,
        losses: dict[str, Tensor],
    ) -> Tensor:
        losses["adversarial"], losses["features"] = hifigan.deceive(judges, judges, real, made)
        weights = self._weights
        return weights.adversarial * losses["adversarial"] + weights.features * losses["features"]

    def validate(self, batch: VocoderBatch) -> dict[str, float]:
        """Measure the spectral energy distance (`loss`) and its first term, `spectral_l1`."""
        self._move(batch.mel.device)
        seeded = torch.Generator().manual_seed(0)
        noise = torch.randn(2, *batch.samples.shape, generator=seeded).to(batch.mel.device)
        first, second = self._speak(batch, (noise[0], noise[1]))
        distance = self._distance
        apart = distance.between(distance.magnitudes(first), distance.magnitudes(batch.samples))
        return {
            "loss": float(distance.energy(first, second, batch.samples)),
            "spectral_l1": float(apart),
        }

    def illustrate(self, batch: VocoderBatch) -> Illustration:
        """Let the first clip be heard, as recorded and as made."""
        noise = torch.randn_like(batch.samples)
        made = self.generator(batch.mel, batch.f0, batch.voiced, noise)
        sounds = {"recorded": batch.samples[0], "made": made[0].float().clamp(-1, 1)}
        return Illustration(
            images={"mel": batch.mel[0].cpu().numpy()},
            sounds={name: sound.cpu().numpy() for name, sound in sounds.items()},
            sample_rate=self._spec.sample_rate,
        )

    def _speak(self, batch: VocoderBatch, noise: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        generator: Vocoder = self.generator  # type: ignore[assignment]
        first, second = generator.pair(batch.mel, batch.f0, batch.voiced, batch.cycles, noise)
        return first.float(), second.float()

    def _move(self, device: torch.device) -> None:
        self._distance.to(device)
        self._phase.to(device)


def _adam(module: nn.Module, learning: tuple[float, float]) -> torch.optim.Optimizer:
    rate, decay = learning
    return torch.optim.AdamW(module.parameters(), lr=rate, betas=(0.8, 0.99), weight_decay=decay)
