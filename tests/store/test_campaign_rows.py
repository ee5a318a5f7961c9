"""Campaigns and batches go in and come out whole, guarded by status and organisation, on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from clarion.app.ports.campaigns import BatchFilters, CampaignFilters
from clarion.app.refusals import NotFound
from clarion.core.campaigns import Batch, BatchStatus, Campaign, CampaignStatus, Message, Plan
from clarion.core.outcomes import Channel
from clarion.core.pacing import Pacing
from clarion.store import schema
from clarion.store.database import Database

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def campaign(id: int, organization_id: int = 1, **changes: object) -> Campaign:
    base = Campaign(
        id=id,
        organization_id=organization_id,
        name=f"campaign {id}",
        channel=Channel.SMS,
        status=CampaignStatus.DRAFT,
        plan=Plan(message=Message(text="Hello {{ name }}")),
        plan_version=1,
        variables={"shop": "Zoë's"},
        labels=("autumn", 'q"uote'),
        start_at=LATER,
        created_at=NOW,
        updated_at=NOW,
        extras={"syllable": {"caller_id": None}},
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def batch(id: int, key: str, campaign_id: int = 1, **changes: object) -> Batch:
    base = Batch(
        id=id,
        organization_id=1,
        campaign_id=campaign_id,
        key=key,
        status=BatchStatus.ACTIVE,
        pacing=Pacing(per_hour=60.5),
        created_at=NOW,
        updated_at=NOW,
        extras={"source": "crm"},
    )
    return replace(base, **changes)  # type: ignore[arg-type]


@pytest.fixture
async def ledger(database: Database) -> Database:
    """Two organisations; the first has an agent in Chicago."""
    async with database.write() as tx:
        await tx.session.insert_many(
            schema.organizations,
            [
                {"id": n, "name": f"o{n}", "settings": settings, "created_at": NOW}
                for n, settings in ((1, {"timezone": "Europe/Paris"}), (2, {}))
            ],
        )
        await tx.session.insert_many(
            schema.agents,
            [
                {
                    "id": 1,
                    "organization_id": 1,
                    "name": "Ada",
                    "timezone": "America/Chicago",
                    "config": {},
                    "created_at": NOW,
                    "updated_at": NOW,
                }
            ],
        )
    return database


async def test_a_campaign_comes_back_whole_with_its_agents_or_its_organisations_zone(ledger: Database) -> None:
    put = campaign(1, agent_id=1)
    async with ledger.write() as tx:
        await tx.campaigns.insert(put, created_by=9)
        assert await tx.campaigns.get(1, 1) == replace(put, agent_zone="America/Chicago")
        changed = replace(put, name="new", plan_version=2, plan=Plan(), labels=(), agent_id=None, updated_at=LATER)
        await tx.campaigns.update(changed, updated_by=9)
        assert await tx.campaigns.lock(1, 1) == replace(changed, agent_zone="Europe/Paris")


async def test_a_foreign_id_looks_like_none(ledger: Database) -> None:
    async with ledger.write() as tx:
        await tx.campaigns.insert(campaign(1))
        await tx.campaigns.insert_batch(batch(1, "a"))
    async with ledger.read() as tx:
        for ask in (
            tx.campaigns.get(2, 1),
            tx.campaigns.get_batch(2, "a"),
            tx.campaigns.batch_by_id(2, 1),
        ):
            with pytest.raises(NotFound):
                await ask
        assert await tx.campaigns.page(2, CampaignFilters(), None, 10) == []
        assert await tx.campaigns.batch_page(2, BatchFilters(), None, 10) == []


async def test_the_status_moves_only_from_the_one_it_was_seen_in(ledger: Database) -> None:
    s = CampaignStatus
    async with ledger.write() as tx:
        await tx.campaigns.insert(campaign(1))
        assert not await tx.campaigns.set_status(1, s.PAUSED, s.RUNNING, NOW)
        assert await tx.campaigns.set_status(1, s.DRAFT, s.RUNNING, NOW)
        assert await tx.campaigns.set_status(1, s.RUNNING, s.COMPLETED, LATER)
        done = await tx.campaigns.get(1, 1)
        assert (done.started_at, done.finished_at, done.updated_at) == (NOW, LATER, LATER)
        assert await tx.campaigns.set_status(1, s.COMPLETED, s.RUNNING, LATER)
        again = await tx.campaigns.get(1, 1)
        assert (again.started_at, again.finished_at, again.planned_version) == (NOW, None, 0)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (CampaignFilters(), [3, 2, 1]),
        (CampaignFilters(statuses=frozenset({CampaignStatus.RUNNING, CampaignStatus.PAUSED})), [2]),
        (CampaignFilters(channel=Channel.VOICE), [3]),
        (CampaignFilters(agent_id=1), [3]),
        (CampaignFilters(label='q"uote'), [3, 1]),
        (CampaignFilters(label="quote"), []),
        (CampaignFilters(label="%"), []),
        (CampaignFilters(name="PAIGN 2"), [2]),
        (CampaignFilters(name="_"), []),
        (CampaignFilters(archived=True), [4]),
    ],
)
async def test_lists_are_filtered(ledger: Database, filters: CampaignFilters, found: list[int]) -> None:
    async with ledger.write() as tx:
        await tx.campaigns.insert(campaign(1))
        await tx.campaigns.insert(campaign(2, status=CampaignStatus.RUNNING, labels=("autumn",)))
        await tx.campaigns.insert(campaign(3, channel=Channel.VOICE, agent_id=1))
        await tx.campaigns.insert(campaign(4, archived_at=NOW))
        await tx.campaigns.insert(campaign(5, organization_id=2))
    async with ledger.read() as tx:
        assert [c.id for c in await tx.campaigns.page(1, filters, None, 10)] == found


async def test_pages_follow_each_other(ledger: Database) -> None:
    async with ledger.write() as tx:
        for n in range(1, 6):
            await tx.campaigns.insert(campaign(n))
            await tx.campaigns.insert_batch(batch(n, f"b{n}"))
    async with ledger.read() as tx:
        rows = tx.campaigns
        assert [c.id for c in await rows.page(1, CampaignFilters(), None, 2)] == [5, 4]
        assert [c.id for c in await rows.page(1, CampaignFilters(), 4, 2)] == [3, 2]
        assert [b.id for b in await rows.batch_page(1, BatchFilters(), 2, 2)] == [1]


async def test_the_engine_sees_the_active_campaigns_of_all(ledger: Database) -> None:
    async with ledger.write() as tx:
        for n, status in enumerate(CampaignStatus, 1):
            await tx.campaigns.insert(campaign(n, organization_id=1 + n % 2, status=status))
        seen = await tx.campaigns.active()
    assert [c.status for c in seen] == [CampaignStatus.SCHEDULED, CampaignStatus.RUNNING]


async def test_a_batch_comes_back_whole_and_keys_are_taken_once(ledger: Database) -> None:
    put = batch(1, "spring/1", expires_at=LATER, bands=0b11)
    async with ledger.write() as tx:
        await tx.campaigns.insert(campaign(1))
        assert await tx.campaigns.insert_batch(put)
        assert not await tx.campaigns.insert_batch(batch(2, "spring/1"))
        assert await tx.campaigns.get_batch(1, "spring/1", lock=True) == put
        gone = replace(put, status=BatchStatus.CANCELLED, deleted_at=NOW, deleted_reason="wrong list", bands=0)
        await tx.campaigns.update_batch(gone, updated_by=9)
        assert await tx.campaigns.batch_by_id(1, 1) == replace(gone, bands=0b11)
        await tx.campaigns.add_bands(1, 0b1100)
        await tx.campaigns.add_bands(1, 0b0100)
        assert [b.bands for b in await tx.campaigns.batches_of([1, 7])] == [0b1111]
        assert await tx.campaigns.batches_of([]) == []
        assert await tx.campaigns.batch_page(1, BatchFilters(campaign_id=1), None, 5) == []
        assert len(await tx.campaigns.batch_page(1, BatchFilters(campaign_id=1, deleted=True), None, 5)) == 1
        paused = BatchFilters(statuses=frozenset({BatchStatus.PAUSED}), deleted=True)
        assert await tx.campaigns.batch_page(1, paused, None, 5) == []


async def test_a_campaign_has_one_default_batch_however_many_ask_at_once(ledger: Database) -> None:
    async with ledger.write() as tx:
        await tx.campaigns.insert(campaign(7))

    async def ask() -> Batch:
        async with ledger.write() as tx:
            return await tx.campaigns.get_or_create_default_batch(1, 7, NOW)

    found = await asyncio.gather(*(ask() for _ in range(4)))
    assert {b.key for b in found} == {"campaign-7"}
    assert len({b.id for b in found}) == 1
