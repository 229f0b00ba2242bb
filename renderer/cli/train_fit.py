"""`barkline train fit | predict | export`."""

from __future__ import annotations

import json
import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from renderer.cli import show
from renderer.cli.needs_torch import require_torch
from renderer.errors import ConfigError, Fault, InputError, TrainingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from renderer.training.export import VoiceAbout
    from renderer.training.trainer import Outcome, Progress, Trainer
    from renderer.training.watcher import TensorBoard

_run = click.Path(path_type=Path, file_okay=False)
_recipe = click.Path(path_type=Path, dir_okay=False, exists=True)
_device_option = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    help="Where to compute; auto: on a GPU where there is one.",
)
_threads_option = click.option("--threads", type=click.IntRange(1), help="CPU cores to use.")
_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command(
    name="fit", epilog="Example: barkline train fit recipes/acoustic.toml --out build/runs/acoustic"
)
@click.argument("recipe", type=_recipe)
@click.option("--out", "folder", type=_run, required=True, help="The run's folder.")
@click.option(
    "--minutes", type=click.FloatRange(0), default=0, help="Stop after so long; 0: never."
)
@click.option("--fresh", is_flag=True, help="Refuse to go on with a run that is there.")
@_device_option
@_threads_option
@_json_option
def fit(recipe: Path, folder: Path, minutes: float, fresh: bool, **options: Any) -> int:  # noqa: ANN401 - click
    """Train an acoustic model or a vocoder as RECIPE says.

    Ctrl-C, a kill or --minutes ends it after the step under way; the same command goes on where it
    was, to the same loss curve. Needs `pip install 'barkline[train]'`.
    """
    require_torch(options["threads"])
    from renderer.training import run_card
    from renderer.training.fit import is_begun, prepare_run
    from renderer.training.recipe import read_recipe

    if fresh and is_begun(folder):
        raise ConfigError(f"{folder} holds a run already; leave out --fresh to go on with it.")
    plan = read_recipe(recipe)
    folder.mkdir(parents=True, exist_ok=True)
    with _bar("measuring clips", quiet=options["as_json"]) as told:
        run = prepare_run(
            plan,
            folder,
            device=options["device"],
            watcher=_watcher(folder),
            show_features=lambda done, all_: told(done, all_, ""),
        )
    for note in run.notes:
        show.warn(note)
    with _bar(plan.model, quiet=options["as_json"]) as told, _stopping(run.trainer):
        outcome = run.go(_shown(told), minutes)
    if options["as_json"]:
        click.echo(json.dumps({"run": folder.as_posix()} | run_card.plain(outcome)))
    else:
        click.echo(
            f"{outcome.reason} at step {outcome.step} after {outcome.spent_s / 60:.1f} minutes; "
            f"{_best(outcome)}: {folder}"
        )
    return 0


@click.command(
    name="predict",
    epilog="Example: barkline train predict build/runs/acoustic build/corpora/mira",
)
@click.argument("run", type=_run)
@click.argument("corpora", type=_run, nargs=-1, required=True)
@_device_option
@_threads_option
def predict(run: Path, corpora: tuple[Path, ...], device: str, threads: int | None) -> int:
    """Let the acoustic model of RUN say all clips of CORPORA again, for a vocoder to finish on.

    A recipe with `predicted_mels = true` learns from them.
    """
    require_torch(threads)
    from renderer.training.acoustic import AcousticLearner
    from renderer.training.corpus import Corpus
    from renderer.training.fit import choose_device
    from renderer.training.predicted import predict_all
    from renderer.training.trainer import kept_weights

    kept = kept_weights(run)
    learner = AcousticLearner.restored(kept, kept.run)
    where = choose_device(device)
    for module in learner.modules.values():
        module.to(where)
    with _bar("predicting", quiet=False) as told:
        count = predict_all(
            learner,
            [Corpus.load(folder) for folder in corpora],
            device=where,
            show=lambda done, all_: told(done, all_, ""),
        )
    click.echo(f"{count} mels predicted.")
    return 0


@click.command(
    name="export",
    epilog="Example: barkline train export build/runs/acoustic build/runs/vocoder "
    "--about pack.toml --out assets/voices",
)
@click.argument("acoustic", type=_run)
@click.argument("vocoder", type=_run)
@click.option("--about", type=_recipe, required=True, help="TOML: name, rights and speakers.")
@click.option("--out", "folder", type=_run, required=True, help="Folder of voices to put it into.")
@click.option("--weights", type=click.Path(path_type=Path), help="Keep the weights as safetensors.")
@click.option("--full", is_flag=True, help="Store weights in 32 bits instead of 16.")
@click.option("--replace", is_flag=True, help="Replace a voice of that name.")
def export(acoustic: Path, vocoder: Path, about: Path, folder: Path, **options: Any) -> int:  # noqa: ANN401 - click
    """Write the voice that the runs ACOUSTIC and VOCODER learnt.

    The voice appears whole or not at all.
    """
    require_torch()
    from renderer.training import checkpoint
    from renderer.training.acoustic import AcousticLearner
    from renderer.training.corpus import MEL
    from renderer.training.export import export_voice
    from renderer.training.generator import make_generator
    from renderer.training.trainer import kept_weights

    said = _about(about)
    kept = kept_weights(acoustic)
    learner = AcousticLearner.restored(kept, kept.run)
    _require_spoken(about, said.languages, learner.model.config.languages)
    sound = kept_weights(vocoder)
    try:
        generator = make_generator(str(sound.run.get("size")), MEL)
    except ValueError as error:
        raise TrainingError(f"{vocoder} is no run of a vocoder: {error}.") from error
    checkpoint.restore_module(sound, "vocoder", generator, averaged=True)
    folder.mkdir(parents=True, exist_ok=True)
    made = export_voice(
        learner.model.eval(),
        learner.speakers.eval(),
        generator.eval(),
        said,
        folder / said.name,
        not options["full"],
        weights=options["weights"],
        replace=options["replace"],
    )
    size = sum(path.stat().st_size for path in made.iterdir()) / 2**20
    click.echo(f"{made}: {size:.1f} MiB. Try `barkline voices say {said.name} --voices {folder}`.")
    return 0


def _about(path: Path) -> VoiceAbout:
    """Read what a person says about a voice.

    Raises:
        InputError: It is no TOML or has other fields.
    """
    from pydantic import TypeAdapter, ValidationError

    from renderer.training.export import VoiceAbout
    from renderer.training.recipe import read_toml

    failed = f"{path} does not describe a voice."
    plain = read_toml(path, failed)
    faults = [_fault(path, place, problem, "unknown-field") for place, problem in _unknown(plain)]
    try:
        made: VoiceAbout = TypeAdapter(VoiceAbout).validate_python(plain)
    except ValidationError as error:
        faults += [
            _fault(path, ".".join(map(str, one["loc"])), one["msg"], "wrong-value")
            for one in error.errors()
        ]
    if faults:
        raise InputError(failed, faults)
    return made


def _unknown(plain: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield every field that is none, also of speakers and blends, and what there are."""
    from dataclasses import fields

    from renderer.domain.voice_model import Blend
    from renderer.training.export import SpeakerAbout, VoiceAbout

    tables: list[tuple[str, Any, Any]] = [("", plain, VoiceAbout)]
    for group, kind in (("speakers", SpeakerAbout), ("blends", Blend)):
        found = plain.get(group)
        if isinstance(found, dict):
            tables += [(f"{group}.{name}.", one, kind) for name, one in found.items()]
    for place, table, kind in tables:
        names = [one.name for one in fields(kind)]
        for name in table if isinstance(table, dict) else ():
            if name not in names:
                yield f"{place}{name}", f"There is no such field; there are {', '.join(names)}"


def _require_spoken(path: Path, languages: Sequence[str], known: Sequence[str]) -> None:
    """Refuse to say that a voice speaks what its model has not learnt."""
    if strange := sorted(set(languages) - set(known)):
        problem = f"The model does not speak {', '.join(strange)}; it knows {', '.join(known)}"
        fault = _fault(path, "languages", problem, "unknown-language")
        raise InputError(f"{path} does not describe this voice.", [fault])


def _fault(path: Path, field: str, problem: str, code: str) -> Fault:
    return Fault(path.as_posix(), 0, field, f"{problem}.", "See docs/training.md.", code)


def _watcher(folder: Path) -> TensorBoard:
    """Return TensorBoard.

    Raises:
        ConfigError: It is not installed.
    """
    from renderer.training.watcher import TensorBoard

    try:
        return TensorBoard(folder)
    except ImportError as error:
        raise ConfigError(
            "Training needs tensorboard. Install it with `pip install 'barkline[cpu,train]'`."
        ) from error


def _best(outcome: Outcome) -> str:
    if not outcome.best_step:
        return "not validated yet"
    best = f"best validation loss {outcome.best_loss:.4f} at step {outcome.best_step}"
    if outcome.keep == "latest":
        return f"the latest weights are kept, of step {outcome.kept_step} ({best})"
    return best


@contextmanager
def _bar(title: str, *, quiet: bool) -> Iterator[Callable[[int, int, str], None]]:
    """Show a progress bar on the standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Bar(*columns, console=Console(stderr=True), disable=quiet) as bar:
        task = bar.add_task(title, total=None, note="")

        def told(done: int, total: int, note: str) -> None:
            bar.update(task, completed=done, total=total, note=note)

        yield told


def _shown(told: Callable[[int, int, str], None]) -> Callable[[Progress], None]:
    def show(progress: Progress) -> None:
        losses = " ".join(f"{n} {value:.3f}" for n, value in list(progress.losses.items())[:3])
        told(progress.step, progress.steps, f"{_time(progress.left_s)} left  {losses}")

    return show


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


@contextmanager
def _stopping(trainer: Trainer[Any]) -> Iterator[None]:
    """Turn Ctrl-C and SIGTERM into an end after the step that is under way."""
    wanted = (signal.SIGINT, signal.SIGTERM)
    before = {sign: signal.signal(sign, lambda *_: trainer.stop()) for sign in wanted}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
