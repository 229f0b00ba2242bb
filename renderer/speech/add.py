"""Adding a voice: check its files, try it out, write its card, and only then let it be seen."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np

from renderer.domain.voice import VoiceCard, VoiceRef
from renderer.errors import ModelRefusedError, SynthesisError, VoiceError
from renderer.speech import formant, piper
from renderer.speech.card import write_card
from renderer.speech.model_file import read_bounded
from renderer.speech.onnx_file import MOST_BYTES
from renderer.speech.piper_config import MOST_BYTES as MOST_CONFIG_BYTES
from renderer.speech.piper_config import PiperConfig, read_config
from renderer.speech.piper_model import BatchError, Job, PiperModel, RowSound

_ALIKE = 0.99
_TRIED_PHONEMES = 24


@dataclass(frozen=True, slots=True)
class Rights:
    """What a person says about a voice's rights.

    Attributes:
        licence: SPDX expression or a short name, "" when unknown.
        may_publish: Whether assets made with it may be shipped; needs a licence.
        source: Where the voice and its training data come from.
        attribution: Text that has to be shipped with it, or "".
        consent_ref: Reference of the speaker's consent, or "".
        consent_expires: Day after which it may not be published, or None.
    """

    licence: str = ""
    may_publish: bool = False
    source: str = ""
    attribution: str = ""
    consent_ref: str = ""
    consent_expires: date | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """What a model turned out to do.

    Attributes:
        batchable: Two rows of different length came out as the two alone do.
        has_durations: The durations it gives add up to its sound.
    """

    batchable: bool
    has_durations: bool


def _trial(config: PiperConfig, phonemes: int, speaker: int = 0) -> Job:
    """Return a row of the voice's own letters, without variation."""
    symbols = [s for s in "aeinostmlkpdu" if s in config.ids] or sorted(config.ids)
    ids = [*config.ids["^"], *config.ids["_"]]
    for n in range(phonemes):
        ids += [*config.ids[symbols[n % len(symbols)]], *config.ids["_"]]
    ids += config.ids["$"]
    return Job(tuple(ids), speaker, 0.0, config.length_scale, 0.0)


def _alike(a: RowSound, b: RowSound) -> bool:
    """Whether two renderings are the same sound but for rounding and the last frames."""
    if a.samples.size != b.samples.size:
        return False
    energy = float(np.linalg.norm(a.samples) * np.linalg.norm(b.samples))
    return energy == 0 or float(np.dot(a.samples, b.samples)) / energy > _ALIKE


def probe(model: PiperModel, config: PiperConfig) -> Probe:
    """Try a model: every speaker alone, then two rows of different length together.

    Raises:
        ModelRefusedError: It fails on a plain row, or gives no usable sound.
    """
    speakers: Sequence[int] = sorted(set(config.speakers.values())) or [0]
    try:
        short = model.run([_trial(config, _TRIED_PHONEMES // 3, speakers[0])])[0]
        long = model.run([_trial(config, _TRIED_PHONEMES, speakers[0])])[0]
        for speaker in (speakers[-1], speakers[len(speakers) // 2]):
            model.run([_trial(config, 6, speaker)])
    except SynthesisError as error:
        raise ModelRefusedError(f"The voice cannot speak. {error}") from error
    has_durations = short.frames is not None and long.frames is not None
    pair = [_trial(config, n, speakers[0]) for n in (_TRIED_PHONEMES // 3, _TRIED_PHONEMES)]
    try:
        together = model.run(pair)
    except (BatchError, SynthesisError):
        return Probe(False, has_durations)
    return Probe(_alike(together[0], short) and _alike(together[1], long), has_durations)


@dataclass(frozen=True, slots=True)
class _Files:
    model: bytes
    config: bytes
    sha256: str = field(default="")


def _read(onnx: Path, config: Path, sha256: str) -> _Files:
    model = read_bounded(onnx, MOST_BYTES)
    digest = hashlib.sha256(model).hexdigest()
    if sha256 and digest != sha256.lower():
        raise ModelRefusedError(
            f"{onnx} has the SHA-256 {digest}, not {sha256}: it is damaged or not the file meant."
        )
    return _Files(model, read_bounded(config, MOST_CONFIG_BYTES), digest)


def _check_name(name: str, into: Path) -> None:
    try:
        good = VoiceRef.parse(name) == (name, "")
    except ValueError:
        good = False
    if not good or name == formant.NAME:
        raise VoiceError(
            f"{name!r} cannot be a voice's name: letters, digits, `_`, `.` and `-`, at most 80, "
            f"and not `{formant.NAME}`."
        )
    if (into / name).exists():
        raise VoiceError(f"{into / name} is there already; choose another name or remove it first.")


def add_voice(
    onnx: Path, config: Path, into: Path, name: str, rights: Rights | None = None, sha256: str = ""
) -> VoiceCard:
    """Add a Piper voice to a folder of voices.

    The files are read once; what was checked and tried is what is written. The voice appears
    under its name by one rename, or not at all.

    Args:
        onnx: The model.
        config: Its `.onnx.json`.
        into: Folder of voices; made when missing.
        name: The name manifests will use.
        rights: What is known about licence and consent; nothing by default, so previews only.
        sha256: What the model has to be, or "".

    Raises:
        ModelRefusedError: The files are broken, changed or hostile, or the model does not speak.
        VoiceError: The name cannot be used or is taken, or the rights contradict each other.
    """
    rights = rights or Rights()
    if rights.may_publish and not rights.licence.strip():
        raise VoiceError("A voice can only be published under a licence; name it.")
    _check_name(name, into)
    files = _read(onnx, config, sha256)
    settings = read_config(files.config)
    found = probe(PiperModel(files.model, use_cuda=False), settings)
    into.mkdir(parents=True, exist_ok=True)
    card = VoiceCard(
        name=name,
        engine=piper.NAME,
        model_sha256=files.sha256,
        languages=(settings.language,) if settings.language else (),
        speakers=dict(settings.speakers),
        sample_rate=settings.sample_rate,
        licence=rights.licence,
        may_publish=rights.may_publish,
        source=rights.source,
        attribution=rights.attribution,
        consent_ref=rights.consent_ref,
        consent_expires=rights.consent_expires,
        batchable=found.batchable,
        has_durations=found.has_durations,
        folder=str(into / name),
    )
    _write(card, files, into)
    return card


def _write(card: VoiceCard, files: _Files, into: Path) -> None:
    temporary = Path(tempfile.mkdtemp(dir=into, prefix=".adding-"))
    try:
        (temporary / piper.MODEL).write_bytes(files.model)
        (temporary / piper.CONFIG).write_bytes(files.config)
        write_card(card, temporary)
        temporary.chmod(0o755)
        for path in temporary.iterdir():
            path.chmod(0o644)
        os.rename(temporary, into / card.name)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise VoiceError(f"The voice cannot be written to {into}: {error}.") from error
