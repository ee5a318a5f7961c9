"""Who is let in over HTTP, by which header, with which role, and how soon a revoked key is shut out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clarion.app.actor import Role

OPERATOR_WRITES = [
    ("POST", "/v1/agents", {"name": "a"}),
    ("PATCH", "/v1/agents/1", {"name": "b"}),
    ("DELETE", "/v1/agents/1", None),
    ("POST", "/v1/senders", {"channel": "voice", "address": "+12125550177", "trunk_id": 1}),
    ("PATCH", "/v1/senders/1", {"enabled": False}),
    ("DELETE", "/v1/senders/1", None),
    ("POST", "/v1/pools", {"channel": "voice", "name": "p", "sender_ids": [1]}),
    ("POST", "/v1/suppressions", {"address": "+12125550147"}),
    ("POST", "/v1/suppressions/file", None),
    ("DELETE", "/v1/suppressions/1", None),
    ("POST", "/v1/consents", {"consents": [{"address": "+12125550147", "source": "form"}]}),
    ("POST", "/v1/campaigns", {"name": "c", "channel": "voice"}),
    ("PATCH", "/v1/campaigns/1", {"name": "d"}),
    ("POST", "/v1/campaigns/1/launch", None),
    ("POST", "/v1/campaigns/1/cancel", None),
    ("POST", "/v1/campaigns/1/contacts", {"contacts": [{"address": "+12125550147"}]}),
    ("POST", "/v1/campaigns/1/imports", None),
    ("POST", "/v1/campaigns/1/batches", {"key": "b"}),
    ("POST", "/v1/contacts/remove", {"contact_ids": [1]}),
    ("POST", "/v1/webhooks", {"url": "https://hooks.example.com/x"}),
    ("POST", "/v1/webhook-messages/replay", {"states": ["dead"]}),
]
OWNER_WRITES = [
    ("PATCH", "/v1/organization", {"name": "x"}),
    ("POST", "/v1/users", {"email": "x@example.com", "role": "owner"}),
    ("PATCH", "/v1/users/1", {"role": "viewer"}),
    ("POST", "/v1/keys", {"name": "k", "role": "viewer"}),
    ("GET", "/v1/keys", None),
    ("GET", "/v1/keys/1", None),
    ("DELETE", "/v1/keys/1", None),
    ("POST", "/v1/trunks", {"channel": "voice", "name": "t", "driver": "sandbox"}),
    ("PATCH", "/v1/trunks/1", {"enabled": False}),
    ("DELETE", "/v1/trunks/1", None),
]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Bearer clarion_000000000000_" + "x" * 43},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"X-API-Key": "nonsense"},
    ],
)
async def test_without_a_good_key(quick_server, headers):
    async with quick_server.client("") as client:
        answer = await client.get("/v1/me", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["type"] == "urn:clarion:problem:unauthenticated"


async def test_both_headers_let_in(quick_server):
    async with quick_server.client("") as client:
        for headers in (
            {"Authorization": f"Bearer {quick_server.owner_key}"},
            {"authorization": f"bearer {quick_server.owner_key}"},
            {"X-API-Key": quick_server.owner_key},
        ):
            me = (await client.get("/v1/me", headers=headers)).json()
            assert (me["role"], me["user"]["email"]) == ("owner", "owner@example.com")


async def test_what_a_role_may_not(quick_server):
    for role, refused in ((Role.VIEWER, OPERATOR_WRITES + OWNER_WRITES), (Role.OPERATOR, OWNER_WRITES)):
        async with quick_server.client(await quick_server.key(role)) as client:
            assert (await client.get("/v1/me")).json()["role"] == role
            for method, path, body in refused:
                answer = await client.request(method, path, json=body)
                assert answer.status_code == 403, (role, method, path, answer.text)
                assert answer.json()["type"] == "urn:clarion:problem:forbidden"


async def test_a_key_is_shown_once(quick_server):
    async with quick_server.client() as client:
        made = await client.post("/v1/keys", json={"name": "k", "role": "operator"})
        raw, shape = made.json()["api_key"], made.json()["key"]
        assert made.headers["location"] == f"/v1/keys/{shape['id']}"
        secret = raw.rsplit("_", 1)[1]
        for path in ("/v1/keys", f"/v1/keys/{shape['id']}"):
            assert secret not in (await client.get(path)).text
    async with quick_server.client(raw) as client:
        assert (await client.get("/v1/me")).json()["key_id"] == shape["id"]


async def test_a_revoked_key_is_shut_out_at_once_here(quick_server):
    async with quick_server.client() as owner:
        made = (await owner.post("/v1/keys", json={"name": "k", "role": "viewer"})).json()
        async with quick_server.client(made["api_key"]) as holder:
            assert (await holder.get("/v1/me")).status_code == 200
            revoked = await owner.delete(f"/v1/keys/{made['key']['id']}")
            assert revoked.json()["revoked_at"] == "2026-11-23T15:00:00Z"
            assert (await holder.get("/v1/me")).status_code == 401


async def test_an_expired_key_is_shut_out(quick_server, clock):
    until = (clock.now() + timedelta(minutes=1)).isoformat()
    async with quick_server.client() as owner:
        made = await owner.post("/v1/keys", json={"name": "k", "role": "viewer", "expires_at": until})
        past = await owner.post("/v1/keys", json={"name": "k", "role": "viewer", "expires_at": clock.now().isoformat()})
    assert past.status_code == 422
    async with quick_server.client(made.json()["api_key"]) as holder:
        assert (await holder.get("/v1/me")).status_code == 200
        clock.advance(timedelta(minutes=1))
        assert (await holder.get("/v1/me")).status_code == 401


async def test_a_demoted_user_may_less_at_once(quick_server):
    operator = await quick_server.key(Role.OPERATOR)
    async with quick_server.client() as owner, quick_server.client(operator) as client:
        assert (await client.post("/v1/agents", json={"name": "a"})).status_code == 201
        users = (await owner.get("/v1/users")).json()["items"]
        [user] = [user for user in users if user["role"] == "operator"]
        await owner.patch(f"/v1/users/{user['id']}", json={"role": "viewer"})
        assert (await client.post("/v1/agents", json={"name": "a"})).status_code == 403
        await owner.patch(f"/v1/users/{user['id']}", json={"disabled": True})
        assert (await client.get("/v1/me")).status_code == 401
        me = (await owner.get("/v1/me")).json()["user"]["id"]
        last = await owner.patch(f"/v1/users/{me}", json={"disabled": True})
        assert (last.status_code, last.json()["type"]) == (409, "urn:clarion:problem:last_owner")
