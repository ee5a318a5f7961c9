"""The lines and the tallies that every transaction of the engine leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select

from clarion.core.contacts import Decision
from clarion.store.schema import decisions, tallies
from clarion.store.session import Session


class LineRows:
    """Stories and numbers."""

    def __init__(self, session: Session) -> None:
        """`session` is the open transaction."""
        self._session = session

    async def decide(self, lines: Sequence[Decision]) -> None:
        """See the port."""
        if not lines:
            return
        ids = await self._session.new_ids("decisions", len(lines))
        await self._session.insert_many(
            decisions,
            [
                {
                    "id": n,
                    "organization_id": d.organization_id,
                    "campaign_id": d.campaign_id,
                    "batch_id": d.batch_id,
                    "contact_id": d.contact_id,
                    "region_key": d.region_key,
                    "attempt_id": d.attempt_id,
                    "at": d.at,
                    "verdict": d.verdict,
                    "rule": d.rule,
                    "next_at": d.next_at,
                    "inputs": d.inputs or None,
                }
                for n, d in zip(ids, lines, strict=True)
            ],
        )

    async def ended_by_rule(self, contact_ids: Sequence[int]) -> set[int]:
        """See the port."""
        lines = (
            select(decisions.c.contact_id, decisions.c.attempt_id)
            .where(
                self._session.among(decisions.c.contact_id, list(contact_ids)),
                decisions.c.verdict.in_(("skipped", "finished")),
            )
            .order_by(decisions.c.at, decisions.c.id)
        )
        last = {row.contact_id: row.attempt_id for row in await self._session.execute(lines)}
        return {contact_id for contact_id, attempt_id in last.items() if attempt_id is None}

    async def count(self, slot: int, increments: Mapping[tuple[int, int, str], int]) -> None:
        """See the port."""
        rows = [
            {"batch_id": batch_id, "slot": slot, "key": key, "campaign_id": campaign_id, "n": n}
            for (campaign_id, batch_id, key), n in sorted(increments.items())
            if n
        ]
        if not rows:
            return
        await self._session.add_many(tallies, rows, key=["batch_id", "slot", "key"], adds="n")

    async def tally(self, batch_ids: Sequence[int], keys: Sequence[str]) -> dict[tuple[int, str], int]:
        """See the port."""
        statement = (
            select(tallies.c.batch_id, tallies.c.key, func.sum(tallies.c.n))
            .where(tallies.c.batch_id.in_(batch_ids), tallies.c.key.in_(keys))
            .group_by(tallies.c.batch_id, tallies.c.key)
        )
        return {(row[0], row[1]): int(row[2]) for row in await self._session.execute(statement)}
