"""A customer's client on a real socket, with the engine running, until leads have their ends and webhooks are heard."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import orjson
import pytest
from autocalls_house import ASSISTANT, person
from standardwebhooks import Webhook
from vendor_house import Live, until


class Receiver(ThreadingHTTPServer):
    """A customer's webhook: keeps what it is told."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        super().__init__(("127.0.0.1", 0), _Ear)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"

    def bodies(self) -> list[dict[str, Any]]:
        return [orjson.loads(body) for _, body in self.heard]


class _Ear(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def client(live: Live) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {live.organization()}", "Accept": "application/json"}
    with httpx.Client(base_url=live.compat("autocalls") + "/api/user", headers=headers, timeout=30) as client:
        yield client


def ok(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, (answer.status_code, answer.text)
    return answer.json()


def test_a_campaign_from_the_first_request_to_the_last_webhook(client: httpx.Client, receiver: Receiver) -> None:
    hook = {"is_webhook_active": True, "webhook_url": receiver.url}
    assistant = ok(client.post("/assistant", json={**ASSISTANT, **hook}), 201)["data"]["id"]
    numbers = [each["id"] for each in ok(client.get("/phone-numbers/all"))["data"]]
    campaign = ok(
        client.post(
            "/campaign",
            json={
                "name": "Journey",
                "assistant_id": assistant,
                "max_retries": 1,
                "retry_interval": 10,
                "goal_completion_variable": "booked",
                "phone_number_ids": numbers[:2],
            },
        ),
        201,
    )["data"]["id"]
    words = {person("90"): "completed", person("91"): "completed", person("84"): "blacklisted"}
    for number in words:
        ok(client.post("/lead", json={"campaign_id": campaign, "phone_number": number, "variables": {"n": number}}))
    ok(client.post("/campaigns/update-status", json={"campaign_id": campaign, "action": "start"}))

    def leads() -> dict[str, str]:
        data = ok(client.get("/leads", params={"campaign_id": campaign}))["data"]
        return {lead["phone_number"]: lead["status"] for lead in data}

    until(lambda: leads() == words, "every lead has its end")
    until(lambda: [c["status"] for c in ok(client.get("/campaigns"))] == ["completed"], "the campaign is completed")
    until(lambda: len(receiver.heard) == 3, "every call is told")
    calls = {call["id"]: call for call in ok(client.get("/calls"))["data"]}
    for body in receiver.bodies():
        call = calls[body["id"]]
        assert (body["customer_phone"], body["duration"]) == (call["client_phone_number"], call["duration"])
        assert body["status"] == "completed"
        assert body["lead"]["campaign"]["id"] == body["campaign"]["id"] == campaign
        assert body["input_variables"] == {"n": body["customer_phone"]}
    goals = {body["customer_phone"]: body["extracted_variables"].get("booked") for body in receiver.bodies()}
    assert (goals[person("90")], goals[person("91")]) == (True, False)
    ok(client.delete(f"/campaign/{campaign}"))
    assert ok(client.get("/campaigns")) == []
    assert ok(client.get("/leads"))["total"] == 0


def test_a_single_call_until_its_webhook(client: httpx.Client, receiver: Receiver) -> None:
    hook = {"is_webhook_active": True, "webhook_url": receiver.url, "send_webhook_only_on_completed": False}
    assistant = ok(client.post("/assistant", json={**ASSISTANT, **hook}), 201)["data"]["id"]
    made = ok(client.post("/make_call", json={"phone_number": person("92"), "assistant_id": assistant}))
    until(lambda: receiver.heard, "the call is told")
    (body,) = receiver.bodies()
    assert (body["id"], body["status"], body["lead"], body["campaign"]) == (made["call_id"], "busy", None, None)
    assert ok(client.get(f"/calls/{made['call_id']}"))["status"] == "busy"


def test_webhooks_are_signed(client: httpx.Client, receiver: Receiver, live: Live) -> None:
    """The vendor documents no signature; ours is that of every webhook here, with the endpoint's own secret."""
    hook = {"is_webhook_active": True, "webhook_url": receiver.url}
    assistant = ok(client.post("/assistant", json={**ASSISTANT, **hook}), 201)["data"]["id"]
    native = {"Authorization": client.headers["Authorization"]}
    (endpoint,) = httpx.get(f"{live.url}/v1/webhooks", headers=native).json()["items"]
    rotated = httpx.post(f"{live.url}/v1/webhooks/{endpoint['id']}/rotate", headers=native, json={})
    assert rotated.status_code == 200, rotated.text
    ok(client.post("/make_call", json={"phone_number": person("90"), "assistant_id": assistant}))
    until(lambda: receiver.heard, "the call is told")
    headers, body = receiver.heard[0]
    assert Webhook(rotated.json()["secret"]).verify(body, headers)["customer_phone"] == person("90")
