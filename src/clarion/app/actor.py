"""Who asks: an organisation, a user and a role. Every use case for people takes one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clarion.app.refusals import Forbidden


class Role(StrEnum):
    """owner: everything; operator: run campaigns; viewer: look."""

    OWNER = "owner"
    OPERATOR = "operator"
    VIEWER = "viewer"


RANK = {Role.VIEWER: 0, Role.OPERATOR: 1, Role.OWNER: 2}


@dataclass(frozen=True, slots=True)
class Actor:
    """An authenticated caller."""

    organization_id: int
    user_id: int
    role: Role
    key_id: int | None = None

    def must_be(self, role: Role) -> None:
        """Raise Forbidden unless the actor's role is `role` or higher."""
        if RANK[self.role] < RANK[role]:
            raise Forbidden(f"This needs the role {role}; the key has {self.role}.")
