"""Calls happen at the instants that Freya's page promises: campaigns through the API, played on the virtual clock."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event
from vendor_house import Stage, make_stage

from clarion.core.outcomes import Outcome
from clarion.store.database import Database
from world import MONDAY

O = Outcome  # noqa: E741 - the rows are about outcomes
PRAGUE = "Europe/Prague"
DAYTIME = {"startTime": "09:00", "endTime": "17:00", "timezone": PRAGUE}
TWO = {"callRetries": 2, "retryDelaySeconds": 3600}
BEFORE_AUTUMN = datetime(2026, 10, 24, 7, 0, tzinfo=UTC)
"""Saturday, 9:00 in Prague; in the night the clocks go back."""
BEFORE_SPRING = datetime(2027, 3, 27, 8, 0, tzinfo=UTC)
"""Saturday, 9:00 in Prague; in the night the clocks go forward."""
RINGS_OUT = "93"
"""Nobody answers for 30 seconds."""


def czech(word: str) -> str:
    """Somebody with a Czech mobile phone who always does the same."""
    return f"+4206055501{word}"


Play = Callable[..., Awaitable[Stage]]


@pytest.fixture
async def play(sqlite_url: str) -> AsyncIterator[Play]:
    """Create a campaign at an instant, and play until nothing is left to happen."""
    ledger = Database(sqlite_url)
    event.listen(ledger.engine.sync_engine, "connect", lambda link, _: link.execute("PRAGMA synchronous = OFF"))
    await ledger.create_all()

    async def run(start: datetime, numbers: list[str], **fields: Any) -> Stage:
        stage = await make_stage(ledger, start)
        async with stage.client("freya") as client:
            assert (await client.post("/api/v2/agents", json={"name": "Ava"})).status_code == 201
            body = {"name": "Leads", "assistantName": "Ava", "phoneNumbers": numbers, **fields}
            response = await client.post("/api/v2/campaign", json=body)
            assert response.status_code == 201, response.text
        await stage.world.play()
        await stage.world.balance()
        return stage

    yield run
    await ledger.close()


async def begun(stage: Stage, zone: str = PRAGUE) -> list[str]:
    """When each call began, on the wall clock of a zone."""
    clock = ZoneInfo(zone)
    return [f"{a.begun_at.astimezone(clock):%a %d %H:%M:%S %Z}" for a in await stage.world.attempts() if a.begun_at]


SCENARIOS: dict[str, tuple[datetime, dict[str, Any], list[str]]] = {
    "at once, once": (MONDAY, {"timezone": PRAGUE}, ["Mon 23 16:00:00 CET"]),
    "no retries are the default": (MONDAY, DAYTIME, ["Mon 23 16:00:00 CET"]),
    "retries come after the delay, in the window": (
        MONDAY,
        DAYTIME | TWO,
        ["Mon 23 16:00:00 CET", "Tue 24 09:00:00 CET", "Tue 24 10:00:30 CET"],
    ),
    "the delay is 300 seconds when it is left out": (
        MONDAY,
        DAYTIME | {"callRetries": 1},
        ["Mon 23 16:00:00 CET", "Mon 23 16:05:30 CET"],
    ),
    "no delay at all": (
        MONDAY,
        DAYTIME | {"callRetries": 2, "retryDelaySeconds": 0},
        ["Mon 23 16:00:00 CET", "Mon 23 16:00:30 CET", "Mon 23 16:01:00 CET"],
    ),
    "the last second of a window": (
        MONDAY,
        DAYTIME | {"callRetries": 1, "retryDelaySeconds": 3569},
        ["Mon 23 16:00:00 CET", "Mon 23 16:59:59 CET"],
    ),
    "a window ends at its end": (
        MONDAY,
        DAYTIME | {"callRetries": 1, "retryDelaySeconds": 3570},
        ["Mon 23 16:00:00 CET", "Tue 24 09:00:00 CET"],
    ),
    "a window opens to the second": (
        MONDAY,
        {**DAYTIME, "startTime": "16:20:15"},
        ["Mon 23 16:20:15 CET"],
    ),
    "another window on Tuesday": (
        MONDAY,
        DAYTIME | TWO | {"daySchedules": {"1": {"startTime": "10:00", "endTime": "11:00"}}},
        ["Mon 23 16:00:00 CET", "Tue 24 10:00:00 CET", "Wed 25 09:00:00 CET"],
    ),
    "another window on a day that is not active": (
        MONDAY,
        DAYTIME | TWO | {"activeDays": [0, 2], "daySchedules": {"1": {"startTime": "10:00", "endTime": "11:00"}}},
        ["Mon 23 16:00:00 CET", "Wed 25 09:00:00 CET", "Wed 25 10:00:30 CET"],
    ),
    "active days: 0 is Monday and 6 is Sunday": (
        MONDAY,
        DAYTIME | {"activeDays": [6], "callRetries": 1, "retryDelaySeconds": 86_400},
        ["Sun 29 09:00:00 CET", "Sun 06 09:00:00 CET"],
    ),
    "a start date": (
        MONDAY,
        DAYTIME | TWO | {"startDate": "2026-11-25"},
        ["Wed 25 09:00:00 CET", "Wed 25 10:00:30 CET", "Wed 25 11:01:00 CET"],
    ),
    "a start date on a day that is not active": (
        MONDAY,
        DAYTIME | {"startDate": "2026-11-28", "activeDays": [0, 1, 2, 3, 4]},
        ["Mon 30 09:00:00 CET"],
    ),
    "a start date with hours of its own": (
        MONDAY,
        DAYTIME | {"startDate": "2026-11-26", "daySchedules": {"3": {"startTime": "13:15", "endTime": "14:00"}}},
        ["Thu 26 13:15:00 CET"],
    ),
    "today is at once while the window is open": (
        MONDAY,
        DAYTIME | {"startDate": "2026-11-23"},
        ["Mon 23 16:00:00 CET"],
    ),
    "a date that has passed is at once": (MONDAY, DAYTIME | {"startDate": "2026-01-05"}, ["Mon 23 16:00:00 CET"]),
    "after today's window it is tomorrow's": (
        MONDAY,
        {**DAYTIME, "endTime": "15:00"},
        ["Tue 24 09:00:00 CET"],
    ),
    "the next day": (
        MONDAY,
        DAYTIME | TWO | {"retryDelayMode": "next_day"},
        ["Mon 23 16:00:00 CET", "Tue 24 09:00:00 CET", "Wed 25 09:00:00 CET"],
    ),
    "the next active day": (
        MONDAY,
        DAYTIME | TWO | {"retryDelayMode": "next_day", "activeDays": [0, 4]},
        ["Mon 23 16:00:00 CET", "Fri 27 09:00:00 CET", "Mon 30 09:00:00 CET"],
    ),
    "the next day opens by its own hours": (
        MONDAY,
        DAYTIME
        | TWO
        | {"retryDelayMode": "next_day", "daySchedules": {"1": {"startTime": "11:30", "endTime": "12:00"}}},
        ["Mon 23 16:00:00 CET", "Tue 24 11:30:00 CET", "Wed 25 09:00:00 CET"],
    ),
    "the clocks go back: the window follows them": (
        BEFORE_AUTUMN,
        DAYTIME | TWO | {"retryDelayMode": "next_day"},
        ["Sat 24 09:00:00 CEST", "Sun 25 09:00:00 CET", "Mon 26 09:00:00 CET"],
    ),
    "the clocks go back: a delay is so many seconds": (
        BEFORE_AUTUMN,
        {"timezone": PRAGUE, "startTime": "08:00", "endTime": "20:00", "callRetries": 1, "retryDelaySeconds": 86_400},
        ["Sat 24 09:00:00 CEST", "Sun 25 08:00:30 CET"],
    ),
    "the clocks go forward: the window follows them": (
        BEFORE_SPRING,
        DAYTIME | TWO | {"retryDelayMode": "next_day"},
        ["Sat 27 09:00:00 CET", "Sun 28 09:00:00 CEST", "Mon 29 09:00:00 CEST"],
    ),
    "the clocks go forward: a delay is so many seconds": (
        BEFORE_SPRING,
        DAYTIME | {"callRetries": 1, "retryDelaySeconds": 86_400},
        ["Sat 27 09:00:00 CET", "Sun 28 10:00:30 CEST"],
    ),
    "a start date after the clocks changed": (
        BEFORE_SPRING,
        DAYTIME | {"startDate": "2027-03-28"},
        ["Sun 28 09:00:00 CEST"],
    ),
    "UTC is the default": (
        MONDAY,
        {"startTime": "16:00", "endTime": "18:00", "callRetries": 1, "retryDelaySeconds": 7200},
        ["Mon 23 17:00:00 CET", "Tue 24 17:00:00 CET"],
    ),
    "the law's hours cut the day": (
        datetime(2026, 11, 23, 4, 0, tzinfo=UTC),
        {"timezone": PRAGUE, "callRetries": 1, "retryDelayMode": "next_day"},
        ["Mon 23 08:00:00 CET", "Tue 24 08:00:00 CET"],
    ),
}


@pytest.mark.parametrize("name", SCENARIOS)
async def test_instants(play: Play, name: str) -> None:
    start, fields, expected = SCENARIOS[name]
    assert await begun(await play(start, [czech(RINGS_OUT)], **fields)) == expected


async def test_the_campaigns_clock_and_not_the_customers(play: Play) -> None:
    """Nine in Los Angeles is noon in New York."""
    fields = {"startTime": "09:00", "endTime": "10:00", "timezone": "America/Los_Angeles"}
    stage = await play(MONDAY, ["+12125550193"], **fields)
    assert await begun(stage, "America/New_York") == ["Mon 23 12:00:00 EST"]


CONDITIONS: dict[str, tuple[str, dict[str, Any], list[Outcome]]] = {
    # what somebody does, what is asked for, what comes of it
    "busy is tried again by default": ("92", {}, [O.BUSY] * 3),
    "no answer is": (RINGS_OUT, {}, [O.NO_ANSWER] * 3),
    "unreachable is": ("81", {}, [O.UNREACHABLE] * 3),
    "voicemail is not": ("89", {}, [O.VOICEMAIL]),
    "voicemail is when it is listed": ("89", {"retryConditions": ["voicemail"]}, [O.VOICEMAIL] * 3),
    "what is not listed is not": ("92", {"retryConditions": ["No Answer"]}, [O.BUSY]),
    "nothing is when the list is empty": ("92", {"retryConditions": []}, [O.BUSY]),
    "a dead number never is": ("87", {"retryConditions": ["Invalid", "Busy"]}, [O.INVALID]),
    "silence is unspecified": ("83", {"retryConditions": ["Unspecified"]}, [O.FAX] * 3),
    "a conversation ends it": ("94", {}, [O.NO_ANSWER, O.COMPLETED]),
    "who opts out is left alone": ("84", {"retryConditions": ["Rejected", "Unspecified"]}, [O.OPTED_OUT]),
}


@pytest.mark.parametrize("name", CONDITIONS)
async def test_what_is_tried_again(play: Play, name: str) -> None:
    word, fields, expected = CONDITIONS[name]
    stage = await play(MONDAY, [czech(word)], **DAYTIME, callRetries=2, retryDelaySeconds=60, **fields)
    assert [a.outcome for a in await stage.world.attempts()] == expected


@pytest.mark.parametrize("retries", [0, 1, 10])
async def test_so_many_retries(play: Play, retries: int) -> None:
    stage = await play(MONDAY, [czech("92")], **DAYTIME, callRetries=retries, retryDelaySeconds=1)
    assert len(await stage.world.attempts()) == 1 + retries


@pytest.mark.parametrize("delay", [0, 300, 900])
async def test_a_carriers_fault_waits_no_longer_and_no_shorter(play: Play, delay: int) -> None:
    """Every failed call is followed by the same delay, also when it was the carrier that failed."""
    stage = await play(MONDAY, [czech("98")], **DAYTIME, callRetries=3, retryDelaySeconds=delay)
    attempts = await stage.world.attempts()
    assert len(attempts) == 4
    gaps = [later.begun_at - earlier.ended_at for earlier, later in itertools.pairwise(attempts)]
    assert gaps == [timedelta(seconds=delay)] * 3
    assert not any(attempt.burns for attempt in attempts)


async def test_a_carriers_fault_waits_for_the_next_day_too(play: Play) -> None:
    stage = await play(MONDAY, [czech("98")], **DAYTIME, callRetries=2, retryDelayMode="next_day")
    assert await begun(stage) == ["Mon 23 16:00:00 CET", "Tue 24 09:00:00 CET", "Wed 25 09:00:00 CET"]


async def test_a_callback_comes_when_it_was_asked_for(play: Play) -> None:
    stage = await play(MONDAY, [czech("85")], **DAYTIME, callRetries=1, retryDelaySeconds=86_400)
    first, second = await stage.world.attempts()
    assert (first.outcome, second.outcome) == (O.CALLBACK_REQUESTED, O.COMPLETED)
    assert second.begun_at - first.ended_at < timedelta(hours=18)


async def test_everybody_is_called_at_once(play: Play) -> None:
    """Freya has no pace of its own."""
    stage = await play(MONDAY, [f"+42060555{n:04}" for n in range(40)], **DAYTIME)
    assert set((await begun(stage))[:40]) == {"Mon 23 16:00:00 CET"}
