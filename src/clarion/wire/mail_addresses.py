"""E-mail addresses as people write them, brought to one spelling or refused (RFC 5321, RFC 5890)."""

from __future__ import annotations

import re
from dataclasses import dataclass

import idna

MAX_LENGTH = 254
MAX_LOCAL_LENGTH = 64

NAMED = re.compile(r"[^<>]*<([^<>]*)>")
LOCAL = re.compile(r"[^\s\x00-\x20\x7f@\"(),:;<>\[\]\\.]+(?:\.[^\s\x00-\x20\x7f@\"(),:;<>\[\]\\.]+)*")
DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")


@dataclass(frozen=True, slots=True)
class MailAddress:
    """A mailbox. The domain is in lower case and ASCII; the part before the @ is the receiver's and kept as it is."""

    value: str


@dataclass(frozen=True, slots=True)
class BadMailAddress:
    """Why a text is not a mailbox that can be written to; `code` is for machines."""

    code: str
    message: str


def parse_mail_address(text: str) -> MailAddress | BadMailAddress:
    """The mailbox in `text`: `ann@example.com`, `Ann <ann@example.com>`, `mailto:ann@example.com`."""
    text = text.strip()
    if named := NAMED.fullmatch(text):
        text = named[1].strip()
    if text[:7].lower() == "mailto:":
        text = text[7:]
    if not text:
        return BadMailAddress("empty", "There is no e-mail address.")
    local, at, domain = text.rpartition("@")
    if not at:
        return BadMailAddress("not_an_address", "An e-mail address has an @.")
    if len(local) > MAX_LOCAL_LENGTH or not LOCAL.fullmatch(local):
        return BadMailAddress("bad_local_part", "The part before the @ is not one that mail servers take.")
    host = _ascii_domain(domain)
    if host is None or not DOMAIN.fullmatch(host):
        return BadMailAddress("bad_domain", "The part after the @ is not a domain name.")
    if len(local) + 1 + len(host) > MAX_LENGTH:
        return BadMailAddress("too_long", "The address is longer than 254 characters.")
    return MailAddress(f"{local}@{host}")


def _ascii_domain(domain: str) -> str | None:
    """A domain in lower case as DNS has it (`xn--…` for other scripts); None when it has no such form."""
    domain = domain.lower().removesuffix(".")
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return None
