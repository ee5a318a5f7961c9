"""A small world: an organisation, its sandbox, a campaign with people, and a worker on a virtual clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from clarion.app.actor import Actor
from clarion.app.organizations import create_organization
from clarion.app.planning import Planner
from clarion.channels.sandbox.driver import SandboxDriver, SandboxNetwork
from clarion.channels.sandbox.log import MemoryLog
from clarion.channels.sandbox.settings import SandboxSettings
from clarion.core.campaigns import Campaign, CampaignStatus, Plan
from clarion.core.outcomes import Channel, ContactState
from clarion.engine.clocks import VirtualClock
from clarion.engine.meters import Meters
from clarion.engine.player import play
from clarion.engine.worker import Tempo, Worker
from clarion.store import schema
from clarion.store.database import Database
from clarion.store.queue import ATTEMPT_COLUMNS, attempt_of, contact_of, contacts_query
from clarion.wire.law_files import load_law_book

MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
CHICAGO = "America/Chicago;US,US-IL"


@dataclass
class World:
    """Handles for a test."""

    database: Database
    clock: VirtualClock
    network: SandboxNetwork
    carrier: MemoryLog
    actor: Actor
    workers: list[Worker] = field(default_factory=list)

    async def campaign(self, plan: Plan, *, channel: Channel = Channel.VOICE, **fields: Any) -> Campaign:
        async with self.database.write() as tx:
            campaign = Campaign(
                id=(await tx.new_ids("campaigns"))[0],
                organization_id=self.actor.organization_id,
                name="Reminders",
                channel=channel,
                status=fields.pop("status", CampaignStatus.RUNNING),
                plan=plan,
                plan_version=1,
                created_at=self.clock.now(),
                updated_at=self.clock.now(),
                **fields,
            )
            await tx.campaigns.insert(campaign)
        return campaign

    async def people(
        self,
        campaign: Campaign,
        addresses: Sequence[str],
        *,
        region: str = CHICAGO,
        priority: int = 5,
        **fields: Any,
    ) -> list[int]:
        now = self.clock.now()
        async with self.database.write() as tx:
            batch = await tx.campaigns.get_or_create_default_batch(campaign.organization_id, campaign.id, now)
            await tx.campaigns.add_bands(batch.id, 0b11 << (priority * 2))
            ids = await tx.new_ids("contacts", len(addresses))
            who = {"organization_id": campaign.organization_id, "campaign_id": campaign.id, "batch_id": batch.id}
            await tx.session.insert_many(
                schema.contacts,
                [
                    who
                    | {
                        "id": n,
                        "reference_id": f"r{n}",
                        "address": address,
                        "line_type": None,
                        "region_key": region,
                        "fallbacks": fields.get("fallbacks"),
                        "variables": fields.get("variables"),
                        "zone": None,
                        "postal_code": None,
                        "person": fields.get("person", address),
                        "priority": priority,
                        "created_at": now,
                    }
                    for n, address in zip(ids, addresses, strict=True)
                ],
            )
            await tx.session.insert_many(
                schema.queue,
                [
                    who
                    | {
                        "contact_id": n,
                        "state": ContactState.WAITING,
                        "band": priority * 2,
                        "region_key": region,
                        "address_index": 0,
                        "next_at": now,
                        "not_before": now,
                        "tries": 0,
                        "burned": 0,
                        "faults": 0,
                        "goal_reached": False,
                        "updated_at": now,
                    }
                    for n in ids
                ],
            )
            await tx.queue.count(0, {(campaign.id, batch.id, "contacts"): len(ids)})
        return list(ids)

    async def worker(self, tempo: Tempo = Tempo(virtual=True), *, alone: bool = True) -> Worker:
        drivers = {(c, "sandbox"): SandboxDriver(c, self.network) for c in Channel}
        worker = Worker(
            self.database,
            self.clock,
            Planner(load_law_book(), self.clock),
            drivers,
            Meters(CollectorRegistry()),
            name="test",
            version="0",
            tempo=tempo,
            alone=alone,
        )
        await worker.enlist()
        self.workers.append(worker)
        return worker

    async def play(self, *, until: timedelta | None = None, tempo: Tempo = Tempo(virtual=True)) -> None:
        worker = await self.worker(tempo)
        await play(worker, self.clock, until=self.clock.now() + until if until else None)

    async def contacts(self) -> list[Any]:
        async with self.database.read() as tx:
            rows = await tx.session.execute(contacts_query().order_by(schema.queue.c.contact_id))
            return [contact_of(row) for row in rows]

    async def attempts(self) -> list[Any]:
        async with self.database.read() as tx:
            rows = await tx.session.execute(
                schema.attempts.select().with_only_columns(*ATTEMPT_COLUMNS).order_by("released_at", "id")
            )
            return [attempt_of(row) for row in rows]

    async def campaign_now(self, campaign: Campaign) -> Campaign:
        async with self.database.read() as tx:
            return await tx.campaigns.get(campaign.organization_id, campaign.id)


@pytest.fixture
async def make_world(database: Database) -> AsyncIterator[Callable[..., Any]]:
    """Build a world; sandbox settings as keyword arguments."""

    async def make(start: datetime = MONDAY, **sandbox: Any) -> World:
        clock = VirtualClock(start)
        carrier = MemoryLog()
        network = SandboxNetwork(SandboxSettings(**sandbox), carrier)
        organization, key = await create_organization(database, clock, "Clinic", "owner@example.com")
        del key
        from clarion.app.actor import Role

        return World(database, clock, network, carrier, Actor(organization.id, 1, Role.OWNER))

    yield make
