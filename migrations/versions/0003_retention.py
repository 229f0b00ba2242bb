"""Retention: since when a line is gone, and indexes that find what no line names.

Revision: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INDEXES = (("line", "frozen_take_id"), ("line_take", "take_id"))


def upgrade() -> None:
    op.add_column("line", sa.Column("orphaned_at", sa.DateTime(timezone=True)))
    for table, column in INDEXES:
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    for table, column in reversed(INDEXES):
        op.drop_index(f"ix_{table}_{column}", table)
    op.drop_column("line", "orphaned_at")
