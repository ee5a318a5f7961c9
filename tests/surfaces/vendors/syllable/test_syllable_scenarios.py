"""What Syllable's fields promise, played on the virtual clock: the attempts happen at exactly these instants."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from vendor_house import Stage

from world import magic

CAMPAIGNS, BATCHES = "/api/v1/outbound/campaigns", "/api/v1/outbound/batches"
EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
CAMPAIGN: dict[str, Any] = {
    "campaign_name": "c",
    "campaign_variables": {},
    "caller_id": None,
    "source": "+12125550100",
    "active_days": EVERY_DAY,
    "hourly_rate": 3600,
}
PROMPT = {"name": "p", "type": "prompt", "llm_config": {}, "context": "Be kind."}
AGENT = {"name": "Ann", "type": "ca_v1", "variables": {}, "tool_headers": None}
CHICAGO, BUSY, NO_ANSWER, TALKS = "+13122000000", "92", "93", "91"
"""Somebody in Chicago, and the endings of numbers whose people always do the same."""


class Console:
    """A customer at work."""

    def __init__(self, client: httpx.AsyncClient, stage: Stage) -> None:
        self.client, self.stage = client, stage

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.client.request(method, path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def agent(self, zone: str) -> int:
        """An agent in this zone speaks from the campaigns' source."""
        prompt = await self.ask("POST", "/api/v1/prompts/", PROMPT)
        agent = await self.ask("POST", "/api/v1/agents/", {**AGENT, "prompt_id": prompt["id"], "timezone": zone})
        (voice,) = [c for c in (await self.ask("GET", "/api/v1/channels/"))["items"] if c["channel_service"] == "sip"]
        body = {"agent_id": agent["id"], "channel_id": voice["id"], "target": "+12125550100", "target_mode": "voice"}
        await self.ask("POST", f"/api/v1/channels/{voice['id']}/targets", body)
        agent_id: int = agent["id"]
        return agent_id

    async def campaign(self, zone: str = "America/Chicago", **fields: Any) -> int:
        await self.agent(zone)
        made = await self.ask("POST", CAMPAIGNS, {**CAMPAIGN, **fields})
        campaign_id: int = made["id"]
        return campaign_id

    async def batch(self, campaign_id: int, people: list[str], key: str = "b", **fields: Any) -> None:
        """A batch with these people; their references are their numbers."""
        await self.ask("POST", BATCHES, {"batch_id": key, "campaign_id": campaign_id, **fields})
        for target in people:
            request = {"reference_id": target, "target": target, "request_variables": {}}
            await self.ask("POST", f"{BATCHES}/{key}/requests", request)

    async def play(self, **until: float) -> None:
        self.stage.world._forget()
        await self.stage.world.play(until=timedelta(**until))

    async def calls(self) -> list[tuple[str, str]]:
        """Whom and when, in the order of the instants."""
        found = await self.stage.world.attempts()
        return [(each.address, stamp(each.begun_at)) for each in found]

    async def times(self) -> list[str]:
        return [at for _, at in await self.calls()]

    async def statuses(self, key: str = "b") -> dict[str, tuple[str, str]]:
        rows = await self.ask("GET", f"{BATCHES}/{key}/results")
        return {row["reference_id"]: (row["request_status"], row["channel_manager_status"]) for row in rows}


def stamp(at: datetime | None) -> str:
    """`Tue 16:00:00`, in UTC."""
    assert at is not None
    return at.astimezone(UTC).strftime("%a %d %H:%M:%S")


def people(ending: str, count: int = 1) -> list[str]:
    """Numbers in Chicago, Seattle, New York… whose people always do the same."""
    return [magic(ending, start=area)[0] for area in (312, 773, 708, 630, 847)[:count]]


@pytest.fixture
async def console(stage: Stage) -> AsyncIterator[Console]:
    async with stage.client("syllable", "", **{"Syllable-API-Key": stage.key}) as client:
        yield Console(client, stage)


@pytest.mark.parametrize(
    ("fields", "zone", "first"),
    [
        ({}, "America/Chicago", "Mon 23 15:00:00"),
        ({"active_days": ["tue"]}, "America/Chicago", "Tue 24 14:00:00"),
        ({"active_days": ["tue"], "daily_start_time": "10:00:00"}, "America/Chicago", "Tue 24 16:00:00"),
        ({"daily_start_time": "10:00:00", "daily_end_time": "12:00:00"}, "America/New_York", "Mon 23 15:00:00"),
        ({"daily_start_time": "10:00:00", "daily_end_time": "12:00:00"}, "America/Los_Angeles", "Mon 23 18:00:00"),
        ({"daily_start_time": "08:00:00", "daily_end_time": "09:00:00"}, "America/Chicago", "Tue 24 14:00:00"),
        ({"daily_start_time": "22:00:00", "daily_end_time": "10:00:00"}, "Europe/Berlin", "Mon 23 21:00:00"),
        (
            {"outreach_override_rules": {"dates": {"2026-11-23": {"active": False}}}},
            "America/Chicago",
            "Tue 24 14:00:00",
        ),
        (
            {"outreach_override_rules": {"days": {"monday": {"daily_start_time": "13:30"}}}},
            "America/Chicago",
            "Mon 23 19:30:00",
        ),
        (
            {
                "active_days": ["mon"],
                "outreach_override_rules": {
                    "days": {"mon": {"active": False}, "wed": {"active": True, "daily_start_time": "11:00:00"}},
                    "dates": {"2026-11-25": {"daily_start_time": "12:00:00"}},
                },
            },
            "America/Chicago",
            "Wed 25 18:00:00",
        ),
        (
            {"outreach_override_rules": {"dates": {"2026-11-23": {"max_daily_calls": 0}}}},
            "America/Chicago",
            "Tue 24 14:00:00",
        ),
        (
            {
                "max_daily_calls": 0,
                "hourly_rate": 6,
                "outreach_override_rules": {"days": {"thu": {"max_daily_calls": 1}}},
            },
            "America/Chicago",
            "Thu 26 14:00:00",
        ),
    ],
)
async def test_days_and_hours_on_the_agents_clock(
    console: Console, fields: dict[str, Any], zone: str, first: str
) -> None:
    await console.batch(await console.campaign(zone, **fields), [CHICAGO])
    await console.play(days=5)
    assert (await console.times())[:1] == [first]


async def test_the_window_moves_with_the_agents_clocks(console: Console) -> None:
    """On Sunday 14 March 2027 New York goes over to summer time: ten o'clock is 15:00 UTC, then 14:00 UTC."""
    console.stage.world.clock.advance_to(datetime(2027, 3, 12, 22, 0, tzinfo=UTC))
    fields = {"daily_start_time": "10:00:00", "daily_end_time": "11:00:00", "retry_count": 2, "retry_interval": "1d"}
    await console.batch(await console.campaign("America/New_York", **fields), people(NO_ANSWER))
    await console.play(days=6)
    # a day after 15:00:30 on Saturday is 11:00:30 on Sunday, when the window has closed
    assert await console.times() == ["Sat 13 15:00:00", "Mon 15 14:00:00", "Tue 16 14:00:30"]


async def test_an_hourly_rate_is_an_even_beat(console: Console) -> None:
    await console.batch(await console.campaign(hourly_rate=60), people(TALKS, 4))
    await console.play(hours=1)
    assert await console.times() == [f"Mon 23 15:0{n}:00" for n in range(4)]


async def test_a_daily_maximum_counts_people_and_not_retries(console: Console) -> None:
    campaign = await console.campaign(max_daily_calls=2, hourly_rate=12, retry_count=1, retry_interval="30m")
    first, second, third = people(NO_ANSWER, 3)
    await console.batch(campaign, [first, second, third])
    await console.play(days=2)
    assert await console.calls() == [
        (first, "Mon 23 15:00:00"),
        (second, "Mon 23 15:05:00"),
        (first, "Mon 23 15:30:30"),
        (second, "Mon 23 15:35:30"),
        (third, "Tue 24 14:00:00"),
        (third, "Tue 24 14:30:30"),
    ]


async def test_a_date_may_have_another_maximum(console: Console) -> None:
    rules = {"days": {"tue": {"max_daily_calls": 1}}, "dates": {"2026-11-23": {"max_daily_calls": 3}}}
    campaign = await console.campaign(max_daily_calls=2, hourly_rate=12, outreach_override_rules=rules)
    await console.batch(campaign, people(TALKS, 5))
    await console.play(days=3)
    assert [at[:6] for at in await console.times()] == ["Mon 23"] * 3 + ["Tue 24"] + ["Wed 25"]


@pytest.mark.parametrize(
    ("interval", "instants"),
    [
        ("30m", ["Mon 23 15:00:00", "Mon 23 15:30:30", "Mon 23 16:01:00"]),
        ("2h", ["Mon 23 15:00:00", "Mon 23 17:00:30", "Mon 23 19:01:00"]),
        ("7d", ["Mon 23 15:00:00", "Mon 30 15:00:30", "Mon 07 15:01:00"]),
        (None, ["Mon 23 15:00:00", "Mon 23 16:00:30", "Mon 23 17:01:00"]),
    ],
)
async def test_retries_wait_from_the_end_of_the_attempt(
    console: Console, interval: str | None, instants: list[str]
) -> None:
    campaign = await console.campaign(retry_count=2, retry_interval=interval)
    await console.batch(campaign, people(NO_ANSWER))
    await console.play(days=20)
    assert await console.times() == instants


@pytest.mark.parametrize(
    ("ending", "calls", "status"),
    [
        ("92", 2, ("FAILED", "BUSY")),
        ("93", 2, ("FAILED", "NO-ANSWER")),
        ("81", 2, ("FAILED", "SIP_TEMPORARILY_UNAVAILABLE")),
        ("89", 2, ("COMPLETED", "MACHINE")),
        ("88", 2, ("COMPLETED", "MACHINE")),
        ("82", 1, ("COMPLETED", "MACHINE")),
        ("83", 1, ("COMPLETED", "MACHINE")),
        ("91", 1, ("COMPLETED", "COMPLETED")),
        ("80", 1, ("COMPLETED", "HUMAN")),
        ("84", 1, ("COMPLETED", "UNSUBSCRIBED")),
        ("87", 1, ("INVALID", "SIP_NOT_FOUND")),
    ],
)
async def test_who_was_not_reached_is_tried_again(
    console: Console, ending: str, calls: int, status: tuple[str, str]
) -> None:
    (person,) = people(ending)
    campaign = await console.campaign(retry_count=1, retry_interval="30m")
    await console.batch(campaign, [person])
    await console.play(days=3)
    assert len(await console.times()) == calls
    assert (await console.statuses())[person] == status
    found = await console.ask("GET", f"{BATCHES}/b")
    assert found["detailed_status_counts"] == {status[0]: {"total_count": 1, "counts": {status[1]: 1}}}


async def test_a_paused_batch_waits_and_another_goes_on(console: Console) -> None:
    campaign = await console.campaign()
    held, going = people(TALKS, 2)
    await console.batch(campaign, [held], "held", paused=True)
    await console.batch(campaign, [going], "going")
    await console.play(hours=1)
    assert await console.calls() == [(going, "Mon 23 15:00:00")]
    await console.ask("PUT", f"{BATCHES}/held", {"paused": False})
    await console.play(hours=1)
    assert (await console.calls())[1:] == [(held, "Mon 23 16:00:00")]
    await console.ask("PUT", f"{BATCHES}/held", {"paused": True})
    request = {"reference_id": "x", "target": CHICAGO, "request_variables": {}}
    await console.ask("POST", f"{BATCHES}/held/requests", request)
    await console.play(hours=1)
    assert len(await console.calls()) == 2


async def test_nobody_is_tried_after_the_expiry(console: Console) -> None:
    campaign = await console.campaign(hourly_rate=2)
    first, second, third = people(TALKS, 3)
    await console.batch(campaign, [first, second, third], expires_on="2026-11-23T15:45:00Z")
    await console.play(days=1)
    assert await console.calls() == [(first, "Mon 23 15:00:00"), (second, "Mon 23 15:30:00")]
    assert (await console.statuses())[third] == ("SKIPPED", "CANCELED")
    assert (await console.ask("GET", f"{BATCHES}/b"))["status"] == "EXPIRED"
    late = {"reference_id": "x", "target": CHICAGO, "request_variables": {}}
    assert (await console.client.post(f"{BATCHES}/b/requests", json=late)).status_code == 409


async def test_a_batchs_own_rate(console: Console) -> None:
    campaign = await console.campaign(hourly_rate=1)
    await console.batch(campaign, people(TALKS, 3), call_rate=60)
    await console.play(hours=2)
    assert await console.times() == [f"Mon 23 15:0{n}:00" for n in range(3)]


async def test_an_automatic_rate_ends_before_the_expiry(console: Console) -> None:
    campaign = await console.campaign(hourly_rate=1, daily_end_time="10:00:00")
    await console.batch(campaign, [CHICAGO], auto_call_rate=True, expires_on="2026-11-23T18:00:00Z", paused=True)
    for n, target in enumerate(people(TALKS, 3)):
        request = {"reference_id": str(n), "target": target, "request_variables": {}}
        await console.ask("POST", f"{BATCHES}/b/requests", request)
    await console.ask("PUT", f"{BATCHES}/b", {"paused": False})
    await console.play(days=1)
    # the open hour that is left ends at ten in Chicago, 16:00 UTC
    assert await console.times() == ["Mon 23 15:00:00", "Mon 23 15:15:00", "Mon 23 15:30:00", "Mon 23 15:45:00"]


LANDLINE, MOBILE, UNKNOWN = "+442079460000", "+447911123456", CHICAGO


@pytest.mark.parametrize(
    ("fields", "called"),
    [
        ({}, {LANDLINE, MOBILE, UNKNOWN}),
        ({"allowed_line_types": ["mobile"]}, {MOBILE, UNKNOWN}),
        ({"allowed_line_types": ["mobile"], "include_unknown_line_types": False}, {MOBILE}),
        ({"allowed_line_types": [], "include_unknown_line_types": False}, {LANDLINE, MOBILE, UNKNOWN}),
        (
            {
                "allowed_line_types": ["mobile"],
                "target_filters": {
                    "on_unknown": "exclude",
                    "rules": [{"field": "line_type", "op": "not_in", "values": ["mobile"]}],
                },
            },
            {LANDLINE},
        ),
    ],
)
async def test_line_types(console: Console, fields: dict[str, Any], called: set[str]) -> None:
    await console.batch(await console.campaign("UTC", **fields), [LANDLINE, MOBILE, UNKNOWN])
    await console.play(hours=1)
    assert {address for address, _ in await console.calls()} == called
    statuses = await console.statuses()
    for left_out in {LANDLINE, MOBILE, UNKNOWN} - called:
        assert statuses[left_out] == ("SKIPPED", "FILTERED_LINE_TYPE")


async def test_a_filter_on_a_request_variable(console: Console) -> None:
    rules = [{"field": "carrier_name", "op": "eq", "values": ["Verizon"]}]
    campaign = await console.campaign(target_filters={"rules": rules})
    await console.batch(campaign, [])
    numbers = people(TALKS, 3)
    for target, variables in zip(numbers, ({"carrier_name": "VERIZON"}, {"carrier_name": "AT&T"}, {}), strict=True):
        request = {"reference_id": target, "target": target, "request_variables": variables}
        await console.ask("POST", f"{BATCHES}/b/requests", request)
    await console.play(hours=1)
    assert {address for address, _ in await console.calls()} == {numbers[0], numbers[2]}


async def test_no_active_day_keeps_everybody_waiting(console: Console) -> None:
    campaign = await console.campaign(active_days=[])
    await console.batch(campaign, [CHICAGO])
    await console.play(days=30)
    assert await console.calls() == []
    assert (await console.statuses())[CHICAGO] == ("PENDING", "PENDING")
    await console.ask("PUT", f"{CAMPAIGNS}/{campaign}", CAMPAIGN)
    await console.play(days=1)
    assert len(await console.calls()) == 1


async def test_a_changed_campaign_is_planned_anew(console: Console) -> None:
    campaign = await console.campaign(active_days=["fri"])
    await console.batch(campaign, [CHICAGO])
    await console.play(hours=1)
    await console.ask("PUT", f"{CAMPAIGNS}/{campaign}", {**CAMPAIGN, "active_days": ["tue"]})
    await console.play(days=5)
    assert await console.times() == ["Tue 24 14:00:00"]


async def test_what_is_deleted_is_not_called(console: Console) -> None:
    campaign = await console.campaign(active_days=["tue"])
    first, second = people(TALKS, 2)
    await console.batch(campaign, [first], "one")
    await console.batch(campaign, [second], "two")
    await console.client.request("DELETE", f"{BATCHES}/one", data={"delete_reason": "changed our mind"})
    await console.play(hours=1)
    assert (await console.statuses("one"))[first] == ("CANCELED", "CANCELED")
    await console.ask("DELETE", f"{CAMPAIGNS}/{campaign}")
    await console.play(days=3)
    assert await console.calls() == []


async def test_who_opted_out_before_is_not_called(console: Console) -> None:
    campaign = await console.campaign()
    (person,) = people("84")
    await console.batch(campaign, [person], "one")
    await console.play(hours=1)
    await console.batch(campaign, [person], "two")
    await console.play(hours=1)
    assert (await console.statuses("two"))[person] == ("SKIPPED", "PRIOR_UNSUBSCRIBED")


async def test_the_ledger_balances(console: Console) -> None:
    campaign = await console.campaign(retry_count=2, retry_interval="30m", max_daily_calls=4, hourly_rate=12)
    everybody = [*people(BUSY, 2), *people(TALKS, 2), *people("89", 2), *people("87", 1)]
    await console.batch(campaign, everybody)
    await console.play(days=4)
    await console.stage.world.balance()
    found = await console.ask("GET", f"{BATCHES}/b")
    rows = await console.ask("GET", f"{BATCHES}/b/results")
    assert sum(found["status_counts"].values()) == len(rows) == len(everybody)
    for status, n in found["status_counts"].items():
        assert sum(row["request_status"] == status for row in rows) == n
