"""The sandbox network: carriers of all three channels over one simulated public and one log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from clarion.app.ports.channel import Accepted, Begun, Fate, Lost, NeverAsked, NotKnown, Order, StillRunning, Trunk
from clarion.app.refusals import Invalid
from clarion.channels.email.sandbox import public as mail
from clarion.channels.sandbox.agenda import Agenda
from clarion.channels.sandbox.asks import EPOCH, MICROSECOND, Ask
from clarion.channels.sandbox.encounter import Encounter
from clarion.channels.sandbox.log import Answer, CarrierLog, Entry, FileLog, MemoryLog
from clarion.channels.sandbox.magic import Trick
from clarion.channels.sandbox.settings import Faults, SandboxSettings, parse_faults
from clarion.channels.sms.sandbox import public as sms
from clarion.channels.voice.sandbox import public as voice
from clarion.core.contacts import Attempt, Report
from clarion.core.outcomes import Channel, Outcome

T = TypeVar("T")
Word = tuple[Outcome, str, Mapping[str, Any]]
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Public:
    """What is different about a channel: how an encounter goes, and how its carriers word their failures."""

    course: Callable[[Encounter], tuple[Report, ...]]
    """The final report first. One due at the instant of asking is the carrier's answer itself."""
    failures: Sequence[Word]
    throttle: Word


PUBLIC: Mapping[Channel, Public] = {
    Channel.VOICE: Public(voice.course, voice.FAILURES, voice.THROTTLE),
    Channel.SMS: Public(sms.course, sms.FAILURES, sms.THROTTLE),
    Channel.EMAIL: Public(mail.course, mail.FAILURES, mail.THROTTLE),
}


class SandboxNetwork:
    """What the three drivers of a process share: settings, and the carrier's log."""

    def __init__(self, settings: SandboxSettings, log: CarrierLog | None = None) -> None:
        """Opens the log in `settings.log_dir`, or one in memory; `log` overrides both."""
        self.settings = settings
        self._thread: ThreadPoolExecutor | None = None
        if log is None and settings.log_dir is not None:
            log = FileLog(settings.log_dir)
            # Several processes write to the file; waiting for their turn must not stop this one's loop.
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="carrier-log")
        self._log: CarrierLog = log or MemoryLog()
        self._open = True

    async def record(self, entries: Sequence[Entry]) -> Sequence[Entry | None]:
        """See CarrierLog.record."""
        return await self._run(lambda: self._log.record(entries))

    async def find_or_void(self, attempt_ids: Sequence[int]) -> Mapping[int, Entry]:
        """See CarrierLog.find_or_void."""
        return await self._run(lambda: self._log.find_or_void(attempt_ids))

    async def stop(self, attempt_ids: Sequence[int], at: datetime) -> None:
        """See CarrierLog.stop."""
        at_us = (at - EPOCH) // MICROSECOND
        await self._run(lambda: self._log.stop(attempt_ids, at_us))

    def close(self) -> None:
        """Close the log. Closing twice is no error: three drivers share the network."""
        if self._open:
            self._open = False
            if self._thread is not None:
                self._thread.shutdown()
            self._log.close()

    async def _run(self, work: Callable[[], T]) -> T:
        if self._thread is None:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


class SandboxDriver:
    """A way out to the simulated public (a ChannelDriver). Every attempt that it makes is marked as sandbox."""

    sandbox = True
    pulls = False

    def __init__(self, channel: Channel, network: SandboxNetwork) -> None:
        """One driver per channel; they share the network."""
        self._channel = channel
        self._public = PUBLIC[channel]
        self._network = network
        self._settings = network.settings
        self._agenda = Agenda()
        self._now = LONG_AGO
        self._faults: dict[int, tuple[Mapping[str, Any], Faults | Invalid]] = {}

    def room(self) -> int:
        """What is left of the capacity."""
        return max(0, self._settings.capacity - self._agenda.running)

    async def begin(self, orders: Sequence[Order]) -> Sequence[Begun]:
        """Write the asks into the carrier's log, then answer for each."""
        if not orders:
            return ()
        await self._travel()
        plays = [self._play(order) for order in orders]
        firsts = await self._network.record([entry for entry, _ in plays])
        await self._travel()
        answers = [
            self._answer(entry, order.at, reports) if first is entry else self._again(order, first)
            for order, (entry, reports), first in zip(orders, plays, firsts, strict=True)
        ]
        self._now = max(self._now, orders[-1].at)
        return answers

    def collect(self, now: datetime) -> Sequence[Report]:
        """The reports that are due at `now`."""
        self._now = max(self._now, now)
        return self._agenda.collect(now)

    def next_report_at(self) -> datetime | None:
        """When the next report is due."""
        return self._agenda.next_at()

    async def lookup(self, attempts: Sequence[Attempt], now: datetime) -> Sequence[Fate]:
        """Ask the carrier's log; an attempt that it never had is voided there in the same step."""
        if not self._settings.lookup_works:
            return [NotKnown(a.id, "the carrier has no look-up") for a in attempts]
        found = await self._network.find_or_void([a.id for a in attempts])
        return [NeverAsked(a.id) if a.id not in found else self._fate(found[a.id], now) for a in attempts]

    async def stop(self, attempt_ids: Sequence[int]) -> None:
        """Hang up calls that run here. Messages cannot be called back."""
        if self._channel is not Channel.VOICE:
            return
        now = self._now
        stopped = []
        for attempt_id in attempt_ids:
            planned = self._agenda.final_of(attempt_id)
            if planned is not None and now < planned.at:
                self._agenda.replace_final(_cut_short(planned, now))
                stopped.append(attempt_id)
        if stopped:
            await self._network.stop(stopped, now)

    async def close(self) -> None:
        """Close the network's log."""
        self._network.close()

    async def _travel(self) -> None:
        """Half of the way between us and the carrier."""
        if self._settings.ask_latency:
            await asyncio.sleep(self._settings.ask_latency / 2)

    def _play(self, order: Order) -> tuple[Entry, tuple[Report, ...]]:
        """What the carrier will do with an order that it has not seen before."""
        ask = Ask.of(order, self._channel)
        meeting = Encounter(ask, self._settings)
        faults = self._faults_of(order.trunk)
        if isinstance(faults, Invalid):
            return Entry(ask, Answer.FAILED, Outcome.PROTOCOL_ERROR.value, f"trunk settings: {faults}"), ()
        luck, trick = meeting.fault, meeting.trick
        if trick is Trick.TRUNK_FAILS or (trick is None and luck < faults.fails):
            outcome, detail, _ = self._public.failures[int(meeting.fault_kind * len(self._public.failures))]
            return Entry(ask, Answer.FAILED, outcome.value, detail), ()
        luck -= faults.fails
        if trick is Trick.THROTTLED or (trick is None and luck < faults.throttles):
            outcome, detail, _ = self._public.throttle
            return Entry(ask, Answer.FAILED, outcome.value, detail), ()
        luck -= faults.throttles
        if trick is Trick.TIMES_OUT or (trick is None and luck < faults.times_out):
            return Entry(ask, Answer.LOST), ()
        return Entry(ask, Answer.ACCEPTED), self._public.course(meeting)

    def _answer(self, entry: Entry, at: datetime, reports: tuple[Report, ...]) -> Begun:
        """The answer to a first ask; what is to come of it goes on the agenda."""
        attempt_id = entry.ask.attempt_id
        if entry.answer is Answer.LOST:
            return Lost(attempt_id, at, "no answer to the request")
        if entry.answer is Answer.FAILED:
            return _failure(entry, self._settings)
        if reports[0].at <= at:
            self._agenda.add(reports[1:])
            return reports[0]
        self._agenda.add(reports)
        return Accepted(attempt_id, reports[0].provider_id, at)

    def _again(self, order: Order, first: Entry | None) -> Begun:
        """The answer to an attempt id that the carrier had before."""
        if first is None:
            return Report(order.attempt_id, Outcome.CANCELLED, order.at, detail="void", raw={"sandbox": True})
        fate = self._fate(first, order.at)
        if isinstance(fate, StillRunning):
            return Accepted(order.attempt_id, fate.provider_id, first.ask.at)
        return fate

    def _fate(self, entry: Entry, now: datetime) -> Report | StillRunning:
        """What became of an ask in the log; what is still to come of it is adopted."""
        ask = entry.ask
        if entry.answer is Answer.FAILED:
            return _failure(entry, self._settings)
        final, *news = self._public.course(Encounter(ask, self._settings))
        if entry.stopped_us is not None:
            final = _cut_short(final, EPOCH + entry.stopped_us * MICROSECOND)
        adopted = ask.attempt_id in self._agenda
        if final.at <= now:
            if not adopted:
                self._agenda.add(news)
            return final
        if not adopted:
            self._agenda.add((final, *news))
        return StillRunning(ask.attempt_id, final.provider_id)

    def _faults_of(self, trunk: Trunk) -> Faults | Invalid:
        """The sandbox's faults, or the trunk's own; parsed once for as long as the settings are the same."""
        own = trunk.settings.get("faults")
        if own is None:
            return self._settings.faults
        seen = self._faults.get(trunk.id)
        if seen is None or seen[0] != own:
            try:
                seen = own, parse_faults(own, self._settings.faults)
            except Invalid as invalid:
                seen = own, invalid
            self._faults[trunk.id] = seen
        return seen[1]


def _failure(entry: Entry, settings: SandboxSettings) -> Report:
    """The report of an ask that failed at the carrier, from its line in the log."""
    meeting = Encounter(entry.ask, settings)
    outcome = Outcome(entry.outcome or Outcome.UNSPECIFIED)
    throttled = outcome in (Outcome.THROTTLED, Outcome.RESOURCE_UNAVAILABLE)
    return meeting.report(
        outcome,
        0,
        entry.detail or "",
        {"sandbox": True, "reply": entry.detail},
        retry_s=5 + 25 * meeting.fault_kind if throttled else None,
    )


def _cut_short(planned: Report, at: datetime) -> Report:
    """How a call ends that is hung up at `at`."""
    if at >= planned.at:
        return planned
    talked = planned.answered_at is not None and planned.answered_at <= at
    return Report(
        planned.attempt_id,
        Outcome.COMPLETED if talked else Outcome.CANCELLED,
        at,
        answered_at=planned.answered_at if talked else None,
        provider_id=planned.provider_id,
        detail="hung up by us" if talked else "487 cancelled",
        raw={"sandbox": True, "sip": 200 if talked else 487},
    )
