"""A line on loopback, and far ends that a test writes itself."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from far_end import HOST, FarEnd, TlsDoor, open_ear
from sip_callers import Papers, WallClock

from clarion.channels.voice.sip.line import Line, LineConfig


@pytest.fixture
async def open_line() -> AsyncIterator[Callable[..., Awaitable[Line]]]:
    """Opens the line of this process; `open_line(verify=False)` differs from the usual."""
    lines: list[Line] = []

    async def make(**changes: Any) -> Line:
        lines.append(
            await Line.open(WallClock(), LineConfig(**{"interface": HOST, "rtp_ports": (12_000, 19_999), **changes}))
        )
        return lines[-1]

    yield make
    for line in lines:
        await line.close()


@pytest.fixture
async def line(open_line: Callable[..., Awaitable[Line]]) -> Line:
    """A line on loopback."""
    return await open_line()


@pytest.fixture
async def far(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[FarEnd]]]:
    """Starts a far end: `await far(refused(486, "Busy Here"))`; words of its ear in `ear`."""
    running: list[FarEnd] = []

    async def make(steps: list[str], *, transport: str = "udp", door: TlsDoor | None = None, **ear: Any) -> FarEnd:
        if door is not None:
            transport = "tcp"
        one = FarEnd(tmp_path, steps, await open_ear(**ear), transport=transport, tls_port=door.port if door else 0)
        one.start()
        if door is not None:
            door.behind = one.port
        running.append(one)
        return one

    yield make
    for one in running:
        one.stop()
        if one.ear.transport is not None:
            one.ear.transport.close()


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    """Certificates of every kind."""
    folder = tmp_path_factory.mktemp("papers")

    def run(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    run("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "9", "-subj", "/CN=Test authority")

    def signed(name: str, subject: str, names: str, *dates: str) -> tuple[Path, Path]:
        run("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={subject}")
        (folder / f"{name}.ext").write_text(f"subjectAltName={names}\n")
        by = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", f"{name}.ext")
        run("x509", "-req", "-in", f"{name}.csr", *by, "-out", f"{name}.pem", *(dates or ("-days", "9")))
        return folder / f"{name}.pem", folder / f"{name}.key"

    good = signed("good", "localhost", "IP:127.0.0.1,DNS:localhost")
    other = signed("other", "sip.elsewhere.example", "DNS:sip.elsewhere.example")
    expired = signed("expired", "localhost", "IP:127.0.0.1,DNS:localhost", "-days", "-1")
    run("req", "-x509", *key, "-keyout", "own.key", "-out", "own.pem", "-days", "9", "-subj", "/CN=127.0.0.1")
    return Papers(folder / "ca.pem", good, other, (folder / "own.pem", folder / "own.key"), expired)
