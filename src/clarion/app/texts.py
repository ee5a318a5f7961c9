"""Texts: prompts and greetings that agents refer to. A kind is a drawer; an id is looked for in its own drawer only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypedDict

from clarion.app.actor import Actor, Role
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger
from clarion.app.ports.texts import Text
from clarion.app.refusals import Invalid, Problem

LONGEST = 256 * 1024
"""Characters of a text."""


class TextChanges(TypedDict, total=False):
    """What can be changed of a text."""

    name: str
    body: str
    extras: Mapping[str, Any]


async def create_text(
    ledger: Ledger,
    clock: Clock,
    actor: Actor,
    kind: str,
    name: str,
    body: str,
    extras: Mapping[str, Any] | None = None,
) -> Text:
    """A new text. Raises Invalid."""
    actor.must_be(Role.OPERATOR)
    _check(body)
    now = clock.now()
    async with ledger.write() as tx:
        (text_id,) = await tx.new_ids("texts")
        text = Text(text_id, actor.organization_id, kind, name, body, now, now, extras or {})
        await tx.texts.add_text(text)
    return text


async def get_text(ledger: Ledger, actor: Actor, kind: str, text_id: int) -> Text:
    """One text, or NotFound."""
    async with ledger.read() as tx:
        return await tx.texts.text(actor.organization_id, kind, text_id)


async def list_texts(ledger: Ledger, actor: Actor, kind: str, *, after: int = 0, limit: int = 10_000) -> Sequence[Text]:
    """Those of a kind by id, above `after`."""
    async with ledger.read() as tx:
        return await tx.texts.texts(actor.organization_id, kind, after=after, limit=limit)


async def change_text(
    ledger: Ledger, clock: Clock, actor: Actor, kind: str, text_id: int, changes: TextChanges
) -> Text:
    """Change a text; whoever refers to it says the new one from now on. Raises Invalid."""
    actor.must_be(Role.OPERATOR)
    _check(changes.get("body", ""))
    async with ledger.write() as tx:
        old = await tx.texts.text(actor.organization_id, kind, text_id)
        text = replace(old, **changes, updated_at=clock.now())
        await tx.texts.change_text(text)
    return text


async def delete_text(ledger: Ledger, actor: Actor, kind: str, text_id: int) -> None:
    """Delete a text, or NotFound. Whether somebody refers to it is for the caller to find out."""
    actor.must_be(Role.OPERATOR)
    async with ledger.write() as tx:
        await tx.texts.text(actor.organization_id, kind, text_id)
        await tx.texts.delete_text(actor.organization_id, kind, text_id)


def _check(body: str) -> None:
    if len(body) > LONGEST:
        raise Invalid([Problem("body", "too_long", f"A text has at most {LONGEST} characters.")])
