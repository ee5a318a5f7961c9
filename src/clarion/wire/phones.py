"""Phone numbers as people write them, spreadsheets mangle them and RFC 3966 spells them, made E.164 or refused."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType

MOBILE, LANDLINE, VOIP, TOLL_FREE, PREMIUM = "mobile", "landline", "voip", "toll_free", "premium"

LINE_TYPES = {
    PhoneNumberType.MOBILE: MOBILE,
    PhoneNumberType.FIXED_LINE: LANDLINE,
    PhoneNumberType.VOIP: VOIP,
    PhoneNumberType.TOLL_FREE: TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE: PREMIUM,
}

MAX_LENGTH = 80
NOWHERE = "001"
"""The library's region of numbers that belong to no country (satellite phones, UIFN)."""

NANP = 1
NANP_COUNTRIES = frozenset(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[NANP])
COUNTRIES = frozenset(phonenumbers.SUPPORTED_REGIONS)
"""Every country (ISO 3166) that has a numbering plan."""

PLAIN = re.compile(r"\+?[0-9 ().\-]{7,24}")
SEPARATORS = str.maketrans("", "", "+ ().-")
FLOAT = re.compile(r"(\+?[0-9]{7,15})[.,]0+")
SCIENTIFIC = re.compile(r"([0-9])(?:[.,]([0-9]+))?E\+?([0-9]{1,2})", re.IGNORECASE)
LEADING_WORD = re.compile(r"[^0-9+]*[^\W\d_]")
DIGITS = re.compile(r"[0-9]{11,15}")
OTHER_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))


@dataclass(frozen=True, slots=True)
class Phone:
    """A valid number."""

    e164: str
    region: str
    """Country (ISO 3166) of the numbering plan's assignment; `001` for none."""
    line_type: str | None
    """mobile, landline, voip, toll_free, premium, or None: the plan does not tell (all of the United States)."""
    geographic: bool
    """Whether its first digits stand for a place."""
    extension: str | None = None


@dataclass(frozen=True, slots=True)
class BadPhone:
    """Why a text is not a number that can be called; `code` is for machines."""

    code: str
    message: str


def parse_phone(text: str, country: str) -> Phone | BadPhone:
    """The number in `text`; one that names no country is read as written in `country` (ISO 3166).

    Spreadsheets' damage is undone where that is exact: a lost `+`, a trailing `.0`, a leading apostrophe, scientific
    notation with all of its digits. Where digits are gone the number is refused, never guessed.
    """
    text = text.strip()
    if PLAIN.fullmatch(text) and (digits := _nanp_digits(text, country)):
        known = _known_block(digits)
        if known is not None:
            return Phone(f"+1{digits}", *known)
    return _parse_any(text, country)


# The United States and Canada: what a number is, is decided by its first six digits (the metadata leaves the last four
# free; a test watches that), and there are a million such blocks: one byte each remembers the library's answer.

UNASKED = 0
_blocks = bytearray(1_000_000)
_kinds: list[tuple[str, str | None, bool] | None] = [None]


def _nanp_digits(plain: str, country: str) -> str | None:
    """The ten digits of what can only be a number of the North American plan."""
    digits = plain.translate(SEPARATORS)
    if plain[0] == "+":
        return digits[1:] if len(digits) == 11 and digits[0] == "1" else None
    if country not in NANP_COUNTRIES:
        return None
    if len(digits) == 11 and digits[0] == "1":
        return digits[1:]
    return digits if len(digits) == 10 and digits[0] not in "01" else None


def _known_block(digits: str) -> tuple[str, str | None, bool] | None:
    block = int(digits[:6])
    kind = _blocks[block]
    if kind == UNASKED:
        phone = _read(PhoneNumber(country_code=NANP, national_number=int(digits)))
        if isinstance(phone, BadPhone) or phone.region not in ("US", "CA"):
            return None
        found = (phone.region, phone.line_type, phone.geographic)
        if found not in _kinds:
            _kinds.append(found)
        kind = _blocks[block] = _kinds.index(found)
    return _kinds[kind]


def _parse_any(text: str, country: str) -> Phone | BadPhone:
    repaired = _repaired(text)
    if isinstance(repaired, BadPhone):
        return repaired
    text = repaired
    if not text:
        return BadPhone("empty", "There is no phone number.")
    if len(text) > MAX_LENGTH:
        return BadPhone("not_a_number", "This is too long for a phone number.")
    if LEADING_WORD.match(text.lower().removeprefix("tel:")):
        return BadPhone("not_a_number", "This is not a phone number.")
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException as error:
        if error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE:
            return BadPhone("unknown_country_code", "The number begins with a country code that does not exist.")
        return BadPhone("not_a_number", "This is not a phone number.")
    phone = _read(number)
    if isinstance(phone, Phone):
        return phone
    return _without_its_plus(text, number) or phone


def _repaired(text: str) -> str | BadPhone:
    """The text as it was before a spreadsheet or a word processor got hold of it."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(OTHER_DASHES)
        text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    text = text.strip().lstrip("'`=\"").rstrip("\"'").strip()
    if match := FLOAT.fullmatch(text):
        return match[1]
    if match := SCIENTIFIC.fullmatch(text):
        mantissa, exponent = match[1] + (match[2] or ""), int(match[3])
        if len(mantissa) != exponent + 1:
            return BadPhone("digits_lost", "A spreadsheet has rounded this number; its last digits are lost.")
        return mantissa
    return text


def _without_its_plus(text: str, number: PhoneNumber) -> Phone | None:
    """Bare digits that are too long for their own country and right as an international number had a `+` once."""
    if not DIGITS.fullmatch(text):
        return None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.TOO_LONG:
        return None
    try:
        phone = _read(phonenumbers.parse("+" + text.removeprefix("00"), None))
    except phonenumbers.NumberParseException:
        return None
    return phone if isinstance(phone, Phone) else None


def _read(number: PhoneNumber) -> Phone | BadPhone:
    """What the numbering plan says of a parsed number."""
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.UNKNOWN:
        return _why_not(number)
    return Phone(
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        phonenumbers.region_code_for_number(number) or NOWHERE,
        LINE_TYPES.get(kind),
        phonenumbers.is_number_type_geographical(kind, number.country_code or 0),
        number.extension or None,
    )


def _why_not(number: PhoneNumber) -> BadPhone:
    match phonenumbers.is_possible_number_with_reason(number):
        case phonenumbers.ValidationResult.TOO_SHORT:
            return BadPhone("too_short", "The number has too few digits.")
        case phonenumbers.ValidationResult.TOO_LONG:
            return BadPhone("too_long", "The number has too many digits.")
        case phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            return BadPhone("no_area_code", "The number has no area code.")
        case phonenumbers.ValidationResult.INVALID_COUNTRY_CODE:
            return BadPhone("unknown_country_code", "The number begins with a country code that does not exist.")
        case _:
            return BadPhone("not_assigned", "The numbering plan has no such number.")
