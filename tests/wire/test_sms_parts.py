"""SMS parts at their limits: nothing lost, nothing split that belongs together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.wire.sms_parts import GSM_BASIC, GSM_EXTENDED, Encoding, cheaper, parts, transliterate


@pytest.mark.parametrize(
    ("text", "encoding", "units", "count"),
    [
        ("", Encoding.GSM7, 0, 1),
        ("a" * 160, Encoding.GSM7, 160, 1),
        ("a" * 161, Encoding.GSM7, 161, 2),
        ("a" * 306, Encoding.GSM7, 306, 2),
        ("a" * 307, Encoding.GSM7, 307, 3),
        ("€" * 80, Encoding.GSM7, 160, 1),
        ("€" * 81, Encoding.GSM7, 162, 2),
        ("€" * 152, Encoding.GSM7, 304, 2),
        ("€" * 153, Encoding.GSM7, 306, 3),
        ("a" * 159 + "’", Encoding.UCS2, 160, 3),
        ("я" * 70, Encoding.UCS2, 70, 1),
        ("я" * 71, Encoding.UCS2, 71, 2),
        ("я" * 134, Encoding.UCS2, 134, 2),
        ("я" * 135, Encoding.UCS2, 135, 3),
        ("😀" * 35, Encoding.UCS2, 70, 1),
        ("😀" * 36, Encoding.UCS2, 72, 2),
        ("😀" * 67, Encoding.UCS2, 134, 3),
    ],
)
def test_a_text_costs_so_many_parts(text: str, encoding: Encoding, units: int, count: int) -> None:
    cut = parts(text)
    assert (cut.encoding, cut.units, cut.count) == (encoding, units, count)


def test_a_long_reference_takes_one_more_byte() -> None:
    assert [len(t) for t in parts("a" * 305, long_reference=True).texts] == [152, 152, 1]
    assert [len(t) for t in parts("я" * 133, long_reference=True).texts] == [66, 66, 1]


def test_the_characters_that_made_it_expensive_are_named() -> None:
    assert parts("“Don’t”, she’d say").offenders == ("“", "’", "”")
    assert parts("plain [text] for €5").offenders == ()


def test_plain_forms_are_offered_when_they_are_cheaper() -> None:
    smart = "It’s time — " + "a" * 120
    assert parts(smart).count == 2
    assert cheaper(smart) == "It's time - " + "a" * 120
    assert cheaper("It’s") is None
    assert cheaper("Привет" * 20) is None
    assert transliterate("é’ñ я €") == "é'ñ я €"


@given(st.text(alphabet=st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("ab€^я😀")), max_size=500))
def test_the_parts_are_the_text_and_fit(text: str) -> None:
    cut = parts(text)
    assert "".join(cut.texts) == text
    for one in cut.texts:
        if cut.encoding is Encoding.UCS2:
            assert len(one.encode("utf-16-be")) // 2 <= (70 if cut.count == 1 else 67)
        else:
            assert set(one) <= GSM_BASIC | GSM_EXTENDED
            assert len(one) + sum(c in GSM_EXTENDED for c in one) <= (160 if cut.count == 1 else 153)
    assert all(cut.texts) or text == ""


def test_the_alphabet_has_all_of_its_characters() -> None:
    assert len(GSM_BASIC) == 127  # 128 places, one of them the escape
    assert len(GSM_EXTENDED) == 10
