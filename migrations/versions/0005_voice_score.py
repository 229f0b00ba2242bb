"""What judges make of voices undirected: measured once, not in every process.

Revision: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "voice_score",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("voice", sa.String(200), nullable=False),
        sa.Column("locale", sa.String(35), nullable=False),
        sa.Column("scores", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_voice_score"),
    )


def downgrade() -> None:
    op.drop_table("voice_score")
