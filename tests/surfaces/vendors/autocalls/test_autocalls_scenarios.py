"""Campaigns played on the virtual clock: every call at exactly the instant that the page promises.

It is Monday 2026-11-23, 15:00 UTC: 9:00 in Chicago, where everybody here lives, and the law allows calls from 8:00 to
21:00 there. People: `90` reaches the goal, `91` talks and does not, `92` is busy, `93` does not answer, `89` has a
voicemail, `98` is behind a carrier that fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from autocalls_house import Customer, person

from clarion.core.contacts import Attempt
from clarion.core.outcomes import Outcome
from world import most_at_once

MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
CHICAGO = {"timezone": "America/Chicago"}
Plan = dict[str, Any]


def utc(day: int, clock: str, month: int = 11, year: int = 2026) -> datetime:
    """An instant in UTC."""
    hour, minute, *second = map(int, clock.split(":"))
    return datetime(year, month, day, hour, minute, *second, tzinfo=UTC)


async def played(customer: Customer, plan: Plan, people: Sequence[str], at: datetime | None = None) -> list[Attempt]:
    """The attempts of a campaign that was started at once, or at `at`, and ran until nothing was left to do."""
    if at is not None:
        customer.stage.world.clock.advance_to(at)
    campaign = await customer.campaign(**plan)
    for number in people:
        await customer.lead(campaign, number)
    await customer.steer(campaign, "start")
    await customer.play()
    await customer.stage.world.balance()
    return await customer.stage.world.attempts()


def begun(attempts: Sequence[Attempt]) -> list[datetime]:
    return [attempt.begun_at for attempt in attempts if attempt.begun_at is not None]


@pytest.mark.parametrize(
    "plan, start, first",
    [
        pytest.param({}, None, MONDAY, id="open"),
        pytest.param(
            {**CHICAGO, "allowed_hours_start_time": "10:00", "allowed_hours_end_time": "17:00"},
            None,
            utc(23, "16:00"),
            id="before the window",
        ),
        pytest.param(
            {**CHICAGO, "allowed_hours_start_time": "09:00", "allowed_hours_end_time": "17:00"},
            utc(23, "23:00"),
            utc(24, "15:00"),
            id="at the window's end",
        ),
        pytest.param(
            {**CHICAGO, "allowed_hours_start_time": "09:00", "allowed_hours_end_time": "17:00"},
            utc(23, "22:59:59"),
            utc(23, "22:59:59"),
            id="in the window's last second",
        ),
        pytest.param(
            {"timezone": "Europe/London", "allowed_hours_start_time": "18:00", "allowed_hours_end_time": "19:00"},
            None,
            utc(23, "18:00"),
            id="the campaign's clock",
        ),
        pytest.param({**CHICAGO, "allowed_days": ["wednesday"]}, None, utc(25, "14:00"), id="another day"),
        pytest.param(
            {
                **CHICAGO,
                "allowed_days": ["sunday", "monday"],
                "allowed_hours_start_time": "08:30",
                "allowed_hours_end_time": "08:45",
            },
            None,
            utc(29, "14:30"),
            id="the next of several days",
        ),
        pytest.param(
            {
                "timezone": "Asia/Tokyo",
                "allowed_days": ["monday"],
                "allowed_hours_start_time": "22:00",
                "allowed_hours_end_time": "03:00",
            },
            None,
            MONDAY,
            id="after midnight it is still the day on which the window began",
        ),
        pytest.param(
            {
                "timezone": "Asia/Tokyo",
                "allowed_days": ["tuesday"],
                "allowed_hours_start_time": "23:30",
                "allowed_hours_end_time": "03:00",
            },
            None,
            utc(24, "14:30"),
            id="over midnight, on the next day",
        ),
        pytest.param(
            {"timezone": "Asia/Kolkata"}, utc(23, "18:29:00"), utc(23, "18:30"), id="the day's last minute is closed"
        ),
        pytest.param(
            {"timezone": "Asia/Kolkata", "allowed_hours_start_time": "08:00", "allowed_hours_end_time": "08:00"},
            utc(23, "18:29:00"),
            utc(23, "18:29:00"),
            id="the same twice is round the clock",
        ),
        pytest.param(CHICAGO, utc(24, "04:00"), utc(24, "14:00"), id="the law's hours cut the window"),
    ],
)
async def test_the_first_call(customer: Customer, plan: Plan, start: datetime | None, first: datetime) -> None:
    assert begun(await played(customer, plan, [person("90")], start)) == [first]


async def test_hours_are_wall_clock_when_the_clocks_change(customer: Customer) -> None:
    plan = {
        "timezone": "America/New_York",
        "allowed_hours_start_time": "10:00",
        "allowed_hours_end_time": "11:00",
        "retry_interval": 600,
        "max_retries": 2,
    }
    attempts = await played(customer, plan, [person("92")], utc(13, "14:00", month=3, year=2027))
    assert begun(attempts) == [
        utc(13, "15:00", month=3, year=2027),  # 10:00 EST
        utc(14, "14:00", month=3, year=2027),  # 10:00 EDT
        utc(15, "14:00", month=3, year=2027),
    ]


@pytest.mark.parametrize("interval", [10, 45, 1440])
@pytest.mark.parametrize(
    "word, retries",
    [(word, retries) for word in ("92", "93", "81") for retries in (1, 2, 5)] + [("86", 2), ("98", 2)],
)
async def test_unanswered_calls_are_retried(customer: Customer, retries: int, interval: int, word: str) -> None:
    """So many minutes after each call ended, and as many times as the page says, after the first."""
    plan = {"timezone": "America/Chicago", "max_retries": retries, "retry_interval": interval}
    attempts = await played(customer, plan, [person(word)])
    assert [attempt.number for attempt in attempts] == list(range(1, retries + 2))
    due = [attempt.ended_at + timedelta(minutes=interval) for attempt in attempts[:-1] if attempt.ended_at]
    assert begun(attempts) == [MONDAY, *due]
    (lead,) = (await customer.leads()).values()
    assert lead["status"] == "reached-max-retries"


async def test_the_defaults(customer: Customer) -> None:
    attempts = await played(customer, {}, [person("92")])
    assert len(attempts) == 4
    gaps = [later.begun_at - earlier.ended_at for earlier, later in pairwise(attempts)]
    assert gaps == [timedelta(hours=1)] * 3


async def test_a_retry_waits_for_the_window(customer: Customer) -> None:
    plan = {
        **CHICAGO,
        "allowed_hours_start_time": "08:00",
        "allowed_hours_end_time": "09:30",
        "allowed_days": ["monday", "thursday"],
        "retry_interval": 60,
        "max_retries": 1,
    }
    assert begun(await played(customer, plan, [person("92")])) == [MONDAY, utc(26, "14:00")]


async def test_a_second_try_that_succeeds_is_the_last(customer: Customer) -> None:
    attempts = await played(customer, {"retry_interval": 30}, [person("94")])
    assert [attempt.outcome for attempt in attempts] == [Outcome.NO_ANSWER, Outcome.COMPLETED]
    assert attempts[1].begun_at - attempts[0].ended_at == timedelta(minutes=30)


@pytest.mark.parametrize(
    "plan, word, tries, status",
    [
        ({}, "89", 1, "completed"),
        ({"retry_on_voicemail": False}, "89", 1, "completed"),
        ({"retry_on_voicemail": True}, "89", 3, "reached-max-retries"),
        ({}, "88", 1, "completed"),
        ({"retry_on_voicemail": True}, "88", 3, "reached-max-retries"),
        ({"retry_on_voicemail": True}, "90", 1, "completed"),
        ({}, "80", 1, "completed"),
        ({"retry_on_goal_incomplete": True, "goal_completion_variable": "booked"}, "80", 3, "reached-max-retries"),
        ({}, "91", 1, "completed"),
        ({"goal_completion_variable": "booked"}, "91", 1, "completed"),
        ({"retry_on_goal_incomplete": True, "goal_completion_variable": "booked"}, "91", 3, "reached-max-retries"),
        ({"retry_on_goal_incomplete": True, "goal_completion_variable": "booked"}, "90", 1, "completed"),
        ({"retry_on_goal_incomplete": True, "goal_completion_variable": "booked"}, "89", 1, "completed"),
        ({}, "87", 1, "reached-max-retries"),
        ({}, "84", 1, "blacklisted"),
        ({"retry_on_goal_incomplete": True, "goal_completion_variable": "booked"}, "84", 1, "blacklisted"),
    ],
)
async def test_which_calls_are_retried(customer: Customer, plan: Plan, word: str, tries: int, status: str) -> None:
    attempts = await played(customer, {"max_retries": 2, "retry_interval": 20, **plan}, [person(word)])
    assert len(attempts) == tries
    gaps = [later.begun_at - earlier.ended_at for earlier, later in pairwise(attempts)]
    assert gaps == [timedelta(minutes=20)] * (tries - 1)
    (lead,) = (await customer.leads()).values()
    assert lead["status"] == status


async def test_the_goal_of_an_assistant_without_a_schema_is_its_status(customer: Customer) -> None:
    assistant = await customer.assistant(post_call_schema=None)
    plan = {"assistant_id": assistant, "retry_on_goal_incomplete": True, "max_retries": 1, "retry_interval": 10}
    attempts = await played(customer, plan, [person("90"), person("91")])
    assert [attempt.results["status"] for attempt in attempts] == [True, False, False]


@pytest.mark.parametrize("most", [1, 2, 5])
async def test_calls_at_once(customer: Customer, most: int) -> None:
    people = [f"+13125550{n}" for n in range(120, 140)]
    attempts = await played(customer, {"max_calls_in_parallel": most, "max_retries": 1}, people)
    assert most_at_once(attempts) == most


async def test_three_at_once_unless_given(customer: Customer) -> None:
    attempts = await played(customer, {}, [f"+13125550{n}" for n in range(120, 132)])
    assert most_at_once(attempts) == 3


async def test_numbers_take_turns(customer: Customer) -> None:
    numbers = [each["id"] for each in (await customer.get("/user/phone-numbers/all"))["data"]]
    wanted = numbers[::-1][:3]
    plan = {"phone_number_ids": wanted, "max_calls_in_parallel": 1, "max_retries": 1}
    attempts = await played(customer, plan, [person("90", n) for n in range(4)] + [person("91", n) for n in range(2)])
    rounds = -(-len(attempts) // len(wanted))
    assert [attempt.sender_id for attempt in attempts] == (wanted * rounds)[: len(attempts)]


async def test_other_numbers_are_tried_in_turn(customer: Customer) -> None:
    """At once after the first does not answer, in their order, with their own variables; then the round begins anew."""
    assistant = await customer.assistant(is_webhook_active=True, webhook_url="http://127.0.0.1:9/hook")
    campaign = await customer.campaign(assistant_id=assistant, max_retries=3, retry_interval=30)
    lead = await customer.lead(
        campaign,
        person("93"),
        variables={"who": "Ann"},
        secondary_contacts=[
            {"phone_number": person("92"), "variables": {"who": "Bob"}},
            {"phone_number": person("93", 1), "variables": {"who": "Cem"}},
        ],
    )
    await customer.steer(campaign, "start")
    seen: list[list[str]] = []

    async def look() -> None:
        told = (await customer.leads())[lead]
        seen.append([told["status"], *(each["status"] for each in told["secondary_contacts"])])

    await customer.play((timedelta(seconds=31), look), (timedelta(minutes=10), look))
    attempts = await customer.stage.world.attempts()
    assert [attempt.address for attempt in attempts] == [person("93"), person("92"), person("93", 1), person("93")]
    first, second, third, again = attempts
    assert [second.begun_at, third.begun_at] == [first.ended_at, second.ended_at]
    assert third.ended_at is not None
    assert again.begun_at == third.ended_at + timedelta(minutes=30)
    assert seen == [
        ["processing", "processing", "created"],
        ["rescheduled", "rescheduled", "rescheduled"],
    ]
    told = (await customer.leads())[lead]
    assert told["status"] == "reached-max-retries"
    assert [each["status"] for each in told["secondary_contacts"]] == ["reached-max-retries"] * 2
    calls = (await customer.get("/user/calls"))["data"]
    assert [call["variables"]["who"] for call in reversed(calls)] == ["Ann", "Bob", "Cem", "Ann"]


async def test_another_number_that_answers_completes_the_lead(customer: Customer) -> None:
    campaign = await customer.campaign()
    lead = await customer.lead(
        campaign,
        person("93"),
        secondary_contacts=[{"phone_number": person("90")}, {"phone_number": person("91")}],
    )
    await customer.steer(campaign, "start")
    await customer.play()
    told = (await customer.leads())[lead]
    assert told["status"] == "completed"
    assert [each["status"] for each in told["secondary_contacts"]] == ["completed", "created"]
    assert (await customer.get("/user/campaigns"))[0]["status"] == "completed"


@pytest.mark.parametrize("given, status", [(True, "completed"), (None, "completed"), (False, "in-progress")])
async def test_complete_when_no_leads_are_left(customer: Customer, given: bool | None, status: str) -> None:
    await played(customer, {"mark_complete_when_no_leads": given}, [person("90")])
    (campaign,) = await customer.get("/user/campaigns")
    assert campaign["status"] == status
    lead = await customer.lead(campaign["id"], person("90", 1))
    await customer.play()
    assert (await customer.leads())[lead]["status"] == "completed"


async def test_stop_lets_running_calls_end_and_start_goes_on(customer: Customer) -> None:
    campaign = await customer.campaign(max_calls_in_parallel=1)
    for n in range(3):
        await customer.lead(campaign, person("91", n))
    await customer.steer(campaign, "start")

    async def stop() -> None:
        await customer.steer(campaign, "stop")

    async def start() -> None:
        await customer.steer(campaign, "start")

    await customer.play((timedelta(seconds=5), stop), (timedelta(hours=2), start))
    attempts = await customer.stage.world.attempts()
    assert [attempt.outcome for attempt in attempts] == [Outcome.COMPLETED] * 3
    assert begun(attempts)[:2] == [MONDAY, MONDAY + timedelta(hours=2)]


async def test_the_same_campaign_in_both_spellings(customer: Customer) -> None:
    plan = {**CHICAGO, "allowed_hours_start_time": "10:00", "retry_interval": 10, "max_retries": 1}
    assistant = await customer.assistant()
    body = {"name": "Twin", "assistant_id": assistant, **plan}
    for path, number in (("/user/campaign", person("92")), ("/user/campaigns", person("92", 1))):
        campaign = (await customer.post(path, body, 201))["data"]["id"]
        await customer.lead(campaign, number)
        await customer.steer(campaign, "start")
    await customer.play()
    attempts = await customer.stage.world.attempts()
    assert begun(attempts)[:2] == [utc(23, "16:00")] * 2
    assert len(attempts) == 4
