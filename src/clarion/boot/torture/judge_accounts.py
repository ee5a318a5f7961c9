"""Whether nothing is lost and nothing doubled: contacts, asks, attempts, tallies, messages. Each check answers how many
things it looked at and what is wrong."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

from clarion.boot.torture.evidence import AttemptRow, Evidence

Verdict = tuple[int, list[str]]

FREE = frozenset(
    {
        "timeout",
        "network_error",
        "resource_unavailable",
        "service_unavailable",
        "protocol_error",
        "throttled",
        "deferred",
        "invalid",
        "bounced",
        "cancelled",
    }
)
"""Outcomes that cost the contact nothing: the carrier's faults, dead addresses, our own cancelling."""
FINAL = ("finished", "skipped")


def contacts_are_there_once(evidence: Evidence) -> Verdict:
    """What the API acknowledged is what the ledger has."""
    wrong = []
    found = Counter((c.campaign_id, c.reference_id, c.address) for c in evidence.ledger.contacts)
    sent = {(s.campaign_id, s.reference, s.address) for s in evidence.diary.sent}
    for key in sorted(sent):
        if found[key] != 1:
            wrong.append(f"contact {key[1]} of campaign {key[0]} was acknowledged and is there {found[key]}×")
    wrong += [f"contact {key} is in the ledger and nobody sent it" for key in found if key not in sent]
    per_row = Counter(c.id for c in evidence.ledger.contacts)
    wrong += [f"contact {n} stands in {times} places of the queue" for n, times in per_row.items() if times > 1]
    return len(sent), wrong


def contacts_stand_somewhere(evidence: Evidence) -> Verdict:
    """Finished with a reason and no next instant, or waiting with one and no reason. Nobody hangs in between."""
    wrong = []
    for contact in evidence.ledger.contacts:
        match contact.state:
            case "finished" if contact.finish_reason is not None and contact.next_at is None:
                continue
            case "waiting" if contact.finish_reason is None and contact.next_at is not None:
                continue
        wrong.append(
            f"contact {contact.id}: {contact.state}, reason {contact.finish_reason}, next_at {contact.next_at}, "
            f"attempt {contact.attempt_id}"
        )
    return len(evidence.ledger.contacts), wrong


def ends_are_told_once(evidence: Evidence) -> Verdict:
    """A finished contact has exactly one line that says so; one that waits has none."""
    lines = Counter(d.contact_id for d in evidence.ledger.decisions if d.verdict in FINAL)
    wrong = []
    for contact in evidence.ledger.contacts:
        expected = 1 if contact.state == "finished" else 0
        if lines[contact.id] != expected:
            wrong.append(f"contact {contact.id} is {contact.state} and has {lines[contact.id]} lines of its end")
    return len(evidence.ledger.contacts), wrong


def asks_have_attempts(evidence: Evidence) -> Verdict:
    """The intent was on disk before the carrier heard of it, with the same number, address and trunk."""
    attempts = {a.id: a for a in evidence.ledger.attempts}
    wrong = []
    for ask in evidence.asks:
        attempt = attempts.get(ask.attempt_id)
        if attempt is None:
            wrong.append(f"the carrier was asked for attempt {ask.attempt_id}, which the ledger does not have")
        elif (attempt.address, attempt.number, attempt.channel, attempt.trunk_id) != (
            ask.address,
            ask.number,
            ask.channel,
            ask.trunk_id,
        ):
            wrong.append(f"attempt {ask.attempt_id} is {attempt} in the ledger and {ask} at the carrier")
    return len(evidence.asks), wrong


def attempts_are_asked_once(evidence: Evidence) -> Verdict:
    """The carrier heard of each attempt id at most once; it never had to refuse to dial again."""
    firsts = Counter(ask.attempt_id for ask in evidence.asks if ask.first)
    wrong = [f"the carrier took attempt {n} {times}×" for n, times in firsts.items() if times > 1]
    again = [ask for ask in evidence.asks if ask.answer == "repeat"]
    wrong += [f"attempt {ask.attempt_id} was asked for again (line {ask.seq})" for ask in again]
    return len(firsts), wrong


def attempts_have_asks(evidence: Evidence) -> Verdict:
    """Nothing is said to have happened that the carrier knows nothing of, and the other way round."""
    firsts = {ask.attempt_id: ask for ask in evidence.asks if ask.first}
    wrong = []
    for attempt in evidence.ledger.attempts:
        ask = firsts.get(attempt.id)
        match attempt.state:
            case "ended" if ask is None:
                wrong.append(f"attempt {attempt.id} ended ({attempt.outcome}), and the carrier never heard of it")
            case "taken_back" if ask is not None:
                wrong.append(f"attempt {attempt.id} was taken back, and the carrier had it ({ask.answer})")
            case "ended" | "taken_back":
                pass
            case _:
                wrong.append(f"attempt {attempt.id} of contact {attempt.contact_id} is still {attempt.state}")
        if attempt.state == "ended" and (attempt.outcome is None or attempt.ended_at is None):
            wrong.append(f"attempt {attempt.id} ended without outcome or instant")
        if not attempt.sandbox:
            wrong.append(f"attempt {attempt.id} is not marked as sandbox")
    return len(evidence.ledger.attempts), wrong


def attempts_follow_each_other(evidence: Evidence) -> Verdict:
    """Of one contact: those that count are numbered without a gap, and each begins after the one before has ended."""
    wrong = []
    by_contact = _by_contact(evidence)
    for contact_id, attempts in by_contact.items():
        numbers = [a.number for a in attempts if a.state != "taken_back"]
        if numbers != list(range(1, len(numbers) + 1)):
            wrong.append(f"contact {contact_id} has attempts numbered {numbers}")
        for earlier, later in pairwise(attempts):
            if earlier.ended_at is None or later.begun_at is None or later.begun_at < earlier.ended_at:
                wrong.append(f"attempts {earlier.id} and {later.id} of contact {contact_id} overlap")
    standing = {c.id: c for c in evidence.ledger.contacts}
    for contact_id, contact in standing.items():
        made = sum(a.state != "taken_back" for a in by_contact.get(contact_id, ()))
        if contact.tries != made:
            wrong.append(f"contact {contact_id} counts {contact.tries} tries and has {made} attempts")
    return len(by_contact), wrong


def budgets_hold(evidence: Evidence) -> Verdict:
    """Attempts that cost something, counted from the carrier's log, are no more than the campaign's budget."""
    dialled = {ask.attempt_id for ask in evidence.asks if ask.dialled}
    standing = {c.id: c for c in evidence.ledger.contacts}
    wrong = []
    by_contact = _by_contact(evidence)
    for contact_id, attempts in by_contact.items():
        costly = [a for a in attempts if a.id in dialled and a.state == "ended" and a.outcome not in FREE]
        first, last = attempts[0].begun_at or 0, attempts[-1].begun_at or 0
        budget = evidence.diary.most(f"campaign:{attempts[0].campaign_id}", "max_attempts", first, last)
        if budget is not None and len(costly) > budget:
            wrong.append(f"contact {contact_id} was tried {len(costly)}× with a budget of {budget}")
        burned = sum(a.burns for a in attempts)
        if contact_id in standing and standing[contact_id].burned != burned:
            wrong.append(f"contact {contact_id} counts {standing[contact_id].burned} burned and has {burned}")
    return len(by_contact), wrong


def unknown_is_final(evidence: Evidence) -> Verdict:
    """After an attempt that ended as unknown there is no other, and the contact says so."""
    standing = {c.id: c for c in evidence.ledger.contacts}
    looked, wrong = 0, []
    for contact_id, attempts in _by_contact(evidence).items():
        for place, attempt in enumerate(attempts):
            if attempt.outcome != "unknown":
                continue
            looked += 1
            if place + 1 < len(attempts):
                wrong.append(f"attempt {attempt.id} is unknown and attempt {attempts[place + 1].id} came after it")
            if standing[contact_id].finish_reason != "unknown":
                wrong.append(f"attempt {attempt.id} is unknown and contact {contact_id} is not finished as such")
    return looked, wrong


def tallies_are_right(evidence: Evidence) -> Verdict:
    """Counted again from contacts and attempts, batch by batch."""
    counted: Counter[tuple[int, str]] = Counter()
    for contact in evidence.ledger.contacts:
        counted[contact.batch_id, "contacts"] += 1
        if contact.last_outcome is not None:
            counted[contact.batch_id, f"last:{contact.last_outcome}"] += 1
        if contact.state == "finished":
            counted[contact.batch_id, f"finished:{contact.finish_reason}"] += 1
            counted[contact.batch_id, f"ended:{contact.finish_reason}:{contact.last_outcome or 'none'}"] += 1
            if contact.tries == 0:
                counted[contact.batch_id, "unattempted"] += 1
    for attempt in evidence.ledger.attempts:
        if attempt.state == "taken_back":
            continue
        counted[attempt.batch_id, "attempts"] += 1
        counted[attempt.batch_id, "first_attempts" if attempt.number == 1 else "retries"] += 1
        if attempt.state == "ended":
            counted[attempt.batch_id, f"outcome:{attempt.outcome}"] += 1
    kept = {
        (row.batch_id, row.key): row.n
        for row in evidence.ledger.tallies
        if row.key in ("contacts", "unattempted", "attempts", "first_attempts", "retries")
        or row.key.startswith(("finished:", "outcome:", "last:", "ended:"))
    }
    wrong = [
        f"batch {batch_id}: {key} is {kept.get((batch_id, key), 0)} in the ledger and {counted[batch_id, key]} by count"
        for batch_id, key in sorted(kept.keys() | counted.keys())
        if kept.get((batch_id, key), 0) != counted[batch_id, key]
    ]
    return len(kept.keys() | counted.keys()), wrong


def outbox_is_complete(evidence: Evidence) -> Verdict:
    """The endpoint is told of each attempt that ended once: no more, no less."""
    told = Counter(
        m.attempt_id
        for m in evidence.ledger.messages
        if m.event == "attempt.ended" and m.endpoint_id == evidence.diary.endpoint_id
    )
    ended = {a.id for a in evidence.ledger.attempts if a.state == "ended"}
    wrong = [f"attempt {n} ended and has {told[n]} messages" for n in sorted(ended) if told[n] != 1]
    wrong += [f"attempt {n} has a message and did not end" for n in told if n not in ended]
    return len(ended), wrong


def messages_arrived(evidence: Evidence) -> Verdict:
    """The receiver took every message of the outbox at least once, and nothing that is not in it.

    A run that is too short to outlast the claims of killed couriers may leave messages pending, never lost.
    """
    ids = {f"msg_{m.id}" for m in evidence.ledger.messages if m.endpoint_id == evidence.diary.endpoint_id}
    received = evidence.diary.received
    fine = {"delivered"} if evidence.diary.complete else {"delivered", "pending"}
    wrong = [f"message {m.id} is {m.state}" for m in evidence.ledger.messages if m.state not in fine]
    done = sorted(f"msg_{m.id}" for m in evidence.ledger.messages if m.state == "delivered")
    wrong += [f"message {n} is delivered and never arrived" for n in done if received[n] == 0]
    wrong += [f"message {n} arrived and is not in the outbox" for n in received if n not in ids]
    return len(ids), wrong


def _by_contact(evidence: Evidence) -> dict[int, list[AttemptRow]]:
    """Attempts of each contact in the order in which they were begun."""
    found: defaultdict[int, list[AttemptRow]] = defaultdict(list)
    for attempt in evidence.ledger.attempts:
        found[attempt.contact_id].append(attempt)
    for attempts in found.values():
        attempts.sort(key=lambda a: (a.begun_at or 0, a.id))
    return found
