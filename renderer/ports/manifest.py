"""What writers commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from renderer.domain.project import Project
from renderer.domain.utterance import Utterance
from renderer.errors import Fault


class ManifestFile(Protocol):
    """One scene file on disk."""

    @property
    def path(self) -> str:
        """Path relative to the project, with forward slashes."""
        ...

    @property
    def sha256(self) -> str:
        """Hash of its bytes."""
        ...


class ManifestSource(Protocol):
    """What writers have committed, ready to be read."""

    @property
    def project(self) -> Project:
        """The project file, read."""
        ...

    @property
    def context(self) -> str:
        """Digest of everything outside the scene files that a line may depend on."""
        ...

    def files(self) -> Sequence[ManifestFile]:
        """Return the scene files, sorted by path."""
        ...

    def read(
        self, files: Sequence[ManifestFile], faults: list[Fault], taken: Mapping[str, str]
    ) -> Iterator[tuple[str, Sequence[Utterance]]]:
        """Yield (path, utterances) in bounded pieces; appends what is wrong to `faults`.

        Args:
            files: Which files to read.
            faults: Receives every error and warning.
            taken: Form of an id (see `form`) to the unread file that holds it.
        """
        ...

    def form(self, line_id: str, locale: str) -> str:
        """Return the form under which two ids are the same."""
        ...
