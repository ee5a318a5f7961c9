"""Where a contact may be: every candidate time zone and every jurisdiction, from zone, postal code and number.

The first of these that tells anything gives the zones: the contact's own zone, the postal code, the number. Each is a
set of candidates, for an area code or a postal prefix may reach into two zones; who calls has to suit them all.
Jurisdictions add up: the law of the number's state holds beside that of the address. Nothing known is an empty set.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import available_timezones

from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX

from clarion.core.schedule import Region
from clarion.wire.phones import MOBILE, NOWHERE, Phone

CROWN_DEPENDENCIES = frozenset({"GG", "IM", "JE"})
"""Their numbers are of the British plan, and the rules for callers are British."""
AREA_CODED_MOBILES = frozenset({"AR", "BR", "MX"})
"""Countries whose mobile numbers have an area code."""
US_TERRITORIES = frozenset({"AS", "GU", "MP", "PR", "VI"})

UK_POSTCODE = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}")
CA_POSTCODE = re.compile(r"[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]")
US_ZIP = re.compile(r"([0-9]{3,5})(?:\.0)?(?:-?[0-9]{4})?")


@dataclass(frozen=True, slots=True)
class Place:
    """What one source tells: candidate zones and jurisdictions."""

    zones: tuple[str, ...]
    jurisdictions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Country:
    """A country's zones, and what the zone names of the number geocoder stand for here."""

    zones: tuple[str, ...]
    readings: Mapping[str, tuple[str, ...]]


NOTHING = Place((), ())


def known_zone(name: str) -> str | None:
    """The IANA spelling of a zone name in any case; None when there is no such zone."""
    return _zone_names().get(name.strip().casefold())


def region_of(
    phone: Phone | None = None,
    *,
    zone: str | None = None,
    postal_code: str | None = None,
    country: str | None = None,
) -> Region:
    """The contact's region. `zone` is a known IANA name, `country` (ISO 3166) that of the postal address, if told.

    A postal code without a country is read by its own form (British, Canadian), else in the number's country.
    """
    by_number = place_of_number(phone) if phone else NOTHING
    if not (zone or postal_code or country):
        return _region(by_number.zones, by_number.jurisdictions, ())
    home = country.upper() if country else phone.region if phone else None
    by_address = place_of_postal_code(postal_code.strip().upper(), home) if postal_code else NOTHING
    if not by_address.jurisdictions and country:
        by_address = _place_of_country(country.upper())
    zones = (zone,) if zone else by_address.zones or by_number.zones
    return _region(zones, by_number.jurisdictions, by_address.jurisdictions)


@lru_cache(maxsize=65_536)
def _region(zones: tuple[str, ...], by_number: tuple[str, ...], by_address: tuple[str, ...]) -> Region:
    return Region(tuple(sorted(zones)), tuple(sorted({*by_number, *by_address})))


def place_of_number(phone: Phone) -> Place:
    """Every zone and jurisdiction that the first digits of a number may stand for; toll-free numbers are nowhere."""
    digits = phone.e164[1:]
    if digits[0] == "1":
        place = _area_codes().get(digits[1:4])
        return place if place and phone.geographic else Place((), _jurisdictions(phone.region))
    home = _countries().get(phone.region)
    if home is None:
        return Place((), _jurisdictions(phone.region))
    roams = phone.line_type == MOBILE and phone.region not in AREA_CODED_MOBILES
    if len(home.zones) == 1 or roams or not phone.geographic:
        return Place(home.zones, _jurisdictions(phone.region))
    return Place(_geocoded(digits, phone.region), _jurisdictions(phone.region))


def _geocoded(digits: str, region: str) -> tuple[str, ...]:
    """Zones by the library's longest matching prefix, those of the whole country where it knows none of its own."""
    home = _countries()[region]
    for length in range(TIMEZONE_LONGEST_PREFIX, 0, -1):
        named = TIMEZONE_DATA.get(digits[:length])
        if named is not None:
            zones = {z for name in named for z in home.readings.get(name, (name,))}
            return tuple(sorted(zones)) if zones <= set(home.zones) else home.zones
    return home.zones


def place_of_postal_code(code: str, country: str | None) -> Place:
    """What a postal code (trimmed, upper case) tells; `country` decides where its form does not."""
    if UK_POSTCODE.fullmatch(code) and country not in ("CA", "US"):
        return _place_of_country(country if country in CROWN_DEPENDENCIES else "GB")
    if CA_POSTCODE.fullmatch(code):
        return _by_prefix("CA", code)
    if country is None:
        return NOTHING
    if country == "US" or country in US_TERRITORIES:
        return _by_prefix("US", match[1].zfill(5)) if (match := US_ZIP.fullmatch(code)) else _place_of_country("US")
    found = _by_prefix(country, code)
    return found if found.zones else _place_of_country(country)


def _by_prefix(country: str, code: str) -> Place:
    table = _postal_prefixes().get(country, {})
    for length in range(5, 0, -1):
        if len(code) >= length and (place := table.get(code[:length])):
            return place
    return Place((), _jurisdictions(country))


def _place_of_country(country: str) -> Place:
    """The whole country; the zones of the two largest are told by their postal codes alone."""
    known = _countries().get(country)
    if known is None and country not in ("US", "CA"):
        return NOTHING
    return Place(known.zones if known else (), _jurisdictions(country))


@cache
def _jurisdictions(place: str) -> tuple[str, ...]:
    """`US-FL` is under the law of `US` too, and so on."""
    if place == NOWHERE:
        return ()
    if place in US_TERRITORIES:
        return ("US", f"US-{place}")
    if place in CROWN_DEPENDENCIES:
        return ("GB", place)
    country, _, part = place.partition("-")
    return (country, place) if part else (country,)


# The tables: read once, when they are first asked.


@cache
def _zone_names() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones()}


@cache
def _area_codes() -> dict[str, Place]:
    found = {}
    for row in _table("area_codes.csv"):
        places = row["places"].split()
        found[row["code"]] = Place(tuple(row["zones"].split()), tuple(j for p in places for j in _jurisdictions(p)))
    return found


@cache
def _countries() -> dict[str, Country]:
    found = {}
    for row in _table("country_zones.csv"):
        readings = (reading.split("=") for reading in row["readings"].split())
        found[row["country"]] = Country(
            tuple(row["zones"].split()), {name: tuple(zones.split("+")) for name, zones in readings}
        )
    return found


@cache
def _postal_prefixes() -> dict[str, dict[str, Place]]:
    found: dict[str, dict[str, Place]] = {}
    for row in _table("postal_codes.csv"):
        place = Place(tuple(row["zones"].split()), _jurisdictions(row["place"] or row["country"]))
        prefixes = found.setdefault(row["country"], {})
        if row["first"] == row["last"]:
            prefixes[row["first"]] = place
        else:
            width = len(row["first"])
            prefixes.update((f"{number:0{width}}", place) for number in range(int(row["first"]), int(row["last"]) + 1))
    return found


def _table(name: str) -> Iterator[dict[str, str]]:
    text = (files("clarion.wire") / "data" / name).read_text(encoding="utf-8")
    return csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
