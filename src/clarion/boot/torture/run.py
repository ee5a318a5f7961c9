"""One leg of the run: the house is set up, everything that the plan says is done to it, and then it is judged."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from socket import create_server
from typing import Any

import asyncpg

from clarion.boot.torture.client import Operator, Refused, Unanswered
from clarion.boot.torture.diary import Diary
from clarion.boot.torture.evidence import Books, Evidence, Standing, read_asks
from clarion.boot.torture.gate import Gate
from clarion.boot.torture.judge import Finding, judge
from clarion.boot.torture.plan import ALL, API, AT_ONCE, BLIND, CAMPAIGNS, Deed, Engine, Mischief, Plan
from clarion.boot.torture.postgres import postgres
from clarion.boot.torture.processes import Process, run_once
from clarion.boot.torture.receiver import Receiver
from clarion.boot.torture.scene import LAST_EDITED, Scene

SPEED = 150
"""How many times faster than people the sandbox's public lives: a call takes up to two seconds."""
SETTLE_SECONDS = 20.0
"""How long the campaigns may go on undisturbed before they are ended by hand; a short run gives them half of it."""
STARTING_SECONDS = 30.0
"""How long a process may take to start on a machine that is busy."""
QUIET_SECONDS = 75.0
"""How long, after that, attempts whose worker was killed may take to be settled: the lease, the look-up, the report."""
MESSAGES_SECONDS = 240.0
"""The same for webhook messages that a killed courier had claimed; only long runs wait for it."""
SHORT_RUN = 20
"""Kills below which a run is short."""

Tell = Callable[[str, int], None]
"""Progress: what is being done, and how many kills there were."""


@dataclass(frozen=True, slots=True)
class Leg:
    """What came of one database's leg."""

    plan: Plan
    findings: Sequence[Finding]
    evidence: Evidence
    diary: Diary
    repeated: int
    """Requests that had to be sent again."""
    seconds: float

    @property
    def balances(self) -> bool:
        """Whether every check holds."""
        return all(finding.holds for finding in self.findings)


@dataclass(slots=True)
class _Ground:
    """Where a leg's processes find their database."""

    books: Books
    urls: Mapping[str, str | None]
    """By process; None is the SQLite file in the data folder."""
    direct: str | None
    gates: Mapping[str, Gate] = field(default_factory=dict)


async def run_leg(plan: Plan, database: str | None, folder: Path, tell: Tell) -> Leg:
    """Run one leg in `folder`. `database`: an empty PostgreSQL; None brings up one for this run."""
    diary, start = Diary(), time.monotonic()
    async with AsyncExitStack() as stack:
        tell(f"{plan.engine}: bringing up a database", 0)
        ground = await stack.enter_async_context(_ground(plan, database, folder))
        receiver = Receiver(diary)
        await receiver.open()
        stack.push_async_callback(receiver.close)
        key = await _found(ground, folder, plan.seed)
        port = _free_port()
        processes = {name: _process(name, ground, folder, diary, plan, port) for name in plan.processes}
        for process in processes.values():
            stack.callback(process.destroy)
            process.start()
        operator = Operator(f"http://127.0.0.1:{port}", key, f"{plan.seed}-{plan.engine}")
        stack.push_async_callback(operator.close)
        scene = Scene(operator, diary, plan)
        tell(f"{plan.engine}: setting up campaigns", 0)
        await scene.set_up(receiver.port)
        torturer = _Torturer(plan, diary, scene, processes, ground, folder, tell)
        await torturer.torture()
        await torturer.calm_down(ground.books)
        asks, voids = read_asks(folder / "carrier", diary)
        evidence = Evidence(await ground.books.ledger(), asks, voids, diary)
    findings = [*judge(evidence), _everything_was_done(plan, diary)]
    return Leg(plan, findings, evidence, diary, operator.repeated, time.monotonic() - start)


def _everything_was_done(plan: Plan, diary: Diary) -> Finding:
    """The plan was carried out: a run in which nothing went wrong proves nothing."""
    planned = {deed: sum(each.deed is deed for each in plan.mischief) for deed in Deed}
    wrong = [f"{deed}: {diary.done[deed]} of {n}" for deed, n in planned.items() if diary.done[deed] < n]
    return Finding("everything that was to go wrong did", sum(planned.values()), [*wrong, *diary.troubles])


@asynccontextmanager
async def _ground(plan: Plan, database: str | None, folder: Path) -> AsyncIterator[_Ground]:
    if plan.engine is Engine.SQLITE:
        yield _Ground(Books(folder / "data" / "clarion.db"), dict.fromkeys(plan.processes), None)
        return
    async with postgres(database, folder) as server, AsyncExitStack() as stack:
        gates = {name: Gate(server.connect) for name in plan.processes}
        for gate in gates.values():
            await gate.open()
            stack.push_async_callback(gate.close)
        urls = {name: server.url_through(gate.port) for name, gate in gates.items()}
        yield _Ground(Books(server.url), urls, server.url, gates)


def _process(name: str, ground: _Ground, folder: Path, diary: Diary, plan: Plan, port: int) -> Process:
    role = name if name in (API, ALL) else "worker"
    arguments = ["--role", role, *(["--port", str(port)] if role != "worker" else [])]
    url = ground.urls[name]
    configs = [_config(folder, f"{name}-{n}", url, plan.seed, looks_up=n == 0) for n in range(2)]
    (folder / "logs").mkdir(exist_ok=True)
    return Process(name, arguments, configs, folder / "logs", diary)


def _config(folder: Path, name: str, url: str | None, seed: int, *, looks_up: bool = True) -> Path:
    """A settings file. JSON's strings, numbers and booleans are TOML's."""
    sandbox = {
        "seed": seed,
        "speed": SPEED,
        "log_dir": str(folder / "carrier"),
        "lookup_works": looks_up,
        "ask_latency": 0.02,
    }
    settings: dict[str, Any] = {
        "data": str(folder / "data"),
        **({"database": url} if url else {}),
        "log_format": "json",
        "webhooks_allow_http": True,
        "webhooks_allow_private": ["127.0.0.0/8"],
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    lines += ["[sandbox]", *(f"{key} = {json.dumps(value)}" for key, value in sandbox.items())]
    lines += ["[sandbox.voice]", "asks_callback = 0.02"]
    path = folder / f"{name}.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


async def _found(ground: _Ground, folder: Path, seed: int) -> str:
    """The first organisation; its API key."""
    config = _config(folder, "init", ground.direct, seed)
    printed = await run_once(["init", "--json", "--config", str(config), "--name", "Torture"], folder)
    return str(json.loads(printed)["api_key"])


def _free_port() -> int:
    with create_server(("127.0.0.1", 0)) as socket:
        return int(socket.getsockname()[1])


@dataclass(slots=True)
class _Torturer:
    """Does what the plan says."""

    plan: Plan
    diary: Diary
    scene: Scene
    processes: Mapping[str, Process]
    ground: _Ground
    folder: Path
    tell: Tell

    async def torture(self) -> None:
        """Every deed at its time; the slow ones overlap."""
        await asyncio.gather(*(self._works(name, STARTING_SECONDS) for name in self.processes))
        start = time.monotonic()
        async with asyncio.TaskGroup() as deeds:
            for each in self.plan.mischief:
                await asyncio.sleep(max(0.0, start + each.at - time.monotonic()))
                self.tell(f"{self.plan.engine}: {each.deed} {each.target}", self.diary.done[Deed.KILL])
                deeds.create_task(self._try(each))

    async def calm_down(self, books: Books) -> None:
        """Let the house finish: campaigns first by themselves, then by hand; then everybody is asked to stop."""
        tell, engine, kills = self.tell, self.plan.engine, self.diary.done[Deed.KILL]
        for process in self.processes.values():
            process.see_again()
        tell(f"{engine}: letting the campaigns go on", kills)
        await asyncio.gather(*(self._works(name, STARTING_SECONDS) for name in self.processes))
        short = self.plan.kills < SHORT_RUN
        await self._until(books, SETTLE_SECONDS / (2 if short else 1), lambda now: now.live == 0 and now.waiting == 0)
        tell(f"{engine}: ending the campaigns", kills)
        await self._steered(self.scene.stop(LAST_EDITED))
        for name in CAMPAIGNS:
            if name != LAST_EDITED:
                await self._steered(self.scene.complete(name))
        tell(f"{engine}: waiting for what is in flight", kills)
        left = f"campaign_id <> {self.diary.campaigns[LAST_EDITED]}"
        swept = f"SELECT COUNT(*) FROM queue WHERE state = 'waiting' AND {left}"  # noqa: S608 - our own number
        await self._until(books, QUIET_SECONDS, lambda now: now.live == 0, also=swept)
        tell(f"{engine}: waiting for webhooks", kills)
        patience = 5.0 if short else MESSAGES_SECONDS
        self.diary.complete = await self._until(books, patience, lambda now: now.messages == 0)
        tell(f"{engine}: stopping", kills)
        await asyncio.gather(*(process.stop() for process in self.processes.values()))
        tell(f"{engine}: judging", kills)

    async def _until(
        self, books: Books, seconds: float, is_so: Callable[[Standing], bool], also: str | None = None
    ) -> bool:
        """Wait until something holds (and `also` counts nothing); whether it came to hold."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            if is_so(await books.standing()) and (also is None or (await books.query(also))[0][0] == 0):
                return True
            await asyncio.sleep(0.5)
        return False

    async def _works(self, name: str, seconds: float) -> None:
        """Wait until a process has started: its engine has a lease, or its API listens. Not for ever: it may not."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            if name == API and await self.scene.operator.listens():
                return
            with suppress(OSError, sqlite3.Error, asyncpg.PostgresError):
                if name != API and self.processes[name].pid in await self.ground.books.workers():
                    return
            await asyncio.sleep(0.3)

    async def _steered(self, doing: Any) -> None:
        try:
            await doing
        except Refused as refused:
            if "wrong_status" not in str(refused):
                raise

    async def _try(self, mischief: Mischief) -> None:
        try:
            await self._do(mischief)
        except (Refused, Unanswered) as trouble:
            self.diary.troubles.append(str(trouble))
            return
        self.diary.done[mischief.deed] += 1

    async def _do(self, mischief: Mischief) -> None:
        target, lasts, amount = mischief.target, mischief.lasts, mischief.amount
        match mischief.deed:
            case Deed.KILL:
                if not amount & AT_ONCE:
                    await self._works(target, STARTING_SECONDS)
                await self.processes[target].kill(lasts, amount & BLIND)
            case Deed.FREEZE:
                await self.processes[target].freeze(lasts)
            case Deed.LOCK:
                await asyncio.to_thread(_hold_lock, self.folder / "data" / "clarion.db", lasts)
            case Deed.PAUSE:
                await self.scene.pause(target, lasts)
            case Deed.EDIT:
                await self.scene.edit(target, amount)
            case Deed.ADD:
                await self.scene.add(target, amount)
            case deed:
                gates = self.ground.gates.values() if target == ALL else [self.ground.gates[target]]
                await asyncio.gather(*(_bar(gate, deed, lasts, amount) for gate in gates))


async def _bar(gate: Gate, deed: Deed, lasts: float, amount: int) -> None:
    match deed:
        case Deed.CUT:
            await gate.cut()
        case Deed.REFUSE:
            await gate.refuse(lasts)
        case Deed.SLOW:
            await gate.slow(lasts, amount / 1000)
        case _:
            await gate.half_open(lasts)


def _hold_lock(path: Path, seconds: float) -> None:
    """Be another writer of the SQLite file for a while."""
    other = sqlite3.connect(path, timeout=60, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        other.execute("ROLLBACK")
    finally:
        other.close()
