"""Through Kamailio with digest auth, by every transport, to SIPp."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from far_end import HOST, FarEnd, answered, bye_taken, refused
from sip_callers import Papers
from sip_edge import Edge

from clarion.channels.voice.sip.endings import Why, outcome_of
from clarion.channels.voice.sip.line import CallPlan, Line
from clarion.channels.voice.sip.settings import SipSettings, Transport
from clarion.core.outcomes import Outcome

O = Outcome  # noqa: E741
Far = Callable[..., Awaitable[FarEnd]]
Behind = Callable[[FarEnd], Edge]
OpenLine = Callable[..., Awaitable[Line]]


@pytest.fixture
async def behind(tmp_path: Path, papers: Papers) -> AsyncIterator[Behind]:
    """Puts a Kamailio in front of a far end."""
    edges: list[Edge] = []

    def make(far: FarEnd) -> Edge:
        edges.append(Edge(tmp_path, far.port, "clarion", "s3cret", papers.good))
        edges[-1].start()
        return edges[-1]

    yield make
    for edge in edges:
        edge.stop()


def through(edge: Edge, transport: Transport, papers: Papers, **changes: Any) -> CallPlan:
    """A call over this edge."""
    port = edge.tls if transport is Transport.TLS else edge.udp
    given: dict[str, Any] = {"port": port, "transport": transport, "ca_file": str(papers.authority)}
    given["host"] = "localhost"
    settings = SipSettings(username="clarion", **{**given, **changes.pop("trunk", {})})
    return CallPlan(1, settings, "+12125550123", "+12025550000", **{"password": "s3cret", **changes})


@pytest.mark.parametrize("transport", list(Transport))
async def test_an_answered_call(
    open_line: OpenLine, far: Far, behind: Behind, papers: Papers, transport: Transport
) -> None:
    there = await far([*answered(), *bye_taken()])
    line = await open_line(ca_files=(str(papers.authority),))
    call = await line.dial(through(behind(there), transport, papers))
    assert await call.answered(), call.ending
    codes = [rung.code for rung in call.ladder if rung.code is not None]
    assert codes[0] == 407
    await call.hang_up()
    assert outcome_of(await call.ended()) is O.COMPLETED
    await there.saw("BYE")


async def test_the_far_ends_word_comes_through(open_line: OpenLine, far: Far, behind: Behind, papers: Papers) -> None:
    there = await far(refused(480, "Temporarily Unavailable", "Reason: Q.850;cause=19"))
    line = await open_line(ca_files=(str(papers.authority),))
    ended = await (await line.dial(through(behind(there), Transport.TLS, papers))).ended()
    assert (ended.code, ended.q850, outcome_of(ended)) == (480, 19, O.NO_ANSWER)


@pytest.mark.parametrize(
    "changes, code",
    [({"password": "guess"}, 407), ({"trunk": {"auth_username": "other"}}, 403)],
)
async def test_credentials_that_are_refused(
    line: Line, far: Far, behind: Behind, papers: Papers, changes: dict[str, Any], code: int
) -> None:
    there = await far([*answered(), *bye_taken()])
    ended = await (await line.dial(through(behind(there), Transport.UDP, papers, **changes))).ended()
    assert (ended.why, ended.code, outcome_of(ended)) == (Why.FAR_END, code, O.PROTOCOL_ERROR)
    assert there.log() == ""


@pytest.mark.parametrize("password, outcome", [("s3cret", O.COMPLETED), ("guess", O.PROTOCOL_ERROR)])
async def test_registered_first(
    line: Line, far: Far, behind: Behind, papers: Papers, password: str, outcome: Outcome
) -> None:
    there = await far([*answered(), *bye_taken()])
    edge = behind(there)
    plan = through(edge, Transport.UDP, papers, password=password, trunk={"register": True, "host": HOST})
    call = await line.dial(plan)
    if await call.answered():
        await call.hang_up()
    ended = await call.ended()
    assert outcome_of(ended) is outcome
    assert ended.code == (200 if outcome is O.COMPLETED else 401)
