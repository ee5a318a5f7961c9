"""One spelling per address: what operators type becomes the form that contacts, senders and suppressions share."""

from __future__ import annotations

from clarion.app.ports.suppression import EVERY_CHANNEL
from clarion.app.refusals import Invalid, Problem
from clarion.core.outcomes import Channel
from clarion.wire.mail_addresses import BadMailAddress, parse_mail_address
from clarion.wire.phones import BadPhone, parse_phone


def normal_address(channel: Channel | str, text: str, country: str, field: str = "address") -> str:
    """E.164 for voice and SMS, a mailbox with its domain in lower case for e-mail; `*` takes either.

    `country` (ISO 3166) is that of numbers without one. Raises Invalid, naming `field`.
    """
    if channel == Channel.EMAIL or (channel == EVERY_CHANNEL and "@" in text):
        mailbox = parse_mail_address(text)
        if isinstance(mailbox, BadMailAddress):
            raise Invalid([Problem(field, mailbox.code, mailbox.message)])
        return mailbox.value
    phone = parse_phone(text, country)
    if isinstance(phone, BadPhone):
        raise Invalid([Problem(field, phone.code, phone.message)])
    return phone.e164
