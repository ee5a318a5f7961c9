"""clarion as its users run it: called in this process, or as processes of their own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson

SCRIPT = Path(sys.executable).with_name("clarion")
PATIENCE = 60.0
"""Seconds until something that must happen has happened, on a slow machine."""


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.code == 0, self.err
        return orjson.loads(self.out)


Clarion = Callable[..., Said]


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port


@contextlib.contextmanager
def running(*arguments: str | Path | int) -> Iterator[subprocess.Popen[str]]:
    """The console script at work; killed at the end if it still is."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CLARION_")}
    process = subprocess.Popen(
        [SCRIPT, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=PATIENCE)


def until(what: Callable[[], Any], why: str) -> Any:
    """Ask until the answer is something; fail with `why`."""
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        if answer := what():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"not within {PATIENCE:.0f} s: {why}")


@contextlib.contextmanager
def when_ready(port: int, *processes: subprocess.Popen[str]) -> Iterator[httpx.Client]:
    """A client of the server at `port`, once it says that it is ready."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:

        def ready() -> bool:
            for process in processes:
                assert process.poll() is None, process.communicate()
            try:
                return client.get("/readyz").status_code == 200
            except httpx.TransportError:
                return False

        until(ready, "/readyz answers 200")
        yield client
