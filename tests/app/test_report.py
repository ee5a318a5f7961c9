"""Numbers come from tallies and add up; exports are whole, in order and flat."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import seeding
from clarion.app import report
from clarion.app.actor import Actor, Role
from clarion.app.page import ended_key
from clarion.app.ports.reports import AttemptFilters, Standing
from clarion.app.refusals import NotFound
from clarion.app.report import (
    EXPORT_COLUMNS,
    Numbers,
    added_up,
    batch_numbers,
    campaign_numbers,
    export_rows,
    flat,
    get_attempt,
    list_attempts,
    numbers,
    overview,
)
from clarion.core.campaigns import CampaignStatus
from clarion.core.outcomes import ContactState, FinishReason, Outcome
from clarion.store import schema
from clarion.store.database import Database
from seeding import NOW

ADA = Actor(1, 7, Role.VIEWER)
EVE = Actor(2, 8, Role.OWNER)
TALLIES = {
    "contacts": 10,
    "finished:reached": 3,
    "finished:suppressed": 2,
    "skipped:suppressed": 2,
    "attempts": 7,
    "first_attempts": 6,
    "retries": 1,
    "outcome:completed": 3,
    "outcome:no_answer": 4,
    "hour:9:completed": 3,
    "hour:17:no_answer": 4,
    "goal": 2,
    "cost:USD": 1500,
    "cost:EUR": 20,
    "unattempted": 2,
    "last:completed": 3,
    "last:no_answer": 2,
    "last:busy": 0,
    "ended:reached:completed": 3,
    "ended:suppressed:no_answer": 1,
    "ended:suppressed:none": 1,
}


@pytest.fixture
async def ledger(database: Database) -> Database:
    await seeding.organization(database, 1)
    await seeding.organization(database, 2)
    return database


def test_tallies_become_numbers() -> None:
    assert numbers(TALLIES, live={"none": 1}) == Numbers(
        contacts=10,
        waiting=4,
        live=1,
        finished=5,
        reasons={"reached": 3, "suppressed": 2},
        skipped={"suppressed": 2},
        standing={
            ("waiting", "no_answer"): 1,
            ("waiting", "none"): 3,
            ("live", "none"): 1,
            ("reached", "completed"): 3,
            ("suppressed", "no_answer"): 1,
            ("suppressed", "none"): 1,
        },
        attempts=7,
        first_attempts=6,
        retries=1,
        outcomes={"completed": 3, "no_answer": 4},
        goals=2,
        costs={"USD": 1500, "EUR": 20},
        hours={9: {"completed": 3}, 17: {"no_answer": 4}},
    )
    assert numbers({}, {}) == Numbers()


@pytest.mark.parametrize(
    ("tallies", "live", "standing"),
    [
        ({"contacts": 3}, {}, {("waiting", "none"): 3}),
        ({"contacts": 3}, {"none": 2}, {("waiting", "none"): 1, ("live", "none"): 2}),
        ({"contacts": 2, "last:busy": 2}, {"busy": 1}, {("waiting", "busy"): 1, ("live", "busy"): 1}),
        (
            {"contacts": 2, "last:busy": 1, "last:voicemail": 1},
            {"voicemail": 1, "busy": 1},
            {("live", "busy"): 1, ("live", "voicemail"): 1},
        ),
        (
            {"contacts": 2, "finished:unknown": 1, "last:unknown": 1, "ended:unknown:unknown": 1},
            {},
            {("waiting", "none"): 1, ("unknown", "unknown"): 1},
        ),
        (
            {"contacts": 3, "finished:reached": 1, "finished:removed": 2, "last:completed": 1, "last:busy": 1}
            | {"ended:reached:completed": 1, "ended:removed:busy": 1, "ended:removed:none": 1, "ended:unknown:busy": 0},
            {},
            {("reached", "completed"): 1, ("removed", "busy"): 1, ("removed", "none"): 1},
        ),
    ],
)
def test_where_contacts_stand_by_last_outcome(
    tallies: dict[str, int], live: dict[str, int], standing: dict[tuple[str, str], int]
) -> None:
    found = numbers(tallies, live)
    assert found.standing == standing
    assert sum(found.standing.values()) == found.contacts


CONTACTS = st.tuples(
    st.sampled_from(["waiting", "live", *FinishReason]),
    st.sampled_from(["none", "busy", "voicemail", "completed"]),
)


@given(st.lists(st.lists(CONTACTS), max_size=3))
def test_every_contact_stands_somewhere_once(batches: list[list[tuple[str, str]]]) -> None:
    standings = []
    for n, contacts in enumerate(batches):
        tallies = Counter({"contacts": len(contacts)})
        live = Counter[str]()
        for state, last in contacts:
            tallies[f"last:{last}"] += last != "none"
            if state == "live":
                live[last] += 1
            elif state != "waiting":
                tallies.update([f"finished:{state}", f"ended:{state}:{last}"])
        standings.append(Standing(n, live, tallies))
    counted = Counter(contact for contacts in batches for contact in contacts)
    assert added_up(standings).standing == counted


def test_the_longest_key_fits() -> None:
    longest = max((ended_key(reason, last) for reason in FinishReason for last in Outcome), key=len)
    assert len(longest) <= schema.tallies.c.key.type.length


def test_what_was_taken_back_to_nothing_is_not_shown() -> None:
    assert numbers({"outcome:sent": 0, "outcome:bounced": 1}, {}).outcomes == {"bounced": 1}


@given(
    st.lists(
        st.builds(
            Standing,
            st.integers(1, 9),
            st.dictionaries(st.sampled_from(["none", "busy"]), st.integers(0, 50)),
            st.dictionaries(st.sampled_from([*TALLIES, "finished:expired", "hour:9:busy"]), st.integers(0, 1000)),
        ),
        max_size=4,
    )
)
def test_the_whole_is_the_sum_of_its_batches(standings: list[Standing]) -> None:
    whole, parts = added_up(standings), [added_up([each]) for each in standings]
    for name in ("contacts", "live", "finished", "attempts", "first_attempts", "retries", "goals"):
        assert getattr(whole, name) == sum(getattr(part, name) for part in parts)
    for reason in whole.reasons:
        assert whole.reasons[reason] == sum(part.reasons.get(reason, 0) for part in parts)
    assert whole.finished == sum(whole.reasons.values())


async def test_a_campaign_and_its_batches(ledger: Database) -> None:
    async with ledger.write() as tx:
        mine = await seeding.campaign(tx)
        await seeding.batch(tx, mine, 11, "second")
        await seeding.tallies(tx, mine, TALLIES)
        await seeding.tallies(tx, mine, {"contacts": 2}, batch_id=11)
        await seeding.person(tx, mine, 1, batch_id=11, state=ContactState.RELEASED)
        await seeding.person(tx, mine, 2, state=ContactState.RELEASED, last_outcome=Outcome.NO_ANSWER)
    found = await campaign_numbers(ledger, ADA, 1)
    assert (found.total.contacts, found.total.waiting, found.total.live) == (12, 5, 2)
    assert [(batch.key, n.contacts, n.live, n.waiting) for batch, n in found.batches] == [
        ("campaign-1", 10, 1, 4),
        ("second", 2, 1, 1),
    ]
    finished = {("reached", "completed"): 3, ("suppressed", "no_answer"): 1, ("suppressed", "none"): 1}
    assert [n.standing for _, n in found.batches] == [
        {("live", "no_answer"): 1, ("waiting", "none"): 4, **finished},
        {("live", "none"): 1, ("waiting", "none"): 1},
    ]
    assert found.total.standing == {
        ("live", "no_answer"): 1,
        ("live", "none"): 1,
        ("waiting", "none"): 5,
        **finished,
    }
    batch, alone = await batch_numbers(ledger, ADA, "second")
    assert (batch.id, alone) == (11, found.batches[1][1])
    with pytest.raises(NotFound):
        await campaign_numbers(ledger, EVE, 1)
    with pytest.raises(NotFound):
        await batch_numbers(ledger, EVE, "second")


async def test_an_organisation_at_a_glance(ledger: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "OVERVIEW_PAGE", 2)
    async with ledger.write() as tx:
        for n in (1, 2, 3):
            each = await seeding.campaign(tx, n)
            await seeding.tallies(tx, each, {"contacts": n})
        old = await seeding.campaign(tx, 4, status=CampaignStatus.COMPLETED, archived_at=NOW)
        await seeding.tallies(tx, old, {"contacts": 100})
        foreign = await seeding.campaign(tx, 5, 2)
        await seeding.tallies(tx, foreign, {"contacts": 1000})
        await seeding.person(tx, each, 1, state=ContactState.RELEASED, last_outcome=Outcome.BUSY)
        await seeding.tallies(tx, each, {"last:busy": 2})
    seen = await overview(ledger, ADA)
    assert [(campaign.id, n.contacts) for campaign, n in seen.campaigns] == [(3, 3), (2, 2), (1, 1)]
    assert (seen.total.contacts, seen.total.live, seen.total.waiting) == (6, 1, 5)
    assert seen.total.standing == {("live", "busy"): 1, ("waiting", "none"): 4, ("waiting", "busy"): 1}
    assert seen.statuses == {CampaignStatus.RUNNING: 3}


async def test_attempts_are_ones_own(ledger: Database) -> None:
    async with ledger.write() as tx:
        mine = await seeding.campaign(tx)
        await seeding.attempt(tx, mine, 1, 1)
    assert [a.id for a in await list_attempts(ledger, ADA, AttemptFilters(campaign_id=1))] == [1]
    assert (await get_attempt(ledger, ADA, 1)).outcome is Outcome.NO_ANSWER
    assert await list_attempts(ledger, EVE, AttemptFilters()) == []
    for ask in (list_attempts(ledger, EVE, AttemptFilters(campaign_id=1)), get_attempt(ledger, EVE, 1)):
        with pytest.raises(NotFound):
            await ask


async def exported(ledger: Database, **filters: Any) -> list[dict[str, Any]]:
    return [row async for row in export_rows(ledger, ADA, 1, **filters)]


@pytest.mark.parametrize("people", [0, 3, 4, 7])
async def test_every_contact_is_exported_once_over_all_pages(
    ledger: Database, monkeypatch: pytest.MonkeyPatch, people: int
) -> None:
    monkeypatch.setattr(report, "EXPORT_PAGE", 4)
    async with ledger.write() as tx:
        mine = await seeding.campaign(tx)
        for n in range(1, people + 1):
            await seeding.person(tx, mine, n)
    assert [row["contact_id"] for row in await exported(ledger)] == list(range(1, people + 1))
    assert [row["contact_id"] for row in await exported(ledger, after=2)] == list(range(3, people + 1))


async def test_an_exported_row(ledger: Database) -> None:
    async with ledger.write() as tx:
        mine = await seeding.campaign(tx)
        await seeding.batch(tx, mine, 11, "second")
        await seeding.person(tx, mine, 1, tries=1, last_outcome=Outcome.NO_ANSWER, variables={"name": 'Zo"ë'})
        await seeding.attempt(tx, mine, 5, 1, cost_micros=1200, currency="USD", results={"sold": False})
        await seeding.finished(tx, mine, 2, FinishReason.SUPPRESSED, batch_id=11)
    one, two = await exported(ledger)
    assert tuple(one) == tuple(two) == EXPORT_COLUMNS
    assert one | {"variables": 0} == {
        "contact_id": 1,
        "reference_id": "r1",
        "batch": "campaign-1",
        "address": "+12125550001",
        "state": "waiting",
        "finish_reason": None,
        "goal_reached": False,
        "attempts": 1,
        "last_outcome": "no_answer",
        "next_at": NOW,
        "costs": {"USD": 1200},
        "last_attempt_id": 5,
        "last_address": "+12125550001",
        "last_detail": None,
        "last_begun_at": NOW - timedelta(hours=1),
        "last_answered_at": None,
        "last_ended_at": NOW - timedelta(minutes=59),
        "last_sandbox": True,
        "results": {"sold": False},
        "variables": 0,
        "created_at": NOW,
        "updated_at": NOW,
    }
    cells = flat(one)
    assert (cells["contact_id"], cells["goal_reached"], cells["finish_reason"]) == ("1", "false", "")
    assert (cells["variables"], cells["costs"]) == ('{"name":"Zo\\"ë"}', '{"USD":1200}')
    assert cells["next_at"] == "2026-11-23T15:00:00+00:00"
    assert (flat(two)["finish_reason"], flat(two)["costs"], flat(two)["next_at"]) == ("suppressed", "", "")
    assert [row["contact_id"] for row in await exported(ledger, batch_key="second")] == [2]
    assert [row["contact_id"] for row in await exported(ledger, states=frozenset({ContactState.WAITING}))] == [1]
    with pytest.raises(NotFound):
        await anext(export_rows(ledger, EVE, 1))
