"""Carriers' codes as outcomes, row by row."""

from __future__ import annotations

import pytest

from clarion.core.outcomes import CARRIER_FAULTS, Outcome
from clarion.core.retries import burns
from clarion.wire.sip_codes import Q850_OUTCOMES, SIP_OUTCOMES, from_sip, sip_detail
from clarion.wire.sms_codes import Reading, from_command_status, from_message_state, from_receipt_word
from clarion.wire.smtp_codes import enhanced_code, from_dsn, from_smtp, suppresses
from clarion.wire.twilio_codes import from_call_status, from_message_status

O = Outcome  # noqa: E741


@pytest.mark.parametrize(
    "outcome, codes, causes",
    [
        (O.BUSY, [486, 600], [17]),
        (O.NO_ANSWER, [487], [18, 19]),
        (O.UNREACHABLE, [480, 430], [20, 27, 31]),
        (O.REJECTED, [603, 608, 433], [21, 55, 57, 87]),
        (O.UNWANTED, [607], []),
        (O.INVALID, [404, 410, 484, 485, 604, 416], [1, 2, 22, 26, 28]),
        (O.TIMEOUT, [408, 504], [102]),
        (O.NETWORK_ERROR, [502], [3, 38, 41]),
        (O.RESOURCE_UNAVAILABLE, [], [34, 42, 44, 47, 58]),
        (O.SERVICE_UNAVAILABLE, [500, 501, 503], [29, 63, 79]),
        (
            O.PROTOCOL_ERROR,
            [
                *(400, 401, 402, 403, 405, 406, 407, 413, 414, 415, 420, 421, 423, 428, 436, 437, 438),
                *(481, 482, 483, 488, 491, 493, 505, 513, 606),
            ],
            [65, 70, 88, 95, 96, 97, 98, 99, 100, 101, 111],
        ),
        (O.UNSPECIFIED, [181, 302, 499, 699], [127]),
        (O.COMPLETED, [200], []),
    ],
)
def test_sip_codes_and_causes(outcome: Outcome, codes: list[int], causes: list[int]) -> None:
    assert {code: from_sip(code) for code in codes} == dict.fromkeys(codes, outcome)
    assert {cause: Q850_OUTCOMES[cause] for cause in causes} == dict.fromkeys(causes, outcome)
    listed = {code for code, mapped in SIP_OUTCOMES.items() if mapped is outcome}
    assert listed <= set(codes)
    assert {cause for cause, mapped in Q850_OUTCOMES.items() if mapped is outcome} == set(causes)


@pytest.mark.parametrize(
    "code, q850, flags, outcome",
    [
        (480, 19, {}, O.NO_ANSWER),
        (480, 18, {}, O.NO_ANSWER),
        (480, 20, {}, O.UNREACHABLE),
        (403, 21, {}, O.REJECTED),
        (503, 34, {}, O.RESOURCE_UNAVAILABLE),
        (503, None, {"retry_after": True}, O.RESOURCE_UNAVAILABLE),
        (500, 17, {}, O.BUSY),
        (486, 16, {}, O.BUSY),
        (486, 31, {}, O.BUSY),
        (404, 127, {}, O.INVALID),
        (599, 31, {}, O.UNREACHABLE),
        (599, 127, {}, O.UNSPECIFIED),
        (607, 21, {}, O.UNWANTED),
        (603, 17, {}, O.REJECTED),
        (404, 3, {}, O.NETWORK_ERROR),
        (487, None, {"ring_timeout": True}, O.NO_ANSWER),
        (487, 31, {"ring_timeout": True}, O.NO_ANSWER),
        (487, None, {"cancelled_by_us": True}, O.CANCELLED),
        (200, None, {"cancelled_by_us": True}, O.COMPLETED),
        (None, None, {}, O.NETWORK_ERROR),
        (None, 17, {}, O.BUSY),
        (None, None, {"cancelled_by_us": True}, O.CANCELLED),
    ],
)
def test_sip_with_a_reason(code: int | None, q850: int | None, flags: dict[str, bool], outcome: Outcome) -> None:
    assert from_sip(code, q850, **flags) is outcome


def test_every_sip_code_has_an_outcome_and_its_own_word() -> None:
    assert all(isinstance(from_sip(code, cause), Outcome) for code in range(100, 700) for cause in (None, 16, 200))
    assert (sip_detail(486), sip_detail(480, 19), sip_detail(None)) == ("486", "480 Q.850 19", "no response")


@pytest.mark.parametrize(
    "state, word, outcome, final",
    [
        (0, "SCHEDUL", O.SENT, False),
        (1, "ENROUTE", O.SENT, False),
        (2, "DELIVRD", O.DELIVERED, True),
        (3, "EXPIRED", O.EXPIRED, True),
        (4, "DELETED", O.DROPPED, True),
        (5, "UNDELIV", O.UNDELIVERED, True),
        (6, "ACCEPTD", O.SENT, False),
        (7, "UNKNOWN", O.DELIVERY_UNKNOWN, False),
        (8, "REJECTD", O.REJECTED, True),
        (9, "SKIPPED", O.DROPPED, True),
        (77, "XYZZY", O.UNSPECIFIED, True),
    ],
)
def test_smpp_states_and_receipts_agree(state: int, word: str, outcome: Outcome, final: bool) -> None:
    assert from_message_state(state) == from_receipt_word(f" {word.lower()} ") == Reading(outcome, final)


@pytest.mark.parametrize("word", ["FAILED", "EXPIRED", "delivered", "Undelivered"])
def test_receipt_words_outside_the_standard_are_recognised(word: str) -> None:
    assert from_receipt_word(word).outcome is not O.UNSPECIFIED


@pytest.mark.parametrize(
    "status, outcome",
    [
        (0x00, O.SENT),
        (0x0B, O.INVALID),
        (0x14, O.THROTTLED),
        (0x58, O.THROTTLED),
        (0x45, O.SERVICE_UNAVAILABLE),
        (0x65, O.UNDELIVERED),
        (0x66, O.REJECTED),
        (0x03, O.PROTOCOL_ERROR),
        (0xFF, O.UNSPECIFIED),
    ],
)
def test_submit_answers(status: int, outcome: Outcome) -> None:
    assert from_command_status(status) is outcome


@pytest.mark.parametrize(
    "status, error, outcome, final",
    [
        ("accepted", None, O.SENT, False),
        ("scheduled", None, O.SENT, False),
        ("queued", None, O.SENT, False),
        ("sending", None, O.SENT, False),
        ("sent", None, O.SENT, False),
        ("delivered", None, O.DELIVERED, True),
        ("undelivered", None, O.UNDELIVERED, True),
        ("undelivered", 30003, O.UNREACHABLE, True),
        ("undelivered", 30005, O.INVALID, True),
        ("undelivered", 39999, O.UNDELIVERED, True),
        ("failed", None, O.FAILED, True),
        ("failed", 21610, O.OPTED_OUT, True),
        ("failed", 30001, O.THROTTLED, True),
        ("canceled", None, O.CANCELLED, True),
        ("partially_delivered", None, O.DELIVERY_UNKNOWN, True),
        ("read", None, O.OPENED, True),
        ("delivered", 30003, O.DELIVERED, True),
        ("receiving", None, O.UNSPECIFIED, True),
    ],
)
def test_twilio_messages(status: str, error: int | None, outcome: Outcome, final: bool) -> None:
    assert from_message_status(status, error) == Reading(outcome, final)


@pytest.mark.parametrize(
    "status, answered_by, outcome, final",
    [
        ("queued", None, O.SENT, False),
        ("initiated", None, O.SENT, False),
        ("ringing", None, O.SENT, False),
        ("in-progress", "human", O.SENT, False),
        ("completed", None, O.COMPLETED, True),
        ("completed", "human", O.COMPLETED, True),
        ("completed", "machine_start", O.VOICEMAIL, True),
        ("completed", "machine_end_beep", O.VOICEMAIL, True),
        ("completed", "machine_end_silence", O.VOICEMAIL, True),
        ("completed", "machine_end_other", O.VOICEMAIL, True),
        ("completed", "fax", O.FAX, True),
        ("completed", "unknown", O.COMPLETED, True),
        ("busy", None, O.BUSY, True),
        ("no-answer", None, O.NO_ANSWER, True),
        ("canceled", None, O.CANCELLED, True),
        ("failed", None, O.FAILED, True),
    ],
)
def test_twilio_calls(status: str, answered_by: str | None, outcome: Outcome, final: bool) -> None:
    assert from_call_status(status, answered_by) == Reading(outcome, final)


@pytest.mark.parametrize(
    "reply, outcome",
    [
        ("250 2.0.0 Ok: queued", O.SENT),
        ("421 4.7.0 Try again later", O.DEFERRED),
        ("450 4.2.1 greylisted", O.DEFERRED),
        ("451 4.3.0 local error", O.DEFERRED),
        ("452 4.2.2 mailbox full", O.DEFERRED),
        ("454 Throttling failure: maximum sending rate exceeded", O.THROTTLED),
        ("550 5.1.1 no such user", O.BOUNCED),
        ("550 5.1.2 no such host", O.BOUNCED),
        ("553 5.1.3 bad syntax", O.BOUNCED),
        ("550 5.1.6 moved", O.BOUNCED),
        ("556 5.1.10 null MX", O.BOUNCED),
        ("550 5.1.8 bad sender", O.PROTOCOL_ERROR),
        ("550 5.7.515 sender does not meet the required authentication level", O.REJECTED),
        ("554 5.7.1 blocked", O.REJECTED),
        ("535 5.7.8 bad credentials", O.PROTOCOL_ERROR),
        ("530 authentication required", O.PROTOCOL_ERROR),
        ("552 5.2.2 over quota", O.MAILBOX_FULL),
        ("550 5.2.1 disabled", O.INVALID),
        ("552 5.3.4 too big", O.UNDELIVERED),
        ("554 5.4.14 hop count exceeded", O.UNDELIVERED),
        ("503 5.5.1 bad sequence", O.PROTOCOL_ERROR),
        ("550 5.6.0 content refused", O.REJECTED),
        ("550 mailbox unavailable", O.INVALID),
        ("554 transaction failed", O.REJECTED),
        ("599 what", O.REJECTED),
        ("999 what", O.UNSPECIFIED),
    ],
)
def test_smtp_replies(reply: str, outcome: Outcome) -> None:
    code, _, text = reply.partition(" ")
    found = from_smtp(int(code), enhanced_code(text))
    assert found is outcome
    assert suppresses(found) == (enhanced_code(text) in {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"})
    if code.startswith("4"):
        assert found in CARRIER_FAULTS
        assert not burns(found)


@pytest.mark.parametrize("detail", range(0, 600, 7))
def test_a_policy_refusal_never_suppresses(detail: int) -> None:
    assert not suppresses(from_smtp(550, f"5.7.{detail}"))


@pytest.mark.parametrize(
    "action, status, outcome",
    [
        ("delivered", "2.0.0", O.DELIVERED),
        ("Relayed", "2.1.9", O.SENT),
        ("expanded", "2.0.0", O.SENT),
        ("delayed", "4.4.1", O.DEFERRED),
        ("failed", "5.1.1", O.BOUNCED),
        ("failed", "5.2.2", O.MAILBOX_FULL),
        ("failed", "5.7.1", O.REJECTED),
        ("failed", "4.4.7", O.EXPIRED),
        ("failed", "4.2.2", O.UNDELIVERED),
        ("failed", None, O.UNSPECIFIED),
        ("exploded", "5.1.1", O.UNSPECIFIED),
    ],
)
def test_delivery_reports(action: str, status: str | None, outcome: Outcome) -> None:
    assert from_dsn(action, status) is outcome


def test_an_address_in_the_text_is_no_enhanced_code() -> None:
    assert enhanced_code("5.1.1 <a@b.org>: gone") == "5.1.1"
    assert enhanced_code("mailbox unavailable") is None
    assert enhanced_code("connect to 10.5.1.1 failed") is None
