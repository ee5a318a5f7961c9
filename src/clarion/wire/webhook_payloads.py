"""The body of a webhook in clarion's own format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson


def native_body(payload: Mapping[str, Any]) -> bytes:
    """`{type, timestamp, data}` as JSON (UTF-8)."""
    return orjson.dumps(dict(payload))
