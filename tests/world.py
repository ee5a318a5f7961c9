"""A small world for engine tests: an organisation, its sandbox, campaigns with people, workers on a virtual clock.

`balance` is an oracle of its own: it recounts everything from rows and from the carrier's log, with plain SQL.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from prometheus_client import CollectorRegistry
from sqlalchemy import text

from clarion.app.actor import Actor, Role
from clarion.app.aftermath import DISPOSITION, DISPOSITIONS
from clarion.app.organizations import create_organization
from clarion.app.planning import Planner
from clarion.app.ports.clock import Clock
from clarion.app.ports.organizations import Settings
from clarion.app.report import campaign_numbers, overview
from clarion.channels.sandbox.driver import SandboxDriver, SandboxNetwork
from clarion.channels.sandbox.log import Answer, MemoryLog
from clarion.channels.sandbox.settings import SandboxSettings
from clarion.core.campaigns import Batch, BatchStatus, Campaign, CampaignStatus, Plan
from clarion.core.contacts import Attempt, Contact
from clarion.core.outcomes import AttemptState, Channel, ContactState
from clarion.engine.clocks import VirtualClock
from clarion.engine.meters import Meters
from clarion.engine.player import play
from clarion.engine.worker import Tempo, Worker
from clarion.store import schema
from clarion.store.database import Database
from clarion.store.queue_columns import ATTEMPT_COLUMNS, attempt_of, contact_of, contacts_query
from clarion.wire.law_files import load_law_book

MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
"""9:00 in Chicago."""
CHICAGO = "America/Chicago;US,US-IL"
NEW_YORK = "America/New_York;US,US-NY"
LOS_ANGELES = "America/Los_Angeles;US,US-CA"
MIAMI = "America/New_York;US,US-FL"
LONDON = "Europe/London;GB"
NOWHERE = ";US"
LAWS = load_law_book()

Act = tuple[timedelta, Callable[[], Awaitable[Any]]]
"""Something that somebody does so long after the play began."""


def numbers(count: int, start: int = 0) -> list[str]:
    """Numbers of ordinary people."""
    return [f"+1312{2000000 + start + n}" for n in range(count)]


def magic(word: str, count: int = 1, start: int = 200) -> list[str]:
    """Numbers of people who always do the same: `92` is busy, `93` does not answer, `90` reaches the goal."""
    return [f"+1{start + n}55501{word}" for n in range(count)]


@dataclass
class World:
    """Handles for a test."""

    database: Database
    clock: Any
    network: SandboxNetwork
    carrier: MemoryLog
    actor: Actor
    workers: list[Worker] = field(default_factory=list)

    # setting the scene

    async def campaign(self, plan: Plan | None = None, *, channel: Channel = Channel.VOICE, **fields: Any) -> Campaign:
        """A running campaign with its default batch."""
        now = self.clock.now()
        async with self.database.write() as tx:
            campaign = Campaign(
                id=(await tx.new_ids("campaigns"))[0],
                organization_id=self.actor.organization_id,
                name="Reminders",
                channel=channel,
                status=fields.pop("status", CampaignStatus.RUNNING),
                plan=plan or Plan(),
                plan_version=1,
                created_at=now,
                updated_at=now,
                started_at=fields.pop("started_at", now),
                **fields,
            )
            await tx.campaigns.insert(campaign)
            await tx.campaigns.get_or_create_default_batch(campaign.organization_id, campaign.id, now)
        self._forget()
        return campaign

    async def batch(self, campaign: Campaign, key: str, **fields: Any) -> Batch:
        """Another batch of a campaign."""
        now = self.clock.now()
        async with self.database.write() as tx:
            batch = Batch(
                id=(await tx.new_ids("batches"))[0],
                organization_id=campaign.organization_id,
                campaign_id=campaign.id,
                key=key,
                status=fields.pop("status", BatchStatus.ACTIVE),
                created_at=now,
                updated_at=now,
                **fields,
            )
            assert await tx.campaigns.insert_batch(batch)
        self._forget()
        return batch

    async def people(
        self,
        campaign: Campaign,
        addresses: Sequence[str],
        *,
        region: str = CHICAGO,
        priority: int = 5,
        batch: Batch | None = None,
        **fields: Any,
    ) -> list[int]:
        """Contacts that come in now."""
        now = self.clock.now()
        async with self.database.write() as tx:
            lane = batch or await tx.campaigns.get_or_create_default_batch(campaign.organization_id, campaign.id, now)
            await tx.campaigns.add_bands(lane.id, 0b11 << (priority * 2))
            ids = await tx.new_ids("contacts", len(addresses))
            who = {"organization_id": campaign.organization_id, "campaign_id": campaign.id, "batch_id": lane.id}
            who["region_key"] = region
            static = {
                "line_type": fields.get("line_type"),
                "fallbacks": fields.get("fallbacks"),
                "variables": fields.get("variables"),
                "zone": None,
                "postal_code": None,
                "priority": priority,
                "created_at": now,
            }
            stands = {
                "state": ContactState.WAITING,
                "band": priority * 2,
                "address_index": 0,
                "next_at": now,
                "not_before": now,
                "tries": 0,
                "burned": 0,
                "faults": 0,
                "goal_reached": False,
                "updated_at": now,
            }
            named = list(zip(ids, addresses, strict=True))
            await tx.session.insert_many(
                schema.contacts,
                [
                    {**who, **static, "id": n, "reference_id": f"r{n}", "address": a, "person": fields.get("person", a)}
                    for n, a in named
                ],
            )
            await tx.session.insert_many(schema.queue, [{**who, **stands, "contact_id": n} for n, _ in named])
            await tx.queue.count(0, {(campaign.id, lane.id, "contacts"): len(ids)})
        self._forget()
        return list(ids)

    async def settings(self, **changes: Any) -> None:
        """Change the organisation's settings."""
        async with self.database.write() as tx:
            organization = await tx.organizations.organization(self.actor.organization_id)
            settings: Settings = replace(organization.settings, **changes)
            await tx.organizations.change_organization(replace(organization, settings=settings))
        self._forget()

    async def trunks(self, channel: Channel = Channel.VOICE, **changes: Any) -> None:
        """Change every trunk of a channel."""
        async with self.database.write() as tx:
            for kept in await tx.resources.list_trunks(self.actor.organization_id, channel=channel):
                await tx.resources.change_trunk(replace(kept, trunk=replace(kept.trunk, **changes)))
        self._forget()

    async def senders(self, channel: Channel = Channel.VOICE, **changes: Any) -> list[int]:
        """Change every sender of a channel; their ids."""
        async with self.database.write() as tx:
            senders = await tx.resources.senders(self.actor.organization_id, channel=channel)
            for sender in senders:
                await tx.resources.change_sender(replace(sender, **changes))
        self._forget()
        return [sender.id for sender in senders]

    async def second_trunk(self, channel: Channel = Channel.VOICE, **fields: Any) -> int:
        """Another trunk with a sender of its own; the trunk's id."""
        now = self.clock.now()
        async with self.database.write() as tx:
            [first, *_] = await tx.resources.list_trunks(self.actor.organization_id, channel=channel)
            [trunk_id] = await tx.new_ids("trunks")
            trunk = replace(first.trunk, id=trunk_id, name="Second", **fields)
            await tx.resources.add_trunk(replace(first, trunk=trunk, created_at=now, updated_at=now))
            [sender, *_] = await tx.resources.senders(self.actor.organization_id, channel=channel)
            [sender_id] = await tx.new_ids("senders")
            await tx.resources.add_sender(replace(sender, id=sender_id, address="+12125550777", trunk_id=trunk_id))
        self._forget()
        return trunk_id

    # playing

    async def worker(
        self,
        tempo: Tempo = Tempo(virtual=True),
        *,
        alone: bool = True,
        database: Database | None = None,
        clock: Clock | None = None,
        drivers: Mapping[Any, Any] | None = None,
    ) -> Worker:
        """A worker with its lease."""
        clock = clock or self.clock
        worker = Worker(
            database or self.database,
            clock,
            Planner(LAWS, clock),
            drivers or {(c, "sandbox"): SandboxDriver(c, self.network) for c in Channel},
            Meters(CollectorRegistry()),
            name="test",
            version="0",
            tempo=tempo,
            alone=alone,
        )
        await worker.enlist()
        self.workers.append(worker)
        return worker

    async def play(
        self, *acts: Act, until: timedelta | None = None, tempo: Tempo = Tempo(virtual=True), **how: Any
    ) -> None:
        """Play until nothing is left to happen, or for so long; each act at its own instant after the start."""
        worker = self.workers[-1] if self.workers else await self.worker(tempo)
        start = self.clock.now()
        for after, act in acts:
            await play(worker, self.clock, until=start + after, **how)
            self.clock.advance_to(start + after)
            await act()
            worker.briefing.forget()
        await play(worker, self.clock, until=start + until if until is not None else None, **how)
        if until is not None:
            self.clock.advance_to(start + until)

    def _forget(self) -> None:
        for worker in self.workers:
            worker.briefing.forget()

    # looking

    async def contacts(self, campaign: Campaign | None = None) -> list[Contact]:
        """Every contact by id."""
        async with self.database.read() as tx:
            rows = await tx.session.execute(contacts_query().order_by(schema.queue.c.contact_id))
            found = [contact_of(row) for row in rows]
        return [c for c in found if campaign is None or c.campaign_id == campaign.id]

    async def attempts(self, campaign: Campaign | None = None, *, taken_back: bool = False) -> list[Attempt]:
        """Every attempt in the order of their instants, but for those that were taken back."""
        async with self.database.read() as tx:
            rows = await tx.session.execute(
                schema.attempts.select().with_only_columns(*ATTEMPT_COLUMNS).order_by("released_at", "id")
            )
            found = [attempt_of(row) for row in rows]
        return [
            a
            for a in found
            if (campaign is None or a.campaign_id == campaign.id)
            and (taken_back or a.state is not AttemptState.TAKEN_BACK)
        ]

    async def decisions(self, contact_id: int | None = None) -> list[Any]:
        """Decision lines in order, of one contact or all."""
        statement = schema.decisions.select().order_by("id")
        if contact_id is not None:
            statement = statement.where(schema.decisions.c.contact_id == contact_id)
        async with self.database.read() as tx:
            return list(await tx.session.execute(statement))

    async def now(self, campaign: Campaign) -> Campaign:
        """The campaign as it is."""
        async with self.database.read() as tx:
            return await tx.campaigns.get(campaign.organization_id, campaign.id)

    async def tallies(self) -> dict[tuple[int, str], int]:
        """(batch, key) -> n, but for hours."""
        async with self.database.read() as tx:
            rows = await tx.session.execute(text("SELECT batch_id, key, SUM(n) FROM tallies GROUP BY batch_id, key"))
            return {(row[0], row[1]): int(row[2]) for row in rows if row[2] and not row[1].startswith("hour:")}

    # balancing

    async def balance(self, *, over: bool = True) -> None:
        """Hold the ledger against itself and against the carrier. `over`: nothing may be live any more."""
        contacts = {c.id: c for c in await self.contacts()}
        attempts = await self.attempts(taken_back=True)
        for contact in contacts.values():
            match contact.state:
                case ContactState.FINISHED:
                    assert contact.finish_reason is not None
                    assert contact.next_at is None
                case ContactState.WAITING:
                    assert contact.finish_reason is None
                    assert contact.next_at is not None
                case ContactState.RELEASED:
                    assert not over, f"{contact} is still live"
        tried: dict[int, list[Attempt]] = defaultdict(list)
        for attempt in sorted(attempts, key=lambda a: (a.released_at, a.id)):
            if attempt.state is not AttemptState.TAKEN_BACK:
                tried[attempt.contact_id].append(attempt)
        for contact in contacts.values():
            numbered = [a.number for a in tried[contact.id]]
            assert numbered == list(range(1, len(numbered) + 1)), (contact, numbered)
            assert contact.tries == len(numbered)
        self._balance_carrier(attempts, over=over)
        await self.balance_tallies()

    async def balance_tallies(self) -> None:
        """Recount what the tallies claim."""
        contacts = {c.id: c for c in await self.contacts()}
        attempts = await self.attempts(taken_back=True)
        async with self.database.read() as tx:
            rows = await tx.session.execute(
                text(
                    "SELECT contact_id, attempt_id FROM decisions WHERE contact_id IS NOT NULL"
                    " AND verdict IN ('skipped', 'finished', 'reopened') ORDER BY at, id"
                )
            )
            last = {row[0]: row[1] for row in rows}
            by_rule = {n for n, attempt in last.items() if attempt is None and contacts[n].finish_reason is not None}
        assert await self.tallies() == self._recount(contacts, attempts, by_rule)
        await self._balance_standing(contacts.values())

    async def _balance_standing(self, contacts: Iterable[Contact]) -> None:
        """What reports say of where contacts stand is where they stand."""
        counted: defaultdict[int, Counter[tuple[str, str]]] = defaultdict(Counter)
        for contact in contacts:
            state = {ContactState.WAITING: "waiting", ContactState.RELEASED: "live"}.get(contact.state)
            where = state or str(contact.finish_reason)
            counted[contact.campaign_id][where, str(contact.last_outcome or "none")] += 1
        for campaign_id, standing in counted.items():
            told = await campaign_numbers(self.database, self.actor, campaign_id)
            assert told.total.standing == standing
            assert sum((Counter(numbers.standing) for _, numbers in told.batches), Counter()) == standing
        for campaign, glance in (await overview(self.database, self.actor)).campaigns:
            assert glance.standing == counted[campaign.id]

    def _balance_carrier(self, attempts: Sequence[Attempt], *, over: bool) -> None:
        asked = {n: e.ask for n, e in self.carrier._entries.items()}
        ledger = {a.id: a for a in attempts}
        assert asked.keys() <= ledger.keys(), "the carrier was asked for what is not in the ledger"
        for attempt_id, ask in asked.items():
            attempt = ledger[attempt_id]
            assert attempt.state is not AttemptState.TAKEN_BACK, f"asked, and taken back: {attempt}"
            assert (ask.address, ask.number, ask.trunk_id) == (attempt.address, attempt.number, attempt.trunk_id)
        if over:
            never = [a for a in attempts if a.id not in asked and a.state is not AttemptState.TAKEN_BACK]
            assert not never, f"the carrier knows nothing of {never}"

    def _recount(
        self, contacts: Mapping[int, Contact], attempts: Sequence[Attempt], by_rule: set[int]
    ) -> dict[tuple[int, str], int]:
        counted = Counter[tuple[int, str]]()
        for contact in contacts.values():
            counted[contact.batch_id, "contacts"] += 1
            if contact.last_outcome is not None:
                counted[contact.batch_id, f"last:{contact.last_outcome}"] += 1
            if contact.state is ContactState.FINISHED:
                counted[contact.batch_id, f"finished:{contact.finish_reason}"] += 1
                counted[contact.batch_id, f"ended:{contact.finish_reason}:{contact.last_outcome or 'none'}"] += 1
                counted[contact.batch_id, "unattempted"] += contact.tries == 0
            counted[contact.batch_id, "goal"] += contact.goal_reached
            if contact.id in by_rule:
                counted[contact.batch_id, f"skipped:{contact.finish_reason}"] += 1
        for attempt in attempts:
            if attempt.state is AttemptState.TAKEN_BACK:
                continue
            counted[attempt.batch_id, "attempts"] += 1
            counted[attempt.batch_id, "erased"] += attempt.detail == "erased"
            counted[attempt.batch_id, "first_attempts" if attempt.number == 1 else "retries"] += 1
            if attempt.state is AttemptState.ENDED:
                counted[attempt.batch_id, f"outcome:{attempt.outcome}"] += 1
                if (said := attempt.results.get(DISPOSITION)) in DISPOSITIONS:
                    counted[attempt.batch_id, f"told:{attempt.outcome}:{said}"] += 1
        return {key: n for key, n in counted.items() if n}


async def make_world(database: Database, start: datetime = MONDAY, **sandbox: Any) -> World:
    """Build a world; sandbox settings as keyword arguments."""
    clock = VirtualClock(start)
    carrier = MemoryLog()
    network = SandboxNetwork(SandboxSettings(**sandbox), carrier)
    organization, _ = await create_organization(database, clock, "Clinic", "owner@example.com")
    return World(database, clock, network, carrier, Actor(organization.id, 1, Role.OWNER))


# oracles


def most_within(instants: Sequence[datetime], window: timedelta) -> int:
    """The most of them in any half-open window that long."""
    ordered = sorted(instants)
    most, first = 0, 0
    for last, at in enumerate(ordered):
        while at - ordered[first] >= window:
            first += 1
        most = max(most, last - first + 1)
    return most


def most_at_once(attempts: Sequence[Attempt]) -> int:
    """The most of them live at one instant; one that ends makes room for one that begins then."""
    events = sorted(
        [(a.begun_at, 1) for a in attempts if a.begun_at] + [(a.ended_at, -1) for a in attempts if a.ended_at]
    )
    live = most = 0
    for _, change in events:
        live += change
        most = max(most, live)
    return most


def dialled(world: World) -> Counter[str]:
    """How often each address was really reached out to."""
    return Counter(e.ask.address for e in world.carrier._entries.values() if e.answer in (Answer.ACCEPTED, Answer.LOST))
