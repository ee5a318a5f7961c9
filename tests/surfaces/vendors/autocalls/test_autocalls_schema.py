"""The application's OpenAPI document against a running server: nothing makes it stumble."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import httpx
import pytest
import schemathesis
from autocalls_house import ASSISTANT
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance
from vendor_house import Live

from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.autocalls.app import build

pytestmark = pytest.mark.slow

schema = schemathesis.openapi.from_dict(build(cast(Api, None)).openapi())


@pytest.fixture(scope="module")
def base(live: Live) -> Iterator[str]:
    """An organisation that has one of each."""
    url, headers = live.compat("autocalls"), {"Authorization": f"Bearer {live.key}"}
    with httpx.Client(base_url=f"{url}/api/user", headers=headers) as client:
        made: list[Any] = [
            client.post("/assistant", json=ASSISTANT),
            client.post("/campaign", json={"name": "Demo", "assistant_id": 1}),
            client.post("/lead", json={"campaign_id": 1, "phone_number": "+12125550147"}),
        ]
        assert [answer.status_code for answer in made] == [201, 201, 200], [answer.text for answer in made]
    yield url
    assert httpx.get(f"{url}/api/user/me", headers=headers).status_code == 200


@schema.parametrize()
@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
    database=None,
)
def test_nothing_makes_it_stumble(case: schemathesis.Case, base: str, live: Live) -> None:
    response = case.call(base_url=base, headers={"Authorization": f"Bearer {live.key}"})
    case.validate_response(response, checks=[not_a_server_error, content_type_conformance])
    assert response.headers["content-type"] == ["application/json"]
