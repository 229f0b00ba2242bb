"""`pip install barkline` without extras is enough for the game build: `pull` and `verify`.

Builds the wheel, installs it into an empty environment from the configured index and runs both
commands there. Without an index this is skipped at home and fails in CI.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from renderer import bootstrap, config
from renderer.config import Settings
from renderer.domain.object_key import sha256_hex
from renderer.domain.render_key import RenderKey
from renderer.domain.utterance import Utterance
from renderer.domain.voice_lock import LockEntry, dump
from renderer.manifest.reader import find_files, read_scenes
from renderer.storage.local import LocalStore

# The base dependencies of pyproject.toml and what they bring along.
MAY_BE_INSTALLED = {
    *("barkline", "click", "pydantic", "pydantic-core", "annotated-types", "typing-extensions"),
    *("typing-inspection", "pyyaml", "rich", "markdown-it-py", "mdurl", "pygments", "colorama"),
}
MAY_BE_IMPORTED = {
    *("renderer", "click", "pydantic", "pydantic_core", "annotated_types", "typing_extensions"),
    *("typing_inspection", "yaml", "_yaml", "rich", "markdown_it", "mdurl", "pygments"),
    *("colorama",),
}
HEAVY = (
    *("torch", "torchaudio", "numpy", "scipy", "onnxruntime", "sqlalchemy", "alembic", "dramatiq"),
    *("boto3", "soundfile", "phonemizer", "parselmouth", "jinja2", "librosa"),
)
PIP = (sys.executable, "-m", "pip")
PROBE = """
import json, sys
from importlib.util import find_spec
from pathlib import Path

out, heavy, *argv = sys.argv[1:]
from renderer.cli import main
try:
    main(argv)
except SystemExit as end:
    code = end.code
prefix = Path(sys.prefix).resolve()
files = {n: Path(getattr(m, "__file__", "") or "/") for n, m in sys.modules.items()}
own = [n for n, file in files.items() if prefix in file.parents]
here = [n for n in heavy.split(",") if find_spec(n)]
Path(out).write_text(json.dumps({"code": code, "modules": sorted(own), "heavy": here}))
"""
PROJECT = """\
name: tiny
source_locale: en-US
locales:
  en-US:
  de-DE: {required: true}
characters:
  guard: {name: Guard, voice: formant}
"""
SCENE = """\
scene: gate
locale: {locale}
lines:
  - {{id: halt_01, character: guard, text: "{halt}", emotion: {{name: angry, intensity: 0.8}}}}
  - {{id: halt_02, character: guard, text: "{who}"}}
"""


@dataclass(frozen=True)
class Game:
    """A project with a published lock, and the store it names."""

    root: Path

    @property
    def project(self) -> Path:
        return self.root / "manifests"

    @property
    def lock(self) -> Path:
        return self.root / "voice.lock"

    @property
    def into(self) -> Path:
        return self.root / "game"


def _run(*command: object, **options: Any) -> subprocess.CompletedProcess[str]:
    env = {
        k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "BARKLINE", "GITHUB"))
    }
    return subprocess.run(
        [str(c) for c in command], env=env, capture_output=True, text=True, check=False, **options
    )


def _needs_index(what: str, done: subprocess.CompletedProcess[str]) -> None:
    if done.returncode == 0:
        return
    message = f"{what} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    signs = ("No matching distribution", "Connection", "Could not find a version", "ProxyError")
    if os.environ.get("CI") != "true" and any(sign in message for sign in signs):
        pytest.skip(f"no package index: {what} failed")
    pytest.fail(message)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    """The interpreter of an empty environment into which the bare wheel was installed."""
    folder = tmp_path_factory.mktemp("base")
    shared = ["--no-build-isolation"] if find_spec("hatchling") else []
    wheel = _run(*PIP, "wheel", "--no-deps", *shared, "-w", folder, repository)
    _needs_index("building the wheel", wheel)
    venv.create(folder / "venv", with_pip=False)
    inner = folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    [built] = folder.glob("barkline-*.whl")
    _needs_index("installing it", _run(*PIP, "--python", inner, "install", "-q", built))
    return inner


@pytest.fixture
def game(tmp_path: Path) -> Game:
    made = Game(tmp_path)
    scenes = made.project / "scenes"
    scenes.mkdir(parents=True)
    (made.project / "project.yaml").write_text(PROJECT, encoding="utf-8")
    english = SCENE.format(locale="en-US", halt="Halt!", who="Who goes there?")
    german = SCENE.format(locale="de-DE", halt="Stehen bleiben!", who="Wer da?")
    (scenes / "gate.yaml").write_text(english, encoding="utf-8")
    (scenes / "gate.de-DE.yaml").write_text(german, encoding="utf-8")
    _publish(made)
    return made


def _publish(game: Game) -> None:
    workspace = bootstrap.open_workspace(game.project, Settings())
    store = LocalStore(game.root / "store")
    scenes = read_scenes(workspace.project, find_files(workspace.project), [])
    lines = [u for scene in scenes for u in scene.utterances]
    assert len(lines) == 4
    entries = [_entry(store, u, RenderKey(workspace.inputs.parts(u))) for u in lines]
    game.lock.write_text(dump("tiny", entries), encoding="utf-8")


def _entry(store: LocalStore, said: Utterance, key: RenderKey) -> LockEntry:
    sound = f"sound of {said.line_id} in {said.locale}".encode()
    return LockEntry(
        line_id=said.line_id,
        locale=said.locale,
        character=said.character,
        key=store.put(sound, ".ogg", "audio/ogg"),
        sha256=sha256_hex(sound),
        size=len(sound),
        duration_s=0.8,
        extension=".ogg",
        metadata_key="",
        metadata_sha256="",
        render_key=key.hex,
        input_digest=key.input_digest,
        voice=said.voice,
        publishable=True,
        parts=key.plain(),
    )


def _barkline(python: Path, game: Game, *args: object) -> tuple[dict[str, Any], str]:
    """Run a command in the empty environment; return what it loaded and printed."""
    out = game.root / "probe.json"
    done = _run(python, "-I", "-c", PROBE, out, ",".join(HEAVY), *args, cwd=game.root)
    assert out.is_file(), done.stderr
    seen: dict[str, Any] = json.loads(out.read_text())
    assert seen["heavy"] == [], "a heavy library came with the base install"
    loaded = {name.partition(".")[0] for name in seen["modules"]}
    assert loaded <= MAY_BE_IMPORTED, done.stderr
    return seen, done.stdout + done.stderr


def _pull(game: Game, store: str = "") -> tuple[object, ...]:
    place = store or game.root / "store"
    return ("pull", "--lock", game.lock, "--store", place, "--into", game.into)


def test_nothing_but_small_libraries_is_installed(python: Path) -> None:
    listed = json.loads(_run(*PIP, "--python", python, "list", "--format", "json").stdout)
    names = {row["name"].lower().replace("_", "-") for row in listed}
    assert names <= MAY_BE_INSTALLED
    assert "barkline" in names


def test_the_entry_point_answers(python: Path) -> None:
    done = _run(python.with_name("barkline"), "--help")
    assert done.returncode == 0, done.stderr
    assert "verify" in done.stdout


def test_a_pull_and_its_proof(python: Path, game: Game) -> None:
    pull = _pull(game)
    seen, said = _barkline(python, game, *pull)
    assert seen["code"] == 0, said
    assert "4 fetched" in said
    sounds = {p.relative_to(game.into).as_posix() for p in game.into.rglob("*.ogg")}
    assert sounds == {f"{loc}/halt_0{i}.ogg" for loc in ("en-US", "de-DE") for i in (1, 2)}
    seen, said = _barkline(python, game, *pull)
    assert "0 fetched (0.0 MB), 4 kept" in said
    verify = ("verify", game.project, "--lock", game.lock, "--assets", game.into)
    seen, said = _barkline(python, game, *verify)
    assert seen["code"] == 0, said
    assert "shippable: 4 of 4 required lines proven, 4 files compared" in said


def test_a_pull_loads_neither_pydantic_nor_yaml(python: Path, game: Game) -> None:
    pull = _pull(game)
    seen, _ = _barkline(python, game, *pull)
    assert not {"pydantic", "yaml", "rich"} & {n.partition(".")[0] for n in seen["modules"]}


def test_a_changed_line_is_not_shippable_and_says_why(python: Path, game: Game) -> None:
    scene = game.project / "scenes" / "gate.yaml"
    scene.write_text(scene.read_text().replace("Who goes there?", "Who is there?"))
    verify = ("verify", game.project, "--lock", game.lock, "--format", "github")
    seen, said = _barkline(python, game, *verify)
    assert seen["code"] == 1, said
    assert "::error file=manifests/scenes/gate.yaml,line=5,title=voice stale::halt_02" in said
    assert "text changed" in said


def test_a_profile_change_is_seen_without_numpy(python: Path, game: Game) -> None:
    """The shipped profiles travel in the wheel; the project's own ones replace them."""
    shipped = json.loads((config.assets_dir() / "emotion_profiles.json").read_text())
    for level in shipped["emotions"]["angry"].values():
        level["shape"]["pitch_st"] += 1
    (game.project / "emotion_profiles.json").write_text(json.dumps(shipped))
    seen, said = _barkline(python, game, "verify", game.project, "--lock", game.lock, "--json")
    problems = json.loads(said)["problems"]
    assert seen["code"] == 1
    assert {(p["line_id"], tuple(p["changed"])) for p in problems} == {
        ("halt_01", ("emotion_profile",))
    }


def test_a_wrong_lock_and_a_wrong_manifest_exit_65(python: Path, game: Game) -> None:
    game.lock.write_text("<<<<<<< HEAD\n")
    seen, said = _barkline(python, game, "verify", game.project, "--lock", game.lock)
    assert (seen["code"], "merge conflict" in said) == (65, True)
    (game.project / "project.yaml").write_text("name: [")
    seen, _ = _barkline(python, game, "verify", game.project, "--lock", game.lock)
    assert seen["code"] == 65


def test_a_damaged_store_exits_74_and_names_the_file(python: Path, game: Game) -> None:
    [first, *_] = sorted((game.root / "store").rglob("*.ogg"))
    first.write_bytes(b"garbage")
    seen, said = _barkline(python, game, *_pull(game))
    assert seen["code"] == 74
    assert "1 of 4 files" in said
    assert "damaged" in said


def test_an_s3_store_asks_for_its_extra(python: Path, game: Game) -> None:
    seen, said = _barkline(python, game, *_pull(game, "s3://bucket/voice"))
    assert seen["code"] == 78
    assert "pip install 'barkline[s3]'" in said
