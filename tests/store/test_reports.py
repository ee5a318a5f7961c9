"""What people look at comes from the ledger as it stands, only for their organisation, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

import seeding
from clarion.app.ports.reports import AttemptFilters, Crowd, Standing
from clarion.app.refusals import NotFound
from clarion.core.campaigns import BatchStatus, Campaign
from clarion.core.contacts import Decision
from clarion.core.outcomes import AttemptState, Channel, ContactState, FinishReason, Outcome
from clarion.store import schema
from clarion.store.database import Database
from seeding import LOS_ANGELES, NEW_YORK, NOW, NOWHERE

HOUR = timedelta(hours=1)
LIVE = {"state": ContactState.RELEASED, "attempt_id": 1}


@pytest.fixture
async def ledger(database: Database) -> Database:
    await seeding.organization(database, 1)
    await seeding.organization(database, 2)
    return database


async def test_standings_add_up_the_workers_and_count_the_live(ledger: Database) -> None:
    async with ledger.write() as tx:
        mine = await seeding.campaign(tx)
        await seeding.batch(tx, mine, 11, "second")
        other = await seeding.campaign(tx, 2, 2)
        await seeding.tallies(tx, mine, {"contacts": 5, "finished:reached": 2})
        await seeding.tallies(tx, mine, {"contacts": 1}, batch_id=11)
        await seeding.tallies(tx, other, {"contacts": 9})
        await seeding.person(tx, mine, 1, **LIVE)
        await seeding.person(tx, mine, 2)
        await seeding.person(tx, other, 3, **LIVE)
        for n in (4, 5):
            await seeding.person(tx, mine, n, last_outcome=Outcome.BUSY, **LIVE)
    async with ledger.read() as tx:
        assert await tx.reports.standings(1, 1) == [
            Standing(1, {"none": 1, "busy": 2}, {"contacts": 5, "finished:reached": 2}),
            Standing(11, {}, {"contacts": 1}),
        ]
        assert await tx.reports.standings(1, 2) == []
        assert await tx.reports.overview(1) == {1: {"contacts": 6, "finished:reached": 2}}
        assert await tx.reports.live_by_campaign(1) == {1: {"none": 1, "busy": 2}}


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (AttemptFilters(), [4, 3, 2, 1]),
        (AttemptFilters(campaign_id=1), [3, 2, 1]),
        (AttemptFilters(contact_id=1), [2, 1]),
        (AttemptFilters(batch_id=2), [4]),
        (AttemptFilters(outcomes=frozenset({Outcome.BUSY, Outcome.COMPLETED})), [3, 2]),
        (AttemptFilters(states=frozenset({AttemptState.BEGUN})), [4]),
        (AttemptFilters(since=NOW, until=NOW + HOUR), [2]),
        (AttemptFilters(until=NOW), [4, 1]),
        (AttemptFilters(channel=Channel.SMS), [4]),
        (AttemptFilters(address="+12125550001", sender_id=11), [2]),
        (AttemptFilters(provider_id="abc"), [3]),
    ],
)
async def test_attempts_are_filtered(ledger: Database, filters: AttemptFilters, found: list[int]) -> None:
    async with ledger.write() as tx:
        mine = await seeding.campaign(tx)
        sms = await seeding.campaign(tx, 2, channel=Channel.SMS)
        other = await seeding.campaign(tx, 3, 2)
        await seeding.attempt(tx, mine, 1, 1)
        await seeding.attempt(tx, mine, 2, 1, outcome=Outcome.BUSY, released_at=NOW, sender_id=11)
        await seeding.attempt(tx, mine, 3, 2, outcome=Outcome.COMPLETED, released_at=NOW + HOUR, provider_id="abc")
        await seeding.attempt(tx, sms, 4, 3, state=AttemptState.BEGUN, outcome=None)
        await seeding.attempt(tx, other, 5, 4)
    async with ledger.read() as tx:
        assert [a.id for a in await tx.reports.attempts(1, filters, None, 10)] == found


async def test_attempts_are_paged_and_foreign_ones_are_not_found(ledger: Database) -> None:
    async with ledger.write() as tx:
        mine = await seeding.campaign(tx)
        for n in range(1, 6):
            await seeding.attempt(tx, mine, n, n)
    async with ledger.read() as tx:
        assert [a.id for a in await tx.reports.attempts(1, AttemptFilters(), None, 3)] == [5, 4, 3]
        assert [a.id for a in await tx.reports.attempts(1, AttemptFilters(), 3, 3)] == [2, 1]
        assert (await tx.reports.attempt(1, 4)).raw == {"carrier": "said"}
        with pytest.raises(NotFound):
            await tx.reports.attempt(2, 4)


async def test_an_export_row_has_the_last_attempt_and_what_all_of_them_cost(ledger: Database) -> None:
    async with ledger.write() as tx:
        mine = await seeding.campaign(tx)
        await seeding.batch(tx, mine, 11, "second")
        await seeding.person(tx, mine, 1, tries=3, variables={"name": "Zoë"})
        await seeding.finished(tx, mine, 2, FinishReason.SUPPRESSED, batch_id=11)
        await seeding.attempt(tx, mine, 1, 1, cost_micros=1000, currency="USD", results={"goal": True})
        await seeding.attempt(tx, mine, 2, 1, cost_micros=500, currency="USD")
        await seeding.attempt(tx, mine, 3, 1, cost_micros=70, currency="EUR", outcome=Outcome.BUSY)
        await seeding.attempt(tx, mine, 4, 1, state=AttemptState.TAKEN_BACK, outcome=None)

    async def page(organization_id: int = 1, **changes: object) -> list[int]:
        base = {"batch_id": None, "states": frozenset(), "reasons": frozenset(), "after": 0, "limit": 10}
        async with ledger.read() as tx:
            rows = await tx.reports.export_page(organization_id, 1, **(base | changes))  # type: ignore[arg-type]
        return [row.contact.id for row in rows]

    async with ledger.read() as tx:
        first, second = await tx.reports.export_page(
            1, 1, batch_id=None, states=frozenset(), reasons=frozenset(), after=0, limit=10
        )
    assert (first.contact.variables, first.batch_key) == ({"name": "Zoë"}, "campaign-1")
    assert (first.attempts, first.costs) == (3, {"USD": 1500, "EUR": 70})
    assert first.last is not None
    assert (first.last.id, first.last.outcome, first.last.raw) == (3, Outcome.BUSY, {})
    assert (second.batch_key, second.attempts, second.costs, second.last) == ("second", 0, {}, None)
    assert await page(after=1) == [2]
    assert await page(limit=1) == [1]
    assert await page(batch_id=11) == [2]
    assert await page(states=frozenset({ContactState.WAITING})) == [1]
    assert await page(reasons=frozenset({FinishReason.SUPPRESSED})) == [2]
    assert await page(organization_id=2) == []


async def test_a_story_has_the_lines_that_concern_the_contact(ledger: Database) -> None:
    def line(mine: Campaign, rule: str, minute: int, **which: object) -> Decision:
        return Decision(1, mine.id, NOW + timedelta(minutes=minute), "deferred", rule, **which)  # type: ignore[arg-type]

    async with ledger.write() as tx:
        mine = await seeding.campaign(tx)
        await seeding.batch(tx, mine, 11, "second")
        await seeding.person(tx, mine, 1)
        await tx.queue.decide(
            [
                line(mine, "own", 3, contact_id=1),
                line(mine, "region", 1, batch_id=1, region_key=NEW_YORK),
                line(mine, "campaign", 2),
                line(mine, "whole batch", 2, batch_id=1),
                line(mine, "before they came", -1),
                line(mine, "another region", 1, batch_id=1, region_key=LOS_ANGELES),
                line(mine, "another batch", 1, batch_id=11),
                line(mine, "another contact", 1, contact_id=2),
            ]
        )
    async with ledger.read() as tx:
        contact = await tx.reports.contact(1, 1)
        lines = await tx.reports.lines(contact, 10)
        assert [one.decision.rule for one in lines] == ["region", "campaign", "whole batch", "own"]
        assert [one.decision.rule for one in await tx.reports.lines(contact, 2)] == ["whole batch", "own"]
        with pytest.raises(NotFound):
            await tx.reports.contact(2, 1)


async def test_how_many_are_ahead_counts_higher_bands_and_earlier_instants(ledger: Database) -> None:
    async with ledger.write() as tx:
        mine = await seeding.campaign(tx)
        await seeding.person(tx, mine, 1, next_at=NOW - HOUR)
        await seeding.person(tx, mine, 2)
        await seeding.person(tx, mine, 3)
        await seeding.person(tx, mine, 4, band=19)
        await seeding.person(tx, mine, 5, band=19, next_at=NOW + HOUR)
        await seeding.person(tx, mine, 6, band=2, next_at=NOW - HOUR)
        await seeding.person(tx, mine, 7, next_at=NOW - HOUR, **LIVE)
    async with ledger.read() as tx:
        ahead = [await tx.reports.ahead(n, NOW, 10) for n in (4, 1, 2, 3, 6)]
        assert ahead == [0, 1, 2, 3, 4]
        assert await tx.reports.ahead(6, NOW, 2) == 2


async def test_crowds_tell_apart_what_a_check_must(ledger: Database) -> None:
    entry = {"organization_id": 1, "channel": "email", "source": "test", "created_at": NOW}
    async with ledger.write() as tx:
        mine = await seeding.campaign(tx, channel=Channel.EMAIL)
        await seeding.batch(tx, mine, 11, "gone", status=BatchStatus.CANCELLED)
        for n in (1, 2):
            await seeding.person(tx, mine, n)
        await seeding.person(tx, mine, 3, address="User3@example.com")
        await seeding.person(tx, mine, 4, region_key=NOWHERE, line_type="voip")
        await seeding.person(tx, mine, 5, batch_id=11)
        await seeding.finished(tx, mine, 6, FinishReason.REACHED)
        await tx.session.insert_many(
            schema.suppressions,
            [
                {"id": n, "address": address, "reason": reason, "expires_at": until, **entry, **other}
                for n, (address, reason, until, other) in enumerate(
                    [
                        ("user3@example.com", "bounced", None, {}),
                        ("user3@example.com", "opted_out", None, {"channel": "*"}),
                        ("user1@example.com", "expired", NOW, {}),
                        ("user2@example.com", "other channel", None, {"channel": "sms"}),
                        ("user2@example.com", "elsewhere", None, {"organization_id": 2}),
                    ]
                )
            ],
        )
        await tx.session.insert_many(
            schema.consents,
            [
                {"id": n, "address": f"user{n}@example.com", "purpose": "any", "evidence": {}, "organization_id": 1}
                | {"channel": "*", "source": "form", "granted_at": NOW, "revoked_at": revoked}
                for n, revoked in ((1, None), (2, NOW))
            ],
        )
    async with ledger.read() as tx:
        crowds = await tx.reports.crowds(1, 1, Channel.EMAIL, NOW)
        assert sorted(crowds, key=repr) == sorted(
            [
                Crowd(1, NEW_YORK, None, None, True),
                Crowd(1, NEW_YORK, None, None, False),
                Crowd(1, NEW_YORK, None, "bounced", False),
                Crowd(1, NOWHERE, "voip", None, False),
            ],
            key=repr,
        )
        one, two = await tx.reports.recipients(1, 1, after=2, limit=2)
        assert (one.contact_id, one.address, one.variables) == (3, "User3@example.com", {})
        assert (two.contact_id, two.region_key, two.line_type) == (4, NOWHERE, "voip")
        assert await tx.reports.recipients(1, 1, after=4, limit=9) == []
        assert await tx.reports.recipients(2, 1, after=0, limit=9) == []
