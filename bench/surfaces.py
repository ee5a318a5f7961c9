"""How fast the four vendors' APIs answer, over a real socket: `python bench/surfaces.py`; `--quick` for a short look.

The server is `clarion serve --role api` in a process of its own, on SQLite (WAL, synchronous FULL), with 100 campaigns,
100,000 contacts and 50,000 attempts in it. Next to it stands a floor: a bare FastAPI endpoint that inserts one row into
SQLite with the same settings, asked in turn with the others. CPU time is the server's alone, which a busy machine
leaves as it is. Lists and statistics are explained by those of their statements that touch contacts, their places in
the queue, or attempts, with SQLite's plan for each.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import re
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import structlog
from sqlalchemy import event

from clarion.boot.settings import Settings
from clarion.boot.wiring import open_house
from ground import machine, quantile
from surface_requests import SURFACES, Made, Surface, many_contacts, upload_path
from surface_server import FLOOR, Server, furnish, initialise, run_floor, serving, started

BIG = re.compile(r"\b(contacts|queue|attempts)(_\d+)?\b")
"""Tables that grow with the people."""


# creates and adds


def first_of_each(server: Server, surfaces: list[Surface], key: str) -> dict[str, Made]:
    """A campaign by each surface."""
    made: dict[str, Made] = {}
    for surface in surfaces:
        _, made[surface.name] = server.ask(surface.create(), surface.header(key))
        for request in surface.after(made[surface.name]):
            server.ask(request, surface.header(key))
    return made


def latencies(server: Server, floor: Server, surfaces: list[Surface], key: str, repeats: int) -> None:
    """Creates and adds of each surface in turn, and the floor."""
    took: dict[tuple[str, str], list[float]] = {}
    made: dict[str, Made] = {}
    for n in range(-3, repeats):
        for surface in surfaces:
            headers = surface.header(key)
            seconds, made[surface.name] = server.ask(surface.create(), headers)
            _note(took, surface.name, "create", seconds, n)
            for request in surface.after(made[surface.name]):
                server.ask(request, headers)
            seconds, _ = server.ask(surface.add(made[surface.name], n), headers)
            _note(took, surface.name, "add one", seconds, n)
        seconds, _ = floor.ask(FLOOR)
        _note(took, "floor", "insert", seconds, n)
    base = quantile(took["floor", "insert"], 0.5)
    spent = _processor(server, floor, surfaces, key, made, repeats)
    for (name, what), each in took.items():
        p50, p99 = quantile(each, 0.5) * 1e3, quantile(each, 0.99) * 1e3
        print(
            f"{name:10} {what:8} p50 {p50:6.2f} ms   p99 {p99:6.2f} ms   {p50 / base / 1e3:4.1f} floors   "
            f"{spent[name, what] * 1e3:5.1f} ms of CPU"
        )


def _processor(
    server: Server, floor: Server, surfaces: list[Surface], key: str, made: Mapping[str, Made], repeats: int
) -> dict[tuple[str, str], float]:
    """Processor time that each takes, from a run of each by itself."""
    spent: dict[tuple[str, str], float] = {}
    for surface in surfaces:
        headers, campaign = surface.header(key), made[surface.name]
        before = server.cpu()
        for _ in range(repeats):
            server.ask(surface.create(), headers)
        spent[surface.name, "create"] = (server.cpu() - before) / repeats
        before = server.cpu()
        for n in range(repeats):
            server.ask(surface.add(campaign, repeats + n), headers)
        spent[surface.name, "add one"] = (server.cpu() - before) / repeats
    floor.connection.close()  # it was idle for longer than a server waits
    before = floor.cpu()
    for _ in range(repeats):
        floor.ask(FLOOR)
    spent["floor", "insert"] = (floor.cpu() - before) / repeats
    return spent


def _note(took: dict[tuple[str, str], list[float]], name: str, what: str, seconds: float, n: int) -> None:
    if n >= 0:  # before that the server warms up
        took.setdefault((name, what), []).append(seconds)


# lists and statistics


def time_looks(server: Server, surfaces: list[Surface], key: str, paths: Mapping[str, Mapping[str, str]]) -> None:
    """Each list and statistic, a few times over."""
    for surface in surfaces:
        for what, path in paths[surface.name].items():
            took = [server.ask(("GET", path, None), surface.header(key))[0] for _ in range(20)]
            print(f"{surface.name:10} {what:34} p50 {quantile(took, 0.5) * 1e3:7.2f} ms")


async def explain(folder: Path, key: str, surfaces: list[Surface], paths: Mapping[str, Mapping[str, str]]) -> None:
    """The statements of each list and statistic that touch what grows with the people, with their plans."""
    async with open_house(Settings(data=folder)) as house:
        seen: list[tuple[str, Any]] = []
        event.listen(
            house.database.engine.sync_engine,
            "before_cursor_execute",
            lambda _c, _cursor, statement, parameters, *_rest: seen.append((statement, parameters)),
        )
        link = sqlite3.connect(folder / "clarion.db")
        transport = httpx.ASGITransport(app=house.api(None, asyncio.Event()))
        async with httpx.AsyncClient(transport=transport, base_url="http://bench") as client:
            for surface in surfaces:
                for what, path in paths[surface.name].items():
                    await client.get(path, headers=dict(surface.header(key)))
                    seen.clear()
                    await client.get(path, headers=dict(surface.header(key)))
                    plans = {line for statement, values in seen for line in _plan(link, statement, values)}
                    print(f"{surface.name:10} {what}: {len(seen)} statements")
                    for line in sorted(plans) or ["touches neither contacts, queue nor attempts"]:
                        print(f"{'':13}{line}")
        link.close()


def _plan(link: sqlite3.Connection, statement: str, values: Any) -> Iterator[str]:
    if not statement.lstrip().upper().startswith(("SELECT", "WITH")):
        return
    for *_, line in link.execute(f"EXPLAIN QUERY PLAN {statement}", values):
        if BIG.search(line):
            yield line


# many at once


def bulk(folder: Path, key: str, count: int) -> None:
    """One Revox create with `count` people."""
    revox = next(each for each in SURFACES if each.name == "revox")
    with serving(folder) as server:
        server.ask(("GET", "/healthz", None))
        before = server.peak_mib()
        took, _ = server.ask(many_contacts(count), revox.header(key))
        print(
            f"revox      one create with {count:,} contacts: {took:.2f} s, {count / took:,.0f} contacts/s, "
            f"server's peak {server.peak_mib():.0f} MiB ({before:.0f} MiB before)"
        )


def upload(folder: Path, key: str, rows: int) -> None:
    """One Syllable CSV of `rows` rows, streamed."""
    syllable = next(each for each in SURFACES if each.name == "syllable")
    headers = syllable.header(key)
    with serving(folder) as server, tempfile.NamedTemporaryFile() as file:
        _, made = server.ask(syllable.create(), headers)
        for request in syllable.after(made):
            server.ask(request, headers)
        before = server.peak_mib()
        boundary = "bench-boundary"
        file.write(
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="people.csv"\r\n'
            "Content-Type: text/csv\r\n\r\nreference_id,target,first_name,amount\r\n".encode()
        )
        for start in range(0, rows, 10_000):
            lines = (
                f"u{n},+1{(512, 702, 303)[n % 3]}{2_000_000 + n // 3:07d},Ann,{n % 500}\r\n"
                for n in range(start, min(rows, start + 10_000))
            )
            file.write("".join(lines).encode())
        file.write(f"--{boundary}--\r\n".encode())
        file.flush()
        size = os.path.getsize(file.name)
        start_at = time.perf_counter()
        with open(file.name, "rb") as body:
            more = {
                **headers,
                "Content-Type": f"multipart/form-data; boundary={boundary}",
                "Content-Length": str(size),
            }
            server.connection.request("POST", upload_path(f"bench-{made['id']}"), body, more)
            response = server.connection.getresponse()
            told = response.read()
        took = time.perf_counter() - start_at
        if response.status != 200:
            raise SystemExit(f"upload: {response.status} {told[:500].decode()}")
        print(
            f"syllable   a CSV upload of {rows:,} rows ({size >> 20} MiB): {took:.0f} s, {rows / took:,.0f} rows/s, "
            f"server's peak {server.peak_mib():.0f} MiB ({before:.0f} MiB before)"
        )


def main() -> None:
    """Run what the flags say."""
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--campaigns", type=int, default=100)
    flags.add_argument("--people", type=int, default=100_000, help="waiting contacts, over all campaigns")
    flags.add_argument("--repeats", type=int, default=300, help="creates and adds of each surface")
    flags.add_argument("--bulk", type=int, default=10_000, help="contacts of one Revox create")
    flags.add_argument("--upload", type=int, default=1_000_000, help="rows of one Syllable upload")
    flags.add_argument("--only", nargs="*", default=None, help="these surfaces")
    flags.add_argument("--quick", action="store_true", help="a small run")
    flags.add_argument("--floor", help=argparse.SUPPRESS)
    flags.add_argument("--port", type=int, help=argparse.SUPPRESS)
    asked = flags.parse_args()
    if asked.floor:
        run_floor(asked.port, asked.floor)
        return
    if asked.quick:
        asked.people, asked.repeats, asked.bulk, asked.upload = 10_000, 40, 1_000, 20_000
    surfaces = [each for each in SURFACES if asked.only is None or each.name in asked.only]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    print(machine())
    with tempfile.TemporaryDirectory(prefix="clarion-bench-") as name:
        folder = Path(name)
        key = initialise(folder)
        asyncio.run(furnish(folder, key, asked.campaigns, asked.people))
        print(f"{asked.campaigns} campaigns and {asked.people:,} contacts: lists and statistics")
        with serving(folder) as server:
            made = first_of_each(server, surfaces, key)
            paths = {each.name: each.looks(made[each.name]) for each in surfaces}
            time_looks(server, surfaces, key, paths)
        asyncio.run(explain(folder, key, surfaces, paths))
        print(f"{asked.repeats} more campaigns of each, and as many times one more contact")
        command = [sys.executable, __file__, "--floor", str(folder / "floor.db")]
        with serving(folder) as server, started(command) as floor:
            latencies(server, floor, surfaces, key, asked.repeats)
        names = {each.name for each in surfaces}
        if "revox" in names:
            bulk(folder, key, asked.bulk)
        if "syllable" in names:
            upload(folder, key, asked.upload)


if __name__ == "__main__":
    main()
