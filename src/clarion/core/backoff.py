"""When a webhook message that was not taken is offered again, and when it is given up."""

from __future__ import annotations

from datetime import datetime, timedelta
from zlib import crc32

DELAYS = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""`DELAYS[n]` follows failed try n + 1; after the last there is no other. About three days in all."""

JITTER = 0.2
"""A delay is stretched by up to this share, so that what failed together does not come back together."""

LONGEST_WAIT = timedelta(hours=24)
"""A receiver's Retry-After is honoured up to here."""


def next_try(
    tries: int,
    now: datetime,
    *,
    key: int,
    retry_after: timedelta | None = None,
    delays: tuple[timedelta, ...] = DELAYS,
) -> datetime | None:
    """When to offer a message again that has failed `tries` times (1 or more), or None to give up.

    `key` (the message's id) chooses the jitter, so that the answer is the same each time it is asked for.
    """
    if tries > len(delays):
        return None
    share = crc32(f"{key}:{tries}".encode()) / 2**32
    delay = delays[tries - 1] * (1 + JITTER * share)
    return now + max(delay, min(retry_after or timedelta(), LONGEST_WAIT))
