"""Mail over real sockets to a real SMTP server in another process: every reply has its outcome, no fate is guessed."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_string, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from clarion.app.ports.channel import Lost, NotKnown, Order, Rendered, Trunk
from clarion.channels.email.smtp.driver import SmtpDriver
from clarion.channels.email.smtp.mail import Mail, build
from clarion.channels.email.smtp.settings import SmtpSettings
from clarion.core.contacts import Attempt, Report
from clarion.core.outcomes import Channel, Outcome

HELLO = Rendered("Hello\n.\n..dots\n", "Grüße", "<p>Hello</p>")


class Clock:
    """Stands still until told."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


@dataclass
class Host:
    """The mail host's process, as tests see it."""

    port: int
    busy_port: int
    record: Path
    ca_file: Path | None = None

    def mails(self) -> list[dict[str, Any]]:
        """What it took."""
        return [json.loads(line) for line in self.record.read_text().splitlines()] if self.record.exists() else []

    def trunk(self, number: int = 1, password: str = "right", **settings: Any) -> Trunk:
        """A trunk to it."""
        base = {"host": "localhost", "port": self.port, "tls": "none", "local_hostname": "test", "timeout": 5.0}
        secrets = {"password": password} if "username" in settings else {}
        return Trunk(number, 1, Channel.EMAIL, "mail", "smtp", base | settings, secrets)


def run_host(folder: Path, *tls: Path) -> Iterator[Host]:
    record = folder / "mails.jsonl"
    script = Path(__file__).with_name("mail_host.py")
    process = subprocess.Popen([sys.executable, script, record, *tls], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port, busy_port = map(int, process.stdout.readline().split())
        yield Host(port, busy_port, record, tls[0] if tls else None)
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def _host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    yield from run_host(tmp_path_factory.mktemp("mail"))


@pytest.fixture
def host(_host: Host) -> Host:
    """The plain host, with nothing recorded."""
    _host.record.unlink(missing_ok=True)
    return _host


@pytest.fixture(scope="module")
def secure_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host that wants STARTTLS and a login."""
    folder = tmp_path_factory.mktemp("secure")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    yield from run_host(folder, folder / "cert.pem", folder / "key.pem")


@pytest.fixture
def time() -> Clock:
    return Clock()


@pytest.fixture
async def driver(time: Clock) -> AsyncIterator[SmtpDriver]:
    made = SmtpDriver(time)
    yield made
    await made.close()


@pytest.fixture(scope="session")
def mail(order: Callable[..., Order]) -> Callable[..., Order]:
    """An order for a mail."""

    def make(trunk: Trunk, address: str, attempt_id: int = 7, **changes: Any) -> Order:
        base: dict[str, Any] = {"sender": "News <news@example.com>", "message": HELLO, "trunk": trunk}
        return order(attempt_id, address, Channel.EMAIL, **(base | changes))

    return make


MakeMail = Callable[..., Order]


def parsed(taken: dict[str, Any]) -> EmailMessage:
    """A recorded mail."""
    return message_from_string(taken["content"], policy=policy.default)  # type: ignore[return-value]


async def test_a_mail_arrives_whole(host: Host, driver: SmtpDriver, mail: MakeMail, time: Clock) -> None:
    url = "https://mail.example.com/u/abc"
    message = Rendered(HELLO.text, HELLO.subject, HELLO.html, {"List-Unsubscribe": f"<{url}>"})
    trunk = host.trunk(bounce_address="bounces@example.com", verp=True, reply_to="help@example.com")
    (report,) = await driver.begin([mail(trunk, "Ann@EXAMPLE.com", message=message)])
    assert isinstance(report, Report)
    assert (report.outcome, report.final, report.detail) == (Outcome.SENT, True, "250 2.0.0")
    assert report.at == time.at
    (taken,) = host.mails()
    assert (taken["from"], taken["to"]) == ("bounces+7@example.com", "Ann@example.com")
    got = parsed(taken)
    assert got["From"] == "News <news@example.com>"
    assert (got["To"], got["Subject"], got["Reply-To"]) == ("Ann@example.com", "Grüße", "help@example.com")
    assert got["Message-ID"] == report.provider_id == "<attempt-7.1@example.com>"
    assert got["List-Unsubscribe"] == f"<{url}>"
    assert got["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert got["Auto-Submitted"] == "no"
    assert got["Date"].datetime == datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
    text, html = got.get_body(("plain",)), got.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n") == HELLO.text
    assert html.get_content().strip() == HELLO.html
    assert driver.sandbox is False


@pytest.mark.parametrize(
    ("local", "outcome", "detail", "waits"),
    [
        ("ann", Outcome.SENT, "250 2.0.0", False),
        ("rcpt-421-4.7.0", Outcome.THROTTLED, "421 4.7.0", True),
        ("rcpt-450-4.2.1", Outcome.DEFERRED, "450 4.2.1", True),
        ("rcpt-450", Outcome.DEFERRED, "450", True),
        ("rcpt-451-4.7.1", Outcome.DEFERRED, "451 4.7.1", True),
        ("rcpt-452-4.2.2", Outcome.DEFERRED, "452 4.2.2", True),
        ("rcpt-454-4.7.0", Outcome.THROTTLED, "454 4.7.0", True),
        ("rcpt-550-5.1.1", Outcome.BOUNCED, "550 5.1.1", False),
        ("rcpt-550-5.7.1", Outcome.REJECTED, "550 5.7.1", False),
        ("rcpt-550", Outcome.INVALID, "550", False),
        ("rcpt-552-5.2.2", Outcome.MAILBOX_FULL, "552 5.2.2", False),
        ("data-451-4.3.0", Outcome.DEFERRED, "451 4.3.0", True),
        ("data-454-4.7.0", Outcome.THROTTLED, "454 4.7.0", True),
        ("data-550-5.1.1", Outcome.BOUNCED, "550 5.1.1", False),
        ("data-550", Outcome.REJECTED, "550", False),
        ("data-554-5.7.1", Outcome.REJECTED, "554 5.7.1", False),
        ("data-421-4.3.2", Outcome.THROTTLED, "421 4.3.2", True),
        ("hangup-rcpt", Outcome.NETWORK_ERROR, None, False),
        ("hangup-data", Outcome.NETWORK_ERROR, None, False),
    ],
)
async def test_a_reply_has_its_outcome_and_the_next_mail_goes_out(
    local: str,
    outcome: Outcome,
    detail: str | None,
    waits: bool,
    host: Host,
    driver: SmtpDriver,
    mail: MakeMail,
    time: Clock,
) -> None:
    (report,) = await driver.begin([mail(host.trunk(), f"{local}@one.example.com")])
    assert isinstance(report, Report)
    assert (report.outcome, report.final) == (outcome, True)
    assert detail is None or report.detail == detail
    assert (report.retry_after is not None) is waits
    assert len(host.mails()) == (outcome is Outcome.SENT)
    time.at += timedelta(hours=1)
    (after,) = await driver.begin([mail(host.trunk(), "fine@one.example.com", 8)])
    assert isinstance(after, Report)
    assert after.outcome is Outcome.SENT


@pytest.mark.parametrize(("local", "settings"), [("hangup-dot", {}), ("silent-dot", {"data_timeout": 0.3})])
async def test_a_lost_reply_to_a_whole_mail_is_an_unknown_fate(
    local: str,
    settings: dict[str, Any],
    host: Host,
    driver: SmtpDriver,
    mail: MakeMail,
    attempt: Callable[..., Attempt],
) -> None:
    order = mail(host.trunk(**settings), f"{local}@example.com")
    (begun,) = await driver.begin([order])
    assert isinstance(begun, Lost)
    assert len(host.mails()) == 1
    (fate,) = await driver.lookup([attempt(order)], order.at)
    assert isinstance(fate, NotKnown)
    assert list(driver.collect(order.at)) == []


async def test_a_mail_that_cannot_have_arrived_whole_was_not_sent(
    host: Host, driver: SmtpDriver, mail: MakeMail
) -> None:
    message = Rendered("a line\n" * 2_000_000, "Hi")
    (begun,) = await driver.begin([mail(host.trunk(), "hangup-mail@example.com", message=message)])
    assert isinstance(begun, Report)
    assert begun.outcome is Outcome.NETWORK_ERROR


async def test_a_throttled_trunk_is_left_alone_and_then_tried_again(
    host: Host, driver: SmtpDriver, mail: MakeMail, time: Clock
) -> None:
    trunk = host.trunk()

    async def send(address: str) -> Report:
        (report,) = await driver.begin([mail(trunk, address)])
        assert isinstance(report, Report)
        return report

    first = await send("rcpt-454-4.7.0@a.example.com")
    assert first.retry_after == timedelta(seconds=30)
    time.at += timedelta(seconds=10)
    waiting = await send("ann@b.example.com")
    assert (waiting.outcome, waiting.retry_after) == (Outcome.THROTTLED, timedelta(seconds=20))
    assert host.mails() == []
    time.at += timedelta(seconds=20)
    assert (await send("rcpt-454-4.7.0@a.example.com")).retry_after == timedelta(minutes=1)
    time.at += timedelta(minutes=1)
    assert (await send("ann@b.example.com")).outcome is Outcome.SENT
    assert (await send("rcpt-454-4.7.0@a.example.com")).retry_after == timedelta(seconds=30)


async def test_a_domain_that_defers_is_left_alone_by_itself(
    host: Host, driver: SmtpDriver, mail: MakeMail, time: Clock
) -> None:
    trunk = host.trunk()
    await driver.begin([mail(trunk, "rcpt-451-4.7.1@slow.example.com")])
    await driver.begin([mail(trunk, "rcpt-452-4.2.2@full.example.com")])
    reports = await driver.begin([mail(trunk, f"ann@{domain}.example.com") for domain in ("slow", "full", "other")])
    outcomes = [r.outcome for r in reports if isinstance(r, Report)]
    assert outcomes == [Outcome.THROTTLED, Outcome.SENT, Outcome.SENT]
    time.at += timedelta(seconds=30)
    (again,) = await driver.begin([mail(trunk, "ann@slow.example.com")])
    assert isinstance(again, Report)
    assert again.outcome is Outcome.SENT


@pytest.mark.parametrize(("sender", "outcome"), [("mail-550-5.7.1", "protocol_error"), ("mail-451-4.3.0", "deferred")])
async def test_a_refused_sender_is_no_fault_of_the_recipient(
    sender: str, outcome: str, host: Host, driver: SmtpDriver, mail: MakeMail
) -> None:
    (report,) = await driver.begin([mail(host.trunk(), "ann@example.com", sender=f"{sender}@example.com")])
    assert isinstance(report, Report)
    assert report.outcome == outcome


async def test_connections_are_shared_bounded_and_used_again(host: Host, time: Clock, mail: MakeMail) -> None:
    driver = SmtpDriver(time, capacity=50)
    trunk = host.trunk(max_connections=3, messages_per_connection=10)
    sending = asyncio.create_task(driver.begin([mail(trunk, f"p{n}@example.com", n) for n in range(1, 41)]))
    await asyncio.sleep(0)
    assert driver.room() == 10
    reports = await sending
    assert driver.room() == 50
    assert [r.attempt_id for r in reports] == list(range(1, 41))
    assert {r.outcome for r in reports if isinstance(r, Report)} == {Outcome.SENT}
    mails = host.mails()
    used = [m["connection"] for m in mails]
    assert sorted(m["to"] for m in mails) == sorted(f"p{n}@example.com" for n in range(1, 41))
    assert 4 <= len(set(used)) <= 6
    assert max(used.count(c) for c in used) == 10
    await driver.close()


async def test_a_host_that_greets_with_421_or_is_not_there(host: Host, driver: SmtpDriver, mail: MakeMail) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = free.getsockname()[1]
    (busy,) = await driver.begin([mail(host.trunk(1, port=host.busy_port), "ann@example.com")])
    (absent,) = await driver.begin([mail(host.trunk(2, port=nobody), "ann@example.com")])
    (next_one,) = await driver.begin([mail(host.trunk(2, port=nobody), "bob@example.com")])
    (unnamed,) = await driver.begin([mail(host.trunk(3, host="nowhere.invalid"), "ann@example.com")])
    assert isinstance(busy, Report)
    assert isinstance(absent, Report)
    assert isinstance(next_one, Report)
    assert isinstance(unnamed, Report)
    assert (busy.outcome, busy.detail) == (Outcome.THROTTLED, "421 4.3.2")
    assert (absent.outcome, absent.retry_after) == (Outcome.NETWORK_ERROR, timedelta(seconds=30))
    assert next_one.outcome is Outcome.THROTTLED
    assert unnamed.outcome is Outcome.NETWORK_ERROR


async def test_encryption_and_login(secure_host: Host, driver: SmtpDriver, mail: MakeMail) -> None:
    tls = {"tls": "starttls", "username": "clarion", "ca_file": str(secure_host.ca_file)}
    wrong_password = secure_host.trunk(2, password="wrong", **tls)
    unknown_authority = secure_host.trunk(3, tls="starttls", username="clarion")
    in_clear = secure_host.trunk(4)
    reports = await driver.begin(
        [
            mail(trunk, "ann@example.com", trunk.id)
            for trunk in (secure_host.trunk(1, **tls), wrong_password, unknown_authority, in_clear)
        ]
    )
    outcomes = [r.outcome for r in reports if isinstance(r, Report)]
    assert outcomes == [Outcome.SENT, Outcome.PROTOCOL_ERROR, Outcome.NETWORK_ERROR, Outcome.PROTOCOL_ERROR]
    (taken,) = secure_host.mails()
    assert (taken["tls"], taken["login"]) == (True, True)
    assert "535" in str(reports[1])
    assert not any("wrong" in str(report) for report in reports)


async def test_addresses_in_other_scripts(host: Host, secure_host: Host, driver: SmtpDriver, mail: MakeMail) -> None:
    tls = {"tls": "starttls", "username": "clarion", "ca_file": str(secure_host.ca_file)}
    (refused,) = await driver.begin([mail(host.trunk(1), "jörg@example.com")])
    (domain_only,) = await driver.begin([mail(host.trunk(1), "jorg@bücher.example")])
    (sent,) = await driver.begin([mail(secure_host.trunk(2, **tls), "jörg@bücher.example")])
    assert isinstance(refused, Report)
    assert isinstance(domain_only, Report)
    assert isinstance(sent, Report)
    assert (refused.outcome, refused.detail) == (Outcome.REJECTED, "553 5.6.7")
    assert (domain_only.outcome, host.mails()[-1]["to"]) == (Outcome.SENT, "jorg@xn--bcher-kva.example")
    assert (sent.outcome, secure_host.mails()[-1]["to"]) == (Outcome.SENT, "jörg@xn--bcher-kva.example")


async def test_a_connection_that_the_host_left_is_replaced(host: Host, driver: SmtpDriver, mail: MakeMail) -> None:
    trunk = host.trunk()
    await driver.begin([mail(trunk, "ann@example.com", 1)])
    await driver.begin([mail(trunk, "hangup-rcpt-once@example.com", 2)])
    await driver.begin([mail(trunk, "bob@example.com", 3)])
    mails = host.mails()
    assert [m["to"] for m in mails] == ["ann@example.com", "hangup-rcpt-once@example.com", "bob@example.com"]
    assert mails[0]["connection"] != mails[1]["connection"] == mails[2]["connection"]


async def test_a_mistake_of_ours_is_one_orders_unknown_fate(
    host: Host, driver: SmtpDriver, mail: MakeMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build_or_break(order: Order, settings: SmtpSettings) -> Mail:
        if order.attempt_id == 1:
            raise RuntimeError("a mistake")
        return build(order, settings)

    monkeypatch.setattr("clarion.channels.email.smtp.driver.build", build_or_break)
    broken, fine = await driver.begin([mail(host.trunk(), "ann@example.com", n) for n in (1, 2)])
    assert isinstance(broken, Lost)
    assert isinstance(fine, Report)
    assert fine.outcome is Outcome.SENT
    assert driver.room() == 64


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"message": None}, "no message"),
        ({"message": Rendered("")}, "no message"),
        ({"sender": None}, "no sender"),
        ({"sender": "nobody"}, "sender is not an e-mail address"),
        ({"message": Rendered("x", "a\r\nBcc: eve@example.com")}, "no mail can be made"),
        ({"message": Rendered("x", "a", None, {"X-A": "b\nBcc: eve@example.com"})}, "no mail can be made"),
        ({"message": Rendered("x", "a", None, {"Bcc": "eve@example.com"})}, "not for the message to set"),
        ({"message": Rendered("Stop: https://unsubscribe.invalid/", "a")}, "no public URL"),
        ({"address": "ann@example.com\r\nDATA"}, "recipient is not an e-mail address"),
    ],
)
async def test_an_order_that_is_no_mail_is_not_sent(
    changes: dict[str, Any], why: str, host: Host, driver: SmtpDriver, mail: MakeMail
) -> None:
    address = changes.pop("address", "ann@example.com")
    (report,) = await driver.begin([mail(host.trunk(), address, **changes)])
    assert isinstance(report, Report)
    assert report.outcome is Outcome.FAILED
    assert why in (report.detail or "")
    assert host.mails() == []


async def test_a_trunks_settings_may_be_wrong_and_may_change(host: Host, driver: SmtpDriver, mail: MakeMail) -> None:
    (wrong,) = await driver.begin([mail(host.trunk(tls="ssl"), "ann@example.com")])
    (right,) = await driver.begin([mail(host.trunk(), "ann@example.com")])
    (renamed,) = await driver.begin([mail(host.trunk(from_name="Clarion"), "ann@example.com", sender="me@example.com")])
    assert isinstance(wrong, Report)
    assert (wrong.outcome, "settings.tls" in (wrong.detail or "")) == (Outcome.PROTOCOL_ERROR, True)
    assert isinstance(right, Report)
    assert isinstance(renamed, Report)
    assert (right.outcome, renamed.outcome) == (Outcome.SENT, Outcome.SENT)
    assert [str(parsed(m)["From"]) for m in host.mails()] == ["News <news@example.com>", "Clarion <me@example.com>"]
