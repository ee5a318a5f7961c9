"""One spelling per address: what operators type becomes the form that contacts, senders and suppressions share."""

from __future__ import annotations

import re

import phonenumbers

from clarion.app.ports.suppression import EVERY_CHANNEL
from clarion.app.refusals import Invalid, Problem
from clarion.core.outcomes import Channel

MAILBOX = re.compile(r"(?P<local>[^@\s\x00-\x1f<>]{1,64})@(?P<domain>[^@\s\x00-\x1f<>]{1,253})")


def normal_address(channel: Channel | str, text: str, country: str, field: str = "address") -> str:
    """E.164 for voice and SMS, a mailbox with its domain in lower case for e-mail; `*` takes either.

    `country` (ISO 3166) is that of numbers without one. Raises Invalid, naming `field`.
    """
    text = text.strip()
    if channel == Channel.EMAIL or (channel == EVERY_CHANNEL and "@" in text):
        mailbox = MAILBOX.fullmatch(text)
        if mailbox is None:
            raise Invalid([Problem(field, "bad_address", "This is not an e-mail address.")])
        return f"{mailbox['local']}@{mailbox['domain'].lower()}"
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException as unreadable:
        raise Invalid([Problem(field, "bad_address", "This is not a phone number.")]) from unreadable
    if not phonenumbers.is_possible_number(number):
        raise Invalid([Problem(field, "bad_address", "No phone number has this length.")])
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
