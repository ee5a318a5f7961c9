"""The last look before an attempt: reasons never to come before reasons to wait, each with its rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from clarion.core.contacts import Contact
from clarion.core.eligibility import GO, Circumstances, Go, Skip, Wait, judge
from clarion.core.outcomes import ContactState, FinishReason

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Daily:
    """Open from one hour of the day to another, UTC."""

    opens: int = 9
    closes: int = 17

    def allows(self, at: datetime) -> bool:
        return self.opens <= at.hour < self.closes

    def next_open(self, at: datetime) -> datetime | None:
        if self.closes <= self.opens:
            return None
        while not self.allows(at):
            at = at.replace(minute=0) + HOUR
        return at


def contact(**changes: object) -> Contact:
    base = {"id": 1, "organization_id": 1, "campaign_id": 1, "batch_id": 1, "reference_id": "r", "address": "+1"}
    more = {"region_key": "UTC;US", "person": "p", "state": ContactState.WAITING, "not_before": NOON - 2 * HOUR}
    return Contact(**(base | more | changes))  # type: ignore[arg-type]


def known(**changes: object) -> Circumstances:
    return Circumstances(**({"hours": Daily()} | changes))  # type: ignore[arg-type]


CASES: dict[str, tuple[Contact, Circumstances, Go | tuple[FinishReason, str] | tuple[datetime, str, bool]]] = {
    "nothing in the way": (contact(), known(), GO),
    "the end": (contact(), known(end_at=NOON), (FinishReason.EXPIRED, "end")),
    "just before the end": (contact(), known(end_at=NOON + timedelta(microseconds=1)), GO),
    "suppressed": (contact(), known(suppressed="do_not_contact"), (FinishReason.SUPPRESSED, "suppression")),
    "unsubscribed": (contact(), known(suppressed="unsubscribed"), (FinishReason.PRIOR_UNSUBSCRIBED, "suppression")),
    "opted out": (contact(), known(suppressed="opted_out"), (FinishReason.PRIOR_UNSUBSCRIBED, "suppression")),
    "bounced": (contact(), known(suppressed="bounced"), (FinishReason.PRIOR_BOUNCED, "suppression")),
    "spam": (contact(), known(suppressed="spam_report"), (FinishReason.PRIOR_SPAM_REPORT, "suppression")),
    "no consent": (contact(), known(lacks_consent=True), (FinishReason.NO_CONSENT, "consent")),
    "left out": (contact(), known(filtered="line_type landline"), (FinishReason.LINE_TYPE, "targeting")),
    "an unknown place": (contact(), known(hours=FinishReason.UNKNOWN_ZONE), (FinishReason.UNKNOWN_ZONE, "region")),
    "never open": (contact(), known(hours=Daily(9, 9)), (FinishReason.NO_WINDOW, "window")),
    "closed": (contact(), known(hours=Daily(14, 18)), (NOON + 2 * HOUR, "window", True)),
    "closed until after the end": (
        contact(),
        known(hours=Daily(14, 18), end_at=NOON + HOUR),
        (FinishReason.EXPIRED, "window_after_end"),
    ),
    "suppressed and closed": (
        contact(),
        known(hours=Daily(14, 18), suppressed="opted_out"),
        (FinishReason.PRIOR_UNSUBSCRIBED, "suppression"),
    ),
    "a person's limit": (
        contact(),
        known(free_at=NOON + HOUR, limit="law:US-FL"),
        (NOON + HOUR, "law:US-FL", False),
    ),
    "a limit that ends at night": (
        contact(),
        known(free_at=NOON + 7 * HOUR, limit="person_limit"),
        (NOON + 21 * HOUR, "person_limit", False),
    ),
    "a limit that ends after the campaign": (
        contact(),
        known(free_at=NOON + 7 * HOUR, end_at=NOON + 8 * HOUR),
        (FinishReason.PERSON_LIMIT, "person_limit"),
    ),
    "a limit that is over": (contact(), known(free_at=NOON), GO),
    "late": (contact(), known(skip_if_late=HOUR), (FinishReason.EXPIRED, "skip_if_late")),
    "not too late": (contact(), known(skip_if_late=2 * HOUR), GO),
    "late, but launched only then": (contact(), known(skip_if_late=HOUR, since=NOON - HOUR), GO),
    "a late retry": (contact(tries=1), known(skip_if_late=HOUR), GO),
    "came in at night, not late": (
        contact(not_before=NOON - 10 * HOUR),
        known(skip_if_late=3 * HOUR),
        GO,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_verdicts(name: str) -> None:
    who, circumstances, expected = CASES[name]
    verdict = judge(who, NOON, circumstances)
    match verdict:
        case Go():
            assert expected == GO
        case Skip():
            assert expected == (verdict.reason, verdict.rule)
        case Wait():
            assert expected == (verdict.until, verdict.rule, verdict.whole_region)
