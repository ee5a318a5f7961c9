"""Calls to SIPp far ends over real sockets: how each ends, and what can be done in one."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from far_end import (
    ANSWER_TO_OURS,
    IN_CALL,
    INVITE,
    FarEnd,
    answered,
    bye_taken,
    pause,
    recv,
    refused,
    reply,
    request,
    sdp,
    send,
)
from sip_callers import plan_for

from clarion.channels.voice.sip.endings import Why, outcome_of
from clarion.channels.voice.sip.line import Call, Line
from clarion.channels.voice.sip.settings import Identity, Transport
from clarion.core.outcomes import Outcome

O = Outcome  # noqa: E741
Far = Callable[..., Awaitable[FarEnd]]

REASON = 'Reason: Q.850;cause={};text="so it says"'


@pytest.mark.parametrize(
    "code, reason, headers, outcome, detail",
    [
        (486, "Busy Here", [], O.BUSY, "486"),
        (486, "Busy Here", [REASON.format(17)], O.BUSY, "486 Q.850 17"),
        (480, "Temporarily Unavailable", [], O.UNREACHABLE, "480"),
        (480, "Temporarily Unavailable", [REASON.format(19)], O.NO_ANSWER, "480 Q.850 19"),
        (404, "Not Found", [], O.INVALID, "404"),
        (404, "Not Found", [REASON.format(38)], O.NETWORK_ERROR, "404 Q.850 38"),
        (408, "Request Timeout", [], O.TIMEOUT, "408"),
        (503, "Service Unavailable", ["Retry-After: 7"], O.RESOURCE_UNAVAILABLE, "503"),
        (503, "Service Unavailable", [], O.SERVICE_UNAVAILABLE, "503"),
        (603, "Decline", [], O.REJECTED, "603"),
        (607, "Unwanted", [], O.UNWANTED, "607"),
        (302, "Moved Temporarily", ["Contact: <sip:elsewhere@127.0.0.1:9>"], O.UNSPECIFIED, "302"),
        (488, "Not Acceptable Here", [], O.PROTOCOL_ERROR, "488"),
        (500, "Server Internal Error", [], O.SERVICE_UNAVAILABLE, "500"),
    ],
)
async def test_a_final_response_is_an_outcome(
    line: Line, far: Far, code: int, reason: str, headers: list[str], outcome: Outcome, detail: str
) -> None:
    there = await far(refused(code, reason, *headers))
    call = await line.dial(plan_for(there))
    assert await call.answered() is False
    ended = await call.ended()
    assert (ended.why, ended.code, ended.detail) == (Why.FAR_END, code, detail)
    assert outcome_of(ended) is outcome
    assert ended.retry_after == (timedelta(seconds=7) if "Retry-After: 7" in headers else None)
    assert [rung.code or rung.method for rung in call.ladder] == ["INVITE", code, "ACK"]
    assert line.calls == 0


TERMINATED = send(
    "SIP/2.0 487 Request Terminated\n[last_Via:]\n[last_From:]\n[last_To:];tag=far[call_number]\n[last_Call-ID:]\n"
    "CSeq:[$1]\nContent-Length: 0\n\n",
    again=True,
)
RINGS = [INVITE, reply(180, "Ringing"), recv("CANCEL"), reply(200, "OK", to=IN_CALL), TERMINATED, recv("ACK")]


async def test_nobody_answers_and_we_cancel(line: Line, far: Far) -> None:
    there = await far(RINGS)
    call = await line.dial(plan_for(there, ring=0.5))
    ended = await call.ended()
    assert call.ringing
    assert (ended.why, ended.code, outcome_of(ended)) == (Why.RING_TIMEOUT, 487, O.NO_ANSWER)
    await there.saw("ACK")
    assert there.first_lines() == ["INVITE", "180", "CANCEL", "200", "487", "ACK"]


async def test_hung_up_while_it_rings_is_cancelled(line: Line, far: Far) -> None:
    there = await far(RINGS)
    call = await line.dial(plan_for(there))
    await asyncio.sleep(0.1)
    await call.hang_up()
    ended = await call.ended()
    assert (ended.why, outcome_of(ended)) == (Why.HUNG_UP, O.CANCELLED)


async def test_answered_in_the_moment_of_our_cancel(line: Line, far: Far) -> None:
    """The 200 crosses the CANCEL: the stack acknowledges it and hangs up (RFC 3261, 9.1 and 15)."""
    ok = "SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:];tag=far[call_number]\n[last_Call-ID:]\nCSeq:[$1]\n"
    body = f"Contact: <{{contact}}>\nContent-Type: application/sdp\nContent-Length: [len]\n\n{sdp()}\n"
    steps = [INVITE, reply(180, "Ringing"), recv("CANCEL"), reply(200, "OK", to=IN_CALL), send(ok + body, again=True)]
    there = await far([*steps, recv("ACK"), *bye_taken()])
    call = await line.dial(plan_for(there, ring=0.3))
    ended = await call.ended()
    assert (ended.why, outcome_of(ended)) == (Why.RING_TIMEOUT, O.ABANDONED)
    await there.saw("BYE")
    await asyncio.sleep(0.1)
    assert there.first_lines()[-3:] == ["ACK", "BYE", "200"]


async def test_a_trunk_that_is_not_there(line: Line, far: Far) -> None:
    """Nothing answers: that is the trunk's fault, and no "no answer" of the person."""
    there = await far([INVITE, pause(5000)])
    call = await line.dial(plan_for(there, response_timeout=1, ring=3))
    started = time.monotonic()
    ended = await call.ended()
    assert time.monotonic() - started < 2
    assert (ended.why, ended.code, outcome_of(ended)) == (Why.NO_RESPONSE, None, O.NETWORK_ERROR)
    assert ended.detail == "no response from the trunk's host"


async def test_answered_while_our_cancel_waits_for_its_turn(
    line: Line, far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = await far([*answered(after=250), *bye_taken()])
    monkeypatch.setattr(line, "turn_to_hang_up", lambda: asyncio.sleep(0.4))
    call = await line.dial(plan_for(there, ring=0.1, longest=0.4))
    assert await call.answered()
    ended = await call.ended()
    assert (ended.why, outcome_of(ended)) == (Why.MAX_DURATION, O.EXCEEDED_MAX_DURATION)
    assert "CANCEL" not in there.first_lines()


async def test_an_answer_that_comes_after_we_gave_the_trunk_up(line: Line, far: Far) -> None:
    """Somebody picked up a call that we no longer have: the stack hangs up, and nobody listens to silence."""
    late = [INVITE, pause(900), reply(200, "OK", "Contact: <{contact}>", body=sdp(), again=True), recv("ACK")]
    there = await far([*late, *bye_taken()], transport="tcp")
    call = await line.dial(plan_for(there, response_timeout=0.6))
    assert (await call.ended()).why is Why.NO_RESPONSE
    await there.saw("BYE", 2)


async def test_ringing_that_comes_after_we_gave_the_trunk_up(line: Line, far: Far) -> None:
    there = await far([INVITE, pause(900), *RINGS[1:]], transport="tcp")
    call = await line.dial(plan_for(there, response_timeout=0.6))
    assert (await call.ended()).why is Why.NO_RESPONSE
    assert (line.calls, len(line._given_up)) == (0, 1)
    await there.saw("CANCEL", 2)
    await line.drain()
    assert line._given_up == {}


async def test_trying_that_comes_after_we_hung_up(line: Line, far: Far) -> None:
    there = await far([INVITE, pause(300), reply(100, "Trying"), *RINGS[2:]], transport="tcp")
    call = await line.dial(plan_for(there))
    await call.hang_up()
    ended = await call.ended()
    assert (ended.why, outcome_of(ended)) == (Why.HUNG_UP, O.CANCELLED)
    await there.saw("CANCEL", 2)


@pytest.mark.parametrize("transport", [Transport.TCP, Transport.TLS])
async def test_a_refused_connection(line: Line, far: Far, transport: Transport) -> None:
    there = await far([INVITE])
    there.stop()
    call = await line.dial(plan_for(there, transport=transport, host="localhost"))
    ended = await call.ended()
    assert (ended.code, outcome_of(ended)) == (None, O.NETWORK_ERROR)
    assert ended.detail


async def test_a_host_that_does_not_exist(line: Line, far: Far) -> None:
    there = await far([INVITE])
    call = await line.dial(plan_for(there, host="no-such-host.invalid", response_timeout=2))
    ended = await call.ended()
    assert (ended.why, outcome_of(ended)) == (Why.TRANSPORT, O.NETWORK_ERROR)
    assert ended.detail == "the name no-such-host.invalid is not found"


async def test_a_host_that_cannot_be_reached_from_here(line: Line, far: Far) -> None:
    """This line is on loopback: the network of 192.0.2.0 (RFC 5737) is none of its."""
    there = await far([INVITE])
    ended = await (await line.dial(plan_for(there, host="192.0.2.9"))).ended()
    assert (ended.why, outcome_of(ended)) == (Why.TRANSPORT, O.NETWORK_ERROR)
    assert ended.detail == "there is no way to 192.0.2.9 from this machine"


async def talk(call: Call, seconds: float) -> bytes:
    """Say a 400 Hz square wave, frame by frame, and return what is heard."""
    half = call.rate // 800
    wave = struct.pack("<h", 9000) * half + struct.pack("<h", -9000) * half
    frame, heard = (wave * 50)[: call.rate // 50 * 2], b""
    end = time.monotonic() + seconds
    while time.monotonic() < end and call.ending is None:
        call.write(frame)
        while got := call.read():
            assert len(got) == call.rate // 50 * 2
            heard += got
        await asyncio.sleep(0.02)
    return heard


def loudness(pcm: bytes) -> float:
    """Mean of the samples' size."""
    samples = memoryview(pcm).cast("h")
    return sum(abs(s) for s in samples) / max(1, len(samples))


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_sound_both_ways(line: Line, far: Far, transport: str) -> None:
    there = await far([*answered(after=50), *bye_taken()], transport=transport)
    call = await line.dial(plan_for(there, headers={"X-Campaign": "17"}))
    assert await call.answered()
    assert call.rate == 0 or call.rate == 8000
    await asyncio.sleep(0.05)
    heard = await talk(call, 0.8)
    assert len(heard) > 8000 * 2 * 0.4
    assert loudness(heard[-3200:]) > 4000
    await call.hang_up()
    ended = await call.ended()
    assert (ended.why, ended.code, outcome_of(ended)) == (Why.HUNG_UP, 200, O.COMPLETED)
    assert ended.answered_at is not None
    assert ended.ended_at > ended.answered_at
    assert call.quality is not None
    assert call.quality.received > 20
    assert "X-Campaign: 17" in there.log()
    assert "sip:+12025550000@" in there.log()
    assert call.read() == b""
    assert call.write(b"\0\0") == 0


@pytest.mark.parametrize(
    "codec, number, name, rate",
    [
        ("pcmu", 0, "PCMU/8000", 8000),
        ("pcma", 8, "PCMA/8000", 8000),
        ("g722", 9, "G722/8000", 16000),
        ("opus", 96, "opus/48000/2", 48000),
    ],
)
async def test_each_codec(line: Line, far: Far, codec: str, number: int, name: str, rate: int) -> None:
    there = await far([*answered(sdp([(number, name)])), *bye_taken()])
    call = await line.dial(plan_for(there, codecs=(codec,)))
    assert await call.answered()
    await asyncio.sleep(0.05)
    assert call.rate == rate
    heard = await talk(call, 0.7)
    assert loudness(heard[-rate // 5 :]) > 2000
    assert {packet.payload_type for packet in there.ear.heard} == {number}
    await call.hang_up()
    await call.ended()


async def test_no_codec_in_common(line: Line, far: Far) -> None:
    there = await far(refused(488, "Not Acceptable Here"))
    call = await line.dial(plan_for(there, codecs=("opus",)))
    assert outcome_of(await call.ended()) is O.PROTOCOL_ERROR
    assert " 96" in next(row for row in there.log().splitlines() if row.startswith("m=audio"))


async def test_the_order_of_codecs_is_ours(line: Line, far: Far) -> None:
    there = await far(refused(486, "Busy Here"))
    call = await line.dial(plan_for(there, codecs=("opus", "g722", "pcma", "pcmu")))
    await call.ended()
    offered = next(row for row in there.log().splitlines() if row.startswith("m=audio")).split()
    assert offered[3:7] == ["96", "9", "8", "0"]
    assert 12_000 <= int(offered[1]) < 20_000


async def test_sound_before_the_answer(line: Line, far: Far) -> None:
    steps = [INVITE, reply(183, "Session Progress", "Contact: <{contact}>", body=sdp()), pause(600)]
    there = await far([*steps, *refused(486, "Busy Here")[1:]])
    call = await line.dial(plan_for(there))
    heard = b""
    while call.ending is None:
        heard += call.read()
        await asyncio.sleep(0.01)
    ended = await call.ended()
    assert len(heard) > 3200
    assert (ended.code, ended.answered_at, outcome_of(ended)) == (486, None, O.BUSY)


async def test_the_far_end_hangs_up(line: Line, far: Far) -> None:
    there = await far([*answered(), pause(300), request("BYE", 1, REASON.format(16)), ANSWER_TO_OURS])
    call = await line.dial(plan_for(there))
    ended = await call.ended()
    assert (ended.why, ended.code, ended.q850, outcome_of(ended)) == (Why.FAR_END, 200, 16, O.COMPLETED)
    assert ended.detail == "200 Q.850 16"


async def test_answered_and_gone_at_once(line: Line, far: Far) -> None:
    there = await far([*answered(), request("BYE", 1), ANSWER_TO_OURS])
    call = await line.dial(plan_for(there))
    assert await call.answered()
    ended = await call.ended()
    assert (ended.why, outcome_of(ended)) == (Why.FAR_END, O.COMPLETED)


async def test_the_longest_duration(line: Line, far: Far) -> None:
    there = await far([*answered(), *bye_taken()])
    call = await line.dial(plan_for(there, longest=0.6))
    ended = await call.ended()
    assert ended.answered_at is not None
    assert 0.55 < (ended.ended_at - ended.answered_at).total_seconds() < 1.2
    assert (ended.why, outcome_of(ended)) == (Why.MAX_DURATION, O.EXCEEDED_MAX_DURATION)
    await there.saw("BYE")


@pytest.mark.parametrize("reads", [True, False])
async def test_sound_that_stops(line: Line, far: Far, reads: bool) -> None:
    there = await far([*answered(), *bye_taken()], deaf_after=0.4)
    call = await line.dial(plan_for(there, rtp_timeout=0.8))
    await call.answered()
    started = time.monotonic()
    if reads:
        await talk(call, 3)
    ended = await call.ended()
    assert 1.0 < time.monotonic() - started < 2.2
    assert (ended.why, outcome_of(ended)) == (Why.RTP_TIMEOUT, O.NETWORK_ERROR)
    await there.saw("BYE")


async def test_keys_that_we_press(line: Line, far: Far) -> None:
    there = await far([*answered(), *bye_taken()], echo=False)
    call = await line.dial(plan_for(there))
    await call.answered()
    await talk(call, 0.1)
    assert await call.send_dtmf("15#")
    await asyncio.sleep(0.1)
    assert there.ear.keys() == "15#"
    await call.hang_up()
    assert not await call.send_dtmf("1")


async def test_keys_that_they_press(line: Line, far: Far) -> None:
    there = await far([*answered(), *bye_taken()], echo=False)
    call = await line.dial(plan_for(there))
    await call.answered()
    await talk(call, 0.1)
    for n, key in enumerate("7*"):
        there.ear.press(key, first=100 + 20 * n)
    assert await asyncio.wait_for(call.pressed.get(), 1) == "7"
    assert await asyncio.wait_for(call.pressed.get(), 1) == "*"


ACCEPTS = reply(202, "Accepted", "Contact: <{contact}>", to=IN_CALL)
FRAG = ("Event: refer", "Subscription-State: {}", "Content-Type: message/sipfrag;version=2.0")


def notify(number: int, state: str, frag: str) -> str:
    """What became of a transfer so far."""
    return request("NOTIFY", number, *(line.replace("{}", state) for line in FRAG), body=frag)


async def test_a_transfer_that_is_taken(line: Line, far: Far) -> None:
    steps = [*answered(), recv("REFER"), ACCEPTS, notify(1, "active", "SIP/2.0 100 Trying"), ANSWER_TO_OURS]
    steps += [notify(2, "terminated", "SIP/2.0 200 OK"), ANSWER_TO_OURS, *bye_taken()]
    there = await far(steps)
    call = await line.dial(plan_for(there))
    await call.answered()
    moved = await call.transfer("+12125550199", timeout=2)
    assert moved.accepted
    ended = await call.ended()
    assert (ended.why, outcome_of(ended)) == (Why.TRANSFERRED, O.COMPLETED)
    assert ended.target == call.plan.settings.uri("+12125550199")
    assert "Refer-To:" in there.log()
    assert "sip:+12125550199@" in there.log()


@pytest.mark.parametrize("late", [False, True])
async def test_a_transfer_that_is_refused(line: Line, far: Far, late: bool) -> None:
    if late:
        says = [ACCEPTS, notify(1, "terminated", "SIP/2.0 486 Busy Here"), ANSWER_TO_OURS]
    else:
        says = [reply(603, "Decline", to=IN_CALL)]
    there = await far([*answered(), recv("REFER"), *says, *bye_taken()])
    call = await line.dial(plan_for(there))
    await call.answered()
    moved = await call.transfer("sip:help@127.0.0.1", timeout=2)
    assert (moved.accepted, moved.code) == (False, 486 if late else 603)
    assert call.ending is None
    assert len(await talk(call, 0.3)) > 0
    await call.hang_up()
    ended = await call.ended()
    assert (ended.why, ended.target) == (Why.HUNG_UP, None)


CHALLENGE = 'Proxy-Authenticate: Digest realm="far", nonce="8f3a", algorithm=MD5, qop="auth"'
WWW = CHALLENGE.replace("Proxy", "WWW")


def challenged(password: str) -> list[str]:
    """401 first, and 200 for this password or 401 again. (SIPp checks no Proxy-Authorization.)"""
    check = f'<verifyauth assign_to="5" username="clarion" password="{password}"/>'
    refusal = [reply(401, "Unauthorized", WWW, again=True), recv("ACK")]
    again = [recv("INVITE", action=check), '<nop next="1" test="5"/>']
    right = [*answered()[1:], *bye_taken()]
    return [INVITE, *refusal, *again, *refusal, '<nop next="2"/><label id="1"/>', *right, '<label id="2"/>', pause(10)]


async def test_the_right_password(line: Line, far: Far) -> None:
    there = await far(challenged("s3cret; word"))
    call = await line.dial(plan_for(there, username="clarion", password="s3cret; word"))
    assert await call.answered(), there.log()
    await call.hang_up()
    assert (await call.ended()).code == 200
    assert 'username="clarion"' in there.log()
    assert "From: <sip:+12025550000@" in there.log()


@pytest.mark.parametrize("code", [401, 407])
async def test_a_wrong_password(line: Line, far: Far, code: int) -> None:
    refusal = [reply(code, "Who are you", WWW if code == 401 else CHALLENGE, again=True), recv("ACK")]
    there = await far([INVITE, *refusal, recv("INVITE"), *refusal])
    call = await line.dial(plan_for(there, username="clarion", password="guess"))
    ended = await call.ended()
    assert (ended.why, ended.code, outcome_of(ended)) == (Why.FAR_END, code, O.PROTOCOL_ERROR)
    assert there.first_lines() == ["INVITE", str(code), "ACK"] * 2


@pytest.mark.parametrize("code, reason", [(401, "Unauthorized"), (403, "Forbidden")])
async def test_a_registration_that_is_refused(line: Line, far: Far, code: int, reason: str) -> None:
    asked = [recv("REGISTER"), reply(401, "Unauthorized", WWW)]
    there = await far([*asked, recv("REGISTER"), reply(code, reason, WWW)])
    plan = plan_for(there, username="clarion", password="guess", register=True, response_timeout=2)
    for _ in range(2):
        call = await line.dial(plan)
        ended = await call.ended()
        assert (ended.why, ended.code, outcome_of(ended)) == (Why.FAR_END, code, O.PROTOCOL_ERROR)
    assert there.first_lines() == ["REGISTER", "401", "REGISTER", str(code)]


async def test_registered_once_and_then_called(line: Line, far: Far) -> None:
    there = await far([recv("REGISTER"), reply(200, "OK", "Contact: <sip:clarion@127.0.0.1>;expires=600")])
    plan = plan_for(there, username="clarion", password="x", register=True, ring=0.5, response_timeout=0.5)
    await asyncio.gather(*[(await line.dial(plan)).ended() for _ in range(2)])
    assert there.log().count("REGISTER sip:") == 1
    assert "INVITE sip:+12125550123" in there.log()


@pytest.mark.parametrize(
    "identity, wanted",
    [
        (Identity.FROM, ["From: <sip:+12025550007@127.0.0.1:"]),
        (Identity.ASSERTED, ["From: <sip:clarion@127.0.0.1:", "P-Asserted-Identity: <sip:+12025550007@127.0.0.1>"]),
        (Identity.REMOTE_PARTY, ["From: <sip:clarion@127.0.0.1:", "Remote-Party-ID: <sip:+12025550007@127.0.0.1>;"]),
    ],
)
async def test_where_the_caller_id_is_written(line: Line, far: Far, identity: Identity, wanted: list[str]) -> None:
    there = await far(refused(486, "Busy Here"))
    account = {"username": "clarion", "password": "x", "identity": identity}
    await (await line.dial(plan_for(there, caller_id="+12025550007", **account))).ended()
    for header in wanted:
        assert header in there.log()


async def test_a_call_on_hold_is_not_silent_by_mistake(line: Line, far: Far) -> None:
    """The far end's re-INVITE puts us on hold, without sound; that is no broken call."""
    held = sdp() + "\na=sendonly"
    ack = request("ACK", 1).replace(' retrans="500"', "")
    steps = [*answered(), pause(200), request("INVITE", 1, "Content-Type: application/sdp", body=held), ANSWER_TO_OURS]
    there = await far([*steps, ack, *bye_taken()], deaf_after=0.2)
    call = await line.dial(plan_for(there, rtp_timeout=0.6, longest=1.6))
    ended = await call.ended()
    assert ended.why is Why.MAX_DURATION


async def test_a_session_refresh_is_answered(line: Line, far: Far) -> None:
    """A carrier's UPDATE and re-INVITE (RFC 4028) do not disturb the sound."""
    ack = request("ACK", 2).replace(' retrans="500"', "")
    again = [request("INVITE", 2, "Content-Type: application/sdp", body=sdp()), ANSWER_TO_OURS, ack]
    there = await far([*answered(), pause(100), request("UPDATE", 1), ANSWER_TO_OURS, *again, *bye_taken()])
    call = await line.dial(plan_for(there))
    assert await call.answered()
    await talk(call, 0.4)
    assert loudness((await talk(call, 0.4))[-1600:]) > 4000
    await call.hang_up()
    assert (await call.ended()).why is Why.HUNG_UP


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP])
async def test_through_a_proxy_by_the_trunks_transport(line: Line, far: Far, transport: Transport) -> None:
    there = await far(refused(486, "Busy Here"), transport=str(transport))
    plan = plan_for(
        there, host="carrier.invalid", port=5060, proxy=f"127.0.0.1:{there.port}", from_domain="acme.example"
    )
    assert outcome_of(await (await line.dial(plan)).ended()) is O.BUSY
    assert f"INVITE sip:+12125550123@carrier.invalid:5060;transport={transport} SIP/2.0" in there.log()
    assert "From: <sip:+12025550000@acme.example>" in there.log()


async def test_registered_at_the_host_under_another_domain(line: Line, far: Far) -> None:
    there = await far([recv("REGISTER"), reply(200, "OK", "Contact: <sip:clarion@127.0.0.1>;expires=600")])
    account = {"username": "clarion", "password": "x", "register": True, "from_domain": "acme.example"}
    call = await line.dial(plan_for(there, **account, response_timeout=1, ring=0.5))
    await call.ended()
    assert "REGISTER sip:acme.example" in there.log()
