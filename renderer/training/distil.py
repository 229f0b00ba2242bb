"""Learn from what speaks already: a teacher says a text set, and its phone times come with it.

A clip is written as soon as it is said. The same call on the same folder goes on where it was:
clips that are there are kept, another teacher adds its own.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from renderer.audio.activity import frame_levels_dbfs, silence_threshold_dbfs, sound_bounds
from renderer.audio.mastering import resample
from renderer.audio.waveform import Samples, Waveform
from renderer.domain.transcript import shift
from renderer.errors import AudioError, BarklineError, SynthesisError, TextError, TrainingError
from renderer.training.corpus import (
    CORPUS_FILE,
    MEL,
    TRAIN,
    VALID,
    Clip,
    Corpus,
    Speaker,
)
from renderer.training.sound import write_sound
from renderer.training.teacher import Lesson, Teacher

LEVEL_DBFS = -23.0
"""Level of a speaker's speech, silence left out; one gain per speaker keeps loud lines loud."""

_CHUNK = 16
_PROBES = 24
_LONGEST_HEAD_S, _LONGEST_TAIL_S = 0.06, 0.15
_PEAK = 0.999
_SHORTEST_S, _LONGEST_S = 0.15, 30.0
_GAINS_FILE = "gains.json"

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Distilled:
    """What a distillation did.

    Attributes:
        corpus: The corpus, with everything that was there before.
        made: Clips that are new.
        kept: Clips that were there.
        dropped: Reason to number of sentences that gave no clip.
        changed_words: Words said with other phones than the transcript's.
        seconds: Length of the new clips.
    """

    corpus: Corpus
    made: int
    kept: int
    dropped: Mapping[str, int]
    changed_words: int
    seconds: float


@dataclass(frozen=True, slots=True)
class _Job:
    id: str
    text: str
    split: str


def distil(
    texts: Sequence[str],
    teacher: Teacher,
    folder: Path,
    *,
    held_out: Sequence[str] = (),
    progress: Progress | None = None,
    workers: int = 1,
) -> Distilled:
    """Let a teacher say texts and write what it says into a corpus.

    Args:
        texts: Sentences to train on.
        teacher: Who says them.
        folder: The corpus; it is made, or added to.
        held_out: Sentences to validate on, never trained on.
        progress: Told (sentences done, sentences in all).
        workers: Threads; teachers that are programs of their own run as many at once.

    Raises:
        TrainingError: The teacher is not there, the folder holds another speaker of that name, or
            not one sentence gave a clip.
        InputError: The folder holds a corpus that cannot be read.
    """
    corpus = _open(folder, teacher.speaker)
    jobs = _jobs(texts, held_out, teacher)
    known = {clip.id for clip in corpus.clips if (folder / clip.audio).is_file()}
    open_ = [job for job in jobs if job.id not in known]
    clips = {clip.id: clip for clip in corpus.clips if clip.id in known}
    kept, dropped, changed, made_s, made = len(jobs) - len(open_), Counter[str](), 0, 0.0, 0
    report = progress or (lambda _done, _total: None)
    report(kept, len(jobs))
    if open_:
        gain = _gain(teacher, folder, [job.text for job in jobs[:_PROBES]])
        for answers in _answers(teacher, open_, workers):
            for job, lesson in answers:
                clip = _write(lesson, job, teacher, gain, folder)
                if isinstance(clip, str):
                    dropped[clip] += 1
                    continue
                clips[job.id], made = clip[0], made + 1
                changed += clip[1]
                made_s += clip[0].frames * MEL.hop_length / MEL.sample_rate
            corpus = replace(corpus, clips=tuple(clips[key] for key in sorted(clips)))
            corpus.save()
            report(kept + made + sum(dropped.values()), len(jobs))
    if not kept and not made:
        reasons = "; ".join(f"{count} × {why}" for why, count in dropped.items()) or "no sentence"
        raise TrainingError(f"Nothing was learnt from {teacher.speaker.name!r}: {reasons}.")
    return Distilled(corpus, made, kept, dict(dropped), changed, made_s)


def _open(folder: Path, speaker: Speaker) -> Corpus:
    """Open or begin a corpus that has the speaker."""
    if not (folder / CORPUS_FILE).exists():
        return Corpus(folder, {speaker.name: speaker}, ())
    corpus = Corpus.load(folder)
    known = corpus.speakers.get(speaker.name)
    if corpus.spec != MEL:
        raise TrainingError(f"{folder} was made for other mel frames; choose another folder.")
    if known is not None and known != speaker:
        raise TrainingError(
            f"{folder} holds another speaker {speaker.name!r} (source: {known.source!r}, licence "
            f"{known.licence!r}); choose another name or folder."
        )
    return replace(corpus, speakers={**corpus.speakers, speaker.name: speaker})


def _jobs(texts: Sequence[str], held_out: Sequence[str], teacher: Teacher) -> list[_Job]:
    """Return what is to be said; ids depend on speaker, language and text alone."""
    kept_out = set(held_out)
    both = [(t, TRAIN) for t in texts if t not in kept_out] + [(t, VALID) for t in held_out]
    prefix = f"{teacher.speaker.name}-{teacher.language}"
    jobs = {
        text: _Job(f"{prefix}-{hashlib.sha256(text.encode()).hexdigest()[:12]}", text, split)
        for text, split in both
    }
    return list(jobs.values())


def _answers(
    teacher: Teacher, jobs: Sequence[_Job], workers: int
) -> Iterator[list[tuple[_Job, Lesson | BarklineError]]]:
    """Say sentences chunk by chunk; at most `workers` chunks are under way."""
    runs = [jobs[start : start + _CHUNK] for start in range(0, len(jobs), _CHUNK)]

    def teach(run: Sequence[_Job]) -> list[tuple[_Job, Lesson | BarklineError]]:
        return list(zip(run, teacher.teach([job.text for job in run]), strict=True))

    if workers <= 1:
        yield from map(teach, runs)
        return
    with ThreadPoolExecutor(workers) as pool:
        for start in range(0, len(runs), workers):
            yield from pool.map(teach, runs[start : start + workers])


def _gain(teacher: Teacher, folder: Path, texts: Sequence[str]) -> float:
    """Return the speaker's gain: found once from the first sentences, then kept in the folder."""
    path = folder / _GAINS_FILE
    name = teacher.speaker.name
    try:
        gains = json.loads(path.read_text("utf-8"))
        found = float(gains[name])
        if np.isfinite(found) and found > 0:
            return found
    except (OSError, ValueError, KeyError, TypeError):
        gains = {}
    answers = teacher.teach(texts)
    lessons = [x for x in answers if isinstance(x, Lesson)]
    levels = [level for x in lessons if (level := _speech_level_dbfs(x.waveform)) is not None]
    peaks = [float(np.abs(x.waveform.samples).max(initial=0.0)) for x in lessons]
    if not levels:
        why = next((str(x) for x in answers if isinstance(x, BarklineError)), "only silence")
        raise TrainingError(f"Nothing can be learnt from {name!r}: {why}")
    gain = float(10 ** ((LEVEL_DBFS - float(np.median(levels))) / 20))
    gain = min(gain, 0.8 / max(peaks))
    folder.mkdir(parents=True, exist_ok=True)
    known = gains if isinstance(gains, dict) else {}
    path.write_text(json.dumps({**known, name: gain}, indent=1, sort_keys=True) + "\n", "utf-8")
    return gain


def _speech_level_dbfs(waveform: Waveform) -> float | None:
    """Return the level of the frames that hold speech, or None in silence."""
    samples = np.nan_to_num(waveform.samples)
    levels = frame_levels_dbfs(samples, max(1, waveform.sample_rate // 100))
    if not levels.size:
        return None
    loud = levels[levels > silence_threshold_dbfs(levels)]
    return float(10 * np.log10(np.mean(10 ** (loud / 10)))) if loud.size else None


def _write(
    lesson: Lesson | BarklineError, job: _Job, teacher: Teacher, gain: float, folder: Path
) -> tuple[Clip, int] | str:
    """Write a clip; return it with its number of changed words, or why there is none."""
    if isinstance(lesson, BarklineError):
        return _reason(lesson)
    try:
        samples, lesson = _cut(lesson)
        frames = -(-samples.size // MEL.hop_length)
        timed, trusted = lesson.tokens(frames, MEL.hop_length / MEL.sample_rate)
    except (TextError, AudioError, SynthesisError) as error:
        return _reason(error)
    loud = samples * np.float32(gain)
    if float(np.abs(loud).max(initial=0.0)) > _PEAK:
        return "louder than full scale"
    audio = f"audio/{job.id}.flac"
    padded = np.pad(loud, (0, frames * MEL.hop_length - loud.size))
    write_sound(folder / audio, padded, MEL.sample_rate)
    sequence = timed.sequence
    clip = Clip(
        id=job.id,
        speaker=teacher.speaker.name,
        language=teacher.language,
        text=job.text,
        audio=audio,
        frames=frames,
        phones=sequence.symbols,
        stresses=sequence.stresses,
        words=sequence.words,
        durations=timed.durations,
        trusted=trusted,
        split=job.split,
    )
    return clip, timed.changed


def _reason(error: BarklineError) -> str:
    text = str(error)
    return text if len(text) < 80 else f"{text[:77]}…"  # noqa: PLR2004 - a line on a screen


def _cut(lesson: Lesson) -> tuple[Samples, Lesson]:
    """Bring a lesson to the corpus's rate, with short silences before and after it."""
    sound = resample(lesson.waveform, MEL.sample_rate)
    if not np.all(np.isfinite(sound.samples)):
        raise AudioError("not a number in the sound")
    start, end = sound_bounds(sound)
    heard = [span for span in lesson.phones if span.word >= 0]
    if start >= end or not heard:
        raise AudioError("nothing to hear")
    first = min(start / MEL.sample_rate, heard[0].start_s) - _LONGEST_HEAD_S
    last = max(end / MEL.sample_rate, heard[-1].end_s) + _LONGEST_TAIL_S
    head, tail = max(0, round(first * MEL.sample_rate)), round(last * MEL.sample_rate)
    samples = sound.samples[head:tail]
    length_s = samples.size / MEL.sample_rate
    if not _SHORTEST_S <= length_s <= _LONGEST_S:
        raise AudioError("too short or too long to learn from")
    phones = shift(lesson.phones, -head / MEL.sample_rate, length_s)
    return samples, replace(lesson, phones=phones)
