"""The commands `train texts` and `train distil`: what they print and how they exit."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from renderer.cli import main
from renderer.cli.train import STEPS
from renderer.training.corpus import Corpus

ROOT = Path(__file__).resolve().parents[3]
TEXTS = ROOT / "assets/training/texts"


def run(*argv: object) -> int:
    with pytest.raises(SystemExit) as stopped:
        main([str(arg) for arg in argv])
    return int(stopped.value.code or 0)


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts.txt"
    path.write_text("# three\nHalt!\nWer ist da?\nDie Köchin hört Wölfe.\n", "utf-8")
    return path


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom renderer.cli import barkline\n"
        "for argv in (['train', '-h'], ['train', 'distil', '-h'], ['train', 'texts', '-h']):\n"
        "    try: barkline.main(argv)\n"
        "    except SystemExit: pass\n"
        "print(sorted({'torch', 'onnxruntime', 'numpy', 'scipy'} & set(sys.modules)))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert said.stdout.splitlines()[-1] == "[]"
    assert all(step in said.stdout for step in STEPS)


@pytest.mark.parametrize("step", STEPS)
def test_every_step_has_help_with_an_example(step: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("train", step, "--help") == 0
    assert f"Example: barkline train {step}" in capsys.readouterr().out


def test_every_step_is_documented() -> None:
    text = (ROOT / "docs/commands.md").read_text("utf-8")
    assert [step for step in STEPS if f"`{step}`" not in text] == []


def test_an_installed_voice_speaks_a_text_set(
    texts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "corpus"
    argv = ("train", "distil", "--voice", "formant#f5", "--texts", texts, "--language", "de-DE")
    assert run(*argv, "--out", out, "--limit", 2, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["made"], told["kept"], told["dropped"]) == (2, 0, {})
    assert (told["speaker"], told["language"]) == ("formant-f5", "de")
    assert run(*argv, "--out", out) == 0
    assert "1 new clips of formant-f5 in de" in capsys.readouterr().out
    speaker = Corpus.load(out).speakers["formant-f5"]
    assert speaker.may_publish
    assert speaker.licence == "GPL-3.0-or-later"


def test_another_size_is_another_voice(texts: Path, tmp_path: Path) -> None:
    argv = ("train", "distil", "--voice", "formant#f5", "--texts", texts, "--language", "de-DE")
    out = tmp_path / "corpus"
    assert run(*argv, "--out", out) == 0
    assert run(*argv, "--out", out, "--size", "0.8", "--speaker", "ogre") == 0
    corpus = Corpus.load(out)
    assert corpus.speakers["ogre"].f0_floor_hz == pytest.approx(48.0)
    frames = {
        name: sum(c.frames for c in corpus.clips if c.speaker == name) for name in corpus.speakers
    }
    assert frames["ogre"] == pytest.approx(frames["formant-f5"], rel=0.1)


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        ((), 78, "either --voice or --teacher"),
        (("--voice", "formant", "--teacher", "flite:rms"), 78, "either --voice or --teacher"),
        (("--voice", "nobody"), 69, "nobody"),
        (("--voice", "formant#nobody"), 1, "nobody"),
        (("--voice", "a b"), 78, "no voice reference"),
        (("--teacher", "cat:meow"), 78, "flite:VOICE"),
        (("--teacher", "flite:rms", "--substitute"), 78, "for voices"),
        (("--voice", "formant", "--f0-range", "300", "100"), 78, "the lower one first"),
        (("--voice", "formant", "--language", "xx-XX"), 1, "xx-XX"),
        (("--voice", "formant", "--limit", "0"), 64, "--limit"),
    ],
)
def test_wrong_use_is_told(
    texts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], argv, code: int, said: str
) -> None:
    out = tmp_path / "corpus"
    assert run("train", "distil", "--texts", texts, "--out", out, *argv) == code
    assert said in capsys.readouterr().err
    assert not (out / "corpus.json").exists()


def test_a_missing_text_set_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ("--voice", "formant", "--texts", tmp_path / "none.txt", "--out", tmp_path / "out")
    assert run("train", "distil", *argv) == 65
    assert "none.txt" in capsys.readouterr().err


@pytest.mark.reference
def test_an_english_voice_teaches_german(
    reference_data: Path, tmp_path: Path, texts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = reference_data / "voices/en_US-sano_kristin-tiny.onnx"
    voices = ("--voices", tmp_path / "voices")
    assert run("voices", "add", model, "--name", "kristin", "--licence", "GPL-3.0", *voices) == 0
    argv = ("train", "distil", "--voice", "kristin", "--language", "de-DE", "--texts", texts)
    out = tmp_path / "corpus"
    assert run(*argv, "--out", out, *voices) == 78
    assert "--substitute" in capsys.readouterr().err
    assert run(*argv, "--out", out, "--substitute", "--f0-range", 110, 500, *voices) == 0
    assert "may not be published" in capsys.readouterr().out
    for clip in Corpus.load(out).clips:
        assert sum(clip.durations) == clip.frames
        assert not all(clip.trusted)


def test_a_text_set_is_made_from_a_grammar(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "de.txt"
    argv = ("train", "texts", TEXTS / "de.grammar", "--language", "de-DE", "--count", 40)
    held_out = ("--held-out", TEXTS / "de.valid.txt")
    assert run(*argv, *held_out, "--out", out, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["sentences"] == 40
    assert len(out.read_text("utf-8").splitlines()) == 40
    again = tmp_path / "again.txt"
    assert run(*argv, *held_out, "--out", again) == 0
    assert again.read_bytes() == out.read_bytes()
