"""A first campaign over HTTP: agent, campaign, contacts, file, check, launch, numbers, export, story, progress."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from clarion.surfaces.native.agents import EXAMPLE as AGENT
from clarion.surfaces.native.campaign_shapes import EXAMPLE as CAMPAIGN
from clarion.surfaces.native.campaign_shapes import TEXT_EXAMPLE
from clarion.surfaces.native.contact_shapes import EXAMPLE as CONTACTS

FILE = (
    "\ufeffPhone;First name;Ref\r\n(212) 555-0151;Ann;r1\r\nnonsense;Bob;r2\r\n\r\n212 555 0151;Cy;r3\r\n"
    "2125550152;Di;r4\r\n"
).encode()


async def campaign(client: httpx.AsyncClient, **changes: Any) -> int:
    assert (await client.post("/v1/agents", json=AGENT)).status_code == 201
    made = await client.post("/v1/campaigns", json={**CAMPAIGN, **changes})
    assert made.status_code == 201, made.text
    number: int = made.json()["id"]
    return number


def events(text: str) -> list[tuple[str, str]]:
    """(event, data) of a stream; comments have no event."""
    found = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append((fields.get("event", ""), fields.get("data", "")))
    return found


async def test_the_life_of_a_campaign(server):
    async with server.client() as client:
        id_ = await campaign(client)
        url = f"/v1/campaigns/{id_}"

        async def status(verb: str) -> str | int:
            """The campaign's status, or that of the problem."""
            word: str | int = (await client.post(f"{url}/{verb}")).json()["status"]
            return word

        nobody = await client.post(f"{url}/launch")
        assert [error["field"] for error in nobody.json()["errors"]] == ["contacts"]
        added = (await client.post(f"{url}/contacts", json=CONTACTS)).json()
        assert (added["accepted"], added["duplicates"], added["rejected"]) == (2, [], [])
        check = (await client.get(f"{url}/check")).json()
        assert (check["total"], check["will_skip"], check["problems"]) == (2, 0, [])
        assert {zone for region in check["regions"] for zone in region["zones"]} == {"America/New_York"}
        assert await status("launch") == "running"
        assert await status("launch") == "running"
        assert await status("pause") == "paused"
        assert await status("resume") == "running"
        assert await status("reopen") == "running"
        assert await status("unschedule") == 409
        assert (await client.delete(url)).status_code == 409
        assert await status("complete") == "completed"
        assert await status("pause") == 409
        assert await status("cancel") == 409
        assert (await client.delete(url)).json()["archived_at"] is not None
        assert (await client.get("/v1/campaigns")).json()["items"] == []
        assert len((await client.get("/v1/campaigns?archived=true")).json()["items"]) == 1
        assert (await client.post(f"{url}/restore")).json()["archived_at"] is None


async def test_an_edit_changes_what_it_names(server):
    async with server.client() as client:
        id_ = await campaign(client)
        before = (await client.get(f"/v1/campaigns/{id_}")).json()
        patch = {"pacing": {"max_concurrent": 5}, "labels": ["x"], "schedule": {"zone": "America/Chicago"}}
        after = (await client.patch(f"/v1/campaigns/{id_}", json=patch)).json()
        assert after["version"] == before["version"] + 1
        assert after["pacing"] == {**before["pacing"], "max_concurrent": 5}
        assert after["schedule"] == {**before["schedule"], "zone": "America/Chicago"}
        assert {name for name in before if before[name] != after[name]} == {"version", "pacing", "labels", "schedule"}
        stale = await client.patch(f"/v1/campaigns/{id_}?if_version={before['version']}", json={"name": "y"})
        assert (stale.status_code, stale.json()["type"]) == (409, "urn:clarion:problem:changed")


@pytest.mark.parametrize(
    "change, field",
    [
        ({"agent_id": 99}, "agent_id"),
        ({"sender_id": 4}, "sender_id"),
        ({"sender_id": 1, "pool_id": 1}, "pool_id"),
        ({"goal_variable": "nothing"}, "goal_variable"),
        ({"schedule": {"week": {"monday": [{"start": "10:00", "end": "09:00"}]}}}, "schedule.week.monday.0.end"),
        ({"schedule": {"week": {}}}, "schedule"),
        ({"schedule": {"zone_policy": "campaign"}}, "schedule.zone"),
        ({"schedule": {"holidays": ["ZZ"]}}, "schedule.holidays.0"),
        ({"end_at": "2026-11-23T14:00:00Z"}, "end_at"),
        ({"pacing": {"finish_by": "2020-01-01T00:00:00Z"}}, "pacing.finish_by"),
        ({"ring_timeout": "1h"}, "ring_timeout"),
        ({"retries": {"max_attempts": -1}}, "retries.max_attempts"),
        ({"channel": "sms"}, "message"),
        ({"channel": "email", "message": {"text": "hi"}}, "message.subject"),
        ({"channel": "sms", "message": {"text": "{{ broken"}}, "message.text"),
    ],
)
async def test_what_is_wrong_with_a_campaign_is_named(quick_server, change, field):
    async with quick_server.client() as client:
        await client.post("/v1/agents", json=AGENT)
        await client.post("/v1/pools", json={"channel": "voice", "name": "p", "sender_ids": [1]})
        refused = await client.post("/v1/campaigns", json={**CAMPAIGN, **change})
    assert refused.status_code == 422, refused.text
    assert field in [error["field"] for error in refused.json()["errors"]]


@pytest.mark.parametrize("as_form", [False, True])
async def test_a_file_is_taken_row_by_row(server, as_form):
    async with server.client() as client:
        id_ = await campaign(client)

        async def upload() -> dict[str, Any]:
            sent: dict[str, Any] = {"files": {"file": ("list.csv", FILE)}} if as_form else {"content": FILE}
            answer = await client.post(f"/v1/campaigns/{id_}/imports", **sent)
            assert answer.status_code == 200, answer.text
            body: dict[str, Any] = answer.json()
            return body

        report = await upload()
        imported = report["imported"]
        assert (imported["accepted"], imported["duplicates"], imported["rejected"]) == (2, 1, 1)
        assert imported["filename"] == ("list.csv" if as_form else None)
        again = await upload()
        assert again["imported"]["accepted"] == 2
        assert (await client.get(f"/v1/campaigns/{id_}/numbers")).json()["total"]["contacts"] == 2
        rejects = (await client.get(f"/v1/imports/{imported['id']}/rejects")).json()["items"]
        assert [reject["line"] for reject in rejects] == [3, 5]
        assert all(reject["message"] for reject in rejects)
        listed = (await client.get(f"/v1/campaigns/{id_}/imports")).json()["items"]
        assert imported["id"] in [each["id"] for each in listed]
        assert (await client.get(f"/v1/imports/{imported['id']}")).json()["status"] == "finished"


@pytest.mark.parametrize(
    "path, sent, status, field",
    [
        ("?mapping=nonsense", {"content": FILE}, 422, "mapping"),
        ('?mapping={"a":1}', {"content": FILE}, 422, "mapping"),
        ('?mapping={"Nobody":"address"}', {"content": FILE}, 422, "mapping.Nobody"),
        ("", {"content": b"a,b\n1,2\n"}, 422, "file"),
        ("", {"files": {"other": ("x.csv", FILE)}}, 422, "file"),
        ("?batch=none", {"content": FILE}, 404, None),
    ],
)
async def test_files_that_are_refused(quick_server, path, sent, status, field):
    async with quick_server.client() as client:
        id_ = await campaign(client)
        answer = await client.post(f"/v1/campaigns/{id_}/imports{path}", **sent)
    assert answer.status_code == status, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == ([field] if field else [])


async def test_columns_are_mapped(quick_server):
    file = b"who,when\n212-555-0161,Monday\n"
    mapping = json.dumps({"who": "address", "when": "day"})
    async with quick_server.client() as client:
        id_ = await campaign(client)
        url = f"/v1/campaigns/{id_}/imports"
        assert (await client.post(url, content=file, params={"mapping": mapping})).json()["imported"]["accepted"] == 1
        form = await client.post(url + "?allow_duplicates=true", files={"file": file}, data={"mapping": mapping})
        assert form.json()["imported"]["accepted"] == 1
        items = (await client.get(f"/v1/contacts?campaign_id={id_}")).json()["items"]
    assert [item["variables"] for item in items] == [{"day": "Monday"}] * 2


async def test_contacts_are_found_changed_and_removed(server):
    async with server.client() as client:
        id_ = await campaign(client)
        body = {"contacts": [*CONTACTS["contacts"], {"address": "nonsense"}, {"address": "+12125550147"}]}
        added = (await client.post(f"/v1/campaigns/{id_}/contacts", json=body)).json()
        first, second, *others = added["ids"]
        assert others == [None, None]
        assert [bad["line"] for bad in added["rejected"]] == [3]
        assert [bad["line"] for bad in added["duplicates"]] == [4]
        found = (await client.get("/v1/contacts?address=(212) 555-0147")).json()["items"]
        assert [each["id"] for each in found] == [first]
        patch = {"variables": {"date": None, "room": 7}, "priority": 0, "timezone": None}
        changed = (await client.patch(f"/v1/contacts/{first}", json=patch)).json()
        assert changed["variables"] == {"first_name": "Ann", "room": 7}
        assert (changed["priority"], changed["timezone"]) == (0, None)
        removal = (await client.post("/v1/contacts/remove", json={"contact_ids": [second, 999]})).json()
        assert removal == {"removed": [second], "live": [], "finished": []}
        gone = (await client.get("/v1/contacts?finish_reason=removed")).json()["items"]
        assert [each["id"] for each in gone] == [second]
        refused = await client.patch(f"/v1/contacts/{second}", json={"priority": 1})
        assert refused.status_code == 409


async def test_a_story_says_why_not_now(quick_server):
    async with quick_server.client() as client:
        id_ = await campaign(client)
        added = (await client.post(f"/v1/campaigns/{id_}/contacts", json=CONTACTS)).json()
        story = (await client.get(f"/v1/contacts/{added['ids'][0]}/story")).json()
    assert story["summary"]
    assert story["contact_zones"] == ["America/New_York"]
    assert "draft" in " ".join(obstacle["code"] + obstacle["sentence"] for obstacle in story["obstacles"])
    assert story["next"]["at"].endswith("Z")
    assert story["next"]["contact"].endswith(("-05:00", "-04:00"))


async def test_exports_hold_every_contact(quick_server):
    numbers = [f"+1212555{n:04}" for n in range(100, 200)]
    async with quick_server.client() as client:
        id_ = await campaign(client)
        body = {"contacts": [{"address": each, "variables": {"name": 'O"Neil, é'}} for each in numbers]}
        added = (await client.post(f"/v1/campaigns/{id_}/contacts", json=body)).json()
        lines = (await client.get(f"/v1/campaigns/{id_}/export?format=ndjson")).text.splitlines()
        rows = [json.loads(line) for line in lines]
        table = await client.get(f"/v1/campaigns/{id_}/export")
        rest = await client.get(f"/v1/campaigns/{id_}/export?format=ndjson&after={added['ids'][-2]}")
        nothing = await client.get(f"/v1/campaigns/{id_}/export?state=finished")
        missing = await client.get("/v1/campaigns/99/export")
    assert [row["address"] for row in rows] == numbers
    assert rows[0]["variables"] == {"name": 'O"Neil, é'}
    assert table.headers["content-type"].startswith("text/csv")
    assert len(table.text.splitlines()) == len(numbers) + 1
    assert [json.loads(line)["address"] for line in rest.text.splitlines()] == numbers[-1:]
    assert len(nothing.text.splitlines()) == 1
    assert missing.status_code == 404


async def test_progress_is_told_as_it_happens(quick_server):
    async with quick_server.client() as client:
        made = await client.post("/v1/campaigns", json={**TEXT_EXAMPLE, "complete_when_empty": False})
        url = f"/v1/campaigns/{made.json()['id']}"
        assert (await client.post(f"{url}/launch")).status_code == 200
        watching = asyncio.create_task(client.get(f"{url}/events"))
        await asyncio.sleep(0.1)
        assert (await client.post(f"{url}/pause")).status_code == 200
        await asyncio.sleep(0.1)
        assert (await client.post(f"{url}/cancel")).status_code == 200
        answer = await asyncio.wait_for(watching, 10)
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = events(answer.text)
    assert [json.loads(data)["status"] for event, data in told if event == "progress"] == [
        "running",
        "paused",
        "cancelled",
    ]
    assert told[-1] == ("end", "cancelled")
    assert ": still here" in answer.text


async def test_progress_ends_with_the_key(quick_server, clock):
    async with quick_server.client() as owner:
        made = await owner.post("/v1/campaigns", json=TEXT_EXAMPLE)
        key = (await owner.post("/v1/keys", json={"name": "k", "role": "viewer"})).json()
        async with quick_server.client(key["api_key"]) as viewer:
            watching = asyncio.create_task(viewer.get(f"/v1/campaigns/{made.json()['id']}/events"))
            await asyncio.sleep(0.05)
            await owner.delete(f"/v1/keys/{key['key']['id']}")
            answer = await asyncio.wait_for(watching, 10)
            assert (await viewer.get("/v1/campaigns/1/events")).status_code == 401
        assert (await owner.get("/v1/campaigns/99/events")).status_code == 404
    assert events(answer.text)[-1][0] == "end"


async def test_batches_by_the_clients_key(server):
    async with server.client() as client:
        id_ = await campaign(client)
        body = {"key": "List 1 (ä)", "pacing": {"per_hour": 10}, "paused": True}
        made = await client.post(f"/v1/campaigns/{id_}/batches", json=body)
        assert made.status_code == 201
        url = made.headers["location"]
        taken = await client.post(f"/v1/campaigns/{id_}/batches", json=body)
        assert (taken.status_code, taken.json()["type"]) == (409, "urn:clarion:problem:taken")
        contacts = {**CONTACTS, "batch": "List 1 (ä)"}
        assert (await client.post(f"/v1/campaigns/{id_}/contacts", json=contacts)).json()["accepted"] == 2
        shown = (await client.get(url)).json()
        assert (shown["batch"]["status"], shown["numbers"]["waiting"]) == ("paused", 2)
        changed = (await client.patch(url, json={"pacing": {"max_concurrent": 3}})).json()
        assert (changed["pacing"]["per_hour"], changed["pacing"]["max_concurrent"]) == (10, 3)
        assert (await client.post(f"{url}/resume")).json()["status"] == "active"
        assert (await client.post(f"{url}/pause")).json()["status"] == "paused"
        assert (await client.delete(url)).status_code == 422
        assert (await client.delete(url, params={"reason": "wrong list"})).json()["deleted_reason"] == "wrong list"
        keys = [batch["key"] for batch in (await client.get(f"/v1/batches?campaign_id={id_}")).json()["items"]]
        assert keys == [f"campaign-{id_}"]
        bad = await client.post(f"/v1/campaigns/{id_}/batches", json={"key": "a/b"})
        assert bad.json()["errors"][0]["field"] == "key"


async def test_webhooks_from_making_to_replay(server):
    async with server.client() as client:
        hook = {"url": "https://hooks.example.com/clarion", "events": ["campaign.started"]}
        made = (await client.post("/v1/webhooks", json=hook)).json()
        url = f"/v1/webhooks/{made['endpoint']['id']}"
        assert made["secret"].startswith("whsec_")
        assert "secret" not in (await client.get(url)).json()
        rotated = (await client.post(f"{url}/rotate", json={"keep_previous": "1h"})).json()
        assert rotated["secret"] != made["secret"]
        assert rotated["endpoint"]["previous_until"] == "2026-11-23T16:00:00Z"
        changed = (await client.patch(url, json={"outcomes": ["busy"]})).json()
        assert (changed["events"], changed["outcomes"]) == (["campaign.started"], ["busy"])
        message = (await client.post(f"{url}/test")).json()
        assert (message["event"], message["state"]) == ("webhook.test", "pending")
        disabled = (await client.post(f"{url}/disable", json={"reason": "moving"})).json()
        assert disabled["disabled_reason"] == "moving"
        dead = (await client.get("/v1/webhook-messages?state=dead")).json()["items"]
        assert [each["id"] for each in dead] == [message["id"]]
        refused = await client.post(f"/v1/webhook-messages/{message['id']}/replay")
        assert refused.status_code == 409
        assert (await client.post(f"{url}/enable")).json()["disabled_at"] is None
        assert (await client.post(f"/v1/webhook-messages/{message['id']}/replay")).json()["state"] == "pending"
        assert (await client.post("/v1/webhook-messages/replay", json={"ids": [message["id"]]})).json()["count"] == 1
        assert (await client.post("/v1/webhook-messages/replay", json={})).status_code == 422
        assert (await client.get("/v1/webhook-deliveries")).json()["items"] == []
        assert (await client.delete(url)).status_code == 204
        for bad in ("http://10.0.0.1/x", "https://127.0.0.1/x", "ftp://example.com/x"):
            answer = await client.post("/v1/webhooks", json={"url": bad})
            assert answer.json()["errors"][0]["field"] == "url", bad
