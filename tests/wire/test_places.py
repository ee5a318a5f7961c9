"""Candidate zones and jurisdictions: the traps of area codes, and what outranks what."""

from __future__ import annotations

from zoneinfo import available_timezones

import pytest

from clarion.core.schedule import Region
from clarion.wire import places
from clarion.wire.phones import Phone, parse_phone
from clarion.wire.places import known_zone, place_of_postal_code, region_of

NY, CHICAGO, DENVER, LA = "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"


def number(text: str) -> Phone:
    phone = parse_phone(text, "US")
    assert isinstance(phone, Phone), phone
    return phone


@pytest.mark.parametrize(
    "text,zones,jurisdictions",
    [
        ("512-555-0123", {CHICAGO}, {"US", "US-TX"}),
        ("212-555-0123", {NY}, {"US", "US-NY"}),
        ("480-555-0123", {"America/Phoenix"}, {"US", "US-AZ"}),
        ("808-555-0123", {"Pacific/Honolulu"}, {"US", "US-HI"}),
        ("202-555-0123", {NY}, {"US", "US-DC"}),
        # codes that straddle a boundary: every zone, whatever the exchange says
        ("850-222-0123", {NY, CHICAGO}, {"US", "US-FL"}),
        ("850-432-0123", {NY, CHICAGO}, {"US", "US-FL"}),
        ("448-555-0123", {NY, CHICAGO}, {"US", "US-FL"}),
        ("423-555-0123", {NY, CHICAGO}, {"US", "US-TN"}),
        ("270-842-0123", {NY, CHICAGO}, {"US", "US-KY"}),
        ("364-555-0123", {NY, CHICAGO}, {"US", "US-KY"}),
        ("606-555-0123", {NY, CHICAGO}, {"US", "US-KY"}),
        ("219-555-0123", {NY, CHICAGO}, {"US", "US-IN"}),
        ("574-555-0123", {NY, CHICAGO}, {"US", "US-IN"}),
        ("812-555-0123", {NY, CHICAGO}, {"US", "US-IN"}),
        ("930-555-0123", {NY, CHICAGO}, {"US", "US-IN"}),
        ("906-555-0123", {NY, CHICAGO}, {"US", "US-MI"}),
        ("701-555-0123", {CHICAGO, DENVER}, {"US", "US-ND"}),
        ("605-555-0123", {CHICAGO, DENVER}, {"US", "US-SD"}),
        ("308-555-0123", {CHICAGO, DENVER}, {"US", "US-NE"}),
        ("620-555-0123", {CHICAGO, DENVER}, {"US", "US-KS"}),
        ("785-555-0123", {CHICAGO, DENVER}, {"US", "US-KS"}),
        ("208-555-0123", {DENVER, LA}, {"US", "US-ID"}),
        ("986-555-0123", {DENVER, LA}, {"US", "US-ID"}),
        ("541-555-0123", {DENVER, LA}, {"US", "US-OR"}),
        ("775-555-0123", {DENVER, LA}, {"US", "US-NV"}),
        ("928-555-0123", {"America/Phoenix", DENVER}, {"US", "US-AZ"}),
        ("907-555-0123", {"America/Anchorage", "America/Adak"}, {"US", "US-AK"}),
        ("709-555-0123", {"America/St_Johns", "America/Halifax"}, {"CA", "CA-NL"}),
        ("879-555-0123", {"America/St_Johns", "America/Halifax"}, {"CA", "CA-NL"}),
        ("807-555-0123", {"America/Toronto", "America/Winnipeg"}, {"CA", "CA-ON"}),
        ("902-555-0123", {"America/Halifax"}, {"CA", "CA-NS", "CA-PE"}),
        ("787-555-0123", {"America/Puerto_Rico"}, {"US", "US-PR"}),
        ("876-901-0123", {"America/Jamaica"}, {"JM"}),
        # nowhere
        ("800-555-0123", set(), {"US"}),
        ("888-555-0123", set(), {"US"}),
        ("900-555-0123", set(), {"US"}),
        ("500-555-0006", set(), {"US"}),
        ("+800 1234 5678", set(), set()),
        # elsewhere
        ("+44 20 7946 0000", {"Europe/London"}, {"GB"}),
        ("+44 7911 123456", {"Europe/London"}, {"GB", "GG"}),
        ("+49 30 123456", {"Europe/Berlin"}, {"DE"}),
        ("+212 522 123456", {"Africa/Casablanca"}, {"MA"}),
        ("+34 912 345 678", {"Europe/Madrid"}, {"ES"}),
        ("+34 612 345 678", {"Europe/Madrid", "Atlantic/Canary"}, {"ES"}),
        ("+55 11 91234 5678", {"America/Sao_Paulo"}, {"BR"}),
        ("+7 401 259 9999", {"Europe/Kaliningrad"}, {"RU"}),
        ("+52 55 1234 5678", {"America/Mexico_City"}, {"MX"}),
    ],
)
def test_a_number_alone(text: str, zones: set[str], jurisdictions: set[str]) -> None:
    region = region_of(number(text))
    assert (set(region.zones), set(region.jurisdictions)) == (zones, jurisdictions)


@pytest.mark.parametrize("text,least", [("+61 412 345 678", 7), ("+7 916 123 45 67", 11), ("+62 812 3456 7890", 3)])
def test_a_mobile_of_a_wide_country_may_be_anywhere_in_it(text: str, least: int) -> None:
    assert len(region_of(number(text)).zones) >= least


@pytest.mark.parametrize(
    "code,country,zones,jurisdictions",
    [
        ("33139", "US", {NY}, {"US", "US-FL"}),
        ("33139-1234", "US", {NY}, {"US", "US-FL"}),
        ("331391234", "US", {NY}, {"US", "US-FL"}),
        ("32456", "US", {NY, CHICAGO}, {"US", "US-FL"}),
        ("32501", "US", {CHICAGO}, {"US", "US-FL"}),
        ("2134", "US", {NY}, {"US", "US-MA"}),  # a spreadsheet ate the zero
        ("2134.0", "US", {NY}, {"US", "US-MA"}),
        ("37402", "US", {NY}, {"US", "US-TN"}),
        ("79901", "US", {DENVER}, {"US", "US-TX"}),
        ("96701", "US", {"Pacific/Honolulu"}, {"US", "US-HI"}),
        ("96799", "US", {"Pacific/Pago_Pago"}, {"US", "US-AS"}),
        ("99546", "US", {"America/Adak", "America/Anchorage"}, {"US", "US-AK"}),
        ("00901", "PR", {"America/Puerto_Rico"}, {"US", "US-PR"}),
        ("09012", "US", set(), {"US"}),
        ("nonsense", "US", set(), {"US"}),
        ("M5V 3L9", None, {"America/Toronto"}, {"CA", "CA-ON"}),
        ("V1G4J8", "CA", {"America/Dawson_Creek"}, {"CA", "CA-BC"}),
        ("SW1A 1AA", None, {"Europe/London"}, {"GB"}),
        ("EC1A1BB", "GB", {"Europe/London"}, {"GB"}),
        ("10115", "DE", {"Europe/Berlin"}, {"DE"}),
        ("6000", "AU", {"Australia/Perth"}, {"AU"}),
        ("2880", "AU", {"Australia/Adelaide"}, {"AU"}),
        ("35001", "ES", {"Atlantic/Canary"}, {"ES"}),
        ("28001", "ES", {"Europe/Madrid"}, {"ES"}),
        ("10115", None, set(), set()),
    ],
)
def test_a_postal_code_alone(code: str, country: str | None, zones: set[str], jurisdictions: set[str]) -> None:
    place = place_of_postal_code(code, country)
    assert (set(place.zones), set(place.jurisdictions)) == (zones, jurisdictions)


def test_the_contact_s_own_zone_outranks_the_postal_code_and_that_the_number() -> None:
    florida = number("850-222-0123")
    assert region_of(florida).zones == (CHICAGO, NY)
    assert region_of(florida, postal_code="85001").zones == ("America/Phoenix",)
    assert region_of(florida, postal_code="85001", zone="Europe/Paris").zones == ("Europe/Paris",)


def test_the_laws_of_number_and_address_both_hold() -> None:
    region = region_of(number("850-222-0123"), postal_code="10001")
    assert set(region.jurisdictions) == {"US", "US-FL", "US-NY"}
    region = region_of(number("850-222-0123"), postal_code="SW1A 1AA", country="GB")
    assert (region.zones, set(region.jurisdictions)) == (("Europe/London",), {"US", "US-FL", "GB"})


def test_a_postal_code_that_tells_nothing_leaves_the_number() -> None:
    assert region_of(number("512-555-0123"), postal_code="?").zones == (CHICAGO,)


def test_nothing_known_is_an_empty_region() -> None:
    assert region_of() == Region((), ())
    assert region_of(country="DE") == Region(("Europe/Berlin",), ("DE",))
    assert region_of(country="US") == Region((), ("US",))


def test_equal_places_have_equal_keys() -> None:
    assert region_of(number("270-842-0123")).key == "America/Chicago,America/New_York;US,US-KY"
    assert Region.parse(region_of(number("270-842-0123")).key) == region_of(number("364-555-0123"))


@pytest.mark.parametrize(
    "text,zone",
    [
        ("America/Chicago", "America/Chicago"),
        (" america/chicago ", "America/Chicago"),
        ("UTC", "UTC"),
        ("America/Nowhere", None),
        ("", None),
        ("../../etc/passwd", None),
    ],
)
def test_zone_names(text: str, zone: str | None) -> None:
    assert known_zone(text) == zone


def test_the_tables_name_zones_that_exist() -> None:
    known = available_timezones()
    named = {zone for place in places._area_codes().values() for zone in place.zones}
    named |= {zone for country in places._countries().values() for zone in country.zones}
    named |= {z for country in places._countries().values() for zones in country.readings.values() for z in zones}
    named |= {z for table in places._postal_prefixes().values() for place in table.values() for z in place.zones}
    assert named <= known


def test_every_geographic_area_code_of_the_plan_is_in_the_table() -> None:
    missing = set()
    for code in range(200, 1000):
        for exchange in (222, 555, 777):
            phone = parse_phone(f"+1{code}{exchange}0123", "US")
            if isinstance(phone, Phone) and phone.geographic and phone.line_type is None:
                missing |= {code} - {int(known) for known in places._area_codes()}
    assert not missing
