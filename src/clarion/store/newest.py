"""The newest rows of several campaigns, each of which has its own in order in an index."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Select, Table, func, select

from clarion.store.schema import campaigns
from clarion.store.session import Session

MERGED = 1_000
"""Deeper into a list than this the database sorts by itself."""


async def newest_ids(
    session: Session, table: Table, ids: Select[tuple[int]], campaign_ids: Collection[int], most: int
) -> list[int]:
    """The largest `most` of the ids of `table` that `ids` selects, in these campaigns, the largest first.

    `table` has an index on campaign and id. A campaign whose newest row is older than what is found already is not
    asked, so nobody sorts what all of them have.
    """
    peak = select(func.max(table.c.id)).where(table.c.campaign_id == campaigns.c.id).scalar_subquery()
    wanted = select(campaigns.c.id, peak).where(session.among(campaigns.c.id, sorted(campaign_ids)))
    peaks = [(row[1], row[0]) for row in await session.execute(wanted) if row[1] is not None]
    found: list[int] = []
    for highest, campaign_id in sorted(peaks, reverse=True):
        if len(found) == most and highest < found[-1]:
            break
        here = await session.execute(ids.where(table.c.campaign_id == campaign_id).limit(most))
        found = sorted([*found, *here.scalars()], reverse=True)[:most]
    return found
