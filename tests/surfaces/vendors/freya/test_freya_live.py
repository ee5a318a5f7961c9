"""A customer's client against a running server, over a real socket: until outcomes are there and both webhooks came."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import orjson
import pytest
from vendor_house import Live, until

from world import magic

Got = list[tuple[str, dict[str, str], dict[str, Any]]]


def person(word: str) -> str:
    return magic(word, start=312)[0]


@pytest.fixture
def received() -> Iterator[tuple[str, Got]]:
    """A URL, and what was posted to it: path, headers, body."""
    got: Got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, orjson.loads(body)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", got
        server.shutdown()
        thread.join(10)


class Client:
    """As a customer writes one: a base URL, a token, and the envelope taken off."""

    def __init__(self, base_url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=f"{base_url}/api/v2", headers=headers, timeout=60)

    def __call__(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        response = self._http.request(method, path, json=body, params=params)
        response.raise_for_status()
        told = response.json()
        assert told["success"] is True
        return told["data"]["result"]


def test_a_campaign_from_its_agent_to_its_last_webhook(live: Live, received: tuple[str, Got]) -> None:
    url, got = received
    freya = Client(live.compat("freya"), live.key)
    config = {
        "llmConfig": {"systemPrompt": "Ask {{name}} about the offer.", "firstMessage": "Hello!"},
        "server": {"url": f"{url}/report"},
    }
    agent = freya(
        "POST", "/agents", {"workspaceId": "550e8400-e29b-41d4-a716-446655440000", "name": "Ava", "config": config}
    )
    number = {"number": "+12125550101", "config": {"outboundAgentId": agent["agent"]["id"]}}
    freya("POST", "/phone-numbers", number)
    words = {"talks": "90", "answers late": "94", "is busy": "92", "has no such number": "87", "has voicemail": "89"}
    people = {person(word): name for name, word in words.items()}
    made = freya(
        "POST",
        "/campaign",
        {
            "name": "Journey",
            "phoneNumber": "+12125550101",
            "timezone": "America/Chicago",
            "callRetries": 1,
            "retryDelaySeconds": 1,
            "retryConditions": ["No Answer", "Busy", "Invalid"],
            "webhookUrl": f"{url}/outcome",
            "customers": [{"phoneNumber": n, "properties": {"name": name}} for n, name in people.items()],
        },
    )
    assert (made["status"], made["campaign"]["assistantName"]) == ("active", "Ava")
    path = f"/campaign/{made['campaign']['id']}"
    until(
        lambda: freya("GET", path)["campaign"]["status"] == "partially_completed",
        "everybody was called, and not all were reached",
    )
    customers = freya("GET", f"{path}/customers")["customers"]
    assert {each["properties"]["name"]: (each["status"], each["attempts"]) for each in customers} == {
        "talks": ("completed", 1),
        "answers late": ("completed", 2),
        "is busy": ("failed", 2),
        "has no such number": ("failed", 1),
        "has voicemail": ("failed", 1),
    }
    calls = {call["id"]: call for call in freya("GET", "/call", campaignId=made["campaign"]["id"])["calls"]}
    assert len(calls) == 7

    until(lambda: len(got) == 14, "each call was told to both webhooks")
    outcomes = [body for path, _, body in got if path == "/outcome"]
    reports = [body for path, _, body in got if path == "/report"]
    assert {body["callId"] for body in outcomes} == {body["callId"] for body in reports} == calls.keys()
    told = {
        (people[body["phoneNumber"]], body["attemptNumber"]): (
            body["outcome"],
            body.get("failureCategory"),
            body["willRetry"],
            body["retriesRemaining"],
        )
        for body in outcomes
    }
    assert told == {
        ("talks", 1): ("success", None, False, 0),
        ("answers late", 1): ("failed", "No Answer", True, 1),
        ("answers late", 2): ("success", None, False, 0),
        ("is busy", 1): ("failed", "Busy", True, 1),
        ("is busy", 2): ("failed", "Busy", False, 0),
        ("has no such number", 1): ("failed", "Invalid", False, 0),
        ("has voicemail", 1): ("failed", "voicemail", False, 0),
    }
    assert {body["campaignId"] for body in outcomes} == {made["campaign"]["id"]}
    for body in outcomes:
        assert ("retryScheduledAt" in body) == body["willRetry"]
    for body in reports:
        call = calls[body["callId"]]
        assert (body["type"], body["workspaceId"]) == ("end-of-call-report", call["workspaceId"])
        assert (body["customer"], body["status"]) == (call["customerNumber"], call["status"])
        assert body["endedReason"] == call["endedReason"]
    (talk,) = [body for body in reports if people[body["customer"]] == "talks"]
    assert (talk["status"], talk["callEndReasonCategory"]) == ("completed", "Completed")
    assert talk["durationMs"] > 0
    shown = freya("GET", f"/call/{talk['callId']}")["call"]
    assert (shown["transcript"] or "", shown["recordingUrl"] or "") == (talk["transcript"], talk["recordingUrl"])
    for _, headers, _ in got:
        assert headers.keys() >= {"webhook-id", "webhook-timestamp", "webhook-signature"}


def test_pause_and_resume_and_one_more_call(live: Live) -> None:
    freya = Client(live.compat("freya"), live.organization())
    agent = freya("POST", "/agents", {"name": "Bea"})["agent"]
    body = {"name": "Later", "assistantId": agent["id"], "startDate": "2026-11-25", "startTime": "09:00"}
    later = freya("POST", "/campaign", {**body, "phoneNumbers": [person("90")]})
    assert (later["status"], later["isScheduled"]) == ("scheduled", True)
    freya("POST", f"/campaign/{later['campaign']['id']}/cancel")

    now = freya("POST", "/campaign", {"name": "Now", "assistantId": agent["id"], "phoneNumbers": [person("90")]})
    path = f"/campaign/{now['campaign']['id']}"
    until(lambda: freya("GET", path)["campaign"]["status"] == "completed", "the campaign is done")
    call = freya("POST", "/call", {"phoneNumber": person("91"), "campaignId": now["campaign"]["id"]})
    until(lambda: freya("GET", f"/call/{call['callId']}")["call"]["status"] == "completed", "the call was made")
    alone = {"phoneNumber": person("92"), "callerNumber": "+12125550100", "assistantId": agent["id"]}
    call = freya("POST", "/call", alone)
    ended = until(lambda: _ended(freya("GET", f"/call/{call['callId']}")["call"]), "the single call ended")
    assert (ended["status"], ended["endedReason"]) == ("failed", "busy")


def _ended(call: dict[str, Any]) -> dict[str, Any] | None:
    return call if call["endedAt"] else None
