"""Leads over HTTP: recorded answers, filters, other numbers, and every way of saying no."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from autocalls_house import Customer, person

from clarion.app.suppress import NewSuppression, suppress_address

WALL = "2026-11-23 15:00:00"


def body(campaign_id: int, **fields: Any) -> dict[str, Any]:
    return {"campaign_id": campaign_id, "phone_number": person("90"), **fields}


async def test_create(customer: Customer) -> None:
    campaign = await customer.campaign(name="My new campaign")
    answer = await customer.post(
        "/user/lead",
        body(
            campaign,
            variables={"customer_name": "John Doe", "age": 41},
            secondary_contacts=[
                {"phone_number": person("91"), "variables": {"customer_name": "Jane Doe"}},
                {"phone_number": person("92")},
            ],
        ),
    )
    lead = answer["data"]["id"]
    assert answer == {
        "message": "Lead created successfully",
        "data": {
            "id": lead,
            "campaign_id": campaign,
            "phone_number": "+13125550190",
            "variables": {"customer_name": "John Doe", "age": 41},
            "status": "created",
            "created_at": WALL,
            "updated_at": WALL,
            "campaign": {"id": campaign, "name": "My new campaign"},
            "secondary_contacts": [
                {
                    "id": 10**12 + lead,
                    "phone_number": "+13125550191",
                    "variables": {"customer_name": "Jane Doe"},
                    "status": "created",
                    "created_at": WALL,
                    "updated_at": WALL,
                },
                {
                    "id": 2 * 10**12 + lead,
                    "phone_number": "+13125550192",
                    "variables": {},
                    "status": "created",
                    "created_at": WALL,
                    "updated_at": WALL,
                },
            ],
        },
    }
    assert (await customer.leads())[lead] == answer["data"]


@pytest.mark.parametrize(
    "variables, kept",
    [
        ({"a": 1}, {"a": 1}),
        ([{"a": 1}, {"b": "x"}], {"a": 1, "b": "x"}),
        ([], {}),
        (None, {}),
        ({"nested": {"list": [1, None]}}, {"nested": {"list": [1, None]}}),
    ],
)
async def test_variables_in_either_form(customer: Customer, variables: Any, kept: dict[str, Any]) -> None:
    answer = await customer.post("/user/lead", body(await customer.campaign(), variables=variables))
    assert answer["data"]["variables"] == kept


@pytest.mark.parametrize("written", ["+1 (312) 555-0190", "13125550190", 13125550190, "312-555-0190"])
async def test_numbers_are_formatted(customer: Customer, written: Any) -> None:
    answer = await customer.post("/user/lead", body(await customer.campaign(), phone_number=written))
    assert answer["data"]["phone_number"] == "+13125550190"


async def test_duplicates(customer: Customer) -> None:
    campaign = await customer.campaign()
    first = await customer.lead(campaign, person("90"))
    for more in ({}, {"allow_dupplicate": False}, {"allow_duplicate": False}):
        assert await customer.post("/user/lead", body(campaign, **more), 422) == {
            "message": "The given data was invalid.",
            "errors": {"phone_number": ["The phone number has already been taken."]},
        }
    second = await customer.lead(campaign, person("90"), allow_dupplicate=True)
    third = await customer.lead(campaign, person("90"), allow_duplicate=True)
    assert list(await customer.leads()) == [third, second, first]
    for lead in (first, second, third):
        await customer.delete(f"/user/leads/{lead}")
    again = await customer.lead(campaign, person("90"))
    assert list(await customer.leads()) == [again]
    other = await customer.campaign()
    await customer.lead(other, person("90"))


@pytest.mark.parametrize(
    "fields, errors",
    [
        ({"phone_number": None}, {"phone_number": ["The phone number field is required."]}),
        ({"phone_number": "123"}, {"phone_number": ["Invalid phone number"]}),
        ({"phone_number": "hello"}, {"phone_number": ["Invalid phone number"]}),
        ({"secondary_contacts": [{"phone_number": "1"}]}, {"secondary_contacts": ["Invalid phone number"]}),
        (
            {"secondary_contacts": [{"variables": {}}]},
            {"secondary_contacts.0.phone_number": ["The secondary_contacts.0.phone_number field is required."]},
        ),
        (
            {"secondary_contacts": [{"phone_number": person("91")}] * 11},
            {"secondary_contacts": ["The secondary contacts must not have more than 10 items."]},
        ),
        ({"variables": "x"}, {"variables": ["The variables must be an array."]}),
        ({"allow_dupplicate": "perhaps"}, {"allow_dupplicate": ["The allow dupplicate field must be true or false."]}),
        ({"variables": {"a": "\x00"}}, {"variables": ["The variables format is invalid."]}),
    ],
)
async def test_rules(customer: Customer, fields: dict[str, Any], errors: dict[str, list[str]]) -> None:
    answer = await customer.post("/user/lead", body(await customer.campaign(), **fields), 422)
    assert answer == {"message": "The given data was invalid.", "errors": errors}


async def test_statuses_from_life(customer: Customer) -> None:
    campaign = await customer.campaign(max_retries=1, retry_interval=10)
    words = {
        person("90"): "completed",
        person("92"): "reached-max-retries",
        person("89"): "completed",
        person("84"): "blacklisted",
        person("87"): "reached-max-retries",
        person("90", 1): "blacklisted",
    }
    world = customer.stage.world
    await suppress_address(world.database, world.clock, world.actor, NewSuppression(person("90", 1)))
    for number in words:
        await customer.lead(campaign, number)
    await customer.steer(campaign, "start")
    seen: list[set[str]] = []

    async def look() -> None:
        seen.append({lead["status"] for lead in (await customer.leads()).values()})

    await customer.play((timedelta(seconds=3), look), (timedelta(minutes=8), look))
    assert "processing" in seen[0]
    assert "rescheduled" in seen[1]
    leads = await customer.leads()
    assert {lead["phone_number"]: lead["status"] for lead in leads.values()} == words
    for word in set(words.values()):
        expected = {n for n, lead in leads.items() if lead["status"] == word}
        assert set(await customer.leads(status=word)) == expected
    for word in ("created", "scheduled", "processing", "rescheduled"):
        assert await customer.leads(status=word) == {}
    await world.balance()


async def test_filters(customer: Customer) -> None:
    one, other = await customer.campaign(), await customer.campaign()
    early = await customer.lead(one, person("90"))
    customer.stage.world.clock.advance_to(customer.stage.world.clock.now() + timedelta(days=2))
    late = await customer.lead(other, person("91", 1))
    assert list(await customer.leads()) == [late, early]
    assert list(await customer.leads(campaign_id=one)) == [early]
    assert list(await customer.leads(phone_number="773555")) == [late]
    assert list(await customer.leads(phone_number="%")) == []
    assert list(await customer.leads(status="created")) == [late, early]
    assert list(await customer.leads(date_from="2026-11-24")) == [late]
    assert list(await customer.leads(date_to="2026-11-23")) == [early]
    assert list(await customer.leads(date_from="2026-11-23", date_to="2026-11-25")) == [late, early]
    assert await customer.leads(campaign_id=99_999) == {}


async def test_pages(customer: Customer) -> None:
    campaign = await customer.campaign()
    ids = [await customer.lead(campaign, f"+1312555012{n}") for n in range(5)]
    page = await customer.get("/user/leads", per_page=2, page=2, status="created")
    assert [lead["id"] for lead in page["data"]] == [ids[2], ids[1]]
    assert {name: page[name] for name in ("current_page", "from", "to", "last_page", "per_page", "total")} == {
        "current_page": 2,
        "from": 3,
        "to": 4,
        "last_page": 3,
        "per_page": 2,
        "total": 5,
    }
    path = "http://clarion.test/compat/autocalls/api/user/leads"
    assert page["path"] == path
    assert page["next_page_url"] == f"{path}?per_page=2&status=created&page=3"
    following = await customer.client.get(page["next_page_url"])
    assert [lead["id"] for lead in following.json()["data"]] == [ids[0]]
    far = await customer.get("/user/leads", page="9" * 20)
    assert (far["data"], far["total"]) == ([], 5)


@pytest.mark.parametrize(
    "query, errors",
    [
        ({"per_page": 101}, {"per_page": ["The per page must be between 1 and 100."]}),
        ({"per_page": "x"}, {"per_page": ["The per page must be an integer."]}),
        ({"status": "contacted"}, {"status": ["The selected status is invalid."]}),
        ({"date_from": "23.11.2026"}, {"date_from": ["The date from does not match the format Y-m-d."]}),
        ({"campaign_id": "abc"}, {"campaign_id": ["The campaign id must be an integer."]}),
    ],
)
async def test_filters_have_rules(customer: Customer, query: dict[str, Any], errors: dict[str, list[str]]) -> None:
    answer = await customer.expect(422, "GET", "/user/leads", params=query)
    assert answer == {"message": "The given data was invalid.", "errors": errors}


@pytest.mark.parametrize("path", ["/user/leads", "/leads"])
async def test_change(customer: Customer, path: str) -> None:
    lead = await customer.lead(await customer.campaign(), person("90"), variables={"a": 1, "b": 2})
    answer = await customer.put(f"{path}/{lead}", {"phone_number": "773 555 0191", "variables": {"b": 3, "c": 4}})
    assert answer == {"message": "Lead updated successfully"}
    changed = (await customer.leads())[lead]
    assert (changed["phone_number"], changed["variables"]) == ("+17735550191", {"a": 1, "b": 3, "c": 4})


async def test_a_lead_moves(customer: Customer) -> None:
    one, other = await customer.campaign(name="One"), await customer.campaign(name="Other")
    lead = await customer.lead(one, person("90"))
    await customer.put(f"/user/leads/{lead}", {"campaign_id": other})
    assert (await customer.leads())[lead]["campaign"] == {"id": other, "name": "Other"}
    await customer.steer(other, "start")
    await customer.play()
    assert (await customer.leads())[lead]["status"] == "completed"
    assert await customer.put(f"/user/leads/{lead}", {"campaign_id": 99_999}, 404) == {"message": "Campaign not found"}
    refused = await customer.put(f"/user/leads/{lead}", {"campaign_id": one}, 400)
    assert "only one that waits" in refused["message"]
    await customer.put(f"/user/leads/{lead}", {"campaign_id": one, "status": "created"})
    assert (await customer.leads())[lead]["status"] == "rescheduled"
    await customer.stage.world.balance(over=False)


@pytest.mark.parametrize("word", ["completed", "reached-max-retries"])
async def test_a_lead_is_finished_and_opened_by_hand(customer: Customer, word: str) -> None:
    campaign = await customer.campaign()
    lead = await customer.lead(campaign, person("90"))
    await customer.put(f"/user/leads/{lead}", {"status": word})
    assert (await customer.leads())[lead]["status"] == word
    assert (await customer.steer(campaign, "start", 400))["message"] == "No leads to call"
    await customer.put(f"/user/leads/{lead}", {"status": "created"})
    assert (await customer.leads())[lead]["status"] == "created"
    await customer.steer(campaign, "start")
    await customer.play()
    assert len(await customer.stage.world.attempts()) == 1
    await customer.stage.world.balance()


async def test_changes_that_are_refused(customer: Customer, stranger: Customer) -> None:
    campaign = await customer.campaign()
    lead, other = await customer.lead(campaign, person("90")), await customer.lead(campaign, person("91"))
    path = f"/user/leads/{lead}"
    assert await customer.put(path, {"phone_number": "12"}, 422) == {"message": "Invalid phone number"}
    assert (await customer.put(path, {"phone_number": person("91")}, 422))["errors"] == {
        "phone_number": ["The phone number has already been taken."]
    }
    assert (await customer.put(path, {"status": "scheduled"}, 422))["errors"] == {
        "status": ["The selected status is invalid."]
    }
    assert await stranger.put(path, {"variables": {"a": 1}}, 404) == {"message": "Lead not found"}
    assert await stranger.delete(path, 404) == {"message": "Lead not found"}
    assert await customer.put("/user/leads/77777", {}, 404) == {"message": "Lead not found"}
    assert await customer.put("/leads/x", {}, 404) == {"message": "Lead not found"}
    foreign = await stranger.campaign()
    assert await customer.put(path, {"campaign_id": foreign}, 404) == {"message": "Campaign not found"}
    assert list(await customer.leads()) == [other, lead]


@pytest.mark.parametrize("path", ["/user/leads", "/leads"])
async def test_delete(customer: Customer, path: str) -> None:
    campaign = await customer.campaign(max_retries=1)
    waits, called = await customer.lead(campaign, person("90")), await customer.lead(campaign, person("92"))
    assert await customer.delete(f"{path}/{waits}") == {"message": "Lead deleted successfully"}
    assert await customer.delete(f"{path}/{waits}", 404) == {"message": "Lead not found"}
    await customer.steer(campaign, "start")
    await customer.play()
    assert list(await customer.leads()) == [called]
    await customer.delete(f"{path}/{called}")
    assert await customer.leads() == {}
    assert len(await customer.stage.world.attempts()) == 2
    await customer.stage.world.balance()


async def test_a_lead_in_a_call_stays(customer: Customer) -> None:
    campaign = await customer.campaign()
    lead = await customer.lead(campaign, person("91"))
    await customer.steer(campaign, "start")
    seen: list[Any] = []

    async def act() -> None:
        seen.append(await customer.delete(f"/user/leads/{lead}", 403))
        seen.append(await customer.put(f"/user/leads/{lead}", {"status": "completed"}, 400))

    await customer.play((timedelta(seconds=3), act))
    assert seen == [
        {"message": "Lead is currently being processed and cannot be deleted."},
        {"message": "Lead is currently being processed."},
    ]


async def test_other_numbers_are_changed_and_deleted_by_their_own_ids(customer: Customer) -> None:
    campaign = await customer.campaign()
    lead = await customer.lead(
        campaign,
        person("92"),
        secondary_contacts=[
            {"phone_number": person("93"), "variables": {"who": "wife"}},
            {"phone_number": person("91")},
        ],
    )
    first, second = (each["id"] for each in (await customer.leads())[lead]["secondary_contacts"])
    await customer.put(f"/user/leads/{first}", {"phone_number": person("90", 1), "variables": {"role": "owner"}})
    told = (await customer.leads())[lead]["secondary_contacts"]
    assert [(each["phone_number"], each["variables"]) for each in told] == [
        ("+17735550190", {"who": "wife", "role": "owner"}),
        ("+13125550191", {}),
    ]
    refused = await customer.put(f"/user/leads/{first}", {"status": "completed"}, 400)
    assert refused["message"].startswith("A secondary contact follows its lead")
    await customer.delete(f"/user/leads/{second}")
    await customer.delete(f"/user/leads/{second}", 404)
    assert len((await customer.leads())[lead]["secondary_contacts"]) == 1
