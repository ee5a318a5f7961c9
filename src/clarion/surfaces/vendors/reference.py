"""The reference page of a vendor's surface, made from its shapes: each field with type, bounds and rule."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.config import JsonDict

from clarion.surfaces.vendors.vendor import Vendor

ACTS = "x-acts"
"""Where a field's schema says which rule acts on it."""
DEEPEST = 6

_BOUNDS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
    "minLength": "{} characters or more",
    "maxLength": "{} characters or fewer",
    "minItems": "{} items or more",
    "maxItems": "{} items or fewer",
    "pattern": "`{}`",
}


def acts(rule: str) -> JsonDict:
    """For a field's `json_schema_extra`: what clarion does because of it, in a few words."""
    return {ACTS: rule}


def unexplained(vendor: Vendor) -> list[str]:
    """Fields of request shapes that name no rule: `CampaignInput.hourly_rate`."""
    return [
        f"{title}.{path}" for title, shape in vendor.shapes for path, field in _fields(shape) if not field.get(ACTS)
    ]


def render(vendor: Vendor) -> str:
    """The page, in Markdown."""
    lines = [
        f"# {vendor.title}: the fields of its requests",
        "",
        "Generated from the shapes by `make reference`; do not edit. What differs from the vendor is told in",
        f"[../vendors/{vendor.name}.md](../vendors/{vendor.name}.md).",
    ]
    for title, shape in vendor.shapes:
        lines += ["", f"## {title}", "", "| field | type | default | acted on by |", "| --- | --- | --- | --- |"]
        required = set(_schema(shape).get("required", ()))
        for path, field in _fields(shape):
            default = "required" if path in required else _default(field)
            lines.append(f"| `{path}` | {_cell(_kind(field))} | {default} | {_cell(str(field.get(ACTS, '')))} |")
    return "\n".join(lines) + "\n"


def _schema(shape: type[BaseModel]) -> dict[str, Any]:
    return shape.model_json_schema(by_alias=True)


def _fields(shape: type[BaseModel]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    schema = _schema(shape)
    yield from _walk(schema, schema.get("$defs", {}), "", 0)


def _walk(
    node: Mapping[str, Any], definitions: Mapping[str, Any], prefix: str, depth: int
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if depth > DEEPEST:
        return
    for name, field in node.get("properties", {}).items():
        resolved = _resolved(field, definitions)
        yield prefix + name, resolved
        for suffix, inner in _inside(resolved, definitions):
            yield from _walk(inner, definitions, f"{prefix}{name}{suffix}.", depth + 1)


def _inside(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The objects that a field holds: itself, its items, its values, or one of its choices."""
    if "properties" in field:
        yield "", field
    for word, suffix in (("items", "[]"), ("additionalProperties", ".*")):
        inner = field.get(word)
        if isinstance(inner, Mapping):
            for more, found in _inside(_resolved(inner, definitions), definitions):
                yield suffix + more, found
    for choice in field.get("anyOf", ()):
        yield from _inside(_resolved(choice, definitions), definitions)


def _resolved(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """A reference with what it points at; what stands beside the reference comes first."""
    if "$ref" not in field:
        return field
    target = definitions.get(str(field["$ref"]).rpartition("/")[2], {})
    return {**target, **{name: value for name, value in field.items() if name != "$ref"}}


def _kind(field: Mapping[str, Any]) -> str:
    if "enum" in field:
        kind = " · ".join(str(word) for word in field["enum"])
    elif "const" in field:
        kind = str(field["const"])
    elif "anyOf" in field:
        kinds = [_kind(choice) for choice in field["anyOf"]]
        kind = " or ".join(dict.fromkeys(kinds))
    elif field.get("type") == "array":
        kind = f"list of {_kind(field.get('items', {}))}"
    elif "properties" in field or "$ref" in field:
        kind = "object"
    else:
        kind = str(field.get("format") or field.get("type") or "anything")
    bounds = [words.format(field[bound]) for bound, words in _BOUNDS.items() if bound in field]
    return ", ".join([kind, *bounds])


def _default(field: Mapping[str, Any]) -> str:
    if "default" not in field:
        return ""
    return f"`{json.dumps(field['default'])}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
