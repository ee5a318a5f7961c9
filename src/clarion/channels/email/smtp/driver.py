"""The way out to real mail hosts (a ChannelDriver): one report for each order, from the host's reply to its mail."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from clarion.app.ports.channel import Begun, Fate, Lost, NotKnown, Order, Trunk
from clarion.app.ports.clock import Clock
from clarion.app.refusals import Invalid
from clarion.channels.email.smtp.connection import FateUnknown, NotConnected, NotSent, Reply
from clarion.channels.email.smtp.mail import Mail, Unsendable, build
from clarion.channels.email.smtp.pool import WHOLE_TRUNK, NoConnectionFree, Pauses, Pool
from clarion.channels.email.smtp.settings import parse_smtp
from clarion.core.contacts import Attempt, Report
from clarion.core.outcomes import Outcome
from clarion.wire.smtp_codes import enhanced_code, from_smtp

log = structlog.get_logger("clarion.smtp")

DEFERRAL = timedelta(minutes=5)
"""Greylisting asks for about so long."""
MAILBOX_DEFERRAL = timedelta(hours=1)
BUSY = timedelta(seconds=10)

ABOUT_THE_MAILBOX = ("4.1.", "4.2.")
"""Temporary refusals (RFC 3463) of one address or mailbox: no reason to leave its neighbours alone."""


@dataclass(slots=True)
class _Host:
    """A trunk in this process's hands: for as long as its settings stay the same."""

    trunk: Trunk
    pool: Pool
    pauses: Pauses = field(default_factory=Pauses)


class SmtpDriver:
    """E-mail by SMTP. Once a host has taken a mail it is SENT, and what comes of it later comes by other ways."""

    sandbox = False
    pulls = False

    def __init__(self, clock: Clock, *, capacity: int = 64) -> None:
        """`capacity`: mails on their way at once, over all trunks; each trunk's own `max_connections` holds besides."""
        self._clock = clock
        self._capacity = capacity
        self._busy = 0
        self._hosts: dict[int, _Host] = {}

    def room(self) -> int:
        """How many more mails it takes at once."""
        return max(0, self._capacity - self._busy)

    async def begin(self, orders: Sequence[Order]) -> Sequence[Begun]:
        """Send each order's mail; returns when the hosts have answered for all of them, or not."""
        self._busy += len(orders)
        try:
            answers = await asyncio.gather(*(self._attempt(order) for order in orders), return_exceptions=True)
        finally:
            self._busy -= len(orders)
        return [self._certain(order, answer) for order, answer in zip(orders, answers, strict=True)]

    def _certain(self, order: Order, answer: Begun | BaseException) -> Begun:
        """A mistake of ours in one order is that order's unknown fate and not its neighbours'."""
        if not isinstance(answer, BaseException):
            return answer
        if not isinstance(answer, Exception):
            raise answer
        log.error("mail_failed", attempt=order.attempt_id, exc_info=answer)
        return Lost(order.attempt_id, self._clock.now(), f"the channel failed: {type(answer).__name__}")

    def collect(self, now: datetime) -> Sequence[Report]:
        """Nothing: a host answers at once or never."""
        return ()

    def next_report_at(self) -> datetime | None:
        """Nothing is awaited."""
        return None

    async def lookup(self, attempts: Sequence[Attempt], now: datetime) -> Sequence[Fate]:
        """SMTP has no way to ask."""
        return [NotKnown(attempt.id, "SMTP cannot say what became of a mail") for attempt in attempts]

    async def stop(self, attempt_ids: Sequence[int]) -> None:
        """A mail cannot be called back."""

    async def close(self) -> None:
        """Say goodbye to the hosts."""
        for host in self._hosts.values():
            await host.pool.close()

    async def _attempt(self, order: Order) -> Begun:
        """One order from its trunk to its report."""
        try:
            host = await self._host(order.trunk)
            mail = build(order, host.pool.settings)
        except Invalid as invalid:
            return self._report(order, Outcome.PROTOCOL_ERROR, f"trunk settings: {invalid}")
        except Unsendable as unsendable:
            return self._report(order, Outcome.FAILED, str(unsendable))
        left = host.pauses.left(mail.domain, self._clock.now())
        if left is not None:
            return self._report(order, Outcome.THROTTLED, f"{mail.domain} is left alone for now", left)
        try:
            reply = await _send(host.pool, mail)
        except NoConnectionFree:
            return self._report(order, Outcome.RESOURCE_UNAVAILABLE, "every connection to the host is busy", BUSY)
        except NotConnected as nobody:
            pause = host.pauses.begin(WHOLE_TRUNK, self._clock.now())
            return self._report(order, Outcome.NETWORK_ERROR, str(nobody), pause)
        except NotSent as broken:
            return self._report(order, Outcome.NETWORK_ERROR, str(broken))
        except FateUnknown as unknown:
            return Lost(order.attempt_id, self._clock.now(), str(unknown))
        return self._judge(order, mail, host.pauses, reply)

    def _judge(self, order: Order, mail: Mail, pauses: Pauses, reply: Reply) -> Report:
        """What a reply means for the attempt, and for those that come after it."""
        now = self._clock.now()
        enhanced = enhanced_code(reply.text)
        outcome = _outcome(reply, enhanced)
        retry_after: timedelta | None = None
        if outcome is Outcome.SENT:
            pauses.end(mail.domain, now)
        elif reply.stage == "connect" or outcome is Outcome.THROTTLED:
            retry_after = pauses.begin(WHOLE_TRUNK, now)
        elif 400 <= reply.code < 500 and (enhanced or "").startswith(ABOUT_THE_MAILBOX):
            retry_after = MAILBOX_DEFERRAL if (enhanced or "").startswith("4.2.") else DEFERRAL
        elif 400 <= reply.code < 500:
            whom = WHOLE_TRUNK if reply.stage == "mail" else mail.domain
            retry_after = max(DEFERRAL, pauses.begin(whom, now))
        detail = f"{reply.code} {enhanced}" if enhanced else str(reply.code)
        return self._report(order, outcome, detail, retry_after, mail, reply)

    def _report(
        self,
        order: Order,
        outcome: Outcome,
        detail: str,
        retry_after: timedelta | None = None,
        mail: Mail | None = None,
        reply: Reply | None = None,
    ) -> Report:
        raw: dict[str, object] = {}
        if mail is not None and reply is not None:
            raw = {"stage": reply.stage, "reply": f"{reply.code} {reply.text}", "envelope_sender": mail.sender}
        return Report(
            order.attempt_id,
            outcome,
            self._clock.now(),
            provider_id=mail.message_id if mail is not None and outcome is Outcome.SENT else None,
            detail=detail,
            retry_after=retry_after,
            raw=raw,
        )

    async def _host(self, trunk: Trunk) -> _Host:
        """The connections of a trunk; new ones when its settings have changed. Raises Invalid."""
        host = self._hosts.get(trunk.id)
        if host is not None and (host.trunk.settings, host.trunk.secrets) == (trunk.settings, trunk.secrets):
            return host
        parsed = parse_smtp(trunk.settings)
        made = self._hosts[trunk.id] = _Host(trunk, Pool(parsed, trunk.secrets.get("password")))
        if host is not None:
            await host.pool.close()
        return made


async def _send(pool: Pool, mail: Mail) -> Reply:
    """Send over an idle connection if there is one. A host may have left it: then once more, over a new one."""
    async with pool.connection() as connection:
        if not connection.usable:
            return await connection.open() or await connection.send(mail)
        try:
            return await connection.send(mail)
        except NotSent:
            pass
    async with pool.connection(fresh=True) as connection:
        return await connection.open() or await connection.send(mail)


def _outcome(reply: Reply, enhanced: str | None) -> Outcome:
    """The outcome of a reply at its stage: only what is said to RCPT or of the mail is about the recipient."""
    if reply.code in (421, 454):
        return Outcome.THROTTLED
    if reply.stage in ("connect", "mail"):
        return Outcome.DEFERRED if 400 <= reply.code < 500 else Outcome.PROTOCOL_ERROR
    outcome = from_smtp(reply.code, enhanced)
    if reply.stage == "data" and enhanced is None and outcome is Outcome.INVALID:
        return Outcome.REJECTED  # the address was taken at RCPT: this is about the content
    return outcome
