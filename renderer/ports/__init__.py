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
from renderer.ports.service import DeadLetters, Leases, ProjectGates
from renderer.ports.speech import Speech, SpeechRequest, Synthesiser, VoiceBook
from renderer.ports.storage import ObjectReader, ObjectStore, SweptStore
from renderer.ports.text import Transcriber

__all__ = [
    "Clock",
    "DeadLetters",
    "HeardWord",
    "Judge",
    "Leases",
    "LineRepository",
    "LineWrite",
    "ManifestFile",
    "ManifestSource",
    "ObjectReader",
    "ObjectStore",
    "Outbox",
    "OutboxRow",
    "OwedRow",
    "ProjectGates",
    "Publisher",
    "Recogniser",
    "References",
    "SpeakerEncoder",
    "Speech",
    "SpeechRequest",
    "StoredLine",
    "SweptStore",
    "Synthesiser",
    "TakeRepository",
    "TakeWrite",
    "Transcriber",
    "UnitOfWork",
    "VoiceBook",
    "VoiceLevels",
    "WordAlignment",
]
