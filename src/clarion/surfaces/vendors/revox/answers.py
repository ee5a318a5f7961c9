"""How answers are written: JSON, instants, and values where Revox's clients expect texts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from starlette.responses import JSONResponse


class Answer(JSONResponse):
    """A JSON answer. Values are plain; instants are texts already."""

    def render(self, content: Any) -> bytes:
        """The body."""
        return orjson.dumps(content)


def instant(at: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds and a Z."""
    return None if at is None else at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def as_texts(values: Mapping[str, Any]) -> dict[str, str]:
    """A mapping of texts to texts: other values as JSON."""
    return {name: as_text(value) for name, value in values.items()}


def as_text(value: Any) -> str:
    """A value as a text: one that is none already is written as JSON."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()
