"""Calls over HTTP: made, listed, looked up, erased."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from autocalls_house import ASSISTANT, Customer, person

from clarion.core.outcomes import Outcome


async def made(customer: Customer, number: str, **fields: Any) -> int:
    """The id of a call that was asked for."""
    assistant = fields.pop("assistant_id", None) or await customer.assistant()
    answer = await customer.post("/user/make_call", {"phone_number": number, "assistant_id": assistant, **fields})
    assert answer == {
        "message": "Call initiated successfully",
        "call_id": answer["call_id"],
        "status": "initiated",
    }
    return int(answer["call_id"])


async def test_a_call(customer: Customer) -> None:
    number = (await customer.get("/user/phone-numbers/all"))["data"][1]
    assistant = await customer.assistant(phone_number_id=number["id"], variables={"company": "Acme", "who": "nobody"})
    call = await made(customer, person("90"), assistant_id=assistant, variables={"who": "Ann"})
    before = await customer.get(f"/user/calls/{call}")
    assert before == {
        "id": call,
        "assistant_name": "Anna",
        "campaign_name": None,
        "type": "outbound",
        "duration": 0,
        "assistant_phone_number": number["phone_number"],
        "client_phone_number": "+13125550190",
        "status": "initiated",
        "transcript": [],
        "variables": {"company": "Acme", "who": "Ann"},
        "evaluation": [],
        "webhook_response": None,
        "carrier_cost": None,
        "total_cost": None,
        "answered_by": None,
        "recording_url": None,
        "created_at": "2026-11-23 15:00:00",
        "updated_at": "2026-11-23 15:00:00",
    }
    assert (await customer.get("/user/calls"))["data"] == []
    await customer.play()
    after = await customer.get(f"/user/calls/{call}")
    assert set(after) == set(before)
    assert (after["status"], after["answered_by"], after["id"]) == ("completed", "human", call)
    assert after["duration"] >= 20
    assert after["assistant_phone_number"] == number["phone_number"]
    (attempt,) = await customer.stage.world.attempts()
    assert attempt.ended_at is not None
    assert after["updated_at"] == f"{attempt.ended_at:%Y-%m-%d %H:%M:%S}"
    assert {turn["sender"] for turn in after["transcript"]} == {"bot", "human"}
    assert set(after["transcript"][0]) == {"text", "type", "sender", "timestamp"}
    assert after["transcript"][0]["timestamp"] >= datetime(2026, 11, 23, 15, tzinfo=UTC).timestamp()
    assert (await customer.get("/user/calls"))["data"] == [after]
    assert await customer.leads() == {}
    assert await customer.get("/user/campaigns") == []


@pytest.mark.parametrize(
    "word, status, answered_by",
    [
        ("90", "completed", "human"),
        ("89", "completed", "machine"),
        ("88", "completed", "machine"),
        ("80", "ended_by_customer", "human"),
        ("92", "busy", None),
        ("93", "no-answer", None),
        ("86", "busy", None),
        ("87", "failed", None),
        ("98", "failed", None),
    ],
)
async def test_how_calls_end(customer: Customer, word: str, status: str, answered_by: str | None) -> None:
    call = await made(customer, person(word))
    await customer.play()
    told = await customer.get(f"/user/calls/{call}")
    assert (told["status"], told["answered_by"]) == (status, answered_by)
    assert len(await customer.stage.world.attempts()) == 1


async def test_a_call_in_its_course(customer: Customer) -> None:
    call = await made(customer, person("91"))
    seen: list[str] = []

    async def look() -> None:
        seen.append((await customer.get(f"/user/calls/{call}"))["status"])
        seen.append((await customer.get("/user/calls", status="in-progress"))["total"])
        seen.append((await customer.delete(f"/user/calls/{call}", 400))["message"])

    await customer.play((timedelta(seconds=5), look))
    assert seen == ["in-progress", 1, "Call is in progress and cannot be deleted"]


async def test_the_law_holds_for_single_calls(customer: Customer) -> None:
    world = customer.stage.world
    world.clock.advance_to(datetime(2026, 11, 24, 4, 0, tzinfo=UTC))  # 22:00 in Chicago
    call = await made(customer, person("90"))
    await customer.play()
    (attempt,) = await world.attempts()
    assert attempt.begun_at == datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
    assert (await customer.get(f"/user/calls/{call}"))["created_at"] == "2026-11-24 14:00:00"


async def test_the_assistants_limits_hold(customer: Customer) -> None:
    assistant = await customer.assistant(max_duration=20, ringing_time=60)
    call = await made(customer, person("90"), assistant_id=assistant)
    await customer.play()
    told = await customer.get(f"/user/calls/{call}")
    assert (told["status"], told["duration"]) == ("ended_by_assistant", 20)


@pytest.mark.parametrize("number", ["12", "hello", "+1000"])
async def test_bad_numbers(customer: Customer, number: str) -> None:
    body = {"phone_number": number, "assistant_id": await customer.assistant()}
    assert await customer.post("/user/make_call", body, 400) == {
        "message": "Invalid phone number format. Please use E.164 format (e.g. +1234567890)"
    }


async def test_calls_that_are_refused(customer: Customer, stranger: Customer) -> None:
    foreign, inbound = await stranger.assistant(), await customer.assistant(type="inbound")
    for assistant in (foreign, inbound, 99_999):
        body = {"phone_number": person("90"), "assistant_id": assistant}
        assert await customer.post("/user/make_call", body, 404) == {
            "message": "Assistant not found or does not belong to the authenticated user"
        }
    assert (await customer.post("/user/make_call", {}, 422))["errors"] == {
        "phone_number": ["The phone number field is required."],
        "assistant_id": ["The assistant id field is required."],
    }
    assistant = await customer.assistant()
    await customer.stage.world.senders(enabled=False)
    body = {"phone_number": person("90"), "assistant_id": assistant}
    assert await customer.post("/user/make_call", body, 400) == {
        "message": "Your agent does not have a phone number setup"
    }


async def test_calls_of_campaigns(customer: Customer, stranger: Customer) -> None:
    assistant = await customer.assistant()
    campaign = await customer.campaign(
        name="Demo",
        assistant_id=assistant,
        goal_completion_variable="booked",
        max_retries=1,
        max_calls_in_parallel=1,
    )
    lead = await customer.lead(campaign, person("90"), variables={"who": "Ann"})
    await customer.lead(campaign, person("92"))
    await customer.steer(campaign, "start")
    await customer.play()
    page = await customer.get("/user/calls")
    attempts = await customer.stage.world.attempts()
    assert [call["id"] for call in page["data"]] == [attempt.id * 2 for attempt in reversed(attempts)]
    assert page["total"] == 3
    (reached,) = (call for call in page["data"] if call["client_phone_number"] == person("90"))
    assert (reached["campaign_name"], reached["assistant_name"]) == ("Demo", "Anna")
    assert reached["variables"] == {"who": "Ann"}
    assert {
        "name": "booked",
        "type": "bool",
        "value": True,
        "description": "Whether an appointment was made.",
    } in reached["evaluation"]
    assert await customer.get(f"/user/calls/{reached['id']}") == reached
    assert await stranger.expect(404, "GET", f"/user/calls/{reached['id']}") == {"message": "Call not found"}
    assert (await stranger.get("/user/calls"))["total"] == 0
    assert lead * 2 != reached["id"] or len(attempts) == 3
    await customer.delete(f"/user/campaign/{campaign}")
    assert (await customer.get("/user/calls"))["total"] == 3


async def test_filters(customer: Customer) -> None:
    first, second = await customer.assistant(name="One"), await customer.assistant(name="Two")
    campaign = await customer.campaign(assistant_id=first, max_retries=1)
    await customer.lead(campaign, person("92"))
    await customer.steer(campaign, "start")
    await customer.play()
    call = await made(customer, person("90", 1), assistant_id=second)
    customer.stage.world.clock.advance_to(datetime(2026, 11, 24, 16, 0, tzinfo=UTC))
    await customer.play()

    async def total(**query: Any) -> int:
        page = await customer.get("/user/calls", **query)
        assert len(page["data"]) == page["total"]
        return int(page["total"])

    assert await total() == 3
    assert await total(status="busy") == 2
    assert await total(status="completed") == 1
    for nothing in ("initiated", "ringing", "in-progress", "ended", "failed"):
        assert await total(status=nothing) == 0
    assert await total(type="outbound") == 3
    assert await total(type="inbound") == await total(type="web") == 0
    assert await total(phone_number="773555") == 1
    assert await total(assistant_id=first) == 2
    assert await total(assistant_id=second) == 1
    assert await total(assistant_id=99_999) == 0
    assert await total(campaign_id=campaign) == 2
    assert await total(campaign_id=campaign, assistant_id=second) == 0
    assert await total(campaign_id=99_999) == 0
    assert await total(date_to="2026-11-22") == 0
    assert await total(date_from="2026-11-23", date_to="2026-11-24") == 3
    assert (await customer.get("/user/calls", per_page=1, page=1))["data"][0]["id"] == call
    assert (await customer.expect(422, "GET", "/user/calls", params={"status": "done"}))["errors"] == {
        "status": ["The selected status is invalid."]
    }


async def test_erasing(customer: Customer, stranger: Customer) -> None:
    call = await made(customer, person("90"))
    await customer.play()
    path = f"/user/calls/{call}"
    missing = {"message": "Call not found or does not belong to the authenticated user"}
    assert await stranger.delete(path, 404) == missing
    assert await customer.delete(path) == {"message": "Call deleted successfully"}
    assert await customer.delete(path, 404) == missing
    assert await customer.expect(404, "GET", path) == {"message": "Call not found"}
    assert (await customer.get("/user/calls"))["total"] == 0
    (attempt,) = await customer.stage.world.attempts()
    assert (attempt.outcome, dict(attempt.raw), dict(attempt.results)) == (Outcome.COMPLETED, {}, {})
    await customer.stage.world.balance()


async def test_a_call_is_called_off(customer: Customer) -> None:
    call = await made(customer, person("90"))
    await customer.delete(f"/user/calls/{call}")
    await customer.expect(404, "GET", f"/user/calls/{call}")
    await customer.play()
    assert await customer.stage.world.attempts() == []


async def test_a_lead_is_no_call(customer: Customer) -> None:
    lead = await customer.lead(await customer.campaign(), person("90"))
    for call in (lead * 2 + 1, lead * 2, 77_777, "x", 2**63):
        assert await customer.expect(404, "GET", f"/user/calls/{call}") == {"message": "Call not found"}
    assert ASSISTANT["name"] == "Anna"
