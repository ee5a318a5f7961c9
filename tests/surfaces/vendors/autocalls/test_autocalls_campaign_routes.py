"""Campaigns over HTTP: recorded answers, and every way of saying no."""

from __future__ import annotations

from typing import Any

import pytest
from autocalls_house import Customer, person

from clarion.app.campaigns import get_campaign
from clarion.core.campaigns import CampaignStatus
from clarion.surfaces.vendors.autocalls.shapes import CAMPAIGN_EXAMPLE

NOW = "2026-11-23T15:00:00.000000Z"


@pytest.mark.parametrize("path", ["/user/campaign", "/user/campaigns"])
async def test_create(customer: Customer, path: str) -> None:
    assistant = await customer.assistant()
    answer = await customer.post(path, {**CAMPAIGN_EXAMPLE, "assistant_id": assistant}, 201)
    assert answer == {
        "message": "Campaign created successfully",
        "data": {
            "id": answer["data"]["id"],
            "name": "Product Demo Campaign",
            "status": "draft",
            "max_calls_in_parallel": 3,
            "mark_complete_when_no_leads": True,
            "allowed_hours_start_time": "09:00:00",
            "allowed_hours_end_time": "17:00:00",
            "allowed_days": ["monday", "tuesday", "wednesday", "thursday", "friday"],
            "max_retries": 3,
            "retry_interval": 60,
            "created_at": NOW,
            "updated_at": NOW,
        },
    }
    assert await customer.get("/user/campaigns") == [answer["data"]]


async def test_the_list_is_a_bare_array(customer: Customer) -> None:
    assert await customer.get("/user/campaigns") == []
    first, second = await customer.campaign(name="One"), await customer.campaign(name="Two")
    assert [each["id"] for each in await customer.get("/user/campaigns")] == [second, first]


async def test_the_life_of_a_campaign(customer: Customer) -> None:
    campaign = await customer.campaign(mark_complete_when_no_leads=True)
    assert await customer.steer(campaign, "start", 400) == {"message": "No leads to call", "success": False}
    assert await customer.steer(campaign, "stop", 400) == {"message": "Campaign is not running", "success": False}
    await customer.lead(campaign, person("90"))
    assert await customer.steer(campaign, "start") == {
        "message": "Campaign started successfully.",
        "success": True,
        "data": {"campaign_id": campaign, "status": "in-progress"},
    }
    assert await customer.steer(campaign, "start", 400) == {
        "message": "Campaign is already in progress",
        "success": False,
    }
    assert await customer.steer(campaign, "stop") == {
        "message": "Campaign stopped successfully.",
        "success": True,
        "data": {"campaign_id": campaign, "status": "stopped"},
    }
    await customer.steer(campaign, "start")
    await customer.play()
    assert [each["status"] for each in await customer.get("/user/campaigns")] == ["completed"]
    assert (await customer.steer(campaign, "start", 400))["message"] == "No leads to call"


async def test_a_completed_campaign_goes_on_with_new_leads(customer: Customer) -> None:
    campaign = await customer.campaign()
    await customer.lead(campaign, person("90"))
    await customer.steer(campaign, "start")
    await customer.play()
    await customer.lead(campaign, person("90", 1))
    assert (await customer.get("/user/campaigns"))[0]["status"] == "in-progress"
    assert (await customer.steer(campaign, "start"))["success"] is True
    assert (await customer.steer(campaign, "start", 400))["message"] == "Campaign is already in progress"
    await customer.play()
    assert {lead["status"] for lead in (await customer.leads()).values()} == {"completed"}


async def test_delete(customer: Customer) -> None:
    campaign = await customer.campaign()
    lead = await customer.lead(campaign, person("90"))
    await customer.steer(campaign, "start")
    assert await customer.delete(f"/user/campaign/{campaign}") == {"message": "Campaign deleted successfully"}
    assert await customer.delete(f"/user/campaign/{campaign}", 404) == {"message": "Campaign not found"}
    assert await customer.get("/user/campaigns") == []
    assert await customer.leads() == {}
    assert await customer.put(f"/user/leads/{lead}", {}, 404) == {"message": "Lead not found"}
    assert await customer.steer(campaign, "start", 404) == {"message": "Campaign not found.", "success": False}
    await customer.play()
    assert await customer.stage.world.attempts() == []


@pytest.mark.parametrize(
    "body, errors",
    [
        (
            {},
            {
                "name": ["The name field is required."],
                "assistant_id": ["The assistant id field is required."],
            },
        ),
        ({"name": "", "assistant_id": 1}, {"name": ["The name field is required."]}),
        ({"name": "A", "assistant_id": "x"}, {"assistant_id": ["The assistant id must be an integer."]}),
        (
            {"name": "A", "assistant_id": 1, "max_retries": 0, "allowed_days": ["mon"]},
            {
                "max_retries": ["The max retries must be between 1 and 5."],
                "allowed_days.0": ["The selected allowed_days.0 is invalid."],
            },
        ),
    ],
)
async def test_rules(customer: Customer, body: dict[str, Any], errors: dict[str, list[str]]) -> None:
    answer = await customer.post("/user/campaign", body, 422)
    assert answer == {"message": "The given data was invalid.", "errors": errors}


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'"x"', b"null"])
async def test_a_body_that_is_no_object_lacks_everything(customer: Customer, content: bytes) -> None:
    answer = await customer.expect(
        422, "POST", "/user/campaign", content=content, headers={"Content-Type": "application/json"}
    )
    assert answer["message"] == "The given data was invalid."
    assert answer["errors"] == {
        "name": ["The name field is required."],
        "assistant_id": ["The assistant id field is required."],
    }


async def test_the_plan_bounds_campaigns_and_calls(customer: Customer) -> None:
    await customer.stage.world.settings(max_campaigns=1, max_parallel_calls=20)
    assistant = await customer.assistant()
    body = {"name": "A", "assistant_id": assistant, "max_calls_in_parallel": 21}
    answer = await customer.post("/user/campaign", body, 422)
    assert answer["errors"] == {"max_calls_in_parallel": ["The max calls in parallel must be between 1 and 20."]}
    made = await customer.post("/user/campaign", {**body, "max_calls_in_parallel": 20}, 201)
    assert made["data"]["max_calls_in_parallel"] == 20
    assert await customer.post("/user/campaign", {"name": "B", "assistant_id": assistant}, 403) == {
        "message": "You have reached the maximum number of campaigns allowed by your plan."
    }
    await customer.delete(f"/user/campaign/{made['data']['id']}")
    await customer.post("/user/campaign", {"name": "B", "assistant_id": assistant}, 201)


async def test_the_assistant_must_be_ones_own_and_make_calls(customer: Customer, stranger: Customer) -> None:
    foreign, inbound = await stranger.assistant(), await customer.assistant(type="inbound")
    gone = await customer.assistant()
    await customer.delete(f"/user/assistant/{gone}")
    for assistant in (foreign, inbound, gone, 99_999):
        answer = await customer.post("/user/campaign", {"name": "A", "assistant_id": assistant}, 404)
        assert answer == {"message": "Assistant not found or not an outbound assistant."}


async def test_the_goal_must_be_a_boolean_of_the_schema(customer: Customer) -> None:
    assistant = await customer.assistant()
    body = {"name": "A", "assistant_id": assistant, "goal_completion_variable": "summary"}
    answer = await customer.post("/user/campaign", body, 422)
    assert answer["errors"] == {"goal_completion_variable": ["The selected goal completion variable is invalid."]}
    await customer.post("/user/campaign", {**body, "goal_completion_variable": "booked"}, 201)


async def test_numbers_must_be_ones_own(customer: Customer, stranger: Customer) -> None:
    foreign = (await stranger.get("/user/phone-numbers/all"))["data"][0]["id"]
    assistant = await customer.assistant()
    body = {"name": "A", "assistant_id": assistant, "phone_number_ids": [foreign]}
    answer = await customer.post("/user/campaign", body, 422)
    assert answer["errors"] == {"phone_number_ids.0": ["The selected phone_number_ids.0 is invalid."]}


async def test_steering_says_no_in_its_own_form(customer: Customer, stranger: Customer) -> None:
    campaign = await customer.campaign()
    assert await customer.steer(campaign, "pause", 400) == {
        "message": "Invalid action. Must be either 'start' or 'stop'.",
        "success": False,
    }
    assert await stranger.steer(campaign, "start", 404) == {"message": "Campaign not found.", "success": False}
    assert (await customer.post("/user/campaigns/update-status", {}, 422))["errors"] == {
        "campaign_id": ["The campaign id field is required."],
        "action": ["The action field is required."],
    }


async def test_without_a_number_there_is_no_start(customer: Customer) -> None:
    campaign = await customer.campaign()
    await customer.lead(campaign, person("90"))
    await customer.stage.world.senders(enabled=False)
    assert await customer.steer(campaign, "start", 400) == {
        "message": "Your agent does not have a phone number setup",
        "success": False,
    }


@pytest.mark.parametrize("key", ["", "clarion_nothing", "x"])
async def test_keys(customer: Customer, key: str) -> None:
    async with customer.stage.client("autocalls", key) as client:
        response = await client.get("/api/user/campaigns")
    assert response.status_code == 401
    assert response.json() == {"error": "Invalid API key", "message": "Unauthenticated."}


async def test_strangers_see_nothing(customer: Customer, stranger: Customer) -> None:
    campaign = await customer.campaign()
    assert await stranger.get("/user/campaigns") == []
    assert await stranger.delete(f"/user/campaign/{campaign}", 404) == {"message": "Campaign not found"}
    body = {"campaign_id": campaign, "phone_number": person("90")}
    assert await stranger.post("/user/lead", body, 404) == {"message": "Campaign not found"}


@pytest.mark.parametrize("campaign", ["abc", "0", "-1", "1.5", str(2**70), "%00"])
async def test_ids_that_are_none(customer: Customer, campaign: str) -> None:
    assert await customer.delete(f"/user/campaign/{campaign}", 404) == {"message": "Campaign not found"}


async def test_paths_that_are_none(customer: Customer) -> None:
    answer = await customer.expect(404, "GET", "/user/nothing")
    assert answer == {"message": "The route api/user/nothing could not be found."}
    answer = await customer.expect(405, "PATCH", "/user/campaigns")
    assert answer == {"message": "The PATCH method is not supported for route api/user/campaigns."}


async def test_everything_is_acted_on(customer: Customer) -> None:
    first, second, *_ = [each["id"] for each in (await customer.get("/user/phone-numbers/all"))["data"]]
    fields = {
        "timezone": "Europe/London",
        "max_calls_in_parallel": 7,
        "allowed_hours_start_time": "22:00",
        "allowed_hours_end_time": "02:30",
        "allowed_days": ["sunday"],
        "max_retries": 5,
        "retry_interval": 4320,
        "retry_on_voicemail": True,
        "retry_on_goal_incomplete": True,
        "goal_completion_variable": "booked",
        "mark_complete_when_no_leads": False,
        "phone_number_ids": [second, first],
    }
    campaign_id = await customer.campaign(**fields)
    world = customer.stage.world
    campaign = await get_campaign(world.database, world.actor, campaign_id)
    assert campaign.status is CampaignStatus.DRAFT
    assert campaign.plan.schedule.zone == "Europe/London"
    assert campaign.plan.goal_variable == "booked"
    assert campaign.pool_id is not None
    assert campaign.extras["autocalls"]["sent"] == {
        "name": "Demo",
        "assistant_id": campaign.agent_id,
        **fields,
    }
    async with world.database.read() as tx:
        pool = await tx.resources.pool(campaign.organization_id, campaign.pool_id)
    assert pool.sender_ids == (second, first)


async def test_the_zone_is_the_organisations_unless_given(customer: Customer) -> None:
    await customer.stage.world.settings(timezone="Europe/Berlin")
    world = customer.stage.world
    campaign = await get_campaign(world.database, world.actor, await customer.campaign())
    assert campaign.plan.schedule.zone == "Europe/Berlin"


async def test_the_caller_id_is_the_assistants_unless_given(customer: Customer) -> None:
    numbers = [each["id"] for each in (await customer.get("/user/phone-numbers/all"))["data"]]
    assistant = await customer.assistant(phone_number_id=numbers[1])
    world = customer.stage.world
    own = await get_campaign(world.database, world.actor, await customer.campaign(assistant_id=assistant))
    assert own.sender_id == numbers[1]
    given = await customer.campaign(assistant_id=assistant, phone_number_ids=[numbers[0]])
    assert (await get_campaign(world.database, world.actor, given)).sender_id == numbers[0]


async def test_campaigns_made_natively_are_told(customer: Customer) -> None:
    async with customer.stage.client("native") as native:
        made = await native.post("/v1/campaigns", json={"name": "Native", "channel": "voice"})
        assert made.status_code == 201, made.text
    (told,) = await customer.get("/user/campaigns")
    assert (told["name"], told["status"], told["max_retries"]) == ("Native", "draft", 0)
    lead = await customer.lead(told["id"], person("90"))
    assert list(await customer.leads()) == [lead]


async def test_a_native_edit_is_told_instead_of_what_was_sent(customer: Customer) -> None:
    campaign = await customer.campaign(name="Mine", retry_interval=30)
    async with customer.stage.client("native") as native:
        changed = await native.patch(f"/v1/campaigns/{campaign}", json={"name": "Theirs"})
        assert changed.status_code == 200, changed.text
    (told,) = await customer.get("/user/campaigns")
    assert (told["name"], told["retry_interval"]) == ("Theirs", 30)
