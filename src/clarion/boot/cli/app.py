"""What every command shares: the Typer application, its global options, consoles, and how errors are worded."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from sqlalchemy.exc import DBAPIError

from clarion import __version__
from clarion.app.refusals import Invalid, Refusal
from clarion.boot.settings import Settings, read_settings
from clarion.boot.wiring import AlreadyRunning
from clarion.store.upgrade import NewerSchema

T = TypeVar("T")

out = Console()
err = Console(stderr=True)

app = typer.Typer(
    name="clarion",
    help="Outbound campaigns by phone, SMS and e-mail: within hours, rates and laws; nothing lost, nothing twice.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Data = Annotated[
    Path | None,
    typer.Option("--data", help="Folder of the database, the key and the logs.", show_default="clarion-data"),
]
DatabaseUrl = Annotated[
    str | None, typer.Option("--database", help="postgresql://… ; without it, SQLite in the data folder.")
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="TOML file with settings.", show_default="clarion.toml, if there is one")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False) -> None:
    """Run before every command."""
    if version:
        out.print(f"clarion {__version__}", highlight=False)
        raise typer.Exit


def settings_from(config: Path | None, **flags: Any) -> Settings:
    """Settings in force for a command: its flags, the environment, the file."""
    return read_settings(config, **flags)


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine on a fast loop."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)


def fail(trouble: Exception) -> NoReturn:
    """Say what went wrong and what to do, and exit with 1. An error that is not expected keeps its traceback."""
    match trouble:
        case ValidationError():
            for error in trouble.errors():
                where = ".".join(str(part) for part in error["loc"])
                err.print(f"[red]Setting {where}:[/] {error['msg']}", highlight=False)
            err.print("Settings come from flags, CLARION_… variables and clarion.toml, in this order.")
        case Invalid():
            for problem in trouble.problems:
                err.print(f"[red]{problem.field}:[/] {problem.message}", highlight=False)
        case Refusal() | AlreadyRunning() | NewerSchema() | FileNotFoundError() | PermissionError():
            err.print(f"[red]{trouble}[/]", highlight=False)
        case DBAPIError() | OSError():
            cause = trouble.orig if isinstance(trouble, DBAPIError) else trouble
            err.print(f"[red]{cause}[/]", highlight=False)
            err.print("Is the database running, and is --database right?")
        case _:
            err.print_exception()
    sys.exit(1)
