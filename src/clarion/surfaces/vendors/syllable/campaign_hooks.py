"""The webhooks of campaigns: those that a replaced campaign lists are kept, changed or made, the others are deleted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from clarion.app.actor import Actor
from clarion.app.refusals import Invalid, Problem
from clarion.app.webhooks import (
    change_endpoint,
    create_endpoint,
    delete_endpoint,
    endpoint_problems,
    list_endpoints,
    rotate_secret,
)
from clarion.core.events import Endpoint
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.syllable.hooks import FORMAT, SIGNED, draft_of_hook, keeps_secret, secret_of
from clarion.surfaces.vendors.syllable.shapes import WebhookInput

PAGE = 500


async def hooks_of(api: Api, caller: Actor, campaign_id: int) -> list[Endpoint]:
    """The webhooks that this vendor's API made for a campaign."""
    found = await list_endpoints(api.ledger, caller, campaign_id=campaign_id, limit=PAGE)
    return [each for each in found if each.format == FORMAT]


async def hooks_by_campaign(api: Api, caller: Actor) -> Mapping[int, list[Endpoint]]:
    """The same of every campaign."""
    found: defaultdict[int, list[Endpoint]] = defaultdict(list)
    after = 0
    while page := await list_endpoints(api.ledger, caller, after=after, limit=PAGE):
        for each in page:
            if each.format == FORMAT and each.campaign_id is not None:
                found[each.campaign_id].append(each)
        after = page[-1].id
    return found


async def replace_hooks(
    api: Api, caller: Actor, campaign_id: int, before: Sequence[Endpoint], asked: Sequence[WebhookInput]
) -> None:
    """Make the campaign's webhooks those that are asked for and checked."""
    known = {each.id: each for each in before}
    for hook in asked:
        if hook.id is None:
            draft = replace(draft_of_hook(hook), campaign_id=campaign_id)
            rules, secret = api.settings.endpoint_rules, secret_of(hook)
            await create_endpoint(api.ledger, api.clock, api.seal, caller, draft, rules, secret=secret)
        else:
            await _change(api, caller, known[hook.id], hook)
    listed = {hook.id for hook in asked}
    for each in before:
        if each.id not in listed:
            await delete_endpoint(api.ledger, api.clock, caller, each.id)


def check_hooks(api: Api, before: Sequence[Endpoint], asked: Sequence[WebhookInput]) -> None:
    """Raise Invalid with everything that is wrong with webhooks that are to replace those before."""
    known = {each.id for each in before}
    problems: list[Problem] = []
    for place, hook in enumerate(asked):
        field = f"webhooks.{place}"
        if hook.id is not None and hook.id not in known:
            problems.append(Problem(f"{field}.id", "unknown", f"The campaign has no webhook {hook.id}."))
        if hook.id is not None and hook.id in [other.id for other in asked[:place]]:
            problems.append(Problem(f"{field}.id", "duplicate", f"Webhook {hook.id} is listed twice."))
        found = endpoint_problems(draft_of_hook(hook), api.settings.endpoint_rules, secret_of(hook))
        problems += [Problem(f"{field}.{each.field}", each.code, each.message) for each in found]
    if problems:
        raise Invalid(problems)


async def _change(api: Api, caller: Actor, before: Endpoint, hook: WebhookInput) -> None:
    was_signed = bool(before.extras.get(SIGNED))
    keeps, brought = keeps_secret(hook), secret_of(hook)
    signed = was_signed if keeps else brought is not None
    draft = replace(draft_of_hook(hook, signed=signed), campaign_id=before.campaign_id)
    await change_endpoint(api.ledger, api.clock, caller, before.id, draft, api.settings.endpoint_rules)
    if brought is not None or (was_signed and not signed):
        clock, at_once = api.clock, timedelta(0)
        await rotate_secret(api.ledger, clock, api.seal, caller, before.id, secret=brought, keep_previous=at_once)
