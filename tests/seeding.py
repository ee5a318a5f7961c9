"""A small ledger for tests: an organisation with senders, campaigns, people, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from clarion.app.ports.organizations import Organization, Settings
from clarion.core.campaigns import Batch, BatchStatus, Campaign, CampaignStatus, Plan
from clarion.core.contacts import band
from clarion.core.outcomes import AttemptState, Channel, ContactState, FinishReason, Outcome
from clarion.store import schema
from clarion.store.database import Database, StoredTx

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
NEW_YORK = "America/New_York;US,US-NY"
LOS_ANGELES = "America/Los_Angeles;US,US-CA"
NOWHERE = ";US"


async def organization(ledger: Database, number: int = 1, settings: Settings | None = None) -> None:
    """An organisation with one trunk, one sender and one pool per channel, and an agent in Chicago."""
    stamps = {"created_at": NOW, "updated_at": NOW}
    mine = {"organization_id": number, **stamps}
    async with ledger.write() as tx:
        for kind in ("campaigns", "batches", "contacts", "attempts"):
            await tx.new_ids(kind, 1_000)  # tests choose small ids of their own
        put = tx.session.insert_many
        await tx.organizations.add_organization(Organization(number, f"o{number}", settings or Settings(), NOW))
        await put(
            schema.agents, [{"id": number * 10, "name": "Ada", "timezone": "America/Chicago", "config": {}, **mine}]
        )
        for n, channel in enumerate(Channel, number * 10):
            trunk: dict[str, Any] = {
                "id": n,
                "channel": channel,
                "name": channel,
                "driver": "sandbox",
                "settings": {},
                "priority": 0,
                "weight": 1,
                "enabled": True,
            }
            address = "news@example.com" if channel is Channel.EMAIL else "+12125550100"
            sender = {"id": n, "channel": channel, "address": address, "trunk_id": n, "enabled": True, "extras": {}}
            pool = {"id": n, "channel": channel, "name": channel, "rotation": "round_robin", "sender_ids": [n]}
            await put(schema.trunks, [trunk | mine])
            await put(schema.senders, [sender | mine])
            await put(schema.sender_pools, [pool | mine])


async def campaign(tx: StoredTx, id: int = 1, organization_id: int = 1, **changes: Any) -> Campaign:
    """A running campaign, by voice if nothing else is said, with its default batch, whose id is the campaign's."""
    base = Campaign(
        id=id,
        organization_id=organization_id,
        name=f"campaign {id}",
        channel=Channel.VOICE,
        status=CampaignStatus.RUNNING,
        plan=Plan(),
        plan_version=1,
        created_at=NOW,
        updated_at=NOW,
    )
    made = replace(base, **changes)
    await tx.campaigns.insert(made)
    await batch(tx, made, id, f"campaign-{id}")
    return made


async def batch(tx: StoredTx, of: Campaign, id: int, key: str, **changes: Any) -> Batch:
    """A batch with every band in use."""
    base = Batch(id, of.organization_id, of.id, key, BatchStatus.ACTIVE, bands=2**20 - 1, created_at=NOW)
    made = replace(base, updated_at=NOW, **changes)
    assert await tx.campaigns.insert_batch(made)
    return made


async def person(tx: StoredTx, of: Campaign, id: int, *, batch_id: int | None = None, **changes: Any) -> None:
    """A contact of the campaign, waiting since it came in; `changes` name columns of contacts and queue."""
    address = f"user{id}@example.com" if of.channel is Channel.EMAIL else f"+1212555{id:04d}"
    both: dict[str, Any] = {
        "organization_id": of.organization_id,
        "campaign_id": of.id,
        "batch_id": batch_id or of.id,
        "region_key": NEW_YORK,
    }
    who: dict[str, Any] = {
        "id": id,
        "reference_id": f"r{id}",
        "address": address,
        "line_type": None,
        "fallbacks": None,
        "variables": {},
        "person": address,
        "priority": 5,
        "created_at": NOW,
    }
    stands: dict[str, Any] = {
        "contact_id": id,
        "state": ContactState.WAITING,
        "band": band(5, retry=False),
        "address_index": 0,
        "next_at": NOW,
        "not_before": NOW,
        "tries": 0,
        "burned": 0,
        "faults": 0,
        "attempt_id": None,
        "last_outcome": None,
        "finish_reason": None,
        "goal_reached": False,
        "updated_at": NOW,
    }
    assert changes.keys() <= both.keys() | who.keys() | stands.keys()
    for table, row in ((schema.contacts, both | who), (schema.queue, both | stands)):
        await tx.session.insert_many(table, [{name: changes.get(name, value) for name, value in row.items()}])


async def attempt(tx: StoredTx, of: Campaign, id: int, contact_id: int, **changes: Any) -> None:
    """An attempt that nobody answered, an hour before NOW."""
    row: dict[str, Any] = {
        "id": id,
        "organization_id": of.organization_id,
        "campaign_id": of.id,
        "batch_id": of.id,
        "contact_id": contact_id,
        "number": 1,
        "channel": of.channel,
        "address": f"+1212555{contact_id:04d}",
        "person": f"+1212555{contact_id:04d}",
        "state": AttemptState.ENDED,
        "sender_id": 10,
        "trunk_id": 10,
        "outcome": Outcome.NO_ANSWER,
        "burns": True,
        "sandbox": True,
        "released_at": NOW - timedelta(hours=1),
        "begun_at": NOW - timedelta(hours=1),
        "ended_at": NOW - timedelta(minutes=59),
        "cost_micros": None,
        "currency": None,
        "provider_id": None,
        "raw": {"carrier": "said"},
        "results": {},
    }
    assert changes.keys() <= row.keys()
    await tx.session.insert_many(schema.attempts, [row | changes])


async def finished(tx: StoredTx, of: Campaign, id: int, reason: FinishReason, **changes: Any) -> None:
    """A contact with whom the campaign is done."""
    await person(
        tx, of, id, state=ContactState.FINISHED, finish_reason=reason, next_at=None, not_before=None, **changes
    )


async def tallies(tx: StoredTx, of: Campaign, counts: Mapping[str, int], *, batch_id: int | None = None) -> None:
    """Counts as two workers would have written them: one has the odd one."""
    key = (of.id, batch_id or of.id)
    await tx.queue.count(1, {(*key, name): n // 2 for name, n in counts.items()})
    await tx.queue.count(2, {(*key, name): n - n // 2 for name, n in counts.items()})


async def endpoint(tx: StoredTx, id: int = 1, organization_id: int = 1) -> None:
    """A webhook endpoint that wants to hear everything."""
    row: dict[str, Any] = {
        "id": id,
        "organization_id": organization_id,
        "url": "https://example.com/hook",
        "method": "POST",
        "events": [],
        "outcomes": [],
        "format": "native",
        "sealed_secret": "sealed",
        "extras": {},
        "created_at": NOW,
        "updated_at": NOW,
    }
    await tx.session.insert_many(schema.webhook_endpoints, [row])
