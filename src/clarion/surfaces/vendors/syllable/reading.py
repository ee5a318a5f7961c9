"""Any campaign of ours in Syllable's fields, and what is kept of those that were made through its API. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from clarion.app.campaign_content import CampaignContent
from clarion.core.campaigns import Campaign, Targeting, Voicemail, VoicemailAction
from clarion.core.outcomes import Channel
from clarion.core.retries import DelayMode, Retries
from clarion.surfaces.vendors.syllable.forms import format_interval
from clarion.surfaces.vendors.syllable.hours import hours_reading
from clarion.surfaces.vendors.syllable.shapes import DEFAULT_DETECTION

NAME = "syllable"
SOURCE = "source_id"
"""Beside what is kept for this vendor: the sender that `source` names. Its agent speaks."""
MADE = "made"
"""Beside what is kept for this vendor: the campaign was made through its API."""
FASTEST = 3_600
BUCKETS = ("landline", "mobile", "voip")


def reading(campaign: Campaign | CampaignContent, presented: str | None) -> dict[str, Any]:
    """Any campaign in the vendor's fields. `presented`: the address of its sender."""
    plan = campaign.plan
    message = plan.message
    ttl = message.session_ttl if message is not None else None
    return {
        "campaign_name": campaign.name,
        "description": campaign.description,
        "mode": str(campaign.channel),
        "sms_session_ttl": None if ttl is None else max(1, round(ttl / timedelta(minutes=1))),
        "label": campaign.labels[0] if campaign.labels else None,
        "labels": list(campaign.labels),
        "campaign_variables": {name: _said(value) for name, value in campaign.variables.items()},
        "source": presented,
        "caller_id": presented if campaign.channel is Channel.VOICE else None,
        "hourly_rate": hourly_rate(campaign),
        "retry_count": max(0, plan.retries.max_attempts - 1),
        "retry_interval": _interval(plan.retries),
        "voicemail_detection": _detection(plan.voicemail),
        "allowed_line_types": [word for word in BUCKETS if word in plan.targeting.allowed_line_types] or None,
        "include_unknown_line_types": plan.targeting.include_unknown_line_types,
        "target_filters": _filters(plan.targeting),
        **hours_reading(plan.schedule, plan.pacing.daily_cap),
    }


def hourly_rate(campaign: Campaign | CampaignContent) -> int:
    """Calls an hour, as near as the vendor can say it; no limit is its largest one."""
    kept = campaign.extras.get(NAME, {})
    pacing = campaign.plan.pacing
    rates = [rate for rate in (pacing.per_hour, (pacing.per_second or 0) * 3_600) if rate]
    if not rates:
        lifted = kept.get("hourly_rate") if isinstance(kept, Mapping) else None
        return lifted if isinstance(lifted, int) else FASTEST
    return max(1, min(FASTEST, round(min(rates))))


def made_here(campaign: Campaign | CampaignContent) -> bool:
    """Whether it was made through this vendor's API."""
    kept = campaign.extras.get(NAME)
    return isinstance(kept, Mapping) and bool(kept.get(MADE))


def _said(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _interval(retries: Retries) -> str | None:
    if retries.mode is DelayMode.NEXT_DAY:
        return "1d"
    return format_interval(retries.delays[0]) if retries.delays else None


def _detection(voicemail: Voicemail) -> dict[str, Any] | None:
    if voicemail.action is VoicemailAction.IGNORE and voicemail.detection is None:
        return None
    return dict(voicemail.detection) if voicemail.detection is not None else dict(DEFAULT_DETECTION)


def _filters(targeting: Targeting) -> dict[str, Any] | None:
    if not targeting.rules:
        return None
    return {
        "match": "all" if targeting.match_all else "any",
        "on_unknown": "include" if targeting.include_unknown else "exclude",
        "rules": [{"field": rule.field, "op": rule.op, "values": list(rule.values)} for rule in targeting.rules],
    }
