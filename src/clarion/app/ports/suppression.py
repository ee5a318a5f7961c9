"""Do-not-contact entries and consents: their values, and the rows as the use cases ask for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from clarion.core.outcomes import Channel

EVERY_CHANNEL = "*"


class SuppressionReason(StrEnum):
    """Why an address may not be contacted."""

    DO_NOT_CONTACT = "do_not_contact"
    """An operator, a list or a law says so."""
    OPTED_OUT = "opted_out"
    """They said or wrote so: STOP, a key press, "take me off the list"."""
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    SPAM_REPORT = "spam_report"
    DROPPED = "dropped"
    INVALID_ADDRESS = "invalid_address"
    UNWANTED = "unwanted"
    """SIP 607 (RFC 8197)."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """An address that is not to be contacted. One per organisation, address and channel."""

    id: int
    organization_id: int
    channel: str
    """A channel's word, or `*` for all of them."""
    address: str
    """E.164, or an e-mail address in lower case."""
    reason: SuppressionReason
    source: str
    """Where it came from: `api`, `import`, `sms reply`, `one-click`."""
    created_at: datetime
    note: str | None = None
    campaign_id: int | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """A person's permission, with its evidence. Not revoked, it holds from `granted_at`."""

    id: int
    organization_id: int
    channel: str
    """A channel's word, or `*`."""
    address: str
    purpose: str
    source: str
    granted_at: datetime
    revoked_at: datetime | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """What proves it: a form's URL, its wording, an IP address, a recording."""


def suppression_key(address: str) -> str:
    """The form in which addresses are compared: mailbox names are case-sensitive in theory only."""
    return address.strip().lower()


class SuppressionRows(Protocol):
    """Do-not-contact entries and consents. Addresses are compared by `suppression_key`."""

    async def suppressed(
        self, organization_id: int, channel: Channel, addresses: Sequence[str], now: datetime
    ) -> dict[str, str]:
        """Of `addresses`, those that may not be contacted on `channel` at `now`, with the reason's word."""
        ...

    async def consented(
        self, organization_id: int, channel: Channel, addresses: Sequence[str], now: datetime
    ) -> set[str]:
        """Of `addresses`, those with a consent for `channel` that holds at `now`."""
        ...

    async def suppress(self, entries: Sequence[Suppression]) -> int:
        """Insert; an entry for the same address and channel takes the new reason and the later expiry.

        Answers how many were new.
        """
        ...

    async def suppression(self, organization_id: int, suppression_id: int) -> Suppression:
        """One entry, or NotFound."""
        ...

    async def suppressions(
        self,
        organization_id: int,
        *,
        after: int = 0,
        limit: int = 100,
        channel: str | None = None,
        address: str | None = None,
        reason: SuppressionReason | None = None,
    ) -> list[Suppression]:
        """Entries after the id `after`, by id, expired ones among them."""
        ...

    async def remove_suppressions(self, organization_id: int, ids: Sequence[int]) -> int:
        """Delete; answers how many there were."""
        ...

    async def add_consents(self, given: Sequence[Consent]) -> None:
        """Insert."""
        ...

    async def consent(self, organization_id: int, consent_id: int) -> Consent:
        """One consent, or NotFound."""
        ...

    async def consents(
        self,
        organization_id: int,
        *,
        after: int = 0,
        limit: int = 100,
        channel: str | None = None,
        address: str | None = None,
    ) -> list[Consent]:
        """Consents after the id `after`, by id, revoked ones among them."""
        ...

    async def revoke_consent(self, organization_id: int, consent_id: int, at: datetime) -> None:
        """Mark as revoked; the first revocation stays."""
        ...
