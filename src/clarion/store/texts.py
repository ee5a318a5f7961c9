"""Texts, on SQLAlchemy Core."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from clarion.app.ports.texts import Text
from clarion.app.refusals import NotFound
from clarion.store.schema import texts
from clarion.store.session import Session


class StoredTextRows:
    """Implements `clarion.app.ports.texts.TextRows`."""

    def __init__(self, session: Session) -> None:
        """`session` is the open transaction."""
        self._session = session

    async def text(self, organization_id: int, kind: str, text_id: int) -> Text:
        """See the port."""
        query = select(texts).where(
            texts.c.organization_id == organization_id, texts.c.kind == kind, texts.c.id == text_id
        )
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            raise NotFound(kind, text_id)
        return _text(row)

    async def texts(self, organization_id: int, kind: str, *, after: int = 0, limit: int = 100) -> list[Text]:
        """See the port."""
        query = select(texts).where(
            texts.c.organization_id == organization_id, texts.c.kind == kind, texts.c.id > after
        )
        return [_text(row) for row in await self._session.execute(query.order_by(texts.c.id).limit(limit))]

    async def add_text(self, text: Text) -> None:
        """See the port."""
        await self._session.execute(insert(texts), {name: getattr(text, name) for name in Text.__slots__})

    async def change_text(self, text: Text) -> None:
        """See the port."""
        await self._session.execute(
            update(texts)
            .where(texts.c.organization_id == text.organization_id, texts.c.id == text.id)
            .values(name=text.name, body=text.body, extras=text.extras, updated_at=text.updated_at)
        )

    async def delete_text(self, organization_id: int, kind: str, text_id: int) -> None:
        """See the port."""
        await self._session.execute(
            delete(texts).where(texts.c.organization_id == organization_id, texts.c.kind == kind, texts.c.id == text_id)
        )


def _text(row: Row[Any]) -> Text:
    return Text(**row._mapping)
