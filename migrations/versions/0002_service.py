"""The service mode: queues and priorities, who asked, traces, dead letters.

Outbox rows now stay until their take is finished, so that what a queue has lost is sent again;
rows that were sent before belong to nobody and go.

Revision: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
WHEN = sa.DateTime(timezone=True)
ROUTING = (
    ("queue", sa.String(8), "cpu"),
    ("priority", sa.Integer(), "10"),
)
IDENTITY = (
    ("asked_by", sa.String(120), ""),
    ("trace_id", sa.String(32), ""),
)
LEASED = sa.text("status = 'leased'")
UNSENT = sa.text("sent_at IS NULL")


def upgrade() -> None:
    op.add_column("project", sa.Column("gate", sa.JSON, nullable=False, server_default="{}"))
    for name, kind, default in (*ROUTING, *IDENTITY):
        op.add_column("take", sa.Column(name, kind, nullable=False, server_default=default))
    op.execute("DELETE FROM outbox WHERE sent_at IS NOT NULL")
    for name, kind, default in ROUTING:
        op.add_column("outbox", sa.Column(name, kind, nullable=False, server_default=default))
    op.drop_index("ix_outbox_unsent", "outbox")
    op.create_index(
        "ix_outbox_unsent",
        "outbox",
        ["queue", "priority", "id"],
        sqlite_where=UNSENT,
        postgresql_where=UNSENT,
    )
    op.create_index(
        "ix_take_leased_until",
        "take",
        ["leased_until"],
        sqlite_where=LEASED,
        postgresql_where=LEASED,
    )
    op.create_table(
        "dead_letter",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("queue", sa.String(40), nullable=False),
        sa.Column("take_ids", sa.JSON, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", WHEN, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_dead_letter"),
        sa.UniqueConstraint("message_id", name="uq_dead_letter_message_id"),
    )


def downgrade() -> None:
    op.drop_table("dead_letter")
    op.drop_index("ix_take_leased_until", "take")
    op.drop_index("ix_outbox_unsent", "outbox")
    for name, _, _ in reversed(ROUTING):
        op.drop_column("outbox", name)
    for name, _, _ in reversed((*ROUTING, *IDENTITY)):
        op.drop_column("take", name)
    op.drop_column("project", "gate")
    op.create_index(
        "ix_outbox_unsent", "outbox", ["id"], sqlite_where=UNSENT, postgresql_where=UNSENT
    )
