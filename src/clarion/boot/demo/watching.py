"""Shows the performance while it runs: a live picture on a terminal, now and then a line anywhere else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from rich.console import Console
from rich.live import Live

from clarion.boot.demo.feed import Feed, Frame
from clarion.boot.demo.performance import Watch
from clarion.boot.demo.scenario import HOME, Script
from clarion.boot.demo.view import picture
from clarion.boot.demo.words import CHANNEL_NAMES

FRAMES_PER_SECOND = 8
LINE_EVERY = timedelta(hours=4)


class Watcher:
    """Looks after each step whether it is time for the next picture."""

    def __init__(self, console: Console, feed: Feed, script: Script) -> None:
        """`feed` reads the pictures."""
        self._console, self._feed, self._script = console, feed, script
        self._live: Live | None = None
        self._frame_at = 0.0
        self._line_at = script.starts_at
        self.best: Frame | None = None
        """The fullest picture so far of the middle of the play: for whoever wants to keep one."""

    @contextmanager
    def watching(self) -> Iterator[Watch]:
        """The terminal is the picture's until the end of this block; the last one stays."""
        if not self._console.is_terminal:
            yield self._line
            return
        with Live(console=self._console, auto_refresh=False, transient=False) as self._live:
            yield self._picture

    async def finish(self, now: datetime) -> None:
        """Show how it ended."""
        frame = await self._feed.frame(now)
        if self._live is not None:
            self._console.print(picture(frame, self._script, self._console.width))
        else:
            self._console.print(_line(frame), highlight=False, soft_wrap=True)

    async def _picture(self, now: datetime) -> None:
        if time.monotonic() < self._frame_at:
            return
        self._frame_at = time.monotonic() + 1 / FRAMES_PER_SECOND
        frame = await self._feed.frame(now)
        if self._live is not None:
            self._live.update(picture(frame, self._script, self._console.width), refresh=True)

    async def _line(self, now: datetime) -> None:
        if now >= self._line_at:
            self._line_at = now + LINE_EVERY
            self._console.print(_line(await self._feed.frame(now)), highlight=False, soft_wrap=True)


def _line(frame: Frame) -> str:
    """`Mon 11:00 in Chicago: voice 212 of 977, e-mail 80 of 921 · 410 attempts …`."""
    stand = ", ".join(f"{CHANNEL_NAMES[c.channel]} {n.finished:,} of {n.contacts:,}" for c, n in frame.campaigns)
    done = f"{frame.total.attempts:,} attempts, {frame.delivered:,} webhooks delivered"
    return f"{frame.now.astimezone(HOME):%a %H:%M} in Chicago: {stand} · {done} · {frame.seconds:.1f} s"
