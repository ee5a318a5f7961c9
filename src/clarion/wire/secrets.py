"""Secrets at rest: sealed with keys that live outside the database, opened only where they are used."""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class SealBroken(Exception):
    """The sealed text was made with another key, or was changed."""


class Seal:
    """Seals and opens short texts (AES-128-CBC with HMAC-SHA256, the Fernet format)."""

    def __init__(self, keys: bytes) -> None:
        """`keys` is a key file's content: one Fernet key a line. The first seals; all of them open.

        To rotate, put a new line on top. Raises ValueError when there is no key or one is malformed.
        """
        lines = [line.strip() for line in keys.splitlines() if line.strip()]
        if not lines:
            raise ValueError("The key file holds no key.")
        self._fernet = MultiFernet([Fernet(line) for line in lines])

    @staticmethod
    def new_key() -> bytes:
        """A fresh line for a key file."""
        return Fernet.generate_key() + b"\n"

    def seal(self, text: str) -> str:
        """Text that only a holder of the keys can read, safe to store."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """The text that was sealed; SealBroken when no key fits."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as broken:
            raise SealBroken("A stored secret cannot be opened with these keys.") from broken
