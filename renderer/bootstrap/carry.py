"""A build folder on one side, the service's database and store on the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from renderer.bootstrap.garbage import open_engine
from renderer.config import Settings
from renderer.errors import ConfigError

if TYPE_CHECKING:
    from renderer.services.carry import Carrier


def open_carrier(
    settings: Settings, build: Path, store: str, progress: Callable[[str, int, int], None]
) -> Carrier:
    """Open both sides.

    Args:
        settings: Name the database and the store that everything goes to.
        build: The build folder; its database is brought up to date.
        store: The store its takes are in; "" for the folder's own.
        progress: Told (what is being done, done, total).

    Raises:
        ConfigError: One of the sides is missing, or both are the same.
    """
    from renderer.db.reference import SqlReferences
    from renderer.db.transfer import SqlTransfer
    from renderer.services.carry import Carrier
    from renderer.storage.location import open_store

    database = build / "barkline.db"
    if not database.is_file():
        raise ConfigError(f"{build} has no barkline.db: name the build folder of a project.")
    if not (settings.database_url and settings.store):
        raise ConfigError(
            "BARKLINE_DATABASE_URL and BARKLINE_STORE say where everything goes: set both, as "
            "docs/service.md has it."
        )
    source = open_engine(f"sqlite:///{database.resolve()}")
    target = open_engine(settings.database_url)
    if target.url == source.url:
        raise ConfigError(f"{database} is what BARKLINE_DATABASE_URL names as well.")
    return Carrier(
        SqlTransfer(source, target),
        SqlReferences(source),
        open_store(store or str(build / "store")),
        open_store(settings.store),
        progress,
    )
