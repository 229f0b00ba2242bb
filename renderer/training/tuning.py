"""How a character is learnt: three recipes, each of which a person may change in some fields.

All of it is read and judged before anything is written or learnt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from renderer.errors import Fault, InputError
from renderer.training.recipe import CorpusChoice, Recipe, fault_of, read_toml

READER = "fastpitch.encoder"
"""What is kept of the acoustic model: ten minutes do not teach a language better than hours did."""

ACOUSTIC: Mapping[str, Any] = {
    "steps": 1_000,
    "batch_frames": 3_200,
    "learning_rate": 3e-4,
    "warmup_steps": 20,
    "final_rate": 0.1,
    "average": 0.99,
    "validate_every": 50,
    "patience": 8,
    "frozen": (READER,),
}
VOCODER: Mapping[str, Any] = {
    "steps": 0,
    "batch_frames": 512,
    "learning_rate": 1e-4,
    "warmup_steps": 10,
    "average": 0.99,
    "validate_every": 50,
    "patience": 6,
    "predicted_mels": True,
}
ALIGNER: Mapping[str, Any] = {
    "steps": 400,
    "batch_frames": 3_200,
    "learning_rate": 2e-3,
    "warmup_steps": 50,
    "final_rate": 0.1,
    "average": 0.0,
    "validate_every": 100,
}
TABLES: Mapping[str, Mapping[str, Any]] = {
    "acoustic": ACOUSTIC,
    "vocoder": VOCODER,
    "aligner": ALIGNER,
}

_GIVEN = frozenset(("model", "corpora", "start_from"))  # by the command
_UNHEEDED = _GIVEN | {"size", "balance", "with_emotion", "adversarial_from", "predicted_mels"}
# Fields that are not heeded, by table.
UNHEEDED: Mapping[str, frozenset[str]] = {
    "acoustic": _UNHEEDED | {"segment_frames"},
    "vocoder": _UNHEEDED | {"frozen"},
    "aligner": _UNHEEDED | {"frozen", "segment_frames", "weight_decay"},
}


@dataclass(frozen=True, slots=True)
class Tuning:
    """How a character is learnt.

    Attributes:
        acoustic: Fields of the acoustic model's recipe that differ from `ACOUSTIC`.
        vocoder: Fields of the vocoder's that differ from `VOCODER`; `steps = 0` leaves it alone.
        aligner: Fields of the aligner's that differ from `ALIGNER`.
        minutes: How long the acoustic model may learn in all, over every piece; 0 for no limit.
        device: `cpu` or `cuda`.
        file: Where the fields were written, or "".
    """

    acoustic: Mapping[str, Any] = field(default_factory=dict)
    vocoder: Mapping[str, Any] = field(default_factory=dict)
    aligner: Mapping[str, Any] = field(default_factory=dict)
    minutes: float = 0.0
    device: str = "cpu"
    file: str = ""


@dataclass(frozen=True, slots=True)
class Plans:
    """The recipes of a character's runs; `vocoder` is None where it is left alone."""

    acoustic: Recipe
    aligner: Recipe
    vocoder: Recipe | None


def read_tables(path: Path) -> dict[str, Any]:
    """Read the tables of a file.

    Raises:
        InputError: It is no TOML or has other tables.
    """
    tables = read_toml(path, f"The recipe {path} cannot be read.")
    fix = f"There are the tables {', '.join(sorted(TABLES))}."
    faults = [
        Fault(path.as_posix(), 0, name, "This is no table of a recipe.", fix, "unknown-table")
        for name, value in tables.items()
        if name not in TABLES or not isinstance(value, dict)
    ]
    if faults:
        raise InputError(f"The recipe {path.name} cannot be used.", faults)
    return tables


def plans(how: Tuning, corpus: Path) -> Plans:
    """Return the recipes of the runs on one corpus.

    Raises:
        InputError: Something is no field of a recipe, is not heeded, or has a wrong value; every
            fault.
    """
    faults: list[Fault] = []
    acoustic = _plan("acoustic", how.acoustic, corpus, how.file, faults)
    aligner = _plan("aligner", how.aligner, corpus, how.file, faults)
    steps = how.vocoder.get("steps", VOCODER["steps"])
    is_left = type(steps) is int and steps == 0
    changes = {**how.vocoder, "steps": 1} if is_left else how.vocoder
    vocoder = _plan("vocoder", changes, corpus, how.file, faults)
    if faults or acoustic is None or aligner is None:
        raise InputError(f"{len(faults)} faults in the recipe of the character.", faults)
    return Plans(acoustic, aligner, None if is_left else vocoder)


def recipe(
    table: Literal["acoustic", "vocoder", "aligner"], changes: Mapping[str, Any], corpus: Path
) -> Recipe:
    """Return one of the recipes, with changes.

    Raises:
        InputError: As of `plans`.
    """
    faults: list[Fault] = []
    made = _plan(table, changes, corpus, "", faults)
    if made is None or faults:
        raise InputError(f"{len(faults)} faults in the recipe of the {table}.", faults)
    return made


def _plan(
    table: str, changes: Mapping[str, Any], corpus: Path, file: str, faults: list[Fault]
) -> Recipe | None:
    """Return a recipe, or None where it has faults, which are added to the others."""
    odd = sorted(UNHEEDED[table] & changes.keys())
    for name in odd:
        if name in _GIVEN:
            problem = "The command says that itself."
        else:
            problem = f"This is not heeded by the {table} of a character."
        faults.append(Fault(file, 0, f"{table}.{name}", problem, "Leave it out.", "not-heeded"))
    plain = {k: v for k, v in changes.items() if k not in odd}
    model = "vocoder" if table == "vocoder" else "acoustic"
    whole = {**TABLES[table], **plain, "model": model, "corpora": [CorpusChoice(folder=corpus)]}
    try:
        return Recipe.model_validate(whole)
    except ValidationError as error:
        faults += [fault_of(file, dict(one), table) for one in error.errors()]
    except RecursionError:
        fix = "See docs/characters.md."
        faults.append(Fault(file, 0, table, "This is nested too deeply.", fix, "wrong-value"))
    return None
