"""The commands `pull` and `verify`: what they print and how they exit."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from renderer import bootstrap
from renderer.cli import main
from renderer.cli.verify import _escape
from renderer.config import Settings
from renderer.domain.object_key import sha256_hex
from renderer.domain.render_key import RenderKey
from renderer.domain.voice_lock import LockEntry, dump
from renderer.manifest.reader import find_files, read_scenes
from renderer.storage.local import LocalStore

Said = SimpleNamespace
Barkline = Callable[..., Said]
PROJECT = """\
name: tiny
source_locale: en-US
locales: [en-US]
characters:
  guard: {name: Guard, voice: formant}
"""
SCENE = """\
scene: gate
lines:
  - {id: halt_01, character: guard, text: "Halt!"}
  - {id: halt_02, character: guard, text: "Who goes there?"}
"""


@pytest.fixture
def barkline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Barkline:
    monkeypatch.chdir(tmp_path)
    for name in ("BARKLINE_STORE", "BARKLINE_BUILD", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)

    def run(*args: str) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(args))
        out, err = capsys.readouterr()
        return Said(code=ended.value.code, out=out, err=err)

    return run


@pytest.fixture
def published(tmp_path: Path, barkline: Barkline) -> LocalStore:
    """A project in `game/`, its lock and its store in the current folder."""
    (tmp_path / "game/scenes").mkdir(parents=True)
    (tmp_path / "game/project.yaml").write_text(PROJECT)
    (tmp_path / "game/scenes/gate.yaml").write_text(SCENE)
    workspace = bootstrap.open_workspace(tmp_path / "game", Settings())
    store = LocalStore(tmp_path / "store", durable=False)
    entries = []
    for scene in read_scenes(workspace.project, find_files(workspace.project), []):
        for said in scene.utterances:
            key = RenderKey(workspace.inputs.parts(said))
            sound = said.line_id.encode()
            entries.append(
                LockEntry(
                    line_id=said.line_id,
                    locale=said.locale,
                    character=said.character,
                    key=store.put(sound, ".ogg", "audio/ogg"),
                    sha256=sha256_hex(sound),
                    size=len(sound),
                    duration_s=1.0,
                    extension=".ogg",
                    metadata_key="",
                    metadata_sha256="",
                    render_key=key.hex,
                    input_digest=key.input_digest,
                    voice=said.voice,
                    publishable=True,
                    parts=key.plain(),
                )
            )
    (tmp_path / "voice.lock").write_text(dump("tiny", entries))
    return store


def test_pull_finds_lock_and_store_in_the_current_folder(
    published: LocalStore, barkline: Barkline
) -> None:
    said = barkline("pull", "--into", "voice")
    assert (said.code, "2 fetched" in said.out, said.err) == (0, True, "")


def test_pull_without_a_store_says_how_to_name_one(
    published: LocalStore, barkline: Barkline, tmp_path: Path
) -> None:
    published.root.rename(tmp_path / "elsewhere")
    said = barkline("pull", "--into", "voice")
    assert (said.code, "BARKLINE_STORE" in said.err) == (64, True)


def test_pull_reads_the_store_from_the_environment(
    published: LocalStore, barkline: Barkline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published.root.rename(tmp_path / "elsewhere")
    monkeypatch.setenv("BARKLINE_STORE", str(tmp_path / "elsewhere"))
    assert barkline("pull", "--into", "voice").code == 0


def test_pull_prints_json_for_machines(published: LocalStore, barkline: Barkline) -> None:
    said = barkline("pull", "--into", "voice", "--json")
    assert json.loads(said.out) == {
        "fetched": 2,
        "kept": 0,
        "removed": 0,
        "bytes": 14,
        "failures": [],
    }
    [first, _] = published.keys()
    published.delete(first)
    said = barkline("pull", "--into", "other", "--json")
    assert said.code == 74
    assert len(json.loads(said.out)["failures"]) == 1


def test_pull_lists_every_failure(published: LocalStore, barkline: Barkline) -> None:
    for key in list(published.keys()):
        published.delete(key)
    said = barkline("pull", "--into", "voice")
    assert said.code == 74
    assert said.err.count("error: en-US/halt_0") == 2
    assert "2 of 2 files" in said.err


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("--jobs", "0"), 64),
        (("--lock", "absent.lock"), 65),
        (("--locale", "fr-FR"), 65),
        (("--store", "ftp://host"), 78),
    ],
)
def test_pull_tells_mistakes_apart_by_exit_code(
    published: LocalStore, barkline: Barkline, args: tuple[str, ...], code: int
) -> None:
    assert barkline("pull", "--into", "voice", *args).code == code


def test_verify_proves_a_published_project(published: LocalStore, barkline: Barkline) -> None:
    said = barkline("verify", "game", "--lock", "voice.lock")
    assert (said.code, said.out) == (0, "shippable: 2 of 2 required lines proven\n")


def test_verify_names_file_and_line_of_what_is_stale(
    published: LocalStore, barkline: Barkline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = tmp_path / "game/scenes/gate.yaml"
    scene.write_text(SCENE.replace("Halt!", "Stop!"))
    said = barkline("verify", "game", "--lock", "voice.lock")
    assert said.code == 1
    assert said.out.startswith("error: scenes/gate.yaml:3: [stale] halt_01 (en-US)")
    assert said.out.endswith("NOT SHIPPABLE: 1 of 2 required lines proven\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    said = barkline("verify", "game", "--lock", "voice.lock")
    assert said.out.startswith(
        "::error file=game/scenes/gate.yaml,line=3,title=voice stale::halt_01 (en-US)"
    )
    found = json.loads(barkline("verify", "game", "--lock", "voice.lock", "--json").out)
    assert (found["shippable"], found["problems"][0]["changed"]) == (False, ["text"])


def test_strict_lets_warnings_fail(
    published: LocalStore, barkline: Barkline, tmp_path: Path
) -> None:
    scene = tmp_path / "game/scenes/gate.yaml"
    scene.write_text("\n".join(SCENE.splitlines()[:3]))
    args = ("verify", "game", "--lock", "voice.lock")
    assert barkline(*args).code == 0
    assert barkline(*args, "--strict").code == 1


def test_verify_compares_a_pulled_folder(
    published: LocalStore, barkline: Barkline, tmp_path: Path
) -> None:
    barkline("pull", "--into", "voice")
    args = ("verify", "game", "--lock", "voice.lock", "--assets", "voice")
    assert "2 files compared" in barkline(*args).out
    (tmp_path / "voice/en-US/halt_01.ogg").write_bytes(b"HALT_01")
    said = barkline(*args)
    assert (said.code, "[corrupt]" in said.out) == (1, True)


def test_a_faulty_manifest_proves_nothing(
    published: LocalStore, barkline: Barkline, tmp_path: Path
) -> None:
    (tmp_path / "game/scenes/gate.yaml").write_text(SCENE.replace("character: guard", "who: x"))
    said = barkline("verify", "game", "--lock", "voice.lock")
    assert (said.code, said.out) == (65, "")
    assert "nothing was verified" in said.err


def test_a_message_cannot_end_a_workflow_command() -> None:
    assert _escape("a\n::error::b%0A", "") == "a%0A::error::b%250A"
    assert _escape("a:b,c", ":,") == "a%3Ab%2Cc"


@pytest.mark.parametrize("module", ["pull", "verify"])
def test_the_commands_load_no_heavy_library(module: str) -> None:
    heavy = ("numpy", "sqlalchemy", "dramatiq", "onnxruntime", "boto3", "jinja2")
    code = f"import sys, renderer.cli.{module}; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
