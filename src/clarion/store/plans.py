"""Plans and pacings as plain JSON values and back, without loss: every field is written, also those at their default.

A plan keeps what it meant when it was saved, even if a later release changes a default. Fields that a release does not
know (yet, or any more) are passed over when reading.
"""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from clarion.core.campaigns import Plan
from clarion.core.pacing import Pacing

_PLAN = TypeAdapter(Plan)
_PACING = TypeAdapter(Pacing)


def write_plan(plan: Plan) -> dict[str, Any]:
    """JSON values: durations and dates as ISO 8601, instants in UTC, enums as their words."""
    written: dict[str, Any] = _PLAN.dump_python(plan, mode="json")
    return written


def read_plan(values: Any) -> Plan:
    """The plan of `write_plan`. Raises pydantic.ValidationError on a row that no release of clarion wrote."""
    return _PLAN.validate_python(values)


def write_pacing(pacing: Pacing) -> dict[str, Any]:
    """JSON values, as `write_plan`."""
    written: dict[str, Any] = _PACING.dump_python(pacing, mode="json")
    return written


def read_pacing(values: Any) -> Pacing:
    """The pacing of `write_pacing`."""
    return _PACING.validate_python(values)
