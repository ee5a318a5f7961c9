"""Secrets inside an agent's configuration: keys of providers, headers that authorise its tools.

They are sealed before the configuration is stored, and masked whenever it is read. A client that sends the mask back
means the secret that is there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

MASK = "********"
SEALED = "sealed:"

NAMES = frozenset({"api_key", "apiKey", "password", "secret", "auth_token", "authToken", "access_token", "accessToken"})
"""Fields whose text is a secret, wherever they stand."""
HEADERS = frozenset({"headers", "tool_headers"})
"""Fields that hold headers: name -> value, or a list of `{key, value}`."""
SECRET_HEADER = re.compile(r"auth|token|key|secret|cookie|password", re.IGNORECASE)


class Sealer(Protocol):
    """What seals a text."""

    def seal(self, text: str, /) -> str:
        """The sealed form."""
        ...


class NoSeal(ValueError):
    """There is a secret, and nothing to seal it with."""


def sealed(config: Mapping[str, Any], sealer: Sealer | None, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """The configuration as it is stored. `before` is what is stored now: a mask in its place keeps its secret.

    Raises NoSeal when there is a secret and no `sealer`.
    """

    def hide(text: str, old: Any) -> str:
        if text == MASK and isinstance(old, str) and old.startswith(SEALED):
            return old
        if sealer is None:
            raise NoSeal("This configuration has a secret, and there is nothing to seal it with.")
        return SEALED + sealer.seal(text)

    found: dict[str, Any] = _walk(config, before, hide)
    return found


def masked(config: Mapping[str, Any]) -> dict[str, Any]:
    """A stored configuration as people may see it."""
    found: dict[str, Any] = _walk(config, None, lambda _text, _old: MASK)
    return found


def _walk(value: Any, old: Any, hide: Callable[[str, Any], str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _field(name, each, _at(old, name), hide) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_walk(each, _at(old, place), hide) for place, each in enumerate(value)]
    return value


def _field(name: str, value: Any, old: Any, hide: Callable[[str, Any], str]) -> Any:
    if name in NAMES and isinstance(value, str) and value:
        return hide(value, old)
    if name in HEADERS and isinstance(value, Mapping):
        return {each: _header(each, text, _at(old, each), hide) for each, text in value.items()}
    if name in HEADERS and isinstance(value, list):
        return [_pair(each, _at(old, place), hide) for place, each in enumerate(value)]
    return _walk(value, old, hide)


def _pair(pair: Any, old: Any, hide: Callable[[str, Any], str]) -> Any:
    if not isinstance(pair, Mapping):
        return pair
    name = str(pair.get("key", pair.get("name", "")))
    return {**pair, "value": _header(name, pair.get("value"), _at(old, "value"), hide)} if "value" in pair else pair


def _header(name: str, value: Any, old: Any, hide: Callable[[str, Any], str]) -> Any:
    if isinstance(value, str) and value and SECRET_HEADER.search(name):
        return hide(value, old)
    return _walk(value, old, hide)


def _at(old: Any, place: str | int) -> Any:
    """What is stored in the same place."""
    if isinstance(old, Mapping) and isinstance(place, str):
        return old.get(place)
    if isinstance(old, list) and isinstance(place, int) and place < len(old):
        return old[place]
    return None
