"""Agents, trunks, senders, pools, as the use cases ask for them."""

from __future__ import annotations

from typing import Protocol


class ResourceRows(Protocol):
    """Agents, trunks, senders, pools."""
