"""Contacts as clients write them down: what each of their addresses brings along."""

from __future__ import annotations

from clarion.core.contacts import BadRow, NewContact
from clarion.core.outcomes import Channel
from clarion.wire.contact_drafts import ContactDraft, Fallback, parse_contact


def parse(address: str, *fallbacks: str | Fallback, channel: Channel = Channel.VOICE) -> NewContact | BadRow:
    return parse_contact(ContactDraft(address, fallbacks=fallbacks), channel, "US", 1)


def test_each_fallback_keeps_its_own_variables() -> None:
    mother = Fallback("512 555 1235 ext. 7", {"name": "Bea"})
    found = parse("512 555 1234", mother, "512 555 1236")
    assert isinstance(found, NewContact)
    assert found.variables == {}
    assert [(one.value, dict(one.variables)) for one in found.fallbacks] == [
        ("+15125551235", {"extension": "7", "name": "Bea"}),
        ("+15125551236", {}),
    ]


def test_a_fallback_in_the_place_of_an_empty_address_brings_its_variables() -> None:
    found = parse("", Fallback("512 555 1235", {"name": "Bea"}))
    assert isinstance(found, NewContact)
    assert (found.address.value, found.variables, found.fallbacks) == ("+15125551235", {"name": "Bea"}, ())


def test_mailboxes_have_them_too() -> None:
    found = parse("ann@example.com", Fallback("bea@example.com", {"name": "Bea"}), channel=Channel.EMAIL)
    assert isinstance(found, NewContact)
    assert [(one.value, one.variables) for one in found.fallbacks] == [("bea@example.com", {"name": "Bea"})]


def test_a_wrong_fallback_refuses_the_row_by_name() -> None:
    found = parse("512 555 1234", Fallback("nonsense", {"name": "Bea"}))
    assert isinstance(found, BadRow)
    assert (found.field, found.value) == ("fallbacks", "nonsense")
