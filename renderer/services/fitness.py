"""Whether this process can render a take as it was planned.

During a deployment workers of the old and of the new version run side by side, and a voice may be
installed in another version on one of them. A render key names what was to speak, direct, master
and encode. A process that has something else must leave the take to one that has it: under the same
key the same sound is expected, whoever made it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from renderer.domain.render_key import Part, digest
from renderer.domain.take import Take
from renderer.domain.voice import VoiceRef
from renderer.errors import VoiceError
from renderer.ports import VoiceBook

# What a machine runs, where the other parts of a key are what people commit.
_MACHINE_PARTS = (
    *(Part.VOICE_WEIGHTS, Part.ENGINE, Part.TEXT_RULES),
    *(Part.DIRECTION_STAGE, Part.MASTERING_STAGE, Part.ENCODER),
)
_FINISHING = (Part.MASTERING_STAGE, Part.ENCODER)


class Fitness:
    """Compares render keys with what this process runs.

    Args:
        voices: The installed voices.
        revisions: Revision of every stage, for files of a codec. A take's own codec counts, not
            that of the project as it is now.
    """

    def __init__(self, voices: VoiceBook, revisions: Callable[[str], Mapping[Part, str]]) -> None:
        self._voices = voices
        self._revisions = revisions
        self._stages: dict[str, dict[Part, str]] = {}

    def misfits(self, take: Take) -> tuple[Part, ...]:
        """Return the parts of a take's key that this process does not honour, in their order.

        A part that only one of the two has is a misfit as well: the key was made by other rules.

        Args:
            take: The take; empty is returned when it can be rendered here.
        """
        here, planned = self._here(take), take.render_key.parts
        return tuple(p for p in _MACHINE_PARTS if here.get(p, "") != planned.get(p, ""))

    def _here(self, take: Take) -> dict[Part, str]:
        """Return the parts as this process would compute them; "" for a voice it has not."""
        codec = take.request.delivery.codec
        if codec not in self._stages:
            self._stages[codec] = {p: digest(text) for p, text in self._revisions(codec).items()}
        stages = self._stages[codec]
        if take.request.recording_key:  # what only speech depends on is no part of its key
            return {part: stages[part] for part in _FINISHING}
        return stages | self._voice_parts(VoiceRef.parse(take.request.utterance.voice).name)

    def _voice_parts(self, name: str) -> dict[Part, str]:
        """Return the parts of a voice, asked anew each time: its files may have changed."""
        try:
            return {
                Part.VOICE_WEIGHTS: digest(self._voices.card(name).model_sha256),
                Part.ENGINE: digest(self._voices.engine_revision(name)),
            }
        except VoiceError:  # not installed, of an engine of a later version, or broken
            return {Part.VOICE_WEIGHTS: "-", Part.ENGINE: "-"}


def explain(misfits: tuple[Part, ...]) -> str:
    """Return what a worker says of a take it leaves to others.

    >>> explain((Part.ENGINE, Part.ENCODER))
    'this worker has another engine and encoder than the take was planned with'
    """
    *most, last = [part.value.replace("_", " ") for part in misfits]
    named = f"{', '.join(most)} and {last}" if most else last
    return f"this worker has another {named} than the take was planned with"
