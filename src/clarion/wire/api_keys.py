"""API keys, `clarion_<prefix>_<secret>`: the prefix finds a key, the secret proves it, only its digest is kept."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field

PREFIX_BYTES = 6
SECRET_BYTES = 32

FORM = re.compile(r"clarion_(?P<prefix>[0-9a-f]{12})_(?P<secret>[A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Credential:
    """A key as it is presented, or freshly made."""

    prefix: str
    secret: str = field(repr=False)

    @property
    def raw(self) -> str:
        """The whole key, as its holder writes it."""
        return f"clarion_{self.prefix}_{self.secret}"

    @property
    def digest(self) -> bytes:
        """SHA-256 of the secret. The secret has 256 random bits, so no salt and no slow hash are needed."""
        return hashlib.sha256(self.secret.encode()).digest()

    def proves(self, digest: bytes) -> bool:
        """Whether this is the key that `digest` was made from, compared in constant time."""
        return hmac.compare_digest(self.digest, digest)


def new_credential() -> Credential:
    """A key that nobody has seen."""
    return Credential(secrets.token_hex(PREFIX_BYTES), secrets.token_urlsafe(SECRET_BYTES))


def parse_credential(raw: str) -> Credential | None:
    """The parts of a key; None when it does not have the form of one."""
    match = FORM.fullmatch(raw)
    return None if match is None else Credential(match["prefix"], match["secret"])
