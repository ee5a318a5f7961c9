"""One conversation with a mail host, that knows at each moment whether the mail may already be the host's.

Until the final dot is written nothing has been sent, whatever goes wrong; from then on only the host's reply tells.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import cast

import aiosmtplib
from aiosmtplib.errors import SMTPException, SMTPResponseException

from clarion.channels.email.smtp.mail import Mail
from clarion.channels.email.smtp.settings import SmtpSettings, Tls

GO_AHEAD = 354
NO_UTF8 = (553, "5.6.7 the mail host does not take UTF-8 addresses (RFC 6531)")


@dataclass(frozen=True, slots=True)
class Reply:
    """What the host said, and to what."""

    stage: str
    """connect, mail, rcpt or data."""
    code: int
    text: str


class NotSent(Exception):
    """The conversation broke before the host had the mail. Trying again is safe."""


class NotConnected(NotSent):
    """There was no conversation at all: the host is not there, or not to be trusted."""


class FateUnknown(Exception):
    """The host had the whole mail and its reply did not come."""


class Connection:
    """A connection that takes one mail after the other."""

    def __init__(self, settings: SmtpSettings, password: str | None) -> None:
        """Not yet connected."""
        self._settings = settings
        self._client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username,
            password=password if settings.username is not None else None,
            local_hostname=settings.local_hostname,
            timeout=settings.timeout,
            use_tls=settings.tls is Tls.IMPLICIT,
            start_tls=settings.tls is Tls.STARTTLS,
            validate_certs=settings.verify,
            cert_bundle=settings.ca_file,
        )
        self.sent = 0
        """Mails that went, or were tried, over it."""
        self.idle_since = 0.0
        """Loop time."""

    @property
    def usable(self) -> bool:
        """Whether it can take another mail."""
        return self._client.is_connected and self.sent < self._settings.messages_per_connection

    async def open(self) -> Reply | None:
        """Connect, encrypt, log in. The reply of a host that refuses; None when it is open. Raises NotConnected."""
        try:
            await self._client.connect(timeout=self._settings.connect_timeout)
        except SMTPResponseException as refusal:
            self.close()
            return Reply("connect", refusal.code, _text(refusal.message))
        except (SMTPException, OSError, ssl.SSLError, TimeoutError, ValueError) as error:
            self.close()
            raise NotConnected(_words(error)) from error
        return None

    async def send(self, mail: Mail) -> Reply:
        """Hand over one mail. Raises NotSent or FateUnknown, and is not usable afterwards."""
        self.sent += 1
        try:
            return await self._converse(mail)
        except FateUnknown:
            self.close()
            raise
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            self.close()
            raise NotSent(_words(error)) from error
        except asyncio.CancelledError:
            self.close()
            raise

    async def quit(self) -> None:
        """Say goodbye, if the host still listens."""
        try:
            if self._client.is_connected:
                await self._client.quit(timeout=2)
        except (SMTPException, OSError, TimeoutError):
            pass
        finally:
            self.close()

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    async def _converse(self, mail: Mail) -> Reply:
        client = self._client
        options: list[str] = []
        if mail.utf8:
            if client.is_ehlo_or_helo_needed:
                await client.ehlo()
            if not client.supports_extension("smtputf8"):
                return Reply("rcpt", *NO_UTF8)
            options = ["SMTPUTF8"]
        encoding = "utf-8" if mail.utf8 else "ascii"
        stage = "mail"
        try:
            await client.mail(mail.sender, options=options, encoding=encoding)
            stage = "rcpt"
            await client.rcpt(mail.recipient, encoding=encoding)
        except SMTPResponseException as refusal:
            await self._reset(refusal.code)
            return Reply(stage, refusal.code, _text(refusal.message))
        go_ahead = await client.execute_command(b"DATA")
        if go_ahead.code != GO_AHEAD:
            await self._reset(go_ahead.code)
            return Reply("data", go_ahead.code, _text(go_ahead.message))
        return await self._hand_over(mail.content)

    async def _hand_over(self, content: bytes) -> Reply:
        """Write the mail, and the final dot only when the host still takes the rest."""
        protocol, transport = self._client.protocol, self._client.transport
        if protocol is None or transport is None:
            raise NotSent("the host hung up before the mail")
        protocol.write(content)
        async with asyncio.timeout(self._settings.data_timeout):
            await asyncio.sleep(0)
            while protocol.is_connected and cast(asyncio.WriteTransport, transport).get_write_buffer_size() > 0:  # noqa: ASYNC110
                await asyncio.sleep(0.005)  # a transport has no event for "all written"
        if not protocol.is_connected:
            raise NotSent("the host hung up during the mail")
        try:
            protocol.write(b".\r\n")
            reply = await protocol.read_response(timeout=self._settings.data_timeout)
        except SMTPResponseException as garbled:
            raise FateUnknown(f"the host's reply is no reply: {_text(garbled.message)}") from garbled
        except (SMTPException, OSError, TimeoutError) as error:
            raise FateUnknown(f"no reply to the mail: {_words(error)}") from error
        if reply.code == aiosmtplib.SMTPStatus.domain_unavailable:
            self.close()
        return Reply("data", reply.code, _text(reply.message))

    async def _reset(self, code: int) -> None:
        """Make ready for the next mail after a refusal; a host that closes is left."""
        if code == aiosmtplib.SMTPStatus.domain_unavailable:
            self.close()
            return
        try:
            await self._client.rset()
        except (SMTPException, OSError, TimeoutError):
            self.close()


def _text(message: object) -> str:
    """A reply's text on one line, short enough for a detail."""
    return " ".join(str(message).split())[:300]


def _words(error: BaseException) -> str:
    return _text(error) or type(error).__name__
