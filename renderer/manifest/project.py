"""The project file: read, checked, and every fault at once."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from renderer.domain.locale import is_locale
from renderer.domain.project import CODECS, DeliveryTarget, MasteringTarget, Project
from renderer.errors import Fault, Level, ManifestError
from renderer.manifest.cast import read_cast
from renderer.manifest.charset import decode
from renderer.manifest.field import (
    clean_text,
    near,
    read_choice,
    read_note,
    read_number,
    read_row,
    read_table,
    read_text,
    read_whole_number,
    refuse_unknown,
    shown,
)
from renderer.manifest.identifier import ID_FIX, is_id
from renderer.manifest.json_tree import load_json
from renderer.manifest.source import read_bytes
from renderer.manifest.tree import FaultLog, Place, Plain, Table, Unreadable
from renderer.manifest.yaml_tree import load_yaml

PROJECT_FILES = ("project.yaml", "project.yml", "project.json")
PROJECT_FIELDS = (
    "name", "title", "source_locale", "locales", "characters", "scenes", "lexicons", "targets",
    "max_attempts", "notes", "$schema",
)  # fmt: skip
MASTERING_LIMITS = {
    "loudness_lufs": (-40.0, -10.0),
    "true_peak_dbtp": (-12.0, 0.0),
    "head_s": (0.0, 5.0),
    "tail_s": (0.0, 5.0),
}
SAMPLE_RATES = (16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000)
MAX_ATTEMPTS = 10


def find_project(path: Path) -> Path:
    """Return the project file of a folder, or the file itself.

    Raises:
        ManifestError: There is none.
    """
    if path.is_file():
        return path
    for name in PROJECT_FILES:
        if (path / name).is_file():
            return path / name
    problem = f"{path} holds no project file."
    fix = f"Name the folder that holds {PROJECT_FILES[0]}."
    raise ManifestError(
        f"{problem} {fix}", [Fault(PROJECT_FILES[0], 0, "", problem, fix, "no-project")]
    )


def read_project(path: Path) -> Project:
    """Read a project file.

    Args:
        path: The project file, or the folder that holds it.

    Raises:
        ManifestError: It is wrong; all faults are listed.
    """
    file = find_project(path)
    faults: list[Fault] = []
    log = FaultLog(file.name, faults)
    try:
        data = decode(read_bytes(file, log), log)
        tree: Any = load_json(data, log) if file.suffix == ".json" else load_yaml(data, log)
        if not isinstance(tree, Table):
            fix = "Write at least name, locales and characters."
            raise log.fatal((1, 0), "wrong-type", "A project file is a mapping.", fix)
        project = _project(tree, file, log)
    except Unreadable:
        project = None
    log.close()
    if project is None or any(f.level is Level.ERROR for f in faults):
        raise ManifestError(f"{file.name} has {len(faults)} fault(s).", faults)
    return project


def _project(tree: Table, file: Path, log: FaultLog) -> Project:
    refuse_unknown(tree, PROJECT_FIELDS, log)
    for key in ("title", "notes"):
        read_note(tree, key, log)
    required = _locales(tree, log)
    source = _source_locale(tree, tuple(required), log)
    locales = tuple(sorted(required, key=lambda locale: locale != source))
    targets = read_table(tree, "targets", log) or Table(tree.place)
    refuse_unknown(targets, ("mastering", "delivery"), log, "targets.")
    return Project(
        name=_name(tree, log),
        root=file.parent,
        path=file,
        source_locale=source,
        locales=locales,
        characters=read_cast(tree, locales, log),
        scenes=_patterns(tree, "scenes", log) or ("scenes/**/*",),
        lexicons=_patterns(tree, "lexicons", log) or ("lexicon/*.yaml",),
        required={locale: required[locale] or locale == source for locale in locales},
        mastering=_mastering(targets, log),
        delivery=_delivery(targets, log),
        max_attempts=read_whole_number(tree, "max_attempts", (1, MAX_ATTEMPTS), log) or 3,
    )


def _name(tree: Table, log: FaultLog) -> str:
    before = log.errors
    name = read_text(tree, "name", log).strip()
    if not name and log.errors == before:
        fix = "Add 'name:', for example 'name: emberfall'."
        log.error(tree.place, "name", "missing-field", "The project has no name.", fix)
    elif name and not is_id(name):
        problem = f"{shown(name)} cannot be a project's name."
        log.error(tree.where("name"), "name", "unsafe-id", problem, ID_FIX)
    return name


def _locales(tree: Table, log: FaultLog) -> dict[str, bool]:
    """Return locale to whether all of its lines must be there for `verify` to pass."""
    value = tree.get("locales")
    found: dict[str, bool] = {}
    if isinstance(value, Table):
        for locale in value:
            inner = read_table(value, locale, log, "locales.")
            found[_locale(locale, log, value.where(locale))] = _is_required(inner, locale, log)
    else:
        row = read_row(tree, "locales", log)
        for n, item in enumerate(row):
            text = clean_text(item, log, row.where(n), "locales")
            locale = _locale(text, log, row.where(n))
            if locale in found:
                problem = f"The locale {shown(locale)} is listed twice."
                log.error(row.where(n), "locales", "duplicate-key", problem, "Keep one of them.")
            found[locale] = False
    if not found:
        fix = "Add 'locales: [en-US]', the source locale first."
        log.error(tree.where("locales"), "locales", "missing-field", "No locale is listed.", fix)
    return found


def _locale(text: str, log: FaultLog, place: Place) -> str:
    if text and not is_locale(text):
        fix = "Write a BCP 47 tag such as en-US, de-DE or zh-Hant-TW."
        log.error(place, "locales", "bad-locale", f"{shown(text)} is no locale.", fix)
    return text


def _is_required(inner: Table | None, locale: str, log: FaultLog) -> bool:
    if inner is None:
        return False
    prefix = f"locales.{locale}."
    refuse_unknown(inner, ("required",), log, prefix)
    value = inner.get("required", False)
    if isinstance(value, Plain):
        value = {"true": True, "false": False}.get(value.lower(), value)
    if isinstance(value, bool):
        return value
    place = inner.where("required")
    problem = f"{shown(value)} is neither true nor false."
    log.error(place, f"{prefix}required", "wrong-type", problem, "Write true or false.")
    return False


def _source_locale(tree: Table, locales: tuple[str, ...], log: FaultLog) -> str:
    source = read_text(tree, "source_locale", log).strip()
    if source and locales and source not in locales:
        problem = f"The source locale {shown(source)} is not among the locales."
        fix = f"Add it to 'locales' or correct it.{near(source, locales)}"
        log.error(tree.where("source_locale"), "source_locale", "unknown-locale", problem, fix)
    return source or next(iter(locales), "")


def _patterns(tree: Table, key: str, log: FaultLog) -> tuple[str, ...]:
    """Read glob patterns; none may lead out of the project folder."""
    row = read_row(tree, key, log)
    patterns = []
    for n, item in enumerate(row):
        pattern = clean_text(item, log, row.where(n), key).strip()
        outside = (
            PurePosixPath(pattern).is_absolute()
            or PureWindowsPath(pattern).anchor
            or "\\" in pattern
            or ".." in PurePosixPath(pattern).parts
        )
        if outside or not pattern:
            problem = f"{shown(pattern)} leads out of the project folder or is no pattern."
            fix = "Write a path below the project folder with forward slashes: scenes/**/*."
            log.error(row.where(n), key, "escaping-pattern", problem, fix)
        else:
            patterns.append(pattern)
    return tuple(patterns)


def _mastering(targets: Table, log: FaultLog) -> MasteringTarget:
    prefix = "targets.mastering."
    table = read_table(targets, "mastering", log, "targets.") or Table(targets.place)
    refuse_unknown(table, (*MASTERING_LIMITS, "sample_rate"), log, prefix)
    given: dict[str, Any] = {}
    for key, limits in MASTERING_LIMITS.items():
        number = read_number(table, key, limits, log, prefix)
        if number is not None:
            given[key] = number
    rate = read_whole_number(table, "sample_rate", (1, 2**31), log, prefix)
    if rate is not None and rate not in SAMPLE_RATES:
        fix = f"Use one of {', '.join(map(str, SAMPLE_RATES))} Hz."
        problem = f"A sample rate of {rate} Hz is not offered."
        log.error(table.where("sample_rate"), f"{prefix}sample_rate", "out-of-range", problem, fix)
    return MasteringTarget(**given, **({"sample_rate": rate} if rate else {}))


def _delivery(targets: Table, log: FaultLog) -> DeliveryTarget:
    prefix = "targets.delivery."
    table = read_table(targets, "delivery", log, "targets.") or Table(targets.place)
    refuse_unknown(table, ("codec", "quality"), log, prefix)
    codec = read_choice(table, "codec", CODECS, log, prefix)
    quality = read_number(table, "quality", (0.0, 1.0), log, prefix)
    plain = DeliveryTarget()
    return DeliveryTarget(codec or plain.codec, plain.quality if quality is None else quality)
