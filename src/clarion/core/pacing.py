"""How fast and how many: rates, concurrency, daily caps, finish-by and ramp-up, held to the unit."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import repeat


class CapCounts(StrEnum):
    """What a daily cap counts."""

    FIRST_ATTEMPTS = "first_attempts"
    ALL_ATTEMPTS = "all_attempts"


@dataclass(frozen=True, slots=True)
class RampUp:
    """Start at `start_fraction` of the rate and concurrency and grow linearly to the whole over `over`."""

    start_fraction: float
    over: timedelta


@dataclass(frozen=True, slots=True)
class Pacing:
    """The limits of a campaign or a batch. None is no limit of its own."""

    per_hour: float | None = None
    per_second: float | None = None
    max_concurrent: int | None = None
    daily_cap: int | None = None
    daily_cap_counts: CapCounts = CapCounts.ALL_ATTEMPTS
    finish_by: datetime | None = None
    """Pace the first attempts to end at this instant (UTC), over the open time that is left."""
    ramp_up: RampUp | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """What a limit remembers between releases; kept in the ledger so that limits hold over restarts and workers.

    `scope` is `campaign:7`, `batch:9`, `trunk:2`, `sender:5`, `organization:1`.
    """

    scope: str
    next_slot: datetime | None = None
    """The earliest instant of the next release by rate (UTC)."""
    day: date | None = None
    day_first: int = 0
    day_all: int = 0
    ramp_from: datetime | None = None
    last_used: datetime | None = None
    """The latest slot used: for rotation, and to measure a rate that was edited since."""
    last_first: datetime | None = None
    """The beat of the latest first attempt, from which finish-by measures the next (UTC)."""


CATCH_UP = timedelta(seconds=5)
"""How much a fast rate may be behind its beat and still catch up: an engine's hiccup, never a closed window."""
CATCH_UP_WITHIN_SECOND = timedelta(milliseconds=50)
"""The same for a limit per second, whose rolling second leaves less room."""
SLOW_BEAT = timedelta(seconds=10)
"""From this interval on there is no catching up: slots lie exactly one interval apart."""
SLOW_BEAT_PER_SECOND = timedelta(milliseconds=250)
LATE_SPREAD = timedelta(hours=1)
"""First attempts left over after `finish_by` are paced as if this much open time were left."""

_HOUR = 3600.0
_LONGEST_INTERVAL = 10 * 365 * 86_400.0
_NO_LIMIT = sys.maxsize


@dataclass(frozen=True, slots=True)
class Grant:
    """What may be released now. It promises nothing until `spend` has written down what was used."""

    slots: tuple[datetime, ...]
    """The instants at which attempts may be made, rising, each from `now` to `until`."""
    max_first: int
    """Of the slots, at most so many may be first attempts."""
    max_retry: int
    """Of the slots, at most so many may be retries."""
    next_at: datetime | None
    """When time alone allows more; None when an attempt has to end or a new day to begin."""
    limited_by: str
    """What kept it from being more: '' (nobody waits), rate, ramp_up, concurrency, daily_cap, finish_by, room."""


@dataclass(frozen=True, slots=True)
class _Beat:
    """A rate as a generic cell rate algorithm: a slot every `interval`, with `tolerance` to catch up.

    A slot may be used up to `tolerance` late without moving those after it, so n used slots span at least
    (n - 1) * interval - tolerance. With interval = (3600 s + tolerance) / N no rolling hour holds more than N.
    """

    interval: timedelta
    tolerance: timedelta
    ramp: RampUp | None = None
    ramp_from: datetime | None = None

    def after(self, slot: datetime) -> datetime:
        """The slot after `slot`: one interval later, or while ramping up when the growing rate has added up to one."""
        if self.ramp is None or self.ramp_from is None or self.ramp.start_fraction >= 1:
            return slot + self.interval
        over = self.ramp.over.total_seconds()
        gone = max(0.0, (slot - self.ramp_from).total_seconds())
        if gone >= over:
            return slot + self.interval
        whole = self.interval.total_seconds()
        share = self.ramp.start_fraction + (1 - self.ramp.start_fraction) * gone / over
        earned_in_ramp = (share + 1) / 2 * (over - gone)
        if earned_in_ramp <= whole:
            seconds = over - gone + whole - earned_in_ramp
        else:
            slope = (1 - self.ramp.start_fraction) / over
            seconds = 2 * whole / (share + math.sqrt(share * share + 2 * slope * whole))
        return slot + max(self.interval, _seconds(seconds))

    def kept(self, slot: datetime | None, at: datetime) -> datetime:
        """The beat that a use at `at` belongs to: `slot`, unless there is none or it lies too far back to catch up."""
        return slot if slot is not None and at - slot <= self.tolerance else at


def grant(
    pacing: Pacing,
    account: Account,
    *,
    now: datetime,
    until: datetime,
    local_day: date,
    in_flight: int,
    first_waiting: bool,
    retry_waiting: bool,
    room: int,
    day_cap: int | None,
    first_left: int | None,
    open_left: timedelta | None,
) -> Grant:
    """How many attempts may be made from `now` to `until`, at which instants, and what sets the limit.

    `until` is `now` in real time; a virtual clock plans some seconds ahead. `local_day` is the day that the caps
    count on. `in_flight` attempts are live under this limit. `room` is how many the caller can take. `day_cap`
    overrides `pacing.daily_cap` for today; 0 closes the day, retries included.

    `first_left` first attempts are to be spread over `open_left` of open time until `finish_by`; with either None
    `finish_by` is not applied. It is a pace, not an end (a batch's expiry is): first attempts that are late go on
    as if `LATE_SPREAD` were left, neither stopped nor in a burst. Retries are outside of it.
    """
    if not (first_waiting or retry_waiting):
        return Grant((), 0, 0, None, "")
    fraction = _fraction(pacing, account, now)
    beat = _beat(pacing, account.ramp_from or now)
    first_beat = _first_beat(pacing, now, first_left, open_left) if first_waiting else None
    first_cap, all_cap = _caps_left(pacing, account, local_day, day_cap)
    seats = _seats(pacing.max_concurrent, fraction, in_flight)
    growing = seats < _seats(pacing.max_concurrent, 1.0, in_flight)
    max_first = min(first_cap, all_cap) if first_waiting else 0
    max_retry = all_cap if retry_waiting else 0
    most, limited_by = min(
        (min(all_cap, max_first + max_retry), "daily_cap"),
        (0 if _stopped(pacing) else _NO_LIMIT, "rate"),
        (seats, "ramp_up" if growing else "concurrency"),
        (max(0, room), "room"),
        key=lambda bound: bound[0],
    )
    next_at = _next_seat(pacing, account, now, in_flight + seats) if limited_by == "ramp_up" else None

    first_beats, next_first = _due(first_beat, account.last_first, now, until, min(most, max_first))
    floors = repeat(now, most) if retry_waiting or first_beat is None else first_beats
    slots, next_slot = _slots(beat, _start(beat, account), until, floors)
    if next_slot is not None:
        limited_by, next_at = ("rate" if fraction == 1.0 else "ramp_up"), next_slot
    if first_beat is not None and len(first_beats) < max_first:
        max_first = len(first_beats)
        if next_first is not None and max_first < len(slots):
            limited_by, next_at = "finish_by", min(next_first, next_at or next_first)
        elif next_first is not None and next_slot is None:
            limited_by, next_at = "finish_by", next_first
    elif first_waiting and max_first < len(slots):
        limited_by = "daily_cap"
    return Grant(slots, min(max_first, len(slots)), min(max_retry, len(slots)), next_at, limited_by)


def spend(
    pacing: Pacing,
    account: Account,
    *,
    used: Sequence[datetime],
    first: int,
    retry: int,
    local_day: date,
    now: datetime,
    first_left: int | None = None,
    open_left: timedelta | None = None,
) -> Account:
    """The account after `first` first attempts and `retry` retries were released at the `used` slots.

    Only used slots move the rate, so slots that found nobody waiting are not lost. `first_left` and `open_left`
    are those given to `grant`; with `finish_by` they keep its beat over the engine's hiccups.
    """
    if not used:
        return account
    used = sorted(used)
    day_first, day_all = _today(account, local_day)
    ramp_from = account.ramp_from or (used[0] if pacing.ramp_up else None)
    next_slot = account.next_slot
    beat = _beat(pacing, ramp_from or now)
    if beat is not None:
        next_slot = _start(beat, account)
        for at in used:
            next_slot = beat.after(beat.kept(next_slot, at))
    last_first = account.last_first
    if pacing.finish_by is not None and first:
        first_beat = _first_beat(pacing, now, first_left, open_left)
        for at in used[-first:]:
            due = last_first + first_beat.interval if first_beat and last_first else None
            last_first = first_beat.kept(due, at) if first_beat else at
    return replace(
        account,
        next_slot=next_slot,
        day=max(local_day, account.day) if account.day else local_day,
        day_first=day_first + first,
        day_all=day_all + first + retry,
        ramp_from=ramp_from,
        last_used=max(used[-1], account.last_used) if account.last_used else used[-1],
        last_first=last_first,
    )


def _seconds(seconds: float) -> timedelta:
    """`seconds` in whole microseconds, rounded up so that a limit is never exceeded by rounding."""
    return timedelta(microseconds=math.ceil(min(seconds, _LONGEST_INTERVAL) * 1_000_000))


def _stopped(pacing: Pacing) -> bool:
    """Whether a rate of nothing was asked for (refused when a campaign is saved)."""
    return (pacing.per_hour is not None and pacing.per_hour <= 0) or (
        pacing.per_second is not None and pacing.per_second <= 0
    )


def _beat(pacing: Pacing, ramp_from: datetime) -> _Beat | None:
    """One beat that keeps both rates: N per rolling hour needs interval * N >= 3600 + tolerance, likewise a second."""
    hourly, secondly = pacing.per_hour, pacing.per_second
    if (hourly is None and secondly is None) or _stopped(pacing):
        return None
    bare = max(_HOUR / hourly if hourly else 0.0, 1 / secondly if secondly else 0.0)
    tolerance = 0.0
    if hourly is not None and bare < SLOW_BEAT.total_seconds():
        tolerance = CATCH_UP.total_seconds()
    if secondly is not None:
        # A slower hourly beat leaves room in the second, so that much bunching is harmless.
        slack = min(tolerance, max(0.0, secondly * bare - 1))
        floor = CATCH_UP_WITHIN_SECOND.total_seconds() if bare < SLOW_BEAT_PER_SECOND.total_seconds() else 0.0
        tolerance = max(slack, floor)
    interval = max((_HOUR + tolerance) / hourly if hourly else 0.0, (1 + tolerance) / secondly if secondly else 0.0)
    return _Beat(_seconds(interval), timedelta(seconds=tolerance), pacing.ramp_up, ramp_from)


def _first_beat(pacing: Pacing, now: datetime, first_left: int | None, open_left: timedelta | None) -> _Beat | None:
    """The beat of first attempts that ends on time, found anew each time it is asked; None when there is none."""
    if pacing.finish_by is None or open_left is None or not first_left or first_left < 0:
        return None
    left = open_left if now < pacing.finish_by and open_left > timedelta(0) else LATE_SPREAD
    return _Beat(left / first_left, CATCH_UP)


def _start(beat: _Beat | None, account: Account) -> datetime | None:
    """Where the beat stands. Measured from the last use as well, so that a raised or lowered rate counts at once."""
    if beat is None or account.last_used is None:
        return account.next_slot
    by_last_use = beat.after(account.last_used)
    if account.next_slot is None or not beat.tolerance:
        return by_last_use
    return min(account.next_slot, by_last_use)


def _due(
    beat: _Beat | None, last: datetime | None, now: datetime, until: datetime, most: int
) -> tuple[list[datetime], datetime | None]:
    """The instants up to `until` at which `beat` is due, at most `most`; and the next one when time ends them."""
    found: list[datetime] = []
    if beat is None:
        return found, None
    slot = last + beat.interval if last else now
    while len(found) < most:
        slot = beat.kept(slot, now)
        if slot > until:
            return found, slot
        found.append(max(slot, now))
        slot += beat.interval
    return found, None


def _slots(
    beat: _Beat | None, slot: datetime | None, until: datetime, floors: Iterable[datetime]
) -> tuple[tuple[datetime, ...], datetime | None]:
    """A slot for each of `floors`, not before it, up to `until`; and the next one when the rate is what ends them."""
    found: list[datetime] = []
    for floor in floors:
        if beat is None:
            found.append(floor)
            continue
        slot = beat.kept(slot, floor)
        at = max(slot, floor)
        if at > until:
            return tuple(found), at
        found.append(at)
        slot = beat.after(slot)
    return tuple(found), None


def _today(account: Account, local_day: date) -> tuple[int, int]:
    """First attempts and all attempts of the day. A day behind the account's keeps its counts: they fail closed."""
    if account.day is None or local_day > account.day:
        return 0, 0
    return account.day_first, account.day_all


def _caps_left(pacing: Pacing, account: Account, local_day: date, day_cap: int | None) -> tuple[int, int]:
    """How many more first attempts, and attempts in all, the day's cap allows."""
    cap = pacing.daily_cap if day_cap is None else day_cap
    if cap is None:
        return _NO_LIMIT, _NO_LIMIT
    if cap <= 0:
        return 0, 0
    day_first, day_all = _today(account, local_day)
    if pacing.daily_cap_counts is CapCounts.FIRST_ATTEMPTS:
        return max(0, cap - day_first), _NO_LIMIT
    return max(0, cap - day_all), max(0, cap - day_all)


def _fraction(pacing: Pacing, account: Account, now: datetime) -> float:
    """The share of rate and concurrency that the ramp-up allows at `now`; 1.0 without one or after it."""
    ramp = pacing.ramp_up
    if ramp is None or ramp.over <= timedelta(0):
        return 1.0
    gone = max(timedelta(0), now - account.ramp_from) if account.ramp_from else timedelta(0)
    return min(1.0, ramp.start_fraction + (1 - ramp.start_fraction) * (gone / ramp.over))


def _seats(max_concurrent: int | None, fraction: float, in_flight: int) -> int:
    """How many more attempts may be live at once; a ramp-up starts with one at least."""
    if max_concurrent is None:
        return _NO_LIMIT
    allowed = max_concurrent if fraction == 1.0 else max(1, math.floor(max_concurrent * fraction + 1e-6))
    return max(0, min(allowed, max_concurrent) - in_flight)


def _next_seat(pacing: Pacing, account: Account, now: datetime, taken: int) -> datetime | None:
    """When a ramp-up that has not begun to hold more than `taken` allows one more."""
    ramp, most = pacing.ramp_up, pacing.max_concurrent
    if ramp is None or most is None or ramp.start_fraction >= 1:
        return None
    share = max(0.0, ((taken + 1) / most - ramp.start_fraction) / (1 - ramp.start_fraction))
    return max(now, (account.ramp_from or now) + _seconds(share * ramp.over.total_seconds()))


def fair_shares(
    capacity: int, demand: Mapping[int, int], holding: Mapping[int, int], *, turn: int = 0
) -> dict[int, int]:
    """What each campaign may take more of a limit that they share, max-min fair over what it then holds.

    `capacity` is the whole limit, what is held included; `demand` is how many more each could use; `holding` is what
    each has already (those that ask for nothing count as well). No one gets more while somebody who still wants has
    less. What cannot be divided goes round by `turn`, which the caller raises by one each time.
    """
    free = max(0, capacity - sum(holding.values()))
    asking = sorted(key for key, wanted in demand.items() if wanted > 0)
    held = {key: holding.get(key, 0) for key in asking}

    def up_to(level: int) -> dict[int, int]:
        return {key: min(demand[key], max(0, level - held[key])) for key in asking}

    low, high = 0, max((held[key] + demand[key] for key in asking), default=0)
    while low < high:
        level = (low + high + 1) // 2
        low, high = (level, high) if sum(up_to(level).values()) <= free else (low, level - 1)
    shares = up_to(low)
    left = free - sum(shares.values())
    at_level = [key for key in asking if held[key] + shares[key] == low and shares[key] < demand[key]]
    for place in range(min(left, len(at_level))):
        shares[at_level[(turn + place) % len(at_level)]] += 1
    return {key: shares.get(key, 0) for key in demand}
