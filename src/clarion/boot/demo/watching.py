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
AT_ITS_FULLEST = timedelta(days=1, hours=7, minutes=15)
"""After the start: Tuesday afternoon, when all three campaigns are at work."""


class Watcher:
    """Looks after each step whether it is time for the next picture."""

    def __init__(self, console: Console, feed: Feed, script: Script) -> None:
        """`feed` reads the pictures."""
        self._console, self._feed, self._script = console, feed, script
        self._live: Live | None = None
        self._frame_at = 0.0
        self._line_at = script.starts_at
        self.kept: Frame | None = None
        """The picture at its fullest."""

    @contextmanager
    def watching(self) -> Iterator[Watch]:
        """The terminal is the picture's until the end of this block; the last one stays."""
        if not self._console.is_terminal:
            yield self._look
            return
        with Live(console=self._console, auto_refresh=False) as self._live:
            yield self._look

    async def finish(self, now: datetime) -> None:
        """Show how it ended."""
        self._show(await self._feed.frame(now))

    async def _look(self, now: datetime) -> None:
        """The next picture, or the next line, if it is time for one."""
        if time.monotonic() < self._frame_at:
            return
        self._frame_at = time.monotonic() + 1 / FRAMES_PER_SECOND
        frame = await self._feed.frame(now)
        if now <= self._script.starts_at + AT_ITS_FULLEST:
            self.kept = frame
        if self._live is not None or now >= self._line_at:
            self._line_at = now + LINE_EVERY
            self._show(frame)

    def _show(self, frame: Frame) -> None:
        if self._live is not None:
            size = self._console.size
            self._live.update(picture(frame, self._script, size.width, size.height), refresh=True)
        else:
            self._console.print(_line(frame), highlight=False, soft_wrap=True)


def _line(frame: Frame) -> str:
    """`Mon 11:00 in Chicago: voice 212 of 977, e-mail 80 of 921 · 410 attempts …`."""
    stand = ", ".join(f"{CHANNEL_NAMES[c.channel]} {n.finished:,} of {n.contacts:,}" for c, n in frame.campaigns)
    done = f"{frame.total.attempts:,} attempts, {frame.delivered:,} webhooks delivered"
    return f"{frame.now.astimezone(HOME):%a %H:%M} in Chicago: {stand} · {done} · {frame.seconds:.1f} s"
