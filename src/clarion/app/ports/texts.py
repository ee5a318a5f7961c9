"""Texts that agents and campaigns refer to, as the use cases ask for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Text:
    """A prompt, a greeting: something to say or to follow, kept under a name."""

    id: int
    organization_id: int
    kind: str
    """What it is for: `prompt`, `greeting`."""
    name: str
    body: str
    created_at: datetime
    updated_at: datetime
    extras: Mapping[str, Any] = field(default_factory=dict)
    """A vendor surface's own fields."""


class TextRows(Protocol):
    """Texts. Getters raise NotFound; a foreign id looks like a missing one."""

    async def text(self, organization_id: int, kind: str, text_id: int) -> Text:
        """One text of this kind."""
        ...

    async def texts(self, organization_id: int, kind: str, *, after: int = 0, limit: int = 100) -> list[Text]:
        """Those of a kind with ids above `after`, by id."""
        ...

    async def add_text(self, text: Text) -> None:
        """Insert."""
        ...

    async def change_text(self, text: Text) -> None:
        """Write name, body and extras of a row that exists."""
        ...

    async def delete_text(self, organization_id: int, kind: str, text_id: int) -> None:
        """Delete one."""
        ...
