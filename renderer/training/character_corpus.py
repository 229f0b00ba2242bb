"""What a character is learnt from: recordings that are prepared, or one speaker of a corpus.

Either becomes a corpus of its own, of one speaker with the character's name, in the run's folder.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

from renderer.errors import TrainingError
from renderer.ports import Transcriber
from renderer.training.corpus import CLIPS_FILE, CORPUS_FILE, TRAIN, VALID, Clip, Corpus
from renderer.training.finetune import Show
from renderer.training.metadata import METADATA_FILE, Defaults
from renderer.training.prepare import Preparation, Rights, prepare

_VALID_SHARE, _LEAST_VALID, _MOST_VALID = 1 / 12, 2, 24


@dataclass(frozen=True, slots=True)
class Character:
    """Who is to speak.

    Attributes:
        name: Of the voice, as manifests will call it.
        language: BCP 47 tag of the recordings, where they do not say it.
        rights: Terms of the recordings.
        consent_ref: Reference of the speaker's consent, or "".
        speaker: Whose clips are taken, where the folder has several speakers.
        least_minutes: Usable minutes there must be.
    """

    name: str
    language: str = "en-US"
    rights: Rights = field(default_factory=Rights)
    consent_ref: str = ""
    speaker: str = ""
    least_minutes: float = 3.0


def require_terms(recordings: Path, who: Character) -> None:
    """Refuse to publish what a corpus says may not be.

    Raises:
        TrainingError: Its speaker's terms are known and forbid it.
    """
    if not who.rights.may_publish or not (recordings / CORPUS_FILE).is_file():
        return
    (speaker,) = _alone(Corpus.load(recordings), who).speakers.values()
    if speaker.licence and not speaker.may_publish:
        raise TrainingError(
            f"The corpus {recordings} says that its sound ({speaker.licence}) may not be "
            "published; leave out --may-publish."
        )


def gather(
    recordings: Path,
    target: Path,
    who: Character,
    transcriber: Transcriber,
    show: Show,
    *,
    anew: bool = False,
) -> Corpus:
    """Return the character's own corpus, of one speaker of that name; made where it is not there.

    Raises:
        InputError: All that is wrong with the recordings.
        TrainingError: They are of several speakers, or of none of that name.
    """
    if anew or not (target / CORPUS_FILE).is_file():
        if (recordings / CORPUS_FILE).is_file():
            _copy(Corpus.load(recordings), target, who)
        else:
            how = Preparation(
                Defaults(who.speaker or who.name, who.language),
                who.rights,
                valid_share=_VALID_SHARE,
                most_valid=_MOST_VALID,
            )
            prepare(
                recordings,
                target,
                how,
                transcriber,
                progress=lambda what, done, n: show(what, done, n, ""),
                replaces=True,
            )
    corpus = Corpus.load(target)
    if set(corpus.speakers) != {who.name}:
        corpus = _alone(corpus, who)
        corpus.save()
    return corpus


def fingerprint(folder: Path) -> str:
    """Return a hash of a folder's texts, and of the names and sizes of its sounds."""
    digest = hashlib.sha256()
    for name in (METADATA_FILE, CORPUS_FILE, CLIPS_FILE):
        if (folder / name).is_file():
            digest.update((folder / name).read_bytes())
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".wav", ".flac", ".ogg") and path.is_file():
            place = path.relative_to(folder).as_posix()
            digest.update(f"{place}\0{path.stat().st_size}\0".encode())
    return digest.hexdigest()


def _alone(corpus: Corpus, who: Character) -> Corpus:
    """Return one speaker's clips under the character's name.

    Raises:
        TrainingError: It is not clear whose.
    """
    names = sorted(corpus.speakers)
    chosen = who.speaker or (names[0] if len(names) == 1 else who.name)
    if chosen not in corpus.speakers:
        raise TrainingError(
            f"The recordings are of {', '.join(names)}: say with --speaker whose voice {who.name} "
            "is to have."
        )
    own = tuple(replace(c, speaker=who.name) for c in corpus.clips if c.speaker == chosen)
    speaker = replace(corpus.speakers[chosen], name=who.name)
    return replace(corpus, speakers={who.name: speaker}, clips=own)


def _copy(corpus: Corpus, target: Path, who: Character) -> None:
    """Copy a speaker's clips; some are kept for validation where none are."""
    own = _alone(corpus, who)
    shutil.rmtree(target, ignore_errors=True)
    try:
        for clip in own.clips:
            path = target / clip.audio
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(corpus.folder / clip.audio, path)
    except OSError as error:
        raise TrainingError(
            f"The clips of {corpus.folder} cannot be copied ({error.strerror or error})."
        ) from error
    replace(own, folder=target, clips=_with_validation(own.clips)).save()


def _with_validation(clips: tuple[Clip, ...]) -> tuple[Clip, ...]:
    """Keep some texts for validation, chosen by their hash, where the corpus keeps none."""
    usable = [clip for clip in clips if clip.passed]
    if any(clip.split == VALID for clip in usable):
        return clips
    texts = sorted(
        {clip.text for clip in usable}, key=lambda t: hashlib.sha256(t.encode()).digest()
    )
    count = min(_MOST_VALID, max(_LEAST_VALID, round(_VALID_SHARE * len(texts))), len(texts) - 1)
    kept = set(texts[: max(0, count)])
    return tuple(replace(c, split=VALID if c.text in kept else TRAIN) for c in clips)


def _rank(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
