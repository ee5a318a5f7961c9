"""What protects a person over campaigns and channels: limits, opting out, lists; and news that come late."""

from __future__ import annotations

import itertools
from collections import defaultdict
from datetime import datetime, timedelta

import pytest

from clarion.app.ports.organizations import PersonLimits
from clarion.app.suppress import NewSuppression, suppress_address
from clarion.channels.sandbox.settings import Faults, MailPublic, SmsPublic
from clarion.core.campaigns import CampaignStatus, Message, Plan
from clarion.core.contacts import Report
from clarion.core.outcomes import Channel, FinishReason, Outcome
from clarion.core.pacing import Pacing
from clarion.core.retries import Retries
from world import CHICAGO, MIAMI, MONDAY, most_within, numbers

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PERFECT = Faults(0.0, 0.0, 0.0)
EAGER = Retries(max_attempts=9, delays=(timedelta(minutes=20),), on=frozenset(Outcome) - {Outcome.UNKNOWN})
SILENT = MailPublic(dead=0.0, full=0.0, greylists=0.0, refuses=0.0, bounces_late=0.0, opens=0.0, complains=0.0)
"""Mail arrives, and that is all that is heard of it."""
HELLO = Message(text="Hello {{ name }}")


async def test_limits_on_a_person_hold_over_campaigns_channels_and_duplicates(make_either) -> None:
    world = await make_either(faults=PERFECT)
    await world.settings(person_limits=PersonLimits(per_day=3, per_week=7, min_gap=HOUR))
    people = numbers(6)
    for channel in (Channel.VOICE, Channel.VOICE, Channel.SMS):
        plan = Plan(retries=EAGER, message=Message(text="Hello") if channel is Channel.SMS else None)
        campaign = await world.campaign(plan, channel=channel)
        for person in people:
            await world.people(campaign, [person] * 2, person=f"p{person}")
    await world.play(until=9 * DAY)
    instants: dict[str, list[datetime]] = defaultdict(list)
    for attempt in await world.attempts():
        instants[attempt.person].append(attempt.begun_at)
    assert len(instants) == 6
    for touched in instants.values():
        assert most_within(touched, DAY) <= 3
        assert most_within(touched, 7 * DAY) <= 7
        ordered = sorted(touched)
        assert all(b - a >= HOUR for a, b in itertools.pairwise(ordered))
    assert max(most_within(t, DAY) for t in instants.values()) == 3
    await world.balance(over=False)


async def test_the_law_counts_tries_where_the_person_is(make_world) -> None:
    """Three in 24 hours in Florida; in Illinois as many as the campaign likes."""
    world = await make_world(faults=PERFECT)
    campaign = await world.campaign(Plan(retries=EAGER))
    [florida] = await world.people(campaign, ["+13055550193"], region=MIAMI)
    [illinois] = await world.people(campaign, ["+13125550193"], region=CHICAGO)
    await world.play(until=8 * HOUR)
    tries = [a.contact_id for a in await world.attempts()]
    assert tries.count(florida) == 3
    assert tries.count(illinois) == 9
    lines = [x for x in await world.decisions(florida) if x.verdict == "deferred"]
    assert {x.rule for x in lines} == {"law:US-FL"}


async def test_a_gap_longer_than_a_week_is_kept(make_world) -> None:
    world = await make_world(faults=PERFECT)
    await world.settings(person_limits=PersonLimits(min_gap=12 * DAY))
    campaign = await world.campaign(Plan(retries=Retries(max_attempts=2)))
    await world.people(campaign, ["+13125550193"])
    await world.play()
    first, second = await world.attempts()
    assert second.begun_at == first.begun_at + 12 * DAY


async def test_stop_by_sms_stops_the_calls(make_world) -> None:
    world = await make_world(faults=PERFECT, sms=SmsPublic(dead=0.0, undelivered=0.0, failed=0.0, expired=0.0))
    stopper, other = "+13125550184", "+13125550193"
    calls = await world.campaign(Plan(retries=Retries(max_attempts=5, delays=(HOUR,))))
    texts = await world.campaign(Plan(message=HELLO), channel=Channel.SMS)
    called = await world.people(calls, [other, stopper], person="x")
    del called

    async def text_both() -> None:
        await world.people(texts, [stopper], variables={"name": "Ann"})

    await world.settings()
    await world.play((timedelta(minutes=30), text_both), until=DAY)
    by_campaign = {c.id: c for c in await world.contacts(calls)}
    reasons = {c.address: c.finish_reason for c in by_campaign.values()}
    assert reasons[stopper] is FinishReason.OPTED_OUT
    assert reasons[other] is FinishReason.ATTEMPTS_EXHAUSTED


async def test_an_opt_out_in_one_campaign_ends_the_waiting_in_another(make_world) -> None:
    world = await make_world(faults=PERFECT)
    number = "+13125550193"
    calls = await world.campaign(Plan(retries=Retries(max_attempts=5, delays=(2 * HOUR,))))
    texts = await world.campaign(Plan(message=Message(text="Hello")), channel=Channel.SMS)
    await world.people(calls, [number])
    await world.people(texts, [number])

    async def answer_stop() -> None:
        [sent] = await world.attempts(texts)
        stop = Report(sent.id, Outcome.OPTED_OUT, world.clock.now(), final=False, detail="STOP")
        world.workers[0].hand_in([stop, stop])

    await world.play((HOUR, answer_stop))
    assert [a.begun_at for a in await world.attempts(calls)] == [MONDAY]
    [waited] = await world.contacts(calls)
    assert waited.finish_reason is FinishReason.PRIOR_UNSUBSCRIBED
    [sent] = await world.attempts(texts)
    assert sent.outcome is Outcome.OPTED_OUT
    await world.balance()


async def test_an_opt_out_while_its_own_retry_waits_finishes_the_contact_at_once(make_world) -> None:
    world = await make_world(faults=PERFECT)
    campaign = await world.campaign(Plan(retries=Retries(max_attempts=5, delays=(2 * HOUR,))))
    await world.people(campaign, ["+13125550193"])

    async def stop() -> None:
        [attempt] = await world.attempts()
        world.workers[0].hand_in([Report(attempt.id, Outcome.OPTED_OUT, world.clock.now(), final=False)])

    await world.play((HOUR, stop), until=61 * timedelta(minutes=1))
    [contact] = await world.contacts()
    assert contact.finish_reason is FinishReason.OPTED_OUT
    assert (await world.now(campaign)).status is CampaignStatus.COMPLETED
    await world.balance()


async def test_a_list_that_grows_while_it_runs(make_world) -> None:
    world = await make_world(faults=PERFECT)
    campaign = await world.campaign(Plan(pacing=Pacing(per_hour=60)))
    people = numbers(40)
    await world.people(campaign, people)

    async def suppress() -> None:
        for address in people[10:30]:
            await suppress_address(world.database, world.clock, world.actor, NewSuppression(address))

    await world.play((timedelta(minutes=20), suppress))
    assert {a.address for a in await world.attempts()} == set(people[:20] + people[30:])
    reasons = {c.address: c.finish_reason for c in await world.contacts()}
    assert {reasons[address] for address in people[20:30]} == {FinishReason.SUPPRESSED}
    await world.balance()


@pytest.mark.parametrize(
    "told, known_by",
    [
        ([Outcome.DELIVERED], Outcome.DELIVERED),
        ([Outcome.DELIVERED, Outcome.OPENED, Outcome.CLICKED], Outcome.CLICKED),
        ([Outcome.OPENED, Outcome.DELIVERED, Outcome.OPENED], Outcome.OPENED),
        ([Outcome.OPENED, Outcome.BOUNCED], Outcome.BOUNCED),
        ([Outcome.CLICKED, Outcome.UNSUBSCRIBED, Outcome.DELIVERED], Outcome.UNSUBSCRIBED),
        ([Outcome.SPAM_REPORT, Outcome.OPENED], Outcome.SPAM_REPORT),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
async def test_news_of_a_message(make_world, told: list[Outcome], known_by: Outcome, at_once: bool) -> None:
    """In one batch or one after the other, and each of them twice: counted once."""
    world = await make_world(faults=PERFECT, email=SILENT)
    campaign = await world.campaign(Plan(message=Message(text="Hello", subject="Hi")), channel=Channel.EMAIL)
    await world.people(campaign, ["ann@example.com"])
    await world.play(until=timedelta(seconds=30))
    [attempt] = await world.attempts()
    for n, outcome in enumerate(told):
        at = world.clock.now() + n * timedelta(minutes=1)
        for _ in range(2):
            world.workers[0].hand_in([Report(attempt.id, outcome, at, final=False)])
        if not at_once:
            await world.play(until=timedelta(minutes=1))
    await world.play(until=timedelta(days=2))
    [attempt] = await world.attempts()
    assert attempt.outcome is known_by
    await world.balance()


async def test_a_goal_that_is_reached_later_counts(make_world) -> None:
    world = await make_world(faults=PERFECT)
    campaign = await world.campaign(
        Plan(message=Message(text="Hello", subject="Hi"), goal_variable="signed"), channel=Channel.EMAIL
    )
    await world.people(campaign, ["ann@example.com"])
    await world.play(until=timedelta(seconds=5))
    [attempt] = await world.attempts()
    signed = Report(attempt.id, Outcome.CLICKED, world.clock.now(), final=False, results={"signed": True})
    world.workers[0].hand_in([signed, signed])
    await world.play(until=DAY)
    [contact] = await world.contacts()
    assert contact.goal_reached
    await world.balance()


async def test_a_report_after_it_was_given_up_tells_what_became_of_it(make_world) -> None:
    world = await make_world(faults=Faults(0.0, 0.0, 1.0), lookup_works=False, magic=False)
    campaign = await world.campaign(Plan(retries=Retries(max_attempts=3)))
    await world.people(campaign, numbers(2))
    await world.play(until=3 * HOUR)
    one, two = await world.attempts()
    assert one.outcome is Outcome.UNKNOWN
    now = world.clock.now()
    late = [Report(one.id, Outcome.COMPLETED, now, answered_at=now), Report(two.id, Outcome.NO_ANSWER, now)]
    world.workers[0].hand_in(late + late)
    await world.play(until=2 * DAY)
    first, second = await world.contacts()
    assert first.finish_reason is FinishReason.REACHED
    assert second.finish_reason is FinishReason.UNKNOWN  # a person decides whether to try again
    assert [a.outcome for a in await world.attempts()] == [Outcome.COMPLETED, Outcome.NO_ANSWER]
    await world.balance()
