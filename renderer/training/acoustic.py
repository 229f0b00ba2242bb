"""How FastPitch learns: losses, measures and pictures of one batch; new speakers; what is frozen.

Durations, pitch and energy of the recordings are what the decoder speaks with (teacher forcing);
the predictors learn them beside it (FastPitch, arXiv 2006.06873, equation 1). What is not trusted
is in no loss but that of the durations. From a step on a critic may be heard too (`mel_critic.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Self

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own habit
from torch import Tensor, nn

from renderer.errors import TrainingError
from renderer.training.acoustic_batch import AcousticBatch, Cast
from renderer.training.acoustic_loss import (
    LossWeights,
    Said,
    acoustic_losses,
    mean_where,
    weigh,
)
from renderer.training.acoustic_source import AcousticSource
from renderer.training.checkpoint import Checkpoint, restore_module
from renderer.training.config_check import read_config, require_tensors
from renderer.training.fastpitch import (
    FastPitch,
    FastPitchConfig,
    regulate,
)
from renderer.training.learner import Illustration, Update
from renderer.training.mel_critic import CRITIC, MIDDLE, MelCritic, critique
from renderer.training.speaker_table import SpeakerTable

__all__ = ["AcousticBatch", "AcousticLearner", "AcousticSource", "Cast", "LossWeights"]

OPTIMIZER = "acoustic"


class AcousticLearner:
    """Implements `learner.Learner` for FastPitch and its speakers.

    Args:
        config: Of the network.
        speakers: Who speaks.
        weights: What each loss counts.
        weight_decay: Of AdamW, on matrices alone.
        frozen: Starts of parameter names that are not learnt, such as `fastpitch.encoder` or
            `speakers`.
        adversarial_from: First step in which a critic of mels learns and is heard; −1 for never.
    """

    averaged: Sequence[str] = ("fastpitch", "speakers")

    def __init__(
        self,
        config: FastPitchConfig,
        speakers: SpeakerTable,
        *,
        weights: LossWeights | None = None,
        weight_decay: float = 0.01,
        frozen: Iterable[str] = (),
        adversarial_from: int = -1,
    ) -> None:
        self.model, self.speakers = FastPitch(config), speakers
        self.critic = MelCritic(config.speaker_dim) if adversarial_from >= 0 else None
        self._weights, self._decay = weights or LossWeights(), weight_decay
        self._frozen, self._from = tuple(frozen), adversarial_from
        self._begin()

    @classmethod
    def new(cls, size: str, source: AcousticSource, **options: Any) -> Self:  # noqa: ANN401
        """Make an untrained model for what a source holds.

        Args:
            size: One of `fastpitch.SIZES`.
            source: Its cast and its speakers' averages are taken over.
            options: As of the class.
        """
        cast = source.cast
        config = FastPitchConfig.named(size, languages=cast.languages, emotions=cast.emotions)
        table = SpeakerTable(cast.speakers, config.speaker_dim)
        means = zip(cast.speakers, source.mean_pitch_st, source.mean_energy_db, strict=True)
        for name, pitch, energy in means:
            table.tell(name, pitch, energy)
        return cls(config, table, **options)

    @classmethod
    def restored(cls, kept: Checkpoint, about: Mapping[str, Any], **options: Any) -> Self:  # noqa: ANN401
        """Make the model of a checkpoint, averaged weights where it has them.

        Args:
            kept: Of an acoustic training.
            about: What `about` was when it was made.
            options: As of the class.

        Raises:
            TrainingError: The checkpoint holds something else.
        """
        try:
            config = read_config(FastPitchConfig(), about["config"])
            if config.width % (2 * config.heads) or config.kernel % 2 == 0:
                raise ValueError("width / heads has to be even, kernel odd")
            names = about["speakers"]
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise ValueError("speakers is no list of names")
            require_tensors(kept, "fastpitch", lambda: FastPitch(config))
            require_tensors(kept, "speakers", lambda: SpeakerTable(names, config.speaker_dim))
            table = SpeakerTable(names, config.speaker_dim)
        except (KeyError, ValueError) as error:
            raise TrainingError(
                f"{kept.path} does not say which model it holds: {error}"
            ) from error
        learner = cls(config, table, **options)
        for name in learner.averaged:
            restore_module(kept, name, learner.modules[name], averaged=True)
        return learner

    def about(self) -> dict[str, Any]:
        """Return what `restored` needs, as plain JSON; keep it with every checkpoint."""
        return {"config": asdict(self.model.config), "speakers": list(self.speakers.names)}

    def unknown(self, starts: Iterable[str]) -> list[str]:
        """Return the starts of parameter names that no parameter has."""
        names = [
            f"{module_name}.{name}"
            for module_name in self.averaged
            for name, _ in self.modules[module_name].named_parameters()
        ]
        return [start for start in starts if not any(name.startswith(start) for name in names)]

    @property
    def cast(self) -> Cast:
        """Return the names behind the numbers, for a source of this model."""
        config = self.model.config
        return Cast(self.speakers.names, config.languages, config.emotions)

    def add_speaker(
        self, name: str, mean_pitch_st: float, mean_energy_db: float, like: str = ""
    ) -> None:
        """Add a voice to the table, to be fine-tuned; the optimiser begins anew.

        Args:
            name: New.
            mean_pitch_st: Its mean tone, semitones re 100 Hz.
            mean_energy_db: Its mean level, dB.
            like: Whom its vector starts from (`nearest`), or "" for the mean of all.
        """
        self.speakers = self.speakers.with_speaker(name, like)
        self.speakers.tell(name, mean_pitch_st, mean_energy_db)
        self._begin()

    @torch.no_grad()
    def nearest(self, batch: AcousticBatch) -> str:
        """Return the speaker in whose voice the model comes closest to some clips."""
        self.model.eval()
        found: dict[str, float] = {}
        for row, name in enumerate(self.speakers.names):
            said = self._say(replace(batch, speaker=torch.full_like(batch.speaker, row)))
            found[name] = float(acoustic_losses(batch, said)["mel"])
        return min(found, key=lambda name: found[name])

    def _begin(self) -> None:
        """Collect the networks and give the optimiser what is to be learnt."""
        self.modules: Mapping[str, nn.Module] = {
            "fastpitch": self.model,
            "speakers": self.speakers,
        }
        matrices: list[nn.Parameter] = []
        others: list[nn.Parameter] = []
        self.optimizers: dict[str, torch.optim.Optimizer] = {}
        for module_name, module in self.modules.items():
            for name, parameter in module.named_parameters():
                full = f"{module_name}.{name}"
                parameter.requires_grad_(not full.startswith(self._frozen or ("\0",)))
                is_matrix = parameter.dim() > 1 and module is self.model
                if parameter.requires_grad:
                    (matrices if is_matrix else others).append(parameter)
        if not matrices and not others:
            raise TrainingError(f"Nothing is left to learn: frozen are {', '.join(self._frozen)}.")
        groups = [
            {"params": matrices, "weight_decay": self._decay},
            {"params": others, "weight_decay": 0.0},
        ]
        made = torch.optim.AdamW([g for g in groups if g["params"]], betas=(0.9, 0.98), fused=True)
        self.optimizers[OPTIMIZER] = made
        if self.critic is not None:
            self.modules = {**self.modules, CRITIC: self.critic}
            self.optimizers[CRITIC] = torch.optim.AdamW(self.critic.parameters(), betas=(0.5, 0.9))

    def train_step(self, batch: AcousticBatch, step: int, update: Update) -> dict[str, float]:
        """Learn from a batch; returns the losses by name."""
        said = self._say(batch)
        losses = acoustic_losses(batch, said)
        total = weigh(self._weights, losses)
        if self.critic is not None and step >= self._from:
            total = total + self._please(self.critic, batch, said, losses, update)
        norm = update(OPTIMIZER, total)
        values = {name: float(loss.detach()) for name, loss in losses.items()}
        return {"loss": float(total.detach()), **values, "gradient": norm}

    @torch.no_grad()
    def validate(self, batch: AcousticBatch) -> dict[str, float]:
        """Measure a batch, spoken with the true durations, pitch and energy.

        Returns:
            The losses, and `duration_frames` (mean absolute error per phone), `pitch_st` (of the
            phones' predicted pitch), `f0_cents` (of F0 within the true contour), `voicing_wrong`
            (share of frames); `mel/NAME` by language and by speaker.
        """
        said = self._say(batch)
        losses = acoustic_losses(batch, said)
        durations = said.encoded.log_durations.expm1() - batch.durations
        is_wrong = ((said.decoded.voicing > 0).float() - batch.voiced).abs()
        mel = (said.decoded.mel - batch.mel).abs().mean(1)  # (B, T)
        measures = {
            "loss": float(weigh(self._weights, losses)),
            **{name: float(loss) for name, loss in losses.items()},
            "duration_frames": float(mean_where(durations.abs(), said.phones)),
            "pitch_st": float(mean_where((said.encoded.pitch - said.pitch).abs(), said.trusted)),
            "f0_cents": 100 * float(losses["tone"]),
            "voicing_wrong": float(mean_where(is_wrong, said.frames)),
        }
        for kind, names in (("language", self.cast.languages), ("speaker", self.cast.speakers)):
            numbers = getattr(batch, kind)
            for number in numbers.unique().tolist():
                rows = numbers == number
                measures[f"mel/{names[number]}"] = float(mean_where(mel[rows], said.frames[rows]))
        return measures

    @torch.no_grad()
    def say_again(self, batch: AcousticBatch) -> Tensor:
        """Return the mels (B, M, T) of a batch said with its own durations, pitch and energy."""
        return self._say(batch).decoded.mel

    @torch.no_grad()
    def illustrate(self, batch: AcousticBatch) -> Illustration:
        """Draw the longest clip: mel as predicted over the true one, and both alignments."""
        said = self._say(batch)
        row = int(batch.durations.sum(1).argmax())
        count, frames = int(batch.lengths[row]), int(batch.durations[row].sum())
        mels = [m[row, :, :frames].float().cpu() for m in (batch.mel, said.decoded.mel)]
        predicted = said.encoded.log_durations[row, :count].expm1().round().clamp(min=0).long()
        images = {"mel": torch.cat((mels[0], torch.full((2, frames), -11.5), mels[1])).numpy()}
        for name, durations in (
            ("alignment", batch.durations[row, :count]),
            ("predicted", predicted),
        ):
            if durations.any():
                phone = regulate(durations[None]).phone[0]
                images[name] = F.one_hot(phone, count).T.float().cpu().numpy()
        return Illustration({k: v.astype(np.float32) for k, v in images.items()})

    def _say(self, batch: AcousticBatch) -> Said:
        """Speak a batch with its own durations, pitch and energy."""
        speaker = self.speakers(batch.speaker)
        encoded = self.model.encode(
            batch.phones, batch.stresses, batch.word_starts, batch.lengths,
            batch.language, batch.emotion, speaker,
        )  # fmt: skip
        energy = batch.energy - self.speakers.mean_energy_db[batch.speaker, None]
        durations, hidden = batch.durations, encoded.hidden
        decoded = self.model.decode(hidden, durations, batch.pitch, energy, speaker)
        place = torch.arange(batch.phones.shape[1], device=batch.phones.device)
        phones = (place < batch.lengths[:, None]).float()
        on = regulate(durations)
        trusted = batch.trusted * phones
        frames = on.mask.squeeze(2) * on.repeat(trusted)
        pitch = batch.pitch - self.speakers.mean_pitch_st[batch.speaker, None]
        return Said(encoded, decoded, pitch, energy, phones, trusted, frames, batch.voiced * frames)

    def _please(
        self,
        critic: MelCritic,
        batch: AcousticBatch,
        said: Said,
        losses: dict[str, Tensor],
        update: Update,
    ) -> Tensor:
        """Teach the critic, then return what it makes of the mels; adds to the losses."""
        heard = said.frames[:, None].bool()  # elsewhere there is nothing to tell apart
        mels = [torch.where(heard, mel, MIDDLE) for mel in (batch.mel, said.decoded.mel.float())]
        speaker = self.speakers(batch.speaker).detach()
        losses |= critique(critic, mels, batch.durations.sum(1), speaker, update)
        weights = self._weights
        return weights.adversarial * losses["adversarial"] + weights.features * losses["features"]
