"""The reference library accepts what we sign, with either secret during a rotation, and nothing else."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from clarion.wire.webhook_payloads import native_body
from clarion.wire.webhook_signatures import can_sign, is_secret, message_id, new_secret, signed_headers


@given(data=st.dictionaries(st.text(max_size=20), st.text(max_size=50) | st.integers(-(2**53), 2**53)))
def test_the_reference_library_verifies_both_secrets(data: dict[str, str | int]) -> None:
    old, new, other = new_secret(), new_secret(), new_secret()
    body = native_body({"type": "attempt.ended", "timestamp": datetime.now(UTC), "data": data})
    headers = signed_headers(message_id(7), datetime.now(UTC), body, [new, old])
    assert headers["webhook-id"] == "msg_7"
    for secret in (new, old):
        assert Webhook(secret).verify(body, headers)["data"] == json.loads(body)["data"]
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(body + b" ", headers)


def test_the_standards_own_example_has_the_signature_it_says() -> None:
    # the example in the specification, "Signature scheme"
    body = b'{"test": 2432232314}'
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = signed_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", at, body, ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"


def test_an_old_timestamp_is_refused() -> None:
    secret = new_secret()
    headers = signed_headers("msg_1", datetime.now(UTC) - timedelta(minutes=6), b"{}", [secret])
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(secret).verify(b"{}", headers)


def _secret(size: int) -> str:
    return "whsec_" + base64.b64encode(b"k" * size).decode()


@pytest.mark.parametrize(
    "text, ok",
    [
        (_secret(24), True),
        (_secret(64), True),
        (_secret(23), False),
        (_secret(65), False),
        (_secret(32).removeprefix("whsec_"), False),
        ("whsec_not base64!", False),
        ("", False),
    ],
)
def test_secrets_are_checked(text: str, ok: bool) -> None:
    assert is_secret(text) is ok


@pytest.mark.parametrize("text, ok", [(_secret(512), True), ("c2VjcmV0", True), ("", False), ("ä", False)])
def test_a_vendors_secret_must_at_least_sign(text: str, ok: bool) -> None:
    assert can_sign(text) is ok


def test_fresh_secrets_are_secrets_and_differ() -> None:
    assert is_secret(new_secret())
    assert new_secret() != new_secret()
