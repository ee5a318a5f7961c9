"""Campaigns as Revox's clients write them: the documented create page, SDK 0.5.0, and what lies between."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from clarion.surfaces.vendors.revox.bodies import InstantText, Shape, Whole, rule
from clarion.surfaces.vendors.revox.retry_shapes import CallRetryConfig
from clarion.surfaces.vendors.revox.words import CallStatus, Direction, OutcomeChoice, ResultChoice

MOST_CONTACTS = 100_000


class NewContact(Shape):
    """Somebody to call."""

    to_phone_number: str = rule("the contact's number, in any spelling; one that comes again is a row never called")
    prompt_variables: dict[str, Any] = rule("the contact's variables, of any JSON type")


class NewCampaign(Shape):
    """A campaign to be made."""

    assistant_id: str = rule("the agent that speaks")
    contacts: list[NewContact] = rule("the contacts, in the same transaction", max_length=MOST_CONTACTS)
    name: str = rule("the campaign's name", min_length=1)
    launch: bool | None = rule(
        "true: launched at once, or at `scheduled_at`; false: a draft. Left out: clients below 0.4 and those that send "
        "`scheduled_at` launch; for all others the contacts are held, as not_launched rows, until launch-calls",
        default=None,
    )
    scheduled_at: InstantText | None = rule("start_at: nobody is called before it", default=None)
    type: Literal["regular", "jump_in"] | None = rule(
        "regular; jump_in is refused, since no operators take over calls here", default=None
    )
    call_retry_config: CallRetryConfig | None = rule(
        "the plan's schedule and retries; left out: the assistant's, else Monday to Friday 10:00 to 18:00, three "
        "attempts two hours apart",
        default=None,
    )
    from_phone_number: str | None = rule(
        "the campaign's sender; left out: the assistant's number, else the organisation's first", default=None
    )
    max_concurrent_calls: float | None = rule(
        "pacing.max_concurrent: calls at the same time, rounded down", default=None, ge=1, le=1_000_000
    )


class CampaignChange(Shape):
    """What is to be different about a campaign. It holds for every call that has not been made yet."""

    name: str = rule("the campaign's name", default="", min_length=1)
    call_retry_config: CallRetryConfig | None = rule(
        "schedule and retries; null: the assistant's, else the default", default=None
    )
    from_phone_number: str | None = rule("the sender; null: the assistant's, else the organisation's", default=None)
    max_concurrent_calls: float | None = rule("pacing.max_concurrent; null: no limit", default=None, ge=1, le=1_000_000)
    scheduled_at: InstantText | None = rule("start_at of a draft (clients below 0.4)", default=None)
    type: Literal["regular", "jump_in"] | None = rule("as in the create (clients below 0.4)", default=None)
    assistant_id: str = rule("the agent of a draft (clients below 0.4); later it is fixed", default="")
    contacts: list[NewContact] | None = rule(
        "refused: contacts are added as rows (clients below 0.4 replaced those of a draft)", default=None
    )


def _with_key(body: object) -> object:
    return {"contacts": body} if isinstance(body, list) else body


class RowsToAdd(Shape):
    """Contacts that join a campaign."""

    contacts: list[NewContact] = rule(
        "held where the campaign's contacts are launched by launch-calls, else called like the others",
        max_length=MOST_CONTACTS,
    )


NewRows = Annotated[RowsToAdd, BeforeValidator(_with_key)]
"""`{"contacts": […]}`, or the bare list."""


class CallFilters(Shape):
    """Which calls are meant; an empty list does not filter."""

    assignee_ids: list[str] = rule("calls have no assignees here: any id finds nothing", default=[])
    directions: list[Direction] = rule("every call is outbound", default=[])
    outcomes: list[OutcomeChoice] = rule("by what the last attempt's agent told, or its outcome", default=[])
    results: list[ResultChoice] = rule("by the last attempt's outcome", default=[])
    statuses: list[CallStatus] = rule("by where the contact stands", default=[])
    query: str | None = rule("a part of the number or of the variables", default=None)


class RowSelection(Shape):
    """Single calls, on top of the filters."""

    mode: Literal["all_except", "only"] = rule("only: of what the filters leave, these; all_except: all but these")
    call_ids: list[str] = rule("calls by id; foreign ones are nobody", max_length=MOST_CONTACTS)


class Selection(Shape):
    """Which of a campaign's calls are to be launched."""

    filters: CallFilters = rule("what must be true of a call")
    rows: RowSelection = rule("calls by id")


class Launch(Shape):
    """Calls to be launched."""

    mode: Literal["ai_first", "speed_dial"] = rule("ai_first; speed_dial is refused, since no operators dial here")
    selection: Selection = rule(
        "waiting and held calls that match are due; finished ones with attempts left wait again"
    )
    scheduled_at: InstantText | None = rule("not before this instant; left out: at once", default=None)


class CallSearch(CallFilters):
    """A search over all calls."""

    assistant_ids: list[str] = rule("the campaign's agent", default=[])
    campaign_ids: list[str] = rule("the campaign", default=[])
    from_phone_numbers: list[str] = rule("the campaign's sender", default=[])
    call_ids: list[str] | None = rule("calls by id", default=None, max_length=10_000)
    to_phone_number: str | None = rule("a part of the number", default=None)
    page: Whole = rule("1 is the first page, and so is 0", default=1, ge=0, le=1_000_000)
    page_size: Whole = rule("calls on a page; more than a hundred are a hundred", default=20, ge=1, le=1_000_000)
    sort_by: str | None = rule("created_at; other words sort by it as well", default=None)
    sort_direction: Literal["asc", "desc"] = rule("the newest first unless asc", default="desc")


class CallExport(Shape):
    """A search, to be a file."""

    filters: CallSearch = rule("which calls; page and page_size do not cut the file")
    include_metadata: bool = rule("a column for each key of metadata", default=False)
    include_structured_output_fields: bool = rule("a column for each name in an attempt's results", default=False)
