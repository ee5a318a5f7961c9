"""What every command shares: the Typer application, its global options, consoles, and how errors are worded."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import Coroutine, Iterable
from pathlib import Path
from socket import gaierror
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from pydantic import BaseModel, ValidationError
from rich.console import Console
from rich.markup import escape
from sqlalchemy.exc import DBAPIError

from clarion import __version__
from clarion.app.refusals import Invalid, Problem, Refusal
from clarion.boot.logs import set_up_logs
from clarion.boot.operator import WHERE
from clarion.boot.settings import LogFormat, Settings, read_settings
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
    typer.Option(
        "--data",
        help="Folder of the database, the key and the logs.",
        show_default="clarion-data",
        rich_help_panel=WHERE,
    ),
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database", help="postgresql://… ; without it, SQLite in the data folder.", rich_help_panel=WHERE),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help="TOML file with settings.",
        show_default="clarion.toml, if there is one",
        rich_help_panel=WHERE,
    ),
]
CampaignId = Annotated[int, typer.Argument(metavar="CAMPAIGN", help="The campaign's id, from `clarion campaign list`.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False) -> None:
    """Run before every command."""
    set_up_logs(LogFormat.CONSOLE, "warning")  # on standard error, so that what a command prints stays what it says
    if version:
        out.print(f"clarion {__version__}", highlight=False)
        raise typer.Exit


def settings_from(config: Path | None, **flags: Any) -> Settings:
    """Settings in force for a command: its flags, the environment, the file."""
    return read_settings(config, **flags)


def same_place(data: Path | None, config: Path | None) -> str:
    """The flags with which a command that we suggest meets the same ledger."""
    flags = (("--data", data), ("--config", config))
    return "".join(f" {flag} {shlex.quote(str(value))}" for flag, value in flags if value is not None)


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine on a fast loop."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)


def examples(*lines: str) -> str:
    """The epilog of a command's help."""
    return "\n\n".join(["[bold]Examples[/]", *map(escape, lines)])


def tell_json(shape: BaseModel) -> None:
    """Print a shape of the native API as one line."""
    typer.echo(shape.model_dump_json())


def wrong_fields(error: ValidationError) -> list[Problem]:
    """Pydantic's errors in our words."""
    return [
        Problem(
            ".".join(map(str, each["loc"])),
            each["type"],
            "There is no such field." if each["type"] == "extra_forbidden" else each["msg"],
        )
        for each in error.errors()
    ]


def fail(trouble: Exception) -> NoReturn:
    """Say what went wrong and what to do, and exit with 1. An error that is not expected keeps its traceback."""
    match trouble:
        case ValidationError():
            _list_problems(wrong_fields(trouble), "Setting ")
            err.print("Settings come from flags, CLARION_… variables and clarion.toml, in this order.")
        case Invalid():
            _list_problems(trouble.problems)
        case Refusal() | AlreadyRunning() | NewerSchema() | FileNotFoundError(filename=None):
            _complain(trouble)
        case DBAPIError() | ConnectionError() | TimeoutError() | gaierror():
            _complain(trouble.orig if isinstance(trouble, DBAPIError) else trouble)
            err.print("Is the database running, and is --database right?")
        case OSError(filename=str() | Path()):
            _complain(f"{trouble.filename}: {trouble.strerror}.")
        case OSError():
            _complain(trouble)
        case _:
            err.print_exception()
    sys.exit(1)


def _list_problems(problems: Iterable[Problem], kind: str = "") -> None:
    for problem in problems:
        err.print(f"[red]{kind}{escape(problem.field)}:[/] {escape(problem.message)}", highlight=False, soft_wrap=True)


def _complain(trouble: object) -> None:
    err.print(f"[red]{escape(str(trouble))}[/]", highlight=False, soft_wrap=True)
