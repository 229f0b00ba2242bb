"""Train the judge of phones and write it as an ONNX file.

Phone times of the engines are taken at first; halfway the network lays the phones along the sound
itself (forced alignment) and goes on from there, since some engines tell them some frames late.

References:
    Young et al. (2006), The HTK Book, 3.2: embedded training with realignment.
    Loshchilov & Hutter (2019), "Decoupled weight decay regularization", ICLR.
"""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import nn

from renderer.audio.phone_frames import SPEC
from renderer.errors import TrainingError
from renderer.quality.phone_path import PhoneScores, align
from renderer.training import checkpoint
from renderer.training.onnx_graph import write_graph
from renderer.training.phone_lessons import PhoneLesson, batches
from renderer.training.phone_net import WIDTH, PhoneNet
from renderer.whole_file import write_whole

REVISION = "1"
_NET, _OPTIMISER = "phones", "adamw"


@dataclass(frozen=True, slots=True)
class PhoneRecipe:
    """How it is trained.

    Attributes:
        epochs: Times through all clips.
        realign: After these epochs phones are laid along the sound anew.
        batch: Stretches per step.
        length: Frames per stretch, even.
        rate: Highest learning rate.
        seed: Of everything random.
        width: Channels of the network.
    """

    epochs: int = 10
    realign: tuple[int, ...] = (3, 6)
    batch: int = 32
    length: int = 240
    rate: float = 2e-3
    seed: int = 1
    width: int = WIDTH


@dataclass(frozen=True, slots=True)
class PhoneEpoch:
    """What one time through all clips gave.

    Attributes:
        epoch: From 1.
        loss: Mean negative logarithm of the right class, nats per frame.
        right: Share of held-out frames of speech whose likeliest class is the right one.
        seconds: It took.
    """

    epoch: int
    loss: float
    right: float
    seconds: float


def train(
    lessons: Sequence[PhoneLesson],
    classes: int,
    recipe: PhoneRecipe,
    kept: Path,
    tell: Callable[[PhoneEpoch], None],
    minutes: float = 0,
    begin: PhoneNet | None = None,
) -> PhoneNet | None:
    """Train a network; goes on where the file `kept` stands.

    Args:
        lessons: Clips, some of them held out.
        classes: How many, silence among them.
        recipe: How.
        kept: State after every epoch.
        tell: Told of every epoch.
        minutes: Stop after an epoch when so many are over; 0: never.
        begin: A network that has learnt the same classes already, to go on from.

    Returns:
        The network, or None when time was up before it was finished.

    Raises:
        TrainingError: There is nothing to learn from, or the state is of another training.
    """
    began = time.monotonic()
    learnt = [one for one in lessons if not one.is_held_out]
    if len(learnt) < recipe.batch:
        raise TrainingError(f"{len(learnt)} clips are too few; {recipe.batch} are the least.")
    torch.manual_seed(recipe.seed)
    net = begin or PhoneNet(classes, SPEC.n_mels, recipe.width)
    optimiser = torch.optim.AdamW(net.parameters(), lr=recipe.rate, weight_decay=0.02)
    steps = recipe.epochs * sum(-(-len(one.labels) // recipe.length) for one in learnt)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.rate, total_steps=max(2, steps // recipe.batch + recipe.epochs)
    )
    state = _State(net, optimiser, schedule)
    start = state.load(kept, classes)
    if start and any(epoch <= start for epoch in recipe.realign):
        learnt = realigned(net, learnt)
    for epoch in range(start + 1, recipe.epochs + 1):
        at, rng = time.monotonic(), np.random.default_rng([recipe.seed, epoch])
        torch.manual_seed(int(rng.integers(2**31)))  # the same after a stop as without one
        loss = _epoch(state, batches(learnt, rng, recipe.batch, recipe.length))
        state.save(kept, epoch, classes)
        held_out = [one for one in lessons if one.is_held_out]
        tell(PhoneEpoch(epoch, loss, accuracy(net, held_out), time.monotonic() - at))
        if epoch in recipe.realign and epoch < recipe.epochs:
            learnt = realigned(net, learnt)
        if minutes and time.monotonic() - began > 60 * minutes and epoch < recipe.epochs:
            return None
    return net.eval()


def _epoch(state: _State, batches_: Any) -> float:  # noqa: ANN401 - an iterator of arrays
    state.net.train()
    losses = []
    for frames, labels in batches_:
        log_p = state.net(torch.from_numpy(frames))
        loss = nn.functional.nll_loss(
            log_p.reshape(-1, state.net.classes),
            torch.from_numpy(labels).reshape(-1),
            ignore_index=-1,
        )
        state.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(state.net.parameters(), 1.0)
        state.optimiser.step()
        state.schedule.step()
        losses.append(float(loss.detach()))
    return float(np.mean(losses)) if losses else float("nan")


@dataclass
class _State:
    net: PhoneNet
    optimiser: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler

    def load(self, path: Path, classes: int) -> int:
        """Return how many epochs are done."""
        if not path.is_file():
            return 0
        kept = checkpoint.load(path)
        if kept.about.get("classes") != classes:
            raise TrainingError(f"{path} is of another training; remove it to begin anew.")
        checkpoint.restore_module(kept, _NET, self.net, averaged=False)
        checkpoint.restore_optimizer(kept, _OPTIMISER, self.optimiser)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that no step was taken in between
            for _ in range(kept.step):
                self.schedule.step()
        return int(kept.about["epoch"])

    def save(self, path: Path, epoch: int, classes: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        about = {"epoch": epoch, "classes": classes}
        modules, optimisers = {_NET: self.net}, {_OPTIMISER: self.optimiser}
        checkpoint.save(path, self.schedule.last_epoch, about, modules, optimisers, {})


def hear(net: PhoneNet, frames: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return log probabilities, float32 (frames, classes), of one clip."""
    even = np.pad(frames.astype(np.float32), ((0, len(frames) % 2), (0, 0)), mode="edge")
    with torch.no_grad():
        log_p = net(torch.from_numpy(even[None]))[0].numpy()
    return np.asarray(log_p[: len(frames)])


def accuracy(net: PhoneNet, lessons: Sequence[PhoneLesson], most: int = 300) -> float:
    """Return the share of frames of speech whose likeliest class is the right one."""
    net.eval()
    right = total = 0
    for one in lessons[:: max(1, len(lessons) // most)]:
        said = one.labels > 0
        right += int((hear(net, one.frames).argmax(axis=1)[said] == one.labels[said]).sum())
        total += int(said.sum())
    return right / max(1, total)


def realigned(net: PhoneNet, lessons: Sequence[PhoneLesson]) -> list[PhoneLesson]:
    """Return clips with their phones where the network hears them."""
    net.eval()
    return [_realigned(net, one) for one in lessons]


def _realigned(net: PhoneNet, lesson: PhoneLesson) -> PhoneLesson:
    heard = PhoneScores(hear(net, lesson.frames), lesson.words, 1.0)
    found = align(heard) if lesson.words else None
    if found is None:
        return lesson
    flat = np.array([0, *(one for word in lesson.words for one in word)])
    return replace(lesson, labels=flat[found.phones + 1])


def write_model(net: PhoneNet, classes: Sequence[str], path: Path, card: Mapping[str, Any]) -> None:
    """Write a network as one ONNX file; its metadata say classes, frames and terms.

    Raises:
        TrainingError: It holds values that are no numbers.
        OSError: It cannot be written.
    """
    example = torch.zeros(2, 32, SPEC.n_mels)
    axes = {"frames": {0: "batch", 1: "frames"}, "log_p": {0: "batch", 1: "frames"}}
    model = onnx.load_model_from_string(write_graph(net, [example], axes, half=True))
    about = {"classes": list(classes), "revision": REVISION, "card": dict(card)}
    entry = model.metadata_props.add()
    entry.key, entry.value = "barkline.phones", json.dumps(about, ensure_ascii=False)
    write_whole(path, model.SerializeToString(deterministic=True))
