"""What the engine claims and writes. Calls here serve every organisation: the engine works for all of them.

What is made for every attempt is a named tuple: a frozen dataclass takes three times as long to make.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from clarion.core.campaigns import BatchStatus, CampaignStatus
from clarion.core.contacts import Attempt, Contact, Decision, band
from clarion.core.outcomes import AttemptState, Channel, ContactState, FinishReason, Outcome
from clarion.core.pacing import Account


@dataclass(frozen=True, slots=True)
class Heads:
    """What a release checks again under its lock: has anything changed since it was planned?"""

    status: CampaignStatus
    plan_version: int
    batches: Mapping[int, BatchStatus]


@dataclass(frozen=True, slots=True)
class InFlight:
    """How many attempts are live for one combination of campaign, batch, trunk and sender."""

    organization_id: int
    campaign_id: int
    batch_id: int
    trunk_id: int | None
    sender_id: int | None
    count: int


class Due(NamedTuple):
    """The little that deciding about a closed window needs of a contact that is due."""

    contact_id: int
    region_key: str
    next_at: datetime
    not_before: datetime | None


class Live(NamedTuple):
    """A live attempt with the contact that it belongs to."""

    attempt: Attempt
    contact: Contact


class Move(NamedTuple):
    """Where a contact goes after a decision. Applied only while `fence` is still the live attempt."""

    contact_id: int
    fence: int | None
    """The live attempt's id; None moves a contact that waits."""
    state: ContactState
    band: int
    address_index: int
    region_key: str
    next_at: datetime | None
    not_before: datetime | None
    tries: int
    burned: int
    faults: int
    last_outcome: Outcome | None
    finish_reason: FinishReason | None
    goal_reached: bool

    @classmethod
    def stay(cls, contact: Contact) -> Move:
        """The move that leaves a waiting contact where it is: the start of moves that change one thing."""
        return cls(
            contact_id=contact.id,
            fence=None,
            state=contact.state,
            band=band(contact.priority, retry=contact.tries > 0),
            address_index=contact.address_index,
            region_key=contact.region_key,
            next_at=contact.next_at,
            not_before=contact.not_before,
            tries=contact.tries,
            burned=contact.burned,
            faults=contact.faults,
            last_outcome=contact.last_outcome,
            finish_reason=None,
            goal_reached=contact.goal_reached,
        )

    def finished(self, reason: FinishReason) -> Move:
        """The same contact, finished."""
        return self._replace(state=ContactState.FINISHED, finish_reason=reason, next_at=None, not_before=None)


class Ending(NamedTuple):
    """How an attempt ended, as it is written on its row."""

    attempt_id: int
    state: AttemptState
    outcome: Outcome | None
    detail: str | None
    burns: bool
    provider_id: str | None
    accepted_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    cost_micros: int | None
    currency: str | None
    raw: Mapping[str, Any]
    results: Mapping[str, Any]


class QueueRows(Protocol):
    """Claims, attempts, decisions, limits, workers."""

    # limits
    async def lock_accounts(self, lead: str | None, others: Iterable[str]) -> dict[str, Account] | None:
        """The accounts, locked until the transaction ends; None when another worker holds `lead`. Waits for others."""
        ...

    async def save_accounts(self, accounts: Iterable[Account]) -> None:
        """Write back what limits remember."""
        ...

    async def accounts(self, scopes: Iterable[str]) -> dict[str, Account]:
        """The accounts as they stand, not locked."""
        ...

    async def heads(self, campaign_id: int) -> Heads:
        """Status and plan version of the campaign, status of its batches."""
        ...

    async def in_flight(self, campaign_id: int | None = None) -> list[InFlight]:
        """Every live attempt (of one campaign), counted by campaign, batch, trunk and sender."""
        ...

    async def touches(self, organization_id: int, people: Sequence[str], since: datetime) -> dict[str, list[datetime]]:
        """When each of `people` was attempted since then, over all campaigns and channels, ascending."""
        ...

    # claims
    async def due(self, batch_id: int, band: int, until: datetime, limit: int) -> list[Contact]:
        """Waiting contacts due by `until`, earliest first, locked until its end; rows that others hold are skipped."""
        ...

    async def next_due(self, batches: Mapping[int, int]) -> dict[int, datetime]:
        """For batches (id -> bands in use) that have waiting contacts: the earliest `next_at`."""
        ...

    async def release(self, attempts: Sequence[Attempt]) -> None:
        """Write the attempts, and their contacts as released."""
        ...

    async def due_regions(self, batch_id: int, band: int, until: datetime, limit: int) -> list[Due]:
        """The same contacts as `due`, as little of them as deferring needs."""
        ...

    async def defer(self, openings: Sequence[tuple[int, datetime]], now: datetime) -> None:
        """Give waiting contacts (by id) a new instant."""
        ...

    async def move(self, moves: Sequence[Move], now: datetime) -> None:
        """Move contacts; a move whose fence no longer holds changes nothing."""
        ...

    # attempts
    async def hold_live(self, attempt_ids: Sequence[int]) -> dict[int, Outcome | None]:
        """Which of the attempts are still live, their contacts locked until this transaction ends.

        With each comes the news that arrived before its end, if any did.
        """
        ...

    async def live(self, attempt_ids: Sequence[int]) -> list[Live]:
        """Live attempts with their contacts."""
        ...

    async def attempts(self, attempt_ids: Sequence[int], *, lock: bool = False) -> list[Attempt]:
        """Attempts in any state; `lock`: nobody else may change them until this transaction ends."""
        ...

    async def contacts(self, contact_ids: Sequence[int], *, lock: bool = False) -> list[Contact]:
        """Contacts by id; `lock` as above."""
        ...

    async def by_provider_id(self, provider_id: str) -> Attempt | None:
        """The attempt that a carrier knows by this id."""
        ...

    async def mark_accepted(self, accepted: Sequence[tuple[int, str | None, datetime]]) -> None:
        """(attempt id, provider id, instant): the carrier has them."""
        ...

    async def end(self, endings: Sequence[Ending]) -> None:
        """Write how attempts ended, or what is now known of them."""
        ...

    async def pull(self, channel: Channel, limit: int, since: datetime) -> list[Live]:
        """Lock released attempts that wait to be pulled, oldest first: of running campaigns and active batches only.

        None that was released before `since`. What others hold is skipped.
        """
        ...

    async def begin(self, attempts: Sequence[tuple[int, int]], worker_id: int, now: datetime) -> None:
        """(attempt id, contact id): pulled attempts are begun by this worker."""
        ...

    async def take_back(
        self,
        campaign_id: int,
        now: datetime,
        batch_id: int | None = None,
        *,
        released_before: datetime | None = None,
    ) -> int:
        """Return released attempts that no channel has begun to the queue. How many there were."""
        ...

    async def revise(self, contact: Contact, reason: FinishReason, outcome: Outcome, goal: bool, now: datetime) -> None:
        """A finished contact is finished for another reason: what became of its last attempt is known after all."""
        ...

    async def ended_by_rule(self, contact_ids: Sequence[int]) -> set[int]:
        """Which of these finished contacts were finished by a rule or by hand, and not by an attempt's end."""
        ...

    async def reach_goal(self, contact_ids: Sequence[int], now: datetime) -> None:
        """The goal of these contacts is reached, whatever their state."""
        ...

    async def decide(self, decisions: Sequence[Decision]) -> None:
        """Append lines to the stories."""
        ...

    async def count(self, slot: int, increments: Mapping[tuple[int, int, str], int]) -> None:
        """Add to the tallies: (campaign id, batch id, key) -> n."""
        ...

    async def tally(self, batch_ids: Sequence[int], keys: Sequence[str]) -> dict[tuple[int, str], int]:
        """Sums of tallies over all workers, by batch and key."""
        ...

    # sweeps
    async def sweep(self, batch_id: int, limit: int) -> list[Contact]:
        """Waiting contacts of a batch, whenever due, locked: to be finished in chunks. What others hold is skipped."""
        ...

    async def deferred(self, batch_id: int, after: int, now: datetime, limit: int) -> list[Contact]:
        """Waiting contacts with an id above `after` whose instant lies ahead, in id order."""
        ...

    async def has_waiting(self, batches: Mapping[int, int]) -> bool:
        """Whether any batch (id -> bands in use) has a waiting contact."""
        ...

    # workers
    async def enlist(self, worker_id: int, name: str, roles: str, version: str, now: datetime, until: datetime) -> None:
        """Add a worker with its lease."""
        ...

    async def renew(self, worker_id: int, now: datetime, until: datetime) -> bool:
        """Renew a lease; False when the worker was fenced and must stop."""
        ...

    async def retire(self, worker_id: int, now: datetime) -> None:
        """The worker stopped of its own will."""
        ...

    async def fence_lost(self, now: datetime, keep: int, everyone: bool) -> list[int]:
        """Fence workers whose lease ran out (or all but `keep`): they may write no more. Their ids."""
        ...

    async def orphans(self, limit: int) -> list[Live]:
        """Live attempts whose worker is fenced, stopped or unknown, locked."""
        ...

    async def held_by(self, worker_id: int) -> list[Live]:
        """Live attempts of a worker."""
        ...

    async def adopt(self, attempts: Sequence[tuple[int, AttemptState]], worker_id: int) -> None:
        """Make live attempts this worker's, in the given state."""
        ...
