"""The `clarion` command. One file per group of commands; this one puts them together."""

from __future__ import annotations

import os
import sys

from clarion.boot.cli.app import app, examples, fail
from clarion.boot.cli.campaign import campaign
from clarion.boot.cli.contact import contact
from clarion.boot.cli.db import db
from clarion.boot.cli.demo import EPILOG, demo
from clarion.boot.cli.import_campaign import import_campaign
from clarion.boot.cli.imports import import_
from clarion.boot.cli.init import init
from clarion.boot.cli.keys import keys
from clarion.boot.cli.serve import serve
from clarion.boot.cli.torture import torture

app.command(epilog=EPILOG)(demo)
app.command()(serve)
app.command()(init)
app.command(
    "import",
    epilog=examples(
        "clarion import patients.csv --campaign 7 --map phone=Telephone --rejects rejects.csv",
        "zcat patients.csv.gz | clarion import - --campaign 7 --batch monday",
    ),
)(import_)
app.command(
    "import-campaign",
    epilog=examples(
        "clarion import-campaign recall.json --from revox --agent 3 --dry-run",
        "clarion import-campaign recall.json --from syllable",
    ),
)(import_campaign)
app.add_typer(campaign, name="campaign")
app.add_typer(contact, name="contact")
app.command()(torture)
app.add_typer(keys, name="keys")
app.add_typer(db, name="db")


def main() -> None:
    """Entry point of the console script."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # whoever reads our output (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except Exception as trouble:  # noqa: BLE001 - the command's edge
        fail(trouble)


__all__ = ["app", "main"]
