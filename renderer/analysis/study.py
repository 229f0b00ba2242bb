"""All that is found out about a cast, put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from renderer.analysis.cast import Floats, Member, Spoken, gather
from renderer.analysis.cluster import Groups, find_groups
from renderer.analysis.drift import Drift, Version, find_drift
from renderer.analysis.emotion_table import EmotionTable, Heard, tabulate
from renderer.analysis.likeness import Matrix, by_embedding, by_prosody, by_spectrum
from renderer.analysis.pair import Pair, find_pairs
from renderer.analysis.speaker_map import SpeakerMap, lay_out
from renderer.errors import AnalysisError


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """What is known of a cast.

    Attributes:
        cast: The characters, in the order of the project.
        layout: Those with an embedding on a plane, or None where there is none.
        clouds: Their lines on that plane, (N, 2) by character.
        groups: Of `cast`, by embedding.
        matrices: Likeness by embedding, spectrum and prosody.
        pairs: Every pair, the most likely to be confused first.
        drifts: How far voices moved from version to version.
        emotions: Asked against heard, or None.
    """

    cast: tuple[Member, ...]
    layout: SpeakerMap | None
    clouds: Mapping[str, Floats]
    groups: Groups
    matrices: tuple[Matrix, Matrix, Matrix]
    pairs: tuple[Pair, ...]
    drifts: tuple[Drift, ...]
    emotions: EmotionTable | None = None

    @property
    def names(self) -> dict[str, str]:
        """Character id to the name shown."""
        return {member.id: member.name for member in self.cast}

    @property
    def group_of(self) -> dict[str, int]:
        """Character id to its group."""
        return {m.id: group for m, group in zip(self.cast, self.groups.of, strict=True)}

    @property
    def hues(self) -> dict[str, int]:
        """Character id to a colour: its group's, or its own where there are no groups."""
        if self.groups.count > 1:
            return self.group_of
        return {member.id: number for number, member in enumerate(self.cast)}

    @property
    def confused(self) -> tuple[Pair, ...]:
        """The pairs that will be confused."""
        return tuple(pair for pair in self.pairs if pair.will_be_confused)


def study(
    takes: Sequence[Spoken],
    names: Mapping[str, str],
    voices: Mapping[str, Sequence[str]],
    versions: Mapping[tuple[str, str], Sequence[Version]] | None = None,
    heard: Sequence[Heard] | None = None,
) -> Study:
    """Find out about a cast what can be found out.

    Args:
        takes: Approved takes in any order.
        names: Character id to the name shown.
        voices: Character id to its voice references.
        versions: Character id and locale to what it sounded like with each version of its voice.
        heard: What emotion was heard on each line; None where nobody listened.

    Raises:
        AnalysisError: There are no takes.
    """
    if not takes:
        raise AnalysisError("No approved take is in scope; render first: `barkline render`.")
    by_character: dict[str, list[Spoken]] = {}
    for take in takes:
        by_character.setdefault(take.character, []).append(take)
    cast = tuple(
        gather(one, names.get(one, one), voices.get(one, ()), some)
        for one, some in by_character.items()
    )
    centroids = {m.id: m.centroid.tolist() for m in cast if m.centroid is not None}
    layout = lay_out(centroids) if centroids else None
    drifts = [d for whose, some in (versions or {}).items() for d in find_drift(whose, some)]
    matrices = by_embedding(cast), by_spectrum(cast), by_prosody(cast)
    return Study(
        cast=cast,
        layout=layout,
        clouds={m.id: layout.project(m.clips) for m in cast if layout and len(m.clips)},
        groups=find_groups(np.asarray(matrices[0].values)),
        matrices=matrices,
        pairs=tuple(find_pairs(cast)),
        drifts=tuple(drifts),
        emotions=None if heard is None else tabulate(heard),
    )
