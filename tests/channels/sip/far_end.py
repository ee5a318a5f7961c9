"""Far ends for calls: SIPp plays what a scenario says, and an ear keeps and echoes the sound.

A scenario is a list of steps, each a piece of SIPp's XML. `{media}` in one becomes the ear's port and `{contact}` the
far end's own address. Every far end has ports of its own and lives in a process of its own.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import ssl
import struct
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from typing import Any, cast
from xml.sax.saxutils import escape

import pytest

INSTALL = "apt-get install -y sip-tester kamailio kamailio-tls-modules"
HOST = "127.0.0.1"
EVENT = 101
"""Payload type of telephone events (RFC 4733), here and in what baresip offers."""
KEYS = "0123456789*#ABCD"


def need(program: str) -> str:
    """The path of a Debian program; without it the test is skipped, and fails where CI is true."""
    found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if found is None:
        said = f"{program} is missing: {INSTALL}"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(said)
        pytest.skip(said)
    return found


_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw") or 0) % 4
_ports = count(20_100 + _WORKER * 3_000 + os.getpid() % 100 * 10, 10)
"""Above those of the line (see conftest.py), below those that the system gives out by itself (Linux: from 32,768
on). Each process of the tests goes through ports of its own, and takes none twice."""


def free_port() -> int:
    """A port that nobody listens on, for UDP and TCP, with the five after it: SIPp takes some of those too."""
    for port in islice(_ports, 500):
        if all(_is_free(port + n, kind) for n in range(6) for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)):
            return port
    raise OSError("no free port")


def _is_free(port: int, kind: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


# Steps. Names in the dollar signs are SIPp's variables: 1 CSeq, 2 From, 3 To, 4 Contact's URI of the INVITE.

ECHOED = (
    "[last_Via:]\n[last_Record-Route:]\n[last_From:]\n[last_To:];tag=far[call_number]\n[last_Call-ID:]\n[last_CSeq:]\n"
)


def send(text: str, *, again: bool = False) -> str:
    """A message as it goes out; `again` repeats it over UDP until it is answered."""
    more = ' retrans="500"' if again else ""
    return f"<send{more}><![CDATA[\n{text}\n]]></send>"


def reply(code: int, reason: str, *headers: str, body: str = "", to: str = ECHOED, again: bool = False) -> str:
    """A response to the latest request."""
    lines = [f"SIP/2.0 {code} {reason}", to.strip("\n"), *headers]
    if body:
        lines += ["Content-Type: application/sdp", "Content-Length: [len]", "", body.strip("\n"), ""]
    else:
        lines += ["Content-Length: 0", "", ""]
    return send("\n".join(lines), again=again)


def recv(method: str, *, optional: bool = False, action: str = "") -> str:
    """Wait for a request."""
    more = ' optional="true"' if optional else ""
    return f'<recv request="{method}"{more}>{f"<action>{action}</action>" if action else ""}</recv>'


def pause(milliseconds: int) -> str:
    """Do nothing."""
    return f'<pause milliseconds="{milliseconds}"/>'


def _keep(number: int, header: str, pattern: str = ".*") -> str:
    return f'<ereg regexp="{escape(pattern)}" search_in="hdr" header="{header}:" assign_to="{number}"/>'


INVITE = recv(
    "INVITE", action=_keep(1, "CSeq") + _keep(2, "From") + _keep(3, "To") + _keep(4, "Contact", "sips?:[^;>]*")
)
KEPT = '<Reference variables="1,2,3,4"/>'


def sdp(codecs: Sequence[tuple[int, str]] = ((0, "PCMU/8000"),), *, profile: str = "RTP/AVP") -> str:
    """What the far end would hear, at the ear's port."""
    numbers = " ".join(str(n) for n, _ in codecs)
    lines = [
        "v=0",
        "o=far 1 1 IN IP4 127.0.0.1",
        "s=-",
        "c=IN IP4 127.0.0.1",
        "t=0 0",
        f"m=audio {{media}} {profile} {numbers} {EVENT}",
        *(f"a=rtpmap:{n} {name}" for n, name in codecs),
        f"a=rtpmap:{EVENT} telephone-event/8000",
        f"a=fmtp:{EVENT} 0-15",
        "a=ptime:20",
    ]
    return "\n".join(lines)


def answered(body: str | None = None, *, after: int = 0) -> list[str]:
    """INVITE, 180, 200 with sound, ACK."""
    return [
        INVITE,
        reply(180, "Ringing"),
        *([pause(after)] if after else []),
        reply(200, "OK", "Contact: <{contact}>", body=body or sdp(), again=True),
        recv("ACK"),
    ]


def request(method: str, number: int, *headers: str, body: str = "") -> str:
    """A request of the far end inside the call."""
    lines = [
        f"{method} [$4] SIP/2.0",
        "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]",
        "Max-Forwards: 70",
        "From:[$3];tag=far[call_number]",
        "To:[$2]",
        "[last_Call-ID:]",
        f"CSeq: {number} {method}",
        "Contact: <{contact}>",
        *headers,
        "Content-Length: [len]",
        "",
        body,
    ]
    return send("\n".join(lines), again=True)


ANSWER_TO_OURS = '<recv response="200"/>'
IN_CALL = "[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\n"


def bye_taken() -> list[str]:
    """Their BYE, and our 200."""
    return [recv("BYE"), reply(200, "OK", to=IN_CALL)]


def refused(code: int, reason: str, *headers: str) -> list[str]:
    """INVITE, and a final response that is not 200."""
    return [INVITE, reply(code, reason, *headers, again=True), recv("ACK")]


@dataclass
class Heard:
    """One RTP packet."""

    at: float
    payload_type: int
    sequence: int
    timestamp: int
    marker: bool
    payload: bytes


@dataclass
class Ear(asyncio.DatagramProtocol):
    """Where a far end's sound goes: keeps each packet and sends it back, until told to stop."""

    echo: bool = True
    speaks: bool = False
    """Sends 20 ms of a square wave of its own for each packet that comes."""
    deaf_after: float | None = None
    """Seconds after the first packet from which nothing is sent back."""
    port: int = 0
    heard: list[Heard] = field(default_factory=list)
    peer: Any = None
    transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if len(data) < 12:
            return
        now = time.monotonic()
        _, second, sequence, timestamp = struct.unpack("!BBHI", data[:8])
        self.heard.append(Heard(now, second & 127, sequence, timestamp, second > 127, data[12:]))
        self.peer = addr
        quiet = self.deaf_after is not None and now - self.heard[0].at > self.deaf_after
        if self.echo and not quiet and self.transport is not None:
            self.transport.sendto(data, addr)

    def keys(self) -> str:
        """The keys that were pressed, one a telephone event (they are sent many times with one timestamp)."""
        seen: dict[int, str] = {}
        for packet in self.heard:
            if packet.payload_type == EVENT and packet.payload:
                seen.setdefault(packet.timestamp, KEYS[packet.payload[0]])
        return "".join(seen.values())

    def press(self, key: str, *, first: int = 40_000) -> None:
        """Send a key of 100 ms as RFC 4733 has it: rising duration, the last packet three times."""
        assert self.transport is not None
        code = KEYS.index(key)
        for n in range(1, 8):
            end = n >= 5
            body = struct.pack("!BBH", code, (128 if end else 0) | 10, min(n, 5) * 160)
            head = struct.pack("!BBHII", 128, EVENT | (128 if n == 1 else 0), (first + n) & 65535, first * 160, 77)
            self.transport.sendto(head + body, self.peer)


class FarEnd:
    """SIPp with one scenario. `uri(number)` calls it; `log()` is every message that it saw."""

    def __init__(self, folder: Path, steps: Sequence[str], ear: Ear, *, transport: str = "udp", tls_port: int = 0):
        self.port = free_port()
        self.ear = ear
        self.transport = transport
        self.tls_port = tls_port
        self._folder = folder
        self._log = folder / f"messages-{self.port}.log"
        shown = self.tls_port or self.port
        kind = "tls" if tls_port else transport
        contact = f"sip:far@{HOST}:{shown};transport={kind}"
        text = "".join(steps).replace("{media}", str(ear.port)).replace("{contact}", contact)
        self._file = folder / f"scenario-{self.port}.xml"
        used = KEPT if 'assign_to="1"' in text else ""
        self._file.write_text(f'<?xml version="1.0"?>\n<scenario name="far end">{text}{used}</scenario>\n')
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run it, and wait until it listens."""
        sipp = need("sipp")
        command = [sipp, "-sf", str(self._file), "-i", HOST, "-p", str(self.port), "-nostdin", "-skip_rlimit"]
        command += ["-mp", str(free_port()), "-trace_msg", "-message_file", str(self._log), "-trace_err"]
        command += ["-error_file", str(self._folder / f"errors-{self.port}.log"), "-timer_resol", "5"]
        command += ["-t", "t1" if self.transport == "tcp" else "u1", "-watchdog_minor_threshold", "60000"]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=self._folder, env={"TERM": "dumb"}
        )
        kind = socket.SOCK_STREAM if self.transport == "tcp" else socket.SOCK_DGRAM
        end = time.monotonic() + 5
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise RuntimeError(f"SIPp ended: {(self._process.stderr or b'').read().decode()}")  # type: ignore[union-attr]
            with socket.socket(socket.AF_INET, kind) as probe:
                try:
                    probe.bind((HOST, self.port))
                except OSError:
                    return
            time.sleep(0.01)
        raise RuntimeError("SIPp does not listen")

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stderr is not None
            self._process.stderr.close()
            self._process = None

    def log(self) -> str:
        """Every message it saw, as SIPp wrote it down."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def first_lines(self) -> list[str]:
        """`INVITE`, `180`, … in the order in which they went by, both ways."""
        found = []
        for block in self.log().split("-----------------------------------------------")[1:]:
            text = block.split("\n\n", 1)[-1].strip().split("\n", 1)[0]
            words = text.split()
            if words:
                found.append(words[1] if words[0].startswith("SIP/") else words[0])
        return found

    async def saw(self, word: str, seconds: float = 1.0) -> None:
        """Waits until a request or response went by; SIPp writes its log a little later than it acts."""
        end = time.monotonic() + seconds
        while word not in self.first_lines():
            assert time.monotonic() < end, f"no {word}: {self.first_lines()}"
            await asyncio.sleep(0.02)


async def open_ear(**how: Any) -> Ear:
    """An ear on a free port."""
    ear = Ear(**how)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: ear, local_addr=(HOST, 0))
    ear.port = transport.get_extra_info("sockname")[1]
    return ear


class TlsDoor:
    """Ends TLS in front of a far end that speaks TCP (Debian's SIPp has no TLS)."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        self.port = 0
        self.behind = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._serve, HOST, 0, ssl=self._context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(HOST, self.behind)

        async def carry(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
            try:
                while data := await source.read(65536):
                    to.write(data)
                    await to.drain()
            except (OSError, asyncio.CancelledError):
                pass
            finally:
                to.close()

        for pair in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(carry(*pair))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """No more."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()


@contextmanager
def running(far: FarEnd) -> Iterator[FarEnd]:
    """A far end for as long as the block lasts."""
    far.start()
    try:
        yield far
    finally:
        far.stop()
