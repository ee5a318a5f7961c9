"""Which URLs a webhook endpoint may have, by their form. Where they lead is checked when the courier connects."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import httpx

from clarion.wire.private_addresses import Network, why_refused

LONGEST = 2_000


def why_bad_url(url: str, *, allow_http: bool, allowed: Sequence[Network] = ()) -> str | None:
    """What is wrong with this URL, in words; None when nothing is.

    Refused: other schemes than https (and http, if allowed), user names, fragments, and addresses written out that
    lead to a private network.
    """
    if len(url) > LONGEST:
        return f"The URL is longer than {LONGEST} characters."
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as trouble:
        return f"This is no URL: {trouble}."
    if parsed.scheme not in ("https", "http") or not parsed.host:
        return "The URL must be absolute and begin with https://."
    if parsed.scheme == "http" and not allow_http:
        return "The URL must begin with https://; plain http is not allowed here."
    if parsed.port is not None and not 0 < parsed.port < 65_536:
        return f"There is no port {parsed.port}."
    if parsed.userinfo:
        return "The URL must not hold a user name or password."
    if parsed.fragment:
        return "The URL must not hold a fragment (#…)."
    try:
        ip_address(parsed.host)
    except ValueError:
        return None
    why = why_refused(parsed.host, allowed)
    return f"The address {parsed.host} is not public ({why})." if why else None
