"""Rows by the thousand: COPY on PostgreSQL, one prepared INSERT on SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table

from clarion.store.session import Session


async def copy_in(session: Session, table: Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows of plain database values (instants as microseconds, JSON as text) in the order of `names`."""
    if not rows:
        return
    if session.is_postgres:
        driver = await session.driver()
        await driver.copy_records_to_table(table.name, records=rows, columns=list(names))
    else:
        marks = ", ".join("?" * len(names))
        sql = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 - names come from the schema
        await session.connection.exec_driver_sql(sql, list(rows))
