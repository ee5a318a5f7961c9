"""The worker: a step looks at everything that is due and says when to look again.

A loop on the real clock and a player on a virtual one drive the same steps, so what a test sees is what runs.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from clarion.app.planning import Planner
from clarion.app.ports.channel import Accepted, Fate, Lost, NeverAsked, NotKnown, Order, StillRunning, Trunk
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger
from clarion.app.ports.queue import Live
from clarion.app.reap import LOOKUPS, doubt, settle, take_over
from clarion.app.record import record
from clarion.app.release import MOST, Ready, release
from clarion.app.tend import tend
from clarion.core.campaigns import BatchStatus, Campaign
from clarion.core.contacts import Attempt, Report
from clarion.core.outcomes import Channel, Outcome
from clarion.core.pacing import fair_shares
from clarion.engine.briefing import Briefing, Drivers
from clarion.engine.meters import Meters

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=15)
TEND_EVERY = timedelta(seconds=1)
REAP_EVERY = timedelta(seconds=2)
SLOTS = 16
"""Workers share this many rows per tally."""
REPORTS_AT_ONCE = 1_000
FREED_BY_ENDS = frozenset({"concurrency", "room"})
"""Limits that an attempt's end makes room under."""
FAR = timedelta(days=3650)
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Tempo:
    """How a worker treats time. On a virtual clock it may plan ahead and gather reports, since nobody interrupts."""

    ahead: timedelta = timedelta(0)
    """How far ahead attempts are released, each for its own instant."""
    virtual: bool = False


@dataclass(slots=True)
class _Doubt:
    """An attempt whose fate is being looked up."""

    live: Live
    tries: int
    next_at: datetime


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

        `alone`: no other worker can exist (SQLite), so whatever others left behind is taken over at once.
        """
        self._ledger, self._clock, self._planner, self._drivers = ledger, clock, planner, drivers
        self._meters, self._finish, self._tempo, self._alone = meters, finish, tempo, alone
        self._name, self._version = name, version
        self.briefing = Briefing(ledger, drivers, open_secrets)
        self.id = 0
        self.bell = asyncio.Event()
        """Ring it when something may be due: a contact came, a campaign was launched, a report arrived."""
        self._flying: dict[int, Live] = {}
        self._reports: list[Report] = []
        self._lost: list[Lost] = []
        self._accepted: dict[int, Accepted] = {}
        self._unasked: list[int] = []
        self._doubts: dict[int, _Doubt] = {}
        self._agenda: dict[int, _Agenda] = {}
        self._released_at: dict[int, datetime] = {}
        self._asked: Counter[tuple[Channel, str]] = Counter()
        self._asking: set[asyncio.Task[None]] = set()
        self._tend_at: dict[int, datetime] = {}
        self._reap_at: datetime | None = None
        self._lease_until: datetime | None = None
        self._fenced = False
        self._draining = False
        self._turn = 0

    # life

    async def enlist(self) -> None:
        """Take a worker id and a lease; on SQLite take over what a killed predecessor left."""
        now = self._clock.now()
        async with self._ledger.write() as tx:
            self.id = (await tx.new_ids("workers"))[0]
            await tx.queue.enlist(self.id, self._name, "worker", self._version, now, now + LEASE)
        self._lease_until = now + LEASE
        if self._alone:
            await self._reap(now, everyone=True)

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

    def drain(self) -> None:
        """Release nothing more; what is in flight goes on to its end."""
        self._draining = True
        self.bell.set()

    @property
    def in_flight(self) -> int:
        """Attempts that this worker has with carriers, or whose reports are not written yet."""
        return len(self._flying)

    @property
    def fenced(self) -> bool:
        """Whether others have taken over this worker's attempts."""
        return self._fenced

    async def retire(self) -> None:
        """Say that this worker stops; whatever it leaves is taken over by others or by its successor."""
        if self._asking:
            await asyncio.wait(self._asking, timeout=5)
        await self._write_reports(self._clock.now())
        async with self._ledger.write() as tx:
            await tx.queue.retire(self.id, self._clock.now())

    def hand_in(self, reports: Sequence[Report]) -> None:
        """Reports that came some other way: a carrier's callback, an unsubscribe link."""
        self._reports.extend(reports)
        self.bell.set()

    # steps

    async def step(self, now: datetime) -> datetime | None:
        """Do everything that is due at `now`. The next instant at which something may be, as far as is known."""
        for driver in self._drivers.values():
            self._reports.extend(driver.collect(now))
        ended = await self._write_reports(now)
        await self._settle_lost(now)
        if self._reap_at is None or now >= self._reap_at:
            await self._reap(now)
            self._reap_at = now + REAP_EVERY
        if await self.briefing.refresh():
            await self._recheck(now)
        if ended:
            self._unblock(now)
        wakes = [await self._tend(now)]
        if not self._draining and not self._fenced:
            wakes.append(await self._release_due(now))
        if self._reports or self._lost:
            wakes.append(now)
        wakes.extend(d.next_report_at() for d in self._drivers.values())
        wakes.extend(d.next_at for d in self._doubts.values())
        return min((at for at in wakes if at is not None), default=None)

    async def _release_due(self, now: datetime) -> datetime | None:
        due = [c for c in self.briefing.running.values() if self._is_due(c.id, now)]
        if due:
            shares = await self._shares(due)
            for campaign in sorted(
                due, key=lambda c: self._released_at.get(c.id, datetime.min.replace(tzinfo=now.tzinfo))
            ):
                await self._release(campaign, shares[campaign.id], now)
        known = (self._agenda[n].at for n in self.briefing.running if n in self._agenda)
        return min((at for at in known if at is not None), default=None)

    def _is_due(self, campaign_id: int, now: datetime) -> bool:
        entry = self._agenda.get(campaign_id)
        return entry is None or (entry.at is not None and entry.at <= now)

    async def _release(self, campaign: Campaign, share: int, now: datetime) -> None:
        offer = self.briefing.offer(campaign, share, self._asked)
        with self._meters.releasing.time():
            done = await release(
                self._ledger, self._planner, offer, self.id, self.id % SLOTS, now, now + self._tempo.ahead
            )
        if done.limited_by == "changed":
            self.briefing.forget()
        if done.ready:
            self._released_at[campaign.id] = now
            self._turn += 1
        next_at = done.next_at
        if done.open_lanes:
            if done.touched:
                next_at = now  # somebody was found and limits are left: look for more
            else:
                async with self._ledger.read() as tx:
                    due = (await tx.queue.next_due(done.open_lanes)).values()
                next_at = min([*due, *([next_at] if next_at else [])], default=None)
        self._agenda[campaign.id] = _Agenda(next_at, campaign.plan_version, done.limited_by)
        await self._ask(done.ready, now)

    async def _shares(self, due: Sequence[Campaign]) -> dict[int, int]:
        """How many places each campaign may take of limits that several share; max-min fair."""
        shares = {c.id: MOST for c in due}
        limits = self._shared_limits(due)
        if not limits:
            return shares
        async with self._ledger.read() as tx:
            flying = await tx.queue.in_flight()
        holding = Counter[int]()
        for one in flying:
            holding[one.campaign_id] += one.count
        for capacity, members in limits:
            parts = fair_shares(capacity, dict.fromkeys(members, MOST), holding, turn=self._turn)
            for n in members:
                shares[n] = min(shares[n], parts[n])
        return shares

    def _shared_limits(self, due: Sequence[Campaign]) -> list[tuple[int, list[int]]]:
        """(capacity, campaigns) of every concurrency limit that at least two of them share."""
        limits: list[tuple[int, list[int]]] = []
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
        for key, members in groups.items():
            if len(members) > 1:
                limits.append((capacities[key], members))
        return limits

    # carriers

    async def _ask(self, ready: Sequence[Ready], now: datetime) -> None:
        """Ask the carriers for attempts that are on disk. Without a lease nobody is asked: others may have them."""
        if not ready:
            return
        self._flying.update((r.live.attempt.id, r.live) for r in ready)
        if not self._tempo.virtual and self._lease_until is not None and self._clock.now() >= self._lease_until:
            self._unasked.extend(r.live.attempt.id for r in ready)
            return
        self._meters.begun(ready)
        orders: dict[tuple[Channel, str], list[Order]] = {}
        for one in ready:
            orders.setdefault((one.campaign.channel, one.trunk.driver), []).append(self._finish(one, _order(one)))
        for name, group in orders.items():
            self._asked[name] += len(group)
            if self._tempo.virtual:
                await self._begin(name, group)
            else:
                task = asyncio.create_task(self._begin(name, group))
                self._asking.add(task)
                task.add_done_callback(self._asking.discard)

    async def _begin(self, name: tuple[Channel, str], orders: Sequence[Order]) -> None:
        try:
            answers = await self._drivers[name].begin(orders)
        except Exception:
            log.exception("driver_failed", channel=name[0], driver=name[1], orders=len(orders))
            answers = [Lost(o.attempt_id, self._clock.now(), "the driver failed") for o in orders]
        finally:
            self._asked[name] -= len(orders)
        for answer in answers:
            match answer:
                case Accepted():
                    self._accepted[answer.attempt_id] = answer
                case Lost():
                    self._lost.append(answer)
                case Report():
                    self._reports.append(answer)
        self.bell.set()

    async def _write_reports(self, now: datetime) -> bool:
        """Record what carriers said. Whether any attempt ended."""
        ended = False
        while self._reports:
            reports = self._reports[:REPORTS_AT_ONCE]
            known = {r.attempt_id: self._flying[r.attempt_id] for r in reports if r.attempt_id in self._flying}
            attempts = [x.attempt for x in known.values()]
            unknown = [r.attempt_id for r in reports if r.attempt_id not in known]
            if unknown:
                async with self._ledger.read() as tx:
                    attempts += await tx.queue.attempts(unknown)
            book = await self.briefing.book(attempts)
            with self._meters.recording.time():
                done = await record(self._ledger, self._planner, book, reports, known, self.id % SLOTS, now)
            del self._reports[: len(reports)]
            self._meters.recorded(reports)
            for attempt_id in {r.attempt_id for r in reports if r.final}:
                self._flying.pop(attempt_id, None)
                self._accepted.pop(attempt_id, None)
                self._doubts.pop(attempt_id, None)
            for campaign_id, at in done.next_at.items():
                entry = self._agenda.get(campaign_id)
                if entry is not None and entry.limited_by == "" and (entry.at is None or at < entry.at):
                    entry.at = at
            ended = ended or bool(done.ended)
            if not self._tempo.virtual:
                break
        await self._write_accepted()
        return ended

    async def _write_accepted(self) -> None:
        """Carriers' ids, for those still under way: a callback may ask for them, after a crash too."""
        told = [a for a in self._accepted.values() if a.provider_id is not None and a.attempt_id in self._flying]
        self._accepted.clear()
        if told and not self._tempo.virtual:
            async with self._ledger.write() as tx:
                await tx.queue.mark_accepted([(a.attempt_id, a.provider_id, a.at) for a in told])

    # doubts

    async def _settle_lost(self, now: datetime) -> None:
        if self._unasked and self._lease_until is not None and self._clock.now() < self._lease_until:
            lives = [self._flying.pop(n) for n in self._unasked if n in self._flying]
            self._unasked.clear()
            fates: list[Fate] = [NeverAsked(x.attempt.id) for x in lives]
            await settle(self._ledger, lives, fates, self.id, now)
        if self._lost:
            by_detail: dict[str, list[Live]] = {}
            for lost in self._lost:
                if lost.attempt_id in self._flying:
                    by_detail.setdefault(lost.detail, []).append(self._flying[lost.attempt_id])
            self._lost.clear()
            for detail, lives in by_detail.items():
                for live in await doubt(self._ledger, lives, self.id, detail, now):
                    self._doubts[live.attempt.id] = _Doubt(live, 0, now + LOOKUPS[0])
        due = [d for d in self._doubts.values() if d.next_at <= now]
        if due:
            await self._look_up(due, now)

    async def _look_up(self, doubts: Sequence[_Doubt], now: datetime) -> None:
        groups: dict[tuple[Channel, str], list[_Doubt]] = {}
        for one in doubts:
            groups.setdefault(await self._driver_of(one.live.attempt), []).append(one)
        for name, group in groups.items():
            attempts = [d.live.attempt for d in group]
            fates: Sequence[Fate]
            if name in self._drivers:
                fates = await self._drivers[name].lookup(attempts, now)
            else:
                fates = [NotKnown(a.id, "no such driver here") for a in attempts]
            lives = [d.live for d in group]
            await settle(self._ledger, lives, fates, self.id, now)
            for fate in fates:
                self._conclude(fate, now)

    def _conclude(self, fate: Fate, now: datetime) -> None:
        one = self._doubts[fate.attempt_id]
        match fate:
            case Report():
                self._flying[fate.attempt_id] = one.live
                self._reports.append(fate)
                del self._doubts[fate.attempt_id]
            case StillRunning():
                self._flying[fate.attempt_id] = one.live
                del self._doubts[fate.attempt_id]
            case NeverAsked():
                self._flying.pop(fate.attempt_id, None)
                del self._doubts[fate.attempt_id]
            case NotKnown():
                one.tries += 1
                if one.tries < len(LOOKUPS):
                    one.next_at = now + LOOKUPS[one.tries]
                else:
                    self._flying[fate.attempt_id] = one.live
                    self._reports.append(Report(fate.attempt_id, Outcome.UNKNOWN, now, detail=fate.detail or None))
                    del self._doubts[fate.attempt_id]

    async def _driver_of(self, attempt: Attempt) -> tuple[Channel, str]:
        trunk = self.briefing.trunk(attempt.organization_id, attempt.trunk_id)
        if trunk is None and attempt.trunk_id is not None:
            async with self._ledger.read() as tx:
                trunk = (await tx.resources.trunk(attempt.organization_id, attempt.trunk_id)).trunk
        return attempt.channel, trunk.driver if trunk else ""

    async def _reap(self, now: datetime, *, everyone: bool = False) -> None:
        for live in await take_over(self._ledger, self.id, now, everyone=everyone):
            self._doubts[live.attempt.id] = _Doubt(live, 0, now)

    # campaigns

    async def _tend(self, now: datetime) -> datetime | None:
        """See to campaigns whose clock or queue may have changed; each in chunks, so that nobody waits long."""
        wakes: list[datetime] = []
        for campaign in list(self.briefing.tended.values()):
            at = self._tend_at.get(campaign.id)
            idle = self._tempo.virtual and not self._flying
            if at is not None and at > now and not idle:
                wakes.append(at)
                continue
            batches = self.briefing.batches.get(campaign.id, [])
            done = await tend(self._ledger, self._planner, campaign, batches, self.id % SLOTS, now)
            if done.changed:
                self.briefing.forget()
                self._agenda.pop(campaign.id, None)
            soon = now if done.more or done.changed else None if self._tempo.virtual else now + TEND_EVERY
            next_at = min((x for x in (soon, done.next_at) if x is not None), default=None)
            self._tend_at[campaign.id] = next_at or now + FAR
            if next_at is not None:
                wakes.append(next_at)
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
            elif entry.limited_by == "" and (entry.at is None or entry.at > now):
                idle |= {b.id: b.bands for b in self.briefing.batches[campaign.id] if b.status is BatchStatus.ACTIVE}
        if idle:
            async with self._ledger.read() as tx:
                due = await tx.queue.next_due(idle)
            for campaign in self.briefing.running.values():
                first = min((due[b.id] for b in self.briefing.batches[campaign.id] if b.id in due), default=None)
                entry = self._agenda.get(campaign.id)
                if first is not None and entry is not None and (entry.at is None or first < entry.at):
                    entry.at = first
        for campaign_id in self._agenda.keys() - self.briefing.running.keys():
            del self._agenda[campaign_id]

    def _unblock(self, now: datetime) -> None:
        """Attempts ended: campaigns that waited for a place may go on."""
        for entry in self._agenda.values():
            if entry.limited_by in FREED_BY_ENDS:
                entry.at = now


def _order(ready: Ready) -> Order:
    attempt, contact, plan = ready.live.attempt, ready.live.contact, ready.campaign.plan
    return Order(
        attempt_id=attempt.id,
        organization_id=attempt.organization_id,
        campaign_id=attempt.campaign_id,
        contact_id=attempt.contact_id,
        number=attempt.number,
        channel=attempt.channel,
        address=attempt.address,
        sender=ready.sender.address,
        trunk=ready.trunk,
        at=ready.at,
        region_key=contact.region_key,
        message=ready.message,
        variables={**ready.campaign.variables, **contact.variables},
        agent_id=ready.campaign.agent_id,
        ring_timeout=plan.ring_timeout,
        max_duration=plan.max_duration,
        voicemail=plan.voicemail,
        goal_variable=plan.goal_variable,
    )
