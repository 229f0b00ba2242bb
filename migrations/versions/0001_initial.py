"""The first schema: projects, files, lines, takes, outbox, events, voice levels.

Revision: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "project",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_project"),
        sa.UniqueConstraint("name", name="uq_project_name"),
    )
    op.create_table(
        "manifest_file",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("path", sa.String(500), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("context", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_manifest_file"),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name="fk_manifest_file_project_id",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("project_id", "path", name="uq_manifest_file_project_id_path"),
    )
    op.create_table(
        "take",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("render_key", sa.String(64), nullable=False),
        sa.Column("synthesis_key", sa.String(64), nullable=False),
        sa.Column("delivery_key", sa.String(200), nullable=False, server_default=""),
        sa.Column("metadata_key", sa.String(200), nullable=False, server_default=""),
        sa.Column("parts", sa.JSON, nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("voice", sa.String(200), nullable=False),
        sa.Column("phonemes", sa.Integer, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("deliveries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("owner", sa.String(120), nullable=False, server_default=""),
        sa.Column("leased_until", WHEN),
        sa.Column("result", sa.JSON),
        sa.Column("raw_key", sa.String(200), nullable=False, server_default=""),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("finished_at", WHEN),
        sa.Column("spent_s", sa.Float, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id", name="pk_take"),
        sa.UniqueConstraint("render_key", name="uq_take_render_key"),
    )
    op.create_index("ix_take_synthesis_key", "take", ["synthesis_key"])
    op.create_index("ix_take_status", "take", ["status"])
    op.create_table(
        "line",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("line_id", sa.String(120), nullable=False),
        sa.Column("locale", sa.String(35), nullable=False),
        sa.Column("path", sa.String(500), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("character", sa.String(120), nullable=False),
        sa.Column("utterance", sa.JSON, nullable=False),
        sa.Column("text_hash", sa.String(12), nullable=False),
        sa.Column("render_key", sa.String(64), nullable=False),
        sa.Column("input_digest", sa.String(64), nullable=False),
        sa.Column("take_id", ID, nullable=False),
        sa.Column("frozen_take_id", ID),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("is_orphaned", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.PrimaryKeyConstraint("id", name="pk_line"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name="fk_line_project_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["take_id"], ["take.id"], name="fk_line_take_id"),
        sa.ForeignKeyConstraint(["frozen_take_id"], ["take.id"], name="fk_line_frozen_take_id"),
        sa.UniqueConstraint(
            "project_id", "line_id", "locale", name="uq_line_project_id_line_id_locale"
        ),
    )
    op.create_index("ix_line_take_id", "line", ["take_id"])
    op.create_index("ix_line_project_id_path_position", "line", ["project_id", "path", "position"])
    op.create_table(
        "line_take",
        sa.Column("line_pk", ID, nullable=False),
        sa.Column("take_id", ID, nullable=False),
        sa.Column("since", WHEN, nullable=False),
        sa.PrimaryKeyConstraint("line_pk", "take_id", name="pk_line_take"),
        sa.ForeignKeyConstraint(
            ["line_pk"], ["line.id"], name="fk_line_take_line_pk", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["take_id"], ["take.id"], name="fk_line_take_take_id"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("take_id", ID, nullable=False),
        sa.Column("voice", sa.String(200), nullable=False),
        sa.Column("phonemes", sa.Integer, nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("sent_at", WHEN),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.ForeignKeyConstraint(["take_id"], ["take.id"], name="fk_outbox_take_id"),
    )
    op.create_index("ix_outbox_take_id", "outbox", ["take_id"])
    op.create_index(
        "ix_outbox_unsent",
        "outbox",
        ["id"],
        sqlite_where=sa.text("sent_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL"),
    )
    op.create_table(
        "event",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("project_id", ID),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("at", WHEN, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_event"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name="fk_event_project_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_event_kind", "event", ["kind"])
    op.create_table(
        "voice_level",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("voice", sa.String(200), nullable=False),
        sa.Column("locale", sa.String(35), nullable=False),
        sa.Column("loudness_lufs", sa.Float, nullable=False),
        sa.Column("measured", sa.Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("key", name="pk_voice_level"),
    )


def downgrade() -> None:
    for table in ("voice_level", "event", "outbox", "line_take", "line", "take"):
        op.drop_table(table)
    op.drop_table("manifest_file")
    op.drop_table("project")
