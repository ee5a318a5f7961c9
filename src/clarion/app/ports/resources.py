"""Agents, trunks, senders, pools: their values, and the rows as the use cases ask for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from clarion.app.ports.channel import Trunk
from clarion.core.campaigns import Rotation
from clarion.core.outcomes import Channel


@dataclass(frozen=True, slots=True)
class Agent:
    """Who speaks in a conversation. `config` is kept whole: prompt, first sentence, variables, model, schema.

    Secrets in it are sealed when it is stored and masked when it is read (`wire/agent_secrets.py`).
    """

    id: int
    organization_id: int
    name: str
    timezone: str | None
    """IANA name; None is the organisation's."""
    config: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeptTrunk:
    """A trunk as it is stored: its secrets are sealed, one text per name."""

    trunk: Trunk
    created_at: datetime
    updated_at: datetime

    @property
    def id(self) -> int:
        """The trunk's id."""
        return self.trunk.id


@dataclass(frozen=True, slots=True)
class Sender:
    """An identity that contacts see: a phone number in E.164 or an e-mail address."""

    id: int
    organization_id: int
    channel: Channel
    address: str
    trunk_id: int | None
    label: str | None
    daily_cap: int | None
    """Attempts per day, on the organisation's clock."""
    per_second: float | None
    enabled: bool
    created_at: datetime
    updated_at: datetime
    extras: Mapping[str, Any] = field(default_factory=dict)
    """A vendor surface's own fields."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Senders that take turns. `sender_ids` are in the order in which they take them."""

    id: int
    organization_id: int
    channel: Channel
    name: str
    rotation: Rotation
    sender_ids: tuple[int, ...]
    created_at: datetime
    updated_at: datetime


class ResourceRows(Protocol):
    """Agents, trunks, senders, pools. Getters raise NotFound; a foreign id looks like a missing one.

    Lists are by ascending id: those after the id `after`, at most `limit`.
    """

    async def agent(self, organization_id: int, agent_id: int) -> Agent:
        """One agent, archived or not."""
        ...

    async def sealed_config(self, organization_id: int, agent_id: int) -> Mapping[str, Any]:
        """An agent's configuration as it is stored, its secrets sealed. Every other method answers them masked."""
        ...

    async def agents(
        self, organization_id: int, *, after: int = 0, limit: int = 100, archived: bool = False, name: str | None = None
    ) -> list[Agent]:
        """Agents that are (not) archived; `name` is part of their name, in any case."""
        ...

    async def add_agent(self, agent: Agent) -> None:
        """Insert."""
        ...

    async def change_agent(self, agent: Agent) -> None:
        """Write every changeable field of a row that exists."""
        ...

    async def trunk(self, organization_id: int, trunk_id: int) -> KeptTrunk:
        """One trunk."""
        ...

    async def list_trunks(
        self, organization_id: int, *, after: int = 0, limit: int = 100, channel: Channel | None = None
    ) -> list[KeptTrunk]:
        """Trunks, enabled or not."""
        ...

    async def trunks(self, organization_id: int) -> list[Trunk]:
        """Every enabled trunk, by id. Each value of `secrets` is still sealed."""
        ...

    async def add_trunk(self, kept: KeptTrunk) -> None:
        """Insert."""
        ...

    async def change_trunk(self, kept: KeptTrunk) -> None:
        """Write every changeable field of a row that exists."""
        ...

    async def delete_trunk(self, organization_id: int, trunk_id: int) -> None:
        """Delete a trunk that nothing refers to."""
        ...

    async def sender(self, organization_id: int, sender_id: int) -> Sender:
        """One sender."""
        ...

    async def senders(
        self,
        organization_id: int,
        *,
        after: int = 0,
        limit: int = 100,
        channel: Channel | None = None,
        trunk_id: int | None = None,
        address: str | None = None,
    ) -> list[Sender]:
        """Senders, enabled or not."""
        ...

    async def senders_for(
        self, organization_id: int, channel: Channel, sender_id: int | None, pool_id: int | None
    ) -> tuple[Rotation, list[Sender]]:
        """The enabled senders of a campaign: its sender, else its pool's in the pool's order, else all of the channel.

        A sender whose trunk is disabled is left out. Empty when there is none; never raises.
        """
        ...

    async def add_sender(self, sender: Sender) -> None:
        """Insert; Conflict when the organisation has this address on this channel."""
        ...

    async def change_sender(self, sender: Sender) -> None:
        """Write every changeable field of a row that exists."""
        ...

    async def delete_sender(self, organization_id: int, sender_id: int) -> None:
        """Delete a sender that nothing refers to."""
        ...

    async def pool(self, organization_id: int, pool_id: int) -> Pool:
        """One pool."""
        ...

    async def pools(
        self, organization_id: int, *, after: int = 0, limit: int = 100, channel: Channel | None = None
    ) -> list[Pool]:
        """Pools."""
        ...

    async def pools_with(self, organization_id: int, sender_id: int) -> list[int]:
        """The ids of the pools that a sender is in."""
        ...

    async def add_pool(self, pool: Pool) -> None:
        """Insert."""
        ...

    async def change_pool(self, pool: Pool) -> None:
        """Write every changeable field of a row that exists."""
        ...

    async def delete_pool(self, organization_id: int, pool_id: int) -> None:
        """Delete a pool that nothing refers to."""
        ...

    async def campaigns_with(
        self,
        organization_id: int,
        *,
        agent_id: int | None = None,
        sender_id: int | None = None,
        pool_ids: Sequence[int] = (),
        active: bool = False,
    ) -> list[int]:
        """The ids of up to ten campaigns that name any of these; `active`: only scheduled, running or paused ones."""
        ...

    async def was_used(
        self, organization_id: int, *, sender_id: int | None = None, trunk_id: int | None = None
    ) -> bool:
        """Whether any attempt was made by this sender or over this trunk."""
        ...
