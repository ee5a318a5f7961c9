"""How a call ended as an outcome, row by row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from clarion.app.ports.channel import Lost
from clarion.channels.voice.sip.endings import (
    WHO,
    CloseText,
    Ended,
    Told,
    Who,
    Why,
    outcome_of,
    read_cause,
    read_close_text,
    report_of,
)
from clarion.channels.voice.sip.ladder import final_response, heard_back, read_trace, their_bye
from clarion.core.contacts import Report
from clarion.core.outcomes import CARRIER_FAULTS, Outcome

O = Outcome  # noqa: E741
AT = datetime(2026, 11, 23, 17, 0, 30, tzinfo=UTC)
UP = AT - timedelta(seconds=12)


@pytest.mark.parametrize(
    "text, code, reason, q850",
    [
        ("486 Busy Here", 486, "Busy Here", None),
        ('486 Busy Here,Q.850;cause=17;text="User busy"', 486, "Busy Here", 17),
        ("480 ,q.850 ;cause=19", 480, "", 19),
        ('603 Decline,SIP;cause=603;text="no",Q.850;cause=21', 603, 'Decline,SIP;cause=603;text="no"', 21),
        ("404", 404, "", None),
        ("Connection reset by peer [104]", None, "Connection reset by peer [104]", None),
        ("Rejected by user", None, "Rejected by user", None),
        ("1234 five", None, "1234 five", None),
        ("", None, "", None),
    ],
)
def test_close_texts(text: str, code: int | None, reason: str, q850: int | None) -> None:
    assert read_close_text(text) == CloseText(code, reason, q850)


@pytest.mark.parametrize(
    "header, cause",
    [
        ('Q.850;cause=16;text="Normal call clearing"', 16),
        ('SIP;cause=200;text="Call completed elsewhere"', None),
        ('SIP;cause=480, Q.850;text="gone";cause=20', 20),
        ("Q.850; cause = 41", 41),
        ("Q.850;cause=999", None),
        ("Q.850;text=no", None),
        ("", None),
    ],
)
def test_reason_headers(header: str, cause: int | None) -> None:
    assert read_cause(header) == cause


@pytest.mark.parametrize(
    "why, code, q850, answered, outcome, detail",
    [
        (Why.FAR_END, 486, None, False, O.BUSY, "486"),
        (Why.FAR_END, 600, None, False, O.BUSY, "600"),
        (Why.FAR_END, 480, 18, False, O.NO_ANSWER, "480 Q.850 18"),
        (Why.FAR_END, 480, 20, False, O.UNREACHABLE, "480 Q.850 20"),
        (Why.FAR_END, 404, 1, False, O.INVALID, "404 Q.850 1"),
        (Why.FAR_END, 487, None, False, O.NO_ANSWER, "487"),
        (Why.FAR_END, 503, 34, False, O.RESOURCE_UNAVAILABLE, "503 Q.850 34"),
        (Why.FAR_END, 603, 21, False, O.REJECTED, "603 Q.850 21"),
        (Why.FAR_END, 607, None, False, O.UNWANTED, "607"),
        (Why.FAR_END, 407, None, False, O.PROTOCOL_ERROR, "407"),
        (Why.FAR_END, 302, None, False, O.UNSPECIFIED, "302"),
        (Why.FAR_END, 200, 16, True, O.COMPLETED, "200 Q.850 16"),
        (Why.RING_TIMEOUT, 487, None, False, O.NO_ANSWER, "nobody answered in time"),
        (Why.RING_TIMEOUT, None, None, False, O.NO_ANSWER, "nobody answered in time"),
        (Why.RING_TIMEOUT, 200, None, False, O.ABANDONED, "nobody answered in time"),
        (Why.HUNG_UP, 487, None, False, O.CANCELLED, "hung up by us"),
        (Why.HUNG_UP, 200, None, True, O.COMPLETED, "hung up by us"),
        (Why.MAX_DURATION, 200, None, True, O.EXCEEDED_MAX_DURATION, "hung up at the longest duration"),
        (Why.RTP_TIMEOUT, 200, None, True, O.NETWORK_ERROR, "no sound came any more"),
        (Why.TRANSFERRED, 200, None, True, O.COMPLETED, "transferred"),
        (Why.NO_RESPONSE, None, None, False, O.NETWORK_ERROR, "no response from the trunk's host"),
        (Why.TRANSPORT, None, None, False, O.NETWORK_ERROR, "so it says"),
        (Why.TRANSPORT, 200, None, True, O.NETWORK_ERROR, "so it says"),
        (Why.CERTIFICATE, None, None, False, O.NETWORK_ERROR, "so it says"),
        (Why.NOT_DIALLED, None, None, False, O.RESOURCE_UNAVAILABLE, "so it says"),
        (Why.LINE_DEAD, None, None, False, O.UNKNOWN, "so it says"),
        (Why.LINE_DEAD, 200, None, True, O.UNKNOWN, "so it says"),
    ],
)
def test_outcomes(why: Why, code: int | None, q850: int | None, answered: bool, outcome: Outcome, detail: str) -> None:
    ended = Ended(why, AT, code, "so it says", q850, answered_at=UP if answered else None)
    assert (outcome_of(ended), ended.detail) == (outcome, detail)
    if ended.who is Who.NETWORK:
        assert outcome in CARRIER_FAULTS


def test_every_end_is_somebodys() -> None:
    assert set(WHO) == set(Why)


def test_retry_after_tells_a_full_trunk_from_a_broken_one() -> None:
    ended = Ended(Why.FAR_END, AT, 503, "Service Unavailable", retry_after=timedelta(seconds=7))
    report = report_of(7, ended, "abc@host")
    assert isinstance(report, Report)
    assert (report.outcome, report.retry_after) == (O.RESOURCE_UNAVAILABLE, timedelta(seconds=7))
    assert outcome_of(Ended(Why.FAR_END, AT, 503)) is O.SERVICE_UNAVAILABLE


@pytest.mark.parametrize("heard", [O.VOICEMAIL, O.CALLBACK_REQUESTED, O.OPTED_OUT])
@pytest.mark.parametrize("why", [Why.FAR_END, Why.HUNG_UP, Why.MAX_DURATION, Why.RTP_TIMEOUT, Why.TRANSFERRED])
def test_what_was_heard_comes_before_how_it_ended(why: Why, heard: Outcome) -> None:
    assert outcome_of(Ended(why, AT, 200, answered_at=UP), heard) is heard
    assert outcome_of(Ended(Why.FAR_END, AT, 486), heard) is O.BUSY


def test_a_report_carries_it_all() -> None:
    ended = Ended(Why.FAR_END, AT, 200, q850=16, answered_at=UP)
    report = report_of(7, ended, "abc@host", Told(results={"booked": True}, raw={"codec": "pcmu"}))
    assert isinstance(report, Report)
    assert (report.attempt_id, report.at, report.answered_at, report.provider_id) == (7, AT, UP, "abc@host")
    assert report.results == {"booked": True}
    assert report.raw == {"why": "far_end", "who": "them", "code": 200, "q850": 16, "codec": "pcmu"}


@pytest.mark.parametrize("answered", [None, UP])
def test_a_call_that_died_with_us_is_lost(answered: datetime | None) -> None:
    ended = Ended(Why.LINE_DEAD, AT, reason="SIP thread exited", answered_at=answered)
    assert report_of(7, ended, "abc@host") == Lost(7, AT, "SIP thread exited")


def trace(head: str, line: str, *headers: str) -> str:
    """A message as the stack writes it to its log."""
    return f"{head} UDP 127.0.0.1:1 -> 127.0.0.1:2\n" + "\r\n".join([line, *headers, "", "v=0"])


@pytest.mark.parametrize(
    "text, method, code, q850, wait",
    [
        (trace("TX", "INVITE sip:a@b SIP/2.0", "Call-ID: x", "CSeq: 1 INVITE"), "INVITE", None, None, None),
        (trace("RX", "SIP/2.0 180 Ringing", "CSeq: 1 INVITE", "call-id:x"), "INVITE", 180, None, None),
        (trace("RX", "SIP/2.0 503 No", "i: x", "CSeq: 1 INVITE", "Retry-After: 9 (later)"), "INVITE", 503, None, 9),
        (
            trace("RX", "BYE sip:a SIP/2.0", "Call-ID: x", "CSeq: 7 BYE", "Reason: Q.850;cause=16"),
            "BYE",
            None,
            16,
            None,
        ),
    ],
)
def test_rungs(text: str, method: str, code: int | None, q850: int | None, wait: int | None) -> None:
    rung = read_trace(text, 5.0)
    assert rung is not None
    assert (rung.method, rung.code, rung.q850, rung.call_id, rung.at) == (method, code, q850, "x", 5.0)
    assert rung.sent is text.startswith("TX")
    assert rung.retry_after == (timedelta(seconds=wait) if wait else None)


@pytest.mark.parametrize("text", ["", "hello", "RX UDP a -> b\n\r\n\r\n", "RX UDP a -> b\nINVITE x SIP/2.0\r\n\r\n"])
def test_what_is_no_message(text: str) -> None:
    assert read_trace(text, 0) is None


def test_reading_a_ladder() -> None:
    rows = [
        trace("TX", "INVITE sip:a SIP/2.0", "Call-ID: x", "CSeq: 1 INVITE"),
        trace("RX", "SIP/2.0 407 Who", "Call-ID: x", "CSeq: 1 INVITE"),
        trace("TX", "INVITE sip:a SIP/2.0", "Call-ID: x", "CSeq: 2 INVITE"),
        trace("RX", "SIP/2.0 200 OK", "Call-ID: x", "CSeq: 2 INVITE"),
        trace("RX", "SIP/2.0 200 OK", "Call-ID: x", "CSeq: 3 INFO"),
        trace("RX", "BYE sip:a SIP/2.0", "Call-ID: x", "CSeq: 9 BYE"),
    ]
    ladder = [rung for rung in (read_trace(row, 0) for row in rows) if rung is not None]
    assert not heard_back(ladder[:1])
    assert heard_back(ladder[:2])
    final = final_response(ladder)
    assert final is not None
    assert final.code == 200
    assert their_bye(ladder) is ladder[-1]
    assert their_bye(ladder[:-1]) is None
