"""Speech programs of other people: run with a time limit, never through a shell."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from renderer.audio.codec import decode
from renderer.audio.waveform import Waveform
from renderer.errors import AudioError, SynthesisError, TrainingError

_OUTPUT_SHOWN = 200


def find_program(name: str, package: str) -> str:
    """Return a program's path.

    Raises:
        TrainingError: It is not installed; the message names Debian's package.
    """
    path = shutil.which(name)
    if path is None:
        raise TrainingError(
            f"The program {name} is not installed. On Debian or Ubuntu: apt install {package}."
        )
    return path


def run_program(arguments: Sequence[str], folder: Path, timeout_s: float) -> tuple[str, str]:
    """Run a program in a folder; return what it printed, and what it printed as errors.

    Raises:
        SynthesisError: It took too long or failed.
    """
    name = Path(arguments[0]).name
    try:
        done = subprocess.run(  # noqa: S603 - a list of arguments, no shell; text goes by file
            list(arguments),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SynthesisError(f"{name} did not finish within {timeout_s:.0f} s.") from error
    except OSError as error:
        raise SynthesisError(f"{name} cannot be run: {error}.") from error
    errors = done.stderr.decode("utf-8", "replace").strip()
    if done.returncode:
        raise SynthesisError(f"{name} failed ({done.returncode}): {errors[:_OUTPUT_SHOWN]}")
    return done.stdout.decode("utf-8", "replace"), errors


def read_sound(path: Path) -> Waveform:
    """Read what a program wrote.

    Raises:
        SynthesisError: It wrote no sound.
    """
    try:
        return decode(path.read_bytes())
    except (OSError, AudioError) as error:
        raise SynthesisError(f"The program wrote no sound: {error}") from error
