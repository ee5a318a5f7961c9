"""How it says no: envelope, code, status, the client's names of fields; foreign ids, roles, bodies that are none."""

from __future__ import annotations

from typing import Any

import pytest
from revox_house import BUSY, EVERYBODY, Revox, people, retry_config, window
from vendor_house import Stage

from clarion.app.actor import Role
from clarion.app.keys import create_key
from clarion.app.organizations import create_user
from clarion.surfaces.vendors.revox.errors import their_field

NOBODY = "00000000-0000-8000-8000-000000000000"
LAUNCH = {"mode": "ai_first", "selection": EVERYBODY}
OPERATIONS: list[tuple[str, str, str, Any]] = [
    ("campaign", "GET", "/campaigns/{}", None),
    ("campaign", "PATCH", "/campaigns/{}", {"name": "x"}),
    ("campaign", "DELETE", "/campaigns/{}", None),
    ("campaign", "POST", "/campaigns/{}/launch", None),
    ("campaign", "POST", "/campaigns/{}/launch-calls", LAUNCH),
    ("campaign", "POST", "/campaigns/{}/pause", None),
    ("campaign", "POST", "/campaigns/{}/resume", None),
    ("campaign", "POST", "/campaigns/{}/cancel", None),
    ("campaign", "GET", "/campaigns/{}/rows", None),
    ("campaign", "POST", "/campaigns/{}/rows", []),
    ("campaign", "GET", "/campaigns/{}/export", None),
    ("campaign", "GET", "/campaigns/{}/statistics", None),
    ("assistant", "GET", "/assistants/{}", None),
    ("assistant", "PATCH", "/assistants/{}", {"prompt": "x"}),
    ("assistant", "DELETE", "/assistants/{}", None),
    ("assistant", "POST", "/assistants/{}/clone", None),
    ("call", "GET", "/call/{}", None),
    ("call", "POST", "/call/{}/cancel", None),
    ("call", "POST", "/call/{}/pause", None),
    ("call", "POST", "/call/{}/resume", None),
    ("number", "PATCH", "/phone-numbers/{}", {"label": "x"}),
    ("number", "DELETE", "/phone-numbers/{}", None),
]
OTHERS: list[tuple[str, str, Any]] = [
    ("GET", "/campaigns", None),
    ("POST", "/campaigns", {"name": "x", "assistant_id": NOBODY, "contacts": []}),
    ("GET", "/assistants", None),
    ("POST", "/assistants", {"name": "x", "prompt": ""}),
    ("POST", "/call", {"phone_number": BUSY, "assistant": {"prompt": ""}}),
    ("POST", "/call/search", {}),
    ("POST", "/call/export", {"filters": {}}),
    ("GET", "/calls/phone-history", None),
    ("GET", "/phone-numbers", None),
    ("GET", "/auth-status", None),
    ("GET", "/users/me", None),
    ("GET", "/voices", None),
    ("GET", "/voices/v?provider=cartesia", None),
    ("DELETE", "/voices/v", None),
    ("POST", "/voices/clone", {}),
    ("POST", "/voices/preview", {}),
]


async def ids(revox: Revox) -> dict[str, str]:
    assistant = await revox.assistant()
    campaign = await revox.campaign(BUSY, assistant_id=assistant)
    call = (await revox.rows(campaign))[0]["call"]["id"]
    number = (await revox.ask("GET", "/phone-numbers"))["phone_numbers"][-1]["id"]
    return {"campaign": campaign["id"], "assistant": assistant, "call": call, "number": number}


async def test_another_organisations_things_are_not_there(revox: Revox, stage: Stage) -> None:
    mine = await ids(revox)
    async with stage.client("revox", await stage.another()) as http:
        stranger = Revox(stage, http)
        for kind, method, path, body in OPERATIONS:
            wrong = await stranger.ask(method, path.format(mine[kind]), body, status=404)
            assert wrong["error"]["code"] == "not_found", path
        for method, path, body in [
            ("POST", "/campaigns", {"name": "x", "assistant_id": mine["assistant"], "contacts": []}),
            ("POST", "/call", {"phone_number": BUSY, "assistant_id": mine["assistant"]}),
        ]:
            await stranger.ask(method, path, body, status=404)
        assert await stranger.ask("GET", "/campaigns") == {"campaigns": []}
        assert await stranger.ask("POST", "/call/search", {}) == {"calls": [], "total_count": 0}
        found = await stranger.ask("POST", "/call/search", {"call_ids": [mine["call"]]})
        assert found["total_count"] == 0
        assert await stranger.ask("GET", "/calls/phone-history") == {"phone_history": {}}


@pytest.mark.parametrize("text", [NOBODY, "7", "%00", "x" * 300])
async def test_ids_of_nothing(revox: Revox, text: str) -> None:
    for _, method, path, body in OPERATIONS:
        await revox.ask(method, path.format(text), body, status=404)


async def test_an_id_of_another_kind_is_none(revox: Revox) -> None:
    mine = await ids(revox)
    for kind, method, path, body in OPERATIONS:
        await revox.ask(method, path.format(mine["call" if kind != "call" else "campaign"]), body, status=404)


@pytest.mark.parametrize("key", ["", "clarion_nobody", "sk-123"])
async def test_without_a_good_key(stage: Stage, key: str) -> None:
    async with stage.client("revox", key) as http:
        stranger = Revox(stage, http)
        for _, method, path, body in OPERATIONS:
            wrong = await stranger.ask(method, path.format(NOBODY), body, status=401)
            assert wrong["error"]["code"] == "unauthorized"
        for method, path, body in OTHERS:
            await stranger.ask(method, path, body, status=401)


async def test_a_viewer_looks_and_changes_nothing(revox: Revox, stage: Stage) -> None:
    mine = await ids(revox)
    before = (await revox.ask("GET", "/campaigns"), await revox.ask("GET", "/assistants"))
    how = (stage.api.ledger, stage.api.clock, stage.world.actor)
    user = await create_user(*how, "viewer@example.com", Role.VIEWER)
    _, key = await create_key(*how, "looks", Role.VIEWER, user_id=user.id)
    async with stage.client("revox", key) as http:
        viewer = Revox(stage, http)
        for kind, method, path, body in OPERATIONS:
            wrong = await viewer.http.request(method, f"/api{path.format(mine[kind])}", json=body)
            assert wrong.status_code == (200 if method == "GET" else 403), (method, path, wrong.text)
        for method, path, body in OTHERS[:8]:
            full = {**body, "assistant_id": mine["assistant"]} if path == "/campaigns" and body else body
            answer = await viewer.http.request(method, f"/api{path}", json=full)
            looks = method == "GET" or path.startswith("/call/")
            assert answer.status_code == (200 if looks else 403), (method, path, answer.text)
    assert before == (await revox.ask("GET", "/campaigns"), await revox.ask("GET", "/assistants"))


@pytest.mark.parametrize(
    "change, field, code",
    [
        ({"name": ""}, "name", "string_too_short"),
        ({"name": " "}, "name", "blank"),
        ({"name": "x" * 256}, "name", "too_long"),
        ({"name": None}, "name", "string_type"),
        ({"contacts": people("12")}, "contacts.0.to_phone_number", "too_short"),
        ({"contacts": people(BUSY, "")}, "contacts.1.to_phone_number", "empty"),
        ({"contacts": [{"to_phone_number": BUSY, "prompt_variables": []}]}, "contacts.0.prompt_variables", "dict_type"),
        ({"from_phone_number": "x"}, "from_phone_number", "not_a_number"),
        ({"max_concurrent_calls": 0}, "max_concurrent_calls", "greater_than_equal"),
        ({"scheduled_at": "soon"}, "scheduled_at", "value_error"),
        ({"call_retry_config": {**retry_config(), "timezone": "Mars/Olympus"}}, "call_retry_config.timezone",
         "unknown_zone"),
        ({"call_retry_config": retry_config(calling_windows=[window("9", "10")])},
         "call_retry_config.calling_windows.0.calling_window_start_time", "value_error"),
        ({"call_retry_config": retry_config(calling_windows=[window("20:00", "06:00"), window("05:00", "07:00")])},
         "call_retry_config.calling_windows", "overlap"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_a_campaign(revox: Revox, change: dict[str, Any], field: str, code: str) -> None:
    body = {"assistant_id": await revox.assistant(), "name": "x", "contacts": people(BUSY), "launch": True, **change}
    wrong = (await revox.ask("POST", "/campaigns", body, status=422))["error"]
    assert (wrong["code"], wrong["details"][0]["field"]) == ("validation_error", field)
    assert wrong["details"][0]["code"] == code
    assert wrong["message"].startswith(f"{field}: ")
    assert (await revox.ask("GET", "/campaigns"))["campaigns"] == []


@pytest.mark.parametrize(
    "body, status, code",
    [
        (b"{", 400, "invalid_json"),
        (b'{"name": NaN}', 400, "invalid_json"),
        (b'{"name": "\\ud800"}', 400, "invalid_json"),
        (b'{"name": "\\u0000", "prompt": ""}', 400, "invalid_json"),
        (b'{"name": "\xff"}', 400, "invalid_json"),
        (b'{"name": "a\\\\u0000", "prompt": ""}', 200, ""),
        (b"[]", 422, "validation_error"),
        (b"null", 422, "validation_error"),
        (b"", 422, "validation_error"),
    ],
)
async def test_bodies(revox: Revox, body: bytes, status: int, code: str) -> None:
    answer = await revox.http.post("/api/assistants", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status, answer.text
    assert status == 200 or answer.json()["error"]["code"] == code


async def test_paths_and_methods(revox: Revox) -> None:
    assert (await revox.ask("GET", "/nowhere", status=404))["error"]["code"] == "not_found"
    assert (await revox.ask("PUT", "/campaigns", status=405))["error"]["code"] == "method_not_allowed"


async def test_a_limit_of_the_organisation(revox: Revox, stage: Stage) -> None:
    await stage.world.settings(max_campaigns=1, max_parallel_calls=5)
    wrong = await revox.ask(
        "POST",
        "/campaigns",
        {"assistant_id": await revox.assistant(), "name": "x", "contacts": people(BUSY), "max_concurrent_calls": 6},
        status=422,
    )
    assert wrong["error"]["details"][0]["field"] == "max_concurrent_calls"
    made = await revox.campaign(BUSY, max_concurrent_calls=5)
    body = {"assistant_id": made["assistant_id"], "name": "x", "contacts": people(BUSY)}
    assert (await revox.ask("POST", "/campaigns", body, status=400))["error"]["code"] == "campaign_limit"


@pytest.mark.parametrize(
    "ours, theirs",
    [
        ("contacts.17.address", "contacts.17.to_phone_number"),
        ("contacts.17.variables.name", "contacts.17.prompt_variables.name"),
        ("schedule", "call_retry_config.calling_windows"),
        ("schedule.week.monday.0.end", "call_retry_config.calling_windows"),
        ("retries.on", "call_retry_config"),
        ("retries.max_attempts", "call_retry_config.max_retry_attempts"),
        ("url", "webhook_url"),
        ("somewhere.else", "somewhere.else"),
    ],
)
def test_names_of_fields(ours: str, theirs: str) -> None:
    assert their_field(ours) == theirs
