"""What Revox's pages promise, to the instant: windows, days, clocks, delays, attempts, launches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from revox_house import (
    BUSY,
    CALLBACK,
    EVERY_DAY,
    EVERYBODY,
    HANGS_UP,
    IVR,
    NO_ANSWER,
    OPTS_OUT,
    REACHED,
    SCREENING,
    TALKS,
    VOICEMAIL,
    Revox,
    number,
    retry_config,
    window,
)

from clarion.core.contacts import Attempt
from world import MONDAY, most_at_once

CHICAGO, NEW_YORK, LOS_ANGELES = (ZoneInfo(f"America/{city}") for city in ("Chicago", "New_York", "Los_Angeles"))


def at(text: str, zone: ZoneInfo = CHICAGO) -> datetime:
    """`24 14:00` is that time on the 24th of November 2026; `2027-03-14 12:00` on that day."""
    day, _, clock = text.partition(" ")
    date = day if "-" in day else f"2026-11-{day}"
    return datetime.fromisoformat(f"{date} {clock}").replace(tzinfo=zone).astimezone(UTC)


async def attempts_to(revox: Revox, address: str) -> list[Attempt]:
    return [each for each in await revox.stage.world.attempts() if each.address == address]


def instants(attempts: Sequence[Attempt]) -> list[datetime]:
    return [each.begun_at or each.released_at or MONDAY for each in attempts]


def check(attempts: Sequence[Attempt], expected: Sequence[str | int], zone: ZoneInfo = CHICAGO) -> None:
    """Each attempt begins at a time on a clock, or so many seconds after the one before it ended."""
    ends = [each.ended_at for each in attempts]
    wanted = []
    for place, when in enumerate(expected):
        if isinstance(when, int):
            before = ends[place - 1]
            assert before is not None
            wanted.append(before + timedelta(seconds=when))
        else:
            wanted.append(at(when, zone))
    assert instants(attempts) == wanted


TWO_WINDOWS = [window("9am", "12:00", 3600), window("14:00", "6pm", 600)]


@pytest.mark.parametrize(
    "config, expected",
    [
        # several windows, each with its own delay: that of the window in which the attempt was made
        ({"calling_windows": TWO_WINDOWS, "max_retry_attempts": 6},
         ["23 09:00", 3600, 3600, "23 14:00", 600, 600]),
        ({"calling_windows": [TWO_WINDOWS[1], TWO_WINDOWS[0]], "max_retry_attempts": 4},
         ["23 09:00", 3600, 3600, "23 14:00"]),
        ({"calling_windows": [window("9am", "10:00", 0), window("15:00", "16:00", 7200)], "max_retry_attempts": 3},
         ["23 09:00", 0, 0]),
        ({"calling_windows": [window("9:30am", "10:00", 3600), window("15:00", "16:00", 7200)],
          "max_retry_attempts": 4},
         ["23 09:30", "23 15:00", "24 09:30", "24 15:00"]),
        # days
        ({"allowed_days": ["tuesday", "thursday"], "calling_windows": [window("09:00", "12:00", 7200)],
          "max_retry_attempts": 4},
         ["24 09:00", 7200, "26 09:00", 7200]),
        ({"allowed_days": ["monday"], "calling_windows": [window("08:00", "9:00", 60)], "max_retry_attempts": 2},
         ["30 08:00", 60]),
        ({"allowed_days": ["saturday", "sunday"], "calling_windows": [window("12pm", "1pm", 86_400)],
          "max_retry_attempts": 2},
         ["28 12:00", 86_400]),
        # attempts
        ({"max_retry_attempts": 1}, ["23 09:00"]),
        ({"max_retry_attempts": 2}, ["23 09:00", 600]),
        # twice in a row: the step from one to two alone
        ({"call_twice_in_a_row": True, "max_retry_attempts": 4}, ["23 09:00", 0, 600, 600]),
        ({"call_twice_in_a_row": True, "max_retry_attempts": 1}, ["23 09:00"]),
        # a fixed clock instead of the recipient's
        ({"timezone": "America/New_York", "calling_windows": [window("11:00", "12:00", 600)],
          "max_retry_attempts": 2},
         ["23 10:00", 600]),
        ({"timezone": "Asia/Kolkata", "calling_windows": [window("20:45", "21:00", 3600)], "max_retry_attempts": 2},
         ["23 09:15", "24 09:15"]),
        # the law's hours cut a window
        ({"calling_windows": [window("18:00", "23:30", 10_000)], "max_retry_attempts": 3},
         ["23 18:00", 10_000, "24 18:00"]),
    ],
)  # fmt: skip
async def test_when_somebody_busy_is_called(revox: Revox, config: dict[str, Any], expected: list[str | int]) -> None:
    await revox.campaign(BUSY, call_retry_config=retry_config(**config))
    await revox.play()
    check(await attempts_to(revox, BUSY), expected)


@pytest.mark.parametrize(
    "word, tries",
    [
        ("80", 1),  # hangs up: a human
        ("81", 3),  # unreachable
        ("82", 3),  # a phone menu
        ("83", 3),  # a fax
        ("84", 1),  # opts out
        ("85", 1),  # asks for a callback: told as an outcome, and not called by itself
        ("86", 3),  # rejects
        ("87", 1),  # no such number
        ("88", 3),  # call screening
        ("89", 3),  # voicemail
        ("90", 1),
        ("91", 1),
        ("92", 3),
        ("93", 3),
        ("94", 2),  # does not answer, then does
        ("95", 2),  # the carrier is overrun, then is not
        ("96", 2),  # the carrier fails, then does not
        ("98", 3),  # the carrier always fails
    ],
)
async def test_who_is_called_again(revox: Revox, word: str, tries: int) -> None:
    await revox.campaign(number(word), call_retry_config=retry_config(max_retry_attempts=3))
    await revox.play()
    made = await attempts_to(revox, number(word))
    assert len(made) == tries
    if word != "95":  # that carrier says when it wants to be asked again
        check(made, ["23 09:00", *[600] * (tries - 1)])


async def test_each_on_their_own_clock(revox: Revox) -> None:
    """10:00 is an hour apart in New York and Chicago, two more in Los Angeles, and in London it was five hours ago."""
    people = {
        number("92", 212): (NEW_YORK, ["23 10:00", 7200, 7200]),
        BUSY: (CHICAGO, ["23 10:00", 7200, 7200]),
        number("92", 213): (LOS_ANGELES, ["23 10:00", 7200, 7200]),
        "+442075550192": (ZoneInfo("Europe/London"), ["23 15:00", 7200, "24 10:00"]),
    }
    await revox.campaign(*people, call_retry_config=None)  # the default: Monday to Friday, 10 to 18, two hours apart
    await revox.play()
    for address, (zone, expected) in people.items():
        check(await attempts_to(revox, address), expected, zone)


async def test_a_fixed_clock_over_a_change_of_the_clocks(revox: Revox) -> None:
    """Noon in New York is 17:00 UTC until Saturday, and 16:00 UTC from Sunday, 14 March 2027."""
    config = retry_config(timezone="America/New_York", calling_windows=[window("12pm", "12:30pm", 3600)])
    await revox.campaign(BUSY, call_retry_config=config, scheduled_at="2027-03-12T00:00:00-05:00")
    await revox.play()
    made = await attempts_to(revox, BUSY)
    assert instants(made) == [datetime(2027, 3, day, hour, tzinfo=UTC) for day, hour in ((12, 17), (13, 17), (14, 16))]


async def test_twice_in_a_row_stays_inside_the_window(revox: Revox) -> None:
    config = retry_config(call_twice_in_a_row=True, calling_windows=[window("09:00", "10:00", 600)])
    await revox.campaign(NO_ANSWER, call_retry_config=config, scheduled_at="2026-11-23T15:59:59Z")
    await revox.play()
    check(await attempts_to(revox, NO_ANSWER), ["23 09:59:59", "24 09:00", 600])


async def test_a_start_that_is_set(revox: Revox) -> None:
    await revox.campaign(BUSY, launch=None, scheduled_at="2026-11-25T17:30:00+02:00")
    await revox.play()
    check(await attempts_to(revox, BUSY), ["25 09:30", 600, 600])


async def test_a_pause_over_a_window(revox: Revox) -> None:
    """Retry timers keep running: what was due meanwhile is called as soon as it may be."""
    made = await revox.campaign(BUSY, call_retry_config=retry_config(calling_windows=TWO_WINDOWS, max_retry_attempts=4))
    await revox.play(timedelta(minutes=30))
    await revox.ask("POST", f"/campaigns/{made['id']}/pause")
    await revox.play(timedelta(hours=6))
    await revox.ask("POST", f"/campaigns/{made['id']}/resume")
    await revox.play()
    check(await attempts_to(revox, BUSY), ["23 09:00", "23 15:30", 600, 600])


async def test_a_pause_that_ends_before_the_retry(revox: Revox) -> None:
    made = await revox.campaign(BUSY, call_retry_config=retry_config(calling_windows=[window("9am", "6pm", 7200)]))
    await revox.play(timedelta(minutes=30))
    await revox.ask("POST", f"/campaigns/{made['id']}/pause")
    await revox.play(timedelta(minutes=30))
    await revox.ask("POST", f"/campaigns/{made['id']}/resume")
    await revox.play()
    check(await attempts_to(revox, BUSY), ["23 09:00", 7200, 7200])


async def test_a_change_holds_for_what_is_still_to_come(revox: Revox) -> None:
    made = await revox.campaign(BUSY, call_retry_config=retry_config(calling_windows=[window("9am", "6pm", 7200)]))
    await revox.play(timedelta(minutes=30))
    change = {"call_retry_config": retry_config(calling_windows=[window("14:00", "18:00", 60)])}
    await revox.ask("PATCH", f"/campaigns/{made['id']}", change)
    await revox.play()
    check(await attempts_to(revox, BUSY), ["23 09:00", "23 14:00", 60])


async def test_no_more_calls_at_once_than_allowed(revox: Revox) -> None:
    people = [f"+1312{2_000_000 + n}" for n in range(30)]
    await revox.campaign(*people, max_concurrent_calls=4)
    await revox.play()
    assert most_at_once(await revox.stage.world.attempts()) == 4


# launches


def selecting(*calls: str, mode: str = "only", **filters: Any) -> dict[str, Any]:
    return {
        "filters": {**EVERYBODY["filters"], **filters},  # type: ignore[dict-item]
        "rows": {"call_ids": list(calls), "mode": mode},
    }


async def launch(revox: Revox, made: dict[str, Any], selection: Any, **more: Any) -> tuple[int, dict[str, int]]:
    body = {"mode": "ai_first", "selection": selection, **more}
    came = await revox.ask("POST", f"/campaigns/{made['id']}/launch-calls", body)
    return came["launched"], {name: n for name, n in came["skipped"].items() if n}


async def ids(revox: Revox, made: dict[str, Any]) -> dict[str, str]:
    return {row["phone_number"]: row["call"]["id"] for row in await revox.rows(made)}


async def test_only_these(revox: Revox) -> None:
    made = await revox.campaign(BUSY, REACHED, VOICEMAIL, launch=None)
    call = await ids(revox, made)
    assert await launch(revox, made, selecting(call[BUSY], call[VOICEMAIL], "nonsense")) == (2, {})
    await revox.play()
    assert await revox.stats(made) == {"failed": 2, "not_launched": 1}
    assert (await revox.show(made))["status"] == "running"


async def test_all_but_these(revox: Revox) -> None:
    made = await revox.campaign(BUSY, REACHED, VOICEMAIL, launch=None)
    call = await ids(revox, made)
    assert await launch(revox, made, selecting(call[BUSY], mode="all_except")) == (2, {})
    await revox.play()
    assert await revox.stats(made) == {"failed": 1, "completed": 1, "not_launched": 1}


async def test_not_before(revox: Revox) -> None:
    made = await revox.campaign(BUSY, launch=None)
    assert await launch(revox, made, EVERYBODY, scheduled_at="2026-11-24T12:00:00-06:00") == (1, {})
    assert [row["call"]["status"] for row in await revox.rows(made)] == ["scheduled"]
    await revox.play()
    check(await attempts_to(revox, BUSY), ["24 12:00", 600, 600])


async def test_again_those_who_asked_for_it(revox: Revox) -> None:
    made = await revox.campaign(BUSY, REACHED, CALLBACK, HANGS_UP, OPTS_OUT, VOICEMAIL)
    await revox.play()
    assert (await revox.show(made))["status"] == "completed"
    everybody = {"attempts_exhausted": 2, "cancelled": 1}
    assert await launch(revox, made, selecting(mode="all_except", outcomes=["requested_callback_later"])) == (1, {})
    assert (await revox.show(made))["status"] == "running"
    await revox.play()
    assert len(await attempts_to(revox, CALLBACK)) == 2
    later = "2026-11-25T15:00:00Z"
    assert await launch(revox, made, selecting(mode="all_except", results=["human"]), scheduled_at=later) == (
        3,
        {"cancelled": 1},
    )
    await revox.play()
    for address in (REACHED, CALLBACK, HANGS_UP):
        assert instants(await attempts_to(revox, address))[-1] == at("25 09:00")
    assert await launch(revox, made, EVERYBODY) == (2, {**everybody, "attempts_exhausted": 3})


async def test_calls_that_run_are_passed_over(revox: Revox) -> None:
    made = await revox.campaign(TALKS, BUSY, REACHED, launch=None)
    call = await ids(revox, made)
    await launch(revox, made, selecting(call[TALKS], call[BUSY]))
    await revox.play(timedelta(seconds=10))
    assert await launch(revox, made, EVERYBODY) == (2, {"active": 1})
    await revox.play()
    check((await attempts_to(revox, BUSY))[:2], ["23 09:00", "23 09:00:10"])


async def test_of_a_draft_those_that_are_meant(revox: Revox) -> None:
    made = await revox.campaign(BUSY, REACHED, launch=False)
    call = await ids(revox, made)
    assert await launch(revox, made, selecting(call[REACHED])) == (1, {})
    assert (await revox.show(made))["status"] == "running"
    await revox.play()
    assert await revox.stats(made) == {"completed": 1, "not_launched": 1}


async def test_by_status_and_by_text(revox: Revox) -> None:
    contacts = [
        {"to_phone_number": BUSY, "prompt_variables": {"city": "Évora"}},
        {"to_phone_number": IVR, "prompt_variables": {"city": "Porto"}},
        {"to_phone_number": SCREENING, "prompt_variables": {"city": "Faro"}},
    ]
    made = await revox.campaign(contacts=contacts, launch=None)
    assert await launch(revox, made, selecting(mode="all_except", query="ÉVORA")) == (1, {})
    assert await launch(revox, made, selecting(mode="all_except", statuses=["queued_for_calling"])) == (1, {})
    assert await launch(revox, made, selecting(mode="all_except", statuses=["not_launched"])) == (2, {})
    assert await launch(revox, made, selecting(mode="all_except", directions=["inbound"])) == (0, {})
    assert await launch(revox, made, selecting(mode="all_except", assignee_ids=["x"])) == (0, {})
    await revox.play()
    assert await revox.stats(made) == {"failed": 3}


async def test_operators_do_not_dial_here(revox: Revox) -> None:
    made = await revox.campaign(BUSY, launch=None)
    body = {"mode": "speed_dial", "selection": EVERYBODY}
    wrong = await revox.ask("POST", f"/campaigns/{made['id']}/launch-calls", body, status=422)
    assert wrong["error"]["details"][0]["code"] == "not_supported"


async def test_a_paused_campaign_calls_nobody_that_is_launched(revox: Revox) -> None:
    made = await revox.campaign(BUSY, launch=None)
    await revox.ask("POST", f"/campaigns/{made['id']}/pause")
    assert await launch(revox, made, EVERYBODY) == (1, {})
    await revox.play(timedelta(hours=2))
    assert [row["call"]["status"] for row in await revox.rows(made)] == ["paused"]
    await revox.ask("POST", f"/campaigns/{made['id']}/resume")
    await revox.play()
    check(await attempts_to(revox, BUSY), ["23 11:00", 600, 600])


def test_every_day_is_every_day() -> None:
    assert len(EVERY_DAY) == 7
