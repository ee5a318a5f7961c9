"""Values of a batch as the drivers take them, a column at a time: in bulk here, not per value in the driver."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Boolean, Float, Integer, LargeBinary, SmallInteger
from sqlalchemy.types import TypeDecorator, TypeEngine

from clarion.store.columns import EPOCH, MICROSECOND, Instant, Json, Word, dump


def to_database(kind: TypeEngine[Any], values: Sequence[Any]) -> list[Any]:
    """The values of a column, as either driver takes them."""
    if isinstance(kind, Instant):
        return [None if v is None else (v - EPOCH) // MICROSECOND for v in values]
    if isinstance(kind, Json):
        return [None if v is None else dump(v) for v in values]
    if isinstance(kind, Word):
        return [None if v is None else str.__str__(v) for v in values]
    return list(values)


def array_type(kind: TypeEngine[Any]) -> str:
    """The cast of a PostgreSQL parameter made by `as_array`."""
    name = _postgres_name(kind)
    return f"::text::{name}[]" if _goes_as_text(kind) else f"::{name}[]"


def as_array(kind: TypeEngine[Any], values: Sequence[Any]) -> Any:
    """A column as one parameter.

    Numbers, instants and our own words are written as an array literal: the driver looks at each element of a list
    three times before it encodes it. Free text would need quoting and stays a list.
    """
    if not _goes_as_text(kind):
        return values
    return "{" + ",".join(["NULL" if v is None else str(v) for v in values]) + "}"


def _goes_as_text(kind: TypeEngine[Any]) -> bool:
    return isinstance(kind, Instant | Word | Integer | Boolean | Float)


def _postgres_name(kind: TypeEngine[Any]) -> str:
    plain = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    if isinstance(plain, SmallInteger):
        return "smallint"
    if isinstance(plain, BigInteger):
        return "bigint"
    if isinstance(plain, Integer):
        return "integer"
    if isinstance(plain, Boolean):
        return "boolean"
    if isinstance(plain, Float):
        return "double precision"
    if isinstance(plain, LargeBinary):
        return "bytea"
    return "text"
