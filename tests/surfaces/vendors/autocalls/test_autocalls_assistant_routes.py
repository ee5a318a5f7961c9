"""Assistants, numbers and the user over HTTP: recorded answers, and every way of saying no."""

from __future__ import annotations

from typing import Any

import pytest
from autocalls_house import ASSISTANT, Customer, person

from clarion.app.agent_hooks import agent_hook
from clarion.app.agents import get_agent
from clarion.core.events import Endpoint, EventType
from clarion.surfaces.vendors.autocalls.words import COMPLETED_CALLS

URL = "http://127.0.0.1:9/hook"
OLDER = {
    "assistant_name": "Anna",
    "voice_id": 413,
    "language": "German",
    "llm_model": "GPT-4o",
    "calls_direction": "make",
    "engine_type": "pipeline",
    "timezone": "Europe/Berlin",
    "initial_message": "Guten Tag!",
    "system_prompt": "Du bist freundlich.",
}


async def hook_of(customer: Customer, assistant: int) -> Endpoint | None:
    world = customer.stage.world
    return await agent_hook(world.database, world.actor, assistant, "autocalls")


async def test_create(customer: Customer) -> None:
    answer = await customer.post("/user/assistant", ASSISTANT, 201)
    assert answer == {
        "message": "Assistant created successfully",
        "data": {
            "id": answer["data"]["id"],
            "name": "Anna",
            "status": "inactive",
            "type": "outbound",
            "mode": "pipeline",
        },
    }


async def test_create_in_the_older_names(customer: Customer) -> None:
    answer = await customer.post("/user/assistant", OLDER, 201)
    assert answer["data"]["type"] == "outbound"
    (told,) = await customer.get("/user/assistants")
    assert (told["name"], told["language"], told["language_id"], told["llm_model_id"]) == ("Anna", "de", 5, 7)
    assert told["voice_id"] == 413


async def test_what_is_required(customer: Customer) -> None:
    assert await customer.post("/user/assistant", {}, 422) == {
        "message": "The given data was invalid.",
        "errors": {
            "name": ["The name field is required."],
            "voice_id": ["The voice id field is required."],
            "language_id": ["The language id field is required."],
            "type": ["The type field is required."],
            "mode": ["The mode field is required."],
            "timezone": ["The timezone field is required."],
            "initial_message": ["The initial message field is required."],
            "system_prompt": ["The system prompt field is required."],
            "multimodal_model_id": ["The multimodal model id field is required."],
        },
    }
    older = await customer.post("/user/assistant", {"assistant_name": "A", "engine_type": "pipeline"}, 422)
    assert {"language", "calls_direction", "llm_model"} <= set(older["errors"])
    assert older["errors"]["calls_direction"] == ["The calls direction field is required."]


@pytest.mark.parametrize(
    "fields, errors",
    [
        ({"type": "both"}, {"type": ["The selected type is invalid."]}),
        ({"speech_speed": 2}, {"speech_speed": ["The speech speed must be between 0.7 and 1.2."]}),
        ({"ringing_time": 61}, {"ringing_time": ["The ringing time must be between 1 and 60."]}),
        ({"max_duration": 19}, {"max_duration": ["The max duration must be between 20 and 1200."]}),
        ({"timezone": "Nowhere"}, {"timezone": ["The timezone must be a valid timezone."]}),
        ({"phone_number_id": 9_999}, {"phone_number_id": ["The selected phone number id is invalid."]}),
        (
            {"is_webhook_active": True},
            {"webhook_url": ["The webhook url field is required when is webhook active is true."]},
        ),
        (
            {"mode": "multimodal", "multimodal_model_id": 1, "allow_interruptions": False},
            {"allow_interruptions": ["Interruptions cannot be disabled in multimodal or dualplex mode."]},
        ),
        ({"mode": "dualplex"}, {"multimodal_model_id": ["The multimodal model id field is required."]}),
        (
            {"post_call_schema": [{"name": "a b", "type": "list"}]},
            {
                "post_call_schema.0.name": ["The post_call_schema.0.name format is invalid."],
                "post_call_schema.0.type": ["The selected post_call_schema.0.type is invalid."],
                "post_call_schema.0.description": ["The post_call_schema.0.description field is required."],
            },
        ),
    ],
)
async def test_rules(customer: Customer, fields: dict[str, Any], errors: dict[str, list[str]]) -> None:
    answer = await customer.post("/user/assistant", {**ASSISTANT, **fields}, 422)
    assert answer == {"message": "The given data was invalid.", "errors": errors}
    assert await customer.get("/user/assistants") == []


@pytest.mark.parametrize("url", ["nonsense", "ftp://example.com", "http://10.0.0.1/hook"])
async def test_webhooks_reach_public_addresses_only(customer: Customer, url: str) -> None:
    answer = await customer.post("/user/assistant", {**ASSISTANT, "is_webhook_active": True, "webhook_url": url}, 422)
    assert list(answer["errors"]) == ["webhook_url"]
    assert await customer.get("/user/assistants") == []


async def test_lists(customer: Customer) -> None:
    first = await customer.assistant(name="One")
    second = await customer.assistant(name="Two", type="inbound")
    third = await customer.assistant(name="Three", custom_field="kept")
    everybody = await customer.get("/user/assistants")
    assert [each["id"] for each in everybody] == [third, second, first]
    assert everybody[0]["custom_field"] == "kept"
    assert [each["id"] for each in await customer.get("/user/assistants/outbound")] == [third, first]
    page = await customer.get("/user/assistants/get", per_page=2, page=2)
    assert ([each["id"] for each in page["data"]], page["total"], page["last_page"]) == ([first], 3, 2)
    assert (await customer.get("/user/assistants/get"))["per_page"] == 10


async def test_change(customer: Customer) -> None:
    assistant = await customer.assistant(ringing_time=45, variables={"company": "Acme"})
    answer = await customer.put(f"/user/assistant/{assistant}", {"name": "Bella", "max_duration": 900})
    assert answer == {
        "message": "Assistant updated successfully",
        "data": {"id": assistant, "name": "Bella", "status": "inactive", "type": "outbound", "mode": "pipeline"},
    }
    (told,) = await customer.get("/user/assistants")
    assert (told["name"], told["max_duration"], told["ringing_time"]) == ("Bella", 900, 45)
    assert told["variables"] == {"company": "Acme"}
    world = customer.stage.world
    config = (await get_agent(world.database, world.actor, assistant)).config
    assert (config["max_duration_s"], config["ring_timeout_s"]) == (900, 45)
    assert (await customer.put(f"/user/assistant/{assistant}", {"name": None}, 422))["errors"] == {
        "name": ["The name field is required."]
    }


async def test_the_number_is_given_and_taken_away(customer: Customer) -> None:
    number = (await customer.get("/user/phone-numbers/all"))["data"][0]
    assistant = await customer.assistant(phone_number_id=number["id"])
    (told,) = await customer.get("/user/assistants")
    assert (told["phone_number_id"], told["status"]) == (number["id"], "active")
    await customer.put(f"/user/assistant/{assistant}", {"name": "Still"})
    assert (await customer.get("/user/assistants"))[0]["phone_number_id"] == number["id"]
    answer = await customer.put(f"/user/assistant/{assistant}", {"phone_number_id": None})
    assert answer["data"]["status"] == "inactive"
    assert (await customer.get("/user/assistants"))[0]["phone_number_id"] is None


async def test_a_native_change_is_told_and_survives_a_change_of_something_else(customer: Customer) -> None:
    assistant = await customer.assistant()
    async with customer.stage.client("native") as native:
        config = (await native.get(f"/v1/agents/{assistant}")).json()["config"]
        changed = await native.patch(f"/v1/agents/{assistant}", json={"config": {**config, "prompt": "Be brief."}})
        assert changed.status_code == 200, changed.text
    assert (await customer.get("/user/assistants"))[0]["system_prompt"] == "Be brief."
    await customer.put(f"/user/assistant/{assistant}", {"ringing_time": 20})
    (told,) = await customer.get("/user/assistants")
    assert (told["system_prompt"], told["ringing_time"]) == ("Be brief.", 20)


async def test_the_webhook(customer: Customer) -> None:
    assistant = await customer.assistant(is_webhook_active=True, webhook_url=URL)
    hook = await hook_of(customer, assistant)
    assert hook is not None
    assert (hook.url, hook.format, hook.events) == (URL, "autocalls", {EventType.ATTEMPT_ENDED})
    assert hook.outcomes == COMPLETED_CALLS
    (told,) = await customer.get("/user/assistants")
    assert (told["is_webhook_active"], told["webhook_url"]) == (True, URL)
    changes = {"send_webhook_only_on_completed": False, "include_recording_in_webhook": False}
    await customer.put(f"/user/assistant/{assistant}", changes)
    changed = await hook_of(customer, assistant)
    assert changed is not None
    assert (changed.id, changed.outcomes, changed.extras) == (hook.id, frozenset(), {"include_recording": False})
    await customer.put(f"/user/assistant/{assistant}", {"webhook_url": None})
    assert await hook_of(customer, assistant) is None
    (told,) = await customer.get("/user/assistants")
    assert (told["is_webhook_active"], told["webhook_url"]) == (False, None)


async def test_webhooks_are_turned_on_and_off(customer: Customer) -> None:
    assistant = await customer.assistant()
    on, off = {"assistant_id": assistant, "webhook_url": URL}, {"assistant_id": assistant}
    base = "/user/assistants"
    enabled, disabled = (
        {"message": f"Webhook {word} successfully", "data": list[Any]()} for word in ("enabled", "disabled")
    )
    assert await customer.post(f"{base}/enable-webhook", on) == enabled
    assert await hook_of(customer, assistant) is not None
    assert await customer.post(f"{base}/enable-inbound-webhook", on) == enabled
    answer = await customer.post(f"{base}/enable-conversation-ended-webhook", on)
    assert answer == {"message": "Conversation ended webhook enabled successfully", "data": []}
    (told,) = await customer.get(base)
    assert told["inbound_webhook_url"] == told["conversation_ended_webhook_url"] == told["webhook_url"] == URL
    assert await customer.post(f"{base}/disable-webhook", off) == disabled
    assert await hook_of(customer, assistant) is None
    assert await customer.post(f"{base}/disable-inbound-webhook", off) == disabled
    await customer.post(f"{base}/disable-conversation-ended-webhook", off)
    (told,) = await customer.get(base)
    assert told["inbound_webhook_url"] is told["conversation_ended_webhook_url"] is told["webhook_url"] is None
    assert (await customer.post(f"{base}/disable-webhook", {}, 422))["errors"] == {
        "assistant_id": ["The assistant id field is required."]
    }
    answer = await customer.post(f"{base}/enable-webhook", {**on, "assistant_id": 9_999}, 404)
    assert answer == {"message": "Assistant not found"}


async def test_delete(customer: Customer) -> None:
    assistant = await customer.assistant(is_webhook_active=True, webhook_url=URL)
    campaign = await customer.campaign(assistant_id=assistant)
    await customer.lead(campaign, person("90"))
    await customer.steer(campaign, "start")
    refused = await customer.delete(f"/user/assistant/{assistant}", 400)
    assert refused["message"].startswith("Assistant deletion failed")
    await customer.delete(f"/user/campaign/{campaign}")
    assert await customer.delete(f"/user/assistant/{assistant}") == {"message": "Assistant deleted successfully"}
    assert await customer.get("/user/assistants") == []
    assert await customer.delete(f"/user/assistant/{assistant}", 404) == {
        "message": "Assistant not found or does not belong to the authenticated user"
    }
    assert await customer.put(f"/user/assistant/{assistant}", {}, 404) == {"message": "Assistant not found"}


async def test_strangers_see_nothing(customer: Customer, stranger: Customer) -> None:
    assistant = await customer.assistant()
    assert await stranger.get("/user/assistants") == []
    assert await stranger.put(f"/user/assistant/{assistant}", {"name": "Mine"}, 404) == {
        "message": "Assistant not found"
    }
    await stranger.delete(f"/user/assistant/{assistant}", 404)


@pytest.mark.parametrize(
    "path, first",
    [
        ("languages", {"id": 1, "name": "English", "iso_2": "en"}),
        ("models", {"id": 1, "name": "GPT-4o-mini"}),
        ("models?type=multimodal", {"id": 1, "name": "GPT-4o", "code": "gpt-4o-realtime"}),
        ("synthesizer-providers", {"id": 1, "name": "ElevenLabs", "code": "elevenlabs"}),
        ("transcriber-providers?language_id=5", {"id": 1, "name": "Deepgram", "code": "deepgram"}),
    ],
)
async def test_what_there_is_to_choose_from(customer: Customer, path: str, first: dict[str, Any]) -> None:
    assert (await customer.get(f"/user/assistants/{path}"))[0] == first


async def test_voices(customer: Customer) -> None:
    voices = await customer.get("/user/assistants/voices")
    assert set(voices[0]) == {
        "id",
        "name",
        "language_id",
        "gender",
        "preview_url",
        "accent",
        "age",
        "synthesizer_provider_id",
    }
    assert await customer.get("/user/assistants/voices", language_id=5) == []
    assert (await customer.expect(422, "GET", "/user/assistants/voices?mode=x"))["errors"] == {
        "mode": ["The selected mode is invalid."]
    }


async def test_numbers(customer: Customer) -> None:
    data = (await customer.get("/user/phone-numbers/all"))["data"]
    number = data[0]
    assert number == {
        "id": number["id"],
        "phone_number": "+12125550100",
        "nickname": number["nickname"],
        "country_code": "US",
        "type": "normal",
        "type_label": "Dedicated Number",
        "sms_capable": number["sms_capable"],
        "region": None,
        "has_active_subscription": True,
        "created_at": "2026-11-23T15:00:00.000000Z",
    }
    texting = (await customer.get("/user/phone-numbers"))["data"]
    assert texting == [each for each in data if each["sms_capable"]]
    for query in ({}, {"type": "outbound"}, {"type": "inbound"}):
        assert (await customer.get("/user/assistants/phone-numbers", **query))[0] == {
            "id": number["id"],
            "phone_number": "+12125550100",
            "country_code": "US",
            "type_label": "Dedicated Number",
            "is_available": True,
        }


async def test_nicknames(customer: Customer, stranger: Customer) -> None:
    number = (await customer.get("/user/phone-numbers/all"))["data"][0]["id"]
    path = f"/user/phone-numbers/{number}"
    assert await customer.put(path, {"nickname": "Sales line"}) == {
        "message": "Phone number updated successfully.",
        "data": {
            "id": number,
            "phone_number": "+12125550100",
            "nickname": "Sales line",
            "country_code": "US",
            "type": "normal",
        },
    }
    assert (await customer.get("/user/phone-numbers/all"))["data"][0]["nickname"] == "Sales line"
    for empty in (None, "", "  "):
        assert (await customer.put(path, {"nickname": empty}))["data"]["nickname"] is None
    assert await customer.put(path, {"nickname": "x" * 51}, 422) == {
        "message": "The nickname must not exceed 50 characters.",
        "errors": {"nickname": ["The nickname must not exceed 50 characters."]},
    }
    assert await stranger.put(path, {"nickname": "Mine"}, 404) == {"error": "Phone number not found."}
    assert await customer.put("/user/phone-numbers/x", {}, 404) == {"error": "Phone number not found."}


async def test_numbers_are_released(customer: Customer, stranger: Customer) -> None:
    campaign = await customer.campaign()
    await customer.lead(campaign, person("90"))
    await customer.steer(campaign, "start")
    await customer.play()
    (attempt,) = await customer.stage.world.attempts()
    numbers = {each["id"] for each in (await customer.get("/user/phone-numbers/all"))["data"]}
    for number in sorted(numbers):
        assert await customer.delete(f"/user/phone-numbers/{number}") == {
            "message": "Phone number deleted successfully."
        }
        assert await customer.delete(f"/user/phone-numbers/{number}", 404) == {"error": "Phone number not found."}
    assert attempt.sender_id in numbers
    assert (await customer.get("/user/phone-numbers/all"))["data"] == []
    foreign = (await stranger.get("/user/phone-numbers/all"))["data"][0]["id"]
    assert await customer.delete(f"/user/phone-numbers/{foreign}", 404) == {"error": "Phone number not found."}


async def test_none_is_sold(customer: Customer) -> None:
    answer = await customer.expect(400, "GET", "/user/phone-numbers/search?country_code=DE&contains=55")
    assert list(answer) == ["error"]
    answer = await customer.post("/user/phone-numbers/purchase", {"phone_number": "+14155551234"}, 400)
    assert answer["error"].startswith("This phone number is not available for purchase.")
    answer = await customer.post("/user/phone-numbers/purchase", {}, 422)
    assert answer["errors"] == {"phone_number": ["The phone number field is required."]}


async def test_trunks_show_no_secrets(customer: Customer, stranger: Customer) -> None:
    (trunk,) = (await customer.get("/user/phone-numbers/sip-trunks"))["data"]
    assert set(trunk) == {
        "id",
        "phone_number",
        "nickname",
        "sip_username",
        "sip_address",
        "sip_calling_format",
        "inbound_authorization_type",
        "allowed_inbound_ips",
        "outbound_proxy",
        "country_code",
        "created_at",
        "updated_at",
    }
    path = f"/user/phone-numbers/sip-trunks/{trunk['id']}"
    assert (await customer.get(path))["data"] == {
        **trunk,
        "inbound_trunk_id": None,
        "outbound_trunk_id": str(trunk["id"]),
    }
    assert await stranger.expect(404, "GET", path) == {"error": "SIP trunk not found."}
    assert list(await customer.put(path, {"nickname": "x"}, 400)) == ["error"]
    assert await customer.put(f"{path}99", {"nickname": "x"}, 404) == {"error": "SIP trunk not found."}
    assert list(await customer.post("/user/phone-numbers/sip-trunks", {}, 400)) == ["error"]


async def test_me(customer: Customer) -> None:
    me = await customer.get("/user/me")
    assert set(me) == {"name", "email", "total_balance"}
    assert me["email"] == "owner@riverside.example"
    assert me["total_balance"] > 0


async def test_a_viewer_changes_nothing(customer: Customer) -> None:
    async with customer.stage.client("native") as native:
        user = (await native.post("/v1/users", json={"email": "v@example.com", "role": "viewer"})).json()
        key = await native.post("/v1/keys", json={"name": "looks", "role": "viewer", "user_id": user["id"]})
        assert key.status_code == 201, key.text
        raw = next(value for value in key.json().values() if str(value).startswith("clarion_"))
    campaign = await customer.campaign()
    async with customer.stage.client("autocalls", raw) as client:
        viewer = Customer(customer.stage, client)
        assert (await viewer.get("/user/me"))["email"] == "v@example.com"
        assert len(await viewer.get("/user/campaigns")) == 1
        refused = await viewer.delete(f"/user/campaign/{campaign}", 403)
        assert refused["message"].startswith("Access denied - ")
        refused = await viewer.steer(campaign, "stop", 400)
        assert refused["success"] is False
        number = (await viewer.get("/user/phone-numbers/all"))["data"][0]["id"]
        refused = await viewer.put(f"/user/phone-numbers/{number}", {"nickname": "x"}, 403)
        assert list(refused) == ["error"]
