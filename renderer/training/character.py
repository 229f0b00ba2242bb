"""From a few minutes of recordings to a character's voice, step by step.

gather     recordings are prepared and checked, or one speaker of a corpus is taken, into `corpus/`
align      an aligner finds the phones, where no exact times are known
learn      the base's acoustic model learns the new speaker, its vocoder too where it is asked to
write      a voice folder in `voice/`, checked by running it
register   the same folder among the voices: there at once, or not at all

`character_check` listens to it in between. All of it lives in one run's folder; the same call goes
on where it was stopped.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from renderer.errors import InputError, TrainingError
from renderer.ports import Transcriber
from renderer.training import finetune
from renderer.training.aligning import align_corpus
from renderer.training.base import Base
from renderer.training.character_corpus import Character, fingerprint, gather, require_terms
from renderer.training.corpus import Corpus
from renderer.training.export import SpeakerAbout, VoiceAbout, export_voice
from renderer.training.fit import Run
from renderer.training.placing import place, working
from renderer.training.predicted import predict_all
from renderer.training.prepare import Rights
from renderer.training.qc import require_minutes
from renderer.training.recipe import Recipe
from renderer.training.sound import write_bytes
from renderer.training.tuning import Tuning, plans

__all__ = ["Character", "Told", "about", "register", "train_character"]

ASK_FILE = "character.json"


@dataclass(frozen=True, slots=True)
class Told:
    """Whom to tell how far it is.

    Attributes:
        show: Told what is done, steps done, in all, and a few losses.
        began: Told of each run before it begins, so that it can be stopped between two steps.
    """

    show: finetune.Show = lambda _what, _done, _all, _note: None
    began: Callable[[Run], None] = lambda _run: None


def train_character(
    recordings: Path,
    run: Path,
    base: Base,
    who: Character,
    how: Tuning,
    transcriber: Transcriber,
    told: Told | None = None,
) -> Path | None:
    """Make a character's voice out of recordings, or go on with it.

    Args:
        recordings: A folder with `metadata.csv`, or a corpus.
        run: Folder of everything that is made on the way.
        base: The voice that is begun from.
        who: Name, language, terms.
        how: How it is learnt.
        transcriber: Text to phonemes.
        told: Shows it to a person.

    Returns:
        The voice's folder, in `run/voice/`; None when it was stopped before the end.

    Raises:
        InputError: All that is wrong with the recipes, or with the recordings.
        TrainingError: There is too little to learn from, the base does not fit, or the run's
            folder holds something else.
    """
    told = told or Told()
    plan = plans(how, run / "corpus")
    finetune.require_learnable(base, plan.acoustic, how.file)
    require_terms(recordings, who)
    ask = _ask(recordings, base, who, how)
    is_new = not (run / ASK_FILE).exists()
    if not is_new:
        _require_same(run / ASK_FILE, ask)
    corpus = gather(recordings, run / "corpus", who, transcriber, told.show, anew=is_new)
    require_minutes(corpus, who.least_minutes)
    finetune.require_fit(base, corpus)
    if is_new:
        write_bytes(run / ASK_FILE, json.dumps(ask, ensure_ascii=False, indent=1).encode())
    aligned = _align(corpus, run / "aligner", who, how, plan.aligner, told)
    if aligned is None or not _learn(base, aligned, run, how, plan.acoustic, told):
        return None
    learner = finetune.trained_acoustic(run / "acoustic")
    vocoder = _vocoder(base, aligned, run / "vocoder", how, plan.vocoder, told)
    if vocoder is None:
        return None
    told.show("writing the voice", 0, 1, "")
    folder = run / "voice" / who.name
    made = export_voice(
        learner.model.cpu().eval(),
        learner.speakers.cpu().eval(),
        vocoder,
        about(who, base, aligned),
        folder,
        replace=True,
    )
    told.show("writing the voice", 1, 1, "")
    return made


def about(who: Character, base: Base, corpus: Corpus) -> VoiceAbout:
    """Return what the voice's card will say; it may be published only where all terms allow it."""
    rights, terms = who.rights, base.rights
    if not rights.licence and who.name in corpus.speakers:  # a corpus knows its own terms
        own = corpus.speakers[who.name]
        rights = Rights(own.licence, own.may_publish, own.source, own.attribution)
    texts = dict.fromkeys(t for t in (rights.attribution, terms.attribution) if t)
    start = f" Fine-tuned from {terms.voice}" if terms.voice else " Fine-tuned"
    return VoiceAbout(
        who.name,
        rights.licence,
        bool(rights.licence) and rights.may_publish and terms.may_publish,
        f"{rights.source or 'Recordings of one person.'}{start}.".strip(),
        "\n".join(texts),
        who.consent_ref,
        tuple(sorted({clip.language for clip in corpus.clips if clip.passed})),
        {who.name: SpeakerAbout()},
    )


def register(voice: Path, voices: Path, *, replaces: bool = False) -> Path:
    """Put a voice's folder among other voices: there at once, or not at all.

    Args:
        voice: Of `train_character`.
        voices: The folder of voices, such as a project's `voices/`.
        replaces: Whether a voice of that name is replaced.

    Returns:
        Where it lies now.

    Raises:
        TrainingError: There is one of that name that may not be replaced or is no voice, or it
            cannot be written.
    """
    target = voices / voice.name
    try:
        with working(voices) as work:
            shutil.copytree(voice, work / voice.name)
            place(work / voice.name, target, replaces=replaces)
    except OSError as error:
        raise TrainingError(
            f"The voice cannot be put into {voices} ({error.strerror or error}). It lies in "
            f"{voice}; make room and run the same command again."
        ) from error
    return target


def _align(
    corpus: Corpus, folder: Path, who: Character, how: Tuning, plan: Recipe, told: Told
) -> Corpus | None:
    """Return the corpus with durations, or None when it was stopped before."""
    if corpus.is_aligned:
        return corpus
    if not _go(finetune.align_run(corpus, plan, folder, torch.device(how.device)), told):
        return None
    aligned = align_corpus(
        finetune.trained_aligner(folder),
        corpus,
        progress=lambda done, n: told.show("aligning", done, n, ""),
    )
    aligned.save()
    require_minutes(aligned, who.least_minutes)
    return aligned


def _learn(base: Base, corpus: Corpus, run: Path, how: Tuning, plan: Recipe, told: Told) -> bool:
    """Teach the acoustic model; return whether it is done."""
    device = torch.device(how.device)
    made = finetune.acoustic_run(base, corpus, plan, run / "acoustic", device)
    return _go(made, told, how.minutes)


def _vocoder(
    base: Base, corpus: Corpus, folder: Path, how: Tuning, plan: Recipe | None, told: Told
) -> nn.Module | None:
    """Return the base's vocoder, taught where it is asked for; None when it was stopped before."""
    if plan is None:
        return base.generator().eval()
    device = torch.device(how.device)
    learner = finetune.trained_acoustic(folder.with_name("acoustic"))
    for module in learner.modules.values():
        module.to(device)
    predict_all(
        learner,
        [corpus],
        device=device,
        show=lambda done, n: told.show("predicting", done, n, ""),
    )
    if not _go(finetune.vocoder_run(base, corpus, plan, folder, device), told):
        return None
    return finetune.trained_vocoder(base, folder)


def _go(run: Run, told: Told, minutes: float = 0.0) -> bool:
    told.began(run)
    return finetune.go(run, run.folder.name, told.show, minutes)


def _ask(recordings: Path, base: Base, who: Character, how: Tuning) -> dict[str, Any]:
    """Return what the steps depend on; a run goes on only where this is unchanged."""
    tuning = {k: v for k, v in asdict(how).items() if k not in ("minutes", "device", "file")}
    plain = {
        "name": who.name,
        "language": who.language,
        "speaker": who.speaker,
        "recordings": fingerprint(recordings),
        "base": base.sha256,
        **tuning,
    }
    read: dict[str, Any] = json.loads(json.dumps(plain))
    return read


def _require_same(path: Path, ask: dict[str, Any]) -> None:
    try:
        before = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read ({error}); remove {path.parent}.") from error
    changed = sorted(key for key in ask if before.get(key) != ask[key])
    if changed:
        raise TrainingError(
            f"{path.parent} holds a run that was begun with another {', '.join(changed)}. Choose "
            "another --run, or remove it to begin anew."
        )
