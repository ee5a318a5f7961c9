"""TLS: a certificate that is right lets a call through, and any that is not ends it as the network's fault."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from far_end import FarEnd, TlsDoor, answered, bye_taken, refused
from sip_callers import Papers, plan_for

from clarion.channels.voice.sip.endings import Why, outcome_of
from clarion.channels.voice.sip.line import Line
from clarion.core.outcomes import Outcome

Far = Callable[..., Awaitable[FarEnd]]
OpenLine = Callable[..., Awaitable[Line]]
Door = Callable[[tuple[Path, Path]], Awaitable[TlsDoor]]


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    """Opens a TLS door with a certificate."""
    doors: list[TlsDoor] = []

    async def make(paper: tuple[Path, Path]) -> TlsDoor:
        doors.append(TlsDoor(*paper))
        await doors[-1].open()
        return doors[-1]

    yield make
    for one in doors:
        await one.close()


async def test_a_good_certificate(open_line: OpenLine, far: Far, door: Door, papers: Papers) -> None:
    ca = str(papers.authority)
    line = await open_line(ca_files=(ca,))
    there = await far([*answered(), *bye_taken()], door=await door(papers.good))
    call = await line.dial(plan_for(there, ca_file=ca))
    assert await call.answered(), call.ending
    await call.hang_up()
    assert outcome_of(await call.ended()) is Outcome.COMPLETED
    await there.saw("BYE")


@pytest.mark.parametrize(
    "kind, said",
    [
        ("own", "self signed certificate"),
        ("other_name", "Hostname mismatch"),
        ("expired", "certificate has expired"),
    ],
)
async def test_a_bad_certificate(
    open_line: OpenLine, far: Far, door: Door, papers: Papers, kind: str, said: str
) -> None:
    ca = str(papers.authority)
    line = await open_line(ca_files=(ca,))
    there = await far([*answered(), *bye_taken()], door=await door(getattr(papers, kind)))
    call = await line.dial(plan_for(there, ca_file=ca))
    ended = await call.ended()
    assert (ended.why, ended.code, outcome_of(ended)) == (Why.CERTIFICATE, None, Outcome.NETWORK_ERROR)
    assert ended.detail == f"certificate refused: {said}"
    assert there.log() == ""


async def test_an_authority_that_nobody_vouches_for(open_line: OpenLine, far: Far, door: Door, papers: Papers) -> None:
    line = await open_line()
    there = await far([*answered(), *bye_taken()], door=await door(papers.good))
    ended = await (await line.dial(plan_for(there))).ended()
    assert (ended.why, outcome_of(ended)) == (Why.CERTIFICATE, Outcome.NETWORK_ERROR)
    assert ended.detail == "certificate refused: unable to get local issuer certificate"


async def test_an_address_cannot_be_checked(open_line: OpenLine, far: Far, door: Door, papers: Papers) -> None:
    ca = str(papers.authority)
    line = await open_line(ca_files=(ca,))
    there = await far([*answered(), *bye_taken()], door=await door(papers.good))
    ended = await (await line.dial(plan_for(there, ca_file=ca, host="127.0.0.1"))).ended()
    assert (ended.why, ended.detail) == (Why.NOT_DIALLED, "a certificate can only be checked against a host's name")


async def test_a_line_that_was_opened_without_the_authority(line: Line, far: Far, door: Door, papers: Papers) -> None:
    there = await far([*answered(), *bye_taken()], door=await door(papers.good))
    ended = await (await line.dial(plan_for(there, ca_file=str(papers.authority)))).ended()
    assert (ended.why, outcome_of(ended)) == (Why.NOT_DIALLED, Outcome.RESOURCE_UNAVAILABLE)


async def test_unchecked_only_when_asked_for(open_line: OpenLine, far: Far, door: Door, papers: Papers) -> None:
    line = await open_line(verify=False)
    there = await far(refused(486, "Busy Here"), door=await door(papers.own))
    ended = await (await line.dial(plan_for(there))).ended()
    assert (ended.why, ended.detail) == (
        Why.NOT_DIALLED,
        "this process does not check certificates, and the trunk asks for it",
    )
    call = await line.dial(plan_for(there, verify=False))
    assert outcome_of(await call.ended()) is Outcome.BUSY
