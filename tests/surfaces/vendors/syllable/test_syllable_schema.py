"""Syllable's OpenAPI document against a running server: whatever is sent, nothing breaks. Half of it meets real ids."""

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
from clarion.surfaces.vendors.syllable.app import build

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
FRAGILE = ("DELETE", "/api/v1/outbound/batches/{batch_id}/upload_batch")
"""What would take away what the others meet."""


@pytest.fixture(scope="module")
def known(live: Live) -> dict[str, str]:
    """Ids that are there, by the names of path parameters."""
    headers = {"Syllable-API-Key": live.key}
    with httpx.Client(base_url=f"{live.compat('syllable')}/api/v1", headers=headers) as client:

        def post(path: str, **body: Any) -> Any:
            answer = client.post(path, json=body)
            assert answer.status_code == 200, answer.text
            return answer.json()

        prompt = post("/prompts/", name="p", type="prompt", llm_config={})
        message = post("/custom_messages/", name="m", text="Hello")
        agent = post(
            "/agents/",
            name="Ann",
            type="ca_v1",
            prompt_id=prompt["id"],
            custom_message_id=message["id"],
            timezone="UTC",
            variables={},
            tool_headers=None,
        )
        channel = client.get("/channels/").json()["items"][0]
        link = {"agent_id": agent["id"], "channel_id": channel["id"], "target": "+12125550100"}
        target = post(f"/channels/{channel['id']}/targets", target_mode="voice", **link)
        campaign = post(
            "/outbound/campaigns", campaign_name="c", campaign_variables={}, caller_id="+12125550100", active_days=[]
        )
        post("/outbound/batches", batch_id="b", campaign_id=campaign["id"], paused=True)
        post("/outbound/batches/b/requests", reference_id="1", target="+13125550147", request_variables={})
    return {
        "campaign_id": campaign["id"],
        "batch_id": "b",
        "agent_id": agent["id"],
        "prompt_id": prompt["id"],
        "custom_message_id": message["id"],
        "channel_id": channel["id"],
        "target_id": target["id"],
        "session_id": "1",
    }


@thorough.parametrize()
@settings(max_examples=8, **QUICK)
def test_nothing_breaks(case: schemathesis.Case, live: Live, known: dict[str, str]) -> None:
    _check(case, live)
    names = (case.path_parameters or {}).keys() & known.keys()
    if names and case.method not in FRAGILE and case.operation.path not in FRAGILE:
        case.path_parameters = {**case.path_parameters, **{name: known[name] for name in names}}
        _check(case, live)
    if isinstance(case.body, dict) and case.method in ("POST", "PUT"):
        ids = {name: value for name, value in known.items() if name in case.body and name != "batch_id"}
        kind = case.operation.path.split("/")[3].removesuffix("s")
        if "id" in case.body and f"{kind}_id" in known:
            ids["id"] = known[f"{kind}_id"]
        if ids:
            case.body = {**case.body, **ids}
            _check(case, live)


def _check(case: schemathesis.Case, live: Live) -> None:
    response = case.call(base_url=live.compat("syllable"), headers={"Syllable-API-Key": live.key})
    case.validate_response(response, checks=[not_a_server_error])
    if response.status_code == 404 and "%0A" in response.request.url:
        return  # a path with a line break is nobody's
    assert response.headers["content-type"] == ["application/json"]
    if response.status_code == 422:
        assert all(set(each) == {"loc", "msg", "type"} for each in response.json()["detail"])
    elif response.status_code >= 400:
        assert isinstance(response.json()["detail"], str)
    else:
        assert response.status_code == 200
