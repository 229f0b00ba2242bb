"""The checks of `barkline doctor`: which there are depends on what is set."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from renderer import config
from renderer.bootstrap.clock import SystemClock
from renderer.config import Settings, unknown_variables
from renderer.domain.diagnosis import Diagnosis, failed, warning, well
from renderer.errors import ConfigError, InputError, JudgeError, TextError
from renderer.services import diagnose
from renderer.services.doctor import Check, examine

# What the shipped voices speak, where no project says otherwise.
LOCALES = ("en-US", "de-DE", "fr-FR", "ca-ES")


def examine_all(project: Path | None, build: Path | None) -> list[Diagnosis]:
    """Look at everything; what is not set is not looked at.

    Args:
        project: A project folder or file; None for the folder at hand, if it is one.
        build: Its build folder; None for the settings' or `build/<project>`.
    """
    try:
        settings = Settings.read()
    except ConfigError as error:
        told = [failed("settings", str(error), "docs/commands.md has them all.")]
        settings = Settings.read({})
        return [*told, *examine(_of_machine(settings, LOCALES, None, build or Path()))]
    name, locales, root = _project(project)
    place = build or settings.build or (Path("build") / name if name else None)
    checks = {
        **_of_servers(settings, place),
        **_of_machine(settings, locales or LOCALES, root, place or Path()),
    }
    return [_settings(settings), *examine(checks)]


def _settings(settings: Settings) -> Diagnosis:
    unknown = unknown_variables()
    if unknown:
        fix = "Is it misspelt? docs/commands.md has them all."
        return warning("settings", f"nothing reads {', '.join(unknown)}", fix)
    mode = "service: workers render" if settings.is_service else "everything in one process"
    return well("settings", mode)


def _project(path: Path | None) -> tuple[str, Sequence[str], Path | None]:
    """Return name, locales and folder of a project; nothing where there is none."""
    from renderer.manifest.project import read_project

    if path is None and not Path("project.yaml").is_file():
        return "", (), None
    try:
        project = read_project(path or Path())
    except InputError:  # `barkline check` says what is wrong with it
        return "", (), None
    return project.name, tuple(project.locales), project.root


def _of_servers(settings: Settings, build: Path | None) -> dict[str, Check]:
    """Return the checks of database, store and queue."""
    checks: dict[str, Check] = {}
    file = build / "barkline.db" if build else None
    url = settings.database_url or (f"sqlite:///{file.resolve()}" if file else "")
    if settings.database_url or (file and file.is_file()):
        checks["database"] = partial(_database, url, is_service=settings.is_service)
    else:
        checks["database"] = lambda: [well("database", "none yet: a render makes it")]
    store = settings.store or (str(build / "store") if build else "")
    if settings.store or (build and (build / "store").is_dir()):
        checks["store"] = partial(_store, store)
    else:
        checks["store"] = lambda: [well("store", "none yet: a render makes it")]
    if settings.is_service:
        checks["queue"] = partial(_queue, settings.service.redis_url)
    return checks


def _of_machine(
    settings: Settings, locales: Sequence[str], root: Path | None, build: Path
) -> dict[str, Check]:
    """Return the checks of what is installed here."""
    own = [root / "voices"] if root else []
    folders = [*own, settings.voices, config.assets_dir() / "voices"]
    listens = {"asr model": partial(_listener, settings.asr_model)} if settings.asr_model else {}
    return {
        **listens,
        "gpu": partial(_gpu, settings.cuda),
        "voices": partial(_voices, folders),
        "espeak": partial(_espeak, locales),
        "disk": partial(
            _disks, {"disk of the build folder": build, "disk for temporary files": None}
        ),
    }


def _database(url: str, *, is_service: bool) -> Iterable[Diagnosis]:
    from renderer.db import health

    engine = health.open_briefly(url)
    try:
        facts = health.facts(engine, SystemClock())
        yield from diagnose.database(facts)
        if is_service and facts.revision == facts.newest:
            yield from diagnose.owed(health.owed(engine, SystemClock()))
    finally:
        engine.dispose()


def _store(url: str) -> Iterator[Diagnosis]:
    from renderer.storage.probe import probe

    return diagnose.store(probe(url))


def _queue(url: str) -> Iterator[Diagnosis]:
    from renderer.messaging import health

    return diagnose.queue(health.facts(url, SystemClock()))


def _gpu(wanted: bool | None) -> list[Diagnosis]:
    from renderer.speech.provider import facts

    return [diagnose.gpu(facts(), wanted)]


def _voices(folders: Sequence[Path]) -> list[Diagnosis]:
    from renderer.speech.inspection import inspect_voices

    return [diagnose.voices(inspect_voices(folders))]


def _espeak(locales: Sequence[str]) -> list[Diagnosis]:
    from renderer.text import espeak

    version, unknown = espeak.version(), {}
    for locale in locales:
        try:
            espeak.language(locale)
        except TextError as error:
            unknown[locale] = str(error)
    return [diagnose.phonemes(version, unknown)]


def _listener(folder: Path) -> Iterator[Diagnosis]:
    from renderer.judges.whisper import WhisperRecogniser

    try:
        WhisperRecogniser(folder).load()
    except JudgeError as error:
        fix = "Or unset BARKLINE_ASR_MODEL: pocketsphinx hears English without it."
        yield failed("asr model", str(error), fix)
    else:
        yield well("asr model", f"{folder} is loaded and would listen with `metrics: full`")


def _disks(folders: dict[str, Path | None]) -> Iterator[Diagnosis]:
    for name, folder in folders.items():
        place = (folder or Path(tempfile.gettempdir())).resolve()
        while not place.exists():
            place = place.parent
        yield diagnose.disk(name, shutil.disk_usage(place).free)
