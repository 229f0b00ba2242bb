"""A game of eight short lines, and `barkline` as its writers, its CI and its build call it."""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from renderer.cli import main
from renderer.domain.voice_lock import LockEntry, VoiceLock, load
from tests.kept_scores import kept_scores

# A shell that starts tests in the background lets them ignore Ctrl-C, and so would their children.
SPAWNED = """\
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from renderer.cli import main
main()
"""
PROJECT = """\
name: tiny
source_locale: en-US
locales:
  en-US: {required: true}
  de-DE: {required: false}
  fr-FR: {required: false}
characters:
  guard: {name: Guard, voice: formant#m3}
  wren: {name: Wren, voice: formant#f2, voices: {de-DE: formant#f1}}
targets:
  mastering: {loudness_lufs: -23, head_s: 0.05, tail_s: 0.12}
  delivery: {codec: ogg, quality: 0.5}
"""
GATE = """\
scene: gate
locale: en-US
lines:
  - {id: halt, character: guard, text: "Halt, who goes there?", emotion: angry 0.6}
  - {id: name, character: wren, text: "I am looking for Vhar."}
  - {id: run, character: wren, text: "We have to leave this place.", emotion: fearful 0.5}
  - {id: run_again, character: wren, text: "We have to leave this place.", emotion: fearful 0.5}
"""
ROAD = """\
scene: road
locale: en-US
lines:
  - {id: road, character: guard, text: "The road to Vhar is closed.", emotion: sad 0.4}
"""
GERMAN = """\
scene: gate
locale: de-DE
lines:
  - {id: halt, character: guard, text: "Halt, wer ist da?", emotion: angry 0.6}
  - {id: name, character: wren, text: "Ich suche Vhar."}
"""
FRENCH = """\
scene: gate
locale: fr-FR
lines:
  - {id: halt, character: guard, text: "Halte, qui va là ?", emotion: angry 0.6}
"""
LEXICON = """\
locale: en-US
entries:
  - {word: Vhar, ipa: "ˈvɑːɹ"}
"""
# What is tested with this game is what becomes of its lines. Models would take half of the time to
# say how they sound; those who test that have projects of their own.
GATE_LIMITS = "metrics: exact\n"
FILES = {
    "project.yaml": PROJECT,
    "gate.yaml": GATE_LIMITS,
    "scenes/gate.yaml": GATE,
    "scenes/road.yaml": ROAD,
    "scenes/de-DE/gate.yaml": GERMAN,
    "scenes/fr-FR/gate.yaml": FRENCH,
    "lexicon/names.yaml": LEXICON,
}


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Game:
    """A checkout of the game with its build folder."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def project(self) -> Path:
        return self.root / "game"

    @property
    def build(self) -> Path:
        return self.root / "build"

    @property
    def database(self) -> Path:
        return self.build / "barkline.db"

    @property
    def lock_path(self) -> Path:
        return self.build / "voice.lock"

    def write(self, name: str, text: str) -> None:
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def read(self, name: str) -> str:
        return (self.project / name).read_text(encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        text = self.read(name)
        assert old in text, f"{old!r} is not in {name}"
        self.write(name, text.replace(old, new))

    def call(self, *argv: object) -> Done:
        """Run a command in this process."""
        out, err = io.StringIO(), io.StringIO()
        before = {name: os.environ.get(name) for name in self.env}
        os.environ.update(self.env)
        try:
            with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as end:
                main([str(a) for a in argv])
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
        assert isinstance(end.value.code, int)
        return Done(end.value.code, out.getvalue(), err.getvalue())

    def run(self, command: str, *argv: object) -> Done:
        """Run a command on the project with its build folder, in this process."""
        return self.call(command, self.project, "--build", self.build, *argv)

    def spawn(self, command: str, *argv: object, **env: str) -> subprocess.Popen[str]:
        """Start a command on the project as a process of its own."""
        return subprocess.Popen(
            [
                *(sys.executable, "-c", SPAWNED),
                *(command, str(self.project), "--build", str(self.build), *map(str, argv)),
            ],
            env={**os.environ, "BARKLINE_WORKERS": "1", **self.env, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def render(self, *argv: object) -> Done:
        return self.run("render", "--no-report", "--json", *argv)

    def takes(self, *argv: object) -> dict[str, int]:
        """Render; return how many takes ended how, the zeros left out."""
        done = self.render(*argv)
        return {status: n for status, n in done.json["takes"].items() if n}

    def plan(self, *argv: object) -> dict[tuple[str, str], tuple[str, list[str]]]:
        """Plan; return line to (change, inputs)."""
        done = self.run("plan", "--json", *argv)
        document = done.json
        assert done.code == (2 if document["work"] else 0)
        return {
            (line["line_id"], line["locale"]): (line["change"], line["because"])
            for line in document["lines"]
        }

    def publish(self) -> Done:
        return self.run("publish")

    def lock(self) -> VoiceLock:
        return load(self.lock_path.read_text(encoding="utf-8"))

    def entries(self) -> dict[tuple[str, str], LockEntry]:
        return self.lock().by_key()

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.database)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def dump(self) -> str:
        """Everything the database says."""
        connection = sqlite3.connect(self.database)
        try:
            return "\n".join(connection.iterdump())
        finally:
            connection.close()

    def objects(self) -> list[Path]:
        return sorted(p for p in (self.build / "store" / "objects").rglob("*") if p.is_file())

    def copy(self, to: Path) -> Game:
        """The same checkout and build in another place."""
        shutil.copytree(self.root, to)
        return Game(to, dict(self.env))


@pytest.fixture(scope="session", autouse=True)
def scores() -> Iterator[None]:
    """What the judges say of a sound is kept."""
    with kept_scores():
        yield


@pytest.fixture(scope="session")
def quiet_environment() -> Iterator[dict[str, str]]:
    """The variables of a test run: no one's own voices, settings or workflow."""
    saved = dict(os.environ)
    for name in [n for n in os.environ if n.startswith(("BARKLINE_", "GITHUB_"))]:
        if name != "BARKLINE_REFERENCE_DATA":
            del os.environ[name]
    yield saved
    os.environ.update(saved)


@pytest.fixture(scope="session")
def new_game(
    tmp_path_factory: pytest.TempPathFactory, repository: Path, quiet_environment: dict[str, str]
) -> Callable[[], Game]:
    """Make a game that was never rendered."""

    def make() -> Game:
        game = Game(tmp_path_factory.mktemp("tiny"))
        game.env["BARKLINE_VOICES"] = str(game.root / "voices")
        for name, text in FILES.items():
            game.write(name, text)
        profiles = repository / "assets" / "emotion_profiles.json"
        shutil.copy(profiles, game.project / "emotion_profiles.json")
        return game

    return make


@pytest.fixture(scope="session")
def rendered(new_game: Callable[[], Game]) -> Game:
    """The game, rendered and published once; read only."""
    game = new_game()
    done = game.render()
    assert done.code == 0, done.err
    assert game.publish().code == 0
    return game


@pytest.fixture
def game(rendered: Game, tmp_path: Path) -> Game:
    """A copy of the rendered game, to do things to."""
    return rendered.copy(tmp_path / "checkout")


class Engine:
    """Counts what the voices were asked to say for takes; the words of each line.

    What the gate lets them say for itself, plainly or to know them, is left out.
    """

    def __init__(self) -> None:
        self.said: list[str] = []


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """A spy on the formant voice."""
    from renderer.services.level import VoiceLevel
    from renderer.services.said_plainly import SaidPlainly
    from renderer.speech.formant import FormantVoice

    spy, aside = Engine(), threading.local()
    speak = FormantVoice.speak

    def spied(self: Any, requests: Any) -> Any:
        if not getattr(aside, "depth", 0):
            spy.said += [" ".join(r.transcript.written) for r in requests]
        return speak(self, requests)

    def leave_out(room: Any, name: str) -> None:
        real = getattr(room, name)

        def quiet(self: Any, *args: Any) -> Any:
            aside.depth = getattr(aside, "depth", 0) + 1
            try:
                return real(self, *args)
            finally:
                aside.depth -= 1

        monkeypatch.setattr(room, name, quiet)

    leave_out(SaidPlainly, "waveform")
    leave_out(VoiceLevel, "passages")
    monkeypatch.setattr(FormantVoice, "speak", spied)
    return spy
