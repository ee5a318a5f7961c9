"""Freya's API over HTTP: envelope, campaigns, customers, calls, agents, numbers, keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from vendor_house import Stage, make_stage

from clarion.app.actor import Role
from clarion.app.agents import create_agent
from clarion.app.campaign_content import CampaignContent
from clarion.app.campaigns import create_campaign, get_campaign
from clarion.app.keys import create_key
from clarion.core.campaigns import CampaignStatus, Plan, VoicemailAction
from clarion.core.outcomes import Channel
from clarion.store.database import Database
from clarion.wire.uuids import id_of, uuid_of
from world import magic

PREFIX = "/api/v2"
JOHN = {"phoneNumber": "+1 (212) 555-0190", "properties": {"name": "John Doe", "company": {"name": "Acme"}}}
HOOK = "https://hooks.example.com/freya"
BODY: dict[str, Any] = {"name": "Q1 Customer Outreach", "assistantName": "Ava", "customers": [JOHN]}


def person(word: str) -> str:
    """Somebody in Chicago who always does the same."""
    return magic(word, start=312)[0]


def result(response: httpx.Response, status: int = 200) -> Any:
    """The result of an answer that went well."""
    assert response.status_code == status, response.text
    body = response.json()
    assert body.keys() == {"success", "data"}
    assert body["success"] is True
    assert body["data"].keys() == {"message", "result"}
    return body["data"]["result"]


def fault(response: httpx.Response, status: int) -> Any:
    """The data of an answer that did not."""
    assert response.status_code == status, response.text
    body = response.json()
    assert body.keys() == {"success", "data"}
    assert body["success"] is False
    assert body["data"].keys() == {"message", "errors"}
    return body["data"]


class Desk:
    """A client with an agent that campaigns can name."""

    def __init__(self, client: httpx.AsyncClient, agent: dict[str, Any]) -> None:
        self.client, self.agent = client, agent

    async def ask(self, method: str, path: str, status: int = 200, **how: Any) -> Any:
        return result(await self.client.request(method, PREFIX + path, **how), status)

    async def fail(self, method: str, path: str, status: int, **how: Any) -> Any:
        return fault(await self.client.request(method, PREFIX + path, **how), status)

    async def campaign(self, **fields: Any) -> dict[str, Any]:
        made: dict[str, Any] = (await self.ask("POST", "/campaign", 201, json={**BODY, **fields}))["campaign"]
        return made


@pytest.fixture
async def desk(stage: Stage) -> Desk:
    client = stage.client("freya")
    response = await client.post(PREFIX + "/agents", json={"name": "Ava", "config": {}})
    return Desk(client, result(response, 201)["agent"])


async def test_a_campaign_that_starts_at_once(desk: Desk, stage: Stage) -> None:
    made = await desk.ask("POST", "/campaign", 201, json=BODY)
    assert (made["status"], made["isScheduled"]) == ("active", False)
    campaign = made["campaign"]
    assert campaign == {
        "id": campaign["id"],
        "workspaceId": uuid_of("organization", stage.world.actor.organization_id),
        "name": "Q1 Customer Outreach",
        "assistantId": desk.agent["id"],
        "assistantName": "Ava",
        "description": None,
        "startDate": None,
        "startTime": None,
        "timezone": "UTC",
        "endTime": None,
        "activeDays": [0, 1, 2, 3, 4, 5, 6],
        "daySchedules": {},
        "phoneNumber": None,
        "phoneNumberId": None,
        "callRetries": 0,
        "retryDelaySeconds": 300,
        "retryDelayMode": "fixed",
        "retryConditions": [
            "No Answer",
            "Busy",
            "Timeout",
            "Unreachable",
            "Network Error",
            "Resource Unavailable",
            "Service Unavailable",
        ],
        "webhookUrl": None,
        "status": "active",
        "createdAt": "2026-11-23T15:00:00+00:00",
        "updatedAt": "2026-11-23T15:00:00+00:00",
    }
    assert (await desk.ask("GET", f"/campaign/{campaign['id']}"))["campaign"] == campaign
    kept = await get_campaign(stage.world.database, stage.world.actor, id_of("campaign", campaign["id"]) or 0)
    assert kept.status is CampaignStatus.RUNNING


async def test_a_campaign_with_a_start_date_waits(desk: Desk) -> None:
    made = await desk.ask("POST", "/campaign", 201, json={**BODY, "startDate": "2026-11-24", "startTime": "09:00"})
    assert (made["status"], made["isScheduled"], made["campaign"]["status"]) == ("scheduled", True, "scheduled")
    made = await desk.ask("POST", "/campaign", 201, json={**BODY, "startDate": "2026-11-23", "startTime": "09:00"})
    assert (made["status"], made["isScheduled"]) == ("active", False), "today's window has opened"


async def test_all_that_was_sent_comes_back(desk: Desk) -> None:
    sent = {
        "name": "  Q1  ",
        "description": "Follow-up calls",
        "startDate": "2026-11-28",
        "startTime": "09:00:00",
        "endTime": "17:00",
        "timezone": "America/New_York",
        "activeDays": [4, 3, 2, 1, 0],
        "daySchedules": {"6": {"startTime": "10:00", "endTime": "18:00"}, "4": {"endTime": "15:00"}},
        "phoneNumber": "(212) 555-0101",
        "callRetries": 3,
        "retryDelaySeconds": 3600,
        "retryDelayMode": "next_day",
        "retryConditions": ["voicemail", "Busy", "Invalid", "voicemail"],
        "webhookUrl": "https://hooks.example.com/webhook/campaign",
        "assistantId": desk.agent["id"],
        "assistantName": "Ava",
    }
    made = await desk.campaign(**sent)
    assert {name: made[name] for name in sent} == sent
    assert (await desk.ask("GET", f"/campaign/{made['id']}"))["campaign"] == made
    assert (await desk.ask("GET", "/campaign"))["campaigns"] == [made]
    assert made["phoneNumberId"] is not None
    (john,) = (await desk.ask("GET", f"/campaign/{made['id']}/customers"))["customers"]
    assert (john["phoneNumber"], john["properties"]) == ("+12125550190", JOHN["properties"])


async def test_the_number_of_an_agent(desk: Desk) -> None:
    number = {"number": "+12125550101", "friendlyName": "Main", "config": {"outboundAgentId": desk.agent["id"]}}
    kept = (await desk.ask("POST", "/phone-numbers", 201, json=number))["phoneNumber"]
    made = await desk.campaign(assistantName=None, phoneNumber="+12125550101")
    assert (made["assistantId"], made["phoneNumberId"]) == (desk.agent["id"], kept["id"])
    said = await desk.fail(
        "POST", "/campaign", 422, json={**BODY, "assistantName": None, "phoneNumber": "+12125550102"}
    )
    assert said["errors"][0]["field"] == "assistantId"


async def test_plain_numbers_and_repeats(desk: Desk, stage: Stage) -> None:
    made = await desk.campaign(customers=None, phoneNumbers=["+12125550190", "212-555-0190", "+13125550190"])
    listed = await desk.ask("GET", f"/campaign/{made['id']}/customers")
    assert [(each["phoneNumber"], each["status"], each["finishReason"]) for each in listed["customers"]] == [
        ("+12125550190", "pending", None),
        ("+12125550190", "completed", "duplicate"),
        ("+13125550190", "pending", None),
    ]
    await stage.world.play()
    assert len(await stage.world.attempts()) == 2
    assert (await desk.ask("GET", f"/campaign/{made['id']}"))["campaign"]["status"] == "completed"


async def test_lists_come_by_limit_and_offset(desk: Desk) -> None:
    made = [await desk.campaign(name=f"No. {n}") for n in range(5)]
    page = await desk.ask("GET", "/campaign", params={"limit": 2, "offset": 1, "workspaceId": "theirs"})
    assert [each["name"] for each in page["campaigns"]] == ["No. 3", "No. 2"]
    assert (page["total"], page["limit"], page["offset"]) == (5, 2, 1)
    await desk.ask("POST", f"/campaign/{made[0]['id']}/pause")
    paused = await desk.ask("GET", "/campaign", params={"status": "paused"})
    assert [each["name"] for each in paused["campaigns"]] == ["No. 0"]
    assert (await desk.ask("GET", "/campaign", params={"offset": 9}))["campaigns"] == []
    for params in ({"limit": 0}, {"limit": 101}, {"offset": -1}, {"status": "running"}):
        await desk.fail("GET", "/campaign", 422, params=params)


async def test_where_a_campaign_goes(desk: Desk, stage: Stage) -> None:
    made = await desk.campaign(customers=[{"phoneNumber": number} for number in [person("90"), person("92")]])
    path = f"/campaign/{made['id']}"
    assert (await desk.ask("POST", f"{path}/pause"))["status"] == "paused"
    await stage.world.play()
    assert await stage.world.attempts() == []

    async def resume() -> None:
        resumed = await desk.ask("POST", f"{path}/resume")
        assert (resumed["status"], resumed["isScheduled"], resumed["campaign"]["status"]) == ("active", False, "active")

    await stage.world.play((timedelta(), resume))
    assert (await desk.ask("GET", path))["campaign"]["status"] == "partially_completed"
    assert [
        each["id"]
        for each in (await desk.ask("GET", "/campaign", params={"status": "partially_completed"}))["campaigns"]
    ] == [made["id"]]
    assert (await desk.ask("GET", "/campaign", params={"status": "completed"}))["total"] == 0
    await desk.fail("POST", f"{path}/pause", 409)
    statuses = {
        each["phoneNumber"][-2:]: (each["status"], each["endedReason"], each["attempts"])
        for each in (await desk.ask("GET", f"{path}/customers"))["customers"]
    }
    assert statuses == {"90": ("completed", "customer-ended-call", 1), "92": ("failed", "busy", 1)}
    failed = await desk.ask("GET", f"{path}/customers", params={"status": "failed"})
    assert (failed["total"], failed["customers"][0]["phoneNumber"][-2:]) == (1, "92")


async def test_cancelled_and_deleted(desk: Desk) -> None:
    made = await desk.campaign()
    cancelled = await desk.ask("POST", f"/campaign/{made['id']}/cancel")
    assert cancelled["status"] == "cancelled"
    assert (await desk.ask("GET", f"/campaign/{made['id']}"))["campaign"]["status"] == "cancelled"
    other = await desk.campaign()
    assert (await desk.ask("DELETE", f"/campaign/{other['id']}")) == {"id": other["id"], "deleted": True}
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/pause"), ("GET", "/customers"), ("PATCH", "")):
        await desk.fail(method, f"/campaign/{other['id']}{path}", 404, **({"json": {}} if method == "PATCH" else {}))
    assert [each["id"] for each in (await desk.ask("GET", "/campaign"))["campaigns"]] == [made["id"]]


async def test_a_change(desk: Desk, stage: Stage) -> None:
    made = await desk.campaign(startDate="2026-11-25", startTime="09:00", webhookUrl="https://hooks.example.com/a")
    path = f"/campaign/{made['id']}"
    change = {
        "name": "Other",
        "startTime": "10:00",
        "callRetries": 2,
        "retryConditions": ["voicemail"],
        "phoneNumber": "+12125550102",
        "webhookUrl": "https://hooks.example.com/b",
        "description": "More of it",
    }
    after = (await desk.ask("PATCH", path, json=change))["campaign"]
    assert {name: after[name] for name in change} == change
    assert (after["startDate"], after["status"]) == ("2026-11-25", "scheduled")
    kept = await get_campaign(stage.world.database, stage.world.actor, id_of("campaign", made["id"]) or 0)
    assert kept.start_at == datetime(2026, 11, 25, 10, tzinfo=UTC)
    after = (await desk.ask("PATCH", path, json={"webhookUrl": None, "startDate": None, "phoneNumber": None}))[
        "campaign"
    ]
    assert (after["webhookUrl"], after["phoneNumberId"], after["callRetries"]) == (None, None, 2)
    await stage.world.play(until=timedelta(minutes=1))
    assert (await desk.ask("GET", path))["campaign"]["status"] == "active"
    await desk.fail("PATCH", path, 409, json={"startDate": "2026-11-26"})
    for wrong in ({"callRetries": 11}, {"webhookUrl": "ftp://x"}, {"startTime": "9"}, {"name": ""}):
        said = await desk.fail("PATCH", path, 422, json=wrong)
        assert said["errors"][0]["field"] == next(iter(wrong))
    await desk.fail("PATCH", path, 404, json={"assistantId": uuid_of("agent", 99)})


async def test_a_campaign_made_natively_reads_sensibly(desk: Desk, stage: Stage) -> None:
    world = stage.world
    agent = await create_agent(world.database, world.clock, world.actor, "Bea", {}, "Europe/Prague")
    content = CampaignContent("Reminders", Channel.VOICE, Plan(), agent_id=agent.id)
    native = await create_campaign(world.database, world.clock, world.actor, content)
    found = (await desk.ask("GET", "/campaign"))["campaigns"][0]
    assert (found["name"], found["status"], found["assistantName"], found["timezone"]) == (
        "Reminders",
        "draft",
        "Bea",
        "Europe/Prague",
    )
    mails = await world.campaign(channel=Channel.SMS)
    assert (await desk.ask("GET", "/campaign"))["total"] == 1, "only voice campaigns"
    await desk.fail("GET", f"/campaign/{uuid_of('campaign', mails.id)}", 404)
    assert (await desk.ask("GET", f"/campaign/{uuid_of('campaign', native.id)}"))["campaign"] == found


# calls


async def test_calls_of_a_campaign(desk: Desk, stage: Stage) -> None:
    made = await desk.campaign(
        customers=[{"phoneNumber": person("94"), "properties": {"firstName": "Ann", "email": "ann@example.com"}}],
        callRetries=1,
        phoneNumber="+12125550101",
    )
    await stage.world.play()
    listed = await desk.ask("GET", "/call", params={"campaignId": made["id"]})
    assert (listed["total"], listed["limit"], listed["offset"]) == (2, 50, 0)
    second, first = listed["calls"]
    assert (first["status"], first["endedReason"], first["duration"], first["attemptNumber"]) == (
        "failed",
        "no-answer",
        None,
        1,
    )
    assert (second["status"], second["endedReason"], second["attemptNumber"]) == ("completed", "customer-ended-call", 2)
    assert first["campaign"]["name"] == second["campaign"]["name"] == "Q1 Customer Outreach"
    assert (second["phoneNumber"], second["customerNumber"], second["type"]) == (
        "+12125550101",
        person("94"),
        "outbound",
    )
    for call in (first, second):
        shown = (await desk.ask("GET", f"/call/{call['id']}"))["call"]
        assert {name: value for name, value in shown.items() if name not in LONGER} == {
            name: value for name, value in call.items() if name not in LONGER
        }
        assert shown["customer"]["identity"] == {"firstName": "Ann", "lastName": None, "email": "ann@example.com"}
    talk = (await desk.ask("GET", f"/call/{second['id']}"))["call"]
    assert talk["duration"] > 0
    for status, count in {"completed": 1, "failed": 1, "in-progress": 0, "queued": 0}.items():
        assert (await desk.ask("GET", "/call", params={"status": status}))["total"] == count
    assert (await desk.ask("GET", "/call", params={"limit": 1, "offset": 1}))["calls"] == [first]
    (john,) = (await desk.ask("GET", f"/campaign/{made['id']}/customers"))["customers"]
    assert john["lastCallId"] == second["id"]


LONGER = {"customer", "externalCallId", "transcript", "messages", "summary", "recordingUrl", "duration", "analysis"}
"""What is told in full, or told at all, of one call alone."""


async def test_a_single_call(desk: Desk, stage: Stage) -> None:
    body = {
        "phoneNumber": person("90"),
        "workspaceId": "550e8400-e29b-41d4-a716-446655440000",
        "callerNumber": "+12125550101",
        "assistantId": desk.agent["id"],
        "properties": {"name": "Ann"},
        "externalCallId": "crm-17",
    }
    placed = await desk.ask("POST", "/call", 201, json=body)
    assert placed == {
        "success": True,
        "callId": placed["callId"],
        "jobUuid": placed["callId"],
        "job_uuid": placed["callId"],
        "message": "Call initiated",
        "error": None,
    }
    path = f"/call/{placed['callId']}"
    call = (await desk.ask("GET", path))["call"]
    assert (call["id"], call["status"], call["externalCallId"]) == (placed["callId"], "queued", "crm-17")
    assert (call["campaign"], call["assistantName"], call["customerNumber"]) == (None, "Ava", body["phoneNumber"])
    await stage.world.play(until=timedelta(hours=1))
    call = (await desk.ask("GET", path))["call"]
    assert (call["id"], call["status"], call["externalCallId"]) == (placed["callId"], "completed", "crm-17")
    (listed,) = (await desk.ask("GET", "/call"))["calls"]
    assert listed["id"] == placed["callId"]
    assert (await desk.ask("GET", "/campaign"))["total"] == 0, "single calls are no campaign"


@pytest.mark.parametrize(
    "body, shown",
    [
        ({"dest": "+12125550190", "from": "+12125550101"}, "+12125550190"),
        ({"dest": "+12125550190", "from": "+12125550101", "gateway": "gw-1"}, "+12125550190"),
        ({"phoneNumber": "212 555 0190", "callerNumber": "2125550101"}, "+12125550190"),
        (
            {"phoneNumber": "+12125550190", "callerNumber": "+12125550101", "skipE164Normalization": True},
            "+12125550190",
        ),
    ],
)
async def test_names_of_both_hosts(desk: Desk, body: dict[str, Any], shown: str) -> None:
    placed = await desk.ask("POST", "/call", 201, json={**body, "assistantId": desk.agent["id"]})
    assert (await desk.ask("GET", f"/call/{placed['callId']}"))["call"]["customerNumber"] == shown


@pytest.mark.parametrize(
    "body, status, field",
    [
        ({"callerNumber": "+12125550101"}, 422, "phoneNumber"),
        ({"phoneNumber": "+12125550190"}, 422, "callerNumber"),
        ({"phoneNumber": "12", "callerNumber": "+12125550101"}, 422, "phoneNumber"),
        ({"phoneNumber": "+12125550190", "callerNumber": "12"}, 422, "callerNumber"),
        ({"phoneNumber": "+12125550190", "callerNumber": "+12125550101", "agentExt": "100"}, 422, "agentExt"),
        (
            {"phoneNumber": "212-555-0190", "callerNumber": "+12125550101", "skipE164Normalization": True},
            422,
            "phoneNumber",
        ),
        ({"phoneNumber": "+12125550190", "externalCallId": "", "callerNumber": "+12125550101"}, 422, "externalCallId"),
        ({"phoneNumber": "+12125550190", "callerNumber": "+12125550101", "assistantId": "agent_abc123"}, 404, None),
        ({"phoneNumber": "+12125550190", "campaignId": uuid_of("campaign", 99)}, 404, None),
    ],
)
async def test_calls_that_are_refused(desk: Desk, body: dict[str, Any], status: int, field: str | None) -> None:
    said = await desk.fail("POST", "/call", status, json={"assistantId": desk.agent["id"], **body})
    assert [each["field"] for each in said["errors"]] == ([field] if field else [])


async def test_one_more_call_for_a_campaign(desk: Desk, stage: Stage) -> None:
    made = await desk.campaign(customers=[{"phoneNumber": person("90")}])
    await stage.world.play()
    assert (await desk.ask("GET", f"/campaign/{made['id']}"))["campaign"]["status"] == "completed"
    body = {"phoneNumber": person("90"), "campaignId": made["id"], "properties": {"a": 1}, "externalCallId": "x"}
    placed: dict[str, Any] = {}

    async def place() -> None:
        placed.update(await desk.ask("POST", "/call", 201, json=body))
        call = (await desk.ask("GET", f"/call/{placed['callId']}"))["call"]
        assert (call["status"], call["campaign"]["id"], call["externalCallId"]) == ("queued", made["id"], "x")
        added = (await desk.ask("GET", f"/campaign/{made['id']}/customers"))["customers"][1]
        assert (added["id"], added["properties"]) == (placed["callId"], {"a": 1})
        assert (await desk.ask("GET", f"/campaign/{made['id']}"))["campaign"]["status"] == "active"

    await stage.world.play((timedelta(), place))
    assert (await desk.ask("GET", f"/call/{placed['callId']}"))["call"]["status"] == "completed"
    said = await desk.fail("POST", "/call", 422, json={**body, "assistantId": uuid_of("agent", 99)})
    assert said["errors"][0]["field"] == "assistantId"
    await desk.ask("DELETE", f"/campaign/{made['id']}")
    await desk.fail("POST", "/call", 404, json=body)


# agents


async def test_agents(desk: Desk, stage: Stage) -> None:
    config = {
        "llmConfig": {"systemPrompt": "Sell {{product}}.", "firstMessageMode": "assistant-speaks-first"},
        "callTimeoutSettings": {"maximumDuration": 120},
        "voicemailDetection": {"enabled": True, "messageMode": "static", "staticMessage": "Call us."},
        "privacyConfig": {"enableRecording": True},
        "server": {"url": "https://hooks.example.com/report"},
    }
    body = {"workspaceId": "theirs", "name": "Bea", "config": config}
    made = (await desk.ask("POST", "/agents", 201, json=body))["agent"]
    assert (made["name"], made["config"], made["entityType"]) == ("Bea", config, "agent")
    assert (await desk.ask("GET", f"/agents/{made['id']}"))["agent"] == made
    listed = await desk.ask("GET", "/agents", params={"workspaceId": "theirs", "limit": 1, "offset": 1})
    assert (listed["total"], [each["name"] for each in listed["agents"]]) == (2, ["Bea"])
    assert listed["agents"][0].keys() == {"id", "name", "createdAt", "updatedAt", "entityType"}
    assert (await desk.ask("GET", "/agents", params={"entityType": "workflow"}))["agents"] == []
    campaign = await desk.campaign(assistantName="Bea")
    plan = (await get_campaign(stage.world.database, stage.world.actor, id_of("campaign", campaign["id"]) or 0)).plan
    assert (plan.max_duration, plan.record) == (timedelta(minutes=2), True)
    assert (plan.voicemail.action, plan.voicemail.message) == (VoicemailAction.LEAVE_MESSAGE, "Call us.")
    for method in ("PUT", "PATCH"):
        change = {"name": f"Bea by {method}", "config": {"llmConfig": {"systemPrompt": method}}}
        after = (await desk.ask(method, f"/agents/{made['id']}", json=change))["agent"]
        assert after["name"] == change["name"]
        assert after["config"] == {**config, "llmConfig": {"systemPrompt": method}}
    after = (await desk.ask("PUT", f"/agents/{made['id']}", json={"config": {"server": {}}}))["agent"]
    assert after["config"]["server"] == {}
    await desk.fail("DELETE", f"/agents/{made['id']}", 409)
    await desk.ask("DELETE", f"/campaign/{campaign['id']}")
    assert (await desk.ask("DELETE", f"/agents/{made['id']}"))["deleted"] is True
    await desk.fail("GET", f"/agents/{made['id']}", 404)
    await desk.fail("POST", "/campaign", 404, json={**BODY, "assistantId": made["id"], "assistantName": None})


async def test_an_agent_with_a_bad_report_url_is_not_made(desk: Desk) -> None:
    said = await desk.fail("POST", "/agents", 422, json={"name": "Bea", "config": {"webhookUrl": "http://10.0.0.1/x"}})
    assert said["errors"][0]["field"] == "webhookUrl"
    assert (await desk.ask("GET", "/agents"))["total"] == 1


# numbers and keys


async def test_phone_numbers(desk: Desk) -> None:
    listed = await desk.ask("GET", "/phone-numbers")
    assert [each["number"] for each in listed["phoneNumbers"]] == ["+12125550100", "+12125550101", "+12125550102"]
    body = {
        "number": "(212) 555-0101",
        "friendlyName": "Main Support Line",
        "workspaceId": "550e8400-e29b-41d4-a716-446655440000",
        "userId": "550e8400-e29b-41d4-a716-446655440001",
        "config": {
            "inboundAgentId": desk.agent["id"],
            "outboundAgentId": desk.agent["id"],
            "sipOutbound": {"enabled": False, "endpoint": "sip.example.com", "password": "secret"},
        },
    }
    made = (await desk.ask("POST", "/phone-numbers", 201, json=body))["phoneNumber"]
    assert (made["number"], made["friendlyName"]) == ("+12125550101", "Main Support Line")
    assert (made["config"]["outboundAgentId"], made["config"]["inboundAgentId"]) == (desk.agent["id"],) * 2
    assert (made["outboundAgentName"], made["inboundAgentName"]) == ("Ava", "Ava")
    assert made["config"]["sipOutbound"] == {"enabled": False}
    assert (await desk.ask("GET", f"/phone-numbers/{made['id']}"))["phoneNumber"] == made
    said = await desk.fail("POST", "/campaign", 422, json={**BODY, "phoneNumber": "+12125550101"})
    assert said["errors"][0]["field"] == "phoneNumber", "its outbound calls are switched off"
    again = (await desk.ask("POST", "/phone-numbers", 201, json={"number": "+12125550101"}))["phoneNumber"]
    assert (again["id"], again["friendlyName"]) == (made["id"], "Main Support Line")
    page = await desk.ask("GET", "/phone-numbers", params={"limit": 1, "offset": 1})
    assert ([each["id"] for each in page["phoneNumbers"]], page["total"]) == ([made["id"]], 3)
    await desk.fail("POST", "/phone-numbers", 404, json={"number": "+12125550101", "config": {"outboundAgentId": "no"}})
    await desk.fail("POST", "/phone-numbers", 422, json={"number": "one"})


@pytest.mark.parametrize(
    "permissions, may_run",
    [
        (None, True),
        (["campaign:read", "calls:read"], False),
        (["campaign:read", "campaign:execute"], True),
        ([], False),
    ],
)
async def test_api_keys(desk: Desk, stage: Stage, permissions: list[str] | None, may_run: bool) -> None:
    body = {"name": "Crm", "userId": uuid_of("user", stage.world.actor.user_id), "expiresAt": "2027-01-01T00:00:00Z"}
    made = await desk.ask("POST", "/api-keys", 201, json={**body, "permissions": permissions})
    assert made["key"] == made["apiKey"]["key"]
    assert (made["apiKey"]["name"], made["apiKey"]["expiresAt"]) == ("Crm", "2027-01-01T00:00:00+00:00")
    async with stage.client("freya", made["key"]) as other:
        assert (await other.get(PREFIX + "/campaign")).status_code == 200
        created = await other.post(PREFIX + "/campaign", json=BODY)
    if may_run:
        result(created, 201)
    else:
        fault(created, 403)


@pytest.mark.parametrize(
    "change, status",
    [
        ({"userId": "someone"}, 404),
        ({"userId": uuid_of("user", 99)}, 404),
        ({"expiresAt": "2020-01-01"}, 422),
        ({"expiresAt": "soon"}, 422),
        ({"name": ""}, 422),
    ],
)
async def test_keys_that_are_refused(desk: Desk, stage: Stage, change: dict[str, Any], status: int) -> None:
    body = {"name": "Crm", "userId": uuid_of("user", stage.world.actor.user_id)}
    await desk.fail("POST", "/api-keys", status, json={**body, **change})


async def test_only_owners_make_keys(desk: Desk, stage: Stage) -> None:
    world = stage.world
    _, key = await create_key(world.database, world.clock, world.actor, "runs", Role.OPERATOR)
    async with stage.client("freya", key) as operator:
        body = {"name": "Crm", "userId": uuid_of("user", world.actor.user_id)}
        fault(await operator.post(PREFIX + "/api-keys", json=body), 403)


async def test_on_each_database(database: Database) -> None:
    stage = await make_stage(database)
    client = stage.client("freya")
    agent = result(
        await client.post(PREFIX + "/agents", json={"name": "Ava", "config": {"server": {"url": HOOK}}}), 201
    )
    desk = Desk(client, agent["agent"])
    people = [{"phoneNumber": person("94"), "properties": {"näme": "Ann ✓"}}, {"phoneNumber": person("92")}]
    made = await desk.campaign(customers=people, callRetries=1, webhookUrl=HOOK, startDate="2026-11-23")
    await stage.world.play()
    path = f"/campaign/{made['id']}"
    after = (await desk.ask("PATCH", path, json={"description": "Done"}))["campaign"]
    assert (after["status"], after["description"]) == ("partially_completed", "Done")
    customers = await desk.ask("GET", f"{path}/customers", params={"limit": 1, "offset": 1})
    assert (customers["total"], customers["customers"][0]["attempts"]) == (2, 2)
    calls = await desk.ask(
        "GET", "/call", params={"campaignId": made["id"], "status": "failed", "phoneNumber": "+1312"}
    )
    assert calls["total"] == 3
    for call in calls["calls"]:
        assert (await desk.ask("GET", f"/call/{call['id']}"))["call"]["id"] == call["id"]
    assert (await desk.ask("GET", "/campaign", params={"status": "partially_completed"}))["total"] == 1
    await desk.ask("DELETE", path)
    assert (await desk.ask("GET", "/campaign"))["total"] == 0
