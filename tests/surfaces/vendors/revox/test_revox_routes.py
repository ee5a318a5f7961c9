"""Every operation of the API, on the virtual clock."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from revox_house import (
    BUSY,
    CALLBACK,
    EVERYBODY,
    HANGS_UP,
    NO_ANSWER,
    OPTS_OUT,
    REACHED,
    VOICEMAIL,
    Revox,
    number,
    people,
    retry_config,
    window,
)

from clarion.app.campaign_content import CampaignContent
from clarion.app.campaigns import create_campaign
from clarion.core.campaigns import Message, Plan
from clarion.core.outcomes import Channel

ZEROS = dict.fromkeys(["calling", "completed", "failed", "not_launched", "pending", "retry", "skipped", "total"], 0)


async def test_a_campaign_from_launch_to_outcomes(revox: Revox) -> None:
    made = await revox.campaign(REACHED, BUSY, VOICEMAIL, max_concurrent_calls=2)
    assert made["status"] == "running"
    assert made["row_stats"] == {**ZEROS, "pending": 3, "total": 3}
    assert (made["call_retry_config"], made["max_concurrent_calls"]) == (retry_config(), 2)
    assert made["from_phone_number"] == made["assistant"]["from_phone_number"] or made["from_phone_number"]
    await revox.play()
    done = await revox.show(made)
    assert (done["status"], done["is_cancelled"]) == ("completed", False)
    assert done["row_stats"] == {**ZEROS, "completed": 1, "failed": 2, "total": 3}
    assert done["funnel_stats"] == {"total_leads": 3, "talked_to_human": 1, "hot": 0}
    calls = [row["call"] for row in await revox.rows(made)]
    assert [(call["status"], call["outcome"], call["calls_count"]) for call in calls] == [
        ("completed", "completed", 1),
        ("completed", None, 3),
        ("completed", None, 3),
    ]
    last = [call["last_call_attempt"] for call in calls]
    assert [(each["status"], each["result"], each["dial_error"], each["end_reason"]) for each in last] == [
        ("completed", "human", None, None),
        ("completed", None, "busy", "user_unavailable"),
        ("completed", "voicemail", None, "voicemail"),
    ]


@pytest.mark.parametrize(
    "fields, status, stats",
    [
        ({"launch": True}, "running", {"pending": 1}),
        ({"launch": False}, "draft", {"not_launched": 1}),
        ({"launch": None}, "running", {"not_launched": 1}),
        ({"launch": None, "scheduled_at": "2026-11-24T15:00:00Z"}, "running", {"pending": 1}),
        ({"launch": True, "scheduled_at": "2026-11-24T15:00:00Z"}, "running", {"pending": 1}),
        ({"launch": False, "scheduled_at": "2026-11-24T15:00:00Z"}, "draft", {"not_launched": 1}),
    ],
)
async def test_how_it_begins(revox: Revox, fields: dict[str, Any], status: str, stats: dict[str, int]) -> None:
    made = await revox.campaign(REACHED, **fields)
    assert (made["status"], made["scheduled_at"]) == (status, fields.get("scheduled_at"))
    assert await revox.stats(made) == stats


@pytest.mark.parametrize("release, stats", [("0.3.0", {"pending": 1}), ("0.5.0", {"not_launched": 1})])
async def test_what_the_clients_release_expects(revox: Revox, release: str, stats: dict[str, int]) -> None:
    revox.http.headers["X-Stainless-Package-Version"] = release
    assert await revox.stats(await revox.campaign(REACHED, launch=None)) == stats


async def test_nobody_is_called_until_launched(revox: Revox) -> None:
    made = await revox.campaign(REACHED, BUSY, launch=None)
    await revox.play(until=timedelta(days=2))
    assert await revox.stats(made) == {"not_launched": 2}
    assert {row["call"]["status"] for row in await revox.rows(made)} == {"not_launched"}
    came = await revox.ask(
        "POST", f"/campaigns/{made['id']}/launch-calls", {"mode": "ai_first", "selection": EVERYBODY}
    )
    assert came == {"launched": 2, "skipped": {"active": 0, "attempts_exhausted": 0, "cancelled": 0}}
    await revox.play()
    assert await revox.stats(made) == {"completed": 1, "failed": 1}
    assert (await revox.show(made))["status"] == "completed"


async def test_a_number_that_comes_again_is_a_row_that_is_never_called(revox: Revox) -> None:
    made = await revox.campaign(REACHED, BUSY, REACHED)
    await revox.play()
    rows = await revox.rows(made)
    assert [(row["row_index"], row["call"]["status"], row["call"]["calls_count"]) for row in rows] == [
        (0, "completed", 1),
        (1, "completed", 3),
        (2, "cancelled", 0),
    ]
    assert await revox.stats(made) == {"completed": 1, "failed": 1, "skipped": 1}


async def test_variables_of_every_type_are_told_as_texts(revox: Revox) -> None:
    variables = {"name": "Zoë", "age": 7, "tags": ["a", 1], "none": None, "first_name": "Ann", "Email": "a@x.example"}
    made = await revox.campaign(contacts=[{"to_phone_number": "(312) 555-0190", "prompt_variables": variables}])
    (row,) = await revox.rows(made)
    texts = {**variables, "age": "7", "tags": '["a",1]', "none": "null"}
    assert (row["phone_number"], row["input_data"], row["call"]["prompt_variables"]) == (
        REACHED,
        texts,
        texts,
    )
    assert row["call"]["contact"] == {
        "first_name": "Ann",
        "last_name": None,
        "email": "a@x.example",
        "company": None,
        "job_title": None,
    }


async def test_drafts_are_launched(revox: Revox) -> None:
    made = await revox.campaign(REACHED, launch=False)
    await revox.play(until=timedelta(hours=1))
    assert (await revox.show(made))["status"] == "draft"
    launched = (await revox.ask("POST", f"/campaigns/{made['id']}/launch"))["campaign"]
    assert launched["status"] == "running"
    assert (await revox.ask("POST", f"/campaigns/{made['id']}/launch"))["campaign"]["id"] == made["id"]
    await revox.play()
    assert await revox.stats(made) == {"completed": 1}


async def test_launching_a_held_campaign_as_a_whole(revox: Revox) -> None:
    made = await revox.campaign(REACHED, launch=None)
    await revox.ask("POST", f"/campaigns/{made['id']}/launch")
    assert await revox.stats(made) == {"pending": 1}


async def test_list_and_delete(revox: Revox) -> None:
    first, second = await revox.campaign(REACHED), await revox.campaign(REACHED, launch=None, name="Second")
    found = (await revox.ask("GET", "/campaigns"))["campaigns"]
    assert found == [await revox.show(second), await revox.show(first)]
    assert await revox.ask("DELETE", f"/campaigns/{first['id']}") == {"success": True}
    assert [each["id"] for each in (await revox.ask("GET", "/campaigns"))["campaigns"]] == [second["id"]]
    for path in ("", "/rows", "/export", "/statistics"):
        await revox.ask("GET", f"/campaigns/{first['id']}{path}", status=404)


async def test_campaigns_made_elsewhere(revox: Revox) -> None:
    api, actor = revox.stage.api, revox.stage.world.actor
    how = (api.ledger, api.clock, actor)
    await create_campaign(*how, CampaignContent("Native", Channel.VOICE, Plan()))
    await create_campaign(*how, CampaignContent("Texts", Channel.SMS, Plan(message=Message("Hi"))))
    (told,) = (await revox.ask("GET", "/campaigns"))["campaigns"]
    assert (told["name"], told["status"], told["assistant_id"], told["assistant"]) == ("Native", "paused", "", None)
    assert told["call_retry_config"]["max_retry_attempts"] == 1


async def test_change(revox: Revox) -> None:
    made = await revox.campaign(BUSY)
    change = {"name": "New", "max_concurrent_calls": 3, "call_retry_config": retry_config(max_retry_attempts=1)}
    changed = (await revox.ask("PATCH", f"/campaigns/{made['id']}", change))["campaign"]
    assert {name: changed[name] for name in change} == change
    cleared = (
        await revox.ask("PATCH", f"/campaigns/{made['id']}", {"max_concurrent_calls": None, "call_retry_config": None})
    )["campaign"]
    assert (cleared["max_concurrent_calls"], cleared["name"]) == (None, "New")
    assert cleared["call_retry_config"] is None or cleared["call_retry_config"]["max_retry_attempts"] == 3
    await revox.ask("PATCH", f"/campaigns/{made['id']}", {"assistant_id": made["assistant_id"]}, status=400)
    await revox.ask("PATCH", f"/campaigns/{made['id']}", {"contacts": []}, status=422)
    another = (await revox.ask("PATCH", f"/campaigns/{made['id']}", {"from_phone_number": "+12125550133"}))["campaign"]
    assert another["from_phone_number"] == "+12125550133"
    back = (await revox.ask("PATCH", f"/campaigns/{made['id']}", {"from_phone_number": None}))["campaign"]
    assert back["from_phone_number"] != "+12125550133"


async def test_a_draft_changes_more(revox: Revox) -> None:
    made = await revox.campaign(BUSY, launch=False)
    other = await revox.assistant(name="Bob")
    change = {"assistant_id": other, "scheduled_at": "2026-11-24T15:00:00+01:00"}
    changed = (await revox.ask("PATCH", f"/campaigns/{made['id']}", change))["campaign"]
    assert {name: changed[name] for name in change} == change
    await revox.ask("PATCH", f"/campaigns/{made['id']}", {"assistant_id": made["id"]}, status=404)


async def test_pause_resume_cancel(revox: Revox) -> None:
    made = await revox.campaign(BUSY, number("92", 212))
    path = f"/campaigns/{made['id']}"
    for word, status in [("pause", "paused"), ("pause", "paused"), ("resume", "running"), ("resume", "running")]:
        assert await revox.ask("POST", f"{path}/{word}") == {"success": True}
        assert (await revox.show(made))["status"] == status
    assert await revox.ask("POST", f"{path}/cancel") == {"success": True}
    cancelled = await revox.show(made)
    assert (cancelled["status"], cancelled["is_cancelled"]) == ("completed", True)
    assert {row["call"]["status"] for row in await revox.rows(made)} == {"cancelled"}
    await revox.ask("POST", f"{path}/cancel")
    for word in ("pause", "resume", "launch", "launch-calls"):
        body = {"mode": "ai_first", "selection": EVERYBODY} if word == "launch-calls" else None
        await revox.ask("POST", f"{path}/{word}", body, status=400)
    await revox.ask("POST", f"{path}/rows", {"contacts": people(REACHED)}, status=400)
    await revox.play()
    assert await revox.stats(made) == {"skipped": 2}


async def test_a_scheduled_campaign_is_paused_and_resumed(revox: Revox) -> None:
    made = await revox.campaign(REACHED, scheduled_at="2026-11-24T15:00:00Z")
    path = f"/campaigns/{made['id']}"
    await revox.ask("POST", f"{path}/launch-calls", {"mode": "ai_first", "selection": EVERYBODY}, status=400)
    await revox.ask("POST", f"{path}/resume")
    await revox.ask("POST", f"{path}/pause")
    assert (await revox.show(made))["status"] == "paused"
    await revox.play(until=timedelta(days=2))
    assert await revox.stats(made) == {"not_launched": 1}
    await revox.ask("POST", f"{path}/resume")
    await revox.play()
    assert await revox.stats(made) == {"completed": 1}


@pytest.mark.parametrize("launch, stats", [(True, {"pending": 3}), (None, {"not_launched": 3})])
async def test_rows_are_added(revox: Revox, launch: bool | None, stats: dict[str, int]) -> None:
    made = await revox.campaign(REACHED, launch=launch)
    added = await revox.ask("POST", f"/campaigns/{made['id']}/rows", {"contacts": people(BUSY, REACHED)})
    assert [(row["row_index"], row["phone_number"]) for row in added["rows"]] == [(1, BUSY), (2, REACHED)]
    assert added["rows"][1]["call"]["status"] == "cancelled"
    added = await revox.ask("POST", f"/campaigns/{made['id']}/rows", people(VOICEMAIL))
    assert [row["row_index"] for row in added["rows"]] == [3]
    assert await revox.stats(made) == {**stats, "skipped": 1}
    bad = await revox.ask("POST", f"/campaigns/{made['id']}/rows", people(NO_ANSWER, "12"), status=422)
    assert [each["field"] for each in bad["error"]["details"]] == ["contacts.1.to_phone_number"]
    assert await revox.stats(made) == {**stats, "skipped": 1}


async def test_a_campaign_whose_contacts_are_still_to_come(revox: Revox) -> None:
    made = await revox.campaign(launch=None)
    assert (made["status"], made["row_stats"]["total"]) == ("running", 0)
    await revox.ask("POST", f"/campaigns/{made['id']}/rows", people(REACHED))
    assert await revox.stats(made) == {"not_launched": 1}
    await revox.ask("POST", f"/campaigns/{made['id']}/launch-calls", {"mode": "ai_first", "selection": EVERYBODY})
    await revox.play()
    assert await revox.stats(made) == {"completed": 1}
    nobody = await revox.ask("POST", "/campaigns", {**BODY, "assistant_id": made["assistant_id"]}, status=422)
    assert nobody["error"]["details"][0]["field"] == "contacts"


BODY: dict[str, Any] = {"contacts": [], "name": "x", "launch": True}


async def test_export(revox: Revox) -> None:
    contacts = [
        {"to_phone_number": REACHED, "prompt_variables": {"name": "=cmd()", "n": 1}},
        {"to_phone_number": BUSY, "prompt_variables": {"city": 'A "b", c'}},
    ]
    made = await revox.campaign(contacts=contacts)
    await revox.play()
    file = await revox.ask("GET", f"/campaigns/{made['id']}/export")
    assert file["filename"].endswith(".csv")
    lines = list(csv.DictReader(io.StringIO(file["csv"])))
    assert [(each["phone_number"], each["status"], each["result"], each["attempts"]) for each in lines] == [
        (REACHED, "completed", "human", "1"),
        (BUSY, "completed", "busy", "3"),
    ]
    assert [(each["name"], each["n"], each["city"]) for each in lines] == [("'=cmd()", "1", ""), ("", "", 'A "b", c')]


async def test_statistics(revox: Revox) -> None:
    made = await revox.campaign(REACHED, BUSY, HANGS_UP, CALLBACK, OPTS_OUT)
    before = (await revox.ask("GET", f"/campaigns/{made['id']}/statistics"))["statistics"]
    assert before["funnel"]["reached"]["pct_of_called"] is None
    assert not before["campaign"]["has_activity"]
    await revox.play()
    told = (await revox.ask("GET", f"/campaigns/{made['id']}/statistics"))["statistics"]
    assert told["effort"] == {"calls_total": 7, "inbound_calls": 0, "outbound_attempts": 7}
    funnel = told["funnel"]
    assert funnel["called"] == {"count": 5, "imported_rows": 5}
    assert (funnel["reached"]["count"], funnel["reached"]["pct_of_called"]) == (4, 80.0)
    assert funnel["real_exchanges"] == {"count": 3, "pct_of_reached": 75.0}
    assert funnel["hot_leads"] == {"count": 1, "pct_of_reached": 25.0}
    assert {each["outcome"]: each["count"] for each in told["outcome_breakdown"]} == {
        "completed": 1,
        "requested_callback_later": 1,
        "not_interested": 1,
    }
    assert [lead["phone"] for lead in told["leads"]["callback_requested"]] == [CALLBACK]
    assert told["leads"]["interested"] == []
    assert told["campaign"]["has_activity"]
    assert told["campaign"]["first_activity_at"] < told["campaign"]["last_activity_at"]


# assistants


async def test_assistants(revox: Revox) -> None:
    hook = "https://hooks.example.com/revox"
    first = await revox.assistant(webhook_url=hook, voicemail_message="Call us", call_retry_config=retry_config())
    told = (await revox.ask("GET", f"/assistants/{first}"))["assistant"]
    assert (told["webhook_url"], told["call_retry_config"], told["name"]) == (hook, retry_config(), "Ann")
    changed = (await revox.ask("PATCH", f"/assistants/{first}", {"name": "Bob", "voicemail_message": None}))[
        "assistant"
    ]
    assert (changed["name"], changed["voicemail_message"], changed["webhook_url"]) == ("Bob", None, hook)
    copy = (await revox.ask("POST", f"/assistants/{first}/clone"))["assistant"]
    assert (copy["name"], copy["webhook_url"]) == ("Bob (Copy)", hook)
    await revox.assistant(name="Step", type="sub-assistant")
    assert [each["name"] for each in (await revox.ask("GET", "/assistants"))["assistants"]] == ["Bob", "Bob (Copy)"]
    assert await revox.ask("DELETE", f"/assistants/{first}") == {"success": True}
    for method, path in [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/clone")]:
        await revox.ask(method, f"/assistants/{first}{path}", {} if method == "PATCH" else None, status=404)


@pytest.mark.parametrize(
    "fields, field",
    [
        ({"webhook_url": "ftp://x.example"}, "webhook_url"),
        ({"from_phone_number": "12"}, "from_phone_number"),
        ({"name": ""}, "name"),
        ({"prompt": None}, "prompt"),
        ({"prompt": "x" * 300_000}, "config"),
    ],
)
async def test_assistants_that_are_refused(revox: Revox, fields: dict[str, Any], field: str) -> None:
    wrong = await revox.ask("POST", "/assistants", {"name": "Ann", "prompt": "Hi", **fields}, status=422)
    assert [each["field"] for each in wrong["error"]["details"]] == [field]
    assert (await revox.ask("GET", "/assistants"))["assistants"] == []


async def test_an_assistant_in_use_stays(revox: Revox) -> None:
    assistant = await revox.assistant()
    made = await revox.campaign(BUSY, assistant_id=assistant)
    await revox.ask("DELETE", f"/assistants/{assistant}", status=400)
    await revox.ask("POST", f"/campaigns/{made['id']}/cancel")
    call = await revox.call(BUSY, assistant_id=assistant)
    await revox.ask("DELETE", f"/assistants/{assistant}", status=400)
    await revox.ask("POST", f"/call/{call['id']}/cancel")
    await revox.ask("DELETE", f"/assistants/{assistant}")
    told = (await revox.ask("GET", f"/call/{call['id']}"))["call"]
    assert (told["status"], told["assistant"]["id"]) == ("cancelled", assistant)


# single calls


async def test_a_call_from_request_to_outcome(revox: Revox) -> None:
    assistant = await revox.assistant(call_retry_config=retry_config(), from_phone_number="+12125550144")
    made = await revox.call(
        NO_ANSWER, assistant_id=assistant, prompt_variables={"name": "Ann"}, metadata={"order": "7"}
    )
    assert (made["status"], made["from_phone_number"], made["campaign"]) == (
        "queued_for_calling",
        "+12125550144",
        None,
    )
    assert (made["prompt_variables"], made["metadata"]) == ({"name": "Ann"}, {"order": "7"})
    await revox.play()
    told = (await revox.ask("GET", f"/call/{made['id']}"))["call"]
    assert (told["status"], told["calls_count"], len(told["call_attempts"])) == ("completed", 3, 3)
    assert told["call_attempts"][0] == told["last_call_attempt"]
    assert told["call_attempts"][0]["started_at"] > told["call_attempts"][1]["started_at"]
    assert (await revox.ask("GET", "/campaigns"))["campaigns"] == []


async def test_a_call_with_its_own_assistant(revox: Revox) -> None:
    inline = {"prompt": "Hi", "call_retry_config": retry_config()}
    first, second = await revox.call(BUSY, assistant=inline), await revox.call(REACHED, assistant=inline)
    third = await revox.call(REACHED, assistant={**inline, "prompt": "Hello"})
    assert first["assistant"]["id"] == second["assistant"]["id"] != third["assistant"]["id"]
    assert (await revox.ask("GET", "/assistants"))["assistants"] == []
    wrong = await revox.ask("POST", "/call", {"phone_number": BUSY}, status=422)
    assert wrong["error"]["details"][0]["field"] == "assistant_id"


async def test_a_call_for_later(revox: Revox) -> None:
    later = "2026-11-24T16:00:00+00:00"
    made = await revox.call(REACHED, scheduled_at=later, assistant={"prompt": "", "call_retry_config": retry_config()})
    assert (made["status"], made["scheduled_at"]) == ("scheduled", later)
    await revox.play()
    told = (await revox.ask("GET", f"/call/{made['id']}"))["call"]
    assert told["last_call_attempt"]["started_at"] == "2026-11-24T16:00:00.000Z"


async def test_a_call_outside_of_its_window(revox: Revox) -> None:
    """It is 9:00 in Chicago, and the assistant calls from noon on; the law allows it from 8:00."""
    config = retry_config(calling_windows=[window("12:00", "18:00")])
    waits = await revox.call(REACHED, assistant={"prompt": "", "call_retry_config": config})
    hurries = await revox.call(
        number("90", 217), assistant={"prompt": "", "call_retry_config": config}, skip_calling_window=True
    )
    await revox.play()
    times = [
        (await revox.ask("GET", f"/call/{each['id']}"))["call"]["last_call_attempt"]["started_at"]
        for each in (waits, hurries)
    ]
    assert times == ["2026-11-23T18:00:00.000Z", "2026-11-23T15:00:00.000Z"]


async def test_a_call_is_paused_resumed_and_cancelled(revox: Revox) -> None:
    config = retry_config(calling_windows=[window("00:00", "24:00", 3600)])
    made = await revox.call(BUSY, assistant={"prompt": "", "call_retry_config": config})
    path = f"/call/{made['id']}"
    await revox.play(timedelta(minutes=10))
    due = (await revox.ask("GET", path))["call"]["next_call_at"]
    await revox.ask("POST", f"{path}/pause")
    await revox.ask("POST", f"{path}/pause")
    assert (await revox.ask("GET", path))["call"]["status"] == "paused"
    await revox.play(timedelta(minutes=10))
    await revox.ask("POST", f"{path}/resume")
    await revox.ask("POST", f"{path}/resume")
    assert (await revox.ask("GET", path))["call"]["next_call_at"] == due
    await revox.play(timedelta(hours=1))
    told = (await revox.ask("GET", path))["call"]
    assert (told["calls_count"], told["last_call_attempt"]["started_at"]) == (2, due)
    await revox.ask("POST", f"{path}/cancel")
    await revox.ask("POST", f"{path}/cancel")
    assert (await revox.ask("GET", path))["call"]["status"] == "cancelled"
    for word in ("pause", "resume"):
        await revox.ask("POST", f"{path}/{word}", status=400)
    await revox.play()
    assert (await revox.ask("GET", path))["call"]["calls_count"] == 2


async def test_a_row_is_paused_and_resumed_as_a_call(revox: Revox) -> None:
    made = await revox.campaign(BUSY)
    (row,) = await revox.rows(made)
    await revox.play(timedelta(minutes=1))
    await revox.ask("POST", f"/call/{row['call']['id']}/pause")
    await revox.play(timedelta(days=1))
    (row,) = await revox.rows(made)
    assert (row["call"]["status"], row["call"]["calls_count"]) == ("paused", 1)
    assert await revox.stats(made) == {"not_launched": 1}
    await revox.ask("POST", f"/call/{row['call']['id']}/resume")
    await revox.play()
    assert await revox.stats(made) == {"failed": 1}


async def test_a_row_is_cancelled_as_a_call(revox: Revox) -> None:
    made = await revox.campaign(BUSY, REACHED)
    first = (await revox.rows(made))[0]["call"]["id"]
    await revox.ask("POST", f"/call/{first}/cancel")
    await revox.play()
    assert await revox.stats(made) == {"completed": 1, "skipped": 1}
    await revox.ask("POST", f"/call/{(await revox.rows(made))[1]['call']['id']}/cancel", status=400)


# searching


SEARCH: dict[str, Any] = {
    "assignee_ids": [],
    "assistant_ids": [],
    "campaign_ids": [],
    "directions": [],
    "from_phone_numbers": [],
    "outcomes": [],
    "results": [],
    "statuses": [],
    "page": 1,
    "page_size": 50,
}


@pytest.fixture
async def crowd(revox: Revox) -> dict[str, str]:
    """One call of each kind: name -> number."""
    assistant = await revox.assistant(name="Other")
    await revox.campaign(BUSY, REACHED, VOICEMAIL, HANGS_UP, CALLBACK, name="Over", assistant_id=assistant)
    await revox.campaign(number("93", 212), launch=None, name="Held", from_phone_number="+12125550155")
    await revox.play()
    paused = await revox.campaign(number("93", 213), name="Paused")
    await revox.ask("POST", f"/campaigns/{paused['id']}/pause")
    await revox.campaign(number("93", 214), launch=False, name="Draft")
    await revox.campaign(number("93", 215), scheduled_at="2027-01-01T00:00:00Z", name="Later")
    await revox.call(number("93", 216), assistant={"prompt": "", "call_retry_config": retry_config()})
    single = await revox.call(number("93", 217), assistant={"prompt": "", "call_retry_config": retry_config()})
    await revox.ask("POST", f"/call/{single['id']}/pause")
    return {
        "busy": BUSY,
        "reached": REACHED,
        "voicemail": VOICEMAIL,
        "hangs_up": HANGS_UP,
        "callback": CALLBACK,
        "held": number("93", 212),
        "paused": number("93", 213),
        "draft": number("93", 214),
        "later": number("93", 215),
        "queued": number("93", 216),
        "single": number("93", 217),
    }


ALL = ["busy", "reached", "voicemail", "hangs_up", "callback", "held", "paused", "draft", "later", "queued", "single"]
OVER = ALL[:5]


@pytest.mark.parametrize(
    "filters, expected",
    [
        ({}, ALL),
        ({"statuses": ["completed"]}, OVER),
        ({"statuses": ["not_launched"]}, ["held", "draft"]),
        ({"statuses": ["paused"]}, ["paused", "single"]),
        ({"statuses": ["scheduled"]}, ["later"]),
        ({"statuses": ["queued_for_calling"]}, ["queued"]),
        ({"statuses": ["calling", "post_processing", "errored", "cancelled"]}, []),
        ({"statuses": ["queued_for_calling", "completed"], "results": ["voicemail", "none"]},
         ["busy", "voicemail", "queued"]),
        ({"results": ["human"]}, ["reached", "hangs_up", "callback"]),
        ({"results": ["none"]}, ["busy", "held", "paused", "draft", "later", "queued", "single"]),
        ({"outcomes": ["completed"]}, ["reached"]),
        ({"outcomes": ["requested_callback_later", "interested"]}, ["callback"]),
        ({"outcomes": ["completed", "requested_callback_later", "not_interested", "interested"]},
         ["reached", "callback"]),
        ({"outcomes": ["none"], "statuses": ["completed"]}, ["busy", "voicemail", "hangs_up"]),
        ({"outcomes": ["none", "completed"], "statuses": ["completed"]}, ["busy", "reached", "voicemail", "hangs_up"]),
        ({"assignee_ids": ["x"]}, []),
        ({"directions": ["inbound"]}, []),
        ({"directions": ["inbound", "outbound"], "query": "+1312555018"}, ["voicemail", "hangs_up", "callback"]),
        ({"to_phone_number": BUSY}, ["busy"]),
        ({"campaign_ids": ["x"]}, []),
        ({"assistant_ids": ["x"]}, []),
        ({"call_ids": []}, []),
        ({"from_phone_numbers": ["+1 212 555 0155"]}, ["held"]),
    ],
)  # fmt: skip
async def test_search(revox: Revox, crowd: dict[str, str], filters: dict[str, Any], expected: list[str]) -> None:
    names = {number: name for name, number in crowd.items()}
    found = await revox.ask("POST", "/call/search", {**SEARCH, **filters})
    assert sorted(names[call["to_phone_number"]] for call in found["calls"]) == sorted(expected)
    assert found["total_count"] == len(expected)
    if "statuses" in filters and len(filters["statuses"]) == 1:
        assert {call["status"] for call in found["calls"]} == set(filters["statuses"])


async def test_search_by_ids_and_pages(revox: Revox, crowd: dict[str, str]) -> None:
    every = (await revox.ask("POST", "/call/search", SEARCH))["calls"]
    assert [call["created_at"] for call in every] == sorted((call["created_at"] for call in every), reverse=True)
    up = (await revox.ask("POST", "/call/search", {**SEARCH, "sort_direction": "asc"}))["calls"]
    assert [call["id"] for call in up] == [call["id"] for call in reversed(every)]
    pages = [await revox.ask("POST", "/call/search", {**SEARCH, "page": page, "page_size": 4}) for page in (1, 2, 3, 4)]
    assert [call["id"] for page in pages for call in page["calls"]] == [call["id"] for call in every]
    assert {page["total_count"] for page in pages} == {len(crowd)}
    two = [every[0]["id"], every[5]["id"], "nonsense"]
    found = (await revox.ask("POST", "/call/search", {**SEARCH, "call_ids": two}))["calls"]
    assert [call["id"] for call in found] == two[:2]
    campaign = next(call["campaign"]["id"] for call in every if call["to_phone_number"] == BUSY)
    assistant = next(call["assistant"]["id"] for call in every if call["to_phone_number"] == BUSY)
    for filters in ({"campaign_ids": [campaign]}, {"assistant_ids": [assistant]}):
        assert (await revox.ask("POST", "/call/search", {**SEARCH, **filters}))["total_count"] == 5
    assert (await revox.ask("POST", "/call/search", {}))["total_count"] == len(crowd)


async def test_calls_as_a_file(revox: Revox, crowd: dict[str, str]) -> None:
    await revox.call(REACHED, assistant={"prompt": "", "call_retry_config": retry_config()}, metadata={"order": "=1+1"})
    await revox.play()
    wanted = {"filters": {**SEARCH, "statuses": ["completed"], "page_size": 1}, "include_metadata": True}
    lines = list(csv.DictReader(io.StringIO((await revox.ask("POST", "/call/export", wanted))["csv"])))
    by_number: dict[str, list[dict[str, str]]] = {}
    for each in lines:
        by_number.setdefault(each["to_phone_number"], []).append(each)
    assert [each["dial_error"] for each in by_number[BUSY]] == ["busy"] * 3
    assert {each["order"] for each in by_number[REACHED]} == {"", "'=1+1"}
    assert by_number[VOICEMAIL][0]["result"] == "voicemail"
    plain = await revox.ask("POST", "/call/export", {"filters": {**SEARCH, "statuses": ["not_launched"]}})
    assert [each["attempt_id"] for each in csv.DictReader(io.StringIO(plain["csv"]))] == ["", ""]


async def test_phone_history(revox: Revox, crowd: dict[str, str]) -> None:
    again = await revox.campaign(REACHED, OPTS_OUT, name="Again")
    await revox.play()
    told = (await revox.ask("GET", "/calls/phone-history"))["phone_history"]
    assert [campaign["name"] for campaign in told[REACHED]["campaigns"]] == ["Again", "Over"]
    assert told[REACHED]["campaigns"][0]["id"] == again["id"]
    assert (told[REACHED]["count"], told[REACHED]["reached_human"], told[REACHED]["last_outcome"]) == (
        2,
        True,
        "completed",
    )
    assert (told[BUSY]["count"], told[BUSY]["reached_human"], told[BUSY]["last_outcome"]) == (3, False, None)
    assert (told[CALLBACK]["hot"], told[OPTS_OUT]["do_not_contact"], told[OPTS_OUT]["hot"]) == (True, True, False)
    assert crowd["held"] not in told


# the rest


async def test_phone_numbers(revox: Revox) -> None:
    listed = (await revox.ask("GET", "/phone-numbers"))["phone_numbers"]
    assert [each["phone_number"] for each in listed]
    assistant = await revox.assistant()
    path = f"/phone-numbers/{listed[0]['id']}"
    changed = await revox.ask("PATCH", path, {"label": "Main", "inbound_assistant_id": assistant})
    assert changed["phone_number"]["label"] == "Main"
    assert changed["phone_number"]["inbound_assistant"]["id"] == assistant
    cleared = await revox.ask("PATCH", path, {"inbound_assistant_id": None})
    assert (cleared["phone_number"]["label"], cleared["phone_number"]["inbound_assistant"]) == ("Main", None)
    await revox.ask("PATCH", path, {"inbound_assistant_id": listed[0]["id"]}, status=404)
    made = await revox.campaign(BUSY, from_phone_number="+12125550166")
    by_number = {each["phone_number"]: each for each in (await revox.ask("GET", "/phone-numbers"))["phone_numbers"]}
    assert made["from_phone_number"] == "+12125550166"
    await revox.ask("DELETE", f"/phone-numbers/{by_number['+12125550166']['id']}", status=400)
    await revox.ask("DELETE", f"/phone-numbers/{listed[-1]['id']}")
    await revox.ask("DELETE", f"/phone-numbers/{listed[-1]['id']}", status=404)


async def test_account(revox: Revox) -> None:
    assert await revox.ask("GET", "/auth-status") == {"authenticated": True}
    user = (await revox.ask("GET", "/users/me"))["user"]
    made = await revox.campaign(BUSY)
    assert (user["email"], user["organization_id"], user["organization_country"]) == (
        "owner@riverside.example",
        made["organization_id"],
        "US",
    )


async def test_voices(revox: Revox) -> None:
    assert await revox.ask("GET", "/voices") == {"voices": []}
    await revox.assistant(voice={"id": "v-1", "provider": "cartesia"})
    (voice,) = (await revox.ask("GET", "/voices"))["voices"]
    assert (voice["id"], voice["provider"], voice["language"]) == ("v-1", "cartesia", "en")
    assert (await revox.ask("GET", "/voices/v-1?provider=cartesia"))["voice"]["id"] == "v-1"
    await revox.ask("GET", "/voices/v-1?provider=elevenlabs", status=404)
    await revox.ask("GET", "/voices/v-1", status=422)
    await revox.ask("DELETE", "/voices/v-1", status=400)
    await revox.ask("DELETE", "/voices/v-2", status=404)
    for path in ("clone", "preview"):
        assert (await revox.ask("POST", f"/voices/{path}", {}, status=400))["error"]["code"] == "not_supported"


async def test_what_agents_tell(revox: Revox) -> None:
    """A business outcome in an agent's results is the call's, and makes leads."""
    who = {number("91", 212): "interested", number("91", 213): "not_interested", number("91", 214): "none of these"}
    contacts = [
        {"to_phone_number": each, "prompt_variables": {"first_name": "Ann", "last_name": "Lee"}} for each in who
    ]
    made = await revox.campaign(contacts=contacts, call_retry_config=retry_config(timezone="America/Chicago"))
    await revox.play()
    await revox.tell(who)
    found = [row["call"] for row in await revox.rows(made)]
    assert [each["outcome"] for each in found] == ["interested", "not_interested", "completed"]
    told = (await revox.ask("GET", f"/campaigns/{made['id']}/statistics"))["statistics"]
    assert {each["outcome"]: each["count"] for each in told["outcome_breakdown"]} == {
        "interested": 1,
        "not_interested": 1,
        "completed": 1,
    }
    assert told["campaign"]["timezone"] == "America/Chicago"
    assert told["funnel"]["hot_leads"]["count"] == 1
    (lead,) = told["leads"]["interested"]
    assert (lead["name"], lead["phone"], lead["call_id"]) == ("Ann Lee", number("91", 212), found[0]["id"])
    assert (await revox.show(made))["funnel_stats"]["hot"] == 1
    searched = await revox.ask("POST", "/call/search", {**SEARCH, "outcomes": ["interested", "not_interested"]})
    assert [call["outcome"] for call in searched["calls"]] == ["not_interested", "interested"]
    up = await revox.ask(
        "POST",
        "/call/search",
        {**SEARCH, "outcomes": ["interested", "not_interested"], "sort_direction": "asc", "page": 2, "page_size": 1},
    )
    assert ([call["outcome"] for call in up["calls"]], up["total_count"]) == (["not_interested"], 2)
    file = await revox.ask(
        "POST",
        "/call/export",
        {"filters": {**SEARCH, "outcomes": ["interested"]}, "include_structured_output_fields": True},
    )
    (line,) = csv.DictReader(io.StringIO(file["csv"]))
    assert (line["outcome"], line["campaign"]) == ("interested", "Leads")


async def test_an_assistant_is_made_of_what_was_read(revox: Revox) -> None:
    first = (await revox.ask("GET", f"/assistants/{await revox.assistant()}"))["assistant"]
    second = (await revox.ask("POST", "/assistants", first))["assistant"]
    differ = {name for name in first if first[name] != second[name]}
    assert differ == {"id"}
