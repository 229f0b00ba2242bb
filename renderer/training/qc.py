"""Which clips of a corpus are fit to be learnt from: measured, compared, each with pass or fail.

A clip is compared with its speaker's others (level, rate) and with all others (duplicates). What
failed stays in the corpus with its `faults`, so that people can hear why, and is never trained on.
A check that could not be computed is an ERROR and counts as a fault.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from renderer.domain.verdict import Finding, Outcome
from renderer.errors import JudgeError, TrainingError
from renderer.ports.judge import WordAlignment
from renderer.quality.finding import at_least, at_most, placed
from renderer.training.corpus import Corpus
from renderer.training.duplicate import Piece, find_copies
from renderer.training.sound_measure import SoundMeasures

_FEWEST_TO_COMPARE = 5  # clips; a median of fewer says nothing
_FEWEST_PHONES = 8  # the rate of a shorter clip says nothing


@dataclass(frozen=True, slots=True)
class ClipLimits:
    """Bounds of the checks.

    They were set so that studio and audiobook recordings pass: 22 clips of LJSpeech have an SNR of
    29 dB and more, a release below −29 dB and a head below −28 dB; recordings cut off in the middle
    of a word have a release above −16 dB. Held against its text, each of the 8 that have one scores
    0.85–0.90, and 40 acted clips of RAVDESS score 0.76–0.90 with at most one of six words missed;
    against another's text LJSpeech scores 0.79 at most, mostly below 0.61, or cannot be aligned.
    """

    least_speech_s: float = 0.25
    most_duration_s: float = 20.0
    most_flat_permille: float = 1.0
    least_snr_db: float = 20.0
    most_level_off_db: float = 10.0
    most_edge_silence_s: float = 5.0
    most_gap_s: float = 1.5
    most_head_db: float = -15.0
    most_release_db: float = -20.0
    least_phones_per_s: float = 4.0
    most_phones_per_s: float = 26.0
    most_rate_ratio: float = 1.6
    least_words_fit: float = 0.75
    least_words_found: float = 0.75


@dataclass(frozen=True, slots=True)
class Candidate:
    """A clip before it is judged.

    Attributes:
        id: Of the clip.
        speaker: Who speaks.
        language: Language code.
        emotion: One of the manifest's emotions.
        text: What is said.
        phones: Phones of the text, without pauses.
        sound: What was measured on the recording.
        alignment: The text held against the sound, or None where nobody was asked to.
    """

    id: str
    speaker: str
    language: str
    emotion: str
    text: str
    phones: tuple[str, ...]
    sound: SoundMeasures
    alignment: WordAlignment | JudgeError | None = None

    @property
    def rate(self) -> float:
        """Phones per second of speech, pauses left out."""
        return len(self.phones) / max(self.sound.speech_s, 1e-3)


def judge_clips(
    candidates: Sequence[Candidate], limits: ClipLimits | None = None
) -> dict[str, tuple[Finding, ...]]:
    """Return the findings of each clip by its id."""
    held = limits or ClipLimits()
    levels = _medians({c.id: ((c.speaker, c.emotion), c.sound.loudness_lufs) for c in candidates})
    rates = _medians(
        {c.id: (c.speaker, c.rate) for c in candidates if len(c.phones) >= _FEWEST_PHONES}
    )
    copies = find_copies([_piece(c) for c in candidates])
    return {
        c.id: (
            *_of_sound(c.sound, held),
            *_of_level(c, levels.get(c.id), held),
            *_of_rate(c, rates.get(c.id), held),
            *_of_alignment(c, held),
            *copies.get(c.id, ()),
        )
        for c in candidates
    }


def faults_of(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Return the names of the checks that speak against a clip."""
    return tuple(
        dict.fromkeys(f.check for f in findings if f.outcome in (Outcome.FAIL, Outcome.ERROR))
    )


def usable_minutes(corpus: Corpus) -> dict[str, float]:
    """Return the minutes of clips that passed, per speaker, of both splits."""
    frame_minutes = corpus.spec.hop_length / corpus.spec.sample_rate / 60
    minutes = dict.fromkeys(sorted(corpus.speakers), 0.0)
    for clip in corpus.clips:
        minutes[clip.speaker] += clip.frames * frame_minutes * clip.passed
    return minutes


def require_minutes(corpus: Corpus, least_minutes: float) -> None:
    """Refuse a corpus with too little to learn from.

    Raises:
        TrainingError: A speaker has fewer usable minutes; says how many, and why clips failed.
    """
    short = {s: m for s, m in usable_minutes(corpus).items() if m < least_minutes}
    if not short:
        return
    failed = defaultdict[str, int](int)
    for clip in corpus.clips:
        for fault in clip.faults if clip.speaker in short else ():
            failed[fault] += 1
    who = ", ".join(f"{name} has {minutes:.1f}" for name, minutes in short.items())
    why = ", ".join(f"{check} {count}" for check, count in sorted(failed.items()))
    why_failed = f"Clips that failed, by check: {why}. " if why else ""
    raise TrainingError(
        f"{corpus.folder} has too little to train on: {least_minutes:g} usable minutes per speaker "
        f"are needed, {who}. {why_failed}Record more, or mend what failed (the corpus's qc.html "
        "tells what it is and plays it)."
    )


def _piece(c: Candidate) -> Piece:
    manner = (c.speaker, c.language, c.emotion)
    return Piece(c.id, manner, c.text, c.sound.speech_s, c.sound.sha256)


def _of_sound(sound: SoundMeasures, held: ClipLimits) -> tuple[Finding, ...]:
    clipped = at_most(
        "clipping",
        sound.flat_permille,
        held.most_flat_permille,
        "‰",
        "Share of the samples on a flat top.",
        "Record with more headroom; turning a clipped recording down does not mend it.",
    )
    return (
        at_least(
            "speech",
            sound.speech_s,
            held.least_speech_s,
            "s",
            "Sound that is no silence.",
            "The recording is empty: record it again or remove its line.",
        ),
        at_most(
            "duration",
            sound.duration_s - sound.lead_s - sound.tail_s,
            held.most_duration_s,
            "s",
            "Length without the silence at its ends.",
            "Cut it into sentences.",
        ),
        placed(clipped, sound.flat_s),
        at_least(
            "snr",
            sound.snr_db,
            held.least_snr_db,
            "dB",
            "Level of the speech above the quietest frames.",
            "Record in a quieter room, closer to the microphone, without reverberation.",
        ),
        at_most(
            "edge_silence",
            max(sound.lead_s, sound.tail_s),
            held.most_edge_silence_s,
            "s",
            "Silence before or after the speech.",
            "Check that nothing is missing, and cut the recording.",
        ),
        at_most(
            "gap",
            sound.gap_s,
            held.most_gap_s,
            "s",
            "Longest silence inside.",
            "Cut it out, or cut the recording there.",
        ),
        at_most(
            "cut_start",
            sound.head_db,
            held.most_head_db,
            "dB",
            "Level of the first milliseconds below the loudest.",
            "The first sound is cut off: cut earlier.",
        ),
        at_most(
            "cut_end",
            sound.release_db,
            held.most_release_db,
            "dB",
            "Level at which the last sound ends, below the loudest.",
            "The last sound is cut off: cut later.",
        ),
    )


def _of_level(candidate: Candidate, usual: float | None, held: ClipLimits) -> tuple[Finding, ...]:
    if usual is None:
        return ()
    off = candidate.sound.loudness_lufs - usual
    return (
        at_most(
            "level",
            abs(off),
            held.most_level_off_db,
            "LU",
            f"{'Above' if off > 0 else 'Below'} the speaker's usual level in this emotion.",
            "Keep the distance to the microphone; level the recordings of each session.",
        ),
    )


def _of_rate(candidate: Candidate, usual: float | None, held: ClipLimits) -> tuple[Finding, ...]:
    if len(candidate.phones) < _FEWEST_PHONES:
        return ()
    rate = candidate.rate
    hint = "Text and recording do not fit, or a part of one is missing: compare them."
    found = [
        at_least("rate", rate, held.least_phones_per_s, "1/s", "Phones per second.", hint)
        if rate < held.least_phones_per_s
        else at_most("rate", rate, held.most_phones_per_s, "1/s", "Phones per second.", hint)
    ]
    if usual:
        faster = rate > usual
        found.append(
            at_most(
                "rate_outlier",
                rate / usual if faster else usual / max(rate, 1e-3),
                held.most_rate_ratio,
                "1",
                f"Times {'faster' if faster else 'slower'} than the speaker usually speaks.",
                hint,
            )
        )
    return tuple(found)


def _of_alignment(candidate: Candidate, held: ClipLimits) -> tuple[Finding, ...]:
    answer = candidate.alignment
    if answer is None:
        return ()
    if isinstance(answer, JudgeError):
        return (Finding("words_fit", Outcome.ERROR, message=str(answer)),)
    hint = "The words are others, or some are missing: compare text and recording."
    return (
        at_least(
            "words_fit",
            answer.score,
            held.least_words_fit,
            "1",
            "How well the sounds fit to the text.",
            hint,
        ),
        at_least(
            "words_found",
            answer.coverage,
            held.least_words_found,
            "1",
            "Share of the words that were found.",
            hint,
        ),
    )


def _medians(values: Mapping[str, tuple[object, float]]) -> dict[str, float]:
    """Return the median of each clip's group, where the group is large enough."""
    groups: dict[object, list[float]] = defaultdict(list)
    for group, value in values.values():
        groups[group].append(value)
    return {
        clip: median(groups[group])
        for clip, (group, _) in values.items()
        if len(groups[group]) >= _FEWEST_TO_COMPARE
    }
