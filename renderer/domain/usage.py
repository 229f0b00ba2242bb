"""What a project cost, and what it was saved by takes that others had rendered."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """The account of one project.

    A take is rendered once for all projects. It is charged to the project that asked first.

    Attributes:
        project: Its name; "" for takes of which nobody knows who asked.
        lines: Lines in its manifests.
        line_audio_s: Seconds of sound of their approved takes.
        rendered: Takes that were rendered on its account.
        work_s: Seconds of work they took, of the last time each was rendered.
        work_audio_s: Seconds of sound that came out of them.
        shared: Takes it uses that were rendered on another project's account.
        saved_s: Seconds of work those took.
    """

    project: str
    lines: int = 0
    line_audio_s: float = 0.0
    rendered: int = 0
    work_s: float = 0.0
    work_audio_s: float = 0.0
    shared: int = 0
    saved_s: float = 0.0

    @property
    def work_per_minute_s(self) -> float:
        """Seconds of work for a minute of sound; 0 when nothing was rendered.

        >>> Usage("tiny", work_s=30.0, work_audio_s=120.0).work_per_minute_s
        15.0
        """
        return 60 * self.work_s / self.work_audio_s if self.work_audio_s else 0.0
