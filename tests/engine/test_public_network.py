"""The address that was judged is the one connected to; TLS and Host keep the name."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from webhook_receiver import Receiver

from clarion.app.deliver import Parcel
from clarion.app.ports.outbox import Message, MessageState
from clarion.core.events import Endpoint, EventType
from clarion.engine.public_network import AddressRefused, PublicNetwork, system_resolve
from clarion.engine.webhook_post import WebhookPost
from clarion.wire.webhook_signatures import new_secret

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
NAME = "hooks.example.test"
LOCAL = (ip_network("127.0.0.0/8"),)


class Sockets(httpcore.AsyncMockBackend):
    """Remembers where connections were opened; some addresses do not answer."""

    def __init__(self, silent: Sequence[str] = ()) -> None:
        super().__init__([])
        self.opened: list[str] = []
        self.silent = silent

    async def connect_tcp(self, host: str, *args: object, **more: object) -> httpcore.AsyncNetworkStream:
        self.opened.append(host)
        if host in self.silent:
            raise httpcore.ConnectError("connection refused")
        return await super().connect_tcp(host, 443)


class Names:
    """A resolver whose owner changes the answer each time; the last one repeats."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = answers
        self.asked = 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


async def test_a_name_that_changes_its_mind_gains_nothing() -> None:
    sockets, names = Sockets(), Names(["93.184.215.14"], ["127.0.0.1"])
    network = PublicNetwork(resolve=names, plain=sockets)
    await network.connect_tcp(NAME, 443)
    assert names.asked == 1, "a second lookup is what a rebinding attack waits for"
    with pytest.raises(AddressRefused, match=r"127\.0\.0\.1 \(loopback\)"):
        await network.connect_tcp(NAME, 443)
    assert sockets.opened == ["93.184.215.14"]


async def test_of_several_addresses_only_public_ones_are_tried_in_turn() -> None:
    sockets = Sockets(silent=["93.184.215.14"])
    names = Names(["10.0.0.1", "93.184.215.14", "::ffff:169.254.169.254", "93.184.215.15", "93.184.215.16"])
    await PublicNetwork(resolve=names, plain=sockets).connect_tcp(NAME, 443)
    assert sockets.opened == ["93.184.215.14", "93.184.215.15"]


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "64:ff9b::a9fe:a9fe", "::ffff:10.0.0.1", "fd00:ec2::254", "::1"]
)
async def test_disguised_addresses_are_refused(address: str) -> None:
    sockets = Sockets()
    with pytest.raises(AddressRefused):
        await PublicNetwork(resolve=Names([address]), plain=sockets).connect_tcp(NAME, 443)
    assert sockets.opened == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "localhost", "::1"])
async def test_odd_spellings_of_this_machine_are_refused(host: str) -> None:
    with pytest.raises(AddressRefused):
        await PublicNetwork(resolve=system_resolve, plain=Sockets()).connect_tcp(host, 80)


async def test_an_allowed_network_is_an_exception_and_no_more() -> None:
    sockets = Sockets()
    network = PublicNetwork((ip_network("10.1.0.0/16"),), Names(["10.1.0.1"], ["10.2.0.1"]), sockets)
    await network.connect_tcp(NAME, 443)
    with pytest.raises(AddressRefused):
        await network.connect_tcp(NAME, 443)
    assert sockets.opened == ["10.1.0.1"]


async def test_a_name_without_an_address_is_a_failure() -> None:
    with pytest.raises(httpcore.ConnectError, match="no address"):
        await PublicNetwork(resolve=Names([]), plain=Sockets()).connect_tcp(NAME, 443)

    async def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError("Name or service not known")

    with pytest.raises(httpcore.ConnectError, match="cannot be resolved"):
        await PublicNetwork(resolve=unknown, plain=Sockets()).connect_tcp(NAME, 443)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate with its key, for NAME."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.fixture
async def receiver(certificate: Path) -> AsyncIterator[tuple[Receiver, list[str | None]]]:
    """A TLS receiver, and the names that clients asked for (SNI)."""
    asked: list[str | None] = []
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    tls.sni_callback = lambda _socket, name, _context: asked.append(name)
    server = Receiver()
    await server.start(tls)
    yield server, asked
    await server.stop()


def _parcel(url: str) -> Parcel:
    message = Message(1, 1, 1, EventType.WEBHOOK_TEST, {}, MessageState.PENDING, 0, NOW)
    return Parcel(message, Endpoint(id=1, organization_id=1, url=url), b"{}", (new_secret(),))


async def test_tls_is_verified_against_the_name(receiver: tuple[Receiver, list[str | None]], certificate: Path) -> None:
    server, asked = receiver
    trusting = ssl.create_default_context(cafile=str(certificate))
    post = WebhookPost(allow_private=LOCAL, resolve=Names(["127.0.0.1"]), tls=trusting)
    good = await post(_parcel(f"https://{NAME}:{server.port}/hook"), NOW)
    assert (good.status, good.error) == (200, None)
    assert (asked, server.got[0].headers["host"]) == ([NAME], f"{NAME}:{server.port}")
    other = await post(_parcel(f"https://other.example.test:{server.port}/hook"), NOW)
    assert other.status is None
    assert "certificate" in (other.error or "").lower()
    await post.close()


async def test_an_unknown_authority_is_refused(receiver: tuple[Receiver, list[str | None]]) -> None:
    server, _ = receiver
    post = WebhookPost(allow_private=LOCAL, resolve=Names(["127.0.0.1"]))
    reply = await post(_parcel(f"https://{NAME}:{server.port}/hook"), NOW)
    assert reply.status is None
    assert "certificate" in (reply.error or "").lower()
    assert server.got == []
    await post.close()
