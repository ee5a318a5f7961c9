"""From which try on the bound on tries counts: contacts that are opened again begin anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("queue", sa.Column("fresh_from", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    """Take back."""
    op.drop_column("queue", "fresh_from")
