"""From trained networks to a voice folder that `renderer.speech` runs without torch.

The folder is made under another name, checked by running it, and only then renamed: a half-written
voice is never visible. The format is `domain.voice_model`'s.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
import yaml
from torch import nn

from renderer.domain.speaker import Speaker
from renderer.domain.voice import VoiceCard, VoiceRef
from renderer.domain.voice_json import voice_model_text
from renderer.domain.voice_model import FILE, GRAPHS, Blend, VoiceModel
from renderer.errors import ModelRefusedError, TrainingError
from renderer.text.inventory import INVENTORY_REVISION, SYMBOLS
from renderer.training import parity
from renderer.training.base import Inherited, save_base
from renderer.training.corpus import MEL
from renderer.training.fastpitch import FastPitch
from renderer.training.graph import acoustic_graphs, vocoder_graph
from renderer.training.onnx_graph import LARGEST_HALF, Axes, write_graph
from renderer.training.placing import CARD, place, require_place, sweep, working
from renderer.training.speaker_table import SpeakerTable

ENGINE = "fastpitch"
WEIGHTS = "weights.safetensors"
_B, _N, _T, _S = "batch", "tokens", "frames_", "samples_"
_AXES: tuple[Axes, ...] = (
    {
        **{name: {0: _B, 1: _N} for name in ("phones", "stresses", "word_starts")},
        **{name: {0: _B} for name in ("lengths", "language", "emotion", "speaker")},
        **{name: {0: _B, 1: _N} for name in ("hidden", "durations", "pitch", "energy")},
    },
    {
        **{name: {0: _B, 1: _N} for name in ("hidden", "durations", "pitch", "spread", "energy")},
        "speaker": {0: _B},
        "mel": {0: _B, 2: _T},
        **{name: {0: _B, 1: _T} for name in ("f0", "voicing")},
    },
    {
        "mel": {0: _B, 2: _T},
        **{name: {0: _B, 1: _T} for name in ("f0", "voiced")},
        **{name: {0: _B, 1: _S} for name in ("noise", "samples")},
    },
)


_SMOOTH_BANDS = 3.0  # mel bands, standard deviation


@dataclass(frozen=True, slots=True)
class SpeakerAbout:
    """What a speaker of an exported voice does by default.

    Attributes:
        rate: Speaking rate, ×.
        pitch_st: Shift in semitones.
        away: Speaker to how far this one moves away from them, × the difference of their vectors:
            a caricature that tells two near voices apart.
    """

    rate: float = 1.0
    pitch_st: float = 0.0
    away: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VoiceAbout:
    """What a person says about a voice that is exported.

    Attributes:
        name: What manifests will call it; the folder has the same name.
        licence: SPDX expression or a short name; "" when unknown.
        may_publish: Whether assets made with it may be shipped; needs a licence.
        source: Where the voice and its training data come from.
        attribution: Text that has to be shipped with it, or "".
        consent_ref: Reference of the speakers' consent, or "".
        languages: What the card says it speaks; () for all the model learnt.
        speakers: Names to export, in the order of the card, with their defaults; empty for all. The
            first one speaks when a manifest names none.
        blends: Speakers made of others.
        variation: How much a retake differs by itself, 0–2.
        sharpness: How far the mel's formants are raised over their surroundings, see `sharpen`;
            0 leaves the mel as it was learnt.
    """

    name: str
    licence: str = ""
    may_publish: bool = False
    source: str = ""
    attribution: str = ""
    consent_ref: str = ""
    languages: tuple[str, ...] = ()
    speakers: Mapping[str, SpeakerAbout] = field(default_factory=dict)
    blends: Mapping[str, Blend] = field(default_factory=dict)
    variation: float = 0.5
    sharpness: float = 0.0


def export_voice(
    acoustic: FastPitch,
    speaker_table: SpeakerTable,
    vocoder: nn.Module,
    about: VoiceAbout,
    folder: Path,
    half: bool = True,
    *,
    weights: Path | None = None,
    replace: bool = False,
) -> Path:
    """Write a voice folder.

    Args:
        acoustic: The acoustic model.
        speaker_table: Its speakers and their statistics.
        vocoder: Any vocoder of ours: `forward(mel, f0, voiced, noise)`.
        about: Name, rights, speakers.
        folder: Where the voice will be; named as the voice.
        half: Store weights as float16: half the size, computed in float32 all the same.
        weights: Where they are kept as safetensors too, to fine-tune from (`base`); None: nowhere.
        replace: Whether a voice that is there already is replaced.

    Returns:
        The folder.

    Raises:
        TrainingError: Weights are no finite numbers, the graphs do not say what the networks say,
            names do not fit, the folder is there already, or the disk is full. Nothing is visible.
    """
    _check(about, speaker_table, folder, replace)
    if weights is not None:
        _require_free(weights, folder, replace)
    encoder, decoder = acoustic_graphs(acoustic)
    sharpen(decoder.acoustic.decoder.out, about.sharpness)
    graphs: tuple[nn.Module, ...] = (encoder, decoder, vocoder_graph(vocoder))
    if half:
        for graph in graphs:
            _round(graph)
    examples = parity.examples(acoustic.config, batch=2)
    files = {
        name: write_graph(graph, example, axes, half=half)
        for name, graph, example, axes in zip(GRAPHS, graphs, examples, _AXES, strict=True)
    }
    for name, graph in zip(GRAPHS, graphs, strict=True):
        parity.require(name, files[name], graph, acoustic.config)
    model = _model(acoustic, speaker_table, about, files)
    try:
        text = voice_model_text(model)
    except ModelRefusedError as error:
        raise TrainingError(f"The voice cannot be exported. {error}") from error
    card = _card(about, model, text)
    if weights is not None:
        rights = Inherited(about.name, about.licence, about.may_publish, about.attribution)
        save_base(weights, acoustic, speaker_table, vocoder, rights, half=half)
    _write({**files, FILE: text.encode()}, card, folder, replace)
    return folder


def _check(about: VoiceAbout, table: SpeakerTable, folder: Path, replace: bool) -> None:
    try:
        named = VoiceRef.parse(about.name)
    except ValueError as error:
        raise TrainingError(f"{error}; choose another name for the voice.") from error
    if named.speaker or folder.name != about.name:
        raise TrainingError(f"The voice {about.name!r} has to lie in a folder of that name.")
    sweep(folder.parent)
    require_place(folder, replaces=replace)
    if about.may_publish and not about.licence.strip():
        raise TrainingError("A voice can only be published under a licence; name it.")
    if missing := sorted(set(about.speakers) - set(table.names)):
        raise TrainingError(f"The model has no speaker {', '.join(missing)}.")
    if both := sorted(set(about.blends) & set(about.speakers or table.names)):
        raise TrainingError(f"{', '.join(both)}: a speaker and a blend have one name.")


def _require_free(weights: Path, folder: Path, replace: bool) -> None:
    """Refuse a place for the weights that is taken, or that the voice itself will take."""
    if weights.is_dir() or (weights.exists() and not replace):
        raise TrainingError(
            f"{weights} is there already; name another file for the weights, or replace it "
            "knowingly (--replace)."
        )
    if folder.absolute() in weights.absolute().parents:
        beside = folder.with_name(f"{folder.name}.safetensors")
        raise TrainingError(
            f"{weights} lies in the folder that the voice itself takes; keep the weights beside "
            f"it, in {beside}."
        )


@torch.no_grad()
def sharpen(out: nn.Linear, sharpness: float) -> None:
    """Fold a formant post-filter into the layer that gives the mel: it costs nothing at run time.

    Networks that learn by mean error give smooth spectra. The mel m becomes m + s (m − Gm), where
    G smooths over neighbouring bands.

    Args:
        out: Its rows are mel bands, low ones first.
        sharpness: s, 0–1.

    Raises:
        TrainingError: It is not within 0–1.

    References:
        Ling et al. (2006), USTC system for Blizzard Challenge 2006: formant enhancement of
        statistical speech synthesis.
    """
    if not 0 <= sharpness <= 1:
        raise TrainingError(f"sharpness {sharpness} is not within 0–1")
    bands = torch.arange(out.out_features)
    smooth = torch.exp(-0.5 * ((bands[:, None] - bands[None]) / _SMOOTH_BANDS) ** 2)
    smooth = smooth / smooth.sum(1, keepdim=True)
    filtered = torch.eye(out.out_features) * (1 + sharpness) - sharpness * smooth
    out.weight.copy_(filtered @ out.weight)
    out.bias.copy_(filtered @ out.bias)


@torch.no_grad()
def _round(graph: nn.Module) -> None:
    """Make the weights what float16 holds of them, so that parity is judged on what is stored."""
    for name, parameter in graph.named_parameters():
        if bool((parameter.abs() > LARGEST_HALF).any()):
            raise TrainingError(f"The weight {name} is too large for float16; export in float32.")
        parameter.copy_(parameter.half().float())


@torch.no_grad()
def _model(
    acoustic: FastPitch, table: SpeakerTable, about: VoiceAbout, files: Mapping[str, bytes]
) -> VoiceModel:
    wanted = about.speakers or dict.fromkeys(table.names, SpeakerAbout())
    speakers = {}
    for name, default in wanted.items():
        row = table.index(name)
        own = _vector(table, name)
        moved = [far * (own - _vector(table, other)) for other, far in default.away.items()]
        vector = torch.stack([own, *moved]).sum(0)
        speakers[name] = Speaker(
            tuple((vector / vector.norm()).tolist()),
            float(table.mean_pitch_st[row]),
            float(table.mean_energy_db[row]),
            default.rate,
            default.pitch_st,
        )
    return VoiceModel(
        speakers,
        about.blends,
        files={name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
        symbols=SYMBOLS[: acoustic.config.symbols],
        languages=acoustic.config.languages,
        emotions=acoustic.config.emotions,
        inventory=INVENTORY_REVISION,
        sample_rate=MEL.sample_rate,
        hop_length=MEL.hop_length,
        n_mels=acoustic.config.n_mels,
        variation=about.variation,
    )


def _vector(table: SpeakerTable, name: str) -> torch.Tensor:
    """Return a speaker's unit vector, (D,), float64."""
    row = torch.tensor([table.index(name)], device=table.vectors.device)
    vector: torch.Tensor = table(row)[0].double()
    unit: torch.Tensor = vector / vector.norm()
    return unit


def _card(about: VoiceAbout, model: VoiceModel, text: str) -> VoiceCard:
    return VoiceCard(
        name=about.name,
        engine=ENGINE,
        model_sha256=hashlib.sha256(text.encode()).hexdigest(),
        languages=about.languages or model.languages,
        speakers={n: i for i, n in enumerate([*model.speakers, *model.blends])},
        sample_rate=model.sample_rate,
        licence=about.licence,
        may_publish=about.may_publish,
        source=about.source,
        attribution=about.attribution,
        consent_ref=about.consent_ref,
        batchable=True,
        has_durations=True,
    )


def _write(files: Mapping[str, bytes], card: VoiceCard, folder: Path, replace: bool) -> None:
    """Write a folder under another name, then give it its own."""
    try:
        with working(folder.parent) as work:
            made = work / folder.name
            made.mkdir()
            for name, data in files.items():
                (made / name).write_bytes(data)
            card_text = yaml.safe_dump(card.plain(), sort_keys=False, allow_unicode=True, width=100)
            (made / CARD).write_text(card_text, "utf-8")
            made.chmod(0o755)
            place(made, folder, replaces=replace)
    except OSError as error:
        raise TrainingError(f"The voice cannot be written to {folder}: {error}.") from error
