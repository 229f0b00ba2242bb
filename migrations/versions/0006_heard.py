"""What was heard: the sound and the failed checks an approval or a waiver is bound to.

Revision: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    sound = sa.Column("sound", sa.String(64), nullable=False, server_default="")
    checks = sa.Column("checks", sa.JSON, nullable=False, server_default="[]")
    op.add_column("decision", sound)
    op.add_column("decision", checks)


def downgrade() -> None:
    op.drop_column("decision", "checks")
    op.drop_column("decision", "sound")
