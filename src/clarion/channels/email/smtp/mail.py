"""An order as a mail: its envelope and its bytes. The same attempt makes the same mail, Message-ID and all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from clarion.app.ports.channel import Order
from clarion.channels.email.smtp.settings import SmtpSettings
from clarion.wire.mail_addresses import BadMailAddress, MailAddress, parse_mail_address
from clarion.wire.unsubscribe import ONE_CLICK, PLACEHOLDER

NAMED = re.compile(r"\s*\"?(.*?)\"?\s*<[^<>]*>\s*")
OWN_HEADERS = frozenset(
    {"from", "to", "cc", "bcc", "sender", "subject", "date", "message-id", "mime-version", "content-type"}
    | {"content-transfer-encoding", "return-path", "received", "reply-to"}
)
"""Headers that an order's own headers may not set."""
SEVEN_BITS = policy.SMTP.clone(cte_type="7bit")
UTF8 = policy.SMTPUTF8.clone(cte_type="7bit")
LEADING_DOT = re.compile(rb"(?m)^\.")


class Unsendable(Exception):
    """An order of which no mail can be made. The text says why."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail and its envelope."""

    sender: str
    """Envelope sender: where bounces go."""
    recipient: str
    message_id: str
    content: bytes
    """As it goes over the wire after DATA, dots doubled, without the final line."""
    utf8: bool
    """It needs a host that takes UTF-8 addresses (RFC 6531)."""

    @property
    def domain(self) -> str:
        """Whose mail it is: hosts throttle by it."""
        return self.recipient.rpartition("@")[2].lower()


def build(order: Order, settings: SmtpSettings) -> Mail:
    """The mail of an order. Raises Unsendable."""
    rendered = order.message
    if rendered is None or not (rendered.text or rendered.html):
        raise Unsendable("there is no message")
    if PLACEHOLDER in rendered.text or PLACEHOLDER in (rendered.html or ""):
        raise Unsendable("the unsubscribe link has no public URL")
    written = order.sender or settings.from_address
    if written is None:
        raise Unsendable("there is no sender")
    sender, recipient = _mailbox(written, "sender"), _mailbox(order.address, "recipient")
    domain = sender.rpartition("@")[2]
    message_id = f"<attempt-{order.attempt_id}.{order.organization_id}@{domain}>"
    utf8 = not (sender + recipient).isascii()
    mail = EmailMessage(policy=UTF8 if utf8 else SEVEN_BITS)
    try:
        mail["From"] = _address(sender, _name(written) or settings.from_name or "")
        mail["To"] = _address(recipient)
        if settings.reply_to is not None:
            mail["Reply-To"] = settings.reply_to
        mail["Subject"] = rendered.subject or ""
        mail["Date"] = format_datetime(order.at)
        mail["Message-ID"] = message_id
        mail["Auto-Submitted"] = "no"
        for name, value in rendered.headers.items():
            if name.lower() in OWN_HEADERS:
                raise Unsendable(f"the header {name} is not for the message to set")
            mail[name] = value
        if "https://" in mail.get("List-Unsubscribe", "") and "List-Unsubscribe-Post" not in mail:
            mail["List-Unsubscribe-Post"] = "=".join(ONE_CLICK)
        if rendered.text or rendered.html is None:
            mail.set_content(rendered.text)
            if rendered.html is not None:
                mail.add_alternative(rendered.html, subtype="html")
        else:
            mail.set_content(rendered.html, subtype="html")
        content = mail.as_bytes()
    except (ValueError, LookupError, TypeError, UnicodeError) as error:
        raise Unsendable(f"no mail can be made of it: {error}") from error
    if not content.endswith(b"\r\n"):
        content += b"\r\n"
    return Mail(
        sender=_envelope_sender(settings, sender, order.attempt_id),
        recipient=recipient,
        message_id=message_id,
        content=LEADING_DOT.sub(b"..", content),
        utf8=utf8,
    )


def _mailbox(text: str, whose: str) -> str:
    parsed = parse_mail_address(text)
    if isinstance(parsed, BadMailAddress):
        raise Unsendable(f"the {whose} is not an e-mail address: {parsed.message}")
    assert isinstance(parsed, MailAddress)
    return parsed.value


def _address(mailbox: str, name: str = "") -> Address:
    local, _, domain = mailbox.rpartition("@")
    return Address(name, local, domain)


def _name(written: str) -> str:
    """The name in `Ann <ann@example.com>`."""
    named = NAMED.fullmatch(written)
    return named[1] if named else ""


def _envelope_sender(settings: SmtpSettings, sender: str, attempt_id: int) -> str:
    address = settings.bounce_address or sender
    if not settings.verp:
        return address
    local, _, domain = address.rpartition("@")
    return f"{local}+{attempt_id}@{domain}"
