"""The garbage collector, with a project or, in a service, without one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from renderer import config
from renderer.bootstrap.clock import SystemClock
from renderer.bootstrap.service import require_schema
from renderer.config import Settings
from renderer.errors import ConfigError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from renderer.services.gc import GarbageCollector


@dataclass(frozen=True, slots=True)
class Grounds:
    """What is swept.

    Attributes:
        build: The build folder whose own database or store is meant, or None in a service.
        database_url: SQLAlchemy URL.
        store: Address of the object store.
    """

    build: Path | None
    database_url: str
    store: str

    @property
    def lock_path(self) -> Path | None:
        """The build folder's own voice lock, when it has one."""
        path = self.build / "voice.lock" if self.build else None
        return path if path is not None and path.is_file() else None


def find_grounds(settings: Settings, project: Path | None, build: Path | None) -> Grounds:
    """Find database and store.

    Args:
        settings: From the environment.
        project: Project folder or file; None where the settings name database and store.
        build: Build folder; None for the settings' or `build/<project>`.

    Raises:
        ManifestError: There is no project, or its file is wrong.
        ConfigError: There is no database.
    """
    place = build or settings.build
    if place is None and (project is not None or not (settings.database_url and settings.store)):
        from renderer.manifest.project import read_project

        place = Path("build") / read_project(project or Path()).name
    if not settings.database_url and not (place and (place / "barkline.db").is_file()):
        raise ConfigError(
            f"there is no database in {place}; nothing was swept. Name the build folder with "
            "--build, or the database with BARKLINE_DATABASE_URL."
        )
    own = place or Path()
    return Grounds(
        build=place,
        database_url=settings.database_url or f"sqlite:///{(own / 'barkline.db').resolve()}",
        store=settings.store or str(own / "store"),
    )


def open_collector(
    grounds: Grounds, grace_s: float, progress: Callable[[str, int, int | None], None]
) -> GarbageCollector:
    """Open database and store, and compose the service that sweeps.

    Raises:
        ConfigError: The store is one that cannot be swept, or the service's database has not the
            tables of this release.
    """
    from renderer.db.reference import SqlReferences
    from renderer.ports import SweptStore
    from renderer.services.gc import GarbageCollector
    from renderer.storage.location import open_store

    store = open_store(grounds.store)
    if not isinstance(store, SweptStore):
        raise ConfigError(
            "a web server can be read only; name the folder or the s3:// bucket behind it with "
            "BARKLINE_STORE."
        )
    references = SqlReferences(open_engine(grounds.database_url))
    return GarbageCollector(store, references, SystemClock(), grace_s=grace_s, progress=progress)


def open_engine(database_url: str) -> Engine:
    """Open a database; a build folder's own is brought up to date.

    Raises:
        ConfigError: The service's database has not the tables of this release.
    """
    from renderer.db.engine import open_database
    from renderer.db.migrate import migrate

    engine = open_database(database_url)
    if engine.dialect.name == "sqlite":
        migrate(engine, config.migrations_dir())
    else:
        require_schema(engine)
    return engine
