"""Organisations are blind to each other: every route is tried with a foreign key, and nothing leaks or changes."""

from __future__ import annotations

import re

import pytest

SECRET = "of-the-first-house"

SEEDS = [
    ("/v1/agents", {"name": SECRET}),
    ("/v1/trunks", {"channel": "voice", "name": SECRET, "driver": "sandbox"}),
    ("/v1/senders", {"channel": "voice", "address": "+12125550177", "trunk_id": 1, "label": SECRET}),
    ("/v1/pools", {"channel": "voice", "name": SECRET, "sender_ids": [1]}),
    ("/v1/suppressions", {"address": "+12125550147", "note": SECRET}),
    ("/v1/consents", {"consents": [{"address": "+12125550147", "source": SECRET}]}),
    ("/v1/users", {"email": f"{SECRET}@example.com", "role": "viewer"}),
    ("/v1/keys", {"name": SECRET, "role": "viewer"}),
    ("/v1/campaigns", {"name": SECRET, "channel": "voice", "agent_id": 1}),
    ("/v1/campaigns/1/batches", {"key": "lane"}),
    ("/v1/campaigns/1/contacts", {"contacts": [{"address": "+12125550147", "reference_id": SECRET}]}),
    ("/v1/webhooks", {"url": f"https://hooks.example.com/{SECRET}"}),
    ("/v1/webhooks/1/test", None),
]

BODIES = {
    ("post", "/v1/campaigns/{campaign_id}/batches"): {"key": "theirs"},
    ("post", "/v1/campaigns/{campaign_id}/contacts"): {"contacts": [{"address": "+12125550148"}]},
    ("post", "/v1/campaigns"): {"name": "x", "channel": "voice", "agent_id": 1},
    ("post", "/v1/senders"): {"channel": "voice", "address": "+12125550178", "trunk_id": 1},
    ("post", "/v1/pools"): {"channel": "voice", "name": "x", "sender_ids": [1]},
    ("post", "/v1/keys"): {"name": "x", "role": "viewer", "user_id": 1},
    ("post", "/v1/webhooks"): {"url": "https://hooks.example.com/", "campaign_id": 1},
    ("post", "/v1/webhook-messages/replay"): {"ids": [1]},
    ("post", "/v1/contacts/remove"): {"contact_ids": [1]},
}
"""Bodies that name things of the first house."""

HARMLESS = {
    ("post", "/v1/webhook-messages/replay"): {"count": 0},
    ("post", "/v1/contacts/remove"): {"removed": [], "live": [], "finished": []},
}
"""Answered 200, and nothing done."""


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if path.startswith("/v1/"):
                yield method, path, operation


async def everything(client):
    """All that the first house can see of itself."""
    paths = ["agents", "trunks", "senders", "pools", "suppressions", "consents", "users", "campaigns", "batches"]
    paths += ["contacts", "attempts", "webhooks", "webhook-messages", "organization", "campaigns/1/numbers"]
    return [re.sub(r'"last_used_at":[^,}]*', "", (await client.get(f"/v1/{path}")).text) for path in paths]


async def test_every_route_with_a_foreign_key(server):
    async with server.client() as mine, server.client(await server.foreign_key()) as theirs:
        for path, body in SEEDS:
            answer = await mine.post(path, json=body)
            assert answer.is_success, (path, answer.text)
        before = await everything(mine)
        assert SECRET in "".join(before)
        for method, path, operation in operations(server.app.openapi()):
            ids = [each for each in operation.get("parameters", []) if each["in"] == "path"]
            body = BODIES.get((method, path))
            if method in ("post", "patch") and not ids and body is None:
                continue  # what it makes is the caller's own
            url = path.replace("{key}", "lane")
            url = re.sub(r"\{[a-z_]+\}", "1", url) + ("?reason=x" if method == "delete" else "")
            answer = await theirs.request(method, url, json=body or {})
            said = (method, path, answer.status_code, answer.text[:300])
            assert SECRET not in answer.text, said
            if (method, path) in HARMLESS:
                assert answer.json() == HARMLESS[method, path], said
            elif ids:
                assert answer.status_code == 404, said
            elif body:
                assert answer.status_code in (404, 422), said
            else:
                assert answer.is_success, said
        assert await everything(mine) == before


@pytest.mark.parametrize("path", ["campaigns/1", "agents/1", "batches/lane", "contacts/1", "webhooks/1"])
async def test_a_foreign_thing_looks_like_a_missing_one(quick_server, path):
    async with quick_server.client() as mine, quick_server.client(await quick_server.foreign_key()) as theirs:
        missing = (await mine.get(f"/v1/{path}")).json()
        for seed, body in SEEDS:
            await mine.post(seed, json=body)
        foreign = (await theirs.get(f"/v1/{path}")).json()
    missing.pop("request_id"), foreign.pop("request_id")
    assert foreign == missing
