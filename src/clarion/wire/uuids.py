"""Our integer ids as UUIDs, for vendors whose ids are UUIDs, and back. Nothing is looked up.

The form is RFC 9562's version 8: 48 bits say of what kind it is, the last 62 are the id.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from uuid import UUID

_VERSION = 8 << 76
_VARIANT = 0b10 << 62
_ID_BITS = (1 << 62) - 1


@lru_cache(maxsize=64)
def _mark(kind: str) -> int:
    return int.from_bytes(blake2b(kind.encode(), digest_size=6, person=b"clarion ids").digest()) << 80


def uuid_of(kind: str, id: int) -> str:
    """The UUID of our `id`. `kind` is a noun (campaign, contact): the same number of another kind looks different."""
    return str(UUID(int=_mark(kind) | _VERSION | _VARIANT | (id & _ID_BITS)))


def id_of(kind: str, text: str) -> int | None:
    """Our id that `uuid_of` made `text` from; None for anything else, a UUID of another kind among it."""
    try:
        number = UUID(text).int
    except (ValueError, AttributeError):
        return None
    id = number & _ID_BITS
    return id if number == _mark(kind) | _VERSION | _VARIANT | id else None
