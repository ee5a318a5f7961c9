"""Who words a webhook's payload: clarion itself, or the vendor whose API created the endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from clarion.app.ports.ledger import Tx
from clarion.app.ports.outbox import Message


class PayloadFormat(Protocol):
    """One way to word messages. Formats are listed by name (`Endpoint.format`) where the program is put together."""

    async def bodies(self, tx: Tx, messages: Sequence[Message]) -> Sequence[bytes | None]:
        """The JSON body (UTF-8) of each message, in their order; None for one that is not told in this format.

        `tx` reads: a format may look up what its payload needs beyond the message. A retry asks again, so equal
        messages must make equal bodies as far as the format allows.
        """
        ...
