"""The ledger: transactions, and the rows in them by topic."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from clarion.app.ports.campaigns import CampaignRows
from clarion.app.ports.organizations import OrganizationRows
from clarion.app.ports.outbox import OutboxRows
from clarion.app.ports.people import PeopleRows
from clarion.app.ports.queue import QueueRows
from clarion.app.ports.reports import ReportRows
from clarion.app.ports.resources import ResourceRows
from clarion.app.ports.suppression import SuppressionRows
from clarion.app.ports.texts import TextRows


class Tx(Protocol):
    """One transaction. What it did is kept when its block ends without an exception."""

    @property
    def organizations(self) -> OrganizationRows:
        """Organisations, users, API keys, idempotency keys."""
        ...

    @property
    def resources(self) -> ResourceRows:
        """Agents, trunks, senders, pools."""
        ...

    @property
    def campaigns(self) -> CampaignRows:
        """Campaigns and batches."""
        ...

    @property
    def people(self) -> PeopleRows:
        """Contacts and imports."""
        ...

    @property
    def queue(self) -> QueueRows:
        """Claims, attempts, decisions, limits: what the engine writes."""
        ...

    @property
    def reports(self) -> ReportRows:
        """Tallies, lists, exports, a contact's story."""
        ...

    @property
    def suppression(self) -> SuppressionRows:
        """Do-not-contact entries and consents."""
        ...

    @property
    def outbox(self) -> OutboxRows:
        """Webhook endpoints, messages, deliveries."""
        ...

    @property
    def texts(self) -> TextRows:
        """Prompts and greetings."""
        ...

    async def new_ids(self, kind: str, count: int = 1) -> range:
        """`count` fresh ids for `kind` (a table's name), unique over all processes. Gaps are allowed."""
        ...


class Ledger(Protocol):
    """The database."""

    def write(self) -> AbstractAsyncContextManager[Tx]:
        """A transaction that may write. On SQLite there is one at a time."""
        ...

    def read(self) -> AbstractAsyncContextManager[Tx]:
        """A transaction that reads one consistent snapshot."""
        ...
