"""The quality card of a corpus: what was found in each clip, what each speaker has and lacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median, pstdev
from typing import Any

from renderer.domain.verdict import Finding
from renderer.text.inventory import is_pause
from renderer.training.corpus import Clip, Corpus
from renderer.training.qc import ClipLimits

CARD_FILE, PAGE_FILE = "qc.json", "qc.html"
_RARE = 5  # occurrences of a phone: fewer are too few to learn it
_FORMAT, _VERSION = "barkline-qc", 1


@dataclass(frozen=True, slots=True)
class SpeakerCard:
    """What a corpus has of one speaker.

    Attributes:
        name: Of the speaker.
        clips: How many there are.
        passed: How many passed.
        minutes: Of all clips.
        usable_minutes: Of those that passed.
        valid: Clips kept for validation.
        level_lufs: Median loudness of the recordings.
        level_spread_lu: Standard deviation of it.
        phones_per_s: Median rate.
        rare: Phones per language that the clips that passed have fewer than five times, with
            their number; all phones of the language are looked at that the corpus or the caller
            knows.
    """

    name: str
    clips: int
    passed: int
    minutes: float
    usable_minutes: float
    valid: int
    level_lufs: float
    level_spread_lu: float
    phones_per_s: float
    rare: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class QcCard:
    """The quality card.

    Attributes:
        corpus: The corpus.
        findings: By clip id.
        speakers: By name, sorted.
        limits: What the clips were held against.
        expected: Phones per language that every speaker should have.
    """

    corpus: Corpus
    findings: Mapping[str, tuple[Finding, ...]]
    speakers: tuple[SpeakerCard, ...]
    limits: ClipLimits
    expected: Mapping[str, frozenset[str]]

    @property
    def passed(self) -> int:
        """How many clips passed."""
        return sum(clip.passed for clip in self.corpus.clips)

    @property
    def failures(self) -> dict[str, int]:
        """How many clips failed by check, the most frequent first."""
        counted = Counter(fault for clip in self.corpus.clips for fault in clip.faults)
        return dict(counted.most_common())

    def plain(self) -> dict[str, Any]:
        """Return the card ready for JSON."""
        return {
            "format": _FORMAT,
            "version": _VERSION,
            "corpus": self.corpus.folder.name,
            "clips": len(self.corpus.clips),
            "passed": self.passed,
            "failures": self.failures,
            "speakers": [_rounded(asdict(speaker)) for speaker in self.speakers],
            "limits": asdict(self.limits),
            "findings": {
                clip.id: [_rounded(asdict(f)) for f in self.findings[clip.id]]
                for clip in self.corpus.clips
            },
        }


def make_card(
    corpus: Corpus,
    findings: Mapping[str, tuple[Finding, ...]],
    limits: ClipLimits,
    expected: Mapping[str, frozenset[str]] | None = None,
) -> QcCard:
    """Count what each speaker has.

    Args:
        corpus: With `loudness_lufs` and `phones_per_s` among its clips' checks.
        findings: By clip id, of every clip.
        limits: What the clips were held against.
        expected: Phones per language beyond those that occur in the corpus.
    """
    wanted = {language: _phones_of(corpus, language) for language in corpus.languages}
    for language, more in (expected or {}).items():
        if language in wanted:
            wanted[language] |= more
    named = {language: frozenset(phones) for language, phones in wanted.items()}
    speakers = tuple(
        _speaker(name, [c for c in corpus.clips if c.speaker == name], corpus, named)
        for name in sorted(corpus.speakers)
    )
    return QcCard(corpus, findings, speakers, limits, named)


def _speaker(
    name: str, clips: Sequence[Clip], corpus: Corpus, expected: Mapping[str, frozenset[str]]
) -> SpeakerCard:
    minutes = corpus.spec.hop_length / corpus.spec.sample_rate / 60
    good = [clip for clip in clips if clip.passed]
    levels = [clip.checks["loudness_lufs"] for clip in good or clips]
    rates = [clip.checks["phones_per_s"] for clip in good or clips]
    return SpeakerCard(
        name=name,
        clips=len(clips),
        passed=len(good),
        minutes=sum(clip.frames for clip in clips) * minutes,
        usable_minutes=sum(clip.frames for clip in good) * minutes,
        valid=sum(clip.split != "train" for clip in good),
        level_lufs=median(levels) if levels else 0.0,
        level_spread_lu=pstdev(levels) if levels else 0.0,
        phones_per_s=median(rates) if rates else 0.0,
        rare={
            language: _rare([c for c in good if c.language == language], expected[language])
            for language in sorted({clip.language for clip in clips})
        },
    )


def _rare(clips: Sequence[Clip], expected: frozenset[str]) -> dict[str, int]:
    counted = Counter(phone for clip in clips for phone in clip.phones)
    return {phone: counted[phone] for phone in sorted(expected) if counted[phone] < _RARE}


def _phones_of(corpus: Corpus, language: str) -> set[str]:
    clips = (clip for clip in corpus.clips if clip.language == language)
    return {phone for clip in clips for phone in clip.phones if not is_pause(phone)}


def _rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    return {k: round(v, 4) if isinstance(v, float) else v for k, v in values.items()}
