"""What a vendor's folder hands out: its application, its webhook formats, its way of reading a campaign file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from clarion.app.campaign_content import CampaignContent
from clarion.app.ports.payloads import PayloadFormat
from clarion.app.ports.resources import Agent
from clarion.app.webhooks import EndpointDraft
from clarion.surfaces.reception import Api
from clarion.wire.contact_drafts import ContactDraft


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a client asked for and that is different here. `field` is the vendor's name for it."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Place:
    """What a translation needs to know of where it lands."""

    now: datetime
    timezone: str
    """The organisation's, an IANA name."""
    country: str
    """ISO 3166 alpha-2: of numbers that come without one."""
    agent: Agent | None = None


@dataclass(frozen=True, slots=True)
class Translation:
    """A create request in our words; the agent, numbers and pool that it names are still to be found."""

    content: CampaignContent
    drafts: tuple[ContactDraft, ...] = ()
    numbers: tuple[str, ...] = ()
    """Caller IDs that were asked for, as written; several make a pool that takes turns."""
    agent: str | None = None
    """The vendor's word for the agent: an id or a name."""
    webhooks: tuple[EndpointDraft, ...] = ()
    launch: bool = False
    notes: tuple[Note, ...] = ()


ReadCampaign = Callable[[Mapping[str, Any], Place], Translation]
"""Reads the body of a vendor's create request. Raises Invalid with the vendor's names of the fields."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """A vendor's API. One line in the catalog lets it in."""

    name: str
    """Its folder, its path below `/compat/` and its word in settings."""
    title: str
    build: Callable[[Api], FastAPI]
    """The application with the vendor's own paths, so that it can stand on the vendor's host name as well."""
    read_campaign: ReadCampaign
    formats: Mapping[str, PayloadFormat] = field(default_factory=dict)
    """Who words the payloads of the webhooks that its API makes, by `Endpoint.format`."""
    hosts: tuple[str, ...] = ()
    """The vendor's own host names, as its customers' clients know them."""
    shapes: tuple[tuple[str, type[BaseModel]], ...] = ()
    """Heading -> the shape of a request, for the reference page."""
