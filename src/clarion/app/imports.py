"""Imports that ran: look at them, and at the rows that were not taken. Running one is `import_contacts.py`."""

from __future__ import annotations

from collections.abc import Sequence

from clarion.app.actor import Actor
from clarion.app.ports.ledger import Ledger
from clarion.app.ports.people import Import
from clarion.core.contacts import BadRow


async def get_import(ledger: Ledger, actor: Actor, import_id: int) -> Import:
    """One import of the caller's organisation, or NotFound."""
    async with ledger.read() as tx:
        return await tx.people.get_import(actor.organization_id, import_id)


async def list_imports(
    ledger: Ledger, actor: Actor, campaign_id: int, *, cursor: int | None = None, limit: int = 50
) -> Sequence[Import]:
    """A campaign's imports, the newest first; `cursor` is the id of the last one seen. NotFound for no campaign."""
    async with ledger.read() as tx:
        await tx.campaigns.get(actor.organization_id, campaign_id)
        return await tx.people.imports(actor.organization_id, campaign_id, cursor, limit)


async def list_rejects(
    ledger: Ledger, actor: Actor, import_id: int, *, after_line: int = 0, limit: int = 100
) -> Sequence[BadRow]:
    """Rows that were not taken, duplicates among them, in order of line. NotFound for no import."""
    async with ledger.read() as tx:
        return await tx.people.rejects(actor.organization_id, import_id, after_line, limit)
