"""One campaign, five APIs: made through one of them it means the same in the others' words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from vendor_house import Stage

from clarion.app.agents import create_agent
from clarion.core.schedule import parse_clock
from clarion.wire.uuids import uuid_of

ZONE = "America/New_York"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
MEANT: dict[str, Any] = {
    "name": "Recall",
    "days": frozenset(range(5)),
    "hours": (9 * 3600, 17 * 3600 + 1800),
    "zone": ZONE,
    "attempts": 3,
    "delay": timedelta(minutes=45),
    "agent": "Ada",
    "caller": "+12125550101",
}
"""What every maker asks for."""

Facts = dict[str, Any]


async def _ada(stage: Stage) -> int:
    """The agent, and the number that speaks with her voice."""
    api, actor = stage.api, stage.world.actor
    schema = [{"name": "booked", "type": "bool", "description": "Whether it is booked."}]
    agent = await create_agent(
        api.ledger, api.clock, actor, "Ada", {"prompt": "Call.", "post_call_schema": schema}, ZONE
    )
    async with api.ledger.write() as tx:
        (sender,) = await tx.resources.senders(actor.organization_id, address=MEANT["caller"], limit=1)
        await tx.resources.change_sender(replace(sender, extras={"agent_id": agent.id}))
    return agent.id


async def _sender_id(stage: Stage) -> int:
    async with stage.api.ledger.read() as tx:
        (sender,) = await tx.resources.senders(stage.world.actor.organization_id, address=MEANT["caller"], limit=1)
    return sender.id


async def make_syllable(stage: Stage, agent_id: int) -> int:
    async with stage.client("syllable", "", **{"Syllable-API-Key": stage.key}) as client:
        body = {
            "campaign_name": "Recall",
            "campaign_variables": {},
            "caller_id": MEANT["caller"],
            "source": MEANT["caller"],
            "active_days": ["mon", "tue", "wed", "thu", "fri"],
            "daily_start_time": "09:00:00",
            "daily_end_time": "17:30:00",
            "hourly_rate": 60,
            "retry_count": 2,
            "retry_interval": "45m",
        }
        answer = await client.post("/api/v1/outbound/campaigns", json=body)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["id"])


async def make_autocalls(stage: Stage, agent_id: int) -> int:
    async with stage.client("autocalls") as client:
        body = {
            "name": "Recall",
            "assistant_id": agent_id,
            "timezone": ZONE,
            "allowed_hours_start_time": "09:00",
            "allowed_hours_end_time": "17:30",
            "allowed_days": list(WEEKDAYS),
            "max_retries": 2,
            "retry_interval": 45,
            "phone_number_ids": [await _sender_id(stage)],
        }
        answer = await client.post("/api/user/campaign", json=body)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["data"]["id"])


async def make_revox(stage: Stage, agent_id: int) -> int:
    window = {"calling_window_start_time": "9am", "calling_window_end_time": "17:30", "retry_delay_seconds": 2700}
    async with stage.client("revox") as client:
        body = {
            "name": "Recall",
            "assistant_id": uuid_of("agent", agent_id),
            "launch": False,
            "contacts": [{"to_phone_number": "+13125550191", "prompt_variables": {}}],
            "from_phone_number": MEANT["caller"],
            "call_retry_config": {
                "allowed_days": list(WEEKDAYS),
                "calling_windows": [window],
                "max_retry_attempts": 3,
                "call_twice_in_a_row": False,
                "timezone": ZONE,
            },
        }
        answer = await client.post("/api/campaigns", json=body)
        assert answer.status_code == 200, answer.text
    return await _newest(stage)


async def make_freya(stage: Stage, agent_id: int) -> int:
    async with stage.client("freya") as client:
        body = {
            "name": "Recall",
            "assistantName": "Ada",
            "startTime": "09:00",
            "endTime": "17:30",
            "timezone": ZONE,
            "activeDays": [0, 1, 2, 3, 4],
            "callRetries": 2,
            "retryDelaySeconds": 2700,
            "phoneNumber": MEANT["caller"],
            "phoneNumbers": ["+13125550191"],
        }
        answer = await client.post("/api/v2/campaign", json=body)
        assert answer.status_code == 201, answer.text
    return await _newest(stage)


async def make_native(stage: Stage, agent_id: int) -> int:
    async with stage.client("native") as client:
        body = {
            "name": "Recall",
            "channel": "voice",
            "agent_id": agent_id,
            "sender_id": await _sender_id(stage),
            "schedule": {
                "zone_policy": "campaign",
                "zone": ZONE,
                "week": {day: [{"start": "09:00", "end": "17:30"}] for day in WEEKDAYS},
            },
            "retries": {"max_attempts": 3, "delays": ["45m"]},
        }
        answer = await client.post("/v1/campaigns", json=body)
        assert answer.status_code in (200, 201), answer.text
        return int(answer.json()["id"])


async def _newest(stage: Stage) -> int:
    async with stage.client("native") as client:
        return int((await client.get("/v1/campaigns")).json()["items"][0]["id"])


async def read_syllable(stage: Stage, campaign_id: int) -> Facts:
    async with stage.client("syllable", "", **{"Syllable-API-Key": stage.key}) as client:
        found = (await client.get(f"/api/v1/outbound/campaigns/{campaign_id}")).json()
        agent = (await client.get(f"/api/v1/agents/{found['agent_id']}")).json()
    short = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    value, unit = int(found["retry_interval"][:-1]), found["retry_interval"][-1]
    return {
        "name": found["campaign_name"],
        "days": frozenset(short.index(day) for day in found["active_days"]),
        "hours": (parse_clock(found["daily_start_time"]), parse_clock(found["daily_end_time"])),
        "attempts": found["retry_count"] + 1,
        "delay": timedelta(**{{"m": "minutes", "h": "hours", "d": "days", "s": "seconds"}[unit]: value}),
        "agent": agent["name"],
        "caller": found["caller_id"],
    }


async def read_autocalls(stage: Stage, campaign_id: int) -> Facts:
    async with stage.client("autocalls") as client:
        (found,) = [one for one in (await client.get("/api/user/campaigns")).json() if one["id"] == campaign_id]
    long = (*WEEKDAYS, "saturday", "sunday")
    hours = found["allowed_hours_start_time"], found["allowed_hours_end_time"]
    return {
        "name": found["name"],
        "days": frozenset(long.index(day) for day in found["allowed_days"]),
        "hours": (parse_clock(hours[0]), parse_clock(hours[1])),
        "attempts": found["max_retries"] + 1,
        "delay": timedelta(minutes=found["retry_interval"]),
    }


async def read_revox(stage: Stage, campaign_id: int) -> Facts:
    async with stage.client("revox") as client:
        found = (await client.get(f"/api/campaigns/{uuid_of('campaign', campaign_id)}")).json()["campaign"]
    config = found["call_retry_config"]
    (window,) = config["calling_windows"]
    long = (*WEEKDAYS, "saturday", "sunday")
    facts = {
        "name": found["name"],
        "days": frozenset(long.index(day) for day in config["allowed_days"]),
        "hours": (
            parse_clock(window["calling_window_start_time"]),
            parse_clock(window["calling_window_end_time"]),
        ),
        "zone": config["timezone"],
        "attempts": config["max_retry_attempts"],
        "delay": timedelta(seconds=window["retry_delay_seconds"]),
        "agent": found["assistant"]["name"],
        "caller": found["from_phone_number"],
    }
    return {name: value for name, value in facts.items() if name != "zone" or value is not None}


async def read_freya(stage: Stage, campaign_id: int) -> Facts:
    async with stage.client("freya") as client:
        answer = await client.get(f"/api/v2/campaign/{uuid_of('campaign', campaign_id)}")
        found = answer.json()["data"]["result"]["campaign"]
    return {
        "name": found["name"],
        "days": frozenset(found["activeDays"]),
        "hours": (parse_clock(found["startTime"]), parse_clock(found["endTime"])),
        "zone": found["timezone"],
        "attempts": found["callRetries"] + 1,
        "delay": timedelta(seconds=found["retryDelaySeconds"]),
        "caller": found["phoneNumber"],
    }


async def read_native(stage: Stage, campaign_id: int) -> Facts:
    async with stage.client("native") as client:
        found = (await client.get(f"/v1/campaigns/{campaign_id}")).json()
        agent = (await client.get(f"/v1/agents/{found['agent_id']}")).json()
    week: Mapping[str, Any] = found["schedule"]["week"]
    opened = {day: spans for day, spans in week.items() if spans}
    long = (*WEEKDAYS, "saturday", "sunday")
    hours = {(parse_clock(span["start"]), parse_clock(span["end"])) for spans in opened.values() for span in spans}
    return {
        "name": found["name"],
        "days": frozenset(long.index(day) for day in opened),
        "hours": hours.pop() if len(hours) == 1 else hours,
        "attempts": found["retries"]["max_attempts"],
        "agent": agent["name"],
    }


MAKERS: dict[str, Callable[[Stage, int], Awaitable[int]]] = {
    "syllable": make_syllable,
    "autocalls": make_autocalls,
    "revox": make_revox,
    "freya": make_freya,
    "native": make_native,
}
READERS: dict[str, Callable[[Stage, int], Awaitable[Facts]]] = {
    "syllable": read_syllable,
    "autocalls": read_autocalls,
    "revox": read_revox,
    "freya": read_freya,
    "native": read_native,
}


@pytest.mark.parametrize("maker", MAKERS)
async def test_it_means_the_same_in_every_api(stage: Stage, maker: str) -> None:
    campaign_id = await MAKERS[maker](stage, await _ada(stage))
    for reader, read in READERS.items():
        facts = await read(stage, campaign_id)
        assert facts == {name: MEANT[name] for name in facts}, f"made through {maker}, read through {reader}"


@pytest.mark.parametrize("maker", MAKERS)
async def test_what_is_changed_natively_is_told_by_every_api(stage: Stage, maker: str) -> None:
    campaign_id = await MAKERS[maker](stage, await _ada(stage))
    async with stage.client("native") as client:
        week = {day: [{"start": "10:00", "end": "16:00"}] for day in WEEKDAYS[:3]}
        patch = {"name": "Recall again", "schedule": {"week": week}, "retries": {"max_attempts": 2}}
        answer = await client.patch(f"/v1/campaigns/{campaign_id}", json=patch)
        assert answer.status_code == 200, answer.text
    changed = {"name": "Recall again", "days": frozenset(range(3)), "hours": (36_000, 57_600), "attempts": 2}
    for reader, read in READERS.items():
        facts = await read(stage, campaign_id)
        assert {name: facts[name] for name in changed} == changed, f"made through {maker}, read through {reader}"


@pytest.mark.parametrize("maker", MAKERS)
async def test_removed_it_is_gone_everywhere(stage: Stage, maker: str) -> None:
    campaign_id = await MAKERS[maker](stage, await _ada(stage))
    uuid = uuid_of("campaign", campaign_id)
    async with stage.client("revox") as client:
        assert (await client.delete(f"/api/campaigns/{uuid}")).status_code == 200
        assert (await client.get(f"/api/campaigns/{uuid}")).status_code == 404
    async with stage.client("freya") as client:
        assert (await client.get(f"/api/v2/campaign/{uuid}")).status_code == 404
    async with stage.client("autocalls") as client:
        assert (await client.get("/api/user/campaigns")).json() == []
        assert (await client.delete(f"/api/user/campaign/{campaign_id}")).status_code == 404
    async with stage.client("syllable", "", **{"Syllable-API-Key": stage.key}) as client:
        assert (await client.get(f"/api/v1/outbound/campaigns/{campaign_id}")).status_code == 404


@pytest.mark.parametrize("maker", MAKERS)
async def test_another_organisation_sees_nothing_of_it(stage: Stage, maker: str) -> None:
    campaign_id = await MAKERS[maker](stage, await _ada(stage))
    uuid, key = uuid_of("campaign", campaign_id), await stage.another()
    paths = {
        "syllable": [
            ("GET", f"/api/v1/outbound/campaigns/{campaign_id}"),
            ("DELETE", f"/api/v1/outbound/campaigns/{campaign_id}"),
        ],
        "autocalls": [("DELETE", f"/api/user/campaign/{campaign_id}")],
        "revox": [
            ("GET", f"/api/campaigns/{uuid}"),
            ("DELETE", f"/api/campaigns/{uuid}"),
            ("GET", f"/api/campaigns/{uuid}/rows"),
        ],
        "freya": [("GET", f"/api/v2/campaign/{uuid}"), ("DELETE", f"/api/v2/campaign/{uuid}")],
    }
    for vendor, asked in paths.items():
        header = {"Syllable-API-Key": key} if vendor == "syllable" else {}
        async with stage.client(vendor, "" if header else key, **header) as client:
            for method, path in asked:
                assert (await client.request(method, path)).status_code == 404, (vendor, method, path)
