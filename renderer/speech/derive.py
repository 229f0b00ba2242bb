"""A voice made of another: blends of its speakers, or new points in its space. No graphs needed."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from renderer.domain.speaker import Speaker
from renderer.domain.voice import VoiceCard
from renderer.domain.voice_json import voice_model_text
from renderer.domain.voice_model import FILE, Base, Blend, VoiceModel
from renderer.errors import VoiceError
from renderer.speech import fastpitch, fastpitch_folder
from renderer.speech.card import write_card


def derive_voice(
    base: VoiceCard,
    into: Path,
    name: str,
    *,
    blends: Mapping[str, Blend] | None = None,
    speakers: Mapping[str, Speaker] | None = None,
    attribution: str = "",
) -> VoiceCard:
    """Write a voice folder that speaks with another voice's graphs.

    Licence, publishing and attribution are the base's: what is made of a voice has its terms. The
    voice appears under its name by one rename, or not at all.

    Args:
        base: The voice with the graphs.
        into: Folder of voices; made when missing.
        name: The name manifests will use.
        blends: Speakers made of the base's.
        speakers: Speakers with a vector of their own.
        attribution: What has to be shipped in addition to the base's.

    Raises:
        VoiceError: The base is no voice of ours or builds on another itself, the name is taken, or
            the disk is full.
        ModelRefusedError: A blend names who is not there, or a vector is none.
    """
    if base.engine != fastpitch.NAME:
        raise VoiceError(f"{base.name!r} is no neural voice of ours; it cannot be blended.")
    contents = fastpitch_folder.read_contents(base)
    if contents.base is not None:
        raise VoiceError(
            f"{base.name!r} builds on {contents.base.voice!r} itself; name that one as the base."
        )
    model = VoiceModel(
        speakers or {},
        blends or {},
        Base(base.name, base.model_sha256),
        variation=contents.variation,
    )
    model.resolved(contents.resolved())  # refuses what cannot be made
    text = voice_model_text(model)
    card = replace(
        base,
        name=name,
        model_sha256=hashlib.sha256(text.encode()).hexdigest(),
        speakers={n: i for i, n in enumerate([*model.speakers, *model.blends])},
        source=f"Made of the voice {base.name}. {base.source}".strip(),
        attribution="\n".join(part for part in (base.attribution, attribution) if part),
        folder=str(into / name),
    )
    _write(card, text, into)
    return card


def _write(card: VoiceCard, text: str, into: Path) -> None:
    if (into / card.name).exists():
        raise VoiceError(f"{into / card.name} is there already; choose another name.")
    into.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=into, prefix=".adding-"))
    try:
        (made / FILE).write_text(text, "utf-8")
        write_card(card, made)
        made.chmod(0o755)
        for path in made.iterdir():
            path.chmod(0o644)
        os.rename(made, into / card.name)
    except OSError as error:
        raise VoiceError(f"The voice cannot be written to {into}: {error}.") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
