"""The manifests of a project on disk, as services read them."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence

from renderer.domain.project import Project
from renderer.domain.utterance import Utterance
from renderer.errors import Fault
from renderer.manifest.identifier import id_form
from renderer.manifest.reader import find_files, read_scenes
from renderer.manifest.source import SceneFile
from renderer.ports import ManifestFile


class CommittedManifests:
    """Implements `ports.ManifestSource` over a project folder.

    Args:
        project: The project file, read.
        context: Digest of everything outside the scene files that a line may depend on.
        voices: Names of installed voices, or None to accept every name.
    """

    def __init__(self, project: Project, context: str, voices: Container[str] | None) -> None:
        self._project = project
        self._context = context
        self._voices = voices

    @property
    def project(self) -> Project:
        """The project file, read."""
        return self._project

    @property
    def context(self) -> str:
        """Digest of everything outside the scene files that a line may depend on."""
        return self._context

    def files(self) -> Sequence[SceneFile]:
        """Return the scene files, sorted by path."""
        return find_files(self._project)

    def read(
        self, files: Sequence[ManifestFile], faults: list[Fault], taken: Mapping[str, str]
    ) -> Iterator[tuple[str, Sequence[Utterance]]]:
        """Yield (path, utterances) in bounded pieces; appends what is wrong to `faults`."""
        scenes = [f for f in files if isinstance(f, SceneFile)]
        for scene in read_scenes(self._project, scenes, faults, voices=self._voices, taken=taken):
            yield scene.file.path, scene.utterances

    def form(self, line_id: str, locale: str) -> str:
        """Return the form under which two ids are the same."""
        return id_form(line_id, locale)
