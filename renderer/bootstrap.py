"""The composition root: the only place where settings become adapters and parts meet.

    open_workspace     what people commit, read and keyed; imports no database and no engine
    open_house         the same with database, store and voices: plan, import, freeze, publish
    open_walk          the same with engines, judge and queue: render

Heavy libraries are imported inside these functions, so that light commands stay light.
"""

from __future__ import annotations

import hashlib
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from renderer import config
from renderer.config import Settings
from renderer.domain.project import Project
from renderer.domain.render_key import Part, RenderKey, digest
from renderer.domain.request import RenderRequest
from renderer.domain.take import RenderResult
from renderer.domain.utterance import Utterance
from renderer.errors import Fault, Level, ManifestError

if TYPE_CHECKING:
    from dramatiq.brokers.stub import StubBroker

    from renderer.direction.profile import EmotionProfiles
    from renderer.ports import ManifestSource, ObjectStore, UnitOfWork, VoiceBook
    from renderer.quality.limits import GateLimits
    from renderer.services.ingest import Ingest
    from renderer.services.input_key import InputKeyer
    from renderer.services.plan import Planner
    from renderer.services.publish import Publish
    from renderer.services.relay import Relay
    from renderer.services.render import Render
    from renderer.services.render_key import KeyBuilder
    from renderer.text.lexicon import Lexicon
    from renderer.text.transcriber import EspeakTranscriber


class SystemClock:
    """Implements `ports.Clock`."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the one clock

    def monotonic_s(self) -> float:
        """Return seconds from some fixed point."""
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class Workspace:
    """What people commit, read.

    Attributes:
        settings: From the environment.
        project: The project file.
        build: Folder for everything generated.
        lexicon: The shipped and the project's entries.
        profiles: Emotion profiles.
        recordings: (line_id, locale) to SHA-256 of a human recording.
        inputs: Digests of what people commit.
        warnings: What is odd but no error.
    """

    settings: Settings
    project: Project
    build: Path
    lexicon: Lexicon
    profiles: EmotionProfiles
    recordings: Mapping[tuple[str, str], str]
    inputs: InputKeyer
    warnings: tuple[Fault, ...] = ()

    @property
    def lock_path(self) -> Path:
        """Where the voice lock is written unless told otherwise."""
        return self.build / "voice.lock"

    def recording_path(self, utterance: Utterance) -> Path:
        """Return where a line's human recording is looked for."""
        return self.project.root / "recorded" / utterance.locale / f"{utterance.line_id}.wav"


def lexicon_paths(project: Project) -> list[tuple[Path, str]]:
    """Return lexicon files and their names for people: shipped ones first, then the project's."""
    shipped = sorted((config.assets_dir() / "lexicons").glob("*.yaml"))
    own = sorted({p for pattern in project.lexicons for p in project.root.glob(pattern)})
    return [(p, f"assets/lexicons/{p.name}") for p in shipped] + [
        (p, p.relative_to(project.root).as_posix()) for p in own
    ]


def profiles_path(project: Project) -> Path:
    """Return the emotion profiles: the project's own, else the shipped ones."""
    own = project.root / "emotion_profiles.json"
    return own if own.is_file() else config.assets_dir() / "emotion_profiles.json"


def open_workspace(path: Path, settings: Settings, build: Path | None = None) -> Workspace:
    """Read a project and everything beside its scenes.

    Args:
        path: Project folder or file.
        settings: From the environment.
        build: Folder for everything generated; None for the settings' or `build/<project>`.

    Raises:
        ManifestError: The project file, a lexicon or a recording is wrong.
    """
    from renderer.direction.profile import read_profiles
    from renderer.manifest.project import read_project
    from renderer.services.input_key import InputKeyer
    from renderer.services.recording import scan_recordings
    from renderer.text.lexicon import read_lexicons

    project = read_project(path)
    faults: list[Fault] = []
    lexicon = read_lexicons(lexicon_paths(project), faults)
    errors = [f for f in faults if f.level is Level.ERROR]
    if errors:
        raise ManifestError(f"{len(errors)} faults in the lexicons", faults)
    profiles = read_profiles(profiles_path(project))
    recordings = scan_recordings(project.root / "recorded")
    return Workspace(
        settings=settings,
        project=project,
        build=build or settings.build or Path("build") / project.name,
        lexicon=lexicon,
        profiles=profiles,
        recordings=recordings,
        inputs=InputKeyer(project, lexicon.digest, profiles.digest, recordings),
        warnings=tuple(faults),
    )


def voice_book(settings: Settings, project: Project | None = None) -> VoiceBook:
    """Return the installed voices: the project's own, the user's, the shipped ones."""
    from renderer.speech.voice_book import Voices

    own = [project.root / "voices"] if project else []
    folders = [*own, settings.voices, config.assets_dir() / "voices"]
    return Voices(folders, threads=settings.threads, use_cuda=settings.cuda)


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

    def ingest(self) -> Ingest:
        """Return the import."""
        from renderer.services.ingest import Ingest

        return Ingest(self.unit, self.source, self.keys, self.request, self.hydrate)

    def request(self, utterance: Utterance) -> RenderRequest:
        """Resolve everything a worker needs for a line; a recording goes into the store."""
        place, project = self.workspace, self.workspace.project
        recording = ""
        if utterance.key in place.recordings:
            data = place.recording_path(utterance).read_bytes()
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

    def hydrate(self, key: RenderKey, utterance: Utterance) -> RenderResult | None:
        """Return what an earlier run stored under a render key, when its sound is still there."""
        from renderer.db.plain import load_result

        document = self.store.pointed(key.hex)
        result = load_result(document) if document else None
        if result is None or result.delivery is None or not self.store.has(result.delivery.key):
            return None
        return result


def revisions(workspace: Workspace) -> dict[Part, str]:
    """Return the revision of every stage of the walk."""
    from renderer.audio.codec import encoder_revision
    from renderer.audio.revision import LIMITER_REVISION, MASTERING_REVISION
    from renderer.direction import STAGE_REVISION
    from renderer.services.level import LEVEL_REVISION
    from renderer.text.transcriber import EspeakTranscriber

    return {
        Part.TEXT_RULES: EspeakTranscriber(workspace.lexicon).revision,
        Part.DIRECTION_STAGE: STAGE_REVISION,
        Part.MASTERING_STAGE: f"{MASTERING_REVISION} {LIMITER_REVISION} {LEVEL_REVISION}",
        Part.ENCODER: encoder_revision(workspace.project.delivery.codec),
    }


def _context(workspace: Workspace, keys: KeyBuilder, stages: Mapping[Part, str]) -> str:
    """Digest everything outside the scene files that a line may depend on."""
    project = workspace.project
    files = [project.path, profiles_path(project), *(p for p, _ in lexicon_paths(project))]
    voices = {v for c in project.characters.values() for v in (c.voice, *c.voices.values())}
    return digest(
        [
            [hashlib.sha256(f.read_bytes()).hexdigest() for f in files],
            sorted([*k, sha] for k, sha in workspace.recordings.items()),
            {part.value: text for part, text in stages.items()},
            {v: sorted(keys.voice_parts(v).values()) for v in sorted(voices)},
            "keys/1",
        ]
    )


def open_house(workspace: Workspace, *, in_memory: bool = False) -> House:
    """Open database, store and voices of a workspace.

    Args:
        workspace: The project.
        in_memory: Use a throw-away database: for plans against a lock alone.

    Raises:
        ManifestError: A character's voice is not installed.
    """
    from renderer.manifest.committed import CommittedManifests
    from renderer.services.render_key import KeyBuilder

    settings, project = workspace.settings, workspace.project
    voices = voice_book(settings, project)
    stages = revisions(workspace)
    keys = KeyBuilder(workspace.inputs.parts, voices, stages)
    known = voices.cards()
    context = "" if _unknown_voices(project, known) else _context(workspace, keys, stages)
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


def _unknown_voices(project: Project, known: Mapping[str, object]) -> set[str]:
    """Return the voices that are not installed; the reader reports them with their place."""
    from renderer.domain.voice import VoiceRef

    used = {v for c in project.characters.values() for v in (c.voice, *c.voices.values())}
    return {v for v in used if VoiceRef.parse(v).name not in known}


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


@dataclass(frozen=True, slots=True)
class Walk:
    """A house with its engines, its judge and its queue."""

    house: House
    broker: StubBroker
    relay: Relay
    render: Render


def open_walk(house: House, *, batch: int | None = None) -> Walk:
    """Open everything a render needs, on the embedded queue."""
    from renderer.messaging.broker import DramatiqPublisher, embedded_broker
    from renderer.services.relay import Relay

    broker = embedded_broker()
    size = batch or house.workspace.settings.batch
    return Walk(
        house=house,
        broker=broker,
        relay=Relay(house.unit, DramatiqPublisher(broker), size),
        render=open_render(house),
    )


def open_render(house: House) -> Render:
    """Compose the service that renders batches."""
    from renderer import __version__
    from renderer.db.plain import dump_result
    from renderer.judges.dnsmos import DnsmosJudge
    from renderer.services.finish import Finisher
    from renderer.services.keep import Keeper
    from renderer.services.level import VoiceLevel
    from renderer.services.perform import Performer
    from renderer.services.render import Render
    from renderer.text.transcriber import EspeakTranscriber

    settings = house.workspace.settings
    judge = DnsmosJudge(threads=settings.threads)
    plain = EspeakTranscriber(_no_lexicon())
    level = VoiceLevel(house.unit, plain, house.voices.engine_revision)
    stages = {part.value: text for part, text in revisions(house.workspace).items()}
    versions = {**stages, "barkline": __version__, "dnsmos": judge.revision}
    return Render(
        house.unit,
        Performer(house.unit, house.store, house.voices, _transcriber_for),
        Finisher(house.voices, level, [judge], gate_limits(house.workspace.project)),
        Keeper(house.store, house.voices, versions, dump_result),
        SystemClock(),
        worker=platform.node() or "worker",
    )


def gate_limits(project: Project) -> GateLimits:
    """Return the shipped limits with the project's own `gate.yaml` laid over them."""
    from renderer.quality.limits import merge, read_limits

    shipped = read_limits(config.assets_dir() / "gate_limits.yaml")
    own = project.root / "gate.yaml"
    return merge(shipped, read_limits(own)) if own.is_file() else shipped


def _no_lexicon() -> Lexicon:
    from renderer.text.lexicon import Lexicon

    return Lexicon()


def _transcriber_for(entries: Sequence[Mapping[str, str | bool]]) -> EspeakTranscriber:
    from renderer.text.lexicon import Lexicon
    from renderer.text.lexicon_entry import LexiconEntry
    from renderer.text.transcriber import EspeakTranscriber

    return EspeakTranscriber(Lexicon([LexiconEntry.from_plain(e) for e in entries]))
