"""Syllable's own SDK, unmodified, over a real socket against a running server, until people are reached."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
import pytest
from standardwebhooks.webhooks import Webhook
from syllable_sdk import SyllableSDK, errors, models
from vendor_house import Live, until

from world import magic

pytestmark = pytest.mark.slow

DAYS = list(models.DaysOfWeek)
SECRET = base64.b64encode(bytes(range(32))).decode()
TALKS, BUSY, NOBODY, DEAD = (magic(word, start=312)[0] for word in ("91", "92", "93", "87"))
S = models.ChannelManagerStatus


@pytest.fixture(scope="module")
def client(live: Live) -> Iterator[SyllableSDK]:
    with SyllableSDK(server_url=live.compat("syllable"), api_key_header=live.key) as found:
        yield found


@pytest.fixture
def inbox() -> Iterator[tuple[str, list[tuple[bytes, dict[str, str], str]]]]:
    """A webhook's URL, and what it received: body, headers, method."""
    received: list[tuple[bytes, dict[str, str], str]] = []

    class Receiver(BaseHTTPRequestHandler):
        def take(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            received.append((body, dict(self.headers.items()), self.command))
            self.send_response(200)
            self.end_headers()

        do_POST = do_PUT = take

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/syllable", received
    server.shutdown()


def speaking(client: SyllableSDK, number: str) -> models.AgentResponse:
    """An agent that speaks from a number."""
    prompt = client.prompts.create(
        request={"name": "Reminder", "type": "prompt", "llm_config": {"model": "gpt-4o"}, "context": "Be kind."}
    )
    message = client.custom_messages.create(request={"name": "Hello", "text": "Hello {{vars.name}}."})
    agent = client.agents.create(
        request={
            "name": "Ann",
            "type": "ca_v1",
            "prompt_id": prompt.id,
            "custom_message_id": message.id,
            "timezone": "America/Chicago",
            "variables": {"vars.clinic": "Riverside"},
            "tool_headers": None,
            "wait_sound": models.AgentWaitSound.KEYBOARD_1,
        }
    )
    channels = client.channels.list().items
    (voice,) = [each for each in channels if each.channel_service == models.ChannelServices.SIP]
    target = client.channels.targets.create(
        channel_id=voice.id,
        channel_target_create_request={
            "agent_id": agent.id,
            "channel_id": voice.id,
            "target": number,
            "target_mode": models.TargetModes.VOICE,
        },
    )
    assert client.channels.targets.get_by_id(channel_id=voice.id, target_id=target.id).agent_id == agent.id
    return agent


def test_the_seeds_example(client: SyllableSDK) -> None:
    made = client.outbound.campaigns.create(
        request={
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
            "active_days": DAYS[:5],
            "voicemail_detection": {
                "voicemail_detection_overall_timeout": 30,
                "voicemail_detection_post_speech_timeout": 1.75,
                "voicemail_detection_pre_speech_timeout": 3.5,
            },
        }
    )
    assert (made.campaign_name, made.source, made.caller_id) == ("Outbound Campaign 1", "+19032900844", "19995551234")
    assert isinstance(made.voicemail_detection, models.VoicemailDetectionConfig)
    assert made.voicemail_detection.voicemail_detection_post_speech_timeout == 1.75
    changed = client.outbound.campaigns.update(
        campaign_id=made.id,
        outbound_campaign_input={
            "campaign_name": "Other",
            "campaign_variables": {},
            "caller_id": None,
            "active_days": [models.DaysOfWeek.MON],
            "outreach_override_rules": {
                "days": {"saturday": {"active": True, "max_daily_calls": 3}},
                "dates": {"2026-12-25": {"active": False}},
            },
            "allowed_line_types": [models.LineTypeBucket.MOBILE],
            "target_filters": {"rules": [{"field": "line_type", "op": models.FilterOp.NOT_IN, "values": ["landline"]}]},
        },
    )
    assert isinstance(changed.outreach_override_rules, models.OutreachOverrideRules)
    assert changed.outreach_override_rules.days is not None
    assert changed.outreach_override_rules.days["sat"].max_daily_calls == 3
    assert isinstance(changed.target_filters, models.TargetFilters)
    assert changed.allowed_line_types == [models.LineTypeBucket.MOBILE]
    page = client.outbound.campaigns.list(
        search_fields=[models.CampaignProperties.CAMPAIGN_NAME],
        search_field_values=["other"],
        order_by=models.CampaignProperties.UPDATED_AT,
        order_by_direction=models.OrderByDirection.DESC,
        fields=[models.CampaignProperties.ID],
        limit=5,
    )
    assert made.id in [each.id for each in page.items]
    assert client.outbound.campaigns.get_by_id(campaign_id=made.id).campaign_name == "Other"
    client.outbound.campaigns.delete(campaign_id=made.id)
    with pytest.raises(errors.APIError) as gone:
        client.outbound.campaigns.get_by_id(campaign_id=made.id)
    assert gone.value.status_code == 404


def test_from_a_campaign_to_transcripts_and_webhooks(
    client: SyllableSDK, inbox: tuple[str, list[tuple[bytes, dict[str, str], str]]]
) -> None:
    url, received = inbox
    agent = speaking(client, "+12125550100")
    campaign = client.outbound.campaigns.create(
        request={
            "campaign_name": "Reminders",
            "campaign_variables": {"name": "you"},
            "caller_id": None,
            "source": "+12125550100",
            "active_days": DAYS,
            "hourly_rate": 3600,
            "retry_count": 1,
            "retry_interval": "0m",
            "webhooks": [
                {
                    "trigger_statuses": [S.COMPLETED, S.BUSY, S.SIP_NOT_FOUND, S.CANCELED],
                    "url": url,
                    "request_method": "PUT",
                    "auth_values": {"hmac_secret": SECRET},
                }
            ],
        }
    )
    assert campaign.agent_id == agent.id
    assert isinstance(campaign.webhooks, list)
    assert campaign.webhooks[0].auth_value_keys == ["hmac_secret"]
    batch = client.outbound.batches.create(
        request={"batch_id": "20261123.1", "campaign_id": campaign.id, "paused": True}
    )
    assert batch.status == models.BatchStatus.PAUSED
    file = f"reference_id,target,name\n1,{TALKS},Ann\n2,{BUSY},Bob\n3,{DEAD},Cid\n4,{NOBODY},Dee\n"
    client.outbound.batches.upload(
        batch_id=batch.batch_id,
        body_outbound_batch_upload={
            "file": {"file_name": "people.csv", "content": file.encode(), "content_type": "text/csv"}
        },
    )
    client.outbound.batches.remove(batch_id=batch.batch_id, request_body=["4"])
    client.outbound.batches.add(
        batch_id=batch.batch_id,
        communication_request={"reference_id": "5", "target": NOBODY, "request_variables": {"name": "Eve"}},
    )
    client.outbound.batches.update(batch_id=batch.batch_id, communication_batch_update={"paused": False})

    def over() -> Any:
        found = client.outbound.batches.results(batch_id=batch.batch_id)
        waiting = {models.RequestStatus.PENDING, models.RequestStatus.INITIATED, models.RequestStatus.CONNECTED}
        return found if not waiting & {each.request_status for each in found} else None

    rows = {each.reference_id: each for each in until(over, "everybody has been tried")}
    assert {ref: (each.request_status, each.channel_manager_status) for ref, each in rows.items()} == {
        "1": (models.RequestStatus.COMPLETED, S.COMPLETED),
        "2": (models.RequestStatus.FAILED, S.BUSY),
        "3": (models.RequestStatus.INVALID, S.SIP_NOT_FOUND),
        "4": (models.RequestStatus.CANCELED, S.CANCELED),
        "5": (models.RequestStatus.FAILED, S.NO_ANSWER),
    }
    assert [rows[ref].attempt_count for ref in "12345"] == [1, 2, 1, 0, 2]
    details = client.outbound.batches.get_by_id(batch_id=batch.batch_id)
    assert details.status_counts == {"COMPLETED": 1, "FAILED": 2, "INVALID": 1, "CANCELED": 1}
    assert details.upload_filename == "people.csv"
    only = client.outbound.batches.results(batch_id=batch.batch_id, status="FAILED", reference_id="2")
    assert [each.reference_id for each in only] == ["2"]

    session_id = str(rows["1"].session_id)
    session = client.sessions.get_by_id(session_id=session_id)
    assert (session.agent_name, session.source, session.target) == ("Ann", TALKS, "+12125550100")
    transcript = client.sessions.transcript.get_by_id(session_id=session_id)
    assert [turn.source for turn in transcript.transcription][:2] == ["user", "agent"]
    assert client.sessions.timeline.get_by_id(session_id=session_id).events
    assert client.sessions.latency.get_by_id(session_id=session_id).timeline == []
    client.sessions.full_summary.get_by_id(session_id=session_id)
    client.sessions.generate_session_recording_urls(session_id=session_id)
    listed = client.sessions.list(
        search_fields=[models.SessionProperties.AGENT_ID], search_field_values=[str(agent.id)], limit=2
    )
    assert (len(listed.items), listed.total_count) == (2, 6)

    until(lambda: len(received) >= 5, "every listed status was told")
    told = []
    for body, headers, method in received:
        assert method == "PUT"
        assert Webhook(SECRET).verify(body, headers) == orjson.loads(body)
        told.append(orjson.loads(body))
    assert sorted((each["reference_id"], each["channel_manager_status"]) for each in told) == [
        ("1", "COMPLETED"),
        ("2", "BUSY"),
        ("2", "BUSY"),
        ("3", "SIP_NOT_FOUND"),
        ("4", "CANCELED"),
    ]
    (reached,) = [each for each in told if each["reference_id"] == "1"]
    assert (reached["batch_id"], reached["campaign_id"]) == ("20261123.1", campaign.id)
    assert (reached["request_status"], str(reached["session_id"])) == ("COMPLETED", session_id)
    assert reached["request_variables"] == {"name": "Ann"}
    statuses = [each["request_status"] for each in told if each["reference_id"] == "2"]
    assert sorted(statuses) == ["FAILED", "PENDING"]

    client.outbound.batches.delete(batch_id=batch.batch_id, body_outbound_batch_delete={"delete_reason": "It is over."})
    deleted = client.outbound.batches.get_by_id(batch_id=batch.batch_id)
    assert (deleted.status, deleted.deleted_reason) == (models.BatchStatus.CANCELED, "It is over.")


def test_webhooks_are_kept_changed_and_deleted_by_id(client: SyllableSDK) -> None:
    base: dict[str, Any] = {
        "campaign_name": "Hooks",
        "campaign_variables": {},
        "caller_id": None,
        "active_days": DAYS,
    }
    hook = {"trigger_statuses": [S.BUSY], "url": "https://example.com/a", "request_method": "POST"}
    signed = {**hook, "url": "https://example.com/b", "auth_values": {"hmac_secret": SECRET}}
    made = client.outbound.campaigns.create(request={**base, "webhooks": [hook, signed]})
    assert isinstance(made.webhooks, list)
    first, second = made.webhooks
    assert [first.auth_value_keys, second.auth_value_keys] == [None, ["hmac_secret"]]

    def put(*hooks: dict[str, Any]) -> list[models.OutboundCampaignWebhookResponse]:
        after = client.outbound.campaigns.update(
            campaign_id=made.id, outbound_campaign_input={**base, "webhooks": list(hooks)}
        )
        assert isinstance(after.webhooks, list)
        return after.webhooks

    kept = put(
        {**signed, "id": second.id, "trigger_statuses": [S.HUMAN], "auth_values": {"hmac_secret": None}},
        {**hook, "url": "https://example.com/c", "id": None},
    )
    assert [each.url for each in kept] == ["https://example.com/b", "https://example.com/c"]
    assert (kept[0].id, kept[0].trigger_statuses, kept[0].auth_value_keys) == (second.id, [S.HUMAN], ["hmac_secret"])
    (bare,) = put({**signed, "id": second.id, "auth_values": {}})
    assert (bare.id, bare.auth_value_keys) == (second.id, None)
    with pytest.raises(errors.HTTPValidationError) as refused:
        put({**hook, "id": first.id})
    assert refused.value.data.detail is not None
    assert refused.value.data.detail[0].loc == ["body", "webhooks", 0, "id"]
    assert put() == []


def test_errors_are_the_clients_own(client: SyllableSDK, live: Live) -> None:
    body: dict[str, Any] = {"campaign_name": "x", "campaign_variables": {}, "caller_id": None, "active_days": []}
    with pytest.raises(errors.HTTPValidationError) as invalid:
        client.outbound.campaigns.create(request={**body, "hourly_rate": 0})
    assert invalid.value.data.detail is not None
    assert invalid.value.data.detail[0].loc == ["body", "hourly_rate"]
    with pytest.raises(errors.OutboundCampaignListBadRequestError) as malformed:
        client.outbound.campaigns.list(start_datetime="yesterday")
    assert "yesterday" in malformed.value.data.detail
    with (
        SyllableSDK(server_url=live.compat("syllable"), api_key_header="wrong") as stranger,
        pytest.raises(errors.APIError) as refused,
    ):
        stranger.outbound.batches.list()
    assert refused.value.status_code == 401
    for missing in (
        lambda: client.outbound.batches.get_by_id(batch_id="none"),
        lambda: client.agents.get_by_id(agent_id=999),
        lambda: client.sessions.get_by_id(session_id="999"),
        lambda: client.prompts.get_by_id(prompt_id=999),
    ):
        with pytest.raises(errors.APIError) as unknown:
            missing()
        assert unknown.value.status_code == 404


def test_lists_of_everything(client: SyllableSDK) -> None:
    agent = speaking(client, "+12125550101")
    assert agent.id in [each.id for each in client.agents.list(limit=100).items]
    assert client.prompts.list(search_fields=[models.PromptProperties.NAME], search_field_values=["rem"]).items
    assert client.custom_messages.list(order_by=models.CustomMessageProperties.NAME).items
    assert client.channels.targets.list(fields=[models.ChannelTargetProperties.ID]).items
    assert client.channels.targets.available_targets().total_count is not None
    (sms,) = [each for each in client.channels.list().items if each.channel_service == models.ChannelServices.TWILIO]
    added = client.channels.twilio.numbers.add(
        channel_id=sms.id, twilio_number_add_request={"friendly_name": "Desk", "area_code": "312"}
    )
    found = client.channels.twilio.numbers.list(channel_id=sms.id).phone_numbers
    assert added.phone_number in [each.phone_number for each in found]
    read = client.agents.get_by_id(agent_id=agent.id)
    changed = client.agents.update(
        request={
            "id": read.id,
            "name": "Bea",
            "type": read.type,
            "prompt_id": read.prompt_id,
            "timezone": read.timezone,
            "variables": read.variables,
            "tool_headers": read.tool_headers,
        }
    )
    assert changed.name == "Bea"
    client.agents.delete(agent_id=agent.id, reason="no more")


async def test_the_asynchronous_client(live: Live) -> None:
    async with SyllableSDK(server_url=live.compat("syllable"), api_key_header=live.key) as client:
        campaign = await client.outbound.campaigns.create_async(
            request={
                "campaign_name": "Async",
                "campaign_variables": {},
                "caller_id": "+12125550100",
                "active_days": DAYS,
                "hourly_rate": 3600,
            }
        )
        await client.outbound.batches.create_async(request={"batch_id": "async", "campaign_id": campaign.id})
        await client.outbound.batches.add_async(
            batch_id="async",
            communication_request={"reference_id": "1", "target": TALKS, "request_variables": {}},
        )
        for _ in range(600):
            (row,) = await client.outbound.batches.results_async(batch_id="async")
            if row.request_status == models.RequestStatus.COMPLETED:
                break
        assert row.channel_manager_status == S.COMPLETED
        transcript = await client.sessions.transcript.get_by_id_async(session_id=str(row.session_id))
        assert transcript.transcription
