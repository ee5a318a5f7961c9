"""A contact as a client writes them down, and its way to a contact that can be reached or a reason why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from clarion.core.contacts import DEFAULT_PRIORITY, Address, BadRow, NewContact
from clarion.core.outcomes import Channel
from clarion.wire.mail_addresses import BadMailAddress, parse_mail_address
from clarion.wire.phones import COUNTRIES, BadPhone, parse_phone
from clarion.wire.places import known_zone, region_of

MAX_REFERENCE = 255
MAX_PERSON = 255
MAX_POSTAL_CODE = 32
MAX_FALLBACKS = 10
MAX_SHOWN = 200
"""Characters of a wrong value that are kept for its report."""
PRIORITIES = range(10)
EXTENSION = "extension"
"""Variable that keeps a number's extension."""


@dataclass(frozen=True, slots=True)
class Fallback:
    """Another address of a contact, with variables that hold when it is the one that is tried."""

    address: str
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ContactDraft:
    """A contact as they were written down; nothing is checked yet."""

    address: str
    reference_id: str | None = None
    fallbacks: tuple[str | Fallback, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    timezone: str | None = None
    postal_code: str | None = None
    country: str | None = None
    """ISO 3166; other words are taken for no hint."""
    priority: int | str | None = None
    person: str | None = None


class Refused(Exception):
    """Something in a draft cannot be used."""

    def __init__(self, code: str, message: str, field: str, value: str | None) -> None:
        """What a BadRow will say."""
        super().__init__(message)
        self.code, self.message, self.field, self.value = code, message, field, value


def parse_contact(draft: ContactDraft, channel: Channel, country: str, line: int) -> NewContact | BadRow:
    """The contact that a draft describes. Numbers without a country are read in the draft's, else in `country`.

    A first address that is empty leaves its place to the first fallback; a fallback that is wrong refuses the row,
    like everything else that was meant and cannot be used. An extension becomes the variable `extension`.
    """
    try:
        return _contact(draft, channel, country, line)
    except Refused as no:
        return BadRow(line, no.code, no.message, no.field, shown(no.value) if no.value else None)


def shown(value: str) -> str:
    """A wrong value as a report shows it: not endless, and without what no database keeps."""
    return value[:MAX_SHOWN].replace("\x00", "␀").encode(errors="replace").decode()


def _contact(draft: ContactDraft, channel: Channel, country: str, line: int) -> NewContact:
    zone = _zone(draft.timezone)
    postal_code = _text(draft.postal_code, "postal_code", MAX_POSTAL_CODE)
    told = draft.country.strip().upper() if draft.country else None
    home = told if told in COUNTRIES else None
    written = [("address", Fallback(draft.address)), *(("fallbacks", _fallback(one)) for one in draft.fallbacks)]
    wanted = [(name, one) for name, one in written if one.address and one.address.strip()]
    if not wanted:
        raise Refused("empty", "There is no address.", "address", None)
    if len(wanted) > MAX_FALLBACKS + 1:
        raise Refused("too_many", f"A contact has {MAX_FALLBACKS} fallback addresses at most.", "fallbacks", None)
    if channel is Channel.EMAIL:
        found = [_mailbox(one.address, name, zone, postal_code, home or country, home) for name, one in wanted]
    else:
        found = [_number(one.address, name, zone, postal_code, home or country, home) for name, one in wanted]
    if any(one.variables for _, one in wanted):
        found = [
            replace(address, variables={**address.variables, **one.variables})
            for address, (_, one) in zip(found, wanted, strict=True)
        ]
    first = found[0]
    return NewContact(
        reference_id=_text(draft.reference_id, "reference_id", MAX_REFERENCE),
        address=first,
        fallbacks=_distinct(found) if len(found) > 1 else (),
        variables={**first.variables, **draft.variables} if first.variables else draft.variables,
        zone=zone,
        postal_code=postal_code,
        person=_text(draft.person, "person", MAX_PERSON),
        priority=_priority(draft.priority),
        line=line,
    )


def _fallback(written: str | Fallback) -> Fallback:
    return Fallback(written) if isinstance(written, str) else written


def _number(text: str, name: str, zone: str | None, postal_code: str | None, country: str, home: str | None) -> Address:
    phone = parse_phone(text, country)
    if isinstance(phone, BadPhone):
        raise Refused(phone.code, phone.message, name, text)
    region = region_of(phone, zone=zone, postal_code=postal_code, country=home)
    variables = {EXTENSION: phone.extension} if phone.extension else {}
    return Address(phone.e164, region.key, phone.line_type, variables)


def _mailbox(
    text: str, name: str, zone: str | None, postal_code: str | None, country: str, home: str | None
) -> Address:
    mailbox = parse_mail_address(text)
    if isinstance(mailbox, BadMailAddress):
        raise Refused(mailbox.code, mailbox.message, name, text)
    region = region_of(None, zone=zone, postal_code=postal_code, country=country if postal_code else home)
    return Address(mailbox.value, region.key)


def _distinct(found: list[Address]) -> tuple[Address, ...]:
    """The fallbacks, without those that repeat an earlier address."""
    by_value: dict[str, Address] = {}
    for one in found:
        by_value.setdefault(one.value, one)
    return tuple(by_value.values())[1:]


def _zone(text: str | None) -> str | None:
    if not text or not (text := text.strip()):
        return None
    zone = known_zone(text)
    if zone is None:
        raise Refused("unknown_zone", "This is not an IANA time zone such as Europe/Berlin.", "timezone", text)
    return zone


def _priority(given: int | str | None) -> int:
    if given is None or given == "":
        return DEFAULT_PRIORITY
    text = str(given).strip().removesuffix(".0")
    if not text:
        return DEFAULT_PRIORITY
    if not (text.isascii() and text.isdigit() and len(text) == 1):
        raise Refused("bad_priority", "A priority is a whole number from 0 (last) to 9 (first).", "priority", text)
    return int(text)


def _text(text: str | None, name: str, longest: int) -> str | None:
    if not text or not (text := text.strip()):
        return None
    if len(text) > longest:
        raise Refused("too_long", f"This is longer than {longest} characters.", name, text)
    if "\x00" in text:
        raise Refused("nul_character", "The text has a NUL character.", name, text)
    return text
