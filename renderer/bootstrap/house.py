"""A workspace with its database, its store and its voices."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from renderer import config
from renderer.bootstrap.clock import SystemClock
from renderer.bootstrap.stages import stage_revisions
from renderer.bootstrap.watch import open_import_tracer
from renderer.bootstrap.workspace import Workspace, gate_path, lexicon_paths, profiles_path
from renderer.config import Settings
from renderer.domain.project import Project
from renderer.domain.render_key import Part, digest
from renderer.domain.request import RenderRequest
from renderer.domain.route import Priority, Queue
from renderer.domain.take import RenderResult
from renderer.domain.utterance import Utterance
from renderer.domain.voice import VoiceCard, VoiceRef
from renderer.domain.voice_lock import VoiceLock

if TYPE_CHECKING:
    from renderer.domain.import_order import ImportOrder
    from renderer.manifest.translations import StaleTranslation
    from renderer.ports import ManifestSource, ObjectStore, UnitOfWork, VoiceBook
    from renderer.services.ingest import Ingest
    from renderer.services.plan import Planner
    from renderer.services.publish import Publish
    from renderer.services.reading import ProjectReader
    from renderer.services.render_key import KeyBuilder
    from renderer.services.scope import Scope
    from renderer.speech.voice_book import Voices


def voice_book(
    settings: Settings, project: Project | None = None, before: Sequence[Path] = ()
) -> Voices:
    """Return the installed voices: the project's own, the user's, the shipped ones.

    Args:
        settings: From the environment.
        project: Whose voices come first, or None.
        before: Folders that come before all of these.
    """
    from renderer.speech.voice_book import Voices

    own = [project.root / "voices"] if project else []
    folders = [*before, *own, settings.voices, config.assets_dir() / "voices"]
    return Voices(
        folders,
        threads=settings.threads,
        use_cuda=settings.cuda,
        cache_mb=settings.model_cache_mb,
    )


@dataclass(frozen=True, slots=True)
class Named:
    """What the caller says of an import; "" or None for what it does not say.

    Attributes:
        committer: Who committed it.
        revision: The commit.
        priority: What goes first; None: a few lines are urgent, many are not.
    """

    committer: str = ""
    revision: str = ""
    priority: Priority | None = None


@dataclass(frozen=True, slots=True)
class House:
    """A workspace with its database, store and voices."""

    workspace: Workspace
    unit: Callable[[], UnitOfWork]
    reading: Callable[[], UnitOfWork]
    store: ObjectStore
    voices: VoiceBook
    source: ManifestSource
    keys: KeyBuilder

    def planner(self) -> Planner:
        """Return the planner."""
        from renderer.services.plan import Planner

        return Planner(self.source, self.keys)

    def publish(self) -> Publish:
        """Return the writer of locks."""
        from renderer.services.publish import Publish

        return Publish(self.store, self.voices, SystemClock().now().date())

    def reader(self) -> ProjectReader:
        """Return the reader of the QA pages."""
        from renderer.services.reading import ProjectReader

        cast = self.workspace.project.characters
        names = {character.id: character.name for character in cast.values()}
        today = SystemClock().now().date()
        return ProjectReader(self.voices, lambda name: names.get(name, name), today)

    def stale_translations(self, unit: UnitOfWork) -> dict[tuple[str, str], StaleTranslation]:
        """Return the translations whose source has changed, by (line_id, locale)."""
        from renderer.manifest.translations import stale

        source = self.workspace.project.source_locale
        lines = (row.utterance for row in unit.lines.iterate())
        found = stale(lines, unit.lines.text_hashes(source), source_locale=source)
        return {(s.line_id, s.locale): s for s in found}

    def ingest(
        self,
        scope: Scope | None,
        lock: VoiceLock | None = None,
        named: Named | None = None,
    ) -> Ingest:
        """Return the import.

        Args:
            scope: Whose new takes are to be rendered now; None for nobody's.
            lock: A committed lock whose entries need not be rendered again, or None.
            named: What the caller says of it, where it knows better.
        """
        from dataclasses import asdict

        from renderer.quality.limit_file import read_limits
        from renderer.services import failpoint
        from renderer.services.adopt import Adopter
        from renderer.services.ingest import Ingest

        adopter = Adopter(lock, self._stored_result)
        own = gate_path(self.workspace.project)
        ingest = Ingest(
            self.unit,
            self.source,
            self.keys,
            self.request,
            adopter.hydrate,
            adopter if lock else None,
            wanted=lambda said: scope is not None and scope.holds(said),
            order=self._order(named or Named()),
        )
        ingest.failpoint = failpoint.read(self.workspace.settings.failpoint)
        ingest.queue_of = self.queue_of
        ingest.tracer = open_import_tracer(self.workspace.settings)
        ingest.gate = asdict(read_limits(own)) if own.is_file() else {}
        return ingest

    def _order(self, named: Named) -> ImportOrder:
        """Return where an import comes from: as told, as set, as the checkout says, as the system.

        A runner's account is no committer, so a checkout's own history goes before it.
        """
        from renderer.domain.import_order import ImportOrder
        from renderer.manifest.checkout import read_commit

        project = self.workspace.project
        who = named.committer or config.user()
        revision = named.revision or config.revision()
        if not (who and revision):
            commit = read_commit(project.root)
            if commit is not None:
                who, revision = who or commit.committer, revision or commit.revision
        who, trace_id = who or config.who(), uuid.uuid4().hex
        return ImportOrder(project.name, who, revision, trace_id, named.priority)

    def queue_of(self, request: RenderRequest) -> Queue:
        """Return what renders a request: engines that can use a GPU, or the others."""
        from renderer.speech import GPU_ENGINES

        if request.recording_key:
            return Queue.CPU
        card = self.voices.card(VoiceRef.parse(request.utterance.voice).name)
        return Queue.GPU if card.engine in GPU_ENGINES else Queue.CPU

    def request(self, utterance: Utterance) -> RenderRequest:
        """Resolve everything a worker needs for a line; a recording goes into the store."""
        place, project = self.workspace, self.workspace.project
        recording = ""
        if utterance.key in place.recordings:
            data = place.recordings[utterance.key].read()
            recording = self.store.put(data, ".wav", "audio/wav")
        shape = place.profiles.shape(utterance.direction.emotion, utterance.direction.intensity)
        return RenderRequest(
            utterance=utterance,
            lexicon=tuple(e.plain() for e in place.lexicon.used(utterance)),
            shape=shape.plain(),
            mastering=project.mastering,
            delivery=project.delivery,
            max_attempts=project.max_attempts,
            recording_key=recording,
        )

    def _stored_result(self, render_key: str) -> RenderResult | None:
        """Return what an earlier run stored under a render key, when its sound is still there."""
        from renderer.db.plain import load_result
        from renderer.services.adopt import is_sound

        document = self.store.pointed(render_key)
        result = load_result(document) if document else None
        if result is None or result.delivery is None or not is_sound(result):
            return None
        return result if self.store.has(result.delivery.key) else None


def _context(
    workspace: Workspace,
    keys: KeyBuilder,
    stages: Mapping[Part, str],
    installed: Mapping[str, VoiceCard],
) -> str:
    """Digest everything outside the scene files that a line may depend on.

    A voice that is not installed counts as such: the reader reports the lines that need it.
    """
    from renderer.manifest.retake import RETAKES_FILE

    project = workspace.project
    retakes = project.root / RETAKES_FILE
    laid = [retakes] if retakes.is_file() else []
    files = [project.path, *laid, profiles_path(project), *(p for p, _ in lexicon_paths(project))]
    voices = {v for c in project.characters.values() for v in (c.voice, *c.voices.values())}
    return digest(
        [
            [hashlib.sha256(f.read_bytes()).hexdigest() for f in files],
            sorted([*k, found.sha256] for k, found in workspace.recordings.items()),
            {part.value: text for part, text in stages.items()},
            {
                v: sorted(keys.voice_parts(v).values())
                if VoiceRef.parse(v).name in installed
                else "not installed"
                for v in sorted(voices)
            },
            "keys/1",
        ]
    )


def open_house(workspace: Workspace, *, in_memory: bool = False) -> House:
    """Open database, store and voices of a workspace.

    Args:
        workspace: The project.
        in_memory: Use a throw-away database: for plans against a lock alone.
    """
    from renderer.manifest.committed import CommittedManifests
    from renderer.services.render_key import KeyBuilder

    settings, project = workspace.settings, workspace.project
    voices = voice_book(settings, project)
    stages = stage_revisions(project.delivery.codec)
    keys = KeyBuilder(workspace.inputs.parts, voices, stages)
    known = voices.cards()
    context = _context(workspace, keys, stages, known)
    unit, reading = _database(workspace, in_memory=in_memory)
    return House(
        workspace=workspace,
        unit=unit,
        reading=reading,
        store=open_store(workspace),
        voices=voices,
        source=CommittedManifests(project, context, known.keys()),
        keys=keys,
    )


def open_store(workspace: Workspace) -> ObjectStore:
    """Open the object store of a workspace."""
    from renderer.storage.location import open_store as open_location

    return open_location(workspace.settings.store or str(workspace.build / "store"))


def database_url(workspace: Workspace) -> str:
    """Return the database of a workspace."""
    default = f"sqlite:///{(workspace.build / 'barkline.db').resolve()}"
    return workspace.settings.database_url or default


def _database(
    workspace: Workspace, *, in_memory: bool
) -> tuple[Callable[[], UnitOfWork], Callable[[], UnitOfWork]]:
    from renderer.db.engine import open_database
    from renderer.db.migrate import migrate
    from renderer.db.unit_of_work import SqlUnitOfWork

    engine = open_database("sqlite://" if in_memory else database_url(workspace))
    migrate(engine, config.migrations_dir())
    name, clock = workspace.project.name, SystemClock()

    def unit() -> UnitOfWork:
        return SqlUnitOfWork(engine, name, clock)

    def reading() -> UnitOfWork:
        return SqlUnitOfWork(engine, name, clock, is_read_only=True)

    return unit, reading
