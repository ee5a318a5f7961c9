"""The framework's validation rules that this API is checked by, and their sentences.

A sentence has `:attribute` where the name of the field goes. What the rules say of a body that is no object, or no
JSON, is what they say of an empty one: the required fields are missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from clarion.app.zones import is_zone

BROKEN = "broken_rule"
"""The type of our own validation errors; their context has the sentence."""
MAX_ID = 2**63 - 1
DEEPEST = 24

REQUIRED = "The :attribute field is required."
INVALID = "The selected :attribute is invalid."
DISTINCT = "The :attribute field has a duplicate value."

SENTENCES: Mapping[str, str] = {
    "missing": REQUIRED,
    "int_type": "The :attribute must be an integer.",
    "int_parsing": "The :attribute must be an integer.",
    "int_parsing_size": "The :attribute must be an integer.",
    "int_from_float": "The :attribute must be an integer.",
    "float_type": "The :attribute must be a number.",
    "float_parsing": "The :attribute must be a number.",
    "finite_number": "The :attribute must be a number.",
    "string_type": "The :attribute must be a string.",
    "bool_type": "The :attribute field must be true or false.",
    "bool_parsing": "The :attribute field must be true or false.",
    "list_type": "The :attribute must be an array.",
    "dict_type": "The :attribute must be an array.",
    "model_type": "The :attribute must be an array.",
    "model_attributes_type": "The :attribute must be an array.",
    "date_type": "The :attribute does not match the format Y-m-d.",
    "date_parsing": "The :attribute does not match the format Y-m-d.",
    "date_from_datetime_parsing": "The :attribute does not match the format Y-m-d.",
    "date_from_datetime_inexact": "The :attribute does not match the format Y-m-d.",
    "literal_error": INVALID,
    "string_too_long": "The :attribute must not be greater than {max_length} characters.",
    "string_too_short": "The :attribute must be at least {min_length} characters.",
    "too_long": "The :attribute must not have more than {max_length} items.",
    "too_short": "The :attribute must have at least {min_length} items.",
    "greater_than_equal": "The :attribute must be at least {ge}.",
    "less_than_equal": "The :attribute must not be greater than {le}.",
    "string_pattern_mismatch": "The :attribute format is invalid.",
}
"""By the type of the validator's error; braces are filled from its context."""


def broken(sentence: str) -> PydanticCustomError:
    """A value that a rule does not let pass."""
    return PydanticCustomError(BROKEN, "{sentence}", {"sentence": sentence})


def sentence_of(error: Mapping[str, Any]) -> str:
    """What the rules say about a validator's error; a required field that is null is missing."""
    if error["type"] == BROKEN:
        return str(error["ctx"]["sentence"])
    if error.get("input", ...) is None:
        return REQUIRED
    return SENTENCES.get(error["type"], "The :attribute is invalid.").format(**error.get("ctx", {}))


def worded(field: str, sentence: str) -> str:
    """A sentence about a field: `max_retries` is spoken of as max retries, an item of a list by its path."""
    name = field if "." in field else field.replace("_", " ")
    return sentence.replace(":attribute", name)


@dataclass(frozen=True, slots=True)
class Between:
    """A number from `low` to `high`."""

    low: float
    high: float

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The number's own checks first."""
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Both bounds."""
        return {**handler(schema), "minimum": self.low, "maximum": self.high}

    def check(self, value: float) -> float:
        """The value, or the sentence."""
        if not self.low <= value <= self.high:
            raise broken(f"The :attribute must be between {self.low:g} and {self.high:g}.")
        return value


def plain(value: Any, depth: int = 0) -> Any:
    """JSON that every database can hold; anything else breaks a rule."""
    if depth > DEEPEST:
        raise broken("The :attribute is nested too deeply.")
    match value:
        case str():
            if "\x00" in value:
                raise broken("The :attribute format is invalid.")
            try:
                value.encode()
            except UnicodeEncodeError as half:
                raise broken("The :attribute format is invalid.") from half
        case bool() | None:
            pass
        case int():
            if not -(2**63) <= value < 2**63:
                raise broken("The :attribute must be an integer.")
        case float():
            if value != value or abs(value) == float("inf"):
                raise broken("The :attribute must be a number.")
        case list():
            for each in value:
                plain(each, depth + 1)
        case dict():
            for key, each in value.items():
                plain(key, depth + 1)
                plain(each, depth + 1)
    return value


def _clock(text: str) -> str:
    if re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text) is None:
        raise broken("The :attribute does not match the format H:i.")
    return text


def _zone(text: str) -> str:
    if not is_zone(text):
        raise broken("The :attribute must be a valid timezone.")
    return text


def _variables(value: Any) -> Any:
    """An object, or what older pages show: a list of objects, which are laid over each other. PHP's `[]` is `{}`."""
    if isinstance(value, list) and all(isinstance(each, dict) for each in value):
        return {name: each for part in value for name, each in part.items()}
    return value


Text = Annotated[str, Field(max_length=20_000), AfterValidator(plain)]
Name = Annotated[str, Field(max_length=255), AfterValidator(plain)]
Id = Annotated[int, Field(ge=1, le=MAX_ID)]
HourMinute = Annotated[str, AfterValidator(_clock)]
Zone = Annotated[str, AfterValidator(plain), AfterValidator(_zone)]
Variables = Annotated[dict[str, Any], Field(max_length=500), BeforeValidator(_variables), AfterValidator(plain)]
Json = Annotated[Any, AfterValidator(plain)]


class Input(BaseModel):
    """A body. Texts are trimmed and an empty one is null, as the framework does; unknown fields break no rule."""

    model_config = ConfigDict(extra="allow", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _tidy(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        known = cls.model_fields
        tidy = {name: each.strip() or None if isinstance(each, str) else each for name, each in value.items()}
        return {name: each if name in known else plain(each) for name, each in tidy.items() if plain(name)}

    def given(self) -> dict[str, Any]:
        """What the client sent, as it was understood: JSON values, those that are null among them."""
        return self.model_dump(mode="json", exclude_unset=True)


AnyInput = TypeVar("AnyInput", bound=Input)


def sent(body: Input) -> dict[str, Any]:
    """What the client sent, without what is null: for a request where null says nothing."""
    return {name: value for name, value in body.given().items() if value is not None}
