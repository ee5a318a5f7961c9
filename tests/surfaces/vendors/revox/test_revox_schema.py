"""The application's OpenAPI document against a running server: nothing makes it stumble, with real ids and without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from revox_house import BUSY, people
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance
from vendor_house import Live

from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.revox.app import build

pytestmark = pytest.mark.slow

DOCUMENT = build(cast(Api, None)).openapi()
thorough = schemathesis.openapi.from_dict(DOCUMENT)
light = schemathesis.openapi.from_dict(DOCUMENT)
light.config.phases.coverage.enabled = False
WIDE = r"assistants|^/api/call$"
"""Bodies with a hundred fields: each at its limits and beyond would take an hour."""
QUICK = {
    "deadline": None,
    "derandomize": True,
    "suppress_health_check": list(HealthCheck),
    "phases": [Phase.explicit, Phase.generate],
    "database": None,
}
Make = Callable[[], dict[str, str]]


@pytest.fixture(scope="module")
def make(live: Live) -> Iterator[Make]:
    """Makes one of each; answers their ids by the names that paths and bodies give them."""
    base, headers = f"{live.compat('revox')}/api", {"Authorization": f"Bearer {live.key}"}
    with httpx.Client(base_url=base, headers=headers) as client:

        def one_of_each() -> dict[str, str]:
            assistant = client.post("/assistants", json={"name": "Ann", "prompt": "Hi"}).json()["assistant"]["id"]
            body = {"assistant_id": assistant, "name": "x", "contacts": people(BUSY), "scheduled_at": "2030-01-01"}
            campaign = client.post("/campaigns", json=body).json()["campaign"]["id"]
            call = client.get(f"/campaigns/{campaign}/rows").json()["rows"][0]["call"]["id"]
            number = client.get("/phone-numbers").json()["phone_numbers"][0]["id"]
            return {
                "assistant_id": assistant,
                "campaign_id": campaign,
                "call_id": call,
                "number_id": number,
                "voice_id": "v",
            }

        yield one_of_each
        assert client.get("/users/me").status_code == 200


def stands(case: schemathesis.Case, live: Live) -> None:
    headers = {"Authorization": f"Bearer {live.key}"}
    response = case.call(base_url=live.compat("revox"), headers=headers)
    case.validate_response(response, checks=[not_a_server_error, content_type_conformance])
    assert response.headers["content-type"] == ["application/json"]


@thorough.exclude(path_regex=WIDE).parametrize()
@settings(max_examples=2, **QUICK)
def test_nothing_makes_it_stumble(case: schemathesis.Case, live: Live) -> None:
    stands(case, live)


@light.parametrize()
@settings(max_examples=4, **QUICK)
def test_nor_with_what_is_there(case: schemathesis.Case, make: Make, live: Live) -> None:
    ids = make()
    parameters: dict[str, Any] = dict(case.path_parameters)
    case.path_parameters = {name: ids.get(name, value) for name, value in parameters.items()}
    if isinstance(case.body, dict) and "assistant_id" in case.body:
        case.body["assistant_id"] = ids["assistant_id"]
    stands(case, live)
