"""What the rules ask about a contact beyond its row, in one form for the release, the check before it and the story."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from clarion.core.campaigns import Batch, Campaign


def end_of(campaign: Campaign, batch: Batch) -> datetime | None:
    """When a batch ends: at its own expiry or the campaign's end, whichever comes first (UTC)."""
    return min((at for at in (campaign.end_at, batch.expires_at) if at is not None), default=None)


def facts(line_type: str | None, variables: Mapping[str, Any]) -> dict[str, str | None]:
    """What targeting rules may ask about: the address's line type, and every plain value that came with the contact."""
    plain = {name: str(value) for name, value in variables.items() if isinstance(value, str | int | float | bool)}
    return {**plain, "line_type": line_type}


def cap_of_day(campaign: Campaign, day: date) -> int | None:
    """The daily cap that a date's rule sets, else its weekday's; None leaves it to the campaign's pacing."""
    schedule = campaign.plan.schedule
    for rule in (schedule.dates.get(day), schedule.weekdays.get(day.weekday())):
        if rule is not None and rule.daily_cap is not None:
            return rule.daily_cap
    return None
