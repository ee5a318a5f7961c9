"""The worker's dealings with carriers: asking, hearing, recording what they say, and looking up what they did not."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from clarion.app.accept import accept
from clarion.app.planning import Planner
from clarion.app.ports.channel import Accepted, Fate, Lost, NeverAsked, NotKnown, Order, StillRunning
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger
from clarion.app.ports.queue import Live
from clarion.app.reap import LOOKUPS, doubt, settle, take_over
from clarion.app.record import Recorded, record
from clarion.app.rounds import Ready
from clarion.core.contacts import Attempt, Report
from clarion.core.outcomes import AttemptState, Channel, FinishReason, Outcome
from clarion.engine.briefing import Briefing, Drivers
from clarion.engine.meters import Meters

log = structlog.get_logger(__name__)

SLOTS = 16
"""Workers share this many rows per tally."""
REPORTS_AT_ONCE = 1_000
GRACE = timedelta(minutes=5)
"""How much later than it could have ended an attempt without a report is looked up."""
FRESH = timedelta(seconds=1)
"""Up to this age a decision is carried out as it is; later its hours are looked at again."""
STALE = timedelta(seconds=5)
"""A decision older than this is taken back: pauses, limits and suppressions may be others by now."""
UNRECORDABLE = (TypeError, ValueError, LookupError)
"""What a report raises that no ledger could take. Left in its place it would keep all others from being recorded; its
attempt is looked up when it is overdue."""
DEADLINES_EVERY = timedelta(seconds=30)


@dataclass(slots=True)
class _Doubt:
    """An attempt whose fate is being looked up."""

    live: Live
    tries: int
    next_at: datetime


class Carriers:
    """What one worker has with carriers. Not safe for concurrent steps, but for the asks, which it starts itself."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        planner: Planner,
        briefing: Briefing,
        drivers: Drivers,
        meters: Meters,
        *,
        finish: Callable[[Ready, Order], Order],
        may_ask: Callable[[], bool],
        virtual: bool,
    ) -> None:
        """`may_ask`: whether the worker holds its lease. `virtual`: asks are awaited, since no time passes."""
        self._ledger, self._clock, self._planner = ledger, clock, planner
        self._briefing, self._drivers, self._meters = briefing, drivers, meters
        self._finish, self._may_ask, self._virtual = finish, may_ask, virtual
        self.worker_id = 0
        self.bell = asyncio.Event()
        self.asked: Counter[tuple[Channel, str]] = Counter()
        """Orders that a driver has not taken yet."""
        self._flying: dict[int, Live] = {}
        self._reports: list[Report] = []
        self._accepted: dict[int, Accepted] = {}
        self._untold: list[int] = []
        self._telling: list[int] = []
        self._lost: list[Lost] = []
        self._unasked: list[int] = []
        self._doubts: dict[int, _Doubt] = {}
        self._deadlines: dict[int, datetime] = {}
        self._deadlines_at: datetime | None = None
        self._asking: set[asyncio.Task[None]] = set()

    @property
    def in_flight(self) -> int:
        """Attempts that are with carriers, or whose reports are not written yet."""
        return len(self._flying)

    def hand_in(self, reports: Sequence[Report]) -> None:
        """Reports that came some other way."""
        self._reports.extend(reports)
        self.bell.set()

    def next_at(self, now: datetime) -> datetime | None:
        """When something is due here."""
        if self._reports or self._lost:
            return now
        wakes = [driver.next_report_at() for driver in self._drivers.values()]
        wakes.extend(one.next_at for one in self._doubts.values())
        if self._flying:
            wakes.append(self._deadlines_at)
        return min((at for at in wakes if at is not None), default=None)

    # asking

    async def ask(self, ready: Sequence[Ready]) -> None:
        """Ask the carriers for attempts that are on disk.

        Without a lease nobody is asked, since others may have them; nor is anybody whose turn was decided too long ago.
        """
        if not ready:
            return
        for one in ready:
            plan = one.campaign.plan
            self._flying[one.live.attempt.id] = one.live
            self._deadlines[one.live.attempt.id] = one.at + plan.ring_timeout + plan.max_duration + GRACE
        asked = [one for one in ready if self._is_timely(one)] if self._may_ask() else []
        if len(asked) < len(ready):
            kept = {one.live.attempt.id for one in asked}
            self._unasked.extend(one.live.attempt.id for one in ready if one.live.attempt.id not in kept)
            self.bell.set()
        self._meters.begun(asked)
        orders: dict[tuple[Channel, str], list[Order]] = {}
        for one in asked:
            orders.setdefault((one.campaign.channel, one.trunk.driver), []).append(self._finish(one, order_of(one)))
        for name, group in orders.items():
            self.asked[name] += len(group)
            if self._virtual:
                await self._begin(name, group)
            else:
                task = asyncio.create_task(self._begin(name, group))
                self._asking.add(task)
                task.add_done_callback(self._asking.discard)

    def _is_timely(self, one: Ready) -> bool:
        """Whether what was decided is still right: the transaction may have waited, and a window may have closed."""
        now = self._clock.now()
        if self._virtual or now - one.at <= FRESH:
            return True
        hours = self._planner.hours(one.campaign, one.live.contact.region_key)
        return now - one.at <= STALE and not isinstance(hours, FinishReason) and hours.allows(now)

    async def _begin(self, name: tuple[Channel, str], orders: Sequence[Order]) -> None:
        try:
            answers = await self._drivers[name].begin(orders)
        except Exception:
            log.exception("driver_failed", channel=name[0], driver=name[1], orders=len(orders))
            answers = [Lost(o.attempt_id, self._clock.now(), "the driver failed") for o in orders]
        finally:
            self.asked[name] -= len(orders)
        for answer in answers:
            match answer:
                case Accepted():
                    self._accepted[answer.attempt_id] = answer
                    self._untold.append(answer.attempt_id)
                case Lost():
                    self._lost.append(answer)
                case Report():
                    self._reports.append(answer)
        self.bell.set()

    async def finish_asking(self) -> None:
        """Wait a little for asks that are under way."""
        if self._asking:
            await asyncio.wait(self._asking, timeout=5)

    # hearing

    def collect(self, now: datetime) -> None:
        """Take what carriers reported."""
        self._telling += self._untold
        self._untold = []
        for driver in self._drivers.values():
            self._reports.extend(driver.collect(now))

    async def write_reports(self, now: datetime) -> dict[int, datetime | None]:
        """Record what carriers said. Campaigns whose attempts ended, each with the instant of its earliest retry.

        What cannot be recorded now is kept and recorded later; recording it twice changes nothing.
        """
        ended: dict[int, datetime | None] = {}
        at_once = REPORTS_AT_ONCE
        while self._reports:
            reports = self._reports[:at_once]
            known = {r.attempt_id: self._flying[r.attempt_id] for r in reports if r.attempt_id in self._flying}
            attempts = [x.attempt for x in known.values()]
            unknown = sorted({r.attempt_id for r in reports if r.attempt_id not in known})
            if unknown:
                async with self._ledger.read() as tx:
                    attempts += await tx.queue.attempts(unknown)
            book = await self._briefing.book(attempts)
            with self._meters.recording.time():
                try:
                    done = await record(
                        self._ledger, self._planner, book, reports, known, self._slot, now, self._accepted
                    )
                except UNRECORDABLE:
                    if len(reports) > 1:
                        at_once = (len(reports) + 1) // 2  # to find the one that it is
                        continue
                    log.exception("report_dropped", attempt=reports[0].attempt_id, outcome=reports[0].outcome)
                    done = Recorded(frozenset(), {}, kept=False)
            del self._reports[: len(reports)]
            self._meters.recorded(reports)
            for attempt_id in {r.attempt_id for r in reports if r.final} if done.kept else ():
                self._land(attempt_id)
            for attempt in attempts:
                if attempt.id in done.ended:
                    ended.setdefault(attempt.campaign_id, None)
            ended.update(done.next_at)
            if not self._virtual and at_once == REPORTS_AT_ONCE:
                break
        await self._write_accepted()
        return ended

    def _land(self, attempt_id: int) -> None:
        for held in (self._flying, self._accepted, self._doubts, self._deadlines):
            held.pop(attempt_id, None)

    async def _write_accepted(self) -> None:
        """Tell who was under way before the last reports were collected and still is: of most, nothing needs telling.

        On a virtual clock nobody can ask, so it is left to the report.
        """
        told = [(self._flying[n], self._accepted[n]) for n in self._telling if n in self._flying]
        if told and not self._virtual:
            book = await self._briefing.book([live.attempt for live, _ in told])
            await accept(self._ledger, book.campaigns, book.endpoints, told)
        self._telling = []

    # doubts

    async def recover(self, now: datetime) -> None:
        """Find live attempts of this worker that it does not know of: a connection broke while the ledger kept them.

        One that was only just released was never asked, since asking comes after. One that was taken over is looked up.
        """
        async with self._ledger.read() as tx:
            mine = await tx.queue.held_by(self.worker_id)
        for live in mine:
            attempt_id = live.attempt.id
            if attempt_id in self._flying or await self._is_pulled(live.attempt):
                continue
            self._flying[attempt_id] = live
            if live.attempt.state in (AttemptState.RELEASED, AttemptState.BEGUN):
                self._unasked.append(attempt_id)
            else:
                self._doubts[attempt_id] = _Doubt(live, 0, now)

    async def settle_doubts(self, now: datetime) -> None:
        """See to attempts that were not asked, whose answers were lost, or whose reports are overdue."""
        if self._unasked and self._may_ask():
            lives = [self._flying[n] for n in self._unasked if n in self._flying]
            fates: list[Fate] = [NeverAsked(x.attempt.id) for x in lives]
            await settle(self._ledger, lives, fates, self.worker_id, self._slot, now)
            for live in lives:
                self._land(live.attempt.id)
            self._unasked.clear()
        await self._doubt_lost(now)
        await self._doubt_overdue(now)
        due = [one for one in self._doubts.values() if one.next_at <= now]
        if due:
            await self._look_up(due, now)

    async def _doubt_lost(self, now: datetime) -> None:
        by_detail: dict[str, list[Live]] = {}
        for lost in self._lost:
            if lost.attempt_id in self._flying:
                by_detail.setdefault(lost.detail, []).append(self._flying[lost.attempt_id])
        for detail, lives in by_detail.items():
            for live in await doubt(self._ledger, lives, self.worker_id, "answer_lost", detail, now):
                self._doubts[live.attempt.id] = _Doubt(live, 0, now + LOOKUPS[0])
        self._lost.clear()

    async def _doubt_overdue(self, now: datetime) -> None:
        if self._deadlines_at is not None and now < self._deadlines_at:
            return
        self._deadlines_at = now + DEADLINES_EVERY
        overdue = [n for n, at in self._deadlines.items() if at <= now and n in self._flying and n not in self._doubts]
        late = [self._flying[n] for n in overdue]
        for live in await doubt(self._ledger, late, self.worker_id, "no_report", "", now) if late else ():
            self._doubts[live.attempt.id] = _Doubt(live, 0, now)

    async def reap(self, now: datetime, *, everyone: bool = False) -> None:
        """Take over what workers that are gone have left."""
        more = True
        while more:
            lives, more = await take_over(self._ledger, self.worker_id, self._slot, now, everyone=everyone)
            for live in lives:
                self._flying[live.attempt.id] = live
                self._doubts[live.attempt.id] = _Doubt(live, 0, now)

    async def _look_up(self, doubts: Sequence[_Doubt], now: datetime) -> None:
        groups: dict[tuple[Channel, str], list[Live]] = {}
        names: dict[int | None, str] = {}
        for one in doubts:
            attempt = one.live.attempt
            if attempt.trunk_id not in names:
                names[attempt.trunk_id] = await self._driver_of(attempt)
            groups.setdefault((attempt.channel, names[attempt.trunk_id]), []).append(one.live)
        for name, lives in groups.items():
            fates = await self._fates(name, [x.attempt for x in lives], now)
            await settle(self._ledger, lives, fates, self.worker_id, self._slot, now)
            for fate in fates:
                self._conclude(fate, now)

    async def _fates(self, name: tuple[Channel, str], attempts: Sequence[Attempt], now: datetime) -> Sequence[Fate]:
        driver = self._drivers.get(name)
        if driver is None:
            return [NotKnown(a.id, "no such driver here") for a in attempts]
        try:
            found = {fate.attempt_id: fate for fate in await driver.lookup(attempts, now)}
        except Exception:
            log.exception("lookup_failed", channel=name[0], driver=name[1], attempts=len(attempts))
            return [NotKnown(a.id, "the look-up failed") for a in attempts]
        return [found.get(a.id) or NotKnown(a.id, "no answer to the look-up") for a in attempts]

    def _conclude(self, fate: Fate, now: datetime) -> None:
        one = self._doubts[fate.attempt_id]
        match fate:
            case Report():
                self._reports.append(fate)
                del self._doubts[fate.attempt_id]
            case StillRunning():
                self._deadlines[fate.attempt_id] = now + GRACE
                del self._doubts[fate.attempt_id]
            case NeverAsked():
                self._land(fate.attempt_id)
            case NotKnown():
                one.tries += 1
                if one.tries < len(LOOKUPS):
                    one.next_at = now + LOOKUPS[one.tries]
                else:
                    self._reports.append(Report(fate.attempt_id, Outcome.UNKNOWN, now, detail=fate.detail or None))
                    del self._doubts[fate.attempt_id]

    async def _is_pulled(self, attempt: Attempt) -> bool:
        """Whether it is with workers that fetch their attempts: they ask, not this one."""
        driver = self._drivers.get((attempt.channel, await self._driver_of(attempt)))
        return driver is not None and driver.pulls and attempt.state is not AttemptState.UNKNOWN

    async def _driver_of(self, attempt: Attempt) -> str:
        trunk = self._briefing.trunk(attempt.organization_id, attempt.trunk_id)
        if trunk is None and attempt.trunk_id is not None:
            async with self._ledger.read() as tx:
                trunk = (await tx.resources.trunk(attempt.organization_id, attempt.trunk_id)).trunk
        return trunk.driver if trunk is not None else ""

    @property
    def _slot(self) -> int:
        return self.worker_id % SLOTS


def order_of(ready: Ready) -> Order:
    """What the carrier is asked for."""
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
