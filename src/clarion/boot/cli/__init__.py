"""The `clarion` command. One file per group of commands; this one puts them together."""

from __future__ import annotations

import sys

from clarion.boot.cli.app import app, fail
from clarion.boot.cli.db import db
from clarion.boot.cli.init import init
from clarion.boot.cli.keys import keys
from clarion.boot.cli.serve import serve
from clarion.boot.cli.torture import torture

app.command()(serve)
app.command()(init)
app.command()(torture)
app.add_typer(keys, name="keys")
app.add_typer(db, name="db")


def main() -> None:
    """Entry point of the console script."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as trouble:  # noqa: BLE001 - the command's edge
        fail(trouble)


__all__ = ["app", "main"]
