"""TCP connections to public addresses only: a name is resolved, judged and connected to in one go.

A check before the connection would look a name up twice, and whoever owns the name could answer differently the second
time (DNS rebinding). Here the address that was judged is the address that is connected to.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence

import httpcore

from clarion.wire.private_addresses import Network, why_refused

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The IP addresses of a host name, in the order in which to try them. Raises OSError when there are none."""


class AddressRefused(httpcore.ConnectError):
    """The name leads only to addresses that customers' messages may not be sent to."""


async def system_resolve(host: str, port: int) -> Sequence[str]:
    """What the operating system's resolver says."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class PublicNetwork(httpcore.AsyncNetworkBackend):
    """Connects a connection pool to public addresses. TLS and the Host header keep using the name."""

    def __init__(
        self,
        allow_private: Sequence[Network] = (),
        resolve: Resolve = system_resolve,
        plain: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        """`allow_private` networks are an operator's exceptions, for intranets and tests. `plain` opens the sockets."""
        self._allowed = tuple(allow_private)
        self._resolve = resolve
        self._plain = plain or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first of the host's permitted addresses that answers. `timeout` in seconds, for each."""
        trouble: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in await self._permitted(host, port):
            try:
                return await self._plain.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                trouble = failed
        raise trouble or httpcore.ConnectError(f"The name {host} has no address.")

    async def _permitted(self, host: str, port: int) -> list[str]:
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as failed:
            raise httpcore.ConnectError(f"The name {host} cannot be resolved: {failed}") from failed
        judged = {address: why_refused(address, self._allowed) for address in addresses}
        permitted = [address for address, why in judged.items() if why is None]
        if judged and not permitted:
            reasons = ", ".join(f"{address} ({why})" for address, why in judged.items())
            raise AddressRefused(f"Refused: {host} leads to {reasons}.")
        return permitted
