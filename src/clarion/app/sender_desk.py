"""Who calls: picks a sender for each contact of a release, inside the caps of senders and trunks."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from clarion.app.ports.channel import Trunk
from clarion.app.ports.queue import InFlight
from clarion.app.ports.resources import Sender
from clarion.core.campaigns import Rotation
from clarion.core.contacts import Contact
from clarion.core.pacing import Account, Pacing, grant, spend
from clarion.core.senders import Candidate, choose

PLENTY = 1_000
"""More than one release takes."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A sender, its trunk and the instant at which both have a place."""

    sender: Sender
    trunk: Trunk
    at: datetime


@dataclass(slots=True)
class _Limit:
    """A sender's or trunk's limit while a release uses it up."""

    pacing: Pacing
    account: Account
    slots: deque[datetime] = field(default_factory=deque)
    next_at: datetime | None = None
    limited_by: str = ""
    used: list[datetime] = field(default_factory=list)

    def open(self, now: datetime, until: datetime, day: date, in_flight: int) -> None:
        granted = grant(
            self.pacing,
            self.account,
            now=now,
            until=until,
            local_day=day,
            in_flight=in_flight,
            first_waiting=True,
            retry_waiting=True,
            room=PLENTY,
            day_cap=None,
            first_left=None,
            open_left=None,
        )
        self.slots, self.next_at, self.limited_by = deque(granted.slots), granted.next_at, granted.limited_by

    def take(self, at: datetime) -> datetime:
        """Use a slot, at `at` or when the slot allows."""
        at = max(at, self.slots.popleft())
        self.used.append(at)
        return at


class SenderDesk:
    """One release's view of its senders and trunks. `scopes` are locked before `open`; `changed` is written after."""

    def __init__(self, rotation: Rotation, senders: Sequence[Sender], trunks: Mapping[int, Trunk]) -> None:
        """`senders` are the enabled ones of the campaign, in the pool's order."""
        self._rotation = rotation
        self._trunks = {t: trunks[t] for t in {s.trunk_id for s in senders} if t is not None and t in trunks}
        usable = [(s, self._trunks[s.trunk_id]) for s in senders if s.trunk_id in self._trunks]
        self._pairs = sorted(usable, key=lambda pair: pair[1].priority)
        self._limits: dict[str, _Limit] = {}
        self._day: date | None = None
        self._until: datetime | None = None
        self.next_at: datetime | None = None
        self.limited_by = ""

    def _pacings(self) -> dict[str, Pacing]:
        rotates = len(self._pairs) > 1
        pacings = {
            f"sender:{s.id}": Pacing(per_second=s.per_second, daily_cap=s.daily_cap)
            for s, _ in self._pairs
            if rotates or s.per_second is not None or s.daily_cap is not None
        }
        for trunk in self._trunks.values():
            if trunk.per_second is not None or trunk.max_concurrent is not None:
                pacings[f"trunk:{trunk.id}"] = Pacing(
                    per_second=trunk.per_second, max_concurrent=trunk.max_concurrent
                )
        return pacings

    def scopes(self) -> list[str]:
        """The accounts that these senders and trunks are limited by."""
        return list(self._pacings())

    def open(
        self,
        accounts: Mapping[str, Account],
        flying: Sequence[InFlight],
        now: datetime,
        until: datetime,
        day: date,
    ) -> None:
        """Find out what each sender and trunk has free. `accounts` are locked."""
        self._day, self._until = day, until
        for scope, pacing in self._pacings().items():
            kind, _, key = scope.partition(":")
            holding = sum(f.count for f in flying if kind == "trunk" and f.trunk_id == int(key))
            limit = _Limit(pacing, accounts[scope])
            limit.open(now, until, day, holding)
            self._limits[scope] = limit

    def pick(self, contact: Contact, at: datetime) -> Pick | None:
        """A sender for this contact, or None when no sender or trunk has a place by the end of the horizon."""
        free = [(s, t) for s, t in self._pairs if self._has_place(s, t)]
        if contact.faults and contact.last_trunk_id is not None:
            free = [(s, t) for s, t in free if t.id != contact.last_trunk_id] or free
        if not free:
            self._bound()
            return None
        best = [pair for pair in free if pair[1].priority == free[0][1].priority]
        sender, trunk = best[0] if len(best) == 1 else self._rotate(best, contact, at)
        for scope in (f"sender:{sender.id}", f"trunk:{trunk.id}"):
            if scope in self._limits:
                at = self._limits[scope].take(at)
        return Pick(sender, trunk, at)

    def changed(self) -> list[Account]:
        """The accounts as they stand after the picks."""
        assert self._day is not None
        changed = []
        for scope in sorted(self._limits):
            limit = self._limits[scope]
            if limit.used:
                account = spend(
                    limit.pacing,
                    limit.account,
                    used=limit.used,
                    first=len(limit.used),
                    retry=0,
                    local_day=self._day,
                    now=limit.used[-1],
                )
                changed.append(replace(account, last_used=limit.used[-1]))
        return changed

    def _has_place(self, sender: Sender, trunk: Trunk) -> bool:
        return all(
            self._limits[scope].slots
            for scope in (f"sender:{sender.id}", f"trunk:{trunk.id}")
            if scope in self._limits
        )

    def _rotate(self, pairs: Sequence[tuple[Sender, Trunk]], contact: Contact, at: datetime) -> tuple[Sender, Trunk]:
        candidates = []
        for sender, _ in pairs:
            limit = self._limits[f"sender:{sender.id}"]
            last = limit.used[-1] if limit.used else limit.account.last_used
            candidates.append(Candidate(sender.id, sender.address, replace(limit.account, last_used=last)))
        address = contact.address_at(contact.address_index).value
        chosen = choose(self._rotation, candidates, address, now=at)
        return next(pair for pair in pairs if pair[0].id == chosen)

    def _bound(self) -> None:
        """Remember what kept the last contact from getting a sender, and until when."""
        for limit in self._limits.values():
            if not limit.slots:
                self.limited_by = limit.limited_by or "room"
                if limit.next_at is not None and (self.next_at is None or limit.next_at < self.next_at):
                    self.next_at = limit.next_at
