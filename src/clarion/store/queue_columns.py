"""Contacts and attempts as the queue reads them: which columns, and how a row becomes a value."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import BigInteger, Select, String, Text, select, text, type_coerce

from clarion.core.contacts import Address, Attempt, Contact
from clarion.core.outcomes import ContactState, FinishReason, Outcome
from clarion.store.columns import EPOCH
from clarion.store.schema import attempts, contacts, queue

WAITING = text("queue.state = 'waiting'")
"""Spelled as in the partial index, so that SQLite's planner sees that the index serves."""
LIVE = text("queue.state = 'released'")

BOTH = (queue, attempts)
"""What is decided by an attempt's state locks its row too: PostgreSQL looks anew only at rows that it locks."""

CONTACT_COLUMNS = (
    queue.c.contact_id,
    queue.c.organization_id,
    queue.c.campaign_id,
    queue.c.batch_id,
    contacts.c.reference_id,
    contacts.c.address,
    queue.c.region_key,
    contacts.c.person,
    type_coerce(queue.c.state, String),
    contacts.c.line_type,
    type_coerce(contacts.c.fallbacks, Text),
    queue.c.address_index,
    type_coerce(contacts.c.variables, Text),
    contacts.c.zone,
    contacts.c.postal_code,
    contacts.c.priority,
    queue.c.tries,
    queue.c.burned,
    queue.c.faults,
    type_coerce(queue.c.not_before, BigInteger),
    type_coerce(queue.c.next_at, BigInteger),
    queue.c.attempt_id,
    type_coerce(queue.c.last_outcome, String),
    type_coerce(queue.c.finish_reason, String),
    queue.c.goal_reached,
    type_coerce(contacts.c.created_at, BigInteger),
    type_coerce(queue.c.updated_at, BigInteger),
    contacts.c.region_key,
    queue.c.trunk_id,
    queue.c.fresh_from,
)
"""Read bare, and made into values by `contact_of`: contacts are read by the hundred in each release."""

STATES = {word.value: word for word in ContactState}
OUTCOMES = {word.value: word for word in Outcome}
REASONS = {word.value: word for word in FinishReason}

ATTEMPT_COLUMNS = tuple(attempts.c[name] for name in Attempt.__dataclass_fields__)


def contacts_query() -> Select[Any]:
    """Contacts with where they stand; rows of it become values by `contact_of`."""
    return select(*CONTACT_COLUMNS).join_from(queue, contacts, contacts.c.id == queue.c.contact_id)


def contact_of(row: Sequence[Any]) -> Contact:
    """A row of `contacts_query` as a value."""
    values: list[Any] = [*row]
    values[8] = STATES[row[8]]
    values[10] = tuple(Address(**one) for one in orjson.loads(row[10])) if row[10] else ()
    values[12] = orjson.loads(row[12]) if row[12] else {}
    values[22] = OUTCOMES[row[22]] if row[22] else None
    values[23] = REASONS[row[23]] if row[23] else None
    for place in (19, 20, 25, 26):
        if row[place] is not None:
            values[place] = EPOCH + timedelta(microseconds=row[place])
    return Contact(*values)


def attempt_of(row: Sequence[Any]) -> Attempt:
    """A row of the ATTEMPT_COLUMNS as a value."""
    values: list[Any] = [*row]
    values[-2:] = row[-2] or {}, row[-1] or {}
    return Attempt(*values)


def lives_query() -> Select[Any]:
    """Live attempts with their contacts."""
    return (
        select(*ATTEMPT_COLUMNS, *CONTACT_COLUMNS)
        .join_from(queue, attempts, attempts.c.id == queue.c.attempt_id)
        .join(contacts, contacts.c.id == queue.c.contact_id)
        .where(LIVE)
    )
