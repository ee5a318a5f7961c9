"""Prompts, custom messages, agents, channel targets, numbers and sessions, as far as campaigns refer to them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from vendor_house import Stage

from world import magic

PROMPT = {
    "name": "Reminder",
    "type": "prompt",
    "llm_config": {"provider": "openai", "model": "gpt-4o", "temperature": 0.2},
    "description": "Reminds people.",
    "labels": ["clinic"],
    "context": "You call {{ vars.name }} of {{ vars.clinic }}.",
    "tools": ["book"],
    "session_end_enabled": True,
    "edit_comments": "first",
}
MESSAGE = {
    "name": "Hello",
    "text": "Hello {{ vars.name }}, this is {{vars.clinic}}.",
    "type": "greeting",
    "preamble": "This call is recorded.",
    "label": "greetings",
    "rules": [
        {
            "description": "Morning",
            "invert": False,
            "text": "Good morning",
            "time_range_start": "06:00",
            "days_of_week": ["mo"],
        }
    ],
}
AGENT = {
    "name": "Ann",
    "type": "ca_v1",
    "timezone": "America/Chicago",
    "variables": {"vars.clinic": "Riverside"},
    "tool_headers": {"X-Clinic": "7"},
    "description": "Calls.",
    "labels": ["outbound"],
    "prompt_tool_defaults": [{"tool_name": "book", "default_values": [{"field_name": "room", "default_value": 3}]}],
    "languages": ["en-US"],
    "agent_initiated": True,
    "stt_provider": "Deepgram Nova 3",
    "wait_sound": "Keyboard 1",
    "enable_verbal_language_change": True,
}
CAMPAIGN: dict[str, Any] = {
    "campaign_name": "c",
    "campaign_variables": {"name": "you"},
    "caller_id": None,
    "active_days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    "hourly_rate": 3600,
}


@pytest.fixture
async def client(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    async with stage.client("syllable", "", **{"Syllable-API-Key": stage.key}) as found:
        yield found


async def posted(client: httpx.AsyncClient, path: str, body: Any, method: str = "POST") -> Any:
    answer = await client.request(method, path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def agent_of(client: httpx.AsyncClient, **fields: Any) -> Any:
    """An agent with a prompt and a greeting of its own."""
    prompt = await posted(client, "/api/v1/prompts/", PROMPT)
    message = await posted(client, "/api/v1/custom_messages/", MESSAGE)
    body = {**AGENT, "prompt_id": prompt["id"], "custom_message_id": message["id"], **fields}
    return await posted(client, "/api/v1/agents/", body)


async def channel_of(client: httpx.AsyncClient, service: str) -> int:
    found = (
        await client.get(
            "/api/v1/channels/", params={"search_fields": "channel_service", "search_field_values": service}
        )
    ).json()
    channel: int = found["items"][0]["id"]
    return channel


async def linked(client: httpx.AsyncClient, agent: Any, target: str = "+12125550100", mode: str = "voice") -> Any:
    channel = await channel_of(client, {"voice": "sip", "sms": "twilio", "email": "email"}[mode])
    body = {"agent_id": agent["id"], "channel_id": channel, "target": target, "target_mode": mode}
    return await posted(client, f"/api/v1/channels/{channel}/targets", body)


async def test_what_is_sent_for_an_agent_comes_back(client: httpx.AsyncClient, stage: Stage) -> None:
    made = await agent_of(client)
    assert {name: made[name] for name in AGENT} == AGENT
    assert made["last_updated_by"] == "owner@riverside.example"
    assert {name: made["prompt"][name] for name in PROMPT if name != "llm_config"} == {
        name: PROMPT[name] for name in PROMPT if name != "llm_config"
    }
    assert made["prompt"]["llm_config"]["temperature"] == 0.2
    assert {name: made["custom_message"][name] for name in MESSAGE if name != "rules"} == {
        name: MESSAGE[name] for name in MESSAGE if name != "rules"
    }
    assert made["custom_message"]["rules"][0]["text"] == "Good morning"
    assert (await client.get(f"/api/v1/agents/{made['id']}")).json() == made
    async with stage.client("native") as native:
        ours = (await native.get(f"/v1/agents/{made['id']}")).json()
    config = ours["config"]
    assert ours["timezone"] == "America/Chicago"
    assert config["prompt"] == PROMPT["context"]
    assert config["first_sentence"] == "This call is recorded. Hello {{ vars.name }}, this is {{vars.clinic}}."
    assert (config["first_sentence_mode"], config["language"]) == ("static", "en-US")
    assert config["llm"] == {"provider": "openai", "model": "gpt-4o", "temperature": 0.2}
    assert config["variables"] == {"clinic": "Riverside"}
    assert config["tools"] == [
        {"name": "book", "headers": {"X-Clinic": "7"}, "defaults": {"room": 3}},
        {"name": "hangup", "headers": {"X-Clinic": "7"}},
    ]
    assert config["stt"] == {"provider": "Deepgram Nova 3"}
    assert config["thinking_sound"] == {"name": "Keyboard 1"}


async def test_a_text_that_is_changed_reaches_its_agents(client: httpx.AsyncClient, stage: Stage) -> None:
    made = await agent_of(client)
    prompt = {**PROMPT, "id": made["prompt_id"], "context": "Be short."}
    after = await posted(client, "/api/v1/prompts/", prompt, "PUT")
    assert (after["version_number"], after["agent_count"]) == (2, 1)
    message = {**MESSAGE, "id": made["custom_message_id"], "text": "Hi.", "preamble": None, "expected_version": 1}
    await posted(client, "/api/v1/custom_messages/", message, "PUT")
    stale = await client.put("/api/v1/custom_messages/", json=message)
    assert (stale.status_code, type(stale.json()["detail"])) == (409, str)
    async with stage.client("native") as native:
        config = (await native.get(f"/v1/agents/{made['id']}")).json()["config"]
    assert (config["prompt"], config["first_sentence"]) == ("Be short.", "Hi.")
    for path in (f"/api/v1/prompts/{made['prompt_id']}", f"/api/v1/custom_messages/{made['custom_message_id']}"):
        assert (await client.delete(path, params={"reason": "x"})).status_code == 409
    assert (await client.delete(f"/api/v1/agents/{made['id']}")).status_code == 422
    assert (await client.delete(f"/api/v1/agents/{made['id']}", params={"reason": "x"})).json() is None
    for path in (f"/api/v1/prompts/{made['prompt_id']}", f"/api/v1/custom_messages/{made['custom_message_id']}"):
        assert (await client.delete(path, params={"reason": "x"})).json() is None
        assert (await client.get(path)).status_code == 404
    assert (await client.get(f"/api/v1/agents/{made['id']}")).status_code == 404


async def test_an_agent_is_replaced(client: httpx.AsyncClient) -> None:
    made = await agent_of(client)
    body = {**AGENT, "id": made["id"], "prompt_id": made["prompt_id"], "name": "Bea", "variables": {}, "languages": []}
    after = await posted(client, "/api/v1/agents/", body, "PUT")
    assert (after["name"], after["variables"], after["custom_message_id"]) == ("Bea", {}, None)
    for fields, loc in (
        ({"prompt_id": 99}, "prompt_id"),
        ({"custom_message_id": 99}, "custom_message_id"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"prompt_version_number": 7}, "prompt_version_number"),
    ):
        answer = await client.put("/api/v1/agents/", json={**body, **fields})
        assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", loc])


@pytest.mark.parametrize(
    ("path", "name"),
    [("/api/v1/agents/", "Ann"), ("/api/v1/prompts/", "Reminder"), ("/api/v1/custom_messages/", "Hello")],
)
async def test_lists_are_searched(client: httpx.AsyncClient, path: str, name: str) -> None:
    await agent_of(client)
    query = {"search_fields": "name", "search_field_values": name[:3].lower(), "order_by": "id", "fields": "id"}
    found = (await client.get(path, params=query)).json()
    assert [each["name"] for each in found["items"]] == [name]
    query = {"search_fields": "name_exact", "search_field_values": name[:3].lower()}
    expected = 1 if len(name) == 3 else 0
    assert (await client.get(path, params=query)).json()["total_count"] == expected


async def test_an_agent_of_another_make_reads_sensibly(client: httpx.AsyncClient, stage: Stage) -> None:
    async with stage.client("native") as native:
        made = (await native.post("/v1/agents", json={"name": "N", "config": {"variables": {"a": 1}}})).json()
    read = (await client.get(f"/api/v1/agents/{made['id']}")).json()
    assert (read["type"], read["prompt_id"], read["timezone"], read["variables"]) == (
        "ca_v1",
        0,
        "UTC",
        {"vars.a": "1"},
    )


async def test_a_campaigns_agent_is_that_of_its_source(client: httpx.AsyncClient, stage: Stage) -> None:
    before = await posted(client, "/api/v1/outbound/campaigns", {**CAMPAIGN, "source": "+12125550100"})
    assert before["agent_id"] is None
    agent = await agent_of(client)
    free = (await client.get("/api/v1/channels/available-targets")).json()
    target = await linked(client, agent)
    assert (target["target"], target["target_mode"], target["agent_id"]) == ("+12125550100", "voice", agent["id"])
    left = (await client.get("/api/v1/channels/available-targets")).json()
    assert free["total_count"] - left["total_count"] == 1
    found = (
        await client.get(
            "/api/v1/channels/targets", params={"search_fields": "agent_id", "search_field_values": str(agent["id"])}
        )
    ).json()
    assert [each["id"] for each in found["items"]] == [target["id"]]
    path = f"/api/v1/channels/{target['channel_id']}/targets/{target['id']}"
    assert (await client.get(path)).json() == target
    assert (await client.get(f"/api/v1/agents/{agent['id']}")).json()["channel_targets"] == [target]
    followed = (await client.get(f"/api/v1/outbound/campaigns/{before['id']}")).json()
    assert followed["agent_id"] == agent["id"]
    made = await posted(client, "/api/v1/outbound/campaigns", {**CAMPAIGN, "source": "(212) 555-0100"})
    assert made["agent_id"] == agent["id"]
    async with stage.client("native") as native:
        for campaign in (before, made):
            ours = (await native.get(f"/v1/campaigns/{campaign['id']}")).json()
            assert ours["schedule"]["zone_policy"] == "agent"
    other = await agent_of(client, name="Bea")
    await posted(
        client, path, {**target, "agent_id": other["id"], "fallback_target": "+12125550101", "is_test": True}, "PUT"
    )
    assert (await client.get(f"/api/v1/outbound/campaigns/{made['id']}")).json()["agent_id"] == other["id"]
    after = (await client.get(path)).json()
    assert (after["fallback_target"], after["is_test"]) == ("+12125550101", True)
    gone = await client.delete(f"/api/v1/channels/{target['channel_id']}", params={"target_id": target["id"]})
    assert (gone.status_code, gone.json()) == (200, None)
    assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("fields", "loc"),
    [
        ({"agent_id": 99}, "agent_id"),
        ({"target": "nobody"}, "target"),
        ({"target_mode": "whatsapp"}, "target_mode"),
        ({"target_mode": "sms"}, "target"),
    ],
)
async def test_links_that_cannot_be(client: httpx.AsyncClient, fields: dict[str, Any], loc: str) -> None:
    agent, channel = await agent_of(client), await channel_of(client, "sip")
    body = {"agent_id": agent["id"], "channel_id": channel, "target": "+12125550100", "target_mode": "voice"}
    answer = await client.post(f"/api/v1/channels/{channel}/targets", json={**body, **fields})
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", loc])


async def test_numbers_of_a_sandbox(client: httpx.AsyncClient) -> None:
    path = f"/api/v1/channels/twilio/{await channel_of(client, 'twilio')}/numbers"
    added = await posted(client, path, {"friendly_name": "Front desk", "area_code": "312"})
    assert added == {"phone_number": "+13125550100"}
    found = (await client.get(path)).json()["phone_numbers"]
    (row,) = [each for each in found if each["phone_number"] == "+13125550100"]
    assert row["friendly_name"] == "Front desk"
    assert await posted(client, path, {"friendly_name": "Back", "phone_sid": row["sid"]}, "PUT") == added
    assert (await client.put(path, json={"friendly_name": "x", "phone_sid": "PN0"})).status_code == 404


async def test_messages_say_the_agents_greeting(client: httpx.AsyncClient, stage: Stage) -> None:
    agent = await agent_of(client)
    await linked(client, agent, "+12125550100", "sms")
    campaign = await posted(
        client,
        "/api/v1/outbound/campaigns",
        {**CAMPAIGN, "mode": "sms", "source": "+12125550100", "sms_session_ttl": 60},
    )
    async with stage.client("native") as native:
        ours = (await native.get(f"/v1/campaigns/{campaign['id']}")).json()
        assert ours["message"]["text"] == "This call is recorded. Hello {{ name }}, this is {{ clinic }}."
        assert ours["message"]["session_ttl"] == "1h"
        assert ours["variables"] == {"clinic": "Riverside", "name": "you"}
        message = {**MESSAGE, "id": agent["custom_message_id"], "text": "Hi {{ vars.name }}.", "preamble": None}
        await posted(client, "/api/v1/custom_messages/", message, "PUT")
        ours = (await native.get(f"/v1/campaigns/{campaign['id']}")).json()
        assert ours["message"]["text"] == "Hi {{ name }}."
    assert (await client.get(f"/api/v1/outbound/campaigns/{campaign['id']}")).json()["sms_session_ttl"] == 60
    batch = {"batch_id": "b", "campaign_id": campaign["id"]}
    await posted(client, "/api/v1/outbound/batches", batch)
    request = {"reference_id": "1", "target": "+13125550147", "request_variables": {"name": "Ann"}}
    await posted(client, "/api/v1/outbound/batches/b/requests", request)
    await stage.world.play(until=timedelta(hours=1))
    (entry,) = stage.world.carrier._entries.values()
    assert entry.ask.address == "+13125550147"
    (row,) = (await client.get("/api/v1/outbound/batches/b/results")).json()
    assert row["channel_manager_status"] in ("DELIVERED", "SENT", "UNDELIVERED", "DELIVERY_UNKNOWN")


async def test_sessions_are_read_back(client: httpx.AsyncClient, stage: Stage) -> None:
    agent = await agent_of(client)
    await linked(client, agent)
    campaign = await posted(client, "/api/v1/outbound/campaigns", {**CAMPAIGN, "source": "+12125550100"})
    await posted(client, "/api/v1/outbound/batches", {"batch_id": "b", "campaign_id": campaign["id"]})
    people = {"talks": magic("91", start=312)[0], "busy": magic("92", start=312)[0]}
    for name, number in people.items():
        request = {"reference_id": name, "target": number, "request_variables": {}}
        await posted(client, "/api/v1/outbound/batches/b/requests", request)
    await stage.world.play(until=timedelta(hours=8))
    rows = {row["reference_id"]: row for row in (await client.get("/api/v1/outbound/batches/b/results")).json()}
    talked = rows["talks"]
    assert (talked["request_status"], talked["channel_manager_status"]) == ("COMPLETED", "COMPLETED")
    assert (rows["busy"]["request_status"], rows["busy"]["channel_manager_status"]) == ("FAILED", "BUSY")
    path = "/api/v1/sessions"
    session = (await client.get(f"{path}/{talked['session_id']}")).json()
    assert session["timestamp"] == talked["sent_at"]
    assert {name: session[name] for name in ("agent_id", "agent_name", "agent_timezone", "source", "target")} == {
        "agent_id": str(agent["id"]),
        "agent_name": "Ann",
        "agent_timezone": "America/Chicago",
        "source": people["talks"],
        "target": "+12125550100",
    }
    assert (session["prompt_id"], session["prompt_name"]) == (str(agent["prompt_id"]), "Reminder")
    assert session["duration"] > 10
    assert (session["conversation_id"], session["is_outbound"]) == (str(talked["conversation_id"]), True)
    said = (await client.get(f"{path}/transcript/{session['session_id']}")).json()
    assert said["transcript_complete"] is True
    assert [turn["source"] for turn in said["transcription"]][:2] == ["user", "agent"]
    timeline = (await client.get(f"{path}/timeline/{session['session_id']}")).json()
    assert [event["turn_index"] for event in timeline["events"]] == list(range(len(said["transcription"])))
    assert timeline["events"][0]["offset"] < timeline["events"][-1]["offset"]
    assert (await client.get(f"{path}/full-summary/{session['session_id']}")).json().keys() == {"summary", "rating"}
    assert (await client.get(f"{path}/latency/{session['session_id']}")).json()["timeline"] == []
    recordings = (await client.post(f"{path}/recording/{session['session_id']}")).json()
    assert recordings["session_id"] == session["session_id"]
    assert (await client.get(f"{path}/recording/stream", params={"token": "x"})).status_code == 404
    every = (await client.get(f"{path}/")).json()
    assert (every["total_count"], every["page_size"]) == (2, 25)
    newest = [each["session_id"] for each in every["items"]]
    oldest = (await client.get(f"{path}/", params={"order_by": "timestamp", "limit": 1})).json()["items"]
    assert [each["session_id"] for each in oldest] == newest[-1:]
    for name, value, count in (
        ("source", people["busy"], 1),
        ("target", "+12125550100", 2),
        ("agent_id", str(agent["id"]), 2),
        ("agent_id", "99", 0),
        ("conversation_id", session["conversation_id"], 1),
        ("channel_manager_sid", session["channel_manager_sid"], 1),
        ("channel_manager_type", "sms", 0),
        ("is_outbound", "true", 2),
    ):
        query = {"search_fields": name, "search_field_values": value}
        assert (await client.get(f"{path}/", params=query)).json()["total_count"] == count, (name, value)
    later = (await client.get(f"{path}/", params={"start_datetime": "2026-12-01T00:00:00Z"})).json()
    assert later["total_count"] == 0
    refused = await client.get(f"{path}/", params={"search_fields": "duration", "search_field_values": "1"})
    assert refused.status_code == 400
    for unknown in ("999", "nothing"):
        assert (await client.get(f"{path}/{unknown}")).status_code == 404


async def test_strangers_find_nothing(client: httpx.AsyncClient, stage: Stage) -> None:
    agent = await agent_of(client)
    target = await linked(client, agent)
    async with stage.client("syllable", "", **{"Syllable-API-Key": await stage.another()}) as stranger:
        for path in (
            f"/api/v1/agents/{agent['id']}",
            f"/api/v1/prompts/{agent['prompt_id']}",
            f"/api/v1/custom_messages/{agent['custom_message_id']}",
            f"/api/v1/channels/{target['channel_id']}/targets/{target['id']}",
            f"/api/v1/channels/twilio/{target['channel_id']}/numbers",
        ):
            assert (await stranger.get(path)).status_code == 404, path
