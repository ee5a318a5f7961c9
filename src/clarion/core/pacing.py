"""How fast and how many: rates, concurrency, daily caps, finish-by and ramp-up, held to the unit."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import repeat

from clarion.core.beat import CATCH_UP, Beat, beat_of, microseconds_up


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


LATE_SPREAD = timedelta(hours=1)
"""First attempts left over after `finish_by` are paced as if this much open time were left."""

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


def _stopped(pacing: Pacing) -> bool:
    """Whether a rate of nothing was asked for (refused when a campaign is saved)."""
    return (pacing.per_hour is not None and pacing.per_hour <= 0) or (
        pacing.per_second is not None and pacing.per_second <= 0
    )


def _beat(pacing: Pacing, ramp_from: datetime) -> Beat | None:
    """The beat of both rates together, ramped up; None when there is no rate, or one of nothing."""
    if (pacing.per_hour is None and pacing.per_second is None) or _stopped(pacing):
        return None
    beat = beat_of(pacing.per_hour, pacing.per_second)
    ramp = pacing.ramp_up
    if ramp is None or ramp.start_fraction >= 1:
        return beat
    return replace(beat, ramp_share=ramp.start_fraction, ramp_over=ramp.over, ramp_from=ramp_from)


def _first_beat(pacing: Pacing, now: datetime, first_left: int | None, open_left: timedelta | None) -> Beat | None:
    """The beat of first attempts that ends on time, found anew each time it is asked; None when there is none."""
    if pacing.finish_by is None or open_left is None or not first_left or first_left < 0:
        return None
    left = open_left if now < pacing.finish_by and open_left > timedelta(0) else LATE_SPREAD
    return Beat(left / first_left, CATCH_UP)


def _start(beat: Beat | None, account: Account) -> datetime | None:
    """Where the beat stands. Measured from the last use as well, so that a raised or lowered rate counts at once."""
    if beat is None or account.last_used is None:
        return account.next_slot
    by_last_use = beat.after(account.last_used)
    if account.next_slot is None or not beat.tolerance:
        return by_last_use
    return min(account.next_slot, by_last_use)


def _due(
    beat: Beat | None, last: datetime | None, now: datetime, until: datetime, most: int
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
    beat: Beat | None, slot: datetime | None, until: datetime, floors: Iterable[datetime]
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
    return max(now, (account.ramp_from or now) + microseconds_up(share * ramp.over.total_seconds()))


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


def pacing_problems(pacing: Pacing, now: datetime | None = None) -> list[tuple[str, str, str]]:
    """What is wrong with a pacing that somebody asks for: `(field, code, message)`. Without `now` no date is judged."""
    problems: list[tuple[str, str, str]] = []
    for name, rate in (("per_hour", pacing.per_hour), ("per_second", pacing.per_second)):
        if rate is not None and not (math.isfinite(rate) and rate > 0):
            problems.append((name, "too_small", "A rate is more than 0; pause the campaign to send nothing."))
    for name, count in (("max_concurrent", pacing.max_concurrent), ("daily_cap", pacing.daily_cap)):
        if count is not None and count < 1:
            problems.append((name, "too_small", "At least 1; pause the campaign to send nothing."))
    if pacing.finish_by is not None:
        if pacing.finish_by.tzinfo is None:
            problems.append(("finish_by", "no_zone", "An instant needs an offset from UTC."))
        elif now is not None and pacing.finish_by <= now:
            problems.append(("finish_by", "in_the_past", "It has passed already."))
    if pacing.ramp_up is not None:
        if not 0 < pacing.ramp_up.start_fraction <= 1:
            problems.append(("ramp_up.start_fraction", "out_of_range", "More than 0, at most 1."))
        if pacing.ramp_up.over <= timedelta(0):
            problems.append(("ramp_up.over", "too_small", "A ramp-up takes some time."))
    return problems


_WHY = {
    "": "Nobody is waiting.",
    "rate": "The rate is used up.",
    "ramp_up": "Still ramping up.",
    "concurrency": "As many attempts are live as may be at once; the next begins when one of them ends.",
    "daily_cap": "The day's cap is used up; it goes on with the next day.",
    "finish_by": "First attempts are spread to end at the time to finish by.",
    "room": "The engine is busy with what it has taken.",
}


def why_waiting(grant: Grant) -> str:
    """What kept a grant from being larger, in words; with the instant (UTC) when time alone allows more."""
    words = _WHY[grant.limited_by]
    if grant.next_at is None:
        return words
    return f"{words} The next may be made at {grant.next_at:%Y-%m-%d %H:%M:%S} UTC."
