"""The edge: every error in one form, request ids, headers, limits of size, repeats, health and figures."""

from __future__ import annotations

import asyncio
import re

import pytest
from sqlalchemy import select

from clarion.app.actor import Role
from clarion.store.schema import idempotency
from clarion.surfaces.native import agents
from clarion.surfaces.reception import MEBIBYTE

HUGE = b'{"name": "' + b"x" * (17 * MEBIBYTE) + b'"}'
JSON = {"content-type": "application/json"}


async def chunks(body: bytes):
    for start in range(0, len(body), MEBIBYTE):
        yield body[start : start + MEBIBYTE]


@pytest.mark.parametrize(
    "method, path, sent, status, kind, field",
    [
        ("GET", "/nothing", {}, 404, "not_found", None),
        ("GET", "/v1/agents/999", {}, 404, "not_found", None),
        ("PUT", "/v1/agents", {}, 405, "method_not_allowed", None),
        ("GET", "/v1/agents/abc", {}, 422, "invalid", "agent_id"),
        ("GET", "/v1/agents/0", {}, 422, "invalid", "agent_id"),
        ("GET", f"/v1/agents/{2**63}", {}, 422, "invalid", "agent_id"),
        ("GET", "/v1/agents?limit=0", {}, 422, "invalid", "limit"),
        ("GET", "/v1/agents?limit=9999", {}, 422, "invalid", "limit"),
        ("GET", "/v1/agents?cursor=abc", {}, 422, "invalid", "cursor"),
        ("GET", "/v1/agents?name=%00", {}, 422, "invalid", "name"),
        ("GET", "/v1/campaigns?status=asleep", {}, 422, "invalid", "status.0"),
        ("GET", "/v1/attempts?since=yesterday", {}, 422, "invalid", "since"),
        ("POST", "/v1/agents", {"content": b"", "headers": JSON}, 422, "invalid", "body"),
        ("POST", "/v1/agents", {"content": b"{", "headers": JSON}, 422, "invalid", "body"),
        ("POST", "/v1/agents", {"content": b"[]", "headers": JSON}, 422, "invalid", "body"),
        ("POST", "/v1/agents", {"content": b'{"name": "\xff"}', "headers": JSON}, 400, "bad_request", None),
        ("POST", "/v1/agents", {"content": b"[" * 100_000, "headers": JSON}, 400, "bad_request", None),
        ("POST", "/v1/agents", {"content": b"name=x"}, 422, "invalid", "body"),
        ("POST", "/v1/agents", {"json": {}}, 422, "invalid", "name"),
        ("POST", "/v1/agents", {"json": {"name": " "}}, 422, "invalid", "name"),
        ("POST", "/v1/agents", {"json": {"name": 5}}, 422, "invalid", "name"),
        ("POST", "/v1/agents", {"json": {"name": "a", "colour": "red"}}, 422, "invalid", "colour"),
        ("POST", "/v1/agents", {"json": {"name": "a", "timezone": "Nowhere"}}, 422, "invalid", "timezone"),
        (
            "POST",
            "/v1/agents",
            {"json": {"name": "a", "config": {"model": {"temperature": 3}}}},
            422,
            "invalid",
            "config.model.temperature",
        ),
        (
            "POST",
            "/v1/agents",
            {"json": {"name": "a", "config": {"variables": {"x": []}}}},
            422,
            "invalid",
            "config.variables.x",
        ),
        ("POST", "/v1/agents", {"content": HUGE, "headers": JSON}, 413, "content_too_large", None),
        ("POST", "/v1/suppressions/file", {"content": b"\xff\xfe"}, 422, "invalid", "body"),
        ("PATCH", "/v1/organization", {"json": {"name": None}}, 422, "invalid", "name"),
        (
            "PATCH",
            "/v1/organization",
            {"json": {"settings": {"max_concurrent": 0}}},
            422,
            "invalid",
            "settings.max_concurrent",
        ),
        (
            "PATCH",
            "/v1/organization",
            {"json": {"settings": {"max_parallel_calls": 0}}},
            422,
            "invalid",
            "settings.max_parallel_calls",
        ),
    ],
)
async def test_every_error_has_one_form(quick_server, method, path, sent, status, kind, field):
    async with quick_server.client() as client:
        answer = await client.request(method, path, **sent)
    problem = answer.json()
    assert (answer.status_code, problem["status"]) == (status, status), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(problem) == {"type", "title", "status", "detail", "errors", "request_id"}
    assert problem["type"] == f"urn:clarion:problem:{kind}"
    assert [error["field"] for error in problem["errors"]] == ([field] if field else [])
    assert all(error["code"] and error["message"] for error in problem["errors"])
    assert problem["request_id"] == answer.headers["x-request-id"]


async def test_a_body_without_a_length_is_counted(quick_server):
    async with quick_server.client() as client:
        answer = await client.post("/v1/agents", content=chunks(HUGE), headers=JSON)
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:clarion:problem:content_too_large")


async def test_a_surprise_tells_nothing_of_the_inside(quick_server, monkeypatch, logs):
    async def broken(*_args, **_more):
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(agents.use, "list_agents", broken)
    async with quick_server.client() as client:
        answer = await client.get("/v1/agents")
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:clarion:problem:internal")
    assert "hunter2" not in answer.text
    [line] = [line for line in logs if line["event"] == "request failed"]
    assert isinstance(line["exc_info"], RuntimeError)


async def test_headers_that_browsers_obey(quick_server):
    async with quick_server.client() as client:
        answer = await client.get("/v1/me", headers={"X-Request-Id": "mine-1"})
        forged = await client.get("/v1/me", headers={"X-Request-Id": "two words; and=more"})
    assert answer.headers["x-request-id"] == "mine-1"
    assert forged.headers["x-request-id"] != "two words; and=more"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


async def test_a_repeat_is_answered_and_not_done_again(server):
    async with server.client() as client:
        headers = {"Idempotency-Key": "abc"}
        made = await client.post("/v1/keys", json={"name": "k", "role": "viewer"}, headers=headers)
        again = await client.post("/v1/keys", json={"name": "k", "role": "viewer"}, headers=headers)
        other = await client.post("/v1/keys", json={"name": "other", "role": "viewer"}, headers=headers)
        elsewhere = await client.post("/v1/agents", json={"name": "k"}, headers=headers)
        keys = (await client.get("/v1/keys")).json()["items"]
    assert (again.status_code, again.content) == (201, made.content)
    assert (again.headers["location"], again.headers["idempotency-replayed"]) == (made.headers["location"], "true")
    assert "idempotency-replayed" not in made.headers
    for refused in (other, elsewhere):
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == "Idempotency-Key"
    assert len(keys) == 2
    async with server.ledger.read() as tx:
        rows = (await tx.session.execute(select(idempotency.c.body))).scalars()
        assert made.json()["api_key"].encode() not in b"".join(rows)


async def test_two_keys_do_not_share_an_answer(quick_server):
    """Or a viewer could ask for the key that an owner was just given."""
    headers = {"Idempotency-Key": "abc"}
    async with quick_server.client() as owner, quick_server.client(await quick_server.key(Role.VIEWER)) as viewer:
        body = {"name": "k", "role": "owner"}
        assert (await owner.post("/v1/keys", json=body, headers=headers)).status_code == 201
        assert (await viewer.post("/v1/keys", json=body, headers=headers)).status_code == 422


async def test_what_was_refused_may_be_sent_again_rightly(quick_server):
    async with quick_server.client() as client:
        headers = {"Idempotency-Key": "abc"}
        assert (await client.post("/v1/agents", json={"name": ""}, headers=headers)).status_code == 422
        assert (await client.post("/v1/agents", json={"name": "a"}, headers=headers)).status_code == 201
        assert (await client.post("/v1/agents/9/restore", headers={"Idempotency-Key": "x"})).status_code == 404
        assert (await client.post("/v1/agents/1/restore", headers={"Idempotency-Key": "x"})).status_code == 200


async def test_of_many_at_once_one_is_done(server):
    async with server.client() as client:
        headers = {"Idempotency-Key": "abc"}
        asked = [client.post("/v1/agents", json={"name": "a"}, headers=headers) for _ in range(8)]
        answers = await asyncio.gather(*asked)
        agents_made = (await client.get("/v1/agents")).json()["items"]
    assert len(agents_made) == 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert 201 in {answer.status_code for answer in answers}


async def test_after_a_surprise_nothing_is_done_again(quick_server, monkeypatch):
    """It may have been done: the client is told to look, and never answered by doing it twice."""
    real = agents.use.create_agent

    async def made_and_then_broken(*given, **more):
        await real(*given, **more)
        raise RuntimeError("the line broke")

    async with quick_server.client() as client:
        headers = {"Idempotency-Key": "abc"}
        monkeypatch.setattr(agents.use, "create_agent", made_and_then_broken)
        assert (await client.post("/v1/agents", json={"name": "a"}, headers=headers)).status_code == 500
        monkeypatch.setattr(agents.use, "create_agent", real)
        again = await client.post("/v1/agents", json={"name": "a"}, headers=headers)
        assert (again.status_code, again.json()["type"]) == (409, "urn:clarion:problem:request_in_progress")
        assert len((await client.get("/v1/agents")).json()["items"]) == 1


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "snow☃".encode()])
async def test_keys_that_are_none(quick_server, key):
    async with quick_server.client() as client:
        answer = await client.post("/v1/agents", json={"name": "a"}, headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "Idempotency-Key")


async def test_health_and_readiness(quick_server):
    async with quick_server.client("") as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        assert (await client.get("/readyz")).json() == {"ready": True, "reasons": []}
        quick_server.troubles.append("The database does not answer.")
        answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["The database does not answer."])


async def test_figures_tell_nothing_of_tenants(quick_server):
    async with quick_server.client() as client:
        await client.post("/v1/agents", json={"name": "secret-agent"})
        await client.get("/v1/agents/1")
        await client.get("/v1/batches/secret-batch")
        await client.get("/secret-path")
    async with quick_server.client("") as client:
        figures = (await client.get("/metrics")).text
    assert 'clarion_http_requests_total{method="GET",route="/v1/agents/{agent_id}",status="200"} 1.0' in figures
    assert 'route="unmatched"' in figures
    assert "secret" not in figures


async def test_pages_show_everything_once(quick_server):
    async with quick_server.client() as client:
        for n in range(7):
            await client.post("/v1/agents", json={"name": f"a{n}"})
            await client.post("/v1/campaigns", json={"name": f"c{n}", "channel": "voice"})
        for path, expected in (("agents", "a0 a1 a2 a3 a4 a5 a6"), ("campaigns", "c6 c5 c4 c3 c2 c1 c0")):
            seen, cursor, pages = [], "", 0
            while cursor is not None:
                page = (await client.get(f"/v1/{path}?limit=3" + (f"&cursor={cursor}" if cursor else ""))).json()
                seen += [item["name"] for item in page["items"]]
                cursor, pages = page["next_cursor"], pages + 1
            assert (" ".join(seen), pages) == (expected, 3)


async def test_the_description_is_whole(quick_server):
    async with quick_server.client("") as client:
        document = (await client.get("/v1/openapi.json")).json()
        docs = await client.get("/docs")
        assets = [await client.get(path) for path in re.findall(r'(?:src|href)="(/docs/assets/[^"]+)"', docs.text)]
    assert docs.status_code == 200
    assert "http" not in docs.headers["content-security-policy"]
    assert [each.status_code for each in assets] == [200, 200, 200]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert {"summary", "description"} <= set(operation), (method, path)
            assert operation["tags"], (method, path)
            if path.startswith("/v1/"):
                assert "application/problem+json" in operation["responses"]["422"]["content"], (method, path)
                assert operation["security"], (method, path)
    assert "HTTPValidationError" not in document["components"]["schemas"]
