"""Every ended attempt has an answer, every retry is inside the one budget and inside a window."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clarion.core.outcomes import CARRIER_FAULTS, FinishReason, Outcome
from clarion.core.retries import (
    CALLBACK_HORIZON,
    DEFAULT_RETRIED,
    Case,
    DelayMode,
    Finish,
    Retries,
    Retry,
    burns,
    decide,
    reached_human,
    retries_problems,
    success,
)
from clarion.core.schedule import Span

ENDED = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
"""A Monday."""
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Open:
    """Open from `start` to `end` o'clock UTC each day, or never."""

    start: int = 9
    end: int = 17
    retry_delay: timedelta | None = None
    never: bool = False

    def next_open(self, at: datetime) -> datetime | None:
        if self.never:
            return None
        if at.hour < self.start:
            return datetime.combine(at.date(), time(self.start), UTC)
        return at if at.hour < self.end else datetime.combine(at.date() + DAY, time(self.start), UTC)

    def next_day_open(self, at: datetime) -> datetime | None:
        return self.next_open(datetime.combine(at.date() + DAY, time(0), UTC))

    def span_at(self, at: datetime) -> Span | None:
        return Span(self.start * 3600, self.end * 3600, self.retry_delay)


def after(outcome: Outcome, retries: Retries, **facts: object) -> Retry | Finish:
    case = Case(outcome=outcome, ended_at=ENDED, windows=Open(), burned=int(burns(outcome)), tries=1)
    case = replace(case, **{"faults": int(outcome in CARRIER_FAULTS)} | facts)  # type: ignore[arg-type]
    return decide(retries, case)


def said(verdict: Retry | Finish) -> tuple[object, ...]:
    if isinstance(verdict, Finish):
        return verdict.reason, verdict.rule
    assert verdict.at >= verdict.not_before
    return verdict.at - ENDED, verdict.rule, verdict.address_index, verdict.other_trunk


THREE = Retries(max_attempts=3, delays=(15 * MINUTE, HOUR))
EAGER = replace(THREE, on=THREE.on | {Outcome.VOICEMAIL, Outcome.REJECTED, Outcome.CANCELLED, Outcome.PROTOCOL_ERROR})
AS_MISS = replace(THREE, fault_as_miss=True, max_faults=3)
F = FinishReason


@pytest.mark.parametrize(
    "outcome, retries, facts, expected",
    [
        # delays
        (Outcome.BUSY, THREE, {}, (15 * MINUTE, "fixed", 0, False)),
        (Outcome.NO_ANSWER, THREE, {"burned": 2}, (HOUR, "fixed", 0, False)),
        (Outcome.NO_ANSWER, replace(THREE, max_attempts=9), {"burned": 7}, (HOUR, "fixed", 0, False)),
        (Outcome.NO_ANSWER, replace(THREE, delays=(3 * HOUR,)), {}, (18 * HOUR, "fixed", 0, False)),
        (Outcome.NO_ANSWER, THREE, {"retry_after": 2 * HOUR - MINUTE}, (119 * MINUTE, "fixed", 0, False)),
        (Outcome.BUSY, replace(THREE, mode=DelayMode.NEXT_DAY), {}, (18 * HOUR, "next_day", 0, False)),
        (
            Outcome.BUSY,
            replace(THREE, mode=DelayMode.PER_WINDOW),
            {"windows": Open(retry_delay=40 * MINUTE), "begun_at": ENDED - MINUTE},
            (40 * MINUTE, "per_window", 0, False),
        ),
        (Outcome.BUSY, replace(THREE, mode=DelayMode.PER_WINDOW), {}, (15 * MINUTE, "per_window", 0, False)),
        # the one budget
        (Outcome.BUSY, THREE, {"burned": 3}, (F.ATTEMPTS_EXHAUSTED, "max_attempts")),
        (Outcome.BUSY, Retries(), {}, (F.ATTEMPTS_EXHAUSTED, "max_attempts")),
        (Outcome.COMPLETED, replace(THREE, until_goal=True), {"has_goal": True, "burned": 3},
         (F.ATTEMPTS_EXHAUSTED, "max_attempts")),
        (Outcome.CALLBACK_REQUESTED, THREE, {"burned": 3, "callback_at": ENDED + HOUR},
         (F.ATTEMPTS_EXHAUSTED, "max_attempts")),
        (Outcome.TIMEOUT, THREE, {"burned": 3}, (F.ATTEMPTS_EXHAUSTED, "max_attempts")),
        # the outcome is not retried
        (Outcome.VOICEMAIL, THREE, {}, (F.NOT_RETRIED, "not_retried:voicemail")),
        (Outcome.VOICEMAIL, EAGER, {}, (15 * MINUTE, "fixed", 0, False)),
        (Outcome.REJECTED, THREE, {}, (F.NOT_RETRIED, "not_retried:rejected")),
        (Outcome.EXCEEDED_MAX_DURATION, THREE, {}, (F.REACHED, "not_retried:exceeded_max_duration")),
        (Outcome.ABANDONED, THREE, {}, (F.REACHED, "not_retried:abandoned")),
        (Outcome.CANCELLED, THREE, {}, (F.CANCELLED, "not_retried:cancelled")),
        (Outcome.CANCELLED, EAGER, {}, (15 * MINUTE, "fixed", 0, False)),
        (Outcome.FAILED, THREE, {}, (F.FAILED, "not_retried:failed")),
        (Outcome.UNSPECIFIED, THREE, {}, (F.NOT_RETRIED, "not_retried:unspecified")),
        # conversations and goals
        (Outcome.COMPLETED, THREE, {}, (F.REACHED, "not_retried:completed")),
        (Outcome.COMPLETED, replace(THREE, on=frozenset(Outcome)), {}, (F.REACHED, "not_retried:completed")),
        (Outcome.COMPLETED, THREE, {"has_goal": True, "goal_reached": True}, (F.GOAL_REACHED, "goal_reached")),
        (Outcome.COMPLETED, THREE, {"has_goal": True}, (F.REACHED, "not_retried:completed")),
        (Outcome.COMPLETED, replace(THREE, until_goal=True), {"has_goal": True, "goal_reached": False},
         (15 * MINUTE, "until_goal", 0, False)),
        (Outcome.COMPLETED, replace(THREE, until_goal=True), {"has_goal": True},
         (15 * MINUTE, "until_goal", 0, False)),
        (Outcome.COMPLETED, replace(THREE, until_goal=True), {}, (F.REACHED, "not_retried:completed")),
        # the person's wishes
        (Outcome.CALLBACK_REQUESTED, THREE, {"callback_at": ENDED + 50 * MINUTE}, (50 * MINUTE, "callback", 0, False)),
        (Outcome.CALLBACK_REQUESTED, THREE, {"callback_at": ENDED + 6 * HOUR}, (18 * HOUR, "callback", 0, False)),
        (Outcome.COMPLETED, THREE, {"callback_at": ENDED + 50 * MINUTE}, (50 * MINUTE, "callback", 0, False)),
        (Outcome.CALLBACK_REQUESTED, THREE, {}, (15 * MINUTE, "callback_without_time", 0, False)),
        (Outcome.CALLBACK_REQUESTED, THREE, {"callback_at": ENDED - HOUR},
         (15 * MINUTE, "callback_without_time", 0, False)),
        (Outcome.CALLBACK_REQUESTED, THREE, {"callback_at": ENDED + CALLBACK_HORIZON + DAY},
         (F.REACHED, "callback_too_far_ahead")),
        (Outcome.CALLBACK_REQUESTED, replace(THREE, honour_callbacks=False), {"callback_at": ENDED + HOUR},
         (F.REACHED, "not_retried:callback_requested")),
        (Outcome.NO_ANSWER, THREE, {"callback_at": ENDED + HOUR}, (15 * MINUTE, "fixed", 0, False)),
        (Outcome.CALLBACK_REQUESTED, THREE,
         {"callback_at": ENDED + HOUR, "has_goal": True, "goal_reached": True}, (F.GOAL_REACHED, "goal_reached")),
        (Outcome.OPTED_OUT, replace(EAGER, on=frozenset(Outcome)), {}, (F.OPTED_OUT, "refused:opted_out")),
        (Outcome.UNWANTED, THREE, {}, (F.OPTED_OUT, "refused:unwanted")),
        (Outcome.SPAM_REPORT, THREE, {}, (F.OPTED_OUT, "refused:spam_report")),
        (Outcome.UNSUBSCRIBED, THREE, {"has_goal": True, "goal_reached": True}, (F.OPTED_OUT, "refused:unsubscribed")),
        # twice in a row
        (Outcome.NO_ANSWER, replace(THREE, twice_in_a_row=True), {}, (0 * HOUR, "twice_in_a_row", 0, False)),
        (Outcome.NO_ANSWER, replace(THREE, twice_in_a_row=True), {"fallback_count": 1},
         (0 * HOUR, "twice_in_a_row", 0, False)),
        (Outcome.NO_ANSWER, replace(THREE, twice_in_a_row=True), {"burned": 2}, (HOUR, "fixed", 0, False)),
        (Outcome.COMPLETED, replace(THREE, twice_in_a_row=True, until_goal=True), {"has_goal": True},
         (15 * MINUTE, "until_goal", 0, False)),
        # the carrier's faults
        (Outcome.TIMEOUT, THREE, {"trunks_left": 1}, (0 * HOUR, "fault:other_trunk", 0, True)),
        (Outcome.THROTTLED, THREE, {"trunks_left": 1}, (0 * HOUR, "fault:other_trunk", 0, True)),
        (Outcome.DEFERRED, THREE, {"trunks_left": 1}, (2 * MINUTE, "fault:delay", 0, False)),
        (Outcome.NETWORK_ERROR, THREE, {}, (2 * MINUTE, "fault:delay", 0, False)),
        (Outcome.NETWORK_ERROR, THREE, {"faults": 4}, (16 * MINUTE, "fault:delay", 0, False)),
        (Outcome.NETWORK_ERROR, THREE, {"faults": 9}, (60 * MINUTE, "fault:delay", 0, False)),
        (Outcome.NETWORK_ERROR, replace(THREE, fault_delay=90 * MINUTE), {"faults": 3},
         (90 * MINUTE, "fault:delay", 0, False)),
        (Outcome.SERVICE_UNAVAILABLE, THREE, {"retry_after": 7 * MINUTE, "faults": 3},
         (7 * MINUTE, "fault:retry_after", 0, False)),
        (Outcome.SERVICE_UNAVAILABLE, THREE, {"faults": 10}, (F.FAILED, "max_faults")),
        (Outcome.PROTOCOL_ERROR, THREE, {}, (F.FAILED, "fault_not_retried:protocol_error")),
        (Outcome.PROTOCOL_ERROR, EAGER, {"trunks_left": 2}, (0 * HOUR, "fault:other_trunk", 0, True)),
        (Outcome.NETWORK_ERROR, AS_MISS, {"faults": 2}, (15 * MINUTE, "fault:as_miss", 0, False)),
        (Outcome.NETWORK_ERROR, AS_MISS, {"faults": 2, "trunks_left": 1}, (0 * HOUR, "fault:other_trunk", 0, True)),
        (Outcome.NETWORK_ERROR, AS_MISS, {"faults": 3, "trunks_left": 1}, (0 * HOUR, "fault:other_trunk", 0, True)),
        (Outcome.NETWORK_ERROR, AS_MISS, {"faults": 3}, (F.FAILED, "max_faults")),
        (Outcome.NETWORK_ERROR, AS_MISS, {"retry_after": 7 * MINUTE}, (7 * MINUTE, "fault:retry_after", 0, False)),
        (Outcome.TIMEOUT, replace(AS_MISS, mode=DelayMode.NEXT_DAY), {}, (18 * HOUR, "fault:as_miss", 0, False)),
        (Outcome.NETWORK_ERROR, THREE, {"answered": True, "burned": 1, "trunks_left": 1},
         (15 * MINUTE, "fixed", 0, False)),
        # addresses
        (Outcome.INVALID, EAGER, {}, (F.INVALID_ADDRESS, "dead_address:invalid")),
        (Outcome.BOUNCED, replace(EAGER, on=frozenset(Outcome)), {}, (F.INVALID_ADDRESS, "dead_address:bounced")),
        (Outcome.INVALID, THREE, {"fallback_count": 1}, (0 * HOUR, "fallback:dead_address", 1, False)),
        (Outcome.INVALID, Retries(), {"fallback_count": 1}, (0 * HOUR, "fallback:dead_address", 1, False)),
        (Outcome.INVALID, THREE, {"fallback_count": 1, "address_index": 1},
         (F.INVALID_ADDRESS, "dead_address:invalid")),
        (Outcome.INVALID, THREE, {"fallback_count": 1, "address_index": 1, "burned": 1},
         (15 * MINUTE, "fallback:round_again", 0, False)),
        (Outcome.NO_ANSWER, THREE, {"fallback_count": 2}, (0 * HOUR, "fallback:next", 1, False)),
        (Outcome.BUSY, THREE, {"fallback_count": 2, "address_index": 1, "burned": 2},
         (0 * HOUR, "fallback:next", 2, False)),
        (Outcome.BUSY, THREE, {"fallback_count": 2, "address_index": 2, "burned": 2},
         (HOUR, "fallback:round_again", 0, False)),
        (Outcome.VOICEMAIL, EAGER, {"fallback_count": 1}, (0 * HOUR, "fallback:next", 1, False)),
        (Outcome.REJECTED, EAGER, {"fallback_count": 1}, (15 * MINUTE, "fixed", 0, False)),
        (Outcome.NO_ANSWER, Retries(), {"fallback_count": 2}, (F.ATTEMPTS_EXHAUSTED, "max_attempts")),
        (Outcome.TIMEOUT, THREE, {"fallback_count": 2, "address_index": 1}, (2 * MINUTE, "fault:delay", 1, False)),
        # messages
        (Outcome.SENT, THREE, {}, (F.DELIVERED, "arrived:sent")),
        (Outcome.DELIVERED, EAGER, {}, (F.DELIVERED, "arrived:delivered")),
        (Outcome.REPLIED, THREE, {"has_goal": True, "goal_reached": True}, (F.GOAL_REACHED, "goal_reached")),
        (Outcome.REPLIED, replace(THREE, until_goal=True), {"has_goal": True}, (F.DELIVERED, "arrived:replied")),
        (Outcome.UNDELIVERED, THREE, {}, (15 * MINUTE, "fixed", 0, False)),
        (Outcome.DELIVERY_UNKNOWN, THREE, {}, (F.NOT_RETRIED, "not_retried:delivery_unknown")),
        (Outcome.UNKNOWN, replace(EAGER, on=frozenset(Outcome)), {}, (F.UNKNOWN, "unknown_is_never_redialled")),
        # windows and ends
        (Outcome.BUSY, THREE, {"windows": Open(never=True)}, (F.NO_WINDOW, "fixed")),
        (Outcome.BUSY, replace(THREE, mode=DelayMode.NEXT_DAY), {"windows": Open(never=True)},
         (F.NO_WINDOW, "next_day")),
        (Outcome.BUSY, THREE, {"end_at": ENDED + 15 * MINUTE}, (F.EXPIRED, "fixed")),
        (Outcome.BUSY, THREE, {"end_at": ENDED + 16 * MINUTE}, (15 * MINUTE, "fixed", 0, False)),
        (Outcome.BUSY, replace(THREE, delays=(3 * HOUR,)), {"end_at": ENDED + 10 * HOUR}, (F.EXPIRED, "fixed")),
        (Outcome.CANCELLED, EAGER, {"tries": 44}, (F.FAILED, "too_many_tries")),
    ],
)  # fmt: skip
def test_what_follows(
    outcome: Outcome, retries: Retries, facts: dict[str, object], expected: tuple[object, ...]
) -> None:
    assert said(after(outcome, retries, **facts)) == expected


@pytest.mark.parametrize(
    "outcome, counted, human, good",
    [
        (Outcome.COMPLETED, True, True, True),
        (Outcome.EXCEEDED_MAX_DURATION, True, True, True),
        (Outcome.CALLBACK_REQUESTED, True, True, True),
        (Outcome.OPTED_OUT, True, True, False),
        (Outcome.ABANDONED, True, True, False),
        (Outcome.VOICEMAIL, True, False, False),
        (Outcome.SILENCE, True, False, False),
        (Outcome.BUSY, True, False, False),
        (Outcome.UNWANTED, True, False, False),
        (Outcome.UNSPECIFIED, True, False, False),
        (Outcome.UNKNOWN, True, False, False),
        (Outcome.INVALID, False, False, False),
        (Outcome.BOUNCED, False, False, False),
        (Outcome.CANCELLED, False, False, False),
        (Outcome.TIMEOUT, False, False, False),
        (Outcome.THROTTLED, False, False, False),
        (Outcome.DEFERRED, False, False, False),
        (Outcome.SENT, True, False, True),
        (Outcome.DELIVERED, True, False, True),
        (Outcome.REPLIED, True, True, True),
    ],
)
def test_what_an_outcome_means(outcome: Outcome, counted: bool, human: bool, good: bool) -> None:
    assert (burns(outcome), reached_human(outcome), success(outcome)) == (counted, human, good)
    assert burns(outcome, answered=True)


RETRIES = st.builds(
    Retries,
    max_attempts=st.integers(1, 6),
    mode=st.sampled_from(DelayMode),
    delays=st.lists(st.integers(0, 3000).map(lambda m: m * MINUTE), min_size=1, max_size=4).map(tuple),
    on=st.frozensets(st.sampled_from(Outcome)),
    until_goal=st.booleans(),
    twice_in_a_row=st.booleans(),
    honour_callbacks=st.booleans(),
    max_faults=st.integers(1, 5),
    fault_as_miss=st.booleans(),
)
WINDOWS = st.builds(
    lambda start, length, delay: Open(start, min(24, start + length), delay),
    st.integers(0, 23),
    st.integers(1, 24),
    st.none() | st.integers(0, 90).map(lambda m: m * MINUTE),
)


@settings(max_examples=300, deadline=None)
@given(
    retries=RETRIES,
    windows=WINDOWS,
    fallbacks=st.integers(0, 3),
    trunks=st.integers(0, 3),
    end_after=st.none() | st.integers(0, 30).map(lambda d: d * DAY),
    dice=st.randoms(use_true_random=False),
    likely=st.lists(st.sampled_from(Outcome), min_size=1, max_size=4),
)
def test_a_contact_comes_to_an_end_inside_its_budget(
    retries: Retries,
    windows: Open,
    fallbacks: int,
    trunks: int,
    end_after: timedelta | None,
    dice: object,
    likely: list[Outcome],
) -> None:
    """Play one contact whose attempts end in a few outcomes at random, in whatever order hurts."""
    begun_at, burned, faults, tries, index = windows.next_open(ENDED), 0, 0, 0, 0
    end_at = ENDED + end_after if end_after is not None else None
    while True:
        assert begun_at is not None
        assert burned < retries.max_attempts, "released beyond the budget"
        outcome: Outcome = dice.choice(likely)  # type: ignore[attr-defined]
        answered = dice.random() < 0.3  # type: ignore[attr-defined]
        tries += 1
        burned += burns(outcome, answered=answered)
        faults = faults + 1 if outcome in CARRIER_FAULTS else 0
        ended_at = begun_at + dice.randint(0, 300) * timedelta(seconds=1)  # type: ignore[attr-defined]
        verdict = decide(
            retries,
            Case(
                outcome=outcome,
                ended_at=ended_at,
                windows=windows,
                burned=burned,
                tries=tries,
                faults=faults,
                has_goal=True,
                goal_reached=dice.random() < 0.1,  # type: ignore[attr-defined]
                answered=answered,
                address_index=index,
                fallback_count=fallbacks,
                begun_at=begun_at,
                callback_at=ended_at + dice.randint(-60, 6000) * MINUTE,  # type: ignore[attr-defined]
                trunks_left=max(0, trunks - faults),
                end_at=end_at,
            ),
        )
        if isinstance(verdict, Finish):
            assert verdict.rule
            break
        assert outcome is not Outcome.UNKNOWN
        assert ended_at <= verdict.not_before <= verdict.at == windows.next_open(verdict.at)
        assert end_at is None or verdict.at < end_at
        assert 0 <= verdict.address_index <= fallbacks
        begun_at, index = verdict.at, verdict.address_index
    assert burned <= retries.max_attempts
    assert tries <= (retries.max_attempts + 1) * (retries.max_faults + 1) * (fallbacks + 1)


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("retries", [Retries(), THREE, replace(THREE, on=frozenset(Outcome), until_goal=True)])
def test_every_outcome_has_an_answer_under_every_rule(outcome: Outcome, retries: Retries) -> None:
    assert isinstance(after(outcome, retries), Retry | Finish)


@pytest.mark.parametrize(
    "retries, fields",
    [
        (Retries(), []),
        (THREE, []),
        (Retries(max_attempts=0), ["max_attempts"]),
        (Retries(max_attempts=-1, delays=()), ["max_attempts", "delays"]),
        (Retries(delays=(HOUR, -HOUR)), ["delays.1"]),
        (Retries(on=DEFAULT_RETRIED | {Outcome.OPTED_OUT, Outcome.UNKNOWN}), ["on", "on"]),
        (Retries(max_faults=-1, fault_delay=-MINUTE), ["max_faults", "fault_delay"]),
        (Retries(mode=DelayMode.NEXT_DAY, delays=()), []),
        (Retries(max_attempts=5, twice_in_a_row=True), []),
    ],
)
def test_problems_name_the_field(retries: Retries, fields: list[str]) -> None:
    assert [field for field, _, _ in retries_problems(retries)] == fields
