"""What the harness did and when, by its own clock: the other half of what the ledger is judged against.

Instants are microseconds since 1970 (UTC), as in the ledger.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

Value = Any
SECOND = 1_000_000


def now_us() -> int:
    """This instant."""
    return time.time_ns() // 1000


@dataclass(frozen=True, slots=True)
class Hours:
    """When a campaign may call: spans in seconds of the local day, on one clock or (None) on each contact's own."""

    zone: str | None
    spans: tuple[tuple[int, int], ...]

    def allow(self, at_us: int, theirs: str | None) -> bool:
        """Whether an instant is inside, worked out anew from the wall clock at that place."""
        local = clock(at_us, self.zone or theirs or "UTC")
        return any(start <= local < end for start, end in self.spans)


def clock(at_us: int, zone: str) -> float:
    """Seconds since midnight on the wall clock of `zone`."""
    local = local_time(at_us, zone)
    return local.hour * 3600 + local.minute * 60 + local.second + at_us % SECOND / SECOND


def local_time(at_us: int, zone: str) -> datetime:
    """Date and time on the wall clock of `zone`, to the second."""
    return datetime.fromtimestamp(at_us // SECOND, ZoneInfo(zone))


@dataclass(slots=True)
class Setting:
    """A limit or rule that was asked for. In doubt between `sent` and `acked`, in force from `acked` on."""

    scope: str
    """`campaign:7`, `batch:9`, `trunk:1`, `sender:4`, `organization:1`."""
    name: str
    value: Value
    sent: int
    acked: int | None = None


@dataclass(slots=True)
class Pause:
    """A campaign was paused for sure from `acked` until `resumed`, when the resume was first asked for."""

    campaign_id: int
    acked: int
    resumed: int | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A contact that the API has acknowledged."""

    campaign_id: int
    reference: str
    address: str
    zone: str | None


@dataclass(frozen=True, slots=True)
class Freeze:
    """A process stood still."""

    pid: int
    start: int
    end: int


@dataclass(slots=True)
class Diary:
    """Everything that was done."""

    settings: list[Setting] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    freezes: list[Freeze] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    """Kind of mischief -> how often it was done."""
    exits: list[str] = field(default_factory=list)
    """Processes that ended by themselves."""
    troubles: list[str] = field(default_factory=list)
    """Things that could not be done."""
    complete: bool = True
    """Whether the run waited until every webhook message was delivered."""
    received: Counter[str] = field(default_factory=Counter)
    """Webhook message id -> how often it was taken."""
    endpoint_id: int = 0
    organization_id: int = 0
    campaigns: dict[str, int] = field(default_factory=dict)
    """Name -> id."""

    def setting(self, scope: str, name: str, value: Value, sent: int, acked: int | None) -> None:
        """Note that something was set."""
        self.settings.append(Setting(scope, name, value, sent, acked))

    def in_force(self, scope: str, name: str, start: int, end: int | None = None) -> list[Value]:
        """Every value that may have been in force at `start`, or at some instant up to `end`."""
        end = start if end is None else end
        known = [each for each in self.settings if each.scope == scope and each.name == name]
        found = []
        for place, each in enumerate(known):
            over = next((later.acked for later in known[place + 1 :] if later.acked is not None), None)
            if each.sent <= end and (over is None or over >= start):
                found.append(each.value)
        return found

    def most(self, scope: str, name: str, start: int, end: int | None = None) -> float | None:
        """The widest limit that may have been in force; None when there may have been none."""
        values = self.in_force(scope, name, start, end)
        return None if not values or None in values else max(values)

    def stood(self, pid: int, start: int, end: int) -> int:
        """For how long within a span of time a process was frozen."""
        return sum(max(0, min(end, each.end) - max(start, each.start)) for each in self.freezes if each.pid == pid)

    def scopes(self, name: str) -> list[str]:
        """Where a limit was ever set."""
        return sorted({each.scope for each in self.settings if each.name == name})
