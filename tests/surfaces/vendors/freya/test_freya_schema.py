"""Freya's OpenAPI document against a running server: whatever is sent, nothing breaks. Half of it meets real ids."""

from __future__ import annotations

from typing import Any, cast

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from vendor_house import Live

from clarion.app.planning import Planner
from clarion.app.ports.ledger import Ledger
from clarion.surfaces.reception import Api, ApiSettings
from clarion.surfaces.vendors.freya.app import build

pytestmark = pytest.mark.slow

_NOBODY = cast(Any, None)
DOCUMENT = build(Api(cast(Ledger, None), _NOBODY, _NOBODY, cast(Planner, None), ApiSettings(), _NOBODY)).openapi()
thorough = schemathesis.openapi.from_dict(DOCUMENT)
QUICK: dict[str, Any] = {
    "deadline": None,
    "derandomize": True,
    "suppress_health_check": list(HealthCheck),
    "phases": [Phase.explicit, Phase.generate],
    "database": None,
}


@pytest.fixture(scope="module")
def known(live: Live) -> dict[str, str]:
    """Ids that are there, by the names of path parameters."""
    headers = {"Authorization": f"Bearer {live.key}"}
    with httpx.Client(base_url=live.compat("freya") + "/api/v2", headers=headers) as client:
        agent = client.post("/agents", json={"name": "Ava"}).json()["data"]["result"]["agent"]
        body = {"name": "Leads", "assistantName": "Ava", "phoneNumbers": ["+12125550190"], "startDate": "2027-01-04"}
        campaign = client.post("/campaign", json=body).json()["data"]["result"]["campaign"]
        customer = client.get(f"/campaign/{campaign['id']}/customers").json()["data"]["result"]["customers"][0]
        number = client.get("/phone-numbers").json()["data"]["result"]["phoneNumbers"][0]
    return {
        "agentId": agent["id"],
        "campaignId": campaign["id"],
        "callId": customer["id"],
        "phoneNumberId": number["id"],
    }


@thorough.parametrize()
@settings(max_examples=6, **QUICK)
def test_nothing_breaks(case: schemathesis.Case, live: Live, known: dict[str, str]) -> None:
    headers = {"Authorization": f"Bearer {live.key}"}
    _check(case, live, headers)
    names = (case.path_parameters or {}).keys() & known.keys()
    if names and case.method != "DELETE":
        case.path_parameters = {**case.path_parameters, **{name: known[name] for name in names}}
        _check(case, live, headers)
    if case.operation.path == "/api/v2/campaign" and case.method == "POST" and isinstance(case.body, dict):
        case.body = {**case.body, "assistantName": "Ava", "phoneNumbers": ["+12125550190"]}
        case.body.pop("assistantId", None)
        _check(case, live, headers)


def _check(case: schemathesis.Case, live: Live, headers: dict[str, str]) -> None:
    response = case.call(base_url=live.compat("freya"), headers=headers)
    case.validate_response(response, checks=[not_a_server_error])
    body = response.json()
    assert body["success"] is (response.status_code < 400)
    assert body["data"].keys() == ({"message", "result"} if body["success"] else {"message", "errors"})
