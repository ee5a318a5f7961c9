"""What goes wrong is told in Freya's envelope, with its names of fields; what is foreign is not there."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from vendor_house import Stage

from clarion.app.actor import Role
from clarion.app.keys import create_key
from clarion.surfaces.vendors.freya.errors import their_name
from clarion.wire.uuids import uuid_of

CAMPAIGN = "/api/v2/campaign"
BODY: dict[str, Any] = {"name": "Leads", "assistantName": "Ava", "phoneNumbers": ["+12125550190"]}


@pytest.fixture
async def client(stage: Stage) -> httpx.AsyncClient:
    made = stage.client("freya")
    assert (await made.post("/api/v2/agents", json={"name": "Ava"})).status_code == 201
    return made


def fault(response: httpx.Response, status: int) -> tuple[str, list[dict[str, str]]]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert body.keys() == {"success", "data"}
    assert body["success"] is False
    assert body["data"].keys() == {"message", "errors"}
    for each in body["data"]["errors"]:
        assert each.keys() == {"field", "message"}
    return body["data"]["message"], body["data"]["errors"]


PATHS = [
    ("GET", CAMPAIGN),
    ("POST", CAMPAIGN),
    ("GET", f"{CAMPAIGN}/x"),
    ("PATCH", f"{CAMPAIGN}/x"),
    ("DELETE", f"{CAMPAIGN}/x"),
    ("POST", f"{CAMPAIGN}/x/pause"),
    ("POST", f"{CAMPAIGN}/x/resume"),
    ("POST", f"{CAMPAIGN}/x/cancel"),
    ("GET", f"{CAMPAIGN}/x/customers"),
    ("GET", "/api/v2/call"),
    ("POST", "/api/v2/call"),
    ("GET", "/api/v2/call/x"),
    ("GET", "/api/v2/agents"),
    ("POST", "/api/v2/agents"),
    ("GET", "/api/v2/agents/x"),
    ("PUT", "/api/v2/agents/x"),
    ("DELETE", "/api/v2/agents/x"),
    ("GET", "/api/v2/phone-numbers"),
    ("POST", "/api/v2/phone-numbers"),
    ("GET", "/api/v2/phone-numbers/x"),
    ("POST", "/api/v2/api-keys"),
]


@pytest.mark.parametrize("method, path", PATHS)
async def test_without_a_key_nobody_comes_in(stage: Stage, method: str, path: str) -> None:
    for key in ("", "clarion_nobody_knows"):
        async with stage.client("freya", key) as stranger:
            response = await stranger.request(method, path, json={} if method in ("POST", "PUT", "PATCH") else None)
        assert fault(response, 401) == ("Unauthorized", [])
        assert response.headers["www-authenticate"] == "Bearer"


async def test_another_header_is_no_key(stage: Stage) -> None:
    async with stage.client("freya", "", **{"X-API-Key": stage.key}) as client:
        fault(await client.get(CAMPAIGN), 401)
    async with stage.client("freya", "", Authorization=f"Basic {stage.key}") as client:
        fault(await client.get(CAMPAIGN), 401)


async def test_who_may_only_look_changes_nothing(stage: Stage, client: httpx.AsyncClient) -> None:
    _, key = await create_key(stage.world.database, stage.world.clock, stage.world.actor, "looks", Role.VIEWER)
    made = (await client.post(CAMPAIGN, json=BODY)).json()["data"]["result"]["campaign"]
    async with stage.client("freya", key) as viewer:
        assert (await viewer.get(f"{CAMPAIGN}/{made['id']}")).status_code == 200
        for method, path, body in (
            ("POST", CAMPAIGN, BODY),
            ("PATCH", f"{CAMPAIGN}/{made['id']}", {"name": "x"}),
            ("DELETE", f"{CAMPAIGN}/{made['id']}", None),
            ("POST", f"{CAMPAIGN}/{made['id']}/pause", None),
            ("POST", "/api/v2/agents", {"name": "x"}),
            ("POST", "/api/v2/call", {"phoneNumber": "+12125550190", "campaignId": made["id"]}),
        ):
            message, _ = fault(await viewer.request(method, path, json=body), 403)
            assert message.startswith("Forbidden")


@pytest.mark.parametrize(
    "fields, errors",
    [
        ({"name": None}, [("name", "Input should be a valid string")]),
        ({"callRetries": 11}, [("callRetries", "Input should be less than or equal to 10")]),
        ({"activeDays": [0, 9]}, [("activeDays.1", "Input should be less than or equal to 6")]),
        ({"startTime": "9am"}, [("startTime", "String should match pattern '^[0-9]{2}:[0-9]{2}(:[0-9]{2})?$'")]),
        ({"timezone": "Mars/Base"}, [("timezone", "Must be an IANA time zone such as Europe/Prague")]),
        ({"retryDelayMode": "weekly"}, [("retryDelayMode", "Input should be 'fixed' or 'next_day'")]),
        ({"phoneNumbers": None}, [("customers", "Give customers or phoneNumbers, with at least one number.")]),
        ({"phoneNumbers": ["+12125550190", "12"]}, [("phoneNumbers.1", "The number has too few digits.")]),
        (
            {"customers": [{"phoneNumber": "x"}, {"phoneNumber": "+12125550191"}], "phoneNumbers": ["", "y"]},
            [("phoneNumbers.0", "String should have at least 1 character")],
        ),
        (
            {"customers": [{"phoneNumber": "x"}, {"phoneNumber": "+12125550191"}], "phoneNumbers": ["y"]},
            [
                ("customers.0.phoneNumber", "This is not a phone number."),
                ("phoneNumbers.0", "This is not a phone number."),
            ],
        ),
        ({"webhookUrl": "nowhere"}, [("webhookUrl", None)]),
        ({"phoneNumber": "12"}, [("phoneNumber", "The number has too few digits.")]),
        ({"assistantName": None}, [("assistantId", None)]),
        (
            {
                "startTime": "08:00",
                "endTime": "10:00",
                "daySchedules": {"0": {"startTime": "20:00", "endTime": "09:00"}},
            },
            [("daySchedules", None)],
        ),
    ],
)
async def test_wrong_fields_have_freyas_names(
    client: httpx.AsyncClient, fields: dict[str, Any], errors: list[tuple[str, str | None]]
) -> None:
    message, told = fault(await client.post(CAMPAIGN, json={**BODY, **fields}), 422)
    assert message == "Validation failed"
    assert [each["field"] for each in told] == [field for field, _ in errors]
    for each, (_, expected) in zip(told, errors, strict=True):
        assert expected is None or each["message"] == expected
    listed = (await client.get(CAMPAIGN)).json()["data"]["result"]
    assert listed["total"] == 0, "nothing is half-made"


async def test_a_body_that_is_no_json(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    for content in (b"{", b"", b"\xff", b'{"name": "\\ud800"}'):
        response = await client.post(CAMPAIGN, content=content, headers=headers)
        assert response.status_code in (400, 422)
        fault(response, response.status_code)
    response = await client.post(CAMPAIGN, content=b'{"daySchedules": {"\\ud800": {}}}', headers=headers)
    fault(response, 422)


@pytest.mark.parametrize(
    "method, path, noun",
    [
        ("GET", f"{CAMPAIGN}/{{}}", "Campaign"),
        ("PATCH", f"{CAMPAIGN}/{{}}", "Campaign"),
        ("DELETE", f"{CAMPAIGN}/{{}}", "Campaign"),
        ("POST", f"{CAMPAIGN}/{{}}/pause", "Campaign"),
        ("POST", f"{CAMPAIGN}/{{}}/resume", "Campaign"),
        ("POST", f"{CAMPAIGN}/{{}}/cancel", "Campaign"),
        ("GET", f"{CAMPAIGN}/{{}}/customers", "Campaign"),
        ("GET", "/api/v2/call?campaignId={}", "Campaign"),
        ("GET", "/api/v2/call/{}", "Call"),
        ("GET", "/api/v2/agents/{}", "Assistant"),
        ("PUT", "/api/v2/agents/{}", "Assistant"),
        ("DELETE", "/api/v2/agents/{}", "Assistant"),
        ("GET", "/api/v2/phone-numbers/{}", "Phone number"),
    ],
)
async def test_what_is_foreign_is_not_there(
    stage: Stage, client: httpx.AsyncClient, method: str, path: str, noun: str
) -> None:
    """Ids of another organisation, of other kinds, of nothing."""
    campaign = (await client.post(CAMPAIGN, json=BODY)).json()["data"]["result"]["campaign"]
    agent = (await client.get("/api/v2/agents")).json()["data"]["result"]["agents"][0]
    customer = (await client.get(f"{CAMPAIGN}/{campaign['id']}/customers")).json()["data"]["result"]["customers"][0]
    number = (await client.get("/api/v2/phone-numbers")).json()["data"]["result"]["phoneNumbers"][0]
    kinds = {"Campaign": campaign["id"], "Assistant": agent["id"], "Call": customer["id"], "Phone number": number["id"]}
    strangers = ["x", "1", "a1b2c3d4-e5f6-7890-abcd-ef1234567890", uuid_of("campaign", 2**62 - 1), "%00", "a%2Fb"]
    others = [id for kind, id in kinds.items() if kind != noun]
    body = {} if method in ("PUT", "PATCH") else None
    for id in [*strangers, *others]:
        response = await client.request(method, path.format(id), json=body)
        message, errors = fault(response, 404)
        assert (message, errors) in ((f"{noun} not found", []), ("Not found", []))
    async with stage.client("freya", await stage.another()) as foreigner:
        response = await foreigner.request(method, path.format(kinds[noun]), json=body)
        assert fault(response, 404) == (f"{noun} not found", [])


async def test_foreign_things_cannot_be_referred_to(stage: Stage, client: httpx.AsyncClient) -> None:
    agent = (await client.get("/api/v2/agents")).json()["data"]["result"]["agents"][0]
    async with stage.client("freya", await stage.another()) as foreigner:
        body = {**BODY, "assistantName": None, "assistantId": agent["id"]}
        assert fault(await foreigner.post(CAMPAIGN, json=body), 404) == ("Assistant not found", [])
        assert fault(await foreigner.post(CAMPAIGN, json=BODY), 404) == ("Assistant not found", [])


async def test_other_paths_and_methods(client: httpx.AsyncClient) -> None:
    assert fault(await client.get("/api/v2/nothing"), 404) == ("Not found", [])
    assert fault(await client.put(CAMPAIGN, json={}), 405)[0] == "Method Not Allowed"
    assert fault(await client.get("/api/v1/campaign"), 404) == ("Not found", [])


async def test_a_state_that_does_not_allow_it(client: httpx.AsyncClient) -> None:
    made = (await client.post(CAMPAIGN, json=BODY)).json()["data"]["result"]["campaign"]
    path = f"{CAMPAIGN}/{made['id']}"
    assert (await client.post(f"{path}/cancel")).status_code == 200
    for verb in ("pause", "resume"):
        message, errors = fault(await client.post(f"{path}/{verb}"), 409)
        assert re.search(r"cancelled", message)
        assert errors == []
    fault(await client.patch(path, json={"name": "x"}), 409)


@pytest.mark.parametrize(
    "ours, theirs",
    [
        ("agent_id", "assistantId"),
        ("sender_id", "phoneNumber"),
        ("number", "phoneNumber"),
        ("webhooks.0.url", "webhookUrl"),
        ("contacts.12.address", "customers.12.phoneNumber"),
        ("contacts.12.variables.name", "customers.12.properties"),
        ("contacts.12.priority", "customers.12"),
        ("contacts", "contacts"),
        ("schedule.zone", "timezone"),
        ("schedule.week.monday.0.end", "daySchedules"),
        ("schedule", "daySchedules"),
        ("retries.max_attempts", "callRetries"),
        ("retries.delays.0", "retryDelaySeconds"),
        ("retries.on", "retryConditions"),
        ("start_at", "startDate"),
        ("name", "name"),
    ],
)
def test_names_of_fields(ours: str, theirs: str) -> None:
    assert their_name(ours) == theirs
