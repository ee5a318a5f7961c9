"""A mail host in a process of its own (aiosmtpd), that does what the recipient's address says.

Run as `python mail_host.py RECORD [CERTIFICATE KEY]`; it prints two ports: the host's, and that of one that greets
with 421. Local parts: `rcpt-450-4.2.1` and `data-550-5.1.1` answer so at that command. `hangup-rcpt`, `hangup-data`,
`hangup-mail` and `hangup-dot` close the connection at RCPT, at DATA, before the mail is read, and after its final dot;
`silent-dot` never answers it. With `-once` at its end an address does so the first time only. A sender
`mail-550-5.7.1` is refused.
Mails that are taken go to RECORD, one JSON object a line.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Handler:
    """Answers by address and records what it takes."""

    def __init__(self, record: Path) -> None:
        self._record = record
        self._seen: set[str] = set()

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if reply := self._reply("mail", address):
            return reply
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("hangup-rcpt") and not ("-once@" in address and address in self._seen):
            self._seen.add(address)
            server.transport.abort()
        if reply := self._reply("rcpt", address):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        (recipient,) = envelope.rcpt_tos
        if reply := self._reply("data", recipient):
            return reply
        content = envelope.content
        with self._record.open("a") as record:
            mail = {
                "from": envelope.mail_from,
                "to": recipient,
                "content": content.decode() if isinstance(content, bytes) else content,
                "connection": session.peer[1] if session.peer else None,
                "tls": session.ssl is not None,
                "login": session.authenticated,
            }
            record.write(json.dumps(mail) + "\n")
        if recipient.startswith("hangup-dot"):
            server.transport.abort()
        if recipient.startswith("silent-dot"):
            await asyncio.sleep(3600)
        return "250 2.0.0 taken"

    def _reply(self, stage: str, address: str) -> str | None:
        words = address.partition("@")[0].split("-")
        if words[0] != stage or (words[-1] == "once" and address in self._seen):
            return None
        self._seen.add(address)
        return f"{words[1]} {words[2]} as the address says" if len(words) > 2 else f"{words[1]} as the address says"


class Host(SMTP):
    """Hangs up where a handler cannot."""

    async def smtp_DATA(self, arg: str) -> None:
        recipient = self.envelope.rcpt_tos[0] if self.envelope.rcpt_tos else ""
        if recipient.startswith("hangup-data"):
            self.transport.abort()
        elif recipient.startswith("hangup-mail"):
            await self.push("354 go on")
            self.transport.abort()
        else:
            await super().smtp_DATA(arg)


def check_login(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    """One user."""
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"clarion", b"right")
    return AuthResult(success=right, handled=right)


async def too_busy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A host that has no time."""
    writer.write(b"421 4.3.2 too busy\r\n")
    await writer.drain()
    writer.close()


async def main(record: str, *tls: str) -> None:
    """Serve until killed."""
    handler = Handler(Path(record))
    options: dict[str, Any] = {"enable_SMTPUTF8": False}
    if tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*tls)
        options |= {
            "tls_context": context,
            "require_starttls": True,
            "auth_required": True,
            "authenticator": check_login,
            "enable_SMTPUTF8": True,
        }
    loop = asyncio.get_running_loop()
    host = await loop.create_server(lambda: Host(handler, hostname="localhost", **options), "127.0.0.1", 0)
    busy = await asyncio.start_server(too_busy, "127.0.0.1", 0)
    print(host.sockets[0].getsockname()[1], busy.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
