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
    VoiceScores,
)
from renderer.ports.health import (
    DatabaseFacts,
    GpuFacts,
    OwedFacts,
    QueueFacts,
    StoreFacts,
    VoiceFacts,
)
from renderer.ports.history import History, PastImport
from renderer.ports.judge import (
    Comparison,
    EmotionHeard,
    EmotionRecogniser,
    HeardWord,
    Judge,
    Recogniser,
    ReferenceJudge,
    SpeakerEncoder,
    WordAlignment,
)
from renderer.ports.manifest import ManifestFile, ManifestSource
from renderer.ports.messaging import Publisher
from renderer.ports.outbox import Outbox, OutboxRow, OwedRow
from renderer.ports.reference import References
from renderer.ports.retention import OldLine, Retention
from renderer.ports.review import (
    Decisions,
    LineKey,
    RecordingShelf,
    RetakeBook,
    RetakeEdit,
)
from renderer.ports.service import DeadLetters, ImportRow, Imports, Leases, ProjectGates
from renderer.ports.speech import Speech, SpeechRequest, Synthesiser, VoiceBook
from renderer.ports.storage import ObjectReader, ObjectStore, SweptStore
from renderer.ports.telemetry import SILENT, UNTRACED, Meter, SilentMeter, SilentTracer, Tracer
from renderer.ports.text import Transcriber
from renderer.ports.transfer import Amount, Transfer
from renderer.ports.verdict import Verdicts

__all__ = [
    "SILENT",
    "UNTRACED",
    "Amount",
    "Clock",
    "Comparison",
    "DatabaseFacts",
    "DeadLetters",
    "Decisions",
    "EmotionHeard",
    "EmotionRecogniser",
    "GpuFacts",
    "HeardWord",
    "History",
    "ImportRow",
    "Imports",
    "Judge",
    "Leases",
    "LineKey",
    "LineRepository",
    "LineWrite",
    "ManifestFile",
    "ManifestSource",
    "Meter",
    "ObjectReader",
    "ObjectStore",
    "OldLine",
    "Outbox",
    "OutboxRow",
    "OwedFacts",
    "OwedRow",
    "PastImport",
    "ProjectGates",
    "Publisher",
    "QueueFacts",
    "Recogniser",
    "RecordingShelf",
    "ReferenceJudge",
    "References",
    "RetakeBook",
    "RetakeEdit",
    "Retention",
    "SilentMeter",
    "SilentTracer",
    "SpeakerEncoder",
    "Speech",
    "SpeechRequest",
    "StoreFacts",
    "StoredLine",
    "SweptStore",
    "Synthesiser",
    "TakeRepository",
    "TakeWrite",
    "Tracer",
    "Transcriber",
    "Transfer",
    "UnitOfWork",
    "Verdicts",
    "VoiceBook",
    "VoiceFacts",
    "VoiceLevels",
    "VoiceScores",
    "WordAlignment",
]
