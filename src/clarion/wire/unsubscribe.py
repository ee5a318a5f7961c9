"""Unsubscribe links: tokens that say nothing and cannot be guessed, mail headers, and what a one-click post looks like.

RFC 8058: the receiver's mail service posts `List-Unsubscribe=One-Click` to the link by itself; getting the link, which
mail scanners do, must change nothing.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from email import policy
from email.parser import BytesParser
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

PATH = "/u/"
"""Where the links live under the public URL."""
ONE_CLICK = ("List-Unsubscribe", "One-Click")
LONGEST_BODY = 10_000
"""Bytes; a one-click post has a few dozen."""

PLACEHOLDER = "https://unsubscribe.invalid/"
"""What `{{ unsubscribe_url }}` renders as until the attempt, and with it the link, is known. It leads nowhere."""

_IDS = struct.Struct(">QQQ")
_LONGEST_TOKEN = 100


@dataclass(frozen=True, slots=True)
class Ticket:
    """Whose link it is: the attempt that carried it, and to whom."""

    organization_id: int
    contact_id: int
    attempt_id: int


class UnsubscribeTokens:
    """Makes and reads tokens. They are ids under AES-SIV (RFC 5297): sealed and authenticated, the same each time."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        """The first secret makes tokens, all of them read: to rotate, put a new one in front. ValueError if none."""
        if not secrets or not all(secrets):
            raise ValueError("Unsubscribe links need a secret.")
        self._ciphers = [AESSIV(hmac.digest(secret, b"clarion unsubscribe links", "sha512")) for secret in secrets]

    def make(self, ticket: Ticket) -> str:
        """54 characters that are safe in a URL."""
        ids = _IDS.pack(ticket.organization_id, ticket.contact_id, ticket.attempt_id)
        return base64.urlsafe_b64encode(self._ciphers[0].encrypt(ids, None)).decode().rstrip("=")

    def read(self, token: str) -> Ticket | None:
        """Whose token it is; None when it is nobody's."""
        if len(token) > _LONGEST_TOKEN or not token.isascii():
            return None
        try:
            sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except binascii.Error:
            return None
        if len(sealed) != _IDS.size + 16:
            return None
        for cipher in self._ciphers:
            try:
                return Ticket(*_IDS.unpack(cipher.decrypt(sealed, None)))
            except InvalidTag:
                continue
        return None


def unsubscribe_url(public_url: str, token: str) -> str:
    """The link under this server's public URL."""
    return public_url.rstrip("/") + PATH + token


def unsubscribe_headers(url: str) -> dict[str, str]:
    """The two headers of a mail that one click unsubscribes from. The mail host signs them (DKIM)."""
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "=".join(ONE_CLICK)}


def is_one_click(content_type: str, body: bytes) -> bool:
    """Whether a post asks to unsubscribe: a form, urlencoded or multipart, that says `List-Unsubscribe=One-Click`."""
    kind = content_type.partition(";")[0].strip().lower()
    name, value = ONE_CLICK
    if kind == "application/x-www-form-urlencoded":
        try:
            return value in parse_qs(body.decode("ascii", "replace"), max_num_fields=20).get(name, ())
        except ValueError:
            return False
    if kind != "multipart/form-data" or "\n" in content_type or "\r" in content_type:
        return False
    form = BytesParser(policy=policy.HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    return any(
        part.get_param("name", header="content-disposition") == name
        and not part.is_multipart()
        and bytes(part.get_payload(decode=True) or b"").strip() == value.encode()
        for part in form.walk()
    )
