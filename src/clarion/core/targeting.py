"""Which addresses a campaign may reach at all, by what is known of them: line type, carrier, any field."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from clarion.core.campaigns import Targeting, TargetRule


class Op(StrEnum):
    """How a rule compares a field with its values; letters' case does not matter."""

    IN = "in"
    NOT_IN = "not_in"
    EQ = "eq"
    NEQ = "neq"
    EXISTS = "exists"
    NOT_EXISTS = "not_exists"


LINE_TYPES = frozenset({"mobile", "landline", "voip", "toll_free", "premium"})
"""The words that `allowed_line_types` may hold."""

_NEEDS_VALUES = frozenset({Op.IN, Op.NOT_IN, Op.EQ, Op.NEQ})


def filtered(targeting: Targeting, known: Mapping[str, str | None]) -> str | None:
    """Why an address is left out, as the words of the rule that it does not meet; None when it may be reached.

    `known` holds the facts about the address and its contact by field name; a field that is missing, None or empty
    is unknown. The line types and the rules have both to be met; a contact that is left out is finished as LINE_TYPE.
    """
    return _by_line_type(targeting, known) or _by_rules(targeting, known)


def targeting_problems(targeting: Targeting) -> list[tuple[str, str, str]]:
    """What is wrong with the targeting that somebody asks for: `(field, code, message)`."""
    problems = [
        ("allowed_line_types", "unknown_value", f"{line_type!r} is none of {', '.join(sorted(LINE_TYPES))}.")
        for line_type in sorted(targeting.allowed_line_types - LINE_TYPES)
    ]
    for place, rule in enumerate(targeting.rules):
        where = f"rules.{place}"
        if not rule.field.strip():
            problems.append((f"{where}.field", "missing", "A rule names a field."))
        if rule.op not in set(Op):
            problems.append((f"{where}.op", "unknown_value", f"{rule.op!r} is none of {', '.join(Op)}."))
        elif Op(rule.op) in _NEEDS_VALUES and not rule.values:
            problems.append((f"{where}.values", "missing", f"{rule.op} needs a value to compare with."))
        elif Op(rule.op) not in _NEEDS_VALUES and rule.values:
            problems.append((f"{where}.values", "not_allowed", f"{rule.op} compares with nothing."))
    return problems


def _by_line_type(targeting: Targeting, known: Mapping[str, str | None]) -> str | None:
    if not targeting.allowed_line_types:
        return None
    line_type = _fact(known, "line_type")
    if line_type is None:
        return None if targeting.include_unknown_line_types else "line_type is unknown"
    if line_type in {word.casefold() for word in targeting.allowed_line_types}:
        return None
    return f"line_type {line_type} is not in ({', '.join(sorted(targeting.allowed_line_types))})"


def _by_rules(targeting: Targeting, known: Mapping[str, str | None]) -> str | None:
    """Three-valued: a rule on an unknown field neither holds nor fails; `include_unknown` decides what is left open."""
    if not targeting.rules:
        return None
    failed: list[str] = []
    unknown: list[str] = []
    for rule in targeting.rules:
        holds = _holds(rule, _fact(known, rule.field))
        if holds and not targeting.match_all:
            return None
        if holds is None:
            unknown.append(rule.field)
        elif not holds:
            failed.append(_words(rule))
    if targeting.match_all and failed:
        return failed[0]
    if unknown:
        return None if targeting.include_unknown else f"{unknown[0]} is unknown"
    return None if targeting.match_all else f"none of: {'; '.join(failed)}"


def _holds(rule: TargetRule, fact: str | None) -> bool | None:
    values = {value.strip().casefold() for value in rule.values}
    match rule.op:
        case Op.EXISTS:
            return fact is not None
        case Op.NOT_EXISTS:
            return fact is None
        case Op.IN | Op.EQ:
            return None if fact is None else fact in values
        case Op.NOT_IN | Op.NEQ:
            return None if fact is None else fact not in values
        case _:
            return False


def _fact(known: Mapping[str, str | None], name: str) -> str | None:
    return (known.get(name) or "").strip().casefold() or None


def _words(rule: TargetRule) -> str:
    return f"{rule.field} {rule.op}" + (f" ({', '.join(rule.values)})" if rule.values else "")
