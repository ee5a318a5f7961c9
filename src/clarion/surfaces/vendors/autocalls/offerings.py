"""What there is to choose from when an assistant is made: languages, models, voices, providers, by this API's ids.

These are the entries whose ids are published. An assistant may name others: they are kept, and told back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Offer = Mapping[str, Any]

LANGUAGES: tuple[Offer, ...] = tuple(
    {"id": number, "name": name, "iso_2": code}
    for number, name, code in (
        (1, "English", "en"),
        (2, "Romanian", "ro"),
        (3, "French", "fr"),
        (4, "Spanish", "es"),
        (5, "German", "de"),
        (6, "Lithuanian", "lt"),
        (7, "Italian", "it"),
        (8, "Arabic", "ar"),
        (9, "Portuguese", "pt"),
        (10, "Danish", "da"),
    )
)

LLM_MODELS: tuple[Offer, ...] = tuple(
    {"id": number, "name": name}
    for number, name in (
        (1, "GPT-4o-mini"),
        (2, "GPT-4.1-mini"),
        (3, "GPT-4.1-nano"),
        (4, "Llama 3.3 70B"),
        (5, "Llama 4 Scout 17B"),
        (6, "Llama 4 Maverick 17B"),
        (7, "GPT-4o"),
        (8, "GPT-4.1"),
        (9, "Gemini 2.5 Pro"),
        (10, "Gemini 2.5 Flash"),
    )
)

MULTIMODAL_MODELS: tuple[Offer, ...] = (
    {"id": 1, "name": "GPT-4o", "code": "gpt-4o-realtime"},
    {"id": 4, "name": "GPT Realtime", "code": "gpt-realtime"},
)

VOICES: tuple[Offer, ...] = tuple(
    {
        "id": number,
        "name": name,
        "language_id": 1,
        "gender": gender,
        "preview_url": None,
        "accent": None,
        "age": "Middle aged",
        "synthesizer_provider_id": provider,
    }
    for number, name, gender, provider in (
        (1, "Alloy", "female", None),
        (10, "Zephyr", "female", 1),
        (11, "Puck", "male", 1),
    )
)

SYNTHESIZERS: tuple[Offer, ...] = (
    {"id": 1, "name": "ElevenLabs", "code": "elevenlabs"},
    {"id": 2, "name": "Azure", "code": "azure"},
    {"id": 3, "name": "Cartesia", "code": "cartesia"},
)

TRANSCRIBERS: tuple[Offer, ...] = (
    {"id": 1, "name": "Deepgram", "code": "deepgram"},
    {"id": 2, "name": "Azure", "code": "azure"},
    {"id": 3, "name": "Gladia", "code": "gladia"},
)


def entry(offers: tuple[Offer, ...], number: object) -> Offer:
    """The offer with an id; empty when it is not one of these."""
    return next((each for each in offers if each["id"] == number), {})


def id_named(offers: tuple[Offer, ...], name: object) -> int | None:
    """The id of an offer by its name in any case, or by its code."""
    wanted = str(name).casefold()
    found = (each for each in offers if wanted in (each["name"].casefold(), each.get("iso_2"), each.get("code")))
    return next((each["id"] for each in found), None)
