"""What people look at: tallies, lists, exports, stories, as the use cases ask for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from clarion.core.contacts import Attempt, Contact, Decision
from clarion.core.outcomes import AttemptState, Channel, ContactState, FinishReason, Outcome

NO_OUTCOME = "none"
"""In the place of an outcome: no attempt has ended yet."""


ERASED = "erased"
"""The detail of an attempt whose reports were erased."""


@dataclass(frozen=True, slots=True)
class AttemptFilters:
    """Which attempts a list shows; an empty field does not filter. `since` and `until` bound the release, half-open."""

    campaign_id: int | None = None
    batch_id: int | None = None
    contact_id: int | None = None
    person: str | None = None
    address: str | None = None
    provider_id: str | None = None
    sender_id: int | None = None
    channel: Channel | None = None
    states: frozenset[AttemptState] = frozenset()
    outcomes: frozenset[Outcome] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    campaign_ids: frozenset[int] = frozenset()
    contact_ids: frozenset[int] = frozenset()
    address_part: str | None = None
    erased: bool | None = None
    """False leaves out those that were erased."""


@dataclass(frozen=True, slots=True)
class Line:
    """A decision as it stands in the ledger; `id` orders decisions of the same instant."""

    id: int
    decision: Decision


@dataclass(frozen=True, slots=True)
class ExportRow:
    """A contact as an export shows them: who, where they stand, and their last attempt."""

    contact: Contact
    batch_key: str
    attempts: int
    costs: Mapping[str, int]
    """Millionths by currency, over all attempts."""
    last: Attempt | None
    """The latest attempt that was not taken back; without the provider's raw report."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Waiting contacts that a pre-launch check cannot tell apart."""

    batch_id: int
    region_key: str
    line_type: str | None
    suppressed: str | None
    """The reason of a suppression that holds now."""
    consented: bool
    count: int = 1


@dataclass(frozen=True, slots=True)
class Recipient:
    """One waiting contact with what a message can say about them."""

    contact_id: int
    batch_id: int
    reference_id: str | None
    address: str
    region_key: str
    line_type: str | None
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """How many contacts of a batch are where, with why the finished ones are finished."""

    batch_id: int
    live: Mapping[str, int]
    """Outcome of the attempt before, or NO_OUTCOME -> contacts with a live attempt."""
    tallies: Mapping[str, int]


class ReportRows(Protocol):
    """Tallies, lists, exports, stories."""

    async def standings(self, organization_id: int, campaign_id: int) -> Sequence[Standing]:
        """Every batch of the campaign with its tallies (added up over the workers) and its live contacts."""
        ...

    async def overview(self, organization_id: int) -> Mapping[int, Mapping[str, int]]:
        """Campaign id -> tallies (added up over batches and workers), archived campaigns among them."""
        ...

    async def live_by_campaign(self, organization_id: int) -> Mapping[int, Mapping[str, int]]:
        """Campaign id -> its live contacts as a Standing has them, for campaigns that have any."""
        ...

    async def attempts(
        self, organization_id: int, filters: AttemptFilters, cursor: int | None, limit: int
    ) -> Sequence[Attempt]:
        """The newest first; `cursor` is the id of the last one seen."""
        ...

    async def browse_attempts(
        self, organization_id: int, filters: AttemptFilters, offset: int, limit: int
    ) -> tuple[Sequence[Attempt], int]:
        """Those on a page, the newest first, and how many there are in all. None that was taken back."""
        ...

    async def attempts_of(self, organization_id: int, contact_ids: Sequence[int]) -> Sequence[Attempt]:
        """Every attempt for these contacts in order of id, but for those that were taken back."""
        ...

    async def erase_attempt(self, organization_id: int, attempt_id: int) -> None:
        """Forget what its carrier and its agent reported: who said what, recordings, results. The attempt stays."""
        ...

    async def attempt(self, organization_id: int, attempt_id: int) -> Attempt:
        """The attempt, or NotFound."""
        ...

    async def export_page(
        self,
        organization_id: int,
        campaign_id: int,
        *,
        batch_id: int | None,
        states: frozenset[ContactState],
        reasons: frozenset[FinishReason],
        after: int,
        limit: int,
    ) -> Sequence[ExportRow]:
        """Contacts with ids above `after`, in order of id."""
        ...

    async def contact(self, organization_id: int, contact_id: int) -> Contact:
        """The contact with where they stand, or NotFound."""
        ...

    async def lines(self, contact: Contact, limit: int) -> Sequence[Line]:
        """The latest decisions about the contact, about everybody of their batch in their region, and about their
        campaign or batch as a whole since they came in; oldest first."""
        ...

    async def ahead(self, contact_id: int, now: datetime, most: int) -> int:
        """How many due contacts of the batch are released before this one; counts no further than `most`."""
        ...

    async def waiting_until(
        self, organization_id: int, campaign_id: int, instants: Sequence[datetime]
    ) -> Sequence[int]:
        """How many contacts wait and are due at each of the instants; last, how many wait at all."""
        ...

    async def head(self, organization_id: int, campaign_id: int) -> tuple[int, datetime] | None:
        """The waiting contact with the earliest instant, and that instant; None when nobody waits."""
        ...

    async def workers(self, now: datetime) -> int:
        """How many workers hold a lease."""
        ...

    async def crowds(self, organization_id: int, campaign_id: int, channel: Channel, now: datetime) -> Sequence[Crowd]:
        """The waiting contacts of the campaign's batches that are not deleted, counted by what a check tells apart."""
        ...

    async def recipients(
        self, organization_id: int, campaign_id: int, *, after: int, limit: int
    ) -> Sequence[Recipient]:
        """The contacts of `crowds` with ids above `after`, in order of id."""
        ...
