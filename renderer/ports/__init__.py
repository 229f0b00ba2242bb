"""Every Protocol of the house: what services ask of the outside, and nothing of how it is done.

Adapters live in `speech`, `judges`, `storage`, `db`, `messaging`; `bootstrap` chooses. Fakes in
tests implement the same Protocols.
"""

from renderer.ports.clock import Clock
from renderer.ports.database import (
    LineRepository,
    LineWrite,
    StoredLine,
    TakeRepository,
    TakeWrite,
    UnitOfWork,
    VoiceLevels,
)
from renderer.ports.judge import HeardWord, Judge, Recogniser, SpeakerEncoder, WordAlignment
from renderer.ports.manifest import ManifestFile, ManifestSource
from renderer.ports.messaging import Publisher
from renderer.ports.outbox import Outbox, OutboxRow, OwedRow
from renderer.ports.reference import References
from renderer.ports.service import DeadLetters, ImportRow, Imports, Leases, ProjectGates
from renderer.ports.speech import Speech, SpeechRequest, Synthesiser, VoiceBook
from renderer.ports.storage import ObjectReader, ObjectStore, SweptStore
from renderer.ports.telemetry import SILENT, UNTRACED, Meter, SilentMeter, SilentTracer, Tracer
from renderer.ports.text import Transcriber

__all__ = [
    "SILENT",
    "UNTRACED",
    "Clock",
    "DeadLetters",
    "HeardWord",
    "ImportRow",
    "Imports",
    "Judge",
    "Leases",
    "LineRepository",
    "LineWrite",
    "ManifestFile",
    "ManifestSource",
    "Meter",
    "ObjectReader",
    "ObjectStore",
    "Outbox",
    "OutboxRow",
    "OwedRow",
    "ProjectGates",
    "Publisher",
    "Recogniser",
    "References",
    "SilentMeter",
    "SilentTracer",
    "SpeakerEncoder",
    "Speech",
    "SpeechRequest",
    "StoredLine",
    "SweptStore",
    "Synthesiser",
    "TakeRepository",
    "TakeWrite",
    "Tracer",
    "Transcriber",
    "UnitOfWork",
    "VoiceBook",
    "VoiceLevels",
    "WordAlignment",
]
