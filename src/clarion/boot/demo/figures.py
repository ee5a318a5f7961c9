"""What the report tells beside the tallies: read once from the ledger when the play is over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Column, ColumnElement, func, select

from clarion.app.report import Numbers, overview
from clarion.boot.demo.scenario import Stage
from clarion.core.campaigns import Campaign
from clarion.core.outcomes import Outcome
from clarion.store.database import StoredTx
from clarion.store.schema import attempts, decisions, suppressions, webhook_messages

TELLING = {Outcome.CALLBACK_REQUESTED: 6, Outcome.BUSY: 4, Outcome.VOICEMAIL: 3, Outcome.NO_ANSWER: 2}
"""How much an outcome adds to a story worth reading; others add 1."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What happened."""

    campaigns: Sequence[tuple[Campaign, Numbers]]
    total: Numbers
    retry_rules: Mapping[str, int]
    """Rule -> retries that it decided."""
    listed: Mapping[str, int]
    """Reason -> addresses that came on the do-not-contact list by what people did."""
    webhooks: Mapping[str, int]
    """State -> messages in the outbox."""
    contact_id: int | None
    """Somebody with a story worth reading."""


async def read_figures(stage: Stage) -> Figures:
    """Read them."""
    seen = await overview(stage.house.database, stage.actor)
    by_id = {campaign.id: (campaign, numbers) for campaign, numbers in seen.campaigns}
    ours = stage.actor.organization_id
    async with stage.house.database.read() as tx:
        return Figures(
            campaigns=[by_id[campaign.id] for campaign in stage.campaigns],
            total=seen.total,
            retry_rules=await _count(
                tx, decisions.c.rule, decisions.c.organization_id == ours, decisions.c.verdict == "retried"
            ),
            listed=await _count(
                tx,
                suppressions.c.reason,
                suppressions.c.organization_id == ours,
                suppressions.c.campaign_id.is_not(None),
            ),
            webhooks=await _count(tx, webhook_messages.c.state, webhook_messages.c.organization_id == ours),
            contact_id=await _most_telling(tx, ours),
        )


async def _count(tx: StoredTx, column: Column[str], *where: ColumnElement[bool]) -> dict[str, int]:
    """How many rows have which word, the most frequent first."""
    n = func.count()
    found = await tx.session.execute(select(column, n).where(*where).group_by(column).order_by(n.desc()))
    return {word: count for word, count in found}  # noqa: C416 - a result is not a mapping


async def _most_telling(tx: StoredTx, organization_id: int) -> int | None:
    """The contact whose attempts had the most different and telling outcomes."""
    rows: Iterable[tuple[int, Outcome]] = await tx.session.execute(
        select(attempts.c.contact_id, attempts.c.outcome)
        .where(attempts.c.organization_id == organization_id)
        .order_by(attempts.c.contact_id)
    )
    met: dict[int, set[Outcome]] = {}
    for contact_id, outcome in rows:
        met.setdefault(contact_id, set()).add(outcome)
    return max(met, key=lambda n: sum(TELLING.get(outcome, 1) for outcome in met[n]), default=None)
