"""Who calls: picks a sender for each contact of a release, inside the caps of senders and trunks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple

from clarion.app.ports.channel import Trunk
from clarion.app.ports.queue import InFlight
from clarion.app.ports.resources import Sender
from clarion.app.quota import Quota
from clarion.core.campaigns import Rotation
from clarion.core.contacts import Contact
from clarion.core.pacing import Account, Pacing
from clarion.core.senders import Candidate, choose

PLENTY = 1_000
"""More than one release takes."""


class Pick(NamedTuple):
    """A sender, its trunk and the instant at which both have a place."""

    sender: Sender
    trunk: Trunk
    at: datetime


class SenderDesk:
    """One release's view of its senders and trunks.

    Its `scopes` are locked before `open`. A `pick` uses nothing up until it is taken; `changed` is written at the end.
    """

    def __init__(self, rotation: Rotation, senders: Sequence[Sender], trunks: Mapping[int, Trunk]) -> None:
        """`senders` are the enabled ones of the campaign, in the pool's order."""
        self._rotation = rotation
        usable = [(s, trunks[s.trunk_id]) for s in senders if s.trunk_id is not None and s.trunk_id in trunks]
        self._pairs = sorted(usable, key=lambda pair: pair[1].priority)
        self._accounts: Mapping[str, Account] = {}
        self._quotas: dict[str, Quota] = {}
        self._candidates: dict[int, Candidate] = {}
        self._last_id: int | None = None
        self._day: date | None = None
        self.next_at: datetime | None = None
        """When a sender or trunk that had no place for a contact has one by time alone."""
        self.limited_by = ""
        """What kept the last contact from getting a sender; nobody else gets one either."""

    def _pacings(self) -> dict[str, Pacing]:
        found = {f"sender:{s.id}": Pacing(per_second=s.per_second, daily_cap=s.daily_cap) for s, _ in self._pairs}
        for _, trunk in self._pairs:
            found[f"trunk:{trunk.id}"] = Pacing(per_second=trunk.per_second, max_concurrent=trunk.max_concurrent)
        rotates = len(self._pairs) > 1  # then senders remember when they were last used, limited or not
        return {
            scope: pacing
            for scope, pacing in found.items()
            if pacing != Pacing() or (rotates and scope.startswith("sender:"))
        }

    def scopes(self) -> list[str]:
        """The accounts that these senders and trunks are limited by."""
        return list(self._pacings())

    @property
    def counts_concurrency(self) -> bool:
        """Whether `open` needs to know what is in flight."""
        return any(trunk.max_concurrent is not None for _, trunk in self._pairs)

    def open(
        self,
        accounts: Mapping[str, Account],
        flying: Sequence[InFlight],
        now: datetime,
        until: datetime,
        day: date,
        room: int = PLENTY,
    ) -> None:
        """Find out what each sender and trunk has free. `accounts` are locked; `day` is the organisation's."""
        self._day, self._accounts = day, accounts
        for scope, pacing in self._pacings().items():
            if pacing == Pacing():
                continue
            kind, _, key = scope.partition(":")
            holding = sum(f.count for f in flying if kind == "trunk" and f.trunk_id == int(key))
            self._quotas[scope] = Quota.ask(
                pacing, accounts[scope], now=now, until=until, day=day, in_flight=holding, room=room
            )
        if len(self._pairs) > 1:
            self._candidates = {s.id: Candidate(s.id, s.address, accounts[f"sender:{s.id}"]) for s, _ in self._pairs}

    def pick(self, contact: Contact, at: datetime) -> Pick | None:
        """A sender for this contact, not before `at`; None when no sender or trunk has a place for anybody."""
        free = [pair for pair in self._pairs if self._has_place(*pair)] if self._quotas else self._pairs
        if contact.faults and contact.last_trunk_id is not None:
            free = [pair for pair in free if pair[1].id != contact.last_trunk_id] or free
        if not free:
            self._bound()
            return None
        best = [pair for pair in free if pair[1].priority == free[0][1].priority]
        sender, trunk = best[0] if len(best) == 1 else self._rotate(best, contact, at)
        for quota in self._limits(sender, trunk):
            at = quota.earliest(at)
        return Pick(sender, trunk, at)

    def take(self, pick: Pick) -> None:
        """Use up what was picked."""
        for quota in self._limits(pick.sender, pick.trunk):
            quota.use(pick.at, first=True)
        old = self._candidates.get(pick.sender.id)
        if old is not None:
            used = Account(old.account.scope, last_used=pick.at)  # rotation asks for nothing else
            self._candidates[pick.sender.id] = Candidate(old.sender_id, old.address, used, picks=old.picks + 1)
            self._last_id = pick.sender.id

    def changed(self) -> list[Account]:
        """The accounts as they stand after the picks."""
        assert self._day is not None
        changed: dict[str, Account] = {}
        for sender_id, candidate in self._candidates.items():
            if candidate.picks:
                scope = f"sender:{sender_id}"
                changed[scope] = replace(self._accounts[scope], last_used=candidate.account.last_used)
        for scope, quota in self._quotas.items():
            if quota.used:
                changed[scope] = quota.spent(self._day, quota.used[-1])
        return [changed[scope] for scope in sorted(changed)]

    def _limits(self, sender: Sender, trunk: Trunk) -> list[Quota]:
        scopes = (f"sender:{sender.id}", f"trunk:{trunk.id}")
        return [self._quotas[scope] for scope in scopes if scope in self._quotas] if self._quotas else []

    def _has_place(self, sender: Sender, trunk: Trunk) -> bool:
        return all(quota.left for quota in self._limits(sender, trunk))

    def _rotate(self, pairs: Sequence[tuple[Sender, Trunk]], contact: Contact, at: datetime) -> tuple[Sender, Trunk]:
        candidates = [self._candidates[sender.id] for sender, _ in pairs]
        last = self._last_id if any(c.sender_id == self._last_id for c in candidates) else None
        address = contact.current_address
        chosen = choose(self._rotation, candidates, address, now=at, last_id=last)
        return next(pair for pair in pairs if pair[0].id == chosen)

    def _bound(self) -> None:
        """Remember what kept the last contact from getting a sender, and until when."""
        for quota in self._quotas.values():
            if not quota.left:
                granted = quota.granted
                self.limited_by = granted.limited_by or "room"
                if granted.next_at is not None and (self.next_at is None or granted.next_at < self.next_at):
                    self.next_at = granted.next_at
