"""`barkline voices` as a person types it."""

from __future__ import annotations

import json

import pytest
import soundfile

from renderer.cli import main


@pytest.fixture
def barkline(tmp_path, capsys):
    """Run the command with a folder of voices of its own; returns (code, out, err)."""

    def run(*args):
        command, *rest = args
        with pytest.raises(SystemExit) as left:
            main(["voices", command, *map(str, rest), "--voices", str(tmp_path / "voices")])
        out, err = capsys.readouterr()
        return left.value.code, out, err

    return run


@pytest.fixture
def model(vits, tmp_path):
    """A model file of the small graph."""
    return vits.write(tmp_path)


def test_a_voice_is_added_listed_shown_and_heard(barkline, model, tmp_path):
    """The whole life of a voice without a licence: it renders, and is not to be published."""
    code, out, _ = barkline("add", model, "--name", "tiny")
    assert code == 0
    assert "will not be published" in out
    assert "card.yaml" in out
    _, out, _ = barkline("list", "--json")
    cards = {card["name"]: card for card in json.loads(out)}
    assert cards["formant"]["unpublishable"] == ""
    assert "no known licence" in cards["tiny"]["unpublishable"]
    _, out, _ = barkline("show", "tiny")
    assert "piper/2 config/" in out
    code, _, _ = barkline("say", "tiny#s1", "Halt, friend!", "--out", tmp_path / "a.wav")
    assert code == 0
    samples, rate = soundfile.read(tmp_path / "a.wav")
    assert rate == 8000
    assert samples.size > 100


def test_a_licensed_voice_is_publishable(barkline, model):
    """`--licence` and `--may-publish` reach the card."""
    barkline("add", model, "--name", "tiny", "--licence", "CC0-1.0", "--may-publish")
    _, out, _ = barkline("list")
    assert "publishable" in next(line for line in out.splitlines() if line.startswith("tiny"))


def test_the_formant_voice_speaks_other_languages(barkline, tmp_path):
    """No download, no files."""
    out = tmp_path / "a.wav"
    code, _, _ = barkline("say", "formant#f2", "Der Drache", "--locale", "de-DE", "--out", out)
    assert code == 0
    assert soundfile.info(out).duration > 0.4


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("show", "nobody"), 69, "There is no voice 'nobody'"),
        (("install", "nobody"), 69, "No catalogue has a voice 'nobody'"),
        (("say", "formant#nobody", "Hi", "--out", "x.wav"), 1, "no speaker"),
        (("say", "a b", "Hi", "--out", "x.wav"), 78, "voice reference"),
        (("say", "formant", "Hi", "--out", "/nowhere/x.wav"), 69, "cannot be written"),
        (("add", "missing.onnx"), 69, "cannot be read"),
    ],
)
def test_errors_say_what_is_wrong(barkline, args, code, said):
    """One line and an exit code, no traceback."""
    got, _, err = barkline(*args)
    assert got == code
    assert said in err
    assert "Traceback" not in err
