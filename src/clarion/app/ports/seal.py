"""Secrets at rest: sealed with the installation's key before they reach the ledger."""

from __future__ import annotations

from typing import Protocol


class Seal(Protocol):
    """Encrypts and authenticates. What it seals only the same key opens."""

    def seal(self, text: str, /) -> str:
        """The sealed form, safe to store."""
        ...

    def open(self, sealed: str, /) -> str:
        """The plain text. Raises when it was sealed with another key or altered."""
        ...
