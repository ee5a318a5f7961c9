"""What a way out must do: take orders, report, and answer for an attempt whose fate is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from clarion.core.campaigns import Rendered as Rendered
from clarion.core.campaigns import Voicemail
from clarion.core.contacts import Attempt, Report
from clarion.core.outcomes import Channel


@dataclass(frozen=True, slots=True)
class Trunk:
    """An account with a carrier, SMSC or mail host. `secrets` are opened, and never logged or answered."""

    id: int
    organization_id: int
    channel: Channel
    name: str
    driver: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    per_second: float | None = None
    max_concurrent: int | None = None
    priority: int = 0
    weight: int = 1
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Order:
    """One attempt, as the channel is asked to make it. The attempt row is on disk before an order exists."""

    attempt_id: int
    organization_id: int
    campaign_id: int
    contact_id: int
    number: int
    channel: Channel
    address: str
    sender: str | None
    trunk: Trunk
    at: datetime
    """The instant of asking (UTC): now, or the planned instant on a virtual clock."""
    region_key: str = ";"
    message: Rendered | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    agent_id: int | None = None
    ring_timeout: timedelta = timedelta(seconds=30)
    max_duration: timedelta = timedelta(minutes=10)
    voicemail: Voicemail = field(default_factory=Voicemail)
    goal_variable: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The carrier took it; a final Report will come through `collect` or a callback."""

    attempt_id: int
    provider_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Lost:
    """The carrier was asked and its answer did not come: the fate is unknown, and the reconciler will look it up."""

    attempt_id: int
    at: datetime
    detail: str


@dataclass(frozen=True, slots=True)
class StillRunning:
    """`lookup`: the carrier has it and it has not ended."""

    attempt_id: int
    provider_id: str | None = None


@dataclass(frozen=True, slots=True)
class NeverAsked:
    """`lookup`: the carrier never had it, and from now on refuses this attempt id for good. Safe to release anew."""

    attempt_id: int


@dataclass(frozen=True, slots=True)
class NotKnown:
    """`lookup`: the carrier cannot say (or cannot promise to refuse). The attempt stays unknown."""

    attempt_id: int
    detail: str = ""


Begun = Accepted | Report | Lost
Fate = Report | StillRunning | NeverAsked | NotKnown


class ChannelDriver(Protocol):
    """A carrier of one kind. One instance serves every trunk of its driver in this process."""

    sandbox: bool
    """True marks every attempt as simulated."""
    pulls: bool
    """True: its workers fetch attempts by `app.pull`; `begin` is never called."""

    def room(self) -> int:
        """How many more orders it can begin right now; the releaser claims no more than that."""
        ...

    async def begin(self, orders: Sequence[Order]) -> Sequence[Begun]:
        """Ask the carrier, once per order, and answer for each. Never raises for an order's own trouble."""
        ...

    def collect(self, now: datetime) -> Sequence[Report]:
        """Reports that have come since the last call, in order of their instants."""
        ...

    def next_report_at(self) -> datetime | None:
        """When the next report is due, if the driver can know (a simulated network); None otherwise."""
        ...

    async def lookup(self, attempts: Sequence[Attempt], now: datetime) -> Sequence[Fate]:
        """What became of attempts whose fate is not known. StillRunning adopts it: its report comes by `collect`."""
        ...

    async def stop(self, attempt_ids: Sequence[int]) -> None:
        """End running attempts (hang up). Their reports still come."""
        ...

    async def close(self) -> None:
        """Release what it holds."""
        ...
