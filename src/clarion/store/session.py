"""One open transaction, and the batch statements that SQLite and PostgreSQL run each in its fastest way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    Integer,
    Table,
    Text,
    any_,
    bindparam,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import Executable

from clarion.store.batch_values import array_type, as_array, to_database
from clarion.store.columns import dump
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

    def among(self, column: ColumnElement[Any], values: Sequence[int] | Sequence[str]) -> ColumnElement[bool]:
        """`column IN values` with one parameter however many there are: compiled and prepared once."""
        if self.is_postgres:
            kind = BigInteger() if isinstance(column.type, Integer) else Text()
            return column == any_(bindparam(None, list(values), type_=ARRAY(kind), unique=True))
        each = func.json_each(bindparam(None, dump(list(values)), type_=Text, unique=True)).table_valued("value")
        return column.in_(select(literal_column("value")).select_from(each))

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
        names = list(rows[0])
        columns = [table.c[name] for name in names]
        if not self.is_postgres:
            verb = "INSERT OR IGNORE" if ignore else "INSERT"
            marks = ", ".join("?" * len(names))
            sql = f"{verb} INTO {table.name} ({', '.join(names)}) VALUES ({marks})"
            await self.connection.exec_driver_sql(sql, list(zip(*_values(columns, rows), strict=True)))
        elif ignore:
            sql = (
                f"INSERT INTO {table.name} ({', '.join(names)}) "  # noqa: S608
                f"SELECT * FROM unnest({_arrays(columns)}) ON CONFLICT DO NOTHING"
            )
            await self._unnest(sql, columns, rows)
        else:
            driver = await self.driver()
            records = zip(*_values(columns, rows), strict=True)
            await driver.copy_records_to_table(table.name, records=records, columns=names)

    async def update_many(self, table: Table, rows: Sequence[Row], *, key: Sequence[str], guard: str = "") -> None:
        """Update each row found by its `key` columns with its other values. `guard` is SQL on the table, named `t`."""
        if not rows:
            return
        changed = [name for name in rows[0] if name not in key]
        names = [*changed, *key]
        columns = [table.c[name] for name in names]
        also = f" AND {guard}" if guard else ""
        if self.is_postgres:
            sql = (
                f"UPDATE {table.name} AS t SET {', '.join(f'{n} = d.{n}' for n in changed)} "  # noqa: S608
                f"FROM unnest({_arrays(columns)}) AS d({', '.join(names)}) "
                f"WHERE {' AND '.join(f't.{n} = d.{n}' for n in key)}{also}"
            )
            await self._unnest(sql, columns, rows)
        else:
            sql = (
                f"UPDATE {table.name} AS t SET {', '.join(f'{n} = ?' for n in changed)} "  # noqa: S608
                f"WHERE {' AND '.join(f't.{n} = ?' for n in key)}{also}"
            )
            await self.connection.exec_driver_sql(sql, list(zip(*_values(columns, rows), strict=True)))

    async def add_many(self, table: Table, rows: Sequence[Row], *, key: Sequence[str], adds: str) -> None:
        """Insert rows; where a row with the same `key` stands, add the `adds` column to it instead."""
        if not rows:
            return
        names = list(rows[0])
        columns = [table.c[name] for name in names]
        grow = f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {adds} = {table.name}.{adds} + excluded.{adds}"
        into = f"INSERT INTO {table.name} ({', '.join(names)})"
        if self.is_postgres:
            sql = f"{into} SELECT * FROM unnest({_arrays(columns)}) {grow}"  # noqa: S608
            await self._unnest(sql, columns, rows)
        else:
            sql = f"{into} VALUES ({', '.join('?' * len(names))}) {grow}"
            await self.connection.exec_driver_sql(sql, list(zip(*_values(columns, rows), strict=True)))

    async def driver(self) -> Any:
        """The driver's own connection, inside this transaction."""
        if not self._begun:  # the adapter opens the transaction with its own first statement only
            await self.execute(text("SELECT 1"))
        raw = await self.connection.get_raw_connection()
        assert raw.driver_connection is not None
        return raw.driver_connection

    async def _unnest(self, sql: str, columns: Sequence[Column[Any]], rows: Sequence[Row]) -> None:
        values = _values(columns, rows)
        arrays = [as_array(column.type, of_column) for column, of_column in zip(columns, values, strict=True)]
        driver = await self.driver()
        await driver.execute(sql, *arrays)


def _values(columns: Sequence[Column[Any]], rows: Sequence[Row]) -> list[list[Any]]:
    """The rows' values by column, as the drivers take them."""
    return [to_database(column.type, [row[column.name] for row in rows]) for column in columns]


def _arrays(columns: Sequence[Column[Any]]) -> str:
    return ", ".join(f"${n}{array_type(column.type)}" for n, column in enumerate(columns, 1))
