"""`barkline analyse`: who sounds like whom; what another voice would change.

`barkline analyse PROJECT` studies the cast. The other steps live in files of their own and are
imported when they run.
"""

from __future__ import annotations

import click

from renderer.cli.step import Step, Steps

CAST = "cast"
STEPS = {
    CAST: Step(
        "analyse_cast", "command", "Study the cast: maps, matrices, pitch, drift. [default]"
    ),
    "upgrade": Step(
        "analyse_upgrade", "command", "Render lines with another voice, old beside new."
    ),
    "promote": Step("analyse_promote", "promote", "Give a character the voice of the upgrade."),
    "rollback": Step("analyse_promote", "rollback", "Give a character its former voice back."),
}


@click.group(
    name="analyse",
    cls=Steps,
    steps=STEPS,
    default=CAST,
    epilog="Example: barkline analyse manifests/emberfall --locale en-US",
)
def command() -> None:
    """Show who sounds like whom, how voices moved, and what another voice would change.

    `barkline analyse PROJECT` is short for `barkline analyse cast PROJECT`; its options are those
    of `barkline analyse cast --help`.
    """
