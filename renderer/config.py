"""Settings: the only reader of the environment.

BARKLINE_BUILD          folder for database, store and reports   build/<project>
BARKLINE_DATABASE_URL   SQLAlchemy URL                           sqlite in the build folder
BARKLINE_STORE          object store: a folder or s3://…         store/ in the build folder
BARKLINE_VOICES         folder of installed voices               ~/.local/share/barkline/voices
BARKLINE_THREADS        threads of the engines                   number of cores
BARKLINE_WORKERS        batches rendered at once                 2
BARKLINE_BATCH          lines per batch at most                  16
BARKLINE_CUDA           auto, on or off                          auto
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from renderer.errors import ConfigError

_KNOWN = {
    *("BARKLINE_BUILD", "BARKLINE_DATABASE_URL", "BARKLINE_STORE", "BARKLINE_VOICES"),
    *("BARKLINE_THREADS", "BARKLINE_WORKERS", "BARKLINE_BATCH", "BARKLINE_CUDA"),
    *("BARKLINE_USER", "BARKLINE_FAILPOINT", "BARKLINE_REFERENCE_DATA"),
}
_HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says, checked.

    Attributes:
        build: Folder for everything generated, or None for `build/<project>`.
        database_url: SQLAlchemy URL, or "" for SQLite in the build folder.
        store: Object store location, or "" for a folder in the build folder.
        voices: Folder of installed voices.
        threads: Threads of the engines.
        workers: Batches rendered at once.
        batch: Lines per batch at most.
        cuda: True, False, or None to use it where it is found.
        failpoint: Where fault tests kill the process, or "".
    """

    build: Path | None = None
    database_url: str = field(default="", repr=False)
    store: str = field(default="", repr=False)
    voices: Path = Path()
    threads: int = 1
    workers: int = 2
    batch: int = 16
    cuda: bool | None = None
    failpoint: str = ""

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read and check the environment.

        Raises:
            ConfigError: Lists every variable that is wrong.
        """
        env = os.environ if environment is None else environment
        problems: list[str] = []
        settings = cls(
            build=Path(env["BARKLINE_BUILD"]) if env.get("BARKLINE_BUILD") else None,
            database_url=env.get("BARKLINE_DATABASE_URL", ""),
            store=env.get("BARKLINE_STORE", ""),
            voices=Path(env.get("BARKLINE_VOICES") or default_voices_dir()),
            threads=_count(env, "BARKLINE_THREADS", os.cpu_count() or 1, problems),
            workers=_count(env, "BARKLINE_WORKERS", 2, problems),
            batch=_count(env, "BARKLINE_BATCH", 16, problems),
            cuda=_switch(env, "BARKLINE_CUDA", problems),
            failpoint=env.get("BARKLINE_FAILPOINT", ""),
        )
        if problems:
            raise ConfigError("\n".join(problems))
        return settings


def unknown_variables(environment: Mapping[str, str] | None = None) -> list[str]:
    """Return the BARKLINE_ variables that nothing reads: probably misspelt."""
    env = os.environ if environment is None else environment
    return sorted(n for n in env if n.startswith("BARKLINE_") and n not in _KNOWN)


def _count(env: Mapping[str, str], name: str, default: int, problems: list[str]) -> int:
    text = env.get(name, "")
    if not text:
        return default
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 1024:  # noqa: PLR2004 - a sane bound
        return int(text)
    problems.append(f"{name}={text!r} is no number from 1 to 1024; unset it for {default}.")
    return default


def _switch(env: Mapping[str, str], name: str, problems: list[str]) -> bool | None:
    known: dict[str, bool | None] = {"": None, "auto": None, "on": True, "off": False}
    text = env.get(name, "").casefold()
    if text not in known:
        problems.append(f"{name}={text!r} is not auto, on or off.")
    return known.get(text)


def default_voices_dir() -> Path:
    """Return where `barkline voices add` puts voices for this user."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "barkline" / "voices"


def _shipped(name: str) -> Path:
    """Return a shipped folder: inside the package, or beside it in a checkout."""
    packaged = _HERE / f"_{name}"
    return packaged if packaged.is_dir() else _HERE.parent / name


def assets_dir() -> Path:
    """Return the folder of shipped voices, lexicons, profiles and limits."""
    return _shipped("assets")


def migrations_dir() -> Path:
    """Return the folder of the database migrations."""
    return _shipped("migrations")


def is_github_actions() -> bool:
    """Whether this runs inside a GitHub workflow."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def who() -> str:
    """Return the name decisions are recorded under."""
    return os.environ.get("BARKLINE_USER") or os.environ.get("USER") or "unknown"
