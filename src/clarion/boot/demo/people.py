"""A thousand people who do not exist, as a contact file of the kind that people really send: good rows and bad ones.

Every number is one of those that are kept for fiction: 555-0100 to 555-0199 of an American area code, and the ranges
that Ofcom sets aside for drama. Mail addresses are at the example domains of RFC 2606.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, timedelta

MOST_PEOPLE = 2_000

FIRST_NAMES = """
    Ada Alma Amir Anika Anton Beatriz Ben Carla Cem Chloe Dana Dario Deniz Dora Edith Elias Elif Emre Esther Eva Farid
    Felix Fiona Greta Hana Hugo Ida Ilse Imani Iris Ivan Jonas Josefa June Kai Karim Lara Lena Leo Lina Lucia Luis Mara
    Marco Maya Milo Mina Nadia Nico Noa Nora Olga Omar Oscar Paula Petra Priya Rafael Rania Rosa Ruben Ruth Sami Sara
    Selma Silas Sofia Tariq Thea Theo Tomas Uma Vera Viktor Wanda Yara Yusuf Zara Zoe
"""
LAST_NAMES = """
    Abbott Adler Almeida Arslan Baker Bauer Becker Bishop Brandt Campos Carver Castro Conti Cooper Costa Cruz Dalton
    Demir Diaz Duarte Ellis Farrow Fischer Flores Foster Fuchs Garner Gomez Haddad Hale Harper Hoffman Ibarra Iqbal
    Jansen Jordan Kaplan Keller Khan Klein Lane Lopez Marsh Mason Mendez Meyer Moreno Nakano Novak Ortiz Page Park
    Patel Perez Quinn Ramos Reyes Rossi Sato Schmidt Silva Stone Tanaka Turner Vance Vargas Vogel Walsh Weber Yilmaz
"""
TOWNS = """
    212-100 718-112 973-071 617-021 215-191 202-200 704-282 404-303 305-331 407-328 813-336 216-441 313-482 312-606
    612-554 816-641 214-752 713-770 615-372 504-701 205-352 303-802 505-871 801-841 602-850 702-891 213-900 415-941
    619-921 206-981 503-972 907-995 808-968
"""
"""Area code and the first digits of a postal code there, from New York to Honolulu; three of them in Florida."""
PER_TOWN = range(1, 80)
"""The last two digits of 555-01xx: 00 is for senders, 80 to 99 are the sandbox's magic numbers."""
BRITISH = (("020 7946 0{:03}", "EC1A 1BB"), ("0113 496 0{:03}", "LS1 4AP"), ("0131 496 0{:03}", "EH1 1YZ"))
SPELLINGS = ("({0}) 555-01{1:02}", "{0}-555-01{1:02}", "+1 {0} 555 01{1:02}", "{0}.555.01{1:02}", "1{0}55501{1:02}")
DOMAINS = ("example.com", "example.org", "example.net")


@dataclass(frozen=True, slots=True)
class Person:
    """One row of the file. The names of the fields are the columns."""

    reference: str
    first_name: str
    last_name: str
    phone: str
    phone_2: str
    email: str
    zip: str
    country: str
    time_zone: str
    visit: str
    person: str


COLUMNS = tuple(field.name for field in fields(Person))

FLAWS = (
    {"phone": "555-0142"},
    {"phone": "1.31255E+10", "email": ""},
    {"phone": "ask reception"},
    {"phone": "+1 312 555 01"},
    {"time_zone": "Mars/Olympus"},
    {"email": "dana@example"},
    {"phone": "", "email": ""},
)
"""What is wrong with rows that are refused, by one channel or by all of them."""


def fictional_people(count: int, seed: int, monday: date) -> list[Person]:
    """`count` rows, the same for the same seed. About one in forty is of no use, and some are in twice."""
    dice = random.Random(f"people {seed}")
    numbers = [(town, last) for town in TOWNS.split() for last in PER_TOWN]
    dice.shuffle(numbers)
    british = [(form.format(n), postcode) for form, postcode in BRITISH for n in range(1000)]
    dice.shuffle(british)
    people = [_person(n, dice, numbers, british, monday) for n in range(1, count + 1)]
    spots = iter(dice.sample(range(1, count), min(count - 1, max(len(FLAWS) + 4, count // 32))))
    for n, spot in enumerate(spots):
        people[spot] = _spoilt(people[spot], n, people[spot - 1])
    return people


def _person(
    n: int, dice: random.Random, numbers: list[tuple[str, int]], british: list[tuple[str, str]], monday: date
) -> Person:
    first, last = dice.choice(FIRST_NAMES.split()), dice.choice(LAST_NAMES.split())
    visit = monday + timedelta(days=dice.randint(7, 18))
    phone_2 = country = ""
    if dice.random() < 0.04:
        phone, postcode = british.pop()
        country = "GB"
    else:
        town, line = numbers.pop()
        area, prefix = town.split("-")
        phone = dice.choice(SPELLINGS).format(area, line)
        postcode = f"{prefix}{dice.randint(1, 80):02}"
        if dice.random() < 0.10:
            other, line = numbers.pop()
            phone_2 = SPELLINGS[0].format(other.split("-")[0], line)
    return Person(
        reference=f"P-{n:04}",
        first_name=first,
        last_name=last,
        phone=phone,
        phone_2=phone_2,
        email=f"{first}.{last}.{n}@{dice.choice(DOMAINS)}".lower() if dice.random() < 0.93 else "",
        zip=postcode,
        country=country,
        time_zone="",
        visit=f"{visit:%A} {visit.day} {visit:%B} at {dice.randint(8, 16)}:{dice.choice(('00', '20', '40'))}",
        person=f"P-{n:04}",
    )


def _spoilt(person: Person, n: int, neighbour: Person) -> Person:
    """Flaw number `n`. Of every eleven, two repeat their neighbour and two cannot be placed anywhere."""
    kind = n % (len(FLAWS) + 4)
    if kind < len(FLAWS):
        return replace(person, **FLAWS[kind])
    if kind < len(FLAWS) + 2:
        return replace(neighbour, reference=person.reference, person=person.person, first_name=person.first_name)
    return replace(person, phone=f"800-555-01{n % 80:02}", phone_2="", zip="", country="")


def as_csv(people: Sequence[Person]) -> bytes:
    """The contact file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(asdict(person) for person in people)
    return text.getvalue().encode()


def do_not_contact(people: Sequence[Person], seed: int) -> str:
    """A do-not-contact list that has been kept over the years: a few phones and mailboxes of `people`, as CSV."""
    dice = random.Random(f"do not contact {seed}")
    chosen = dice.sample(people, max(2, len(people) // 60))
    return "\n".join(["address,reason", *_entries(chosen)])


def _entries(chosen: Sequence[Person]) -> Iterator[str]:
    for n, person in enumerate(chosen):
        if n % 2 and person.email:
            yield f"{person.email},unsubscribed"
        elif person.phone and not person.country:
            yield f"{person.phone},do_not_contact"
