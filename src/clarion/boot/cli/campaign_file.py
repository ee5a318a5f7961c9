"""A campaign as a file or as flags say it: both become the native API's shape, which checks them."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from clarion.app.refusals import Invalid, Problem
from clarion.boot.cli.app import wrong_fields
from clarion.core.schedule import WEEKDAYS
from clarion.surfaces.native.campaign_shapes import NewCampaign

STDIN = Path("-")


def new_campaign(content: Mapping[str, Any]) -> NewCampaign:
    """The shape. Raises Invalid, which names every wrong field by its path."""
    try:
        return NewCampaign.model_validate(content)
    except ValidationError as error:
        raise Invalid(wrong_fields(error)) from error


def read_file(path: Path) -> dict[str, Any]:
    """A campaign file: JSON if its name ends so or it begins with a brace, else TOML; `-` is standard input.

    Raises Invalid when it is neither, OSError when it cannot be read.
    """
    raw = sys.stdin.buffer.read() if path == STDIN else path.read_bytes()
    kind = "JSON" if path.suffix.lower() == ".json" or raw.lstrip()[:1] == b"{" else "TOML"
    try:
        found = orjson.loads(raw) if kind == "JSON" else tomllib.loads(raw.decode())
    except (orjson.JSONDecodeError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid([Problem(str(path), "unreadable", f"This is not {kind}: {error}.")]) from error
    if not isinstance(found, dict):
        raise Invalid([Problem(str(path), "unreadable", "A campaign is an object with fields.")])
    return found


def overlaid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Both together: tables are merged, anything else that `above` says replaces what is below."""
    both = dict(below)
    for name, value in above.items():
        old = both.get(name)
        both[name] = overlaid(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return both


def nested(paths: Mapping[str, Any]) -> dict[str, Any]:
    """`{"pacing.per_hour": 300}` as tables; what is None or empty was not said."""
    tables: dict[str, Any] = {}
    for path, value in paths.items():
        if value is None or value == [] or value == {}:
            continue
        *outer, name = path.split(".")
        table = tables
        for word in outer:
            table = table.setdefault(word, {})
        table[name] = value
    return tables


def read_week(windows: Sequence[str], days: str | None) -> dict[str, list[dict[str, str]]] | None:
    """Windows by weekday: `09:00-17:00` on `days`, `sat 10:00-14:00` on days of its own. None when nothing is said.

    Days alone are open from midnight to midnight, windows alone on every day. Raises Invalid.
    """
    if not windows and days is None:
        return None
    usual = read_days(days) if days is not None else WEEKDAYS
    week: dict[str, list[dict[str, str]]] = {}
    for window in windows or ("00:00-24:00",):
        own, _, span = window.strip().rpartition(" ")
        start, dash, end = span.partition("-")
        if not dash:
            message = f"Write {window!r} as 09:00-17:00, or with days of its own as 'sat 10:00-14:00'."
            raise Invalid([Problem("window", "bad_window", message)])
        for day in read_days(own) if own else usual:
            week.setdefault(day, []).append({"start": start, "end": end})
    return week


def read_days(text: str) -> tuple[str, ...]:
    """`mon-fri`, `mon,wed,sat-sun`. Raises Invalid."""
    chosen: list[str] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        begin = _weekday(first)
        end = _weekday(last) if dash else begin
        chosen += [WEEKDAYS[n % 7] for n in range(begin, end + 1 if end >= begin else end + 8)]
    return tuple(dict.fromkeys(chosen))


def _weekday(word: str) -> int:
    word = word.strip().lower()
    found = [n for n, name in enumerate(WEEKDAYS) if len(word) >= 2 and name.startswith(word)]
    if not found:
        raise Invalid([Problem("days", "bad_day", f"{word!r} is not a weekday; write mon-fri or mon,wed,sat-sun.")])
    return found[0]


def read_pairs(field: str, pairs: Iterable[str]) -> dict[str, str]:
    """`NAME=VALUE` texts as a mapping. Raises Invalid, naming `field`."""
    found = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign:
            raise Invalid([Problem(field, "bad_pair", f"Write {pair!r} as NAME=VALUE.")])
        found[name.strip()] = value.strip()
    return found


def words(texts: Iterable[str]) -> list[str]:
    """Repeated options and comma lists alike."""
    return [word.strip() for text in texts for word in text.split(",") if word.strip()]
