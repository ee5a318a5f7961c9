"""What the four vendors' clients send: a campaign, one more person, lists and statistics."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clarion.wire.uuids import uuid_of

Made = Any
"""The answer to a create, as JSON."""
Request = tuple[str, str, Any]
"""Method, path and JSON body."""

_numbers = itertools.count()


def fresh_number() -> str:
    """A number that no campaign has yet."""
    n = next(_numbers)
    return f"+1{(212, 312, 415, 617)[n % 4]}{2_000_000 + n // 4:07d}"


@dataclass(frozen=True)
class Surface:
    """One vendor's API as a client uses it."""

    name: str
    header: Callable[[str], Mapping[str, str]]
    """By the key."""
    create: Callable[[], Request]
    after: Callable[[Made], Sequence[Request]] = lambda made: ()
    """What has to follow a create before people can be added."""
    add: Callable[[Made, int], Request] = field(kw_only=True)
    """One more person for a campaign; the number counts the adds."""
    looks: Callable[[Made], Mapping[str, str]] = field(kw_only=True)
    """Lists and statistics: what they are, and their paths."""


def _bearer(key: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {key}"}


def _batch(made: Made) -> str:
    return f"bench-{made['id']}"


SYLLABLE = Surface(
    "syllable",
    lambda key: {"Syllable-API-Key": key},
    lambda: (
        "POST",
        "/compat/syllable/api/v1/outbound/campaigns",
        {
            "campaign_name": "Bench",
            "campaign_variables": {},
            "caller_id": "+12125550100",
            "active_days": ["mon", "tue", "wed", "thu", "fri"],
            "daily_start_time": "09:00:00",
            "daily_end_time": "17:00:00",
            "hourly_rate": 60,
            "retry_count": 2,
            "retry_interval": "30m",
            "include_unknown_line_types": True,
        },
    ),
    lambda made: [
        (
            "POST",
            "/compat/syllable/api/v1/outbound/batches",
            {"batch_id": _batch(made), "campaign_id": made["id"], "paused": True, "auto_call_rate": False},
        )
    ],
    add=lambda made, n: (
        "POST",
        f"/compat/syllable/api/v1/outbound/batches/{_batch(made)}/requests",
        {"reference_id": f"r{n}", "target": fresh_number(), "request_variables": {"name": "Ann"}},
    ),
    looks=lambda made: {
        "campaigns, a page": "/compat/syllable/api/v1/outbound/campaigns?limit=25",
        "batches, a page": "/compat/syllable/api/v1/outbound/batches?limit=25",
        "a batch with its counts": f"/compat/syllable/api/v1/outbound/batches/{_batch(made)}",
    },
)

AUTOCALLS = Surface(
    "autocalls",
    _bearer,
    lambda: (
        "POST",
        "/compat/autocalls/api/user/campaign",
        {
            "name": "Bench",
            "assistant_id": 1,
            "timezone": "America/New_York",
            "allowed_hours_start_time": "09:00",
            "allowed_hours_end_time": "17:00",
            "max_calls_in_parallel": 3,
            "max_retries": 2,
            "retry_interval": 60,
        },
    ),
    add=lambda made, _: (
        "POST",
        "/compat/autocalls/api/user/lead",
        {"phone_number": fresh_number(), "campaign_id": made["data"]["id"], "variables": {"name": "Ann"}},
    ),
    looks=lambda made: {
        "campaigns, all": "/compat/autocalls/api/user/campaigns",
        "leads of a campaign, a page": f"/compat/autocalls/api/user/leads?campaign_id={made['data']['id']}",
        "calls, a page": "/compat/autocalls/api/user/calls",
    },
)

REVOX = Surface(
    "revox",
    _bearer,
    lambda: (
        "POST",
        "/compat/revox/api/campaigns",
        {
            "name": "Bench",
            "assistant_id": uuid_of("agent", 1),
            "contacts": [{"to_phone_number": fresh_number(), "prompt_variables": {"name": "Ann"}}],
        },
    ),
    add=lambda made, _: (
        "POST",
        f"/compat/revox/api/campaigns/{made['campaign']['id']}/rows",
        {"contacts": [{"to_phone_number": fresh_number(), "prompt_variables": {"name": "Ann"}}]},
    ),
    looks=lambda made: {
        "campaigns, all": "/compat/revox/api/campaigns",
        "a campaign with its row_stats": f"/compat/revox/api/campaigns/{made['campaign']['id']}",
        "statistics of a campaign": f"/compat/revox/api/campaigns/{made['campaign']['id']}/statistics",
    },
)

FREYA = Surface(
    "freya",
    _bearer,
    lambda: (
        "POST",
        "/compat/freya/api/v2/campaign",
        {
            "name": "Bench",
            "assistantId": uuid_of("agent", 1),
            "timezone": "America/New_York",
            "startTime": "09:00",
            "endTime": "17:00",
            "phoneNumber": "+12125550100",
            "callRetries": 2,
            "customers": [{"phoneNumber": fresh_number(), "properties": {"name": "Ann"}}],
        },
    ),
    add=lambda made, _: (
        "POST",
        "/compat/freya/api/v2/call",
        {
            "phoneNumber": fresh_number(),
            "campaignId": made["data"]["result"]["campaign"]["id"],
            "properties": {"name": "Ann"},
        },
    ),
    looks=lambda made: {
        "campaigns, a page": "/compat/freya/api/v2/campaign?limit=50",
        "a campaign": f"/compat/freya/api/v2/campaign/{made['data']['result']['campaign']['id']}",
        "customers of a campaign, a page": (
            f"/compat/freya/api/v2/campaign/{made['data']['result']['campaign']['id']}/customers?limit=50"
        ),
        "calls, a page": "/compat/freya/api/v2/call?limit=50",
    },
)

SURFACES = (SYLLABLE, AUTOCALLS, REVOX, FREYA)


def many_contacts(count: int) -> Request:
    """One Revox create with so many people."""
    method, path, body = REVOX.create()
    people = [{"to_phone_number": fresh_number(), "prompt_variables": {"name": f"Ann {n}"}} for n in range(count)]
    return method, path, {**body, "contacts": people}


def upload_path(batch: str) -> str:
    """Where a Syllable client uploads a batch's file."""
    return f"/compat/syllable/api/v1/outbound/batches/{batch}/upload_batch"
