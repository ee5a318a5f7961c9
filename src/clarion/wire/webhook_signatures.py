"""Standard Webhooks 1.0: secrets, and the three headers that prove who sent a message and when."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks.webhooks import Webhook

PREFIX = "whsec_"
SECRET_BYTES = 32
SHORTEST, LONGEST = 24, 64


def new_secret() -> str:
    """A fresh secret: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def is_secret(text: str) -> bool:
    """Whether this is a secret as the standard wants it: `whsec_` and 24 to 64 bytes in base64."""
    try:
        return text.startswith(PREFIX) and SHORTEST <= len(_bytes(text)) <= LONGEST
    except (binascii.Error, ValueError):
        return False


def can_sign(text: str) -> bool:
    """Whether a vendor's client may bring this secret: some bytes in base64, of a length that the vendor judges."""
    try:
        return len(_bytes(text)) > 0
    except (binascii.Error, ValueError):
        return False


def message_id(number: int) -> str:
    """The `webhook-id` of an outbox message. It stays the same over retries and replays: the idempotency key."""
    return f"msg_{number}"


def signed_headers(key: str, at: datetime, body: bytes, secrets_: Sequence[str]) -> dict[str, str]:
    """The headers for `body` (UTF-8), one signature for each secret, the newest first.

    `at` is the instant of this very try (UTC): receivers refuse what is more than five minutes off their clock.
    """
    text = body.decode()
    return {
        "webhook-id": key,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(key, at, text) for secret in secrets_),
    }


def _bytes(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
