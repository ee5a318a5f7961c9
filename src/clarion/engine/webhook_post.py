"""One try to bring one message to its receiver over HTTP."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from datetime import datetime, timedelta

import httpcore
import httpx

from clarion import __version__
from clarion.app.deliver import Parcel, Reply
from clarion.engine.public_network import PublicNetwork, Resolve, system_resolve
from clarion.wire.private_addresses import Network
from clarion.wire.retry_after import parse_retry_after
from clarion.wire.webhook_signatures import message_id, signed_headers

TIMEOUT = timedelta(seconds=15)
LARGEST_ANSWER = 64 * 1024
"""Bytes of an answer's body that are read (to use the connection again) before it is cut off."""
IDLE_SECONDS = 10.0
"""How long a connection is kept for the receiver's next message."""


class WebhookPost:
    """Posts parcels: no redirects, no proxies, no cookies; certificates verified; public addresses only."""

    def __init__(
        self,
        *,
        allow_private: Sequence[Network] = (),
        resolve: Resolve = system_resolve,
        tls: ssl.SSLContext | None = None,
        timeout: timedelta = TIMEOUT,
        connections: int = 64,
    ) -> None:
        """`timeout` is for a whole try, from the name's lookup to the answer. `tls` None: the public authorities."""
        self._timeout = timeout
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls or httpx.create_ssl_context(),
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=PublicNetwork(allow_private, resolve),
        )

    async def __call__(self, parcel: Parcel, at: datetime) -> Reply:
        """Offer the parcel. `at` is the receivers' present instant (UTC), which the signature vouches for."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        status: int | None = None
        retry_after: timedelta | None = None
        error: str | None = None
        try:
            async with asyncio.timeout(self._timeout.total_seconds()):
                url = httpx.URL(parcel.endpoint.url)
                async with self._pool.stream(
                    parcel.endpoint.method,
                    httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                    headers=_headers(parcel, at),
                    content=parcel.body,
                ) as response:
                    status = response.status
                    retry_after = _retry_after(response.headers, at)
                    await _read_some(response)
        except TimeoutError:
            error = f"No answer within {self._timeout.total_seconds():g} s."
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, httpx.InvalidURL) as failed:
            error = str(failed) or type(failed).__name__
        if status is not None:  # the receiver has answered, whatever then became of the rest
            error = None if 200 <= status < 300 else _refusal(status)
        return Reply(
            message=parcel.message,
            url=parcel.endpoint.url,
            status=status,
            error=error,
            duration=timedelta(seconds=loop.time() - started),
            retry_after=retry_after,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.aclose()


def _headers(parcel: Parcel, at: datetime) -> list[tuple[bytes | str, bytes | str]]:
    return [
        ("Host", httpx.URL(parcel.endpoint.url).netloc),
        ("Content-Type", "application/json"),
        ("User-Agent", f"clarion/{__version__}"),
        ("Accept", "*/*"),
        ("Accept-Encoding", "identity"),
        *signed_headers(message_id(parcel.message.id), at, parcel.body, parcel.secrets).items(),
    ]


def _retry_after(headers: Sequence[tuple[bytes, bytes]], at: datetime) -> timedelta | None:
    for name, value in headers:
        if name.lower() == b"retry-after":
            return parse_retry_after(value.decode("latin-1"), at)
    return None


async def _read_some(response: httpcore.Response) -> None:
    size = 0
    async for chunk in response.aiter_stream():
        size += len(chunk)
        if size > LARGEST_ANSWER:
            return


def _refusal(status: int) -> str:
    if 300 <= status < 400:
        return f"HTTP {status}: redirects are not followed."
    return f"HTTP {status}."
