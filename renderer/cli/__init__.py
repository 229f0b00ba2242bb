"""The command line: the only place that prints and exits.

`main` knows the commands by name and help alone and imports a command's module when it runs, so
that `--help`, `check`, `pull` and `verify` stay light.
"""

from __future__ import annotations

import difflib
import importlib
import io
import logging
import sys
from typing import Any

import click

from renderer import __version__
from renderer.errors import BarklineError, ConfigError, InputError

USAGE_ERROR = 64  # sysexits.h; 2 is taken: `plan` exits 2 when there is work
BUG = 70
DISK_FAILED = 74
INTERRUPTED = 130
FAULTS_SHOWN = 50

click.UsageError.exit_code = USAGE_ERROR

COMMANDS: dict[str, str] = {
    "check": "Check manifests without a database.",
    "schema": "Print the JSON Schema of manifests.",
    "plan": "Show what a render would do, and why.",
    "import": "Import what changed, and render nothing yet.",
    "render": "Import, render and report what changed.",
    "build": "The whole walk: render, publish, pull and report.",
    "status": "Show where every line is.",
    "preview": "Render one line at once, without a database.",
    "freeze": "Pin approved lines to their current take.",
    "thaw": "Let pinned lines follow their inputs again.",
    "report": "Write the QA pages.",
    "review": "Decide about takes: approve, waive, retake, return, replace.",
    "publish": "Write the voice lock.",
    "pull": "Fetch the lock's assets into a game build.",
    "verify": "Prove that a lock can be shipped.",
    "forget": "Forget lines that are gone, projects, and old history.",
    "usage": "Show what each project cost, and what it was saved.",
    "copy": "Copy a project of a build folder into the service.",
    "doctor": "Look whether everything Barkline needs is there and well.",
    "migrate": "Bring the service's database to this release's schema.",
    "relay": "Move queued lines to the workers of a service.",
    "worker": "Render what a service has queued.",
    "gc": "Sweep the object store of what nothing names.",
    "voices": "List, show, add, install, map and try voices; train characters.",
    "train": "Train voices of your own: text sets, corpora, models.",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they run; their help is known without."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the walk."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command's module and return its `command`."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"renderer.cli.{cmd_name}").command
        if not isinstance(command, click.Command):
            raise TypeError(f"renderer.cli.{cmd_name}.command is no click command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; say which one was probably meant when there is none."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            near = difflib.get_close_matches(name, COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"No such command {name!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: barkline build manifests/emberfall",
)
@click.version_option(__version__, prog_name="barkline")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def barkline(ctx: click.Context, debug: bool) -> None:
    """Dialogue manifests in, verified voice assets out.

    Exit codes: 0 fine; 1 something was rejected, failed or may not be shipped; 2 `plan` found
    work; 64 wrong usage; 65 wrong input; 69 a voice or service is not available; 70 a fault of
    Barkline itself; 74 the object store, the database or the disk failed; 78 wrong settings;
    130 interrupted.
    """
    ctx.obj = {"debug": debug}


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit."""
    argv = sys.argv[1:] if args is None else args
    for stream in (sys.stdout, sys.stderr):  # a console that cannot show a letter shows its number
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    is_debug = "--debug" in argv[:1]
    _log(with_traceback=is_debug)
    if is_debug:
        sys.exit(_run(argv))
    sys.exit(_run_for_people(argv))


def _run_for_people(argv: list[str]) -> int:
    """Run the command line; whatever goes wrong is said in words."""
    try:
        return _run(argv)
    except BarklineError as error:
        _tell(error)
        return error.exit_code
    except OSError as error:
        click.echo(f"barkline: {_explain_os(error)}", err=True)
        return DISK_FAILED
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and _is_foreign(error.name):
            click.echo(f"barkline: {_explain_missing(error.name)}", err=True)
            return ConfigError.exit_code
        click.echo(
            f"barkline: unforeseen {type(error).__name__}: {error}\n"
            "This is a fault of Barkline. `barkline --debug …` shows where; please report that. "
            "Nothing is lost: the same command goes on where it was.",
            err=True,
        )
        return BUG


def _is_foreign(module: str | None) -> bool:
    """Whether a module is another package's, so that a missing extra is the likely cause."""
    return bool(module) and str(module).split(".", maxsplit=1)[0] not in ("renderer", "workers")


def _explain_missing(module: str | None) -> str:
    return (
        f"this command needs {module}, which is not installed. `pip install barkline` alone "
        "checks, pulls and verifies; to render: pip install 'barkline[cpu]' (or 'barkline[gpu]')."
    )


def _explain_os(error: OSError) -> str:
    what = f"{error.filename}: " if error.filename else ""
    return (
        f"{what}{error.strerror or error}. Check that the path is right, may be read and written, "
        "and that its disk has space; then run the command again: nothing is lost."
    )


class _Brief(logging.Formatter):
    """Says what happened, without a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        error = record.exc_info[1] if record.exc_info else None
        said = record.getMessage()
        return f"{record.levelname.lower()}: {said}" + (f": {error}" if error else "")


def _log(*, with_traceback: bool) -> None:
    """Show what the services log on standard error, for people unless a traceback is asked for."""
    handler = logging.StreamHandler()
    if not with_traceback:
        handler.setFormatter(_Brief())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def _run(argv: list[str]) -> int:
    try:
        result: Any = barkline.main(argv, prog_name="barkline", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted; run the same command again to go on", err=True)
        return INTERRUPTED
    return result if isinstance(result, int) else 0


def _tell(error: BarklineError) -> None:
    """Show an error and its faults on standard error."""
    faults = error.faults if isinstance(error, InputError) else ()
    for fault in faults[:FAULTS_SHOWN]:
        click.echo(f"{fault.level.value}: {fault}", err=True)
    if len(faults) > FAULTS_SHOWN:
        more = len(faults) - FAULTS_SHOWN
        click.echo(f"… and {more} more; `barkline check` shows all", err=True)
    click.echo(f"barkline: {error}", err=True)
