"""Syllable's outbound API over HTTP: what is sent comes back, pages and searches, batches and their requests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from vendor_house import Stage

from clarion.app.actor import Role
from clarion.app.campaign_content import CampaignContent
from clarion.app.campaigns import edit_campaign
from clarion.app.keys import create_key
from clarion.app.organizations import create_user
from clarion.app.senders import change_sender, list_senders
from clarion.core.campaigns import CampaignStatus

CAMPAIGNS, BATCHES = "/api/v1/outbound/campaigns", "/api/v1/outbound/batches"
SEED: dict[str, Any] = {
    "campaign_name": "Outbound Campaign 1",
    "description": "This is a test campaign",
    "mode": "voice",
    "sms_session_ttl": 720,
    "labels": ["test", "demo"],
    "campaign_variables": {"key": "value", "key2": "value2"},
    "daily_start_time": "09:00:00",
    "daily_end_time": "17:00:00",
    "source": "+19032900844",
    "caller_id": "19995551234",
    "hourly_rate": 25,
    "retry_count": 1,
    "retry_interval": "30m",
    "active_days": ["mon", "tue", "wed", "thu", "fri"],
    "voicemail_detection": {
        "voicemail_detection_overall_timeout": 30,
        "voicemail_detection_post_speech_timeout": 1.75,
        "voicemail_detection_pre_speech_timeout": 3.5,
    },
}
MINIMAL: dict[str, Any] = {
    "campaign_name": "n",
    "campaign_variables": {},
    "caller_id": "+12125550100",
    "active_days": ["mon"],
    "hourly_rate": 1,
    "retry_count": 0,
    "include_unknown_line_types": True,
}


@pytest.fixture
async def client(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    async with stage.client("syllable", "", **{"Syllable-API-Key": stage.key}) as found:
        yield found


async def created(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await client.post(CAMPAIGNS, json={**SEED, **fields})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def batched(
    client: httpx.AsyncClient, campaign: dict[str, Any], key: str = "b1", **fields: Any
) -> dict[str, Any]:
    answer = await client.post(BATCHES, json={"batch_id": key, "campaign_id": campaign["id"], **fields})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_vendors_own_example(client: httpx.AsyncClient, stage: Stage) -> None:
    made = await created(client)
    assert {name: made[name] for name in SEED} == SEED
    assert made["agent_id"] is None
    assert made["last_updated_by"] == "owner@riverside.example"
    assert made["created_at"] == made["updated_at"] == "2026-11-23T15:00:00Z"
    assert made["webhooks"] == []
    assert (await client.get(f"{CAMPAIGNS}/{made['id']}")).json() == made
    async with stage.client("native") as native:
        ours = (await native.get(f"/v1/campaigns/{made['id']}")).json()
    assert ours["status"] == "running"
    assert ours["pacing"]["per_hour"] == 25
    assert ours["retries"]["max_attempts"] == 2


async def test_the_oldest_update_replaces(client: httpx.AsyncClient) -> None:
    made = await created(client, max_daily_calls=5, allowed_line_types=["mobile"])
    answer = await client.put(f"{CAMPAIGNS}/{made['id']}", json={**SEED, "campaign_name": "Other", "hourly_rate": 60})
    assert answer.status_code == 200
    after = answer.json()
    assert (after["campaign_name"], after["hourly_rate"]) == ("Other", 60)
    assert (after["max_daily_calls"], after["allowed_line_types"]) == (None, None)
    assert {name: after[name] for name in SEED if name not in ("campaign_name", "hourly_rate")} == {
        name: SEED[name] for name in SEED if name not in ("campaign_name", "hourly_rate")
    }


async def test_what_a_client_leaves_out_is_the_vendors_default(client: httpx.AsyncClient) -> None:
    made = (await client.post(CAMPAIGNS, json=MINIMAL)).json()
    assert {name: made[name] for name in MINIMAL} == MINIMAL
    left_out = ("description", "mode", "label", "labels", "daily_start_time", "source", "max_daily_calls")
    assert {made[name] for name in left_out} == {None}
    assert made["voicemail_detection"]["voicemail_detection_overall_timeout"] == 30


async def test_a_deleted_campaign_is_gone(client: httpx.AsyncClient) -> None:
    made = await created(client)
    answer = await client.delete(f"{CAMPAIGNS}/{made['id']}")
    assert (answer.status_code, answer.json()) == (200, None)
    for method, body in (("GET", None), ("PUT", SEED), ("DELETE", None)):
        gone = await client.request(method, f"{CAMPAIGNS}/{made['id']}", json=body)
        assert (gone.status_code, gone.json()) == (404, {"detail": f"There is no campaign {made['id']}."})
    assert (await client.get(CAMPAIGNS)).json()["total_count"] == 0


async def test_pages_begin_at_0(client: httpx.AsyncClient) -> None:
    ids = [(await created(client, campaign_name=f"c{n}"))["id"] for n in range(5)]
    first = (await client.get(CAMPAIGNS, params={"limit": 2})).json()
    assert [each["id"] for each in first["items"]] == ids[:2:-1]
    assert {name: first[name] for name in first if name != "items"} == {
        "page": 0,
        "page_size": 2,
        "total_pages": 3,
        "total_count": 5,
    }
    last = (await client.get(CAMPAIGNS, params={"limit": 2, "page": 2})).json()
    assert [each["id"] for each in last["items"]] == ids[:1]
    assert (await client.get(CAMPAIGNS)).json()["page_size"] == 25


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ([("search_fields", "campaign_name"), ("search_field_values", "ALPHA")], ["alpha two", "alpha one"]),
        (
            [
                *(("search_fields", "campaign_name"), ("search_field_values", "alpha")),
                *(("search_fields", "labels"), ("search_field_values", "vip")),
            ],
            ["alpha two"],
        ),
        ([("search_fields", "id"), ("search_field_values", "1")], ["alpha one"]),
        ([("search_fields", "id"), ("search_field_values", "9")], []),
        ([("order_by", "campaign_name")], ["alpha one", "alpha two", "beta"]),
        ([("order_by", "campaign_name"), ("order_by_direction", "desc")], ["beta", "alpha two", "alpha one"]),
        ([("order_by", "id"), ("order_by_direction", "desc"), ("limit", "1")], ["beta"]),
        ([("start_datetime", "2026-11-23T15:00:00Z"), ("end_datetime", "2026-11-23T15:30:00+00:00")], ["alpha one"]),
        ([("start_datetime", "2026-11-23T15:30:00")], ["beta", "alpha two"]),
    ],
)
async def test_search_and_order(
    client: httpx.AsyncClient, stage: Stage, query: list[tuple[str, str]], names: list[str]
) -> None:
    await created(client, campaign_name="alpha one")
    stage.world.clock.advance_to(stage.world.clock.now() + timedelta(hours=1))
    await created(client, campaign_name="alpha two", labels=["vip"])
    await created(client, campaign_name="beta", labels=["vip"])
    found = (await client.get(CAMPAIGNS, params=query)).json()
    assert [each["campaign_name"] for each in found["items"]] == names


async def test_a_projection_keeps_what_clients_need(client: httpx.AsyncClient) -> None:
    await created(client)
    found = (await client.get(CAMPAIGNS, params={"fields": ["id", "source"]})).json()
    assert set(found["items"][0]) == {
        *("campaign_name", "campaign_variables", "caller_id", "active_days", "id", "last_updated_by", "source")
    }


async def test_a_malformed_datetime_is_a_400(client: httpx.AsyncClient) -> None:
    answer = await client.get(CAMPAIGNS, params={"start_datetime": "yesterday"})
    assert answer.status_code == 400
    assert "yesterday" in answer.json()["detail"]


async def test_a_batch_from_end_to_end(client: httpx.AsyncClient) -> None:
    campaign = await created(client)
    batch = await batched(client, campaign, "20260822.9", paused=True, expires_on="2026-12-31T00:00:00Z", call_rate=5)
    assert batch == {
        "batch_id": "20260822.9",
        "campaign_id": campaign["id"],
        "expires_on": "2026-12-31T00:00:00Z",
        "paused": True,
        "call_rate": 5,
        "auto_call_rate": False,
        "auto_call_rate_baseline": None,
        "status": "PAUSED",
        "upload_filename": None,
        "dispatch_id": None,
        "created_at": "2026-11-23T15:00:00Z",
        "deleted_at": None,
        "deleted_reason": None,
        "last_updated_at": "2026-11-23T15:00:00Z",
        "last_updated_by": "owner@riverside.example",
        "error_message": None,
    }
    path = f"{BATCHES}/20260822.9"
    request = {"reference_id": "1", "target": "512-555-1234", "request_variables": {"name": "Ann"}}
    added = (await client.post(f"{path}/requests", json=request)).json()
    assert (added["target"], added["request_status"], added["channel_manager_status"]) == (
        "+15125551234",
        "PENDING",
        "PENDING",
    )
    again = (await client.post(f"{path}/requests", json=request)).json()
    assert again["request_status"] == "DUPLICATE"
    household = (await client.post(f"{path}/requests", json={**request, "reference_id": "2"})).json()
    assert household["request_status"] == "PENDING"
    found = (await client.get(path)).json()
    assert found["status_counts"] == {"PENDING": 2}
    assert found["detailed_status_counts"] == {"PENDING": {"total_count": 2, "counts": {"PENDING": 2}}}
    removed = (await client.post(f"{path}/remove-requests", json=["2", "3"])).json()
    assert (removed["removed"], removed["not_found"]) == (["2"], ["3"])
    assert (await client.get(path)).json()["status_counts"] == {"PENDING": 1, "CANCELED": 1}
    going = (await client.put(path, json={"paused": False, "expires_on": None})).json()
    assert (going["paused"], going["expires_on"], going["call_rate"], going["status"]) == (False, None, 5, "ACTIVE")
    rows = (await client.get(f"{path}/results")).json()
    assert [row["reference_id"] for row in rows] == ["1", "2"]
    assert (await client.get(f"{path}/results", params={"status": "canceled"})).json()[0]["reference_id"] == "2"
    assert (await client.get(f"{path}/results", params={"reference_id": "1"})).json() == rows[:1]
    assert (await client.get(f"{path}/results", params={"reference_id": "9"})).json() == []
    deleted = await client.request("DELETE", path, data={"delete_reason": "done"})
    assert (deleted.status_code, deleted.json()) == (200, None)
    found = (await client.get(path)).json()
    assert (found["status"], found["deleted_reason"], found["deleted_at"]) == (
        "CANCELED",
        "done",
        "2026-11-23T15:00:00Z",
    )
    assert (await client.get(BATCHES)).json()["items"][0]["batch_id"] == f"campaign-{campaign['id']}"


async def test_batches_are_searched(client: httpx.AsyncClient) -> None:
    one, two = await created(client), await created(client)
    for key, campaign in (("a", one), ("b", two), ("c", two)):
        await batched(client, campaign, key, paused=key == "c")
    query = {"search_fields": ["campaign_id", "status"], "search_field_values": [str(two["id"]), "paused"]}
    assert [each["batch_id"] for each in (await client.get(BATCHES, params=query)).json()["items"]] == ["c"]
    found = (await client.get(BATCHES, params={"order_by": "batch_id", "limit": 2, "fields": "status"})).json()
    assert [each["batch_id"] for each in found["items"]] == ["a", "b"]
    assert set(found["items"][0]) == {"batch_id", "campaign_id", "last_updated_by", "status"}
    assert found["total_count"] == 5


CSV = """\
reference_id,target,name,zip
1,+15125551234,Ann,90210
2,nonsense,Bob,
1,+15125551235,Cid,
3,5125551236,Dee,
"""


async def test_a_file_is_uploaded_once(client: httpx.AsyncClient) -> None:
    campaign = await created(client)
    await batched(client, campaign, paused=True)
    path = f"{BATCHES}/b1"
    answer = await client.post(f"{path}/upload_batch", files={"file": ("people.csv", CSV, "text/csv")})
    assert answer.status_code == 200
    assert answer.json() == {"upload_filename": "people.csv", "accepted": 2, "duplicates": 1, "rejected": 1}
    found = (await client.get(path)).json()
    assert (found["upload_filename"], found["error_message"]) == ("people.csv", None)
    assert found["status_counts"] == {"PENDING": 2, "DUPLICATE": 1, "INVALID": 1}
    rows = (await client.get(f"{path}/results")).json()
    assert [(row["reference_id"], row["target"], row["request_variables"]) for row in rows] == [
        ("1", "+15125551234", {"name": "Ann", "zip": "90210"}),
        ("3", "+15125551236", {"name": "Dee"}),
    ]
    again = await client.post(f"{path}/upload_batch", files={"file": ("more.csv", CSV, "text/csv")})
    assert again.status_code == 409
    assert "detail" in again.json()


@pytest.mark.parametrize(
    ("content", "message"),
    [("", "Invalid file format"), ("name,phone\nAnn,5125551234\n", "Missing required fields")],
)
async def test_a_file_that_cannot_be_read_may_be_put_right(
    client: httpx.AsyncClient, content: str, message: str
) -> None:
    await batched(client, await created(client), paused=False)
    path = f"{BATCHES}/b1"
    answer = await client.post(f"{path}/upload_batch", files={"file": ("x.csv", content, "text/csv")})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "file"]
    found = (await client.get(path)).json()
    assert (found["status"], found["error_message"]) == ("FAILED", message)
    assert (await client.post(f"{path}/upload_batch", files={"file": ("y.csv", CSV)})).status_code == 200
    found = (await client.get(path)).json()
    assert (found["status"], found["error_message"], found["upload_filename"]) == ("ACTIVE", None, "y.csv")


async def test_a_form_without_a_file(client: httpx.AsyncClient) -> None:
    await batched(client, await created(client))
    answer = await client.post(f"{BATCHES}/b1/upload_batch", data={"other": "x"})
    assert answer.status_code == 422
    assert answer.json()["detail"] == [{"loc": ["body", "file"], "msg": "Field required", "type": "missing"}]


async def rates(stage: Stage, campaign_id: int) -> tuple[float | None, dict[str, float | None]]:
    """What holds: the campaign's rate, and each batch's."""
    async with stage.world.database.read() as tx:
        campaign = await tx.campaigns.get(stage.world.actor.organization_id, campaign_id)
        batches = await tx.campaigns.batches_of([campaign_id])
    return campaign.plan.pacing.per_hour, {each.key: each.pacing.per_hour for each in batches}


async def test_a_batchs_rate_stands_in_the_place_of_the_campaigns(client: httpx.AsyncClient, stage: Stage) -> None:
    campaign = await created(client, hourly_rate=10)
    own = f"campaign-{campaign['id']}"
    await batched(client, campaign, "slow", call_rate=5)
    await batched(client, campaign, "inherits")
    assert await rates(stage, campaign["id"]) == (10, {own: None, "slow": 5, "inherits": None})
    fast = await batched(client, campaign, "fast", call_rate=100)
    assert fast["call_rate"] == 100
    assert await rates(stage, campaign["id"]) == (None, {own: 10, "slow": 5, "inherits": 10, "fast": 100})
    assert (await client.get(f"{CAMPAIGNS}/{campaign['id']}")).json()["hourly_rate"] == 10
    assert (await client.get(f"{BATCHES}/inherits")).json()["call_rate"] is None
    await client.put(f"{CAMPAIGNS}/{campaign['id']}", json={**SEED, "hourly_rate": 20})
    assert await rates(stage, campaign["id"]) == (None, {own: 20, "slow": 5, "inherits": 20, "fast": 100})
    await client.put(f"{BATCHES}/fast", json={"call_rate": None})
    assert await rates(stage, campaign["id"]) == (20, {own: None, "slow": 5, "inherits": None, "fast": None})
    auto = {"auto_call_rate": True, "expires_on": "2026-11-30T00:00:00Z"}
    made = (await client.put(f"{BATCHES}/inherits", json=auto)).json()
    assert (made["auto_call_rate"], made["expires_on"]) == (True, "2026-11-30T00:00:00Z")
    assert await rates(stage, campaign["id"]) == (None, {own: 20, "slow": 5, "inherits": None, "fast": 20})


async def test_a_campaign_without_a_sender_waits_as_a_draft(client: httpx.AsyncClient, stage: Stage) -> None:
    world = stage.world
    for sender in await list_senders(world.database, world.actor):
        await change_sender(world.database, world.clock, world.actor, sender.id, {"enabled": False})
    campaign = await created(client, source=None, caller_id=None)
    held = await batched(client, campaign, "held", paused=True)
    assert held["status"] == "PAUSED"
    for answer in (
        await client.post(BATCHES, json={"batch_id": "b", "campaign_id": campaign["id"]}),
        await client.put(f"{BATCHES}/held", json={"paused": False}),
    ):
        assert answer.status_code == 422
        assert "no enabled sender" in answer.json()["detail"][0]["msg"]
    for sender in await list_senders(world.database, world.actor):
        await change_sender(world.database, world.clock, world.actor, sender.id, {"enabled": True})
    assert (await client.put(f"{BATCHES}/held", json={"paused": False})).json()["status"] == "PENDING"
    async with world.database.read() as tx:
        running = await tx.campaigns.get(world.actor.organization_id, campaign["id"])
    assert running.status is CampaignStatus.RUNNING


async def test_what_others_change_reads_as_it_is(client: httpx.AsyncClient, stage: Stage) -> None:
    made = await created(client, daily_start_time="9am")
    world = stage.world

    def more(content: CampaignContent) -> CampaignContent:
        retries = replace(content.plan.retries, max_attempts=5)
        return replace(content, plan=replace(content.plan, retries=retries))

    await edit_campaign(world.database, world.clock, world.actor, made["id"], more)
    after = (await client.get(f"{CAMPAIGNS}/{made['id']}")).json()
    assert (after["retry_count"], after["daily_start_time"]) == (4, "9am")
    assert {name: after[name] for name in made if name not in ("retry_count", "updated_at")} == {
        name: made[name] for name in made if name not in ("retry_count", "updated_at")
    }


async def test_a_native_campaign_survives_a_round_trip(client: httpx.AsyncClient, stage: Stage) -> None:
    body = {
        "name": "Native",
        "channel": "voice",
        "schedule": {
            "week": {"monday": [{"start": "09:00", "end": "12:00"}, {"start": "14:00", "end": "18:00"}]},
            "zone_policy": "recipient",
        },
        "pacing": {"max_concurrent": 3, "per_second": 0.5, "ramp_up": {"start_fraction": 0.5, "over": "1h"}},
        "retries": {"max_attempts": 3, "mode": "next_day", "delays": ["1h"]},
    }
    async with stage.client("native") as native:
        made = (await native.post("/v1/campaigns", json=body)).json()
        read = (await client.get(f"{CAMPAIGNS}/{made['id']}")).json()
        answer = await client.put(f"{CAMPAIGNS}/{made['id']}", json={**read, "campaign_name": "Renamed"})
        assert answer.status_code == 200, answer.text
        after = (await native.get(f"/v1/campaigns/{made['id']}")).json()
    assert after["name"] == "Renamed"
    for part in ("schedule", "pacing", "retries", "voicemail", "targeting", "complete_when_empty", "status"):
        assert after[part] == made[part], part


async def test_keys_and_roles(stage: Stage) -> None:
    world = stage.world
    user = await create_user(world.database, world.clock, world.actor, "viewer@example.com", Role.VIEWER)
    _, viewer = await create_key(world.database, world.clock, world.actor, "looks", Role.VIEWER, user_id=user.id)
    async with stage.client("syllable", "") as anybody:
        for headers in ({}, {"Syllable-API-Key": "wrong"}, {"Syllable-API-Key": ""}):
            answer = await anybody.get(CAMPAIGNS, headers=headers)
            assert answer.status_code == 401
            assert isinstance(answer.json()["detail"], str)
        assert (await anybody.get(CAMPAIGNS, headers={"Syllable-API-Key": viewer})).status_code == 200
        refused = await anybody.post(CAMPAIGNS, json=SEED, headers={"Syllable-API-Key": viewer})
        assert refused.status_code == 403
        assert isinstance(refused.json()["detail"], str)


async def test_another_organisation_sees_nothing(client: httpx.AsyncClient, stage: Stage) -> None:
    campaign = await created(client)
    await batched(client, campaign)
    async with stage.client("syllable", "", **{"Syllable-API-Key": await stage.another()}) as stranger:
        paths = [f"{CAMPAIGNS}/{campaign['id']}", f"{BATCHES}/b1", f"{BATCHES}/b1/results"]
        answers = [await stranger.get(path) for path in paths]
        answers += [
            await stranger.put(paths[0], json=SEED),
            await stranger.delete(paths[0]),
            await stranger.put(paths[1], json={"paused": True}),
            await stranger.request("DELETE", paths[1], data={"delete_reason": "x"}),
            await stranger.post(BATCHES, json={"batch_id": "mine", "campaign_id": campaign["id"]}),
            await stranger.post(f"{BATCHES}/b1/remove-requests", json=["1"]),
            await stranger.post(f"{BATCHES}/b1/upload_batch", files={"file": ("x.csv", CSV)}),
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert (await stranger.get(CAMPAIGNS)).json()["total_count"] == 0
        assert (await stranger.get(BATCHES)).json()["total_count"] == 0


@pytest.mark.parametrize(
    ("fields", "loc"),
    [
        ({"hourly_rate": 0}, ["body", "hourly_rate"]),
        ({"hourly_rate": "fast"}, ["body", "hourly_rate"]),
        ({"campaign_name": " "}, ["body", "campaign_name"]),
        ({"labels": [""]}, ["body", "labels", 0]),
        ({"mode": "sms", "source": "+12125550100"}, ["body", "source"]),
        ({"source": "not a number"}, ["body", "source"]),
        ({"caller_id": "Riverside Clinic"}, ["body", "caller_id"]),
        (
            {"target_filters": {"rules": [{"field": "line_type", "op": "in"}]}},
            ["body", "target_filters", "rules", 0, "values"],
        ),
        (
            {"webhooks": [{"trigger_statuses": ["BUSY"], "url": "nowhere", "request_method": "POST"}]},
            ["body", "webhooks", 0, "url"],
        ),
        ({"webhooks": [{"trigger_statuses": ["BUSY"], "request_method": "POST"}]}, ["body", "webhooks", 0, "url"]),
    ],
)
async def test_errors_name_the_vendors_fields(
    client: httpx.AsyncClient, fields: dict[str, Any], loc: list[Any]
) -> None:
    answer = await client.post(CAMPAIGNS, json={**SEED, **fields})
    assert answer.status_code == 422
    detail = answer.json()["detail"]
    assert [each["loc"] for each in detail] == [loc]
    assert set(detail[0]) == {"loc", "msg", "type"}


async def test_errors_of_batches(client: httpx.AsyncClient) -> None:
    campaign = await created(client)
    base = {"batch_id": "x", "campaign_id": campaign["id"]}
    for body, loc in (
        ({**base, "auto_call_rate": True}, "auto_call_rate"),
        ({**base, "call_rate": 0}, "call_rate"),
        ({**base, "expires_on": "2020-01-01T00:00:00Z"}, "expires_on"),
        ({**base, "batch_id": f"campaign-{campaign['id']}"}, "batch_id"),
        ({"campaign_id": campaign["id"]}, "batch_id"),
    ):
        answer = await client.post(BATCHES, json=body)
        assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", loc])
    await batched(client, campaign, "x")
    assert (await client.post(BATCHES, json=base)).status_code == 409
    bad = {"reference_id": "1", "target": "nobody", "request_variables": {}}
    answer = await client.post(f"{BATCHES}/x/requests", json=bad)
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", "target"])
    answer = await client.request("DELETE", f"{BATCHES}/x")
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", "delete_reason"])
    assert (await client.get(f"{BATCHES}/nothing")).json() == {"detail": "There is no batch nothing."}
    assert (await client.get("/api/v1/nothing")).json() == {"detail": "Not Found"}
    assert (await client.get(CAMPAIGNS, params={"order_by": "colour"})).status_code == 422
    broken = await client.post(CAMPAIGNS, content=b"{", headers={"Content-Type": "application/json"})
    assert (broken.status_code, broken.json()["detail"][0]["loc"][0]) == (422, "body")


@pytest.mark.parametrize(
    "body",
    [
        b'{"campaign_variables": {"\\ud800": 1}}',
        b'{"campaign_name": "\\ud800", "campaign_variables": {}, "caller_id": null, "active_days": []}',
        b'{"campaign_name": "a\\u0000", "campaign_variables": {}, "caller_id": null, "active_days": []}',
        b"[]",
        b"nonsense",
    ],
)
async def test_texts_that_nobody_can_keep(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post(CAMPAIGNS, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["detail"]


async def test_a_nul_in_a_path_or_query(client: httpx.AsyncClient) -> None:
    await batched(client, await created(client))
    for path in (f"{BATCHES}/b%00", f"{BATCHES}/b1/results?reference_id=%00", "/api/v1/sessions/%00"):
        assert (await client.get(path)).status_code == 422
    query = {"search_fields": "channel_manager_sid", "search_field_values": "\x00"}
    assert (await client.get("/api/v1/sessions/", params=query)).status_code == 422
