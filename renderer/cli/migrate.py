"""`barkline migrate`."""

from __future__ import annotations

import click

from renderer import bootstrap
from renderer.config import Settings
from renderer.errors import ConfigError


@click.command(epilog="Example: barkline migrate")
def command() -> int:
    """Bring the service's database to the schema of this release.

    Run it once before workers and relays of a new release start; those of the old one may go on
    beside it. Two at once wait for each other. The embedded mode does this by itself.
    """
    settings = Settings.read()
    if not settings.database_url:
        raise ConfigError(
            "BARKLINE_DATABASE_URL is not set; a project's own database in its build folder is "
            "brought up to date by every command that uses it."
        )
    click.echo(f"schema {bootstrap.migrate_service(settings)}")
    return 0
