"""Brings a database to the newest schema, one migration per transaction."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, inspect, text

from renderer.errors import ConfigError

HEAD = "0006"


def current_revision(engine: Engine) -> str:
    """Return the database's revision, or "" for an empty one."""
    with engine.connect().execution_options(read_only=True) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return ""
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""


def migrate(engine: Engine, scripts: Path) -> None:
    """Bring the database to the newest schema; free when it already is.

    Args:
        engine: The database.
        scripts: Folder of the Alembic migrations.

    Raises:
        ConfigError: The database was written by a newer Barkline.
    """
    revision = current_revision(engine)
    if revision == HEAD:
        return
    if revision > HEAD:
        raise ConfigError(
            f"the database has schema {revision}, this Barkline knows {HEAD}; "
            "install the newer Barkline or use another database."
        )
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["engine"] = engine
    command.upgrade(config, "head")
