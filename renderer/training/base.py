"""The voice that new characters begin from: its networks in one safetensors file, or two runs.

The file holds `module.fastpitch.*`, `module.speakers.*` and `module.vocoder.*`; `about.run` in its
header says config and speakers of the acoustic model and what the vocoder is, `about.rights` the
terms that everything made from it inherits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from torch import nn

from renderer.errors import TrainingError
from renderer.training import checkpoint
from renderer.training.acoustic import AcousticLearner
from renderer.training.checkpoint import Checkpoint
from renderer.training.config_check import read_config, require_tensors
from renderer.training.corpus import MEL
from renderer.training.fastpitch import FastPitch
from renderer.training.generator import make_generator
from renderer.training.hifigan import Generator, GeneratorConfig
from renderer.training.source_filter import SourceFilter, SourceFilterConfig
from renderer.training.speaker_table import SpeakerTable
from renderer.training.trainer import kept_weights

SOURCE_FILTER, HIFIGAN = "source_filter", "hifigan"


@dataclass(frozen=True, slots=True)
class Inherited:
    """The terms of a base, which hold for what is made from it too.

    Attributes:
        voice: Its name, or "" when it is no voice yet.
        licence: SPDX expression or a short name; "" when unknown.
        may_publish: Whether what is made from it may be shipped.
        attribution: Text that has to be shipped, or "".
    """

    voice: str = ""
    licence: str = ""
    may_publish: bool = False
    attribution: str = ""


@dataclass(frozen=True, slots=True)
class Base:
    """A trained voice as training wants it.

    Attributes:
        path: Where it was read from.
        sha256: Of its weights.
        acoustic: Checkpoint with the modules `fastpitch` and `speakers`.
        vocoder: Checkpoint with the module `vocoder`; the same one in a weights file.
        kind: Which vocoder it is, and its config.
        rights: Its terms.
    """

    path: Path
    sha256: str
    acoustic: Checkpoint
    vocoder: Checkpoint
    kind: Mapping[str, Any]
    rights: Inherited = field(default_factory=Inherited)

    @classmethod
    def load(cls, path: Path, vocoder: Path | None = None) -> Base:
        """Read a base.

        Args:
            path: A weights file of `train export --weights`, or an acoustic run's folder.
            vocoder: The vocoder's run, beside an acoustic one.

        Raises:
            TrainingError: It cannot be read, or it is none.
        """
        if path.is_file() and vocoder is not None:
            raise TrainingError(f"{path} holds its vocoder itself; leave the other one out.")
        if path.is_file():
            return _of_file(path)
        if vocoder is None:
            raise TrainingError(
                f"{path} is no weights file. Give one that `barkline train export --weights` "
                "wrote, or the runs of an acoustic model and of a vocoder."
            )
        acoustic, sound = kept_weights(path), kept_weights(vocoder)
        _require(acoustic, "fastpitch", "speakers")
        _require(sound, "vocoder")
        try:
            made = make_generator(str(_run(sound).get("size")), MEL)
        except ValueError as error:
            raise TrainingError(f"{vocoder} is no run of a vocoder: {error}.") from error
        both = f"{_sha256(acoustic.path)}{_sha256(sound.path)}".encode()
        return cls(path, hashlib.sha256(both).hexdigest(), acoustic, sound, describe(made))

    def learner(self, **options: Any) -> AcousticLearner:  # noqa: ANN401 - of the learner
        """Return the acoustic model, to be taught.

        Raises:
            TrainingError: The weights are of another architecture.
        """
        return AcousticLearner.restored(self.acoustic, _run(self.acoustic), **options)

    def generator(self) -> nn.Module:
        """Return the vocoder.

        Raises:
            TrainingError: The weights are of another architecture.
        """
        made = _vocoder(self.kind, self.vocoder)
        checkpoint.restore_module(self.vocoder, "vocoder", made, averaged=True)
        return made


def save_base(
    path: Path,
    acoustic: FastPitch,
    speakers: SpeakerTable,
    vocoder: nn.Module,
    rights: Inherited,
    *,
    half: bool,
) -> None:
    """Write what `Base.load` reads.

    Args:
        path: The weights file.
        acoustic: The acoustic model.
        speakers: Its speakers.
        vocoder: A vocoder of ours.
        rights: Terms of the voice.
        half: Store weights in 16 bits; speakers and their statistics stay exact.

    Raises:
        TrainingError: The file cannot be written.
    """
    run = {
        "config": asdict(acoustic.config),
        "speakers": list(speakers.names),
        "vocoder": describe(vocoder),
    }
    networks = [deepcopy(module).half() if half else module for module in (acoustic, vocoder)]
    parts = {"fastpitch": networks[0], "speakers": speakers, "vocoder": networks[1]}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        checkpoint.save(path, 0, {"run": run, "rights": asdict(rights)}, parts, {}, {})
    except (OSError, TrainingError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        raise TrainingError(
            f"The weights cannot be written to {path} ({cause}). Name another place or make room, "
            "then export again."
        ) from error


def describe(vocoder: nn.Module) -> dict[str, Any]:
    """Return what a vocoder is, as plain JSON.

    Raises:
        TrainingError: It is none of ours.
    """
    if isinstance(vocoder, SourceFilter):
        return {"kind": SOURCE_FILTER, "config": asdict(vocoder.config)}
    if isinstance(vocoder, Generator):
        return {"kind": HIFIGAN, "config": asdict(vocoder.config)}
    raise TrainingError(f"A {type(vocoder).__name__} is no vocoder that can be kept as a base.")


def _vocoder(kind: Mapping[str, Any], kept: Checkpoint) -> nn.Module:
    """Return an untrained vocoder of a kind, whose weights a checkpoint holds."""
    try:
        name, plain = kind["kind"], kind["config"]
        if name not in (HIFIGAN, SOURCE_FILTER):
            raise TrainingError(
                f"{kept.path} holds a vocoder this version does not know: {name!r}."
            )
        build: Callable[[], nn.Module]
        if name == HIFIGAN:
            of_hifigan = read_config(GeneratorConfig(), plain)
            if of_hifigan.width % 2 ** len(of_hifigan.rates):
                raise ValueError("width is not halved by each of the rates")
            build = partial(Generator, of_hifigan)
        else:
            build = partial(SourceFilter, read_config(SourceFilterConfig(), plain))
        require_tensors(kept, "vocoder", build)
        return build()
    except (KeyError, TypeError, ValueError) as error:
        raise TrainingError(f"{kept.path} does not say which vocoder it holds: {error}") from error


def _of_file(path: Path) -> Base:
    kept = checkpoint.load(path)
    _require(kept, "fastpitch", "speakers", "vocoder")
    try:
        rights = Inherited(**kept.about["rights"])
        kind = _run(kept)["vocoder"]
    except (KeyError, TypeError) as error:
        raise TrainingError(
            f"{path} does not say what it holds ({error}); write it again with "
            "`barkline train export --weights`."
        ) from error
    return Base(path, _sha256(path), kept, kept, kind, rights)


def _run(kept: Checkpoint) -> Mapping[str, Any]:
    run = kept.about.get("run")
    if not isinstance(run, dict):
        raise TrainingError(f"{kept.path} does not say which model it holds.")
    return run


def _require(kept: Checkpoint, *modules: str) -> None:
    missing = [name for name in modules if not kept.weights(name)]
    if missing:
        raise TrainingError(
            f"{kept.path} holds no {' and no '.join(missing)}, so it is nothing to begin from."
        )


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
