"""Is it the person, is it clean, is it understood, can it be told from the cast?

A character says the sentences that were kept out of its training. Each question is one finding; a
judge that is not installed or that failed is an error in its place, never a pass.

similarity        cosine of what it says to the middle of the recordings (a speaker encoder)
dnsmos_*          estimated opinion scores, held against those of the same recordings
intelligibility   share of the words an aligner finds, held against the recordings'; English only
confusion         cosine to the most alike voice of the cast, saying the same
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from renderer.audio.waveform import Waveform
from renderer.domain.transcript import Transcript
from renderer.domain.utterance import Utterance
from renderer.domain.verdict import Finding, Outcome
from renderer.errors import BarklineError, JudgeError
from renderer.ports import (
    Judge,
    Recogniser,
    SpeakerEncoder,
    SpeechRequest,
    Synthesiser,
    Transcriber,
)
from renderer.training.character_report import CastMember, Judges, Sentence, Validation
from renderer.training.corpus import TRAIN, VALID, Clip, Corpus
from renderer.training.sound import clip_samples

__all__ = ["CastMember", "Judges", "listen", "validate"]

LEAST_SIMILARITY, MOST_CONFUSION = 0.75, 0.75
MOST_DNSMOS_LOSS = 0.3
MOST_WORDS_LOST = 0.05
_MOST_SENTENCES, _MOST_RECORDINGS = 12, 24
_ENGLISH = "en"
_SCORES = ("dnsmos_ovrl", "dnsmos_p808")

Vector = npt.NDArray[np.float32]


def listen(
    corpus: Corpus, voice: Synthesiser, transcriber: Transcriber, locale: str
) -> list[Sentence]:
    """Let the character say what was kept out of its training.

    Args:
        corpus: Of the character.
        voice: The character.
        transcriber: Text to phonemes.
        locale: Of clips in the locale's language; other clips have their own language.
    """
    clips = corpus.usable(VALID)[:_MOST_SENTENCES]
    spoken = _say([c.text for c in clips], [_locale(c, locale) for c in clips], voice, transcriber)
    return [
        Sentence(clip.text, _recording(corpus, clip), said, transcript)
        for clip, (said, transcript) in zip(clips, spoken, strict=True)
    ]


def validate(
    corpus: Corpus, sentences: Sequence[Sentence], judges: Judges, cast: Sequence[CastMember]
) -> Validation:
    """Judge a character.

    Args:
        corpus: Its recordings.
        sentences: Of `listen`.
        judges: Those who are there.
        cast: Voices it must not be taken for.
    """
    (name,) = corpus.speakers
    measures: dict[str, float] = {}
    likeness: dict[str, float] = {}
    findings = [_spoken(sentences)]
    findings += _of_speaker(corpus, sentences, judges.speakers, cast, measures, likeness)
    findings += _of_opinion(sentences, judges.opinion, measures)
    findings.append(_of_words(sentences, judges.recogniser, measures))
    said = sum(isinstance(s.said, Waveform) for s in sentences)
    return Validation(name, tuple(findings), measures, likeness, said)


def _say(
    texts: Sequence[str],
    locales: Sequence[str],
    voice: Synthesiser,
    transcriber: Transcriber,
    speaker: str = "",
) -> list[tuple[Waveform | BarklineError, Transcript | None]]:
    lines = [
        Utterance(f"s{i}", locale, "", "", text, text, "")
        for i, (text, locale) in enumerate(zip(texts, locales, strict=True))
    ]
    transcripts = transcriber.transcribe(lines)
    good = [t for t in transcripts if isinstance(t, Transcript)]
    answers = iter(voice.speak([SpeechRequest(t, speaker=speaker) for t in good]))
    made: list[tuple[Waveform | BarklineError, Transcript | None]] = []
    for transcript in transcripts:
        if not isinstance(transcript, Transcript):
            made.append((transcript, None))
            continue
        answer = next(answers)
        sound = answer if isinstance(answer, BarklineError) else answer.waveform
        made.append((sound, transcript))
    return made


def _locale(clip: Clip, locale: str) -> str:
    language = locale.partition("-")[0].lower()
    return locale if language == clip.language else clip.language


def _recording(corpus: Corpus, clip: Clip) -> Waveform:
    return Waveform(clip_samples(corpus, clip), corpus.spec.sample_rate)


def _spoken(sentences: Sequence[Sentence]) -> Finding:
    failed = [s for s in sentences if isinstance(s.said, BarklineError)]
    if not sentences:
        return Finding("spoken", Outcome.ERROR, message="No sentence was kept for validation.")
    share = 1 - len(failed) / len(sentences)
    outcome = Outcome.FAIL if failed else Outcome.PASS
    why = f" The first: {failed[0].said}" if failed else ""
    told = f"{len(sentences) - len(failed)} of {len(sentences)} held-out sentences were said.{why}"
    return Finding("spoken", outcome, share, 1.0, ">=", "1", told)


def _of_speaker(
    corpus: Corpus,
    sentences: Sequence[Sentence],
    judge: SpeakerEncoder | None,
    cast: Sequence[CastMember],
    measures: dict[str, float],
    likeness: dict[str, float],
) -> list[Finding]:
    """Answer whether it is the person, and whether it is nobody else."""
    if judge is None:
        return [_missing("similarity", "speaker encoder"), _missing("confusion", "speaker encoder")]
    try:
        clips = [*corpus.usable(TRAIN), *corpus.usable(VALID)]
        clips = clips[:: max(1, len(clips) // _MOST_RECORDINGS)][:_MOST_RECORDINGS]
        person = _middle(judge.embed([_recording(corpus, clip) for clip in clips]))
        said = _vectors(judge.embed(_sounds(s.said for s in sentences)))
        recorded = _vectors(judge.embed([s.recorded for s in sentences]))
        own = _middle(said)
        for member in cast:
            found = _of_member(member, sentences, judge)
            if found is not None:
                likeness[member.name] = float(own @ found)
    except JudgeError as error:
        return [_failed("similarity", error), _failed("confusion", error)]
    measures["similarity"] = float(np.mean([v @ person for v in said]))
    measures["similarity_lowest"] = float(min(v @ person for v in said))
    measures["similarity_of_recordings"] = float(np.mean([v @ person for v in recorded]))
    ranked = sorted(likeness.items(), key=lambda item: -item[1])
    likeness.clear()
    likeness.update(ranked)
    return [_similar(measures), _confused(ranked, len(cast))]


def _of_member(
    member: CastMember, sentences: Sequence[Sentence], judge: SpeakerEncoder
) -> Vector | None:
    """Return the middle of what a voice makes of the sentences; None when it says none."""
    requests = [SpeechRequest(s.transcript, member.speaker) for s in sentences if s.transcript]
    sounds = [a.waveform for a in member.voice.speak(requests) if not isinstance(a, BarklineError)]
    vectors = [v for v in judge.embed(sounds) if not isinstance(v, JudgeError)] if sounds else []
    return _middle(vectors) if vectors else None


def _similar(measures: Mapping[str, float]) -> Finding:
    value = measures["similarity"]
    return _held(
        "similarity",
        value,
        LEAST_SIMILARITY,
        f"What it says is {value:.2f} like the recordings; their own sentences are "
        f"{measures['similarity_of_recordings']:.2f} like them.",
        "Record more, let it learn longer, or fine-tune the vocoder too.",
    )


def _confused(ranked: Sequence[tuple[str, float]], asked: int) -> Finding:
    if not asked:
        told = "No cast was given to tell it from."
        return Finding("confusion", Outcome.INCONCLUSIVE, message=told, hint="Name it with --cast.")
    if not ranked:
        return Finding("confusion", Outcome.ERROR, message="No voice of the cast said a sentence.")
    name, value = ranked[0]
    outcome = Outcome.FAIL if value > MOST_CONFUSION else Outcome.PASS
    told = f"Of {len(ranked)} voices, {name} is most alike: {value:.2f}."
    hint = "Listeners may take one for the other: give them different scenes, pitch or rate."
    return Finding("confusion", outcome, value, MOST_CONFUSION, "<=", "1", told, hint)


def _of_opinion(
    sentences: Sequence[Sentence], judge: Judge | None, measures: dict[str, float]
) -> list[Finding]:
    """Answer whether it is as clean as the recordings."""
    if judge is None:
        return [_missing(name, "DNSMOS") for name in _SCORES]
    try:
        said = _scores(judge.score(_sounds(s.said for s in sentences)))
        recorded = _scores(judge.score([s.recorded for s in sentences]))
    except JudgeError as error:
        return [_failed(name, error) for name in _SCORES]
    findings = []
    for name in _SCORES:
        if name not in said or name not in recorded:
            findings.append(_missing(name, "DNSMOS"))
            continue
        measures[name], measures[f"{name}_of_recordings"] = said[name], recorded[name]
        told = f"{said[name]:.2f}; the recordings of the same sentences have {recorded[name]:.2f}."
        hint = "Look for noise and room in the recordings (qc.html), or fine-tune the vocoder too."
        limit = recorded[name] - MOST_DNSMOS_LOSS
        findings.append(_held(name, said[name], limit, told, hint))
    return findings


def _of_words(
    sentences: Sequence[Sentence], judge: Recogniser | None, measures: dict[str, float]
) -> Finding:
    """Answer whether it is understood."""
    check = "intelligibility"
    heard = [s for s in sentences if s.transcript and isinstance(s.said, Waveform)]
    foreign = [s for s in heard if s.transcript and not s.transcript.locale.startswith(_ENGLISH)]
    if foreign:
        told = "The recogniser knows English only."
        return Finding(check, Outcome.INCONCLUSIVE, message=told, hint="Listen to the sentences.")
    if judge is None:
        return _missing(check, "recogniser")
    if not heard:
        return _failed(check, JudgeError("nothing was said"))
    try:
        judge.classes(heard[0].recorded)  # says so when it is not installed
        said = _found(judge, [(s.said, s.transcript) for s in heard])
        recorded = _found(judge, [(s.recorded, s.transcript) for s in heard])
    except JudgeError as error:
        return _failed(check, error)
    measures["words_found"], measures["words_found_of_recordings"] = said, recorded
    told = f"{said:.0%} of the words were found; of the recordings' {recorded:.0%}."
    return _held(
        check, said, recorded - MOST_WORDS_LOST, told, "Listen to the sentences that lack words."
    )


def _found(judge: Recogniser, pairs: Iterable[tuple[Any, Transcript | None]]) -> float:
    """Return the share of all words that were found; a text that does not fit has none."""
    found = words = 0
    for sound, transcript in pairs:
        if transcript is None:
            continue
        words += len(transcript.words)
        try:
            found += sum(word.is_found for word in judge.align(sound, transcript).words)
        except JudgeError:
            continue
    return found / max(1, words)


def _held(check: str, value: float, limit: float, told: str, hint: str) -> Finding:
    if not math.isfinite(value):
        return Finding(check, Outcome.ERROR, message="The judge gave no number.")
    outcome = Outcome.PASS if value >= limit else Outcome.FAIL
    return Finding(check, outcome, value, limit, ">=", "1", told, hint)


def _missing(check: str, who: str) -> Finding:
    told = f"Not judged: there is no {who}."
    return Finding(check, Outcome.ERROR, message=told, hint="pip install 'barkline[quality]'")


def _failed(check: str, error: Exception) -> Finding:
    return Finding(check, Outcome.ERROR, message=f"Not judged: {error}")


def _sounds(said: Iterable[Waveform | BarklineError]) -> list[Waveform]:
    sounds = [sound for sound in said if isinstance(sound, Waveform)]
    if not sounds:
        raise JudgeError("nothing was said")
    return sounds


def _vectors(answers: Sequence[Vector | JudgeError]) -> list[Vector]:
    """Return the vectors; the first error when there is none."""
    good = [a for a in answers if not isinstance(a, JudgeError)]
    if good:
        return good
    raise next((a for a in answers if isinstance(a, JudgeError)), JudgeError("nothing to hear"))


def _middle(answers: Sequence[Vector | JudgeError]) -> Vector:
    mean = np.mean(_vectors(answers), axis=0)
    return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)


def _scores(answers: Sequence[Mapping[str, float] | JudgeError]) -> dict[str, float]:
    """Average scores; one that failed fails all, for the mean would be of other sentences."""
    for answer in answers:
        if isinstance(answer, JudgeError):
            raise answer
    good = [a for a in answers if not isinstance(a, JudgeError)]
    return {name: float(np.mean([a[name] for a in good])) for name in good[0]}
