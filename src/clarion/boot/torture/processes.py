"""Real `clarion serve` processes under a supervisor: started, killed, frozen, and started again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from clarion.boot.torture.diary import Diary, Freeze, now_us

STOP_SECONDS = 40.0
"""A process that was asked to stop and has not after this long is killed, and that is noted."""
TAKE_OFF_SECONDS = 0.5
"""How long a supervisor waits before it starts a process that ended by itself."""


class BrokenOff(Exception):
    """The run cannot go on."""


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Ours without settings of clarion's, so that a run depends on nothing but its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CLARION_")}
    return {**kept, **extra}


class Process:
    """One process of the house and its supervisor."""

    def __init__(
        self, name: str, arguments: Sequence[str], configs: Sequence[Path], folder: Path, diary: Diary
    ) -> None:
        """`configs`: settings files of its ordinary lives and of those without a look-up. `folder` takes its log."""
        self.name = name
        self._arguments = arguments
        self._configs = configs
        self._config = 0
        self._folder = folder
        self._diary = diary
        self._process: asyncio.subprocess.Process | None = None
        self._up = asyncio.Event()
        self._wanted = True
        self._down: float | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Of the process that runs now, if one does."""
        return self._process.pid if self._process is not None and self._up.is_set() else None

    def start(self) -> None:
        """Start it, and keep it running until `stop`."""
        self._wanted = True
        self._keeper = asyncio.create_task(self._keep())

    async def kill(self, down: float, config: int) -> None:
        """kill -9, whatever it is doing; it comes back after `down` seconds, with settings file `config`."""
        await self._up.wait()
        process = self._process
        assert process is not None
        self._config = config
        self._down = down
        self._up.clear()
        _signal(process.pid, signal.SIGKILL)

    def see_again(self) -> None:
        """If its carrier has no look-up, stop it properly and let it come back with one."""
        if self._config and self._process is not None:
            self._config = 0
            if self._process.returncode is None:
                self._down = 0.0
                _signal(self._process.pid, signal.SIGTERM)

    async def freeze(self, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after a while, if the same process is still there."""
        await self._up.wait()
        assert self._process is not None
        pid, start = self._process.pid, now_us()
        _signal(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            _signal(pid, signal.SIGCONT)
            self._diary.freezes.append(Freeze(pid, start, now_us()))

    async def stop(self) -> None:
        """Ask it to stop, and see that it does."""
        self._wanted = False
        process, keeper = self._process, self._keeper
        if keeper is None:
            return
        if process is not None and process.returncode is None:
            _signal(process.pid, signal.SIGTERM)
        done, _ = await asyncio.wait({keeper}, timeout=STOP_SECONDS)
        if not done:
            self._diary.exits.append(f"{self.name} did not stop within {STOP_SECONDS:.0f} s")
            self.destroy()
            await keeper

    def destroy(self) -> None:
        """Leave nothing behind, whatever happens."""
        self._wanted = False
        if self._process is not None and self._process.returncode is None:
            _signal(self._process.pid, signal.SIGKILL)

    async def _keep(self) -> None:
        while self._wanted:
            with (self._folder / f"{self.name}.log").open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-c",
                    "from clarion.boot.cli import main; main()",
                    "serve",
                    "--config",
                    str(self._configs[self._config]),
                    *self._arguments,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=environment({}),
                    cwd=self._folder,
                )
            self._up.set()
            code = await self._process.wait()
            self._up.clear()
            if self._down is not None:
                down, self._down = self._down, None
                await asyncio.sleep(down)
            elif self._wanted:
                self._diary.exits.append(f"{self.name} ended by itself with {code}")
                await asyncio.sleep(TAKE_OFF_SECONDS)


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


async def run_once(arguments: Sequence[str], folder: Path) -> bytes:
    """Run a `clarion` command to its end; what it printed. Raises BrokenOff with its complaint."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from clarion.boot.cli import main; main()",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment({}),
        cwd=folder,
    )
    printed, complaint = await process.communicate()
    if process.returncode != 0:
        raise BrokenOff(f"clarion {' '.join(arguments)} failed:\n{complaint.decode()}")
    return printed
