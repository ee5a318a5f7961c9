"""May this contact be reached at this instant? The last look before an attempt, and the words for why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from clarion.core.contacts import Contact
from clarion.core.outcomes import FinishReason


class WindowsView(Protocol):
    """What is asked of a contact's hours."""

    def allows(self, at: datetime) -> bool:
        """Whether `at` lies in an open window."""
        ...

    def next_open(self, at: datetime) -> datetime | None:
        """The first open instant not before `at`."""
        ...


@dataclass(frozen=True, slots=True)
class Go:
    """Reach them now."""


@dataclass(frozen=True, slots=True)
class Skip:
    """Never: the contact is finished for this reason."""

    reason: FinishReason
    rule: str
    inputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wait:
    """Not before `until`. `whole_region`: everybody in the region waits for the same opening."""

    until: datetime
    rule: str
    whole_region: bool = False
    inputs: Mapping[str, Any] = field(default_factory=dict)


GO = Go()


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of a contact at the moment of release, beyond its row."""

    hours: WindowsView | FinishReason
    end_at: datetime | None = None
    """The end of the batch or campaign, whichever comes first."""
    skip_if_late: timedelta | None = None
    since: datetime | None = None
    """When the campaign first ran: nobody was planned for an instant before it."""
    suppressed: str | None = None
    """The reason of a do-not-contact entry for the address."""
    lacks_consent: bool = False
    filtered: str | None = None
    """The targeting rule that the address does not meet."""
    free_at: datetime | None = None
    """When per-person limits allow the next attempt."""
    limit: str = "person_limit"


SUPPRESSION_REASONS = {
    "unsubscribed": FinishReason.PRIOR_UNSUBSCRIBED,
    "opted_out": FinishReason.PRIOR_UNSUBSCRIBED,
    "bounced": FinishReason.PRIOR_BOUNCED,
    "spam_report": FinishReason.PRIOR_SPAM_REPORT,
    "dropped": FinishReason.PRIOR_DROPPED,
}


def closed_now(hours: WindowsView, at: datetime, end_at: datetime | None) -> Skip | Wait | None:
    """What the hours alone say to everybody in a region: nothing when they are open at `at`."""
    if hours.allows(at):
        return None
    opening = hours.next_open(at)
    if opening is None:
        return Skip(FinishReason.NO_WINDOW, "window")
    if end_at is not None and opening >= end_at:
        return Skip(FinishReason.EXPIRED, "window_after_end", {"opens": opening, "end_at": end_at})
    return Wait(opening, "window", whole_region=True)


def judge(contact: Contact, at: datetime, known: Circumstances) -> Go | Skip | Wait:
    """Whether an attempt may be made at `at`; reasons never to call come before reasons to wait."""
    if known.end_at is not None and at >= known.end_at:
        return Skip(FinishReason.EXPIRED, "end", {"end_at": known.end_at})
    if known.suppressed is not None:
        reason = SUPPRESSION_REASONS.get(known.suppressed, FinishReason.SUPPRESSED)
        return Skip(reason, "suppression", {"reason": known.suppressed})
    if known.lacks_consent:
        return Skip(FinishReason.NO_CONSENT, "consent")
    if known.filtered is not None:
        line_type = contact.address_at(contact.address_index).line_type
        return Skip(FinishReason.LINE_TYPE, "targeting", {"rule": known.filtered, "line_type": line_type})
    if isinstance(known.hours, FinishReason):
        return Skip(known.hours, "region", {"region": contact.region_key})
    if known.skip_if_late is not None and contact.tries == 0 and contact.not_before is not None:
        asked_for = max(contact.not_before, known.since) if known.since is not None else contact.not_before
        planned = known.hours.next_open(asked_for)
        if planned is not None and at - planned > known.skip_if_late:
            return Skip(FinishReason.EXPIRED, "skip_if_late", {"planned": planned})
    closed = closed_now(known.hours, at, known.end_at)
    if closed is not None:
        return closed
    if known.free_at is not None and known.free_at > at:
        opening = known.hours.next_open(known.free_at)
        if opening is None or (known.end_at is not None and opening >= known.end_at):
            return Skip(FinishReason.PERSON_LIMIT, known.limit, {"free_at": known.free_at})
        return Wait(opening, known.limit, inputs={"free_at": known.free_at})
    return GO
