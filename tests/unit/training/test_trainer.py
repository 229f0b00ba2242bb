"""The loop: the same curve whatever happens to the process, and nothing lost when it goes wrong."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from renderer.errors import TrainingError
from renderer.training import metrics
from renderer.training.learner import Illustration
from renderer.training.recipe import CorpusChoice, Recipe
from renderer.training.run_folder import alone
from renderer.training.trainer import BEST, LAST, Outcome, Trainer, kept_weights, learning_rate

STEPS = 40


@dataclass(frozen=True)
class Numbers:
    x: Tensor

    def to(self, device: torch.device) -> Numbers:
        return Numbers(self.x.to(device))


class Source:
    def __init__(self, valid: int = 2) -> None:
        self.valid = valid

    def batch(self, step: int) -> Numbers:
        return Numbers(torch.randn(8, 4, generator=torch.Generator().manual_seed(step)))

    def validation(self) -> list[Numbers]:
        return [self.batch(10**6 + i) for i in range(self.valid)]


class Learner:
    """Learns x → sum of x with dropout, so that the random state counts; `kill_at` kills it."""

    averaged = ("net",)

    def __init__(self, width: int = 8, at: Callable[[int], float] = lambda _: 1.0) -> None:
        torch.manual_seed(3)
        net = nn.Sequential(nn.Linear(4, width), nn.Tanh(), nn.Dropout(0.3), nn.Linear(width, 1))
        self.net, self.at = net, at
        self.modules = {"net": net}
        self.optimizers = {"net": torch.optim.AdamW(net.parameters())}
        self.valid_loss: Callable[[float], float] = lambda loss: loss

    def loss(self, batch: Numbers) -> Tensor:
        return (self.net(batch.x).float().squeeze(1) - batch.x.sum(1)).square().mean()

    def train_step(self, batch: Numbers, step: int, update) -> dict[str, float]:
        loss = self.loss(batch) * self.at(step)
        norm = update("net", loss)
        return {"loss": float(loss.detach()), "gradient": norm}

    def validate(self, batch: Numbers) -> dict[str, float]:
        return {"loss": self.valid_loss(float(self.loss(batch)))}

    def illustrate(self, batch: Numbers) -> Illustration:
        return Illustration()


def recipe(**changes: object) -> Recipe:
    known: dict[str, object] = {
        "model": "acoustic",
        "corpora": [CorpusChoice(folder=Path("x"))],
        "steps": STEPS,
        "validate_every": 7,
        "learning_rate": 0.01,
        "warmup_steps": 5,
        "average": 0.9,
        "precision": "float32",
        "checkpoint_s": 1e-9,  # after every step
    }
    return Recipe.model_validate(known | changes)


def trainer(folder: Path, learner: Learner | None = None, **options: object) -> Trainer[Numbers]:
    about = options.pop("about", {"recipe": {"seed": 1}})
    source = options.pop("source", Source())
    watcher = options.pop("watcher", None)
    return Trainer(
        learner or Learner(), source, recipe(**options), folder,
        device=torch.device("cpu"), about=about, watcher=watcher,
    )  # fmt: skip


def same(one: Path, other: Path) -> None:
    """Hold two runs equal: every metric and every bit of the weights and the optimiser."""
    assert (one / metrics.FILE).read_text() == (other / metrics.FILE).read_text()
    for name in (LAST, BEST):
        a, b = load_file(one / name), load_file(other / name)
        assert a.keys() == b.keys()
        assert all(torch.equal(a[key], b[key]) for key in a)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    outcome = trainer(folder).run()
    assert (outcome.step, outcome.reason) == (STEPS, "finished")
    return folder


def test_the_loss_falls_and_every_twentieth_step_is_written(whole: Path) -> None:
    lines = metrics.read(whole / metrics.FILE)
    assert [x["step"] for x in lines if x["kind"] == "train"] == [20, 40]
    valid = [x for x in lines if x["kind"] == "valid"]
    assert [x["step"] for x in valid] == [7, 14, 21, 28, 35, 40]
    assert valid[-1]["loss"] < valid[0]["loss"]


def test_stopped_and_gone_on_with_is_the_same_run(whole: Path, tmp_path: Path) -> None:
    first = trainer(tmp_path)
    outcome = first.run(lambda p: first.stop() if p.step == 17 else None)
    assert (outcome.step, outcome.reason) == (17, "stopped")
    assert trainer(tmp_path).run().step == STEPS
    same(whole, tmp_path)


def test_killed_between_checkpoints_it_draws_the_same_curve(whole: Path, tmp_path: Path) -> None:
    first = trainer(tmp_path)
    first.run(lambda p: first.stop() if p.step == 9 else None)
    kept = (tmp_path / LAST).read_bytes()

    class KilledError(Exception):
        pass

    def kill(progress) -> None:
        if progress.step == 29:
            raise KilledError

    with pytest.raises(KilledError):
        trainer(tmp_path).run(kill)
    (tmp_path / LAST).write_bytes(kept)  # as if none had been written since: metrics run ahead
    with (tmp_path / metrics.FILE).open("a") as file:
        file.write('{"kind": "train", "step": 30, "lo')
    trainer(tmp_path).run()
    same(whole, tmp_path)


SCRIPT = """
import importlib.util, os, signal, sys, torch
from pathlib import Path
torch.set_num_threads(1)
spec = importlib.util.spec_from_file_location("toy", sys.argv[1])
toy = importlib.util.module_from_spec(spec); sys.modules["toy"] = toy; spec.loader.exec_module(toy)
def kill(progress):
    if progress.step == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
toy.trainer(Path(sys.argv[2]), checkpoint_s=1e-9).run(kill)
"""


@pytest.mark.slow
def test_kill_9_loses_nothing(whole: Path, tmp_path: Path) -> None:
    args = [sys.executable, "-c", SCRIPT, __file__, str(tmp_path), "23"]
    done = subprocess.run(args, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == -signal.SIGKILL
    trainer(tmp_path).run()
    same(whole, tmp_path)


def test_a_finished_run_is_left_as_it_is(whole: Path, tmp_path: Path) -> None:
    for name in (LAST, BEST, metrics.FILE):
        (tmp_path / name).write_bytes((whole / name).read_bytes())
    outcome = trainer(tmp_path).run()
    assert (outcome.step, outcome.reason) == (STEPS, "finished")
    same(whole, tmp_path)


def test_a_kill_after_the_last_validation_does_not_write_it_twice(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trainer(tmp_path)
    save = Trainer._save
    saved: list[str] = []

    def broken(self: Trainer, name: str) -> None:
        saved.append(name)
        if self._step == STEPS and self._validated == STEPS and name == LAST:
            raise KeyboardInterrupt
        save(self, name)

    monkeypatch.setattr(Trainer, "_save", broken)
    with pytest.raises(KeyboardInterrupt):
        run.run()
    monkeypatch.undo()
    trainer(tmp_path).run()
    same(whole, tmp_path)


def test_time_is_up(tmp_path: Path) -> None:
    assert trainer(tmp_path).run(minutes=1e-9).reason == "stopped"
    assert (tmp_path / LAST).exists()
    assert metrics.read(tmp_path / metrics.FILE) == []  # stopped before the first line: no fault


def test_patience_ends_a_run_and_the_best_is_kept(tmp_path: Path) -> None:
    losses = iter([3.0, 3.0, 2.0, 2.0, 5.0, 5.0, 4.0, 4.0, 3.0, 3.0])
    learner = Learner()
    learner.valid_loss = lambda _: next(losses)
    outcome = trainer(tmp_path, learner, validate_every=2, patience=3).run()
    assert outcome == Outcome(10, "early", 4, 2.0, outcome.spent_s, "best", 4)
    assert trainer(tmp_path, validate_every=2, patience=3).run().step == 10  # and stays ended


def test_the_best_weights_are_those_of_the_best_validation(tmp_path: Path) -> None:
    seen: list[dict[str, Tensor]] = []
    learner = Learner()
    values = {5: 2.0, 10: 1.0, 15: 3.0, 20: 4.0}

    def valid(_: float) -> float:
        seen.append({k: v.clone() for k, v in learner.net.state_dict().items()})
        return values[5 * len(seen)]

    learner.valid_loss = valid
    trainer(tmp_path, learner, steps=20, validate_every=5, source=Source(1)).run()
    best = load_file(tmp_path / BEST)
    assert all(torch.equal(best[f"average.net.{k}"], v) for k, v in seen[1].items())
    assert not torch.equal(best["module.net.0.weight"], best["average.net.0.weight"])


def test_a_run_that_keeps_the_latest_gives_them_though_they_validate_worse(tmp_path: Path) -> None:
    learner = Learner()
    learner.valid_loss = lambda _: float(len(list(tmp_path.glob("*.safetensors"))) + 1)
    outcome = trainer(tmp_path, learner, steps=20, validate_every=5, keep="latest").run()
    assert (outcome.best_step, outcome.best_loss) == (5, 2.0)  # the loss alone decides
    assert (outcome.keep, outcome.kept_step) == ("latest", 20)
    best, last = load_file(tmp_path / BEST), load_file(tmp_path / LAST)
    assert torch.equal(best["average.net.0.weight"], last["average.net.0.weight"])


def test_patience_ends_a_run_that_keeps_the_latest(tmp_path: Path) -> None:
    losses = iter([1.0, 2.0, 3.0, 0.5])
    learner = Learner()
    learner.valid_loss = lambda _: next(losses)
    options = {"validate_every": 5, "patience": 2, "keep": "latest", "source": Source(1)}
    outcome = trainer(tmp_path, learner, **options).run()
    assert (outcome.step, outcome.reason, outcome.best_step) == (15, "early", 5)
    assert outcome.kept_step == 15
    assert kept_weights(tmp_path).step == 15


def test_a_run_without_a_validation_says_what_to_do(tmp_path: Path) -> None:
    made = trainer(tmp_path, keep="latest")
    made.stop()
    made.run()
    with pytest.raises(TrainingError, match=r"before its first validation.*train fit"):
        kept_weights(tmp_path)
    with pytest.raises(TrainingError, match="no checkpoint"):
        kept_weights(tmp_path / "nothing")


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_no_number_leaves_the_last_checkpoint(tmp_path: Path, bad: float) -> None:
    learner = Learner(at=lambda step: bad if step == 12 else 1.0)
    with pytest.raises(TrainingError, match=r"'net' is no finite number in step 12.*stands"):
        trainer(tmp_path, learner).run()
    kept = load_file(tmp_path / LAST)
    assert all(bool(torch.isfinite(one).all()) for one in kept.values())
    assert trainer(tmp_path).run().step == STEPS  # the broken clip was taken out


def test_a_gradient_that_is_no_number_is_refused_before_the_step(tmp_path: Path) -> None:
    learner = Learner(at=lambda step: 3e38 if step == 3 else 1.0)
    learner.loss = lambda batch: learner.net(batch.x).sum() * 1e-30  # type: ignore[method-assign]
    learner.net[3].weight.register_hook(
        lambda grad: grad * math.nan if grad.abs().max() > 1 else grad
    )
    with pytest.raises(TrainingError, match="gradient of 'net' is no finite number in step 3"):
        trainer(tmp_path, learner).run()
    assert all(bool(torch.isfinite(p).all()) for p in learner.net.parameters())


def test_a_validation_that_is_no_number_is_no_best(tmp_path: Path) -> None:
    learner = Learner()
    learner.valid_loss = lambda _: math.nan
    with pytest.raises(TrainingError, match="validation loss is no finite number"):
        trainer(tmp_path, learner).run()
    assert not (tmp_path / BEST).exists()


def test_no_validation_clip_is_told_before_hours_are_spent(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no validation clip"):
        trainer(tmp_path, source=Source(0)).run()


def test_another_architecture_is_refused_by_name(tmp_path: Path) -> None:
    trainer(tmp_path, steps=3).run()
    with pytest.raises(TrainingError, match=r"0\.weight is \(8, 4\), not \(5, 4\)"):
        trainer(tmp_path, Learner(width=5), steps=3).run()


def test_another_recipe_is_refused_with_what_differs(tmp_path: Path) -> None:
    trainer(tmp_path, steps=3).run()
    before = (tmp_path / LAST).read_bytes()
    with pytest.raises(TrainingError, match=r"recipe\.seed was 1, now 2"):
        trainer(tmp_path, steps=3, about={"recipe": {"seed": 2}}).run()
    assert (tmp_path / LAST).read_bytes() == before


def test_a_damaged_checkpoint_says_how_to_go_on(tmp_path: Path) -> None:
    trainer(tmp_path).run()
    (tmp_path / LAST).write_bytes((tmp_path / LAST).read_bytes()[:1000])
    with pytest.raises(TrainingError, match=f"Copy {BEST} over it"):
        trainer(tmp_path).run()
    (tmp_path / LAST).write_bytes((tmp_path / BEST).read_bytes())
    assert trainer(tmp_path).run().step == STEPS


def test_two_processes_do_not_share_a_run(tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(TrainingError, match="Another process is training"):
        trainer(tmp_path).run()
    trainer(tmp_path, steps=2).run()  # let go


def test_without_averages_the_plain_weights_are_validated(tmp_path: Path) -> None:
    trainer(tmp_path, average=0.0, steps=8).run()
    assert not [key for key in load_file(tmp_path / BEST) if key.startswith("average")]


def test_the_rate_rises_then_falls_to_its_end() -> None:
    plan = recipe(steps=100, warmup_steps=10, learning_rate=1.0, final_rate=0.1)
    rates = [learning_rate(plan, step) for step in range(101)]
    assert rates[0] == pytest.approx(0.1, rel=0.01)
    assert max(rates) == pytest.approx(1.0, rel=0.03)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[100] == pytest.approx(0.1)


def test_time_left_counts_the_steps_of_this_piece_alone(tmp_path: Path) -> None:
    first = trainer(tmp_path)
    first.run(lambda p: first.stop() if p.step == 30 else None)
    shown = []
    trainer(tmp_path).run(shown.append)
    assert [p.step for p in shown] == list(range(31, STEPS + 1))
    assert shown[-1].left_s == 0.0


class Watcher:
    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []

    def numbers(self, kind, values, step: int) -> None:
        self.seen.append((kind, step))

    def picture(self, illustration, step: int) -> None:
        self.seen.append(("picture", step))


def test_a_watcher_sees_numbers_and_a_picture_now_and_then(tmp_path: Path) -> None:
    watcher = Watcher()
    trainer(tmp_path, watcher=watcher, illustrate_every=20).run()
    assert [s for kind, s in watcher.seen if kind == "valid"] == [7, 14, 21, 28, 35, 40]
    assert [s for kind, s in watcher.seen if kind == "picture"] == [21, 40]
    assert ("train", 20) in watcher.seen
