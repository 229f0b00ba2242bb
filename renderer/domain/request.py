"""Everything a worker needs to render one take, with no project file at hand.

Ingest resolves what a line depends on (its lexicon entries, its emotion's shape, the project's
targets) and stores it with the take, so that a message carries ids only and a worker on another
machine renders exactly what was planned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from renderer.domain.project import DeliveryTarget, MasteringTarget
from renderer.domain.utterance import Utterance


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """One take's request.

    Attributes:
        utterance: What is said and how.
        lexicon: The lexicon entries its words use, as plain fields.
        shape: The emotion's shape at its intensity, as plain numbers.
        mastering: What the finished line must measure.
        delivery: The file the game build receives.
        max_attempts: Automatic attempts before the take stays rejected.
        recording_key: Object key of a human recording that replaces synthesis, or "".
    """

    utterance: Utterance
    lexicon: tuple[Mapping[str, str | bool], ...] = ()
    shape: Mapping[str, float] = field(default_factory=dict)
    mastering: MasteringTarget = field(default_factory=MasteringTarget)
    delivery: DeliveryTarget = field(default_factory=DeliveryTarget)
    max_attempts: int = 3
    recording_key: str = ""
