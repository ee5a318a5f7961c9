"""One open transaction, and the batch statements that SQLite and PostgreSQL run each in its fastest way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    LargeBinary,
    SmallInteger,
    Table,
    insert,
    text,
    update,
)
from sqlalchemy import bindparam as bind
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import Executable
from sqlalchemy.types import TypeDecorator, TypeEngine

from clarion.store.ids import IdSource

Row = Mapping[str, Any]


class Session:
    """A connection with its transaction open. Statements are SQLAlchemy Core's; batches have their own verbs."""

    def __init__(self, connection: AsyncConnection, ids: IdSource) -> None:
        """`connection` is inside its transaction."""
        self.connection = connection
        self._ids = ids
        self._begun = False
        self.is_postgres = connection.dialect.name == "postgresql"

    async def execute(self, statement: Executable, parameters: Row | None = None) -> CursorResult[*tuple[Any, ...]]:
        """One statement."""
        self._begun = True
        return await self.connection.execute(statement, parameters)

    async def new_ids(self, kind: str, count: int = 1) -> range:
        """Fresh ids; see `Tx.new_ids`."""
        return await self._ids.take(kind, count, self.connection)

    def insert_or_ignore(self, table: Table) -> Any:
        """An INSERT that skips rows which break a unique index."""
        build = postgresql.insert if self.is_postgres else sqlite.insert
        return build(table).on_conflict_do_nothing()

    def upsert(self, table: Table, key: Sequence[str], change: Sequence[str]) -> Any:
        """An INSERT that, on a clash of `key`, sets the `change` columns to the new values."""
        build = postgresql.insert if self.is_postgres else sqlite.insert
        statement = build(table)
        return statement.on_conflict_do_update(
            index_elements=list(key), set_={name: statement.excluded[name] for name in change}
        )

    async def insert_many(self, table: Table, rows: Sequence[Row], *, ignore: bool = False) -> None:
        """Insert rows that all have the same keys. Columns not named get their server default or NULL."""
        if not rows:
            return
        if self.is_postgres:
            names = list(rows[0])
            columns = [table.c[name] for name in names]
            tail = " ON CONFLICT DO NOTHING" if ignore else ""
            sql = (
                f"INSERT INTO {table.name} ({', '.join(names)}) "  # noqa: S608 - names come from the schema
                f"SELECT * FROM unnest({_arrays(columns)}){tail}"
            )
            await self._unnest(sql, columns, rows)
        else:
            statement = self.insert_or_ignore(table) if ignore else insert(table)
            await self.connection.execute(statement, list(rows))

    async def update_many(self, table: Table, rows: Sequence[Row], *, key: Sequence[str], guard: str = "") -> None:
        """Update each row found by its `key` columns with its other values. `guard` is SQL on the table, named `t`."""
        if not rows:
            return
        names = list(rows[0])
        changed = [name for name in names if name not in key]
        also = f" AND {guard}" if guard else ""
        if self.is_postgres:
            columns = [table.c[name] for name in names]
            sql = (
                f"UPDATE {table.name} AS t SET {', '.join(f'{n} = d.{n}' for n in changed)} "  # noqa: S608
                f"FROM unnest({_arrays(columns)}) AS d({', '.join(names)}) "
                f"WHERE {' AND '.join(f't.{n} = d.{n}' for n in key)}{also}"
            )
            await self._unnest(sql, columns, rows)
        else:
            statement = update(table).values({n: bind(f"v_{n}") for n in changed})
            for name in key:
                statement = statement.where(table.c[name] == bind(f"k_{name}"))
            if guard:
                statement = statement.where(text(guard.replace("t.", f"{table.name}.")))
            await self.connection.execute(
                statement,
                [{(f"k_{n}" if n in key else f"v_{n}"): value for n, value in row.items()} for row in rows],
            )

    async def _unnest(self, sql: str, columns: Sequence[Column[Any]], rows: Sequence[Row]) -> None:
        arrays = []
        for column in columns:
            process = _to_database(column.type, self.connection)
            name = column.name
            arrays.append([process(row[name]) for row in rows] if process else [row[name] for row in rows])
        if not self._begun:  # the adapter opens the transaction with its own first statement only
            await self.execute(text("SELECT 1"))
        raw = await self.connection.get_raw_connection()
        driver = raw.driver_connection
        assert driver is not None
        await driver.execute(sql, *arrays)


def _to_database(kind: TypeEngine[Any], connection: AsyncConnection) -> Any:
    return kind.bind_processor(connection.dialect) if isinstance(kind, TypeDecorator) else None


def _arrays(columns: Sequence[Column[Any]]) -> str:
    return ", ".join(f"${n}::{_array_type(column.type)}[]" for n, column in enumerate(columns, 1))


def _array_type(kind: TypeEngine[Any]) -> str:
    plain = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    if isinstance(plain, SmallInteger):
        return "smallint"
    if isinstance(plain, BigInteger):
        return "bigint"
    if isinstance(plain, Boolean):
        return "boolean"
    if isinstance(plain, Float):
        return "double precision"
    if isinstance(plain, LargeBinary):
        return "bytea"
    return "integer" if plain.__visit_name__ == "integer" else "text"
