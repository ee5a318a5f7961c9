"""What webhooks of Syllable's API are told: exactly the statuses that they list, each once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest
from vendor_house import Stage

from clarion.app.ports.outbox import MessageFilters
from clarion.app.webhooks import list_messages, ping_endpoint
from clarion.surfaces.vendors.syllable.webhooks import SyllablePayload, insights_of
from world import magic

CAMPAIGNS, BATCHES = "/api/v1/outbound/campaigns", "/api/v1/outbound/batches"
EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
URL = "https://hooks.example.com/syllable"
TALKS, BUSY, OPTS_OUT, MACHINE, NOBODY = (magic(word, start=312)[0] for word in ("91", "92", "84", "89", "93"))


@pytest.fixture
async def client(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    async with stage.client("syllable", "", **{"Syllable-API-Key": stage.key}) as found:
        yield found


async def posted(client: httpx.AsyncClient, path: str, **body: Any) -> Any:
    answer = await client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def campaign_of(client: httpx.AsyncClient, statuses: list[str], **fields: Any) -> Any:
    hook = {"trigger_statuses": statuses, "url": URL, "request_method": "POST"}
    body = {"campaign_name": "c", "campaign_variables": {}, "caller_id": None, "active_days": EVERY_DAY}
    return await posted(client, CAMPAIGNS, **{**body, "hourly_rate": 3600, "webhooks": [hook], **fields})


async def reach(client: httpx.AsyncClient, campaign: Any, targets: dict[str, str], **batch: Any) -> None:
    await posted(client, BATCHES, batch_id="b", campaign_id=campaign["id"], **batch)
    for name, target in targets.items():
        request = {"reference_id": name, "target": target, "request_variables": {"name": name}}
        await posted(client, f"{BATCHES}/b/requests", **request)


async def told(stage: Stage) -> list[dict[str, Any]]:
    """The payloads of everything in the outbox, the oldest first."""
    world = stage.world
    messages = (await list_messages(world.database, world.actor, MessageFilters(), limit=500))[::-1]
    async with world.database.read() as tx:
        bodies = await SyllablePayload().bodies(tx, messages)
    return [orjson.loads(body) for body in bodies if body is not None]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["COMPLETED"], [("talks", "COMPLETED", "COMPLETED")]),
        (["BUSY"], [("busy", "BUSY", "PENDING"), ("busy", "BUSY", "FAILED")]),
        (["UNSUBSCRIBED"], [("opts out", "UNSUBSCRIBED", "COMPLETED")]),
        (["MACHINE", "HUMAN"], [("machine", "MACHINE", "PENDING"), ("machine", "MACHINE", "COMPLETED")]),
        (["FILTERED_LINE_TYPE"], [("landline", "FILTERED_LINE_TYPE", "SKIPPED")]),
        (["PENDING", "QUEUED", "SIP_LOOP_DETECTED"], []),
        ([], []),
    ],
)
async def test_exactly_the_statuses_that_are_listed(
    client: httpx.AsyncClient, stage: Stage, statuses: list[str], expected: list[tuple[str, str, str]]
) -> None:
    campaign = await campaign_of(
        client, statuses, retry_count=1, retry_interval="30m", allowed_line_types=["mobile"], source="+12125550100"
    )
    targets = {"talks": TALKS, "busy": BUSY, "opts out": OPTS_OUT, "machine": MACHINE, "landline": "+442079460000"}
    await reach(client, campaign, targets)
    await stage.world.play(until=timedelta(hours=3))
    found = await told(stage)
    assert [
        (each["reference_id"], each["channel_manager_status"], each["request_status"]) for each in found
    ] == expected


async def test_the_payload(client: httpx.AsyncClient, stage: Stage) -> None:
    campaign = await campaign_of(client, ["NO-ANSWER"], source="+12125550100", retry_count=1)
    await reach(client, campaign, {"nobody": NOBODY})
    await stage.world.play(until=timedelta(minutes=10))
    (attempt,) = await stage.world.attempts()
    assert await told(stage) == [
        {
            "event": "outbound.request.status",
            "timestamp": "2026-11-23T15:00:30Z",
            "campaign_id": campaign["id"],
            "batch_id": "b",
            "reference_id": "nobody",
            "target": NOBODY,
            "request_variables": {"name": "nobody"},
            "request_status": "PENDING",
            "channel_manager_status": "NO-ANSWER",
            "channel_manager_sid": attempt.provider_id,
            "session_id": attempt.id,
            "conversation_id": attempt.contact_id,
            "attempt_count": 1,
            "sent_at": "2026-11-23T15:00:00Z",
            "ended_at": "2026-11-23T15:00:30Z",
            "next_attempt_at": "2026-11-23T16:00:30Z",
            "insights": None,
        }
    ]


async def test_mails_tell_what_becomes_of_them(client: httpx.AsyncClient, stage: Stage) -> None:
    prompt = await posted(client, "/api/v1/prompts/", name="p", type="prompt", llm_config={})
    message = await posted(
        client,
        "/api/v1/custom_messages/",
        name="m",
        type="email_template",
        subject="For {{vars.name}}",
        text="<p>Hello {{vars.name}}</p>",
    )
    agent = await posted(
        client,
        "/api/v1/agents/",
        name="Ann",
        type="ca_v1",
        prompt_id=prompt["id"],
        custom_message_id=message["id"],
        timezone="UTC",
        variables={},
        tool_headers=None,
    )
    channels = (await client.get("/api/v1/channels/")).json()["items"]
    (mail,) = [each for each in channels if each["channel_service"] == "email"]
    link = {"agent_id": agent["id"], "channel_id": mail["id"], "target_mode": "email"}
    await posted(client, f"/api/v1/channels/{mail['id']}/targets", target="clinic@example.com", **link)
    statuses = ["SENT", "DELIVERED", "OPENED", "CLICKED", "BOUNCED", "SPAM_REPORT", "UNSUBSCRIBED"]
    campaign = await campaign_of(client, statuses, mode="email", source="clinic@example.com")
    async with stage.client("native") as native:
        ours = (await native.get(f"/v1/campaigns/{campaign['id']}")).json()["message"]
    assert (ours["subject"], ours["html"], ours["text"]) == ("For {{ name }}", "<p>Hello {{ name }}</p>", "")
    people = {word: f"ann+{word}@example.com" for word in ("goal", "complains", "bounces-late", "dead")}
    await reach(client, campaign, people)
    await stage.world.play(until=timedelta(days=4))
    found = [(each["reference_id"], each["channel_manager_status"]) for each in await told(stage)]
    assert len(found) == len(set(found)), "each is told once"
    rows = {row["reference_id"]: row for row in (await client.get(f"{BATCHES}/b/results")).json()}
    assert rows["complains"]["channel_manager_status"] == "SPAM_REPORT"
    assert {("complains", "SPAM_REPORT"), ("bounces-late", "BOUNCED"), ("dead", "BOUNCED")} <= set(found) | {
        (name, row["channel_manager_status"]) for name, row in rows.items()
    }
    assert ("complains", "SPAM_REPORT") in found
    assert ("complains", "UNSUBSCRIBED") not in found


async def test_a_try_by_hand_is_told_to_any_webhook(client: httpx.AsyncClient, stage: Stage) -> None:
    campaign = await campaign_of(client, [])
    world = stage.world
    await ping_endpoint(world.database, world.clock, world.actor, campaign["webhooks"][0]["id"])
    assert [each["event"] for each in await told(stage)] == ["webhook.test"]


@pytest.mark.parametrize(
    ("results", "insights"),
    [
        ({}, None),
        ({"ok": True, "n": 3, "s": "x", "none": None}, {"ok": "true", "n": 3, "s": "x"}),
        ({"list": ["a"]}, {"list": '["a"]'}),
    ],
)
def test_insights(results: dict[str, Any], insights: dict[str, Any] | None) -> None:
    assert insights_of(results) == insights
