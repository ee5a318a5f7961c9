"""The worker: a step looks at everything that is due and says when to look again.

A loop on the real clock and a player on a virtual one drive the same steps, so what a test sees is what runs.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from clarion.app.planning import Planner
from clarion.app.ports.channel import Order, Trunk
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger
from clarion.app.release import BUSY, MOST, release
from clarion.app.rounds import Ready, Round
from clarion.app.tend import Place, take_back_stale, tend
from clarion.core.campaigns import BatchStatus, Campaign
from clarion.core.contacts import Report
from clarion.core.pacing import fair_shares
from clarion.engine.briefing import FRESH_SECONDS, Briefing, Drivers
from clarion.engine.carriers import SLOTS, Carriers
from clarion.engine.meters import Meters

LEASE = timedelta(seconds=15)
TEND_EVERY = timedelta(seconds=1)
REAP_EVERY = timedelta(seconds=2)
FREED_BY_ENDS = frozenset({"concurrency", "room"})
"""Limits that an attempt's end makes room under."""
SPARES_RETRIES = frozenset({"", "daily_cap", "finish_by"})
"""Limits that may leave a retry its place: one that comes up sooner is looked at."""
FAR = timedelta(days=3650)
NEVER = datetime.min.replace(tzinfo=UTC)
TOLD_MOST = 20_000


@dataclass(frozen=True, slots=True)
class Tempo:
    """How a worker treats time. On a virtual clock it may plan ahead and gather reports, since nobody interrupts."""

    ahead: timedelta = timedelta(0)
    """How far ahead attempts are released, each for its own instant."""
    virtual: bool = False


@dataclass(slots=True)
class _Agenda:
    """When to look at a campaign again, and what held it back."""

    at: datetime | None
    version: int
    limited_by: str = ""


class Worker:
    """One engine process. Not safe for concurrent steps."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        planner: Planner,
        drivers: Drivers,
        meters: Meters,
        *,
        name: str,
        version: str,
        open_secrets: Callable[[Trunk], Trunk] = lambda trunk: trunk,
        finish: Callable[[Ready, Order], Order] = lambda _ready, order: order,
        tempo: Tempo = Tempo(),
        alone: bool = False,
    ) -> None:
        """`drivers` by channel and driver name. `finish` may complete an order (an e-mail's unsubscribe headers).

        `alone`: no other worker can exist (SQLite), so whatever others left behind is taken over at once. On a virtual
        clock nothing is read anew by itself: whoever changes the ledger beside the worker tells `briefing.forget`.
        """
        self._ledger, self._clock, self._planner = ledger, clock, planner
        self._meters, self._tempo, self._alone = meters, tempo, alone
        self._name, self._version = name, version
        fresh = float("inf") if tempo.virtual else FRESH_SECONDS
        self.briefing = Briefing(ledger, drivers, open_secrets, fresh=fresh)
        self.carriers = Carriers(
            ledger,
            clock,
            planner,
            self.briefing,
            drivers,
            meters,
            finish=finish,
            may_ask=self._holds_lease,
            virtual=tempo.virtual,
        )
        self.id = 0
        self.worked = 0
        """How much this worker has done: contacts moved, reports written. It stands still when the worker does."""
        self._agenda: dict[int, _Agenda] = {}
        self._released_at: dict[int, datetime] = {}
        self._told: dict[tuple[int, str, datetime], datetime] = {}
        self._tend_at: dict[int, tuple[datetime, Campaign]] = {}
        self._places: dict[int, Place] = {}
        self._reap_at: datetime | None = None
        self._lease_until: datetime | None = None
        self._fenced = False
        self._draining = False
        self._broken_off = False
        """Whether the last step ended in an exception: the ledger may have kept what was not answered."""
        self._turn = 0

    # life

    async def enlist(self) -> None:
        """Take a worker id and a lease; on SQLite take over what a killed predecessor left."""
        now = self._clock.now()
        async with self._ledger.write() as tx:
            self.id = self.carriers.worker_id = (await tx.new_ids("workers"))[0]
            await tx.queue.enlist(self.id, self._name, "worker", self._version, now, now + LEASE)
        self._lease_until = now + LEASE
        if self._alone:
            await self.carriers.reap(now, everyone=True)

    async def heartbeat(self) -> bool:
        """Renew the lease; False when this worker was fenced and must not touch a carrier again."""
        now = self._clock.now()
        async with self._ledger.write() as tx:
            kept = await tx.queue.renew(self.id, now, now + LEASE)
        if kept:
            self._lease_until = now + LEASE
        else:
            self._fenced = True
            self.bell.set()
        return kept

    def _holds_lease(self) -> bool:
        """Whether nobody else may have taken over. Virtual time stands still while a worker asks."""
        if self._tempo.virtual:
            return True
        return not self._fenced and self._lease_until is not None and self._clock.now() < self._lease_until

    def drain(self) -> None:
        """Release nothing more; what is in flight goes on to its end."""
        self._draining = True
        self.bell.set()

    @property
    def bell(self) -> asyncio.Event:
        """Ring it when something may be due: a contact came, a campaign was launched, a report arrived."""
        return self.carriers.bell

    @property
    def in_flight(self) -> int:
        """Attempts that this worker has with carriers, or whose reports are not written yet."""
        return self.carriers.in_flight

    @property
    def fenced(self) -> bool:
        """Whether others have taken over this worker's attempts."""
        return self._fenced

    async def retire(self) -> None:
        """Say that this worker stops; whatever it leaves is taken over by others or by its successor."""
        if self._fenced:
            return
        await self.carriers.finish_asking()
        await self.carriers.write_reports(self._clock.now())
        async with self._ledger.write() as tx:
            await tx.queue.retire(self.id, self._clock.now())

    def hand_in(self, reports: Sequence[Report]) -> None:
        """Reports that came some other way: a carrier's callback, an unsubscribe link."""
        self.carriers.hand_in(reports)

    # steps

    async def step(self, now: datetime) -> datetime | None:
        """Do everything that is due at `now`. The next instant at which something may be, as far as is known.

        A fenced worker does nothing: what it had is others' to find out.
        """
        if self._fenced:
            return None
        if self._broken_off:
            await self.carriers.recover(now)
        self._broken_off = True
        self.carriers.collect(now)
        self._note_ends(await self.carriers.write_reports(now), now)
        await self.carriers.settle_doubts(now)
        if not self._alone and (self._reap_at is None or now >= self._reap_at):
            await self.carriers.reap(now)
            self._reap_at = now + REAP_EVERY
        if await self.briefing.refresh():
            await self._recheck(now)
        wakes = [await self._tend(now)]
        if not self._draining:
            wakes.append(await self._release_due(now))
        wakes.append(self.carriers.next_at(now))
        self._broken_off = False
        return min((at for at in wakes if at is not None), default=None)

    def agenda(self) -> str:
        """What is next for each campaign, for whoever wonders why nothing happens."""
        lines = [f"campaign {n}: {e.at} {e.limited_by}".rstrip() for n, e in sorted(self._agenda.items())]
        tended = [f"tend {n}: {at}" for n, (at, _) in sorted(self._tend_at.items())]
        return "; ".join([*lines, *tended, f"{self.in_flight} in flight"])

    # release

    async def _release_due(self, now: datetime) -> datetime | None:
        due = [c for c in self.briefing.running.values() if self._is_due(c.id, now)]
        shares = await self._shares(due)
        spared, short = False, []
        for campaign in sorted(due, key=lambda c: self._released_at.get(c.id, NEVER)):
            share = shares.get(campaign.id, MOST)
            done = await self._release(campaign, share, now)
            if done.limited_by == "room" and campaign.id in shares:
                short.append(campaign.id)
            elif done.released < share:
                spared = True
        if spared:  # what one left of a shared limit is for those who had too little of it
            for campaign_id in short:
                self._agenda[campaign_id].at = now
        known = (self._agenda[n].at for n in self.briefing.running if n in self._agenda)
        return min((at for at in known if at is not None), default=None)

    def _is_due(self, campaign_id: int, now: datetime) -> bool:
        entry = self._agenda.get(campaign_id)
        return entry is None or (entry.at is not None and entry.at <= now)

    async def _release(self, campaign: Campaign, share: int, now: datetime) -> Round:
        offer = self.briefing.offer(campaign, share, self.carriers.asked, self._turn)
        with self._meters.releasing.time():
            done = await release(
                self._ledger,
                self._planner,
                offer,
                self.id,
                self.id % SLOTS,
                self._clock,
                self._tempo.ahead,
                self._told,
            )
        self._remember(done.told, now)
        self.worked += done.changed
        if done.limited_by == "changed":
            self.briefing.forget()
        if done.released:
            self._released_at[campaign.id] = now
            self._turn += 1
        next_at = await self._next_release(done, now)
        self._agenda[campaign.id] = _Agenda(next_at, campaign.plan_version, done.limited_by)
        await self.carriers.ask(done.ready)
        return done

    async def _next_release(self, done: Round, now: datetime) -> datetime | None:
        if not done.open_lanes:
            return done.next_at
        if done.changed:
            return now  # somebody was found and limits are left: look for more
        if done.touched:
            return done.next_at or now + TEND_EVERY  # who is due cannot go yet
        async with self._ledger.read() as tx:
            due = (await tx.queue.next_due(done.open_lanes)).values()
        found = min([*due, *([done.next_at] if done.next_at else [])], default=None)
        held = found is not None and found <= now  # by another worker
        return now + BUSY if held else found

    def _remember(self, told: Mapping[tuple[int, str, datetime], datetime], now: datetime) -> None:
        self._told.update(told)
        if len(self._told) > TOLD_MOST:
            self._told = {key: at for key, at in self._told.items() if key[2] > now}

    async def _shares(self, due: Sequence[Campaign]) -> dict[int, int]:
        """How many places campaigns may take of limits that several of them share; max-min fair."""
        limits = self._shared_limits(due)
        if not limits:
            return {}
        async with self._ledger.read() as tx:
            flying = await tx.queue.in_flight()
        holding = Counter[int]()
        for one in flying:
            holding[one.campaign_id] += one.count
        shares: dict[int, int] = {}
        for capacity, members in limits:
            parts = fair_shares(capacity, dict.fromkeys(members, MOST), holding, turn=self._turn)
            for n in members:
                shares[n] = min(shares.get(n, MOST), parts[n])
        return shares

    def _shared_limits(self, due: Sequence[Campaign]) -> list[tuple[int, list[int]]]:
        """(capacity, campaigns) of every concurrency limit that at least two of them share."""
        groups: dict[tuple[str, int], list[int]] = {}
        capacities: dict[tuple[str, int], int] = {}
        for campaign in due:
            most = self.briefing.settings(campaign.organization_id).max_concurrent
            if most is not None:
                groups.setdefault(("organization", campaign.organization_id), []).append(campaign.id)
                capacities["organization", campaign.organization_id] = most
            for trunk_id in {s.trunk_id for s in self.briefing.senders(campaign.id)}:
                trunk = self.briefing.trunk(campaign.organization_id, trunk_id)
                if trunk is not None and trunk.max_concurrent is not None:
                    groups.setdefault(("trunk", trunk.id), []).append(campaign.id)
                    capacities["trunk", trunk.id] = trunk.max_concurrent
        return [(capacities[key], members) for key, members in groups.items() if len(members) > 1]

    # campaigns

    async def _tend(self, now: datetime) -> datetime | None:
        """See to campaigns whose clock or queue may have changed; each in chunks, so that nobody waits long."""
        wakes: list[datetime] = []
        idle = self._tempo.virtual and not self.in_flight
        for campaign in list(self.briefing.tended.values()):
            at, seen = self._tend_at.get(campaign.id, (now, campaign))
            if at > now and not idle and _same(seen, campaign):
                wakes.append(at)
                continue
            batches = self.briefing.batches.get(campaign.id, [])
            if self.briefing.pulls(campaign.id):
                self.worked += await take_back_stale(self._ledger, campaign, now)
            place = self._places.pop(campaign.id, None) if _same(seen, campaign) else None
            done = await tend(self._ledger, self._planner, campaign, batches, self.id % SLOTS, now, place)
            if done.place is not None:
                self._places[campaign.id] = done.place
                self._look_again(campaign.id, now)
            if done.changed:
                self.briefing.forget()
                self._agenda.pop(campaign.id, None)
            self.worked += done.changed or done.more
            soon = now if done.more or done.changed else None if self._tempo.virtual else now + TEND_EVERY
            next_at = min((x for x in (soon, done.next_at) if x is not None), default=None)
            self._tend_at[campaign.id] = next_at or now + FAR, campaign
            if next_at is not None:
                wakes.append(next_at)
        for campaign_id in self._tend_at.keys() - self.briefing.tended.keys():
            del self._tend_at[campaign_id]
        return min(wakes, default=None)

    async def _recheck(self, now: datetime) -> None:
        """Something may have come from elsewhere: contacts, an edit, a place that another worker freed."""
        idle: dict[int, int] = {}
        for campaign in self.briefing.running.values():
            entry = self._agenda.get(campaign.id)
            if entry is None:
                continue
            if entry.version != campaign.plan_version or entry.limited_by in FREED_BY_ENDS:
                entry.at = now
            elif entry.limited_by in SPARES_RETRIES and (entry.at is None or entry.at > now):
                idle |= {b.id: b.bands for b in self.briefing.batches[campaign.id] if b.status is BatchStatus.ACTIVE}
        if idle:
            async with self._ledger.read() as tx:
                due = await tx.queue.next_due(idle)
            for campaign in self.briefing.running.values():
                first = min((due[b.id] for b in self.briefing.batches[campaign.id] if b.id in due), default=None)
                self._look_again(campaign.id, first)
        for campaign_id in self._agenda.keys() - self.briefing.running.keys():
            del self._agenda[campaign_id]

    def _look_again(self, campaign_id: int, at: datetime | None) -> None:
        """Somebody is due at `at`: sooner than what was known, perhaps."""
        entry = self._agenda.get(campaign_id)
        if entry is not None and at is not None and entry.limited_by in SPARES_RETRIES:
            entry.at = at if entry.at is None else min(entry.at, at)

    def _note_ends(self, ended: Mapping[int, datetime | None], now: datetime) -> None:
        """Attempts ended: their contacts may be due again, and campaigns that waited for a place may go on."""
        self.worked += len(ended)
        for campaign_id, at in ended.items():
            self._look_again(campaign_id, at)
        if ended:
            for entry in self._agenda.values():
                if entry.limited_by in FREED_BY_ENDS:
                    entry.at = now


def _same(seen: Campaign, now: Campaign) -> bool:
    """Whether nothing that tending looks at has changed about a campaign."""
    return (seen.status, seen.plan_version, seen.planned_version, seen.end_at, seen.start_at) == (
        now.status,
        now.plan_version,
        now.planned_version,
        now.end_at,
        now.start_at,
    )
