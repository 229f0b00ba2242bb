"""`barkline review PROJECT`: the page on which QA decides."""

from __future__ import annotations

import subprocess
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click

from renderer import config
from renderer.bootstrap import House, SystemClock, open_house, open_review
from renderer.cli import walk
from renderer.cli.option import build_option, project_argument
from renderer.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renderer.ports import LineKey
    from renderer.web.door import Door
    from renderer.web.reviewing import Reviewing

LOOPBACK = "127.0.0.1"


@click.command("serve", epilog="Example: barkline review manifests/emberfall --as Mira")
@project_argument
@build_option
@click.option("--host", default=LOOPBACK, show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=0, help="Port.  [default: a free one]"
)
@click.option("--name", "names", multiple=True, metavar="HOST", help="A host name it answers to.")
@click.option("--as", "who", default="", metavar="NAME", help="Who decides.  [default: git's user]")
@click.option("--open/--no-open", "is_opened", default=True, help="Open the page in the browser.")
def command(
    project: Path,
    build: Path | None,
    host: str,
    port: int,
    names: tuple[str, ...],
    who: str,
    is_opened: bool,
) -> int:
    """Serve the review page until Ctrl + C.

    On the loopback address and under its names it asks for no token. On any other it asks for one
    of BARKLINE_REVIEW_TOKEN, or makes one up, prints it and opens the page with it.
    """
    from renderer.web.serve import address_of, open_socket

    workspace = walk.open_workspace(project, build)
    house = open_house(workspace)
    door, made = _door(house, host, names, who)
    with open_socket(host, port) as listener:
        address = address_of(listener, host)
        click.echo(f"review: {address}   (Ctrl + C ends it)")
        if made:
            click.echo(f"token:  {made}")
        link = f"{address}enter?token={made}" if made else address  # a token given is somebody's
        _serve(house, door, listener, link if is_opened else "")
    return 0


def _door(house: House, host: str, names: tuple[str, ...], who: str) -> tuple[Door, str]:
    """Say who may come in; and the token that was made up for it, or ""."""
    import socket

    from renderer.web.door import Door, is_loopback, tokens_asked

    tokens, made = tokens_asked(house.workspace.settings.review_token, host, names)
    is_local = is_loopback(host)
    own = {"localhost"} if is_local else {"localhost", host, socket.gethostname(), socket.getfqdn()}
    door = Door(
        who=who.strip() or _reviewer(house.workspace.project.root),
        tokens=tokens,
        names=frozenset(name.casefold() for name in (*own, *names)),
        is_local=is_local,
    )
    return door, made


def _reviewer(project: Path) -> str:
    """Return the name decisions are recorded under: as set, git's, or the system's."""
    if config.user():
        return config.user()
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments
            ["git", "-C", str(project), "config", "user.name"],  # noqa: S607 - the user's own git
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return config.who()
    return done.stdout.strip() or config.who()


def _serve(house: House, door: Door, listener: object, link: str) -> None:
    """Run the server, its watch and its bench until it is told to stop."""
    from renderer.web.app import create_app
    from renderer.web.compose import open_reviewing
    from renderer.web.serve import Server
    from workers.bench import Bench

    renders = _Renders()
    bench = Bench(house, lambda: walk.hold(house.workspace.build), renders.told)
    reviewing, watch = open_reviewing(house, open_review(house), bench)
    renders.reviewing = reviewing
    app = create_app(reviewing, door, SystemClock(), renders.state)
    server = Server(app, reviewing.feed, lambda: _open(link))
    watch.start()
    bench.start()
    try:
        server.run([listener])  # type: ignore[list-item]
    finally:
        watch.stop()
        bench.stop()


def _open(link: str) -> None:
    if link:
        threading.Thread(target=webbrowser.open, args=(link,), daemon=True).start()


class _Renders:
    """Carries news of the bench to the pages."""

    def __init__(self) -> None:
        self.reviewing: Reviewing | None = None
        self._news: dict[str, object] = {"waiting": 0, "message": ""}

    def state(self) -> dict[str, object]:
        """Return what a page that connects is told."""
        return {"renders": self._news}

    def told(self, keys: Sequence[LineKey], waiting: int, message: str) -> None:
        """Tell the pages, and let them see lines that changed."""
        if self.reviewing is None:
            raise ConfigError("the bench was started before the page")
        news: dict[str, object] = {"waiting": waiting, "message": message}
        if news != self._news:
            self._news = news
            self.reviewing.feed.tell("renders", news)
        self.reviewing.refresh(keys)
