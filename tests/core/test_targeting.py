"""Which addresses a campaign may reach."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.core.campaigns import Targeting, TargetRule
from clarion.core.targeting import Op, filtered, targeting_problems

MOBILE = {"line_type": "mobile", "carrier_name": "Acme Wireless", "mcc": "310"}
UNKNOWN: dict[str, str | None] = {"line_type": None, "carrier_name": " "}


def rules(*rules: tuple[str, str, tuple[str, ...]], match_all: bool = True, include_unknown: bool = True) -> Targeting:
    return Targeting(
        rules=tuple(TargetRule(*rule) for rule in rules), match_all=match_all, include_unknown=include_unknown
    )


def lines(*types: str, unknown: bool = True) -> Targeting:
    return Targeting(allowed_line_types=frozenset(types), include_unknown_line_types=unknown)


IS_MOBILE = ("line_type", "in", ("Mobile",))
NOT_ACME = ("carrier_name", "neq", ("acme wireless",))


@pytest.mark.parametrize(
    "targeting, known, reason",
    [
        (Targeting(), MOBILE, None),
        (Targeting(), {}, None),
        (lines("mobile", "voip"), MOBILE, None),
        (lines("voip", "landline"), MOBILE, "line_type mobile is not in (landline, voip)"),
        (lines("voip"), UNKNOWN, None),
        (lines("voip", unknown=False), UNKNOWN, "line_type is unknown"),
        (lines("voip", unknown=False), {}, "line_type is unknown"),
        (rules(("mcc", "eq", ("310",))), MOBILE, None),
        (rules(("mcc", "eq", ("311",))), MOBILE, "mcc eq (311)"),
        (rules(("mcc", "in", ("234", "310"))), MOBILE, None),
        (rules(("mcc", "not_in", ("234", "310"))), MOBILE, "mcc not_in (234, 310)"),
        (rules(NOT_ACME), MOBILE, "carrier_name neq (acme wireless)"),
        (rules(("mnc", "exists", ())), MOBILE, "mnc exists"),
        (rules(("mcc", "exists", ())), MOBILE, None),
        (rules(("mnc", "not_exists", ()), include_unknown=False), MOBILE, None),
        (rules(("mcc", "not_exists", ())), MOBILE, "mcc not_exists"),
        (rules(IS_MOBILE, NOT_ACME), MOBILE, "carrier_name neq (acme wireless)"),
        (rules(IS_MOBILE, NOT_ACME, match_all=False), MOBILE, None),
        (rules(NOT_ACME, ("mcc", "eq", ("1",)), match_all=False), MOBILE,
         "none of: carrier_name neq (acme wireless); mcc eq (1)"),
        (rules(IS_MOBILE), UNKNOWN, None),
        (rules(IS_MOBILE, include_unknown=False), UNKNOWN, "line_type is unknown"),
        (rules(IS_MOBILE, ("mcc", "eq", ("1",))), {"mcc": "2"}, "mcc eq (1)"),
        (rules(IS_MOBILE, ("mcc", "eq", ("1",)), match_all=False), {"mcc": "2"}, None),
        (rules(IS_MOBILE, ("mcc", "eq", ("1",)), match_all=False, include_unknown=False), {"mcc": "2"},
         "line_type is unknown"),
        (rules(IS_MOBILE, ("mcc", "eq", ("2",)), match_all=False, include_unknown=False), {"mcc": "2"}, None),
        (rules(("mcc", "like", ("3",))), MOBILE, "mcc like (3)"),
        (Targeting(allowed_line_types=frozenset({"mobile"}), rules=(TargetRule(*NOT_ACME),)), MOBILE,
         "carrier_name neq (acme wireless)"),
    ],
)  # fmt: skip
def test_filtered(targeting: Targeting, known: dict[str, str | None], reason: str | None) -> None:
    assert filtered(targeting, known) == reason


@given(st.sampled_from(["a", "b", "c"]), st.sets(st.sampled_from(["a", "b"])))
def test_an_operator_and_its_opposite_never_agree_on_what_is_known(fact: str, values: set[str]) -> None:
    for op, opposite in ((Op.IN, Op.NOT_IN), (Op.EQ, Op.NEQ), (Op.EXISTS, Op.NOT_EXISTS)):
        verdicts = [filtered(rules(("f", word, tuple(values))), {"f": fact}) for word in (op, opposite)]
        assert (verdicts[0] is None) != (verdicts[1] is None)


@pytest.mark.parametrize(
    "targeting, fields",
    [
        (Targeting(), []),
        (lines("mobile", "landline"), []),
        (lines("mobile", "pager"), ["allowed_line_types"]),
        (rules(("mcc", "like", ("1",))), ["rules.0.op"]),
        (rules(IS_MOBILE, ("mcc", "in", ())), ["rules.1.values"]),
        (rules((" ", "exists", ("x",))), ["rules.0.field", "rules.0.values"]),
    ],
)
def test_problems_name_the_field(targeting: Targeting, fields: list[str]) -> None:
    assert [field for field, _, _ in targeting_problems(targeting)] == fields
