"""Reading a voice of our own from its folder; nothing in it is trusted."""

from __future__ import annotations

import hashlib
from pathlib import Path

from renderer.domain.voice import VoiceCard
from renderer.domain.voice_json import MOST_BYTES, read_voice_model
from renderer.domain.voice_model import FILE, GRAPHS, Base, VoiceModel
from renderer.errors import ModelRefusedError, UnknownVoiceError
from renderer.ports import VoiceBook
from renderer.speech.fastpitch import NAME, FastPitchVoice
from renderer.speech.fastpitch_model import FastPitchModel
from renderer.speech.model_file import read_bounded
from renderer.speech.onnx_session import ANY_GPU, Gpu

MOST_GRAPH_BYTES = 128 << 20


def load(
    card: VoiceCard,
    book: VoiceBook,
    *,
    threads: int = 0,
    use_cuda: bool | None = None,
    gpu: Gpu = ANY_GPU,
) -> FastPitchVoice:
    """Read a voice's files, check them against their hashes and load them.

    Args:
        card: Its card.
        book: Opens another voice, for one that builds on it.
        threads: Runs at the same time; 0 is one per core on the CPU and one on a GPU.
        use_cuda: True: on a GPU or not at all; False: never; None: where there is one.
        gpu: How the GPU is used.

    Raises:
        ModelRefusedError: A file is missing, changed, broken or hostile, or the card says what the
            files do not.
        VoiceError: A GPU was asked for and there is none, or memory ran out.
    """
    voice = read_contents(card)
    base: FastPitchVoice | None = None
    if voice.base is not None:
        base = _base(card, voice.base, book)
        model, speakers = base.model, voice.resolved(base.speakers)
    else:
        folder = Path(card.folder)
        graphs = {name: _graph(folder / name, voice.files[name]) for name in GRAPHS}
        model = FastPitchModel(graphs, voice, use_cuda=use_cuda, gpu=gpu)
        speakers = voice.resolved()
    _check_card(card, model.voice, frozenset(speakers))
    return FastPitchVoice(
        card, model, speakers, variation=voice.variation, threads=threads, base=base
    )


def files(card: VoiceCard) -> tuple[Path, ...]:
    """Return the files a voice of our own may consist of, those of the voice it builds on left out.

    Args:
        card: Its card.
    """
    return tuple(Path(card.folder) / name for name in (FILE, *GRAPHS))


def read_contents(card: VoiceCard) -> VoiceModel:
    """Read a voice's `voice.json` and check it against its card.

    Raises:
        ModelRefusedError: It is missing, changed, broken or hostile.
    """
    data = read_bounded(Path(card.folder) / FILE, MOST_BYTES)
    if hashlib.sha256(data).hexdigest() != card.model_sha256:
        raise _changed(card.name, FILE)
    return read_voice_model(data)


def _graph(path: Path, sha256: str) -> bytes:
    data = read_bounded(path, MOST_GRAPH_BYTES)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise _changed(path.parent.name, path.name)
    return data


def _changed(voice: str, file: str) -> ModelRefusedError:
    return ModelRefusedError(
        f"{file} of voice {voice!r} is not the one its card was made for (its SHA-256 differs). "
        "Restore the file, or install the voice again."
    )


def _base(card: VoiceCard, base: Base, book: VoiceBook) -> FastPitchVoice:
    """Open the voice another one builds on; before that, see that it builds on none itself."""
    if base.voice == card.name:
        raise ModelRefusedError(f"Voice {card.name!r} builds on itself.")
    try:
        known = book.card(base.voice)
    except UnknownVoiceError as error:
        raise ModelRefusedError(f"Voice {card.name!r} builds on another. {error}") from error
    if known.engine != NAME or read_contents(known).base is not None:
        raise ModelRefusedError(
            f"Voice {card.name!r} builds on {base.voice!r}, which has no graphs of its own."
        )
    opened = book.open(base.voice)
    assert isinstance(opened, FastPitchVoice)  # noqa: S101 - its card's engine is ours
    if opened.card.model_sha256 != base.sha256:
        raise ModelRefusedError(
            f"Voice {card.name!r} was made for another version of {base.voice!r}; install that "
            "one, or make the voice again."
        )
    if card.may_publish and not opened.card.may_publish:
        raise ModelRefusedError(
            f"The card of {card.name!r} says it may be published, and {base.voice!r}, which it is "
            "made of, may not."
        )
    return opened


def _check_card(card: VoiceCard, model: VoiceModel, speakers: frozenset[str]) -> None:
    if frozenset(card.speakers) != speakers:
        raise ModelRefusedError(
            f"The card of {card.name!r} has not the speakers of its {FILE}; make it again."
        )
    if card.sample_rate != model.sample_rate:
        raise ModelRefusedError(
            f"The card of {card.name!r} says {card.sample_rate} Hz and its {FILE} "
            f"{model.sample_rate} Hz."
        )
