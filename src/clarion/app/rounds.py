"""Rounds: what a release is given to work with, and what it gives back to the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from clarion.app.ports.channel import Trunk
from clarion.app.ports.organizations import Settings
from clarion.app.ports.queue import Live
from clarion.app.ports.resources import Sender
from clarion.core.campaigns import Batch, Campaign, Rendered, Rotation
from clarion.core.events import Endpoint
from clarion.wire.templates import Compiled

Told = Mapping[tuple[int, str, datetime], datetime]
"""When a line said last that everybody of (batch, region) waits until (instant). It need not be said twice."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What one campaign may use in this round."""

    campaign: Campaign
    batches: Sequence[Batch]
    settings: Settings
    rotation: Rotation
    senders: Sequence[Sender]
    trunks: Mapping[int, Trunk]
    message: Compiled | None
    room: int
    """Free places at the channel, and the campaign's share of limits that it has in common with others."""
    sandbox: frozenset[int] = frozenset()
    """Trunks that are simulated."""
    pulled: frozenset[int] = frozenset()
    """Trunks whose workers fetch their attempts themselves (see `app.pull`)."""
    endpoints: Sequence[Endpoint] = ()
    """Who hears of contacts that are skipped."""
    turn: int = 0
    """Which batch goes first among equals: raised by one each time."""


class Ready(NamedTuple):
    """An attempt that is on disk and may now be asked of its carrier."""

    live: Live
    at: datetime
    """When to ask: now, or the planned instant on a virtual clock (UTC)."""
    campaign: Campaign
    sender: Sender
    trunk: Trunk
    message: Rendered | None


@dataclass(frozen=True, slots=True)
class Round:
    """What a release did. `next_at`: when to come again for this campaign; None: when something changes."""

    ready: Sequence[Ready] = ()
    """Attempts to ask carriers for. Those over pulled trunks are not among them."""
    next_at: datetime | None = None
    limited_by: str = ""
    touched: int = 0
    """Contacts looked at."""
    changed: int = 0
    """Contacts that were released, skipped or put off."""
    released: int = 0
    open_lanes: Mapping[int, int] = field(default_factory=dict)
    """Batches (id -> bands) that no limit keeps from releasing more: their next contact decides when to come again."""
    told: Told = field(default_factory=dict)
    """What was said now about whole regions."""
