"""Encrypted sound (SDES): required, offered, and refused, against a user agent in another process."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from far_end import HOST, FarEnd, free_port, refused
from sip_callers import plan_for

from clarion.channels.voice.sip.endings import Why, outcome_of
from clarion.channels.voice.sip.line import CallPlan, Line
from clarion.channels.voice.sip.settings import SipSettings, Srtp
from clarion.core.outcomes import Outcome

Person = Callable[[str], Awaitable[int]]


@pytest.fixture
async def person() -> AsyncIterator[Person]:
    """Starts somebody who answers and echoes; its port."""
    running: list[asyncio.subprocess.Process] = []

    async def start(encryption: str) -> int:
        script = str(Path(__file__).with_name("sip_person.py"))
        for _ in range(5):  # it takes the next port too, for TLS, and somebody may have that
            port = free_port()
            process = await asyncio.create_subprocess_exec(
                sys.executable, script, str(port), encryption, stdout=asyncio.subprocess.PIPE
            )
            assert process.stdout is not None
            if (await process.stdout.readline()).strip() == b"ready":
                running.append(process)
                return port
            await process.wait()
        raise OSError("nobody is there to answer")

    yield start
    for process in running:
        process.kill()
        await process.wait()


@pytest.mark.parametrize(
    "ours, theirs, talks",
    [
        (Srtp.REQUIRED, "srtp-mand", True),
        (Srtp.REQUIRED, "srtp", True),
        (Srtp.REQUIRED, "none", False),
        (Srtp.OFFERED, "srtp", True),
        (Srtp.OFFERED, "none", True),
        (Srtp.OFF, "srtp-mand", False),
    ],
)
async def test_encrypted_sound(line: Line, person: Person, ours: Srtp, theirs: str, talks: bool) -> None:
    settings = SipSettings(HOST, await person(theirs), srtp=ours)
    call = await line.dial(CallPlan(1, settings, "far", "+12025550000", ring_timeout=timedelta(seconds=3)))
    assert await call.answered() is talks, call.ending
    if not talks:
        ended = await call.ended()
        assert (ended.why, ended.code, outcome_of(ended)) == (Why.FAR_END, 488, Outcome.PROTOCOL_ERROR)
        return
    loudest = 0
    for _ in range(40):
        call.write(b"\x00\x20" * 160)
        while frame := call.read():
            loudest = max(loudest, max(memoryview(frame).cast("h")))
        await asyncio.sleep(0.02)
    assert loudest > 7000
    await call.hang_up()
    assert outcome_of(await call.ended()) is Outcome.COMPLETED


@pytest.mark.parametrize(
    "srtp, profile", [(Srtp.OFF, "RTP/AVP"), (Srtp.OFFERED, "RTP/AVP"), (Srtp.REQUIRED, "RTP/SAVP")]
)
async def test_what_is_offered(line: Line, far: Callable[..., Awaitable[FarEnd]], srtp: Srtp, profile: str) -> None:
    there = await far(refused(486, "Busy Here"))
    await (await line.dial(plan_for(there, srtp=srtp))).ended()
    assert f" {profile} 0 8" in there.log()
    assert ("a=crypto:" in there.log()) is (srtp is not Srtp.OFF)
