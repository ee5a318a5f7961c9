"""Pages with totals: what they show, whose it is, and that what is not on a page is not read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, text

import seeding
from clarion.app.ports.people import ContactFilters
from clarion.app.ports.reports import AttemptFilters
from clarion.core.outcomes import AttemptState, ContactState, FinishReason
from clarion.store.database import Database

BOTH = frozenset({1, 2})


@pytest.fixture
async def ledger(database: Database) -> Database:
    """Campaigns 1 and 2 of one organisation, 3 of another; ten contacts each, 11 to 20 in the first."""
    await seeding.organization(database, 1)
    await seeding.organization(database, 2)
    async with database.write() as tx:
        for n in (1, 2, 3):
            campaign = await seeding.campaign(tx, n, 1 + (n == 3))
            for person in range(n * 10 + 1, n * 10 + 10):
                await seeding.person(tx, campaign, person)
            await seeding.finished(tx, campaign, n * 10 + 10, FinishReason.REMOVED)
    return database


async def contacts(ledger: Database, filters: ContactFilters, *page: int, newest: bool = True) -> tuple[list[int], int]:
    offset, limit = page or (0, 100)
    async with ledger.read() as tx:
        found, total = await tx.people.browse(1, filters, offset, limit, newest_first=newest)
    return [contact.id for contact in found], total


@pytest.mark.parametrize(("offset", "limit"), [(0, 3), (8, 4), (0, 100), (19, 5), (20, 5)])
async def test_the_newest_of_several_campaigns(ledger: Database, offset: int, limit: int) -> None:
    """Whether they are put together from each campaign's own or sorted as a whole, and a known total is believed."""
    everybody = [*range(30, 20, -1), *range(20, 10, -1)]
    merged = await contacts(ledger, ContactFilters(campaign_ids=BOTH), offset, limit)
    assert merged == (everybody[offset : offset + limit], 20)
    async with ledger.read() as tx:
        found, total = await tx.people.browse(
            1, ContactFilters(campaign_ids=BOTH), offset, limit, newest_first=True, total=20
        )
    assert ([contact.id for contact in found], total) == merged


async def test_a_page_and_how_many_there_are(ledger: Database) -> None:
    mine = ContactFilters(campaign_id=1)
    assert await contacts(ledger, mine, 0, 3) == ([20, 19, 18], 10)
    assert await contacts(ledger, mine, 8, 3) == ([12, 11], 10)
    assert await contacts(ledger, mine, 10, 3) == ([], 10)
    assert await contacts(ledger, mine, 1, 2, newest=False) == ([12, 13], 10)
    waiting = ContactFilters(campaign_id=1, states=frozenset({ContactState.WAITING}))
    assert await contacts(ledger, waiting, 0, 2) == ([19, 18], 9)
    assert (await contacts(ledger, ContactFilters(address_part="55500")))[1] == 20
    assert await contacts(ledger, ContactFilters(address_part="0%")) == ([], 0)


@pytest.mark.parametrize(
    ("filters", "total"),
    [
        (ContactFilters(), 20),
        (ContactFilters(campaign_ids=BOTH), 20),
        (ContactFilters(campaign_ids=BOTH | {3}), 20),
        (ContactFilters(campaign_id=2, campaign_ids=BOTH), 10),
        (ContactFilters(campaign_id=2, campaign_ids=frozenset({1})), 0),
        (ContactFilters(campaign_id=3), 0),
        (ContactFilters(campaign_id=1, without_reasons=frozenset({FinishReason.REMOVED})), 9),
        (ContactFilters(all_of=((ContactFilters(campaign_id=3),),)), 0),
    ],
)
async def test_nobody_sees_others_contacts(ledger: Database, filters: ContactFilters, total: int) -> None:
    found, counted = await contacts(ledger, filters)
    assert (len(found), counted) == (total, total)
    assert not {contact_id for contact_id in found if contact_id > 30}


async def test_attempts_that_were_taken_back_are_not_listed(ledger: Database) -> None:
    async with ledger.write() as tx:
        campaign = await tx.campaigns.get(1, 1)
        for n in range(1, 5):
            await seeding.attempt(tx, campaign, n, 11, number=n, address=f"+1212555{n:04d}")
        await seeding.attempt(tx, campaign, 5, 11, number=5, state=AttemptState.TAKEN_BACK)
        other = await tx.campaigns.get(1, 2)
        await seeding.attempt(tx, other, 6, 21)
        await seeding.tallies(tx, campaign, {"attempts": 4})
        await seeding.tallies(tx, other, {"attempts": 1})
    async with ledger.read() as tx:
        for filters in (AttemptFilters(campaign_ids=BOTH), AttemptFilters(), AttemptFilters(erased=False)):
            page, total = await tx.reports.browse_attempts(1, filters, 1, 2)
            assert ([attempt.id for attempt in page], total) == ([4, 3], 5)
        page, total = await tx.reports.browse_attempts(1, AttemptFilters(campaign_id=1), 3, 9)
        assert ([attempt.id for attempt in page], total) == ([1], 4)
        assert page[0].raw == {"carrier": "said"}
        assert (await tx.reports.browse_attempts(1, AttemptFilters(address_part="50003"), 0, 9))[1] == 1
        for filters in (AttemptFilters(campaign_ids=BOTH), AttemptFilters(campaign_id=1), AttemptFilters()):
            assert await tx.reports.browse_attempts(2, filters, 0, 9) == ([], 0)


@contextmanager
def said(ledger: Database) -> Iterator[list[tuple[str, Any]]]:
    """The statements that the database is asked meanwhile."""
    statements: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.lstrip().startswith("SELECT"):
            statements.append((statement, parameters))

    event.listen(ledger.engine.sync_engine, "before_cursor_execute", hear)
    try:
        yield statements
    finally:
        event.remove(ledger.engine.sync_engine, "before_cursor_execute", hear)


async def plans(ledger: Database, statements: Sequence[tuple[str, Any]]) -> list[str]:
    """How each of them is carried out."""
    async with ledger.engine.begin() as connection:
        if ledger.is_postgres:
            await connection.execute(text("SET enable_seqscan = off"))
        how = "EXPLAIN" if ledger.is_postgres else "EXPLAIN QUERY PLAN"
        return [
            "\n".join(str(row[-1]) for row in await connection.exec_driver_sql(f"{how} {statement}", parameters))
            for statement, parameters in statements
        ]


async def test_totals_and_pages_of_a_campaign_are_found_in_an_index(ledger: Database) -> None:
    async with ledger.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("VACUUM ANALYZE contacts" if ledger.is_postgres else "ANALYZE"))
    with said(ledger) as statements:
        await contacts(ledger, ContactFilters(campaign_id=1), 5, 2)
    count, ids, _ = await plans(ledger, statements)
    index = "Index Only Scan" if ledger.is_postgres else "COVERING INDEX ix_contacts_campaign_id_id"
    for plan in (count, ids):
        assert index in plan, plan
        assert "SCAN contacts" not in plan, plan
        assert "TEMP B-TREE" not in plan, plan
