"""A real, short training by the command line, from a text set to a voice that speaks.

The formant voice is the teacher; both models are tiny. It takes about a minute on one core.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from renderer.training import metrics
from renderer.training.trainer import BEST, LAST
from tests.servers.command import COMMAND

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SENTENCES = (
    "The gate is open.", "Who goes there?", "Bring me the lantern.", "We leave before dawn.",
    "Nobody told me.", "Hold your ground!", "The bridge is gone.", "A storm is near.",
    "Where is the key?", "Keep the fire going.",
)  # fmt: skip
HELD_OUT = ("The road is long.", "Wake the others.")
RECIPE = """
model = "{model}"
size = "tiny"
steps = 60
batch_frames = 300
segment_frames = 16
learning_rate = {rate}
warmup_steps = 5
validate_every = 20
illustrate_every = 40
average = 0.9
checkpoint_s = 0.01
{more}
[[corpora]]
folder = "corpus"
"""


def command(*words: object) -> list[str]:
    return [*COMMAND, *map(str, words)]


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def barkline(*words: object, exit_code: int = 0) -> str:
    done = subprocess.run(
        command(*words), capture_output=True, text=True, env=environment(), check=False
    )
    assert done.returncode == exit_code, done.stderr[-3000:]
    return done.stdout if exit_code == 0 else done.stderr


def fit(folder: Path, name: str, run: str, *more: object, exit_code: int = 0) -> str:
    return barkline(
        "train", "fit", folder / f"{name}.toml", "--out", folder / run,
        "--device", "cpu", "--threads", 1, *more, exit_code=exit_code,
    )  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a distilled corpus and the recipes."""
    folder = tmp_path_factory.mktemp("training")
    (folder / "texts.txt").write_text("\n".join(SENTENCES), "utf-8")
    (folder / "held_out.txt").write_text("\n".join(HELD_OUT), "utf-8")
    barkline(
        "train", "distil", "--voice", "formant#f5", "--texts", folder / "texts.txt",
        "--held-out", folder / "held_out.txt", "--speaker", "mira", "--out", folder / "corpus",
    )  # fmt: skip
    for name, rate, more in (
        ("acoustic", 3e-3, ""),
        ("vocoder", 2e-3, "predicted_mels = true\nadversarial_from = 57"),
    ):
        text = RECIPE.format(model=name, rate=rate, more=more)
        (folder / f"{name}.toml").write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def acoustic(place: Path) -> Path:
    """A finished run of the acoustic model."""
    told = json.loads(fit(place, "acoustic", "acoustic", "--json"))
    assert (told["step"], told["reason"]) == (60, "finished")
    return place / "acoustic"


@pytest.fixture(scope="module")
def vocoder(place: Path, acoustic: Path) -> Path:
    """A finished run of the vocoder, on the mels that the acoustic model predicts."""
    assert "mels predicted" in barkline("train", "predict", acoustic, place / "corpus")
    fit(place, "vocoder", "vocoder")
    return place / "vocoder"


def losses(run: Path, kind: str, name: str) -> list[float]:
    lines = metrics.read(run / metrics.FILE)
    return [one[name] for one in lines if one["kind"] == kind and name in one]


def test_the_acoustic_models_loss_falls(acoustic: Path) -> None:
    train, valid = losses(acoustic, "train", "loss"), losses(acoustic, "valid", "loss")
    assert len(train) == len(valid) == 3
    assert train[2] < 0.75 * train[0]
    assert valid[2] < valid[0]
    card = json.loads((acoustic / "card.json").read_text("utf-8"))
    assert card["data"][0]["speakers"][0]["name"] == "mira"
    assert "<svg" in (acoustic / "curve.svg").read_text("utf-8")
    assert list((acoustic / "tensorboard").iterdir())


def test_killed_in_the_middle_it_ends_as_if_nothing_had_been(place: Path, acoustic: Path) -> None:
    run = place / "killed"
    words = ("train", "fit", place / "acoustic.toml", "--out", run, "--device", "cpu")
    process = subprocess.Popen(
        command(*words, "--threads", 1, "--json"), env=environment(), stdout=subprocess.DEVNULL
    )
    until = time.monotonic() + 600
    while not (run / metrics.FILE).exists() or not (run / LAST).exists():
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert len(losses(run, "train", "loss")) < 3
    fit(place, "acoustic", "killed")
    assert (run / metrics.FILE).read_text() == (acoustic / metrics.FILE).read_text()


def test_the_vocoders_loss_falls(vocoder: Path) -> None:
    spectral = losses(vocoder, "train", "spectral")
    assert spectral[2] < 0.9 * spectral[0]
    assert losses(vocoder, "train", "adversarial")  # discriminators were heard at the end


def test_the_exported_voice_speaks(place: Path, acoustic: Path, vocoder: Path) -> None:
    about = place / "mira.toml"
    about.write_text('name = "mira"\nlicence = "CC0-1.0"\nsource = "The formant voice."\n')
    voices = place / "voices"
    words = ("train", "export", acoustic, vocoder, "--about", about, "--out", voices)
    assert "Try `barkline voices say mira" in barkline(*words)
    said = place / "said.wav"
    barkline("voices", "say", "mira", "Who is there?", "--out", said, "--voices", voices)
    samples, rate = soundfile.read(said)
    assert rate == 22_050
    assert 0.3 < samples.size / rate < 10
    assert 1e-4 < float(np.abs(samples).max()) <= 1
    assert "is there already" in barkline(*words, exit_code=1)
    assert sorted(path.name for path in voices.iterdir()) == ["mira"]


def test_runs_that_are_mixed_up_are_refused(place: Path, acoustic: Path, vocoder: Path) -> None:
    about = place / "mixed.toml"
    about.write_text('name = "mixed"\n')
    told = barkline(
        "train", "export", acoustic, acoustic, "--about", about, "--out", place / "v", exit_code=1
    )
    assert "no run of a vocoder" in told
    about.write_text('name = "mixed"\nlicense = "CC0-1.0"\n')
    told = barkline(
        "train", "export", acoustic, vocoder, "--about", about, "--out", place / "v", exit_code=65
    )
    assert "license" in told
    assert "does not say which model" in barkline(
        "train", "predict", vocoder, place / "corpus", exit_code=1
    )


def test_hostile_runs_are_told_in_words(place: Path, acoustic: Path) -> None:
    run = place / "broken"
    run.mkdir()
    (run / LAST).write_bytes((acoustic / LAST).read_bytes()[:5000])
    (run / BEST).write_bytes((acoustic / BEST).read_bytes())
    assert f"Copy {BEST} over it" in fit(place, "acoustic", "broken", exit_code=1)
    text = (place / "acoustic.toml").read_text("utf-8").replace("steps = 60", "steps = 61", 1)
    (place / "longer.toml").write_text(text, "utf-8")
    assert "recipe.steps was 60, now 61" in fit(place, "longer", "acoustic", exit_code=1)
