"""The post-call webhook: its payload as the two pages have it, and when it is sent."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from autocalls_house import Customer, person

from clarion.app.agent_hooks import agent_hook
from clarion.app.ports.outbox import Message, MessageFilters
from clarion.app.webhooks import list_messages, ping_endpoint
from clarion.boot.catalog import payload_formats

HOOK = {"is_webhook_active": True, "webhook_url": "http://127.0.0.1:9/hook"}
CAMPAIGN = {
    "id",
    "name",
    "status",
    "allowed_hours_start_time",
    "allowed_hours_end_time",
    "allowed_days",
    "max_calls_in_parallel",
    "max_retries",
    "retry_interval",
    "created_at",
    "updated_at",
}
LEAD = {"id", "phone_number", "variables", "status", "created_at", "updated_at", "campaign"}
BODY = {
    "id",
    "customer_phone",
    "assistant_phone",
    "duration",
    "status",
    "extracted_variables",
    "input_variables",
    "transcript",
    "recording_url",
    "created_at",
    "finished_at",
    "lead",
    "campaign",
}


async def told(customer: Customer) -> list[dict[str, Any]]:
    """The bodies of every message so far, the first first."""
    world = customer.stage.world
    messages: list[Message] = await list_messages(world.database, world.actor, MessageFilters())
    async with world.database.read() as tx:
        bodies = await payload_formats()["autocalls"].bodies(tx, messages[::-1])
    return [orjson.loads(body) for body in bodies if body is not None]


async def test_a_completed_call(customer: Customer) -> None:
    number = (await customer.get("/user/phone-numbers/all"))["data"][0]
    assistant = await customer.assistant(**HOOK, phone_number_id=number["id"], variables={"company": "Acme"})
    campaign = await customer.campaign(name="Demo", assistant_id=assistant, goal_completion_variable="booked")
    lead = await customer.lead(campaign, person("90"), variables={"who": "Ann"})
    await customer.steer(campaign, "start")
    await customer.play()
    (body,) = await told(customer)
    (attempt,) = await customer.stage.world.attempts()
    assert set(body) == BODY
    assert body["id"] == attempt.id * 2
    assert (body["customer_phone"], body["assistant_phone"]) == (person("90"), number["phone_number"])
    assert body["status"] == "completed"
    assert body["extracted_variables"]["booked"] is True
    assert body["input_variables"] == {"company": "Acme", "who": "Ann"}
    assert {line.partition(": ")[0] for line in body["transcript"].splitlines()} == {"AI", "Customer"}
    call = await customer.get(f"/user/calls/{body['id']}")
    assert body["duration"] == call["duration"]
    assert body["created_at"].startswith("2026-11-23T15:00:")
    assert body["created_at"].endswith("Z")
    assert set(body["lead"]) == LEAD
    assert set(body["campaign"]) == CAMPAIGN
    assert body["lead"]["campaign"] == body["campaign"]
    assert (body["lead"]["id"], body["lead"]["status"]) == (lead, "completed")
    assert (body["campaign"]["id"], body["campaign"]["allowed_hours_end_time"]) == (campaign, "23:59:00")


@pytest.mark.parametrize("only_completed, statuses", [(True, ["completed"]), (False, ["busy", "busy", "completed"])])
async def test_which_calls_are_told(customer: Customer, only_completed: bool, statuses: list[str]) -> None:
    assistant = await customer.assistant(**HOOK, send_webhook_only_on_completed=only_completed)
    campaign = await customer.campaign(assistant_id=assistant, max_retries=1)
    await customer.lead(campaign, person("90"))
    await customer.lead(campaign, person("92"))
    await customer.steer(campaign, "start")
    await customer.play()
    assert sorted(body["status"] for body in await told(customer)) == statuses


async def test_without_recordings(customer: Customer) -> None:
    assistant = await customer.assistant(**HOOK, include_recording_in_webhook=False)
    campaign = await customer.campaign(assistant_id=assistant)
    await customer.lead(campaign, person("90"))
    await customer.steer(campaign, "start")
    await customer.play()
    (body,) = await told(customer)
    assert set(body) == BODY - {"recording_url"}


async def test_a_single_call_has_neither_lead_nor_campaign(customer: Customer) -> None:
    assistant = await customer.assistant(**HOOK)
    answer = await customer.post("/user/make_call", {"phone_number": person("90"), "assistant_id": assistant})
    await customer.play()
    (body,) = await told(customer)
    assert set(body) == BODY
    assert (body["id"], body["lead"], body["campaign"]) == (answer["call_id"], None, None)


async def test_another_assistants_calls_are_not_told(customer: Customer) -> None:
    await customer.assistant(**HOOK)
    campaign = await customer.campaign()
    await customer.lead(campaign, person("90"))
    await customer.steer(campaign, "start")
    await customer.play()
    assert await told(customer) == []


async def test_a_try_out_is_told_by_its_name(customer: Customer) -> None:
    assistant = await customer.assistant(**HOOK)
    world = customer.stage.world
    hook = await agent_hook(world.database, world.actor, assistant, "autocalls")
    assert hook is not None
    await ping_endpoint(world.database, world.clock, world.actor, hook.id)
    assert await told(customer) == [{"message": "webhook.test"}]
