"""A process's line: agents are kept, hang-ups take turns, it drains, wears out and dies as it should."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import baresip
import pytest
from far_end import FarEnd, answered, bye_taken, free_port, refused, request
from sip_callers import plan_for

from clarion.channels.voice.sip import line as line_module
from clarion.channels.voice.sip.endings import Why, outcome_of
from clarion.channels.voice.sip.line import HANG_UP_GAP, Line, to_mono, to_stereo
from clarion.core.outcomes import Outcome

Far = Callable[..., Awaitable[FarEnd]]
OpenLine = Callable[..., Awaitable[Line]]


async def test_one_agent_for_each_trunk_and_caller_id(line: Line, far: Far) -> None:
    there = await far(refused(486, "Busy Here"))
    for caller in ("+12025550001", "+12025550002", "+12025550001", "+12025550002"):
        await (await line.dial(plan_for(there, caller_id=caller))).ended()
    assert len(line._agents) == 2
    assert line.dialled == 4


async def test_calls_at_once_share_a_new_agent(line: Line, far: Far) -> None:
    there = await far(refused(486, "Busy Here"))
    calls = await asyncio.gather(*(line.dial(plan_for(there)) for _ in range(10)))
    assert {outcome_of(await call.ended()) for call in calls} == {Outcome.BUSY}
    assert len({call.call_id for call in calls}) == 10
    assert len(line._agents) == 1
    assert (line.calls, line._ladders, line._early) == (0, {}, {})


async def test_more_than_the_librarys_two_calls(line: Line, far: Far) -> None:
    there = await far([*answered(), *bye_taken()])
    calls = await asyncio.gather(*(line.dial(plan_for(there)) for _ in range(8)))
    assert all([await call.answered() for call in calls])
    assert line.calls == 8
    started = time.monotonic()
    await asyncio.gather(*(call.hang_up() for call in calls))
    await asyncio.gather(*(call.ended() for call in calls))
    byes = sorted(rung.at for call in calls for rung in call.ladder if rung.sent and rung.method == "BYE")
    assert len(byes) == 8
    assert byes[-1] - byes[0] >= 7 * HANG_UP_GAP - 0.05
    assert time.monotonic() - started < 2.5


async def test_draining_lets_calls_end_by_themselves(line: Line, far: Far) -> None:
    there = await far([*answered(), *bye_taken()])
    call = await line.dial(plan_for(there, longest=0.4))
    assert await call.answered()
    draining = asyncio.create_task(line.drain())
    await asyncio.sleep(0.05)
    refusal = await (await line.dial(plan_for(there))).ended()
    assert (refusal.why, outcome_of(refusal)) == (Why.NOT_DIALLED, Outcome.RESOURCE_UNAVAILABLE)
    assert not draining.done()
    await draining
    ended = await call.ended()
    assert ended.why is Why.MAX_DURATION


async def test_closing_hangs_up(open_line: OpenLine, far: Far) -> None:
    there = await far([*answered(), *bye_taken()])
    line = await open_line()
    call = await line.dial(plan_for(there))
    assert await call.answered()
    await line.close()
    assert (await call.ended()).why is Why.HUNG_UP
    await there.saw("BYE")


async def test_a_line_can_be_opened_again(open_line: OpenLine, far: Far) -> None:
    there = await far(refused(486, "Busy Here"))
    for _ in range(2):
        line = await open_line()
        assert outcome_of(await (await line.dial(plan_for(there))).ended()) is Outcome.BUSY
        await line.close()


async def test_it_says_when_it_is_worn_out(open_line: OpenLine, far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    there = await far(refused(486, "Busy Here"))
    line = await open_line(max_calls=2)
    assert line.worn_out is None
    for n in range(2):
        await (await line.dial(plan_for(there, caller_id=f"+1202555000{n}"))).ended()
    assert line.worn_out == "2 calls"
    monkeypatch.setattr(line_module, "HANDLES", 2)
    assert line.worn_out == "2 user agents"
    # It still dials: the calls that were promised to it are made.
    assert outcome_of(await (await line.dial(plan_for(there))).ended()) is Outcome.BUSY


async def test_memory_wears_it_out_too(open_line: OpenLine) -> None:
    line = await open_line(max_rss=1_000_000)
    assert (line.worn_out or "").endswith("MB of memory")


async def test_a_dead_stack_loses_its_calls_and_takes_no_more(line: Line, far: Far) -> None:
    there = await far([*answered(), *bye_taken()])
    call = await line.dial(plan_for(there))
    assert await call.answered()
    assert line._runtime.on_dead is not None
    line._runtime.on_dead()
    ended = await call.ended()
    assert (ended.why, outcome_of(ended)) == (Why.LINE_DEAD, Outcome.UNKNOWN)
    assert line.worn_out == line.dead == "the SIP thread ended"
    assert (await (await line.dial(plan_for(there))).ended()).why is Why.NOT_DIALLED


async def test_a_command_that_is_not_answered_leaves_no_open_call(
    line: Line, far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dial whose answer was lost may have reached the carrier: its fate is not known."""
    there = await far(refused(486, "Busy Here"))
    await (await line.dial(plan_for(there))).ended()

    async def stalled(*_: object, **__: object) -> None:
        raise baresip.CommandTimeout("no completion in 5.0s")

    monkeypatch.setattr(line._runtime, "cmd", stalled)
    ended = await (await line.dial(plan_for(there))).ended()
    assert (ended.why, outcome_of(ended)) == (Why.LINE_DEAD, Outcome.UNKNOWN)
    monkeypatch.undo()


async def test_a_call_whose_dialling_timed_out_is_hung_up(
    line: Line, far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = await far([*answered(after=300), *bye_taken()])
    first = await line.dial(plan_for(there))
    assert await first.answered()
    await first.hang_up()
    cmd = line._runtime.cmd

    async def forgetful(*args: Any, **more: Any) -> Any:
        await cmd(*args, **more)
        raise baresip.CommandTimeout("no completion in 5.0s")

    monkeypatch.setattr(line._runtime, "cmd", forgetful)
    call = await line.dial(plan_for(there))
    monkeypatch.undo()
    assert (await call.ended()).why is Why.LINE_DEAD
    await there.saw("CANCEL")


async def test_a_stranger_who_calls_is_turned_away(line: Line, far: Far, tmp_path: Path) -> None:
    there = await far([*answered(), request("OPTIONS", 1), *bye_taken()])
    call = await line.dial(plan_for(there))
    assert await call.answered()
    ours = next(row for row in there.log().splitlines() if row.startswith("Contact: <sip:+1202"))
    address = ours.partition("@")[2].rstrip(">")
    host, _, port = address.partition(":")
    invite = (
        f"INVITE sip:+12025550000@{address} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.0.1:{free_port()};branch=z9hG4bK1;rport\r\n"
        "From: <sip:x@127.0.0.1>;tag=1\r\nTo: <sip:y@127.0.0.1>\r\nCall-ID: stranger\r\nCSeq: 1 INVITE\r\n"
        "Contact: <sip:x@127.0.0.1>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    )
    answers: asyncio.Queue[bytes] = asyncio.Queue()

    class Stranger(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: object) -> None:
            answers.put_nowait(data)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Stranger, local_addr=("127.0.0.1", 0))
    transport.sendto(invite.encode(), (host, int(port)))
    code = b"1"
    while code.startswith(b"1"):
        code = (await asyncio.wait_for(answers.get(), 1)).split(b" ")[1]
    assert code[:1] in b"456"
    transport.close()
    assert call.ending is None


def test_channels() -> None:
    mono = b"\x01\x00\xff\xff\x00\x80\xff\x7f"
    assert to_mono(to_stereo(mono)) == mono
    assert to_mono(b"\x00\x10\x00\x20") == b"\x00\x18"
