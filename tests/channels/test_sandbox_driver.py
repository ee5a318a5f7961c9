"""The sandbox as a carrier: same seed, same fates; its answers, its reports and its faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clarion.app.ports.channel import Accepted, Lost, Order, StillRunning, Trunk
from clarion.channels.sandbox.driver import SandboxDriver, SandboxNetwork
from clarion.channels.sandbox.settings import Faults, SandboxSettings, VoicePublic
from clarion.core.contacts import Attempt, Report
from clarion.core.outcomes import Channel, Outcome

MakeOrder = Callable[..., Order]
MakeAttempt = Callable[[Order], Attempt]
NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
LATER = NOON + timedelta(days=3)


def driver(channel: Channel = Channel.VOICE, **changes: object) -> SandboxDriver:
    """A driver on a network of its own, with its log in memory."""
    return SandboxDriver(channel, SandboxNetwork(SandboxSettings(**changes)))  # type: ignore[arg-type]


def people(count: int, channel: Channel) -> list[str]:
    """Addresses of which none is magic."""
    if channel is Channel.EMAIL:
        return [f"person{n}@example.com" for n in range(count)]
    return [f"+1212200{n:04d}" for n in range(count)]


async def play(line: SandboxDriver, orders: list[Order], size: int = 50) -> dict[int, list[Report]]:
    """Every report of every order, in the order in which they came, asking `size` at a time."""
    told: dict[int, list[Report]] = {order.attempt_id: [] for order in orders}
    for start in range(0, len(orders), size):
        for begun in await line.begin(orders[start : start + size]):
            if isinstance(begun, Report):
                told[begun.attempt_id].append(begun)
    for report in line.collect(LATER):
        told[report.attempt_id].append(report)
    return told


@pytest.mark.parametrize("channel", Channel)
@given(seed=st.integers(0, 10**6), shuffle=st.integers(0, 10**6), size=st.integers(1, 40))
@settings(max_examples=12, deadline=None)
async def test_fates_follow_from_the_seed_and_not_from_the_order_of_asking(
    channel: Channel, seed: int, shuffle: int, size: int, order: MakeOrder
) -> None:
    orders = [order(n, address, channel) for n, address in enumerate(people(40, channel), 1)]
    shuffled = list(orders)
    Random(shuffle).shuffle(shuffled)
    assert await play(driver(channel, seed=seed), orders) == await play(driver(channel, seed=seed), shuffled, size)


async def test_another_seed_attempt_or_hour_is_another_fate(order: MakeOrder) -> None:
    def fates(told: dict[int, list[Report]]) -> list[Outcome]:
        return [reports[0].outcome for reports in told.values()]

    def orders(**changes: object) -> list[Order]:
        return [order(n, a, **changes) for n, a in enumerate(people(200, Channel.VOICE), 1)]

    first = fates(await play(driver(seed=1), orders()))
    assert first == fates(await play(driver(seed=1), orders(at=NOON + timedelta(minutes=40))))
    assert first != fates(await play(driver(seed=2), orders()))
    assert first != fates(await play(driver(seed=1), orders(number=2)))
    assert first != fates(await play(driver(seed=1), orders(at=NOON + timedelta(hours=6))))


async def test_people_answer_by_the_hour_of_their_own_day(order: MakeOrder) -> None:
    reached = {}
    for zone in ("America/New_York", "Asia/Tokyo"):
        orders = [order(n, a, region_key=f"{zone};") for n, a in enumerate(people(1500, Channel.VOICE), 1)]
        told = await play(driver(), orders)
        reached[zone] = sum(r[0].raw.get("answered_by") == "human" for r in told.values()) / len(orders)
    assert reached["America/New_York"] == pytest.approx(0.40 * 0.95, abs=0.05)
    assert reached["Asia/Tokyo"] < 0.08


async def test_the_mix_is_as_set(order: MakeOrder) -> None:
    public = VoicePublic(answers=(0.5,) * 24, dead=0.1, voicemail=1.0, screening=0.0, reaches_goal=0.4)
    line = driver(voice=public, faults=Faults(fails=0.05, throttles=0.02, times_out=0.03))
    orders = [order(n, a) for n, a in enumerate(people(4000, Channel.VOICE), 1)]
    begun = await line.begin(orders)
    told = line.collect(LATER)
    count = Counter(r.outcome for r in (*told, *(b for b in begun if isinstance(b, Report))))
    lost = sum(isinstance(b, Lost) for b in begun)
    assert lost / 4000 == pytest.approx(0.03, abs=0.01)
    assert count[Outcome.THROTTLED] / 4000 == pytest.approx(0.02, abs=0.01)
    assert count[Outcome.INVALID] / len(told) == pytest.approx(0.1, abs=0.02)
    goals = [r.results["booked"] for r in told if r.outcome is Outcome.COMPLETED]
    assert sum(goals) / len(goals) == pytest.approx(0.4, abs=0.04)
    assert count[Outcome.VOICEMAIL] > count[Outcome.BUSY] > 0
    assert count[Outcome.NO_ANSWER] == 0


@pytest.mark.parametrize(
    ("address", "outcomes"),
    [
        ("+12125550190", [Outcome.COMPLETED, Outcome.COMPLETED]),
        ("+12125550192", [Outcome.BUSY, Outcome.BUSY]),
        ("+442075550193", [Outcome.NO_ANSWER, Outcome.NO_ANSWER]),
        ("+12125550194", [Outcome.NO_ANSWER, Outcome.COMPLETED]),
        ("+12125550189", [Outcome.VOICEMAIL, Outcome.VOICEMAIL]),
        ("+12125550188", [Outcome.CALL_SCREENING, Outcome.CALL_SCREENING]),
        ("+12125550187", [Outcome.INVALID, Outcome.INVALID]),
        ("+12125550186", [Outcome.REJECTED, Outcome.REJECTED]),
        ("+12125550185", [Outcome.CALLBACK_REQUESTED, Outcome.COMPLETED]),
        ("+12125550184", [Outcome.OPTED_OUT, Outcome.OPTED_OUT]),
        ("+12125550183", [Outcome.FAX, Outcome.FAX]),
        ("+12125550182", [Outcome.IVR, Outcome.IVR]),
        ("+12125550181", [Outcome.UNREACHABLE, Outcome.UNREACHABLE]),
        ("+12125550180", [Outcome.ABANDONED, Outcome.ABANDONED]),
        ("+12125550195", [Outcome.THROTTLED, Outcome.COMPLETED]),
        ("+12125550197", [Outcome.THROTTLED, Outcome.THROTTLED]),
    ],
)
async def test_magic_numbers(address: str, outcomes: list[Outcome], order: MakeOrder) -> None:
    told = await play(driver(), [order(1, address, number=1), order(2, address, number=2)], 1)
    assert [told[1][0].outcome, told[2][0].outcome] == outcomes


@pytest.mark.parametrize(
    ("channel", "address", "outcomes"),
    [
        (Channel.SMS, "+12125550190", [Outcome.DELIVERED, Outcome.REPLIED]),
        (Channel.SMS, "+12125550191", [Outcome.DELIVERED]),
        (Channel.SMS, "+12125550184", [Outcome.DELIVERED, Outcome.OPTED_OUT]),
        (Channel.SMS, "+12125550187", [Outcome.INVALID]),
        (Channel.SMS, "+12125550186", [Outcome.FAILED]),
        (Channel.SMS, "+12125550181", [Outcome.UNDELIVERED]),
        (Channel.EMAIL, "ann+goal@example.com", [Outcome.SENT, Outcome.OPENED, Outcome.CLICKED]),
        (Channel.EMAIL, "ann+talk@example.com", [Outcome.SENT, Outcome.OPENED]),
        (Channel.EMAIL, "ann+no-answer@example.com", [Outcome.SENT]),
        (Channel.EMAIL, "ann+dead@example.com", [Outcome.BOUNCED]),
        (Channel.EMAIL, "ann+busy@example.com", [Outcome.DEFERRED]),
        (Channel.EMAIL, "ann+bounces-late@example.com", [Outcome.SENT, Outcome.BOUNCED]),
        (Channel.EMAIL, "ann+complains@example.com", [Outcome.SENT, Outcome.OPENED, Outcome.SPAM_REPORT]),
        (Channel.EMAIL, "ann+opts-out@example.com", [Outcome.SENT, Outcome.OPENED, Outcome.UNSUBSCRIBED]),
    ],
)
async def test_a_message_has_one_final_report_and_then_news(
    channel: Channel, address: str, outcomes: list[Outcome], order: MakeOrder
) -> None:
    reports = (await play(driver(channel), [order(1, address, channel)]))[1]
    assert [r.outcome for r in reports] == outcomes
    assert [r.final for r in reports] == [True] + [False] * (len(reports) - 1)
    assert [r.at for r in reports] == sorted(r.at for r in reports)


async def test_reports_come_when_they_are_due_and_faster_people_are_faster(order: MakeOrder) -> None:
    slow, fast = driver(), driver(speed=600)
    orders = [order(1, "+12125550190")]
    assert await slow.begin(orders) == [Accepted(1, "sandbox-1", NOON)]
    await fast.begin(orders)
    due = slow.next_report_at()
    assert due is not None
    assert slow.room() == SandboxSettings().capacity - 1
    assert slow.collect(due - timedelta(microseconds=1)) == []
    (report,) = slow.collect(due)
    assert report.final
    assert report.answered_at is not None
    assert NOON < report.answered_at < report.at == due
    assert timedelta(seconds=20) < report.at - NOON < timedelta(seconds=280)
    assert slow.room() == SandboxSettings().capacity
    assert slow.next_report_at() is None
    (quick,) = fast.collect(LATER)
    assert (quick.at - NOON) * 600 == pytest.approx(report.at - NOON, abs=timedelta(milliseconds=2))


async def test_a_call_ends_at_its_longest_duration_and_rings_no_longer_than_asked(order: MakeOrder) -> None:
    short = timedelta(seconds=10)
    told = await play(
        driver(), [order(1, "+12125550190", max_duration=short), order(2, "+12125550193", ring_timeout=short)]
    )
    assert told[1][0].outcome is Outcome.EXCEEDED_MAX_DURATION
    assert told[1][0].at - (told[1][0].answered_at or NOON) == short
    assert (told[2][0].outcome, told[2][0].at) == (Outcome.NO_ANSWER, NOON + short)


async def test_a_callback_names_its_time(order: MakeOrder) -> None:
    (report,) = (await play(driver(), [order(1, "+12125550185")]))[1]
    assert report.callback_at is not None
    assert report.at + timedelta(minutes=30) <= report.callback_at <= report.at + timedelta(hours=6)


@pytest.mark.parametrize("channel", Channel)
async def test_an_answer_lost_on_the_way_is_found_by_looking_it_up(
    channel: Channel, order: MakeOrder, attempt: MakeAttempt
) -> None:
    line = driver(channel, faults=Faults(times_out=1.0, fails=0, throttles=0))
    plain = driver(channel, faults=Faults(times_out=0.0, fails=0, throttles=0))
    orders = [order(n, a, channel) for n, a in enumerate(people(60, channel), 1)]
    assert all(isinstance(b, Lost) for b in await line.begin(orders))
    assert line.collect(LATER) == []
    soon = await line.lookup([attempt(o) for o in orders[:20]], NOON)
    assert {type(f) for f in soon} <= {StillRunning, Report}
    told: dict[int, list[Report]] = {o.attempt_id: [] for o in orders}
    late = await line.lookup([attempt(o) for o in orders[20:]], LATER)
    assert {type(f) for f in late} == {Report}
    for fate in (*soon, *late):
        if isinstance(fate, Report):
            told[fate.attempt_id].append(fate)
    for report in line.collect(LATER):
        told[report.attempt_id].append(report)
    assert told == await play(plain, orders)


async def test_a_trunk_may_have_faults_of_its_own(order: MakeOrder) -> None:
    bad = Trunk(2, 1, Channel.VOICE, "bad", "sandbox", settings={"faults": {"fails": 1.0}})
    wrong = Trunk(3, 1, Channel.VOICE, "wrong", "sandbox", settings={"faults": {"fials": 1.0}})
    (failed,) = await driver().begin([order(1, "+12125550190", trunk=bad)])
    (magic_wins,) = await driver(magic=False).begin([order(1, "+12125550190", trunk=bad)])
    (misspelt,) = await driver().begin([order(1, "+12125550190", trunk=wrong)])
    assert isinstance(failed, Accepted)
    assert isinstance(magic_wins, Report)
    assert magic_wins.detail in ("500", "503", "504 Q.850 102", "502 Q.850 38")
    assert isinstance(misspelt, Report)
    assert misspelt.outcome is Outcome.PROTOCOL_ERROR
    assert "fials" in (misspelt.detail or "")


@pytest.mark.parametrize("answered", [False, True])
async def test_hanging_up_ends_the_call_at_once(answered: bool, order: MakeOrder) -> None:
    line = driver()
    await line.begin([order(1, "+12125550190"), order(2, "+12125550190")])
    now = NOON + timedelta(seconds=25 if answered else 2)
    assert line.collect(now) == []
    await line.stop([1, 99])
    (report,) = line.collect(now)
    assert report.attempt_id == 1
    assert report.outcome is (Outcome.COMPLETED if answered else Outcome.CANCELLED)
    assert (report.answered_at is not None) is answered
    assert [r.attempt_id for r in line.collect(LATER)] == [2]
    assert line.next_report_at() is None


@pytest.mark.parametrize(
    ("ending", "outcome", "who"),
    [
        ("80", Outcome.ABANDONED, ["person", "agent"]),
        ("84", Outcome.OPTED_OUT, ["person", "agent", "person"]),
        ("85", Outcome.CALLBACK_REQUESTED, ["person", "agent", "person"]),
        ("89", Outcome.VOICEMAIL, ["person"]),
        ("90", Outcome.COMPLETED, ["person", "agent", "person", "agent"]),
        ("92", Outcome.BUSY, None),
    ],
)
async def test_what_is_said_in_a_call_is_reported(
    ending: str, outcome: Outcome, who: list[str] | None, order: MakeOrder
) -> None:
    told = await play(driver(), [order(1, f"+121255501{ending}")])
    (report,) = told[1]
    assert report.outcome is outcome
    said = report.raw.get("transcript")
    assert (said and [role for role, _, _ in said]) == who
    if said:
        assert report.answered_at is not None
        times = [seconds for _, _, seconds in said]
        assert times == sorted(times)
        assert times[-1] < (report.at - report.answered_at).total_seconds()


async def test_every_report_says_that_it_is_simulated(order: MakeOrder) -> None:
    for channel in Channel:
        line = driver(channel, faults=Faults(fails=0.2, throttles=0.2))
        assert line.sandbox is True
        told = await play(line, [order(n, a, channel) for n, a in enumerate(people(300, channel), 1)])
        assert all(r.raw["sandbox"] is True for reports in told.values() for r in reports)
