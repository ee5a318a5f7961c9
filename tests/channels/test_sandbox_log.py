"""The carrier's own log: it outlives a killed process, shows a double dial, and a void id is never dialled."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clarion.app.ports.channel import Accepted, NeverAsked, NotKnown, Order, StillRunning
from clarion.channels.sandbox.driver import SandboxDriver, SandboxNetwork
from clarion.channels.sandbox.log import Answer, read_log, read_voids
from clarion.channels.sandbox.settings import Faults, SandboxSettings
from clarion.core.contacts import Attempt, Report
from clarion.core.outcomes import Channel, Outcome

MakeOrder = Callable[..., Order]
MakeAttempt = Callable[[Order], Attempt]
NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
LATER = NOON + timedelta(days=3)
GOAL = "+12125550190"


def carrier(directory: Path | None, **changes: object) -> SandboxDriver:
    """A process's voice driver on the shared log."""
    return SandboxDriver(Channel.VOICE, SandboxNetwork(SandboxSettings(log_dir=directory, **changes)))  # type: ignore[arg-type]


@pytest.fixture(params=["file", "memory"])
def line(request: pytest.FixtureRequest, tmp_path: Path) -> SandboxDriver:
    """A driver with each kind of log."""
    return carrier(tmp_path if request.param == "file" else None)


async def test_every_ask_is_written_down_with_who_asked(tmp_path: Path, order: MakeOrder) -> None:
    line = carrier(tmp_path)
    await line.begin([order(1, GOAL), order(2, "+12125550198"), order(3, "+12125550199")])
    await line.close()
    first, failed, lost = read_log(tmp_path)
    assert (first.attempt_id, first.channel, first.address, first.sender) == (1, "voice", GOAL, "+12125550000")
    assert (first.trunk_id, first.asked_at, first.pid) == (1, NOON, os.getpid())
    assert [a.answer for a in (first, failed, lost)] == [Answer.ACCEPTED, Answer.FAILED, Answer.LOST]
    assert [a.dialled for a in (first, failed, lost)] == [True, False, True]
    assert failed.outcome is not None
    assert list(read_log(tmp_path / "carrier.db")) == [first, failed, lost]


async def test_a_repeat_is_a_second_line_but_not_a_second_call(tmp_path: Path, order: MakeOrder) -> None:
    line = carrier(tmp_path)
    answers = await line.begin([order(1, GOAL), order(1, GOAL)])
    answers = [*answers, *await line.begin([order(1, GOAL)])]
    assert answers == [Accepted(1, "sandbox-1", NOON)] * 3
    reports = line.collect(LATER)
    assert len(reports) == 1
    assert await line.begin([order(1, GOAL, at=LATER)]) == list(reports)
    assert [a.answer for a in read_log(tmp_path)] == [Answer.ACCEPTED, *[Answer.REPEAT] * 3]


async def test_what_was_never_asked_is_void_from_then_on(
    line: SandboxDriver, order: MakeOrder, attempt: MakeAttempt
) -> None:
    late, made = order(1, GOAL), order(2, GOAL)
    await line.begin([made])
    fates = await line.lookup([attempt(late), attempt(made)], NOON)
    assert fates == [NeverAsked(1), StillRunning(2, "sandbox-2")]
    refused, again = await line.begin([late, made])
    assert isinstance(refused, Report)
    assert (refused.outcome, refused.detail, refused.final) == (Outcome.CANCELLED, "void", True)
    assert isinstance(again, Accepted)
    assert [r.attempt_id for r in line.collect(LATER)] == [2]


async def test_a_refused_ask_is_no_dial(tmp_path: Path, order: MakeOrder, attempt: MakeAttempt) -> None:
    line = carrier(tmp_path)
    await line.lookup([attempt(order(1, GOAL))], NOON)
    await line.begin([order(1, GOAL)])
    (ask,) = read_log(tmp_path)
    assert (ask.answer, ask.dialled) == (Answer.REFUSED, False)
    assert read_voids(tmp_path) == {1}


async def test_another_process_recomputes_the_fate(tmp_path: Path, order: MakeOrder, attempt: MakeAttempt) -> None:
    asked, heir = carrier(tmp_path), carrier(tmp_path)
    orders = [order(n, f"+1212200{n:04d}") for n in range(1, 300)]
    begun = {b.attempt_id: b for b in await asked.begin(orders)}
    told = {r.attempt_id: r for r in asked.collect(LATER)}
    told.update((n, b) for n, b in begun.items() if isinstance(b, Report))
    soon = NOON + timedelta(seconds=20)
    fates = await heir.lookup([attempt(o) for o in orders], soon)
    over = {f.attempt_id: f for f in fates if isinstance(f, Report)}
    adopted = {r.attempt_id: r for r in heir.collect(LATER)}
    assert over | adopted == told
    assert all(r.at <= soon for r in over.values())
    assert {f.attempt_id for f in fates if isinstance(f, StillRunning)} == set(adopted)


async def test_looking_up_twice_adopts_once(line: SandboxDriver, order: MakeOrder, attempt: MakeAttempt) -> None:
    one = order(1, "+12125550199")
    await line.begin([one])
    for _ in range(2):
        assert await line.lookup([attempt(one)], NOON) == [StillRunning(1, "sandbox-1")]
    assert len(line.collect(LATER)) == 1


async def test_a_call_that_was_hung_up_stays_so_for_others(
    tmp_path: Path, order: MakeOrder, attempt: MakeAttempt
) -> None:
    asked, heir = carrier(tmp_path), carrier(tmp_path)
    one = order(1, GOAL)
    await asked.begin([one])
    asked.collect(NOON + timedelta(seconds=2))
    await asked.stop([1])
    (fate,) = await heir.lookup([attempt(one)], LATER)
    assert [fate] == list(asked.collect(LATER))
    assert isinstance(fate, Report)
    assert fate.outcome is Outcome.CANCELLED


async def test_a_carrier_without_look_up_voids_nothing(tmp_path: Path, order: MakeOrder, attempt: MakeAttempt) -> None:
    line = carrier(tmp_path, lookup_works=False, faults=Faults(0, 0, 0))
    (fate,) = await line.lookup([attempt(order(1, GOAL))], NOON)
    assert isinstance(fate, NotKnown)
    assert isinstance((await line.begin([order(1, GOAL)]))[0], Accepted)


ASKER = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from clarion.app.ports.channel import Order, Trunk
from clarion.channels.sandbox.driver import SandboxDriver, SandboxNetwork
from clarion.channels.sandbox.settings import SandboxSettings
from clarion.core.outcomes import Channel

async def main(directory: str, first: int) -> None:
    line = SandboxDriver(Channel.VOICE, SandboxNetwork(SandboxSettings(log_dir=Path(directory))))
    trunk = Trunk(1, 1, Channel.VOICE, "s", "sandbox")
    at = datetime(2026, 11, 23, 17, tzinfo=UTC)
    for start in range(first, first + 1_000_000, 20):
        ids = range(start, start + 20)
        orders = [Order(n, 1, 1, n, 1, Channel.VOICE, f"+1212{n:07d}", None, trunk, at) for n in ids]
        for answer in await line.begin(orders):
            print(answer.attempt_id, flush=False)
        sys.stdout.flush()

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def test_two_processes_share_the_log_and_killing_them_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    children = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(ASKER), str(tmp_path), str(first)], stdout=subprocess.PIPE, text=True
        )
        for first in (1, 2_000_001)
    ]
    answered: list[set[int]] = []
    for child in children:
        assert child.stdout is not None
        answered.append({int(child.stdout.readline()) for _ in range(200)})
    for child in children:
        os.kill(child.pid, signal.SIGKILL)
    for child, told in zip(children, answered, strict=True):
        assert child.stdout is not None
        told.update(int(line) for line in child.stdout if line.endswith("\n"))
        child.stdout.close()
        child.wait()
    asks = list(read_log(tmp_path))
    assert len({a.attempt_id for a in asks}) == len(asks)
    assert {a.pid for a in asks} == {child.pid for child in children}
    for child, told in zip(children, answered, strict=True):
        logged = {a.attempt_id for a in asks if a.pid == child.pid}
        assert told <= logged
        assert len(logged) % 20 == 0


async def test_waiting_for_the_log_does_not_stop_the_loop(tmp_path: Path, order: MakeOrder) -> None:
    line = carrier(tmp_path)
    other = sqlite3.connect(tmp_path / "carrier.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    asking = asyncio.create_task(line.begin([order(1, GOAL)]))  # type: ignore[arg-type]
    await asyncio.sleep(0.05)
    assert not asking.done()
    other.execute("COMMIT")
    other.close()
    assert isinstance((await asking)[0], Accepted)
