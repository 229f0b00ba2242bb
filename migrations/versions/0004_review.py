"""Review: what people decided about takes, bound to the line and the take's render key.

Revision: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "decision",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("line_pk", ID, sa.ForeignKey("line.id", ondelete="CASCADE"), nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("decision_id", sa.String(32), nullable=False),
        sa.Column("render_key", sa.String(64), nullable=False),
        sa.Column("choice", sa.String(10), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("who", sa.String(120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change", sa.JSON, nullable=False),
        sa.Column("undoes", sa.String(32), nullable=False),
        sa.UniqueConstraint("decision_id"),
        sa.UniqueConstraint("line_pk", "sequence"),
    )


def downgrade() -> None:
    op.drop_table("decision")
