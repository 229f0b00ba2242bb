"""The tables. Takes are shared by all projects: the same render key is rendered once.

project ─┬─< manifest_file ─< line >─ take        line.take_id: what it asks for now
         │                     │ ├──< line_take >─ take    every take it ever asked for
         │                     │ └──< decision             what people decided about its takes
         └─< event             └ frozen_take_id
take ─< outbox                                     work that is owed: not sent, or sent and not done
dead_letter                                        messages the queue has given up
voice_level, voice_score                           measured once per voice, see services.level
                                                   and services.voice_norm
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

# SQLite gives row ids to INTEGER primary keys only.
_Id = BigInteger().with_variant(Integer, "sqlite")
_When = DateTime(timezone=True)


def _id() -> Column[int]:
    return Column("id", _Id, primary_key=True, autoincrement=True)


project = Table(
    "project",
    metadata,
    _id(),
    Column("name", String(120), nullable=False, unique=True),
    # The limits a project lays over the shipped ones, for workers that have no checkout.
    Column("gate", JSON, nullable=False, server_default="{}"),
)

manifest_file = Table(
    "manifest_file",
    metadata,
    _id(),
    Column("project_id", _Id, ForeignKey("project.id", ondelete="CASCADE"), nullable=False),
    Column("path", String(500), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("context", String(64), nullable=False),
    UniqueConstraint("project_id", "path"),
)

take = Table(
    "take",
    metadata,
    _id(),
    Column("render_key", String(64), nullable=False, unique=True),
    Column("synthesis_key", String(64), nullable=False, index=True),
    # Before the documents: a row is read from its front.
    Column("delivery_key", String(200), nullable=False, server_default=""),
    Column("metadata_key", String(200), nullable=False, server_default=""),
    Column("parts", JSON, nullable=False),
    Column("request", JSON, nullable=False),
    Column("voice", String(200), nullable=False),
    Column("phonemes", Integer, nullable=False),
    Column("status", String(20), nullable=False, index=True),
    Column("deliveries", Integer, nullable=False, server_default="0"),
    Column("owner", String(120), nullable=False, server_default=""),
    Column("leased_until", _When),
    Column("result", JSON),
    Column("raw_key", String(200), nullable=False, server_default=""),
    Column("created_at", _When, nullable=False),
    Column("finished_at", _When),
    Column("spent_s", Float, nullable=False, server_default="0"),
    Column("queue", String(8), nullable=False, server_default="cpu"),
    Column("priority", Integer, nullable=False, server_default="10"),
    # The project that asked first: whose limits judge it, and who is charged for the work.
    Column("asked_by", String(120), nullable=False, server_default=""),
    Column("trace_id", String(32), nullable=False, server_default=""),
)
# What the reaper looks through: leases by their end.
Index(
    "ix_take_leased_until",
    take.c.leased_until,
    sqlite_where=take.c.status == "leased",
    postgresql_where=take.c.status == "leased",
)

line = Table(
    "line",
    metadata,
    _id(),
    Column("project_id", _Id, ForeignKey("project.id", ondelete="CASCADE"), nullable=False),
    Column("line_id", String(120), nullable=False),
    Column("locale", String(35), nullable=False),
    Column("path", String(500), nullable=False),
    Column("position", Integer, nullable=False),
    Column("character", String(120), nullable=False),
    Column("utterance", JSON, nullable=False),
    Column("text_hash", String(12), nullable=False),
    Column("render_key", String(64), nullable=False),
    Column("input_digest", String(64), nullable=False),
    Column("take_id", _Id, ForeignKey("take.id"), nullable=False, index=True),
    Column("frozen_take_id", _Id, ForeignKey("take.id"), index=True),
    Column("generation", Integer, nullable=False),
    Column("is_orphaned", Boolean, nullable=False, server_default=text("false")),
    Column("orphaned_at", _When),
    UniqueConstraint("project_id", "line_id", "locale"),
    Index(None, "project_id", "path", "position"),
)

# What people decided about the takes of a line; rows are only ever added. The sequence keeps two
# people from overwriting each other.
decision = Table(
    "decision",
    metadata,
    _id(),
    Column("line_pk", _Id, ForeignKey("line.id", ondelete="CASCADE"), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("decision_id", String(32), nullable=False, unique=True),
    Column("render_key", String(64), nullable=False),
    Column("choice", String(10), nullable=False),
    Column("note", Text, nullable=False),
    Column("who", String(120), nullable=False),
    Column("at", _When, nullable=False),
    Column("change", JSON, nullable=False),
    Column("undoes", String(32), nullable=False),
    Column("sound", String(64), nullable=False, server_default=""),
    Column("checks", JSON, nullable=False, server_default="[]"),
    UniqueConstraint("line_pk", "sequence"),
)

line_take = Table(
    "line_take",
    metadata,
    Column("line_pk", _Id, ForeignKey("line.id", ondelete="CASCADE"), primary_key=True),
    Column("take_id", _Id, ForeignKey("take.id"), primary_key=True, index=True),
    Column("since", _When, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    _id(),
    Column("take_id", _Id, ForeignKey("take.id"), nullable=False, index=True),
    Column("voice", String(200), nullable=False),
    Column("phonemes", Integer, nullable=False),
    Column("created_at", _When, nullable=False),
    Column("sent_at", _When),
    Column("queue", String(8), nullable=False, server_default="cpu"),
    Column("priority", Integer, nullable=False, server_default="10"),
)
Index(
    "ix_outbox_unsent",
    outbox.c.queue,
    outbox.c.priority,
    outbox.c.id,
    sqlite_where=outbox.c.sent_at.is_(None),
    postgresql_where=outbox.c.sent_at.is_(None),
)

event = Table(
    "event",
    metadata,
    _id(),
    Column("project_id", _Id, ForeignKey("project.id", ondelete="CASCADE")),
    Column("kind", String(60), nullable=False, index=True),
    Column("payload", JSON, nullable=False),
    Column("at", _When, nullable=False),
)

dead_letter = Table(
    "dead_letter",
    metadata,
    _id(),
    Column("message_id", String(64), nullable=False, unique=True),
    Column("queue", String(40), nullable=False),
    Column("take_ids", JSON, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", _When, nullable=False),
)

voice_level = Table(
    "voice_level",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("voice", String(200), nullable=False),
    Column("locale", String(35), nullable=False),
    Column("loudness_lufs", Float, nullable=False),
    Column("measured", Text, nullable=False, server_default=""),
)

voice_score = Table(
    "voice_score",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("voice", String(200), nullable=False),
    Column("locale", String(35), nullable=False),
    Column("scores", JSON, nullable=False),
)
