"""Why a use case says no. Surfaces word these in their own envelope; nothing is half-written when one is raised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the input. `field` is a path: `schedule.week.monday.0.start`."""

    field: str
    code: str
    message: str


class Refusal(Exception):
    """Base of all refusals."""


class NotFound(Refusal):
    """There is no such thing in this organisation (a foreign id looks the same)."""

    def __init__(self, kind: str, key: object) -> None:
        """`kind` is a noun: campaign, contact."""
        super().__init__(f"There is no {kind} {key}.")
        self.kind = kind
        self.key = key


class Invalid(Refusal):
    """The input is wrong; every problem is named."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """At least one problem."""
        super().__init__("; ".join(f"{p.field}: {p.message}" for p in problems))
        self.problems = tuple(problems)


class Conflict(Refusal):
    """The thing is in a state that does not allow this (launching a cancelled campaign)."""

    def __init__(self, code: str, message: str) -> None:
        """`code` is for machines."""
        super().__init__(message)
        self.code = code


class Unauthenticated(Refusal):
    """No key, or one that is unknown, revoked or expired."""


class Forbidden(Refusal):
    """The key's role does not allow this."""
