"""Revox's own SDK, unmodified, over a real socket against a running server; every answer is held to its shapes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import orjson
import pytest
import revox
from revox import AsyncRevox
from revox import Revox as Client
from revox_house import BUSY, EVERYBODY, REACHED, TALKS, VOICEMAIL, number, people, retry_config
from vendor_house import Live, until

pytestmark = pytest.mark.slow

NOW = retry_config()
SOON = {"calling_window_start_time": "00:00", "calling_window_end_time": "24:00", "retry_delay_seconds": 0}
QUICK = retry_config(calling_windows=[SOON])


@pytest.fixture(scope="module")
def client(live: Live) -> Iterator[Client]:
    with Client(base_url=f"{live.compat('revox')}/api", api_key=live.key, _strict_response_validation=True) as found:
        yield found


@pytest.fixture
async def async_client(live: Live) -> AsyncIterator[AsyncRevox]:
    async with AsyncRevox(
        base_url=f"{live.compat('revox')}/api", api_key=live.key, _strict_response_validation=True
    ) as found:
        yield found


@pytest.fixture
def inbox() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A webhook's URL, and what it received."""
    received: list[dict[str, Any]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(orjson.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/revox", received
    server.shutdown()


def completed(client: Client, campaign_id: str) -> Any:
    campaign = client.campaigns.retrieve(campaign_id).campaign
    return campaign if campaign.status == "completed" else None


def test_from_create_to_outcomes_and_webhook(client: Client, inbox: tuple[str, list[dict[str, Any]]]) -> None:
    url, received = inbox
    assistant = client.assistants.create(
        name="Ann", prompt="You are Ann.", webhook_url=url, call_retry_config=QUICK, voicemail_message="Call us"
    ).assistant
    campaign = client.campaigns.create(
        assistant_id=assistant.id,
        name="Leads",
        contacts=[
            {"to_phone_number": each, "prompt_variables": {"first_name": "Bob", "n": 1}}
            for each in (REACHED, BUSY, VOICEMAIL)
        ],
        max_concurrent_calls=2,
    ).campaign
    assert (campaign.status, campaign.row_stats and campaign.row_stats.not_launched) == ("running", 3)
    came = client.campaigns.launch(campaign.id, mode="ai_first", selection=EVERYBODY)
    assert (came.launched, came.skipped.active, came.session) == (3, 0, None)
    done = until(lambda: completed(client, campaign.id), "the campaign is completed")
    assert (done.row_stats.completed, done.row_stats.failed, done.row_stats.total) == (1, 2, 3)

    rows = client.campaigns.get_rows(campaign.id).rows
    assert [row.call and row.call.calls_count for row in rows] == [1, 3, 3]
    assert rows[0].input_data == {"first_name": "Bob", "n": "1"}
    until(lambda: len(received) == 3, "each call's end was told")
    told = {each["call"]["to_phone_number"]: each for each in received}
    assert told[BUSY]["call_attempt"]["dial_error"] == "busy"
    assert len(told[BUSY]["call"]["call_attempts"]) == 3
    assert told[REACHED]["call"]["is_completed"]
    assert told[REACHED]["call"]["assistant"]["id"] == assistant.id

    statistics = client.campaigns.statistics(campaign.id).statistics
    assert (statistics.funnel.called.count, statistics.funnel.reached.count) == (3, 1)
    assert client.campaigns.export_rows(campaign.id).csv.count("\r\n") == 4
    assert campaign.id in [each.id for each in client.campaigns.list().campaigns]
    changed = client.campaigns.update(campaign.id, name="Old leads").campaign
    assert changed.name == "Old leads"
    assert client.campaigns.delete(campaign.id).success
    with pytest.raises(revox.NotFoundError):
        client.campaigns.retrieve(campaign.id)


def test_the_documented_create(client: Client) -> None:
    """With `launch`, which the SDK knows no more, and `scheduled_at`."""
    assistant = client.assistants.create(name="Ann", prompt="Hi", call_retry_config=QUICK).assistant
    campaign = client.campaigns.create(
        assistant_id=assistant.id, name="x", contacts=people(REACHED), extra_body={"launch": True}
    ).campaign
    until(lambda: completed(client, campaign.id), "the campaign is completed")
    draft = client.campaigns.create(
        assistant_id=assistant.id, name="x", contacts=people(REACHED), extra_body={"launch": False}
    ).campaign
    assert draft.status == "paused"
    assert client.campaigns.resume(draft.id).success
    until(lambda: completed(client, draft.id), "the campaign is completed")
    later = client.campaigns.create(
        assistant_id=assistant.id,
        name="x",
        contacts=people(REACHED),
        extra_body={"scheduled_at": "2030-01-01T09:00:00Z"},
    ).campaign
    assert (later.status, later.scheduled_at) == ("running", "2030-01-01T09:00:00Z")
    assert client.campaigns.pause(later.id).success
    assert client.campaigns.cancel(later.id).success
    assert client.campaigns.retrieve(later.id).campaign.is_cancelled


def test_assistants(client: Client) -> None:
    made = client.assistants.create(
        name="Whole",
        prompt="Hi",
        voice={"id": "v", "provider": "cartesia", "speed": 1.1},
        llm_model={"type": "realtime", "provider": "openai", "realtime_model_id": "gpt"},
        structured_output_config=[{"name": "email", "required": True, "type": "string"}],
        faq_items=[{"question": "Q", "answer": "A"}],
        transfer_destinations=[{"label": "Sales", "phone_number": "+12125550111"}],
        first_sentence="Hello",
        first_sentence_mode="static",
        max_call_duration_secs=120,
    ).assistant
    assert (made.voice and made.voice.speed, made.first_sentence_mode, made.type) == (1.1, "static", "standalone")
    copy = client.assistants.clone(made.id).assistant
    assert copy.name == "Whole (Copy)"
    assert client.assistants.update(copy.id, prompt="New", voicemail_message=None).assistant.prompt == "New"
    found = client.assistants.retrieve(made.id)
    assert {**made.to_dict(), "assistant": made.to_dict()} == found.to_dict()
    assert {made.id, copy.id} <= {each.id for each in client.assistants.list().assistants}
    voice = next(each for each in client.voices.list().voices if each.id == "v")
    assert client.voices.retrieve("v", provider="cartesia").voice.description == voice.description
    assert client.assistants.delete(copy.id).success
    with pytest.raises(revox.NotFoundError):
        client.assistants.retrieve(copy.id)


def test_calls(client: Client, inbox: tuple[str, list[dict[str, Any]]]) -> None:
    url, received = inbox
    call = client.call.create(
        phone_number=TALKS,
        assistant={"prompt": "Hi", "webhook_url": url, "call_retry_config": QUICK},
        metadata={"order": "7"},
        prompt_variables={"name": "Ann"},
    ).call
    done = until(lambda: ended(client, call.id), "the call is over")
    assert (done.outcome, done.metadata, done.prompt_variables) == ("completed", {"order": "7"}, {"name": "Ann"})
    assert (done.last_call_attempt.result, done.last_call_attempt.handled_by_ai) == ("human", True)
    until(lambda: received, "its end was told")
    assert received[0]["call"]["id"] == call.id
    later = client.call.create(phone_number=BUSY, assistant={"prompt": "Hi"}, scheduled_at="2030-01-01T09:00:00Z").call
    assert later.status == "scheduled"
    assert client.call.pause(later.id).success
    assert client.call.retrieve(later.id).call.status == "paused"
    assert client.call.resume(later.id).success
    assert client.call.cancel(later.id).success
    assert client.call.retrieve(later.id).call.status == "cancelled"
    found = client.call.search(**SEARCH, to_phone_number=TALKS)
    assert call.id in [each.id for each in found.calls]
    assert call.id in client.call.export(filters={**SEARCH}, include_metadata=True).csv
    assert client.call.phone_history().phone_history[TALKS].reached_human


SEARCH: dict[str, Any] = {
    "assignee_ids": [],
    "assistant_ids": [],
    "campaign_ids": [],
    "directions": ["outbound"],
    "from_phone_numbers": [],
    "outcomes": ["completed"],
    "results": ["human"],
    "statuses": ["completed"],
    "page": 1,
    "page_size": 20,
}


def ended(client: Client, call_id: str) -> Any:
    call = client.call.retrieve(call_id).call
    return call if call.status == "completed" else None


def test_the_rest(client: Client) -> None:
    assert client.auth_status.retrieve().authenticated
    assert client.users.retrieve().user.organization_country == "US"
    listed = client.phone_numbers.list().phone_numbers
    changed = client.phone_numbers.update(listed[0].id, label="Main").phone_number
    assert changed.label == "Main"
    assert client.phone_numbers.delete(listed[-1].id).success


def test_refusals(client: Client, live: Live) -> None:
    stranger = Client(
        base_url=f"{live.compat('revox')}/api", api_key=live.organization(), _strict_response_validation=True
    )
    assistant = client.assistants.create(name="Ann", prompt="Hi").assistant
    with pytest.raises(revox.NotFoundError):
        stranger.assistants.retrieve(assistant.id)
    with pytest.raises(revox.NotFoundError):
        stranger.campaigns.create(assistant_id=assistant.id, name="x", contacts=[])
    with pytest.raises(revox.AuthenticationError):
        client.with_options(api_key="clarion_nobody").campaigns.list()
    with pytest.raises(revox.UnprocessableEntityError) as wrong:
        client.campaigns.create(assistant_id=assistant.id, name="", contacts=people("12"))
    assert wrong.value.body["error"]["details"][0]["field"] == "name"  # type: ignore[index]
    campaign = client.campaigns.create(assistant_id=assistant.id, name="x", contacts=people(BUSY)).campaign
    client.campaigns.cancel(campaign.id)
    with pytest.raises(revox.BadRequestError):
        client.campaigns.pause(campaign.id)
    with pytest.raises(revox.BadRequestError):
        client.voices.preview(provider="cartesia", voice_id="v")
    with pytest.raises(revox.BadRequestError):
        client.voices.clone(audio="", content_type="audio/wav", language="en", name="x")
    with pytest.raises(revox.UnprocessableEntityError):
        client.campaigns.launch(campaign.id, mode="speed_dial", selection=EVERYBODY)


async def test_all_of_it_asynchronously(async_client: AsyncRevox) -> None:
    client = async_client
    assistant = (await client.assistants.create(name="Ann", prompt="Hi", call_retry_config=QUICK)).assistant
    numbers = [number(word, 212) for word in ("90", "91", "92", "94")]
    campaign = (
        await client.campaigns.create(assistant_id=assistant.id, name="Async", contacts=people(*numbers))
    ).campaign
    came = await client.campaigns.launch(
        campaign.id,
        mode="ai_first",
        selection={**EVERYBODY, "rows": {"call_ids": [], "mode": "all_except"}},
        scheduled_at="2026-11-23T15:00:00Z",
    )
    assert came.launched == 4
    for _ in range(600):
        done = (await client.campaigns.retrieve(campaign.id)).campaign
        if done.status == "completed":
            break
        await asyncio.sleep(0.1)
    assert done.row_stats is not None
    assert (done.row_stats.completed, done.row_stats.failed) == (3, 1)
    rows = (await client.campaigns.get_rows(campaign.id)).rows
    calls = [(await client.call.retrieve(row.call.id)).call for row in rows if row.call is not None]
    assert [call.calls_count for call in calls] == [1, 1, 3, 2]
    assert (await client.campaigns.statistics(campaign.id)).statistics.effort.calls_total == 7
    assert (await client.call.search(**SEARCH)).total_count >= 3
    listed, users = await asyncio.gather(client.campaigns.list(), client.users.retrieve())
    assert (campaign.id in [each.id for each in listed.campaigns], bool(users.user.email)) == (True, True)
    assert (await client.campaigns.delete(campaign.id)).success


def test_it_answers_on_its_own_path(live: Live) -> None:
    answer = httpx.get(f"{live.compat('revox')}/api/campaigns")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
