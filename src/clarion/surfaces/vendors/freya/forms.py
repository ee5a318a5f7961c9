"""What every body of Freya's API is made of: its own names, texts that a database can hold, JSON that has an end."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt
from pydantic_core import PydanticCustomError

MAX_DEPTH = 24


class Form(BaseModel):
    """A body. What Freya's clients send beside the fields that are known is passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Open(Form):
    """A part of a configuration: what is not known is kept with the rest."""

    model_config = ConfigDict(extra="allow", frozen=True)


def refuse(code: str, message: str) -> PydanticCustomError:
    """A validation error with words of ours."""
    return PydanticCustomError(code, "{message}", {"message": message})


def plain(value: Any, depth: int = 0) -> Any:
    """JSON that every database can hold."""
    if depth > MAX_DEPTH:
        raise refuse("too_deep", f"JSON may be nested {MAX_DEPTH} deep")
    match value:
        case None | bool():
            pass
        case str():
            text(value)
        case int():
            if not -(2**63) <= value < 2**63:
                raise refuse("too_large", "A whole number has at most 64 bits")
        case float():
            if value != value or abs(value) == float("inf"):
                raise refuse("not_finite", "NaN and Infinity are no JSON")
        case list():
            for each in value:
                plain(each, depth + 1)
        case dict():
            for key, each in value.items():
                plain(key, depth + 1)
                plain(each, depth + 1)
        case _:
            raise refuse("not_json", "This has no JSON form")
    return value


def text(value: str) -> str:
    """A text without what no database keeps."""
    if "\x00" in value:
        raise refuse("nul", "A text cannot contain the character NUL")
    try:
        value.encode()
    except UnicodeEncodeError as lone:
        raise refuse("bad_text", "A text holds half of a surrogate pair") from lone
    return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise refuse("blank", "This cannot be blank")
    return value


Text = Annotated[str, Field(max_length=10_000), AfterValidator(text)]
LongText = Annotated[str, Field(max_length=200_000), AfterValidator(text)]
Short = Annotated[str, Field(max_length=1_000), AfterValidator(text)]
Name = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(text), AfterValidator(_not_blank)]
Number = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(text)]
"""A phone number in any spelling."""
Whole = StrictInt
Properties = Annotated[dict[str, Any], Field(max_length=500), AfterValidator(plain)]
"""Values for the prompt's placeholders."""
Object = Annotated[dict[str, Any], AfterValidator(plain)]
