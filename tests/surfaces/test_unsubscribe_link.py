"""The public unsubscribe link on a real ledger: scanners that get it change nothing, one post does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import httpx
import pytest
from fastapi import FastAPI

import seeding
from clarion.app.ports.channel import Order, Rendered, Trunk
from clarion.app.ports.clock import Clock
from clarion.app.unsubscribe import with_unsubscribe
from clarion.core.contacts import Report
from clarion.core.outcomes import Channel, Outcome
from clarion.store.database import Database
from clarion.surfaces.callbacks.unsubscribe import unsubscribe_router
from clarion.wire.unsubscribe import PLACEHOLDER, Ticket, UnsubscribeTokens

TOKENS = UnsubscribeTokens([b"secret"])
LINK = "/u/" + TOKENS.make(Ticket(1, 1, 5))
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
async def ledger(database: Database) -> Database:
    await seeding.organization(database, 1)
    await seeding.organization(database, 2)
    async with database.write() as tx:
        mailing = await seeding.campaign(tx, 1, channel=Channel.EMAIL)
        await seeding.person(tx, mailing, 1)
        await seeding.attempt(tx, mailing, 5, 1, address="Ann@example.com", outcome=Outcome.SENT)
    return database


@pytest.fixture
def reports() -> list[Report]:
    return []


@pytest.fixture
async def web(ledger: Database, clock: Clock, reports: list[Report]) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(unsubscribe_router(ledger, clock, TOKENS, reports.extend))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://mail.example.com") as client:
        yield client


async def suppressed(ledger: Database, organization_id: int, channel: Channel, now: datetime) -> dict[str, str]:
    async with ledger.read() as tx:
        return await tx.suppression.suppressed(organization_id, channel, ["Ann@example.com"], now)


async def test_getting_the_link_changes_nothing(
    web: httpx.AsyncClient, ledger: Database, clock: Clock, reports: list[Report]
) -> None:
    for method in ("GET", "HEAD", "GET"):
        answer = await web.request(method, LINK, headers={"User-Agent": "scanner"})
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
    assert 'method="post"' in answer.text
    assert "example.com" not in answer.text
    assert reports == []
    assert await suppressed(ledger, 1, Channel.EMAIL, clock.now()) == {}


@pytest.mark.parametrize("multipart", [False, True])
async def test_one_post_unsubscribes_and_the_next_changes_nothing(
    multipart: bool, web: httpx.AsyncClient, ledger: Database, clock: Clock, reports: list[Report]
) -> None:
    for _ in range(2):
        if multipart:
            answer = await web.post(LINK, files={name: (None, value) for name, value in ONE_CLICK.items()})
        else:
            answer = await web.post(LINK, data=ONE_CLICK)
        assert (answer.status_code, answer.is_redirect) == (200, False)
    now = clock.now()
    assert await suppressed(ledger, 1, Channel.EMAIL, now) == {"Ann@example.com": "unsubscribed"}
    assert await suppressed(ledger, 1, Channel.SMS, now) == {}
    assert await suppressed(ledger, 2, Channel.EMAIL, now) == {}
    assert reports == [Report(5, Outcome.UNSUBSCRIBED, now, final=False, detail="one-click")] * 2
    async with ledger.read() as tx:
        (entry,) = await tx.suppression.suppressions(1)
    assert (entry.address, entry.source, entry.campaign_id) == ("ann@example.com", "one-click", 1)


@pytest.mark.parametrize(
    ("link", "data", "status"),
    [
        (LINK, {}, 400),
        (LINK, {"List-Unsubscribe": "please"}, 400),
        (LINK, {"List-Unsubscribe": "One-Click", "x": "y" * 20_000}, 413),
        ("/u/" + "a" * 54, ONE_CLICK, 404),
        ("/u/" + TOKENS.make(Ticket(2, 1, 5)), ONE_CLICK, 404),
        ("/u/" + TOKENS.make(Ticket(1, 1, 6)), ONE_CLICK, 404),
        ("/u/" + UnsubscribeTokens([b"other"]).make(Ticket(1, 1, 5)), ONE_CLICK, 404),
    ],
)
async def test_other_posts_do_nothing(
    link: str,
    data: dict[str, str],
    status: int,
    web: httpx.AsyncClient,
    ledger: Database,
    clock: Clock,
    reports: list[Report],
) -> None:
    assert (await web.post(link, data=data)).status_code == status
    assert reports == []
    assert await suppressed(ledger, 1, Channel.EMAIL, clock.now()) == {}


async def test_a_link_of_nobodys_has_no_button(web: httpx.AsyncClient) -> None:
    answer = await web.get("/u/" + "a" * 54)
    assert answer.status_code == 404
    assert "<form" not in answer.text


def test_an_order_is_given_its_own_link(clock: Clock) -> None:
    order = Order(
        attempt_id=5,
        organization_id=1,
        campaign_id=1,
        contact_id=1,
        number=1,
        channel=Channel.EMAIL,
        address="ann@example.com",
        sender="news@example.com",
        trunk=Trunk(1, 1, Channel.EMAIL, "t", "smtp"),
        at=clock.now(),
        message=Rendered(f"Stop: {PLACEHOLDER}", "Hi", f"<a href='{PLACEHOLDER}'>", {"X-Own": "1"}),
    )
    url = f"https://mail.example.com{LINK}"
    linked = with_unsubscribe(order, TOKENS, "https://mail.example.com").message
    assert linked is not None
    assert linked.text == f"Stop: {url}"
    assert linked.html == f"<a href='{url}'>"
    assert linked.headers == {
        "X-Own": "1",
        "List-Unsubscribe": f"<{url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert with_unsubscribe(order, TOKENS, None) is order
