"""Retries to the second: every mode, one budget, other addresses, callbacks, goals, carriers that fail."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clarion.channels.sandbox.settings import Faults, VoicePublic
from clarion.core.campaigns import Plan
from clarion.core.outcomes import CARRIER_FAULTS, AttemptState, ContactState, FinishReason, Outcome
from clarion.core.retries import DEFAULT_RETRIED, DelayMode, Retries
from clarion.core.schedule import Schedule, Span
from world import CHICAGO, LOS_ANGELES, MONDAY, NEW_YORK, dialled, numbers

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
RING = timedelta(seconds=30)
NOBODY = "+13125550193"
"""Rings for thirty seconds, every time."""
BUSY, GOAL, TALK, DEAD, VOICEMAIL, CALLBACK = (f"+131255501{n}" for n in (92, 90, 91, 87, 89, 85))
LATER = "+13125550194"
"""Does not answer at first, then reaches the goal."""

TWO_WINDOWS = Schedule(week=((Span(9 * 3600, 12 * 3600, 10 * MINUTE), Span(13 * 3600, 17 * 3600, 90 * MINUTE)),) * 7)


def hhmm(*texts: str) -> list[datetime]:
    """Instants of the first day, or of `day+n`, on the clock of UTC."""
    found = []
    for text in texts:
        clock, _, days = text.partition("+")
        hour, minute, *second = map(int, clock.split(":"))
        moment = datetime(2026, 11, 23, hour, minute, *second, tzinfo=UTC)
        found.append(moment + timedelta(days=int(days or 0)))
    return found


@pytest.mark.parametrize(
    "retries, schedule, expected",
    [
        (Retries(max_attempts=1), Schedule(), hhmm("15:00")),
        (Retries(max_attempts=3, delays=(HOUR,)), Schedule(), hhmm("15:00", "16:00:30", "17:01:00")),
        (
            Retries(max_attempts=4, delays=(10 * MINUTE, HOUR)),
            Schedule(),
            hhmm("15:00", "15:10:30", "16:11:00", "17:11:30"),
        ),
        (
            Retries(max_attempts=3, delays=(HOUR,), mode=DelayMode.PER_WINDOW),
            TWO_WINDOWS,
            hhmm("15:00", "15:10:30", "15:21:00"),
        ),
        (
            Retries(max_attempts=3, delays=(7 * HOUR,)),
            TWO_WINDOWS,  # 22:00:30 lies in the second window, an hour before it closes; then the night
            hhmm("15:00", "22:00:30", "15:00+1"),
        ),
        (
            Retries(max_attempts=3, mode=DelayMode.NEXT_DAY),
            TWO_WINDOWS,
            hhmm("15:00", "15:00+1", "15:00+2"),
        ),
        (
            Retries(max_attempts=3, delays=(HOUR,), twice_in_a_row=True),
            Schedule(),
            hhmm("15:00", "15:00:30", "16:01:00"),
        ),
    ],
    ids=["none", "fixed", "list", "per window", "into the night", "next day", "twice in a row"],
)
async def test_nobody_answers(make_world, retries: Retries, schedule: Schedule, expected: list[datetime]) -> None:
    world = await make_world()
    campaign = await world.campaign(Plan(retries=retries, schedule=schedule))
    await world.people(campaign, [NOBODY])
    await world.play()
    assert [a.begun_at for a in await world.attempts()] == expected
    [contact] = await world.contacts()
    exhausted = FinishReason.ATTEMPTS_EXHAUSTED
    assert contact.finish_reason is exhausted
    await world.balance()


async def test_a_retry_waits_through_the_hour_that_the_clocks_skip(make_world) -> None:
    """Windows from 1:30 to 2:30; on 14 March New York's clocks go from 2:00 to 3:00."""
    world = await make_world(datetime(2027, 3, 14, 6, 55, tzinfo=UTC))
    schedule = Schedule(week=((Span(5400, 9000),),) * 7, quiet_hours=False)
    campaign = await world.campaign(Plan(schedule=schedule, retries=Retries(max_attempts=2, delays=(10 * MINUTE,))))
    await world.people(campaign, [NOBODY], region=NEW_YORK)
    await world.play()
    assert [a.begun_at for a in await world.attempts()] == [
        datetime(2027, 3, 14, 6, 55, tzinfo=UTC),
        datetime(2027, 3, 15, 5, 30, tzinfo=UTC),
    ]


PLANS: dict[str, tuple[str, dict[str, Any], list[Outcome], FinishReason]] = {
    "voicemail is left alone": (VOICEMAIL, {}, [Outcome.VOICEMAIL], FinishReason.NOT_RETRIED),
    "voicemail is retried": (
        VOICEMAIL,
        {"on": DEFAULT_RETRIED | {Outcome.VOICEMAIL}},
        [Outcome.VOICEMAIL] * 3,
        FinishReason.ATTEMPTS_EXHAUSTED,
    ),
    "a dead number": (DEAD, {}, [Outcome.INVALID], FinishReason.INVALID_ADDRESS),
    "the goal": (GOAL, {"until_goal": True}, [Outcome.COMPLETED], FinishReason.GOAL_REACHED),
    "talk without the goal": (TALK, {"until_goal": True}, [Outcome.COMPLETED] * 3, FinishReason.ATTEMPTS_EXHAUSTED),
    "talk is enough": (TALK, {}, [Outcome.COMPLETED], FinishReason.REACHED),
    "reached at last": (LATER, {}, [Outcome.NO_ANSWER, Outcome.COMPLETED], FinishReason.GOAL_REACHED),
    "busy": (BUSY, {}, [Outcome.BUSY] * 3, FinishReason.ATTEMPTS_EXHAUSTED),
    "opts out": ("+13125550184", {}, [Outcome.OPTED_OUT], FinishReason.OPTED_OUT),
}


@pytest.mark.parametrize("name", PLANS)
async def test_what_is_retried(make_world, name: str) -> None:
    number, changes, outcomes, reason = PLANS[name]
    world = await make_world()
    campaign = await world.campaign(Plan(retries=Retries(max_attempts=3, **changes), goal_variable="booked"))
    await world.people(campaign, [number])
    await world.play()
    assert [a.outcome for a in await world.attempts()] == outcomes
    [contact] = await world.contacts()
    assert contact.finish_reason is reason
    assert contact.goal_reached == (reason is FinishReason.GOAL_REACHED)
    await world.balance()


async def test_a_callback_comes_when_it_was_asked_for(make_world) -> None:
    world = await make_world()
    campaign = await world.campaign(Plan(retries=Retries(max_attempts=3, delays=(timedelta(days=9),))))
    await world.people(campaign, [CALLBACK])
    await world.play()
    first, second = await world.attempts()
    [line] = [x for x in await world.decisions() if x.verdict == "retried"]
    assert line.rule == "callback"
    assert second.begun_at == line.next_at
    assert timedelta(minutes=29) < second.begun_at - first.ended_at < timedelta(hours=7)
    assert second.outcome is Outcome.COMPLETED


async def test_the_next_address_is_tried_at_once_where_it_is_open(make_world) -> None:
    """The first number rings at 9:00 in Chicago; the second one is in Los Angeles, where it is seven."""
    world = await make_world()
    fallbacks = [
        {"value": "+13105550193", "region_key": LOS_ANGELES},
        {"value": "+13125550290", "region_key": CHICAGO},
    ]
    campaign = await world.campaign(Plan(retries=Retries(max_attempts=4, delays=(3 * HOUR,))))
    await world.people(campaign, [DEAD], fallbacks=fallbacks)
    await world.play()
    attempts = await world.attempts()
    assert [a.address for a in attempts[:2]] == [DEAD, "+13105550193"]
    assert attempts[1].begun_at == MONDAY + HOUR  # eight in Los Angeles
    assert attempts[2].address == "+13125550290"
    assert attempts[2].begun_at == attempts[1].ended_at
    await world.balance()


@pytest.mark.parametrize("trunks", [1, 2])
async def test_a_carriers_fault_burns_nothing_and_goes_over_the_other_trunk_first(make_world, trunks: int) -> None:
    world = await make_world(voice=VoicePublic())
    if trunks == 2:
        await world.second_trunk(priority=1)
    campaign = await world.campaign(Plan(retries=Retries(max_attempts=1, fault_delay=5 * MINUTE)))
    await world.people(campaign, ["+13125550196"])  # the trunk fails once
    await world.play()
    first, second = await world.attempts()
    assert (first.burns, second.burns) == (False, True)
    if trunks == 2:
        assert second.trunk_id != first.trunk_id
        assert second.begun_at == first.ended_at
    else:
        assert second.begun_at - first.ended_at == 5 * MINUTE
    [contact] = await world.contacts()
    assert (contact.tries, contact.burned) == (2, 1)
    await world.balance()


async def test_an_outage_of_one_trunk_is_got_round(make_world) -> None:
    world = await make_world(faults=Faults(0.0, 0.0, 0.0))
    await world.trunks(settings={"faults": {"fails": 1.0}})
    second = await world.second_trunk(priority=1, settings={})
    campaign = await world.campaign(Plan())
    await world.people(campaign, numbers(30))
    await world.play()
    firsts, seconds = [[a for a in await world.attempts() if a.number == n] for n in (1, 2)]
    assert len(firsts) == len(seconds) == 30
    assert {a.outcome for a in firsts} <= CARRIER_FAULTS
    assert {a.trunk_id for a in seconds} == {second}
    assert not {a.outcome for a in seconds} & CARRIER_FAULTS
    assert set(dialled(world).values()) == {1}
    await world.balance()


async def test_faults_without_end_are_given_up(make_world) -> None:
    world = await make_world(faults=Faults(1.0, 0.0, 0.0))
    campaign = await world.campaign(Plan(retries=Retries(max_attempts=1, max_faults=4, fault_delay=MINUTE)))
    await world.people(campaign, ["+13122000001"])
    await world.play()
    attempts = await world.attempts()
    begun = [a.begun_at for a in attempts]
    assert [later - earlier for earlier, later in itertools.pairwise(begun)] == [
        MINUTE,
        2 * MINUTE,
        4 * MINUTE,
    ]
    [contact] = await world.contacts()
    assert contact.finish_reason is FinishReason.FAILED
    assert contact.burned == 0


@pytest.mark.parametrize("lookup_works", [True, False])
async def test_a_lost_answer_is_looked_up_and_never_dialled_again(make_either, lookup_works: bool) -> None:
    world = await make_either(faults=Faults(0.0, 0.0, 1.0), lookup_works=lookup_works, magic=False)
    campaign = await world.campaign(Plan(retries=Retries(max_attempts=1)))
    await world.people(campaign, [f"+1312200{n:04}" for n in range(20)])
    await world.play()
    attempts = await world.attempts()
    assert len(attempts) == 20
    assert set(dialled(world).values()) == {1}
    if lookup_works:
        assert Outcome.UNKNOWN not in {a.outcome for a in attempts}
    else:
        assert {a.outcome for a in attempts} == {Outcome.UNKNOWN}
        assert {c.finish_reason for c in await world.contacts()} == {FinishReason.UNKNOWN}
        waited = attempts[0].ended_at - attempts[0].begun_at
        assert waited == timedelta(hours=1, minutes=12, seconds=35)
    assert {a.state for a in attempts} == {AttemptState.ENDED}
    assert {c.state for c in await world.contacts()} == {ContactState.FINISHED}
    await world.balance()
