"""The vendors' APIs stand below /compat and on their own host names, and say what they do with each field."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from vendor_house import Live, Stage

from clarion.app.refusals import Invalid
from clarion.boot.catalog import VendorName, payload_formats, vendors
from clarion.boot.reference import pages
from clarion.surfaces.vendors.echo import recall, remember
from clarion.surfaces.vendors.mounting import mount_vendors
from clarion.surfaces.vendors.reference import unexplained
from clarion.surfaces.vendors.vendor import Vendor
from clarion.wire.uuids import id_of, uuid_of

ROOT = Path(__file__).parents[3]


def _toy(name: str) -> Vendor:
    def build(_api: object) -> FastAPI:
        app = FastAPI()

        @app.get("/api/thing")
        def thing() -> str:
            return name

        return app

    return Vendor(name, name.title(), build, lambda _body, _place: pytest.fail("not read"))


async def test_each_below_compat_and_on_its_host(stage: Stage) -> None:
    app = FastAPI()
    mount_vendors(app, stage.api, [_toy("one"), _toy("two")], {"api.two.example": "two"})
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as here:
        assert (await here.get("/compat/one/api/thing")).json() == "one"
        assert (await here.get("/api/thing")).status_code == 404
        assert (await here.get("/api/thing", headers={"Host": "api.two.example"})).json() == "two"
        assert (await here.get("/api/thing", headers={"Host": "api.two.example:8080"})).json() == "two"
        assert (await here.get("/compat/one/api/thing", headers={"Host": "api.two.example"})).status_code == 404


async def test_a_host_of_nobody_is_refused(stage: Stage) -> None:
    with pytest.raises(Invalid, match=r"surfaces\.hosts\.api\.example: There is no 'nobody'"):
        mount_vendors(FastAPI(), stage.api, [_toy("one")], {"api.example": "nobody"})


def test_what_was_sent_comes_back_while_it_still_reads_the_same() -> None:
    kept = remember({"start": "9am", "rate": 5}, {"start": "09:00", "rate": 5, "end": "17:00"})
    assert recall(kept, {"start": "09:00", "rate": 5, "end": "17:00"}) == {"start": "9am", "rate": 5, "end": "17:00"}
    assert recall(kept, {"start": "10:00", "rate": 5, "end": "17:00"}) == {"start": "10:00", "rate": 5, "end": "17:00"}
    assert recall(None, {"start": "10:00"}) == {"start": "10:00"}


@pytest.mark.parametrize("id", [1, 7, 2**53, 2**62 - 1])
def test_uuids_go_both_ways(id: int) -> None:
    text = uuid_of("campaign", id)
    assert (text[14], id_of("campaign", text), id_of("campaign", text.upper())) == ("8", id, id)
    assert id_of("contact", text) is None


@pytest.mark.parametrize("text", ["", "7", "00000000-0000-0000-0000-000000000000", "not-a-uuid"])
def test_other_texts_are_no_ids(text: str) -> None:
    assert id_of("campaign", text) is None


def test_every_field_names_its_rule() -> None:
    assert [field for vendor in vendors().values() for field in unexplained(vendor)] == []


def test_formats_have_one_owner_each() -> None:
    assert len(payload_formats()) == sum(len(vendor.formats) for vendor in vendors().values())


def test_a_running_server_has_them(live: Live) -> None:
    assert httpx.get(f"{live.url}/readyz").status_code == 200
    for vendor in vendors().values():
        assert httpx.get(f"{live.compat(vendor.name)}/nowhere").status_code == 404


@pytest.mark.parametrize("name", list(VendorName))
def test_the_reference_page_is_what_the_shapes_say(name: str) -> None:
    """If not: `make reference`."""
    assert (ROOT / "docs" / "reference" / f"{name}.md").read_text() == pages()[f"{name}.md"]


@pytest.mark.parametrize("name", list(VendorName))
def test_each_has_its_page(name: str) -> None:
    assert (ROOT / "docs" / "vendors" / f"{name}.md").read_text().startswith("# ")
