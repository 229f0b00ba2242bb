"""A database of the present schema, made once per process and copied from then on."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import Engine

from renderer import config
from renderer.db.engine import open_database
from renderer.db.migrate import migrate


@cache
def _made() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "barkline.db"
        engine = open_database(f"sqlite:///{path}")
        migrate(engine, config.migrations_dir())
        engine.dispose()
        return path.read_bytes()


def fresh_database(path: Path) -> Engine:
    """Open a new, empty database.

    Args:
        path: Of the file, which is made.
    """
    path.write_bytes(_made())
    return open_database(f"sqlite:///{path}")
