"""The judge can say no: a ledger that balances is spoilt in one place, and the check that is there for it finds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from clarion.boot.torture.diary import SECOND, Diary, Freeze, Hours, Pause, Sent, Setting
from clarion.boot.torture.evidence import (
    Ask,
    AttemptRow,
    ContactRow,
    DecisionRow,
    Evidence,
    Ledger,
    MessageRow,
    TallyRow,
)
from clarion.boot.torture.judge import judge

NOON = 1_795_435_200 * SECOND
"""Monday 2026-11-23, 12:00 UTC."""
OFFICE = Hours("UTC", ((9 * 3600, 17 * 3600),))
KATHMANDU = "Asia/Kathmandu"


def attempt(number: int, contact: int, nth: int, at: float, **changes: object) -> AttemptRow:
    begun = NOON + int(at * SECOND)
    row = AttemptRow(
        id=number,
        campaign_id=1,
        batch_id=1,
        contact_id=contact,
        number=nth,
        channel="voice",
        address=f"+1212234200{contact}",
        person=f"+1212234200{contact}",
        state="ended",
        sender_id=4,
        trunk_id=3,
        outcome="no_answer" if nth == 1 else "completed",
        burns=True,
        sandbox=True,
        begun_at=begun,
        ended_at=begun + 5 * SECOND,
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def ask(row: AttemptRow, **changes: object) -> Ask:
    assert row.begun_at is not None
    assert row.trunk_id is not None
    heard = row.begun_at + SECOND // 10
    line = Ask(row.id, row.id, row.channel, row.address, row.number, row.trunk_id, row.begun_at, heard, 77, "accepted")
    return replace(line, **changes)  # type: ignore[arg-type]


def contact(number: int, tries: int, **changes: object) -> ContactRow:
    address = f"+1212234200{number}"
    row = ContactRow(
        id=number,
        campaign_id=1,
        batch_id=1,
        reference_id=f"r{number}",
        address=address,
        person=address,
        state="finished",
        next_at=None,
        tries=tries,
        burned=tries,
        attempt_id=None,
        last_outcome="completed" if tries else None,
        finish_reason="reached" if tries else "cancelled",
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def balanced() -> Evidence:
    """Contact 1 tried twice, contact 2 once, contact 3 waits, contact 4 was cancelled; a pause in between."""
    attempts = [
        attempt(1, 1, 1, 0),
        attempt(2, 2, 1, 10, outcome="completed"),
        attempt(3, 1, 2, 20, state="taken_back", outcome=None, burns=False),
        attempt(4, 1, 2, 60),
    ]
    contacts = [
        contact(1, 2),
        contact(2, 1),
        contact(3, 0, state="waiting", next_at=NOON, finish_reason=None),
        contact(4, 0),
    ]
    tallies = {
        "contacts": 4,
        "attempts": 3,
        "first_attempts": 2,
        "retries": 1,
        "unattempted": 1,
        "outcome:no_answer": 1,
        "outcome:completed": 2,
        "finished:reached": 2,
        "finished:cancelled": 1,
        "last:completed": 2,
        "ended:reached:completed": 2,
        "ended:cancelled:none": 1,
        "hour:12:completed": 2,
    }
    diary = Diary(endpoint_id=9, organization_id=1, campaigns={"one": 1})
    diary.sent = [Sent(1, f"r{n}", f"+1212234200{n}", KATHMANDU) for n in range(1, 5)]
    diary.pauses = [Pause(1, NOON + 30 * SECOND, NOON + 50 * SECOND)]
    diary.received = Counter({"msg_1": 1, "msg_2": 2, "msg_4": 1})
    long_ago = NOON - 3600 * SECOND
    for scope, name, value in (
        ("organization:1", "per_day", 2),
        ("organization:1", "min_gap", 2),
        ("campaign:1", "hours", OFFICE),
        ("campaign:1", "max_attempts", 2),
        ("campaign:1", "max_concurrent", 1),
        ("campaign:1", "per_hour", 720),
        ("campaign:1", "daily_cap", 3),
        ("trunk:3", "per_second", 2),
        ("sender:4", "daily_cap", 5),
    ):
        diary.setting(scope, name, value, long_ago, long_ago)
    return Evidence(
        Ledger(
            contacts,
            attempts,
            [TallyRow(1, key, n) for key, n in tallies.items()],
            [MessageRow(n, 9, "attempt.ended", n, "delivered") for n in (1, 2, 4)],
            [DecisionRow(n, "finished", "a rule") for n in (1, 2, 4)],
        ),
        [ask(attempts[0]), ask(attempts[1]), ask(attempts[3])],
        frozenset({3}),
        diary,
    )


def failed(evidence: Evidence) -> set[str]:
    return {finding.name for finding in judge(evidence) if not finding.holds}


def test_a_ledger_that_balances_passes_every_check() -> None:
    assert failed(balanced()) == set()


def add_ask(evidence: Evidence, row: AttemptRow, **changes: object) -> None:
    evidence.asks.append(ask(row, seq=len(evidence.asks) + 10, **changes))


def doubled_ask(e: Evidence) -> None:
    add_ask(e, e.ledger.attempts[1])


def repeated_ask(e: Evidence) -> None:
    add_ask(e, e.ledger.attempts[1], answer="repeat")


def ask_without_attempt(e: Evidence) -> None:
    add_ask(e, attempt(8, 2, 2, 100))


def ask_to_another_number(e: Evidence) -> None:
    e.asks[0] = replace(e.asks[0], address="+13122342001")


def lost_contact(e: Evidence) -> None:
    del e.ledger.contacts[2]


def doubled_contact(e: Evidence) -> None:
    e.ledger.contacts.append(replace(e.ledger.contacts[2], id=5))


def contact_outside_the_queue(e: Evidence) -> None:
    e.ledger.contacts[2] = replace(e.ledger.contacts[2], state=None, next_at=None, tries=None)


def contact_that_hangs(e: Evidence) -> None:
    e.ledger.contacts[2] = replace(e.ledger.contacts[2], state="released", attempt_id=4)


def end_without_a_line(e: Evidence) -> None:
    del e.ledger.decisions[0]


def attempt_never_asked(e: Evidence) -> None:
    del e.asks[1]


def taken_back_and_dialled(e: Evidence) -> None:
    add_ask(e, e.ledger.attempts[2], answer="lost")


def attempt_left_live(e: Evidence) -> None:
    e.ledger.attempts[3] = replace(e.ledger.attempts[3], state="begun", ended_at=None, outcome=None)


def overlapping_attempts(e: Evidence) -> None:
    e.ledger.attempts[0] = replace(e.ledger.attempts[0], ended_at=NOON + 61 * SECOND)


def number_left_out(e: Evidence) -> None:
    e.ledger.attempts[3] = replace(e.ledger.attempts[3], number=3)
    e.asks[2] = replace(e.asks[2], number=3)


def budget_exceeded(e: Evidence) -> None:
    setting(e, "campaign:1", "max_attempts", 1)


def unknown_redialled(e: Evidence) -> None:
    e.ledger.attempts[0] = replace(e.ledger.attempts[0], outcome="unknown")


def wrong_tally(e: Evidence) -> None:
    e.ledger.tallies[1] = replace(e.ledger.tallies[1], n=4)


def outcome_not_moved(e: Evidence) -> None:
    e.ledger.tallies.append(TallyRow(1, "last:no_answer", 1))


def ended_with_another_outcome(e: Evidence) -> None:
    e.ledger.contacts[1] = replace(e.ledger.contacts[1], last_outcome="exceeded_max_duration")


def message_twice(e: Evidence) -> None:
    e.ledger.messages.append(MessageRow(7, 9, "attempt.ended", 2, "delivered"))
    e.diary.received["msg_7"] = 1


def message_missing(e: Evidence) -> None:
    del e.ledger.messages[0], e.diary.received["msg_1"]


def message_never_arrived(e: Evidence) -> None:
    del e.diary.received["msg_1"]


def message_dead(e: Evidence) -> None:
    e.ledger.messages[0] = replace(e.ledger.messages[0], state="dead")


def two_at_once(e: Evidence) -> None:
    move(e, 1, 3)


def too_many_an_hour(e: Evidence) -> None:
    setting(e, "campaign:1", "per_hour", 2)


def too_fast(e: Evidence) -> None:
    setting(e, "campaign:1", "per_hour", 60)


def too_many_a_second(e: Evidence) -> None:
    setting(e, "trunk:3", "per_second", 1)
    move(e, 1, 0.5)


def daily_cap_exceeded(e: Evidence) -> None:
    setting(e, "campaign:1", "daily_cap", 2)


def senders_cap_exceeded(e: Evidence) -> None:
    setting(e, "sender:4", "daily_cap", 2)


def out_of_hours(e: Evidence) -> None:
    setting(e, "campaign:1", "hours", Hours("UTC", ((13 * 3600, 17 * 3600),)))


def night_at_their_place(e: Evidence) -> None:
    """Noon in London is 17:45 in Kathmandu."""
    setting(e, "campaign:1", "hours", Hours(None, ((9 * 3600, 17 * 3600 + 45 * 60),)))


def old_hours_after_an_edit(e: Evidence) -> None:
    edited = Setting("campaign:1", "hours", Hours("UTC", ((13 * 3600, 14 * 3600),)), NOON + SECOND, NOON + 2 * SECOND)
    e.diary.settings.append(edited)


def asked_after_the_window(e: Evidence) -> None:
    setting(e, "campaign:1", "hours", Hours("UTC", ((9 * 3600, 12 * 3600 + 61),)))
    e.asks[2] = replace(e.asks[2], received=NOON + 64 * SECOND)


def decided_during_a_pause(e: Evidence) -> None:
    move(e, 1, 32)


def asked_during_a_pause(e: Evidence) -> None:
    move(e, 1, 29)
    e.asks[1] = replace(e.asks[1], received=NOON + 38 * SECOND)


def person_too_often(e: Evidence) -> None:
    setting(e, "organization:1", "per_day", 1)


def person_too_soon(e: Evidence) -> None:
    setting(e, "organization:1", "min_gap", 90)


def asked_much_later(e: Evidence) -> None:
    e.asks[2] = replace(e.asks[2], received=e.asks[2].asked + 8 * SECOND)


def setting(e: Evidence, scope: str, name: str, value: object) -> None:
    """As if it had always been so."""
    e.diary.settings[:] = [s for s in e.diary.settings if (s.scope, s.name) != (scope, name)]
    e.diary.setting(scope, name, value, NOON - 3600 * SECOND, NOON - 3600 * SECOND)


def move(e: Evidence, place: int, at: float) -> None:
    """Make an attempt and its ask at another instant (seconds after noon)."""
    row = e.ledger.attempts[place]
    e.ledger.attempts[place] = attempt(row.id, row.contact_id, row.number, at, outcome=row.outcome)
    spot = next(n for n, line in enumerate(e.asks) if line.attempt_id == row.id)
    e.asks[spot] = ask(e.ledger.attempts[place])


@pytest.mark.parametrize(
    ("spoil", "check"),
    [
        (lost_contact, "acknowledged"),
        (doubled_contact, "acknowledged"),
        (contact_outside_the_queue, "waits for an instant"),
        (contact_that_hangs, "waits for an instant"),
        (end_without_a_line, "every end has its line"),
        (ask_without_attempt, "every ask of the carrier"),
        (ask_to_another_number, "every ask of the carrier"),
        (doubled_ask, "asked for twice"),
        (repeated_ask, "asked for twice"),
        (attempt_never_asked, "none that was taken back"),
        (taken_back_and_dialled, "none that was taken back"),
        (attempt_left_live, "none that was taken back"),
        (overlapping_attempts, "never overlap"),
        (number_left_out, "never overlap"),
        (budget_exceeded, "budget"),
        (unknown_redialled, "unknown fate"),
        (wrong_tally, "tallies"),
        (outcome_not_moved, "tallies"),
        (ended_with_another_outcome, "tallies"),
        (message_twice, "one webhook message"),
        (message_missing, "one webhook message"),
        (message_never_arrived, "every message arrived"),
        (message_dead, "every message arrived"),
        (two_at_once, "as many at once"),
        (too_many_an_hour, "hourly rate"),
        (too_fast, "hourly rate"),
        (too_many_a_second, "rate per second"),
        (daily_cap_exceeded, "daily caps"),
        (senders_cap_exceeded, "daily caps"),
        (out_of_hours, "outside their hours"),
        (night_at_their_place, "outside their hours"),
        (old_hours_after_an_edit, "outside their hours"),
        (asked_after_the_window, "outside their hours"),
        (decided_during_a_pause, "during a pause"),
        (asked_during_a_pause, "during a pause"),
        (person_too_often, "one person"),
        (person_too_soon, "one person"),
        (asked_much_later, "long after its decision"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_spoilt_ledger_is_found_out(spoil: Callable[[Evidence], None], check: str) -> None:
    evidence = balanced()
    spoil(evidence)
    assert any(check in name for name in failed(evidence))


def test_a_check_that_looked_at_nothing_does_not_pass() -> None:
    nothing = Evidence(Ledger([], [], [], [], []), [], frozenset(), Diary())
    assert len(failed(nothing)) == 19


def test_time_in_which_the_harness_stopped_a_process_is_not_held_against_it() -> None:
    evidence = balanced()
    asked_much_later(evidence)
    line = evidence.asks[2]
    evidence.diary.freezes = [Freeze(77, line.asked + SECOND, line.asked + 5 * SECOND), Freeze(78, 0, line.received)]
    assert evidence.diary.stood(77, line.asked, line.received) == 4 * SECOND
    evidence.asks[2] = replace(line, stood=4 * SECOND)
    assert failed(evidence) == set()


def test_a_limit_is_in_doubt_while_it_is_being_changed() -> None:
    diary = Diary()
    diary.settings = [
        Setting("campaign:1", "max_concurrent", 5, 0, 10),
        Setting("campaign:1", "max_concurrent", 2, 100, 120),
    ]
    assert [diary.most("campaign:1", "max_concurrent", at) for at in (50, 99, 100, 120, 121)] == [5, 5, 5, 5, 2]
    assert diary.in_force("campaign:1", "max_concurrent", 99, 130) == [5, 2]


def test_short_runs_may_leave_messages_on_their_way() -> None:
    evidence = balanced()
    evidence.ledger.messages[0] = replace(evidence.ledger.messages[0], state="pending")
    del evidence.diary.received["msg_1"]
    assert failed(evidence) == {"every message arrived"}
    evidence.diary.complete = False
    assert failed(evidence) == set()
