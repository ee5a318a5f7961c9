"""Numbers as people and spreadsheets write them."""

from __future__ import annotations

import random
import re
import time
from typing import Any

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneMetadata

from clarion.wire.phones import BadPhone, Phone, parse_phone

AUSTIN = "+15125551234"
LONDON = "+442079460000"


@pytest.mark.parametrize(
    "text,country,e164",
    [
        ("512-555-1234", "US", AUSTIN),
        ("+1 (512) 555-1234", "DE", AUSTIN),
        ("(512) 555.1234", "CA", AUSTIN),
        ("1-512-555-1234", "US", AUSTIN),
        ("  5125551234 ", "US", AUSTIN),
        ("tel:+1-512-555-1234", "DE", AUSTIN),
        ("TEL:+1-512-555-1234", "DE", AUSTIN),
        ("tel:555-1234;phone-context=+1-512", "DE", AUSTIN),
        ("５１２５５５１２３４", "US", AUSTIN),
        ("+1 512‑555‑1234", "US", AUSTIN),
        ("\u202a+1 512\u00a0555 1234\u202c", "US", AUSTIN),
        # what Excel leaves
        ("15125551234", "US", AUSTIN),
        ("15125551234", "GB", AUSTIN),
        ("447911123456", "US", "+447911123456"),
        ("00442079460000", "US", LONDON),
        ("1.5125551234E+10", "US", AUSTIN),
        ("1,5125551234E+10", "US", AUSTIN),
        ("5.125551234e+9", "US", AUSTIN),
        ("15125551234.0", "US", AUSTIN),
        ("'5125551234", "US", AUSTIN),
        ('="5125551234"', "US", AUSTIN),
        ("2079460000", "GB", LONDON),
        ("020 7946 0000", "GB", LONDON),
        ("1-800-356-9377", "US", "+18003569377"),
        ("+61 412 345 678", "US", "+61412345678"),
    ],
)
def test_numbers_that_are_read(text: str, country: str, e164: str) -> None:
    phone = parse_phone(text, country)
    assert isinstance(phone, Phone), phone
    assert phone.e164 == e164


@pytest.mark.parametrize(
    "text,country,code",
    [
        ("", "US", "empty"),
        ("   ", "US", "empty"),
        ("n/a", "US", "not_a_number"),
        ("call 512-555-1234", "US", "not_a_number"),
        ("512-555-1234 / 512-555-9999", "US", "not_a_number"),
        ("x" * 500, "US", "not_a_number"),
        ("--------", "US", "not_a_number"),
        ("+1+5125551234", "US", "not_a_number"),
        ("555-1234", "US", "no_area_code"),
        ("512555", "US", "too_short"),
        ("51255512345", "US", "too_long"),
        ("511-555-1234", "US", "not_assigned"),
        ("+999 123 4567", "US", "unknown_country_code"),
        ("1.51256E+10", "US", "digits_lost"),
        ("4.47911E+11", "GB", "digits_lost"),
    ],
)
def test_numbers_that_are_refused_with_the_reason(text: str, country: str, code: str) -> None:
    phone = parse_phone(text, country)
    assert isinstance(phone, BadPhone), phone
    assert phone.code == code
    assert phone.message.endswith(".")


@pytest.mark.parametrize("text", ["512-555-1234 x12", "tel:+1-512-555-1234;ext=12", "+1 512 555 1234 ext. 12"])
def test_an_extension_is_kept_apart(text: str) -> None:
    phone = parse_phone(text, "US")
    assert isinstance(phone, Phone)
    assert (phone.e164, phone.extension) == (AUSTIN, "12")


@pytest.mark.parametrize(
    "text,region,line_type,geographic",
    [
        ("+1 512 555 1234", "US", None, True),
        ("+1 416 555 1234", "CA", None, True),
        ("+1 787 555 1234", "PR", None, True),
        ("+1 800 555 1234", "US", "toll_free", False),
        ("+1 900 555 1234", "US", "premium", False),
        ("+1 500 555 0006", "US", None, False),
        ("+44 20 7946 0000", "GB", "landline", True),
        ("+44 7400 123456", "GB", "mobile", False),
        ("+44 56 0000 0000", "GB", "voip", False),
        ("+61 412 345 678", "AU", "mobile", False),
        ("+55 11 91234 5678", "BR", "mobile", True),
        ("+800 1234 5678", "001", "toll_free", False),
    ],
)
def test_what_the_numbering_plan_tells(text: str, region: str, line_type: str | None, geographic: bool) -> None:
    phone = parse_phone(text, "US")
    assert isinstance(phone, Phone), phone
    assert (phone.region, phone.line_type, phone.geographic) == (region, line_type, geographic)


@given(st.text(max_size=100))
def test_no_text_is_a_surprise(text: str) -> None:
    phone = parse_phone(text, "US")
    if isinstance(phone, Phone):
        assert re.fullmatch(r"\+[1-9]\d{1,14}", phone.e164)
        assert parse_phone(phone.e164, "DE") == Phone(phone.e164, phone.region, phone.line_type, phone.geographic)


@given(st.integers(2_000_000_000, 9_999_999_999))
def test_the_remembered_blocks_say_what_the_library_says(digits: int) -> None:
    for _ in range(2):  # asked, then remembered
        ours = parse_phone(str(digits), "US")
        number = phonenumbers.parse(str(digits), "US")
        if phonenumbers.is_valid_number(number):
            assert isinstance(ours, Phone)
            assert ours.region == phonenumbers.region_code_for_number(number)
            assert ours.e164 == phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        else:
            assert isinstance(ours, BadPhone)


@pytest.mark.parametrize("region", ["US", "CA"])
def test_the_last_four_digits_never_decide(region: str) -> None:
    """The remembered blocks are exact only while this holds of the library's metadata."""
    metadata = PhoneMetadata.metadata_for_region(region)
    names = ("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager")
    for name in names:
        for alternative in _alternatives(_pattern(metadata, name)):
            assert alternative.endswith((r"\d{4}", r"\d{5}", r"\d{6}", r"\d{7}")), (name, alternative)


def _pattern(metadata: Any, name: str) -> str:
    described = getattr(metadata, name)
    return (described.national_number_pattern if described else None) or r"\d{4}"


def _alternatives(pattern: str) -> list[str]:
    """Split at the bars that stand in no group."""
    parts, depth = [""], 0
    for c in pattern:
        depth += (c == "(") - (c == ")")
        if c == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return parts


def test_numbers_are_read_fast() -> None:
    """At least 25,000 a second are wanted; a tenth of that fails, for machines differ."""
    some = random.Random(1)
    numbers = [f"512-{some.randrange(200, 999)}-{some.randrange(10_000):04d}" for _ in range(5_000)]
    start = time.perf_counter()
    for number in numbers:
        parse_phone(number, "US")
    assert len(numbers) / (time.perf_counter() - start) > 2_500
