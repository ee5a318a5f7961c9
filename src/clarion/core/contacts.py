"""People to reach, the attempts made to reach them, and the line that each decision leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from clarion.core.outcomes import AttemptState, Channel, ContactState, FinishReason, Outcome

DEFAULT_PRIORITY = 5
"""Priorities run from 0 (last) to 9 (first)."""


def band(priority: int, *, retry: bool) -> int:
    """The queue band of a contact: higher bands are released first, retries before first attempts of a priority."""
    return priority * 2 + (1 if retry else 0)


@dataclass(frozen=True, slots=True)
class Address:
    """One way to reach a contact, normalised (E.164, or a lower-cased mail domain), with what its form tells."""

    value: str
    region_key: str
    """`Region.key`: candidate zones and jurisdictions."""
    line_type: str | None = None
    """mobile, landline, voip, toll_free, premium or None (not known)."""
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact on its way in, parsed and normalised, not yet in the ledger."""

    reference_id: str | None
    address: Address
    fallbacks: tuple[Address, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    zone: str | None = None
    postal_code: str | None = None
    person: str | None = None
    """Identity over channels and campaigns for per-person limits; the first address when not given."""
    priority: int = DEFAULT_PRIORITY
    line: int | None = None
    """Line of the file it came from, 1-based, header included."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was not taken, with its line (1-based) and the reason in words; `code` is for machines."""

    line: int
    code: str
    message: str
    field: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact as the engine reads it from the queue. Instants are UTC."""

    id: int
    organization_id: int
    campaign_id: int
    batch_id: int
    reference_id: str | None
    address: str
    region_key: str
    person: str
    state: ContactState
    line_type: str | None = None
    fallbacks: tuple[Address, ...] = ()
    address_index: int = 0
    """0 is the first address, n the n-th fallback."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    zone: str | None = None
    postal_code: str | None = None
    priority: int = DEFAULT_PRIORITY
    tries: int = 0
    """Attempts made in all, carrier faults included."""
    burned: int = 0
    """Attempts that count against the budget."""
    faults: int = 0
    """Carrier faults in a row."""
    not_before: datetime | None = None
    """The instant that a rule asked for, before windows."""
    next_at: datetime | None = None
    """The first instant not before it that lies inside a window."""
    attempt_id: int | None = None
    """The live attempt; the fence of every write."""
    last_outcome: Outcome | None = None
    finish_reason: FinishReason | None = None
    goal_reached: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None
    home_region_key: str = ";"
    """Region of the first address; `region_key` is that of the current one."""
    last_trunk_id: int | None = None
    """Trunk of the latest attempt: another goes first after a carrier's fault."""
    fresh_from: int = 0
    """Attempts made before somebody opened the contact again: they are not held against what comes then."""

    @property
    def current_address(self) -> str:
        """The address that is tried next, by itself."""
        return self.fallbacks[self.address_index - 1].value if self.address_index else self.address

    def address_at(self, index: int) -> Address:
        """The address that `address_index` names."""
        if index == 0:
            return Address(self.address, self.home_region_key, self.line_type)
        return self.fallbacks[index - 1]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to reach a contact. `id` is the idempotency key everywhere."""

    id: int
    organization_id: int
    campaign_id: int
    batch_id: int
    contact_id: int
    number: int
    """1-based, carrier faults included."""
    channel: Channel
    address: str
    person: str
    state: AttemptState
    sender_id: int | None = None
    trunk_id: int | None = None
    provider_id: str | None = None
    outcome: Outcome | None = None
    detail: str | None = None
    """The carrier's word in short: `486`, `Q.850 17`, `550 5.1.1`."""
    burns: bool = True
    sandbox: bool = False
    worker_id: int | None = None
    released_at: datetime | None = None
    begun_at: datetime | None = None
    accepted_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    cost_micros: int | None = None
    """Millionths of `currency`."""
    currency: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)
    """The provider's report as it came."""
    results: Mapping[str, Any] = field(default_factory=dict)
    """Structured output of the conversation, the goal variable among it."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a channel says became of an attempt. `final` reports end it; others are progress (delivered, opened)."""

    attempt_id: int
    outcome: Outcome
    at: datetime
    final: bool = True
    answered_at: datetime | None = None
    provider_id: str | None = None
    detail: str | None = None
    retry_after: timedelta | None = None
    callback_at: datetime | None = None
    results: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)
    cost_micros: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of a contact's story: what was decided, by which rule, on which inputs.

    `verdict`: planned, released, skipped, deferred, retried, finished, taken_back, unknown, reconciled, reopened,
    amended, edited, held, launched, moved.
    A line with no contact stands for every contact of `batch_id` in `region_key` (a window that closed on them).
    """

    organization_id: int
    campaign_id: int
    at: datetime
    verdict: str
    rule: str
    contact_id: int | None = None
    batch_id: int | None = None
    region_key: str | None = None
    attempt_id: int | None = None
    next_at: datetime | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
