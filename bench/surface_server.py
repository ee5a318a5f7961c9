"""What the bench of the vendors' APIs asks: our server in a process of its own, its ledger, and the bare floor."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import select, update

from clarion.app.actor import Actor
from clarion.app.agents import create_agent
from clarion.app.keys import authenticate
from clarion.boot.settings import Settings
from clarion.boot.wiring import House, open_house
from clarion.core.campaigns import Campaign, CampaignStatus, Plan
from clarion.core.outcomes import AttemptState, Channel, Outcome
from clarion.core.retries import Retries
from clarion.store import schema
from ground import add_waiting
from surface_requests import Request

PATIENCE = 60.0
MEBIBYTE = 1024
FLOOR: Request = ("POST", "/rows", {"name": "Ann", "number": "+12125550190"})


@dataclass
class Server:
    """A server in a process of its own, and one connection to it that stays open."""

    process: subprocess.Popen[bytes]
    port: int

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=900)

    def ask(self, request: Request, headers: Mapping[str, str] = {}) -> tuple[float, Any]:
        """Seconds that it took, and the answer."""
        method, path, body = request
        content = None if body is None else json.dumps(body).encode()
        start = time.perf_counter()
        self.connection.request(method, path, content, {"Content-Type": "application/json", **headers})
        response = self.connection.getresponse()
        told = response.read()
        took = time.perf_counter() - start
        if response.status >= 300:
            raise SystemExit(f"{method} {path}: {response.status} {told[:500].decode()}")
        return took, json.loads(told) if told else None

    def cpu(self) -> float:
        """Seconds of processor time that it has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_mib(self) -> float:
        """Its largest resident memory so far."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / MEBIBYTE
        return float("nan")


@contextlib.contextmanager
def started(command: list[str]) -> Iterator[Server]:
    """Run a server whose command takes `--port`; wait until it listens."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
    process = subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.DEVNULL)
    try:
        give_up = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if time.monotonic() > give_up or process.poll() is not None:
                    raise SystemExit(f"{command[0]} does not listen") from None
                time.sleep(0.05)
        yield Server(process, port)
    finally:
        process.terminate()
        process.wait(30)


def serving(folder: Path) -> contextlib.AbstractContextManager[Server]:
    """Our server over the ledger in a folder; `--role api`: nobody is called meanwhile."""
    clarion = Path(sys.executable).with_name("clarion")
    return started([str(clarion), "serve", "--data", str(folder), "--role", "api", "--log-level", "error"])


def initialise(folder: Path) -> str:
    """A ledger with an organisation; its owner's key."""
    clarion = Path(sys.executable).with_name("clarion")
    done = subprocess.run([clarion, "init", "--data", folder, "--json"], check=True, stdout=subprocess.PIPE)
    key: str = json.loads(done.stdout)["api_key"]
    return key


async def furnish(folder: Path, key: str, campaigns: int, people: int) -> None:
    """An agent, and running campaigns with people who wait."""
    async with open_house(Settings(data=folder)) as house:
        actor = await authenticate(house.database, house.clock, key)
        config = {"prompt": "Be brief.", "autocalls": {"type": "outbound"}}
        await create_agent(house.database, house.clock, actor, "Ava", config)
        for n in range(campaigns):
            await _campaign(house, actor, n, people // campaigns)


async def _campaign(house: House, actor: Actor, n: int, people: int) -> None:
    now = house.clock.now()
    async with house.database.write() as tx:
        campaign = Campaign(
            id=(await tx.new_ids("campaigns"))[0],
            organization_id=actor.organization_id,
            name=f"Campaign {n}",
            channel=Channel.VOICE,
            status=CampaignStatus.RUNNING,
            plan=Plan(retries=Retries(max_attempts=3)),
            plan_version=1,
            agent_id=1,
            created_at=now,
            updated_at=now,
            started_at=now,
        )
        await tx.campaigns.insert(campaign)
        batch = await tx.campaigns.get_or_create_default_batch(actor.organization_id, campaign.id, now)
    await add_waiting(house.database, campaign, batch.id, now, people)
    await _attempts(house, campaign, batch.id, people // 2)


async def _attempts(house: House, campaign: Campaign, batch_id: int, count: int) -> None:
    """So many of a campaign's people did not answer yesterday."""
    then = house.clock.now() - timedelta(days=1)
    async with house.database.write() as tx:
        rows = await tx.session.execute(
            select(schema.contacts.c.id, schema.contacts.c.address)
            .where(schema.contacts.c.campaign_id == campaign.id)
            .limit(count)
        )
        people = rows.all()
        ids = await tx.new_ids("attempts", len(people))
        tried = [
            {
                "id": n,
                "organization_id": campaign.organization_id,
                "campaign_id": campaign.id,
                "batch_id": batch_id,
                "contact_id": contact_id,
                "number": 1,
                "channel": Channel.VOICE,
                "address": address,
                "person": address,
                "state": AttemptState.ENDED,
                "outcome": Outcome.NO_ANSWER,
                "burns": True,
                "sandbox": True,
                "released_at": then,
                "begun_at": then,
                "ended_at": then + timedelta(seconds=30),
            }
            for n, (contact_id, address) in zip(ids, people, strict=True)
        ]
        await tx.session.insert_many(schema.attempts, tried)
        await tx.session.execute(
            update(schema.queue)
            .where(schema.queue.c.contact_id.in_([contact_id for contact_id, _ in people]))
            .values(tries=1, burned=1, last_outcome=Outcome.NO_ANSWER, band=11)
        )
        done = len(people)
        told = {"attempts": done, "first_attempts": done, "outcome:no_answer": done, "last:no_answer": done}
        await tx.queue.count(0, {(campaign.id, batch_id, key): n for key, n in told.items()})


class Row(BaseModel):
    """What the floor inserts."""

    name: str
    number: str


def run_floor(port: int, path: str) -> None:
    """The bare endpoint: one row, one transaction, on disk before it answers."""
    link = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    link.execute("PRAGMA journal_mode = WAL")
    link.execute("PRAGMA synchronous = FULL")
    link.execute("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, name TEXT, number TEXT)")
    app = FastAPI()

    @app.post("/rows")
    async def insert(row: Row) -> dict[str, int | None]:
        return {"id": link.execute("INSERT INTO rows (name, number) VALUES (?, ?)", (row.name, row.number)).lastrowid}

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error")
