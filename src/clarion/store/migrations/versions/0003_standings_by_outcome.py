"""Tallies of where contacts stand by their last outcome, counted once from the queue; from here on they are kept."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LAST = """
INSERT INTO tallies (batch_id, slot, key, campaign_id, n)
SELECT batch_id, 0, 'last:' || last_outcome, campaign_id, COUNT(*)
FROM queue WHERE last_outcome IS NOT NULL
GROUP BY batch_id, campaign_id, last_outcome
"""
ENDED = """
INSERT INTO tallies (batch_id, slot, key, campaign_id, n)
SELECT batch_id, 0, 'ended:' || finish_reason || ':' || COALESCE(last_outcome, 'none'), campaign_id, COUNT(*)
FROM queue WHERE state = 'finished'
GROUP BY batch_id, campaign_id, finish_reason, last_outcome
"""


def upgrade() -> None:
    """Apply."""
    op.execute(LAST)
    op.execute(ENDED)


def downgrade() -> None:
    """Take back."""
    op.execute("DELETE FROM tallies WHERE key LIKE 'last:%' OR key LIKE 'ended:%'")
