"""No query can forget the organisation: every method that people's questions reach takes one, and filters by it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest

from clarion.app.keys import authenticate
from clarion.app.organizations import create_organization
from clarion.app.refusals import NotFound
from clarion.store.campaigns import StoredCampaignRows
from clarion.store.organizations import StoredOrganizationRows
from clarion.store.outbox import StoredOutboxRows
from clarion.store.people import StoredPeopleRows
from clarion.store.reports import StoredReportRows
from clarion.store.resources import StoredResourceRows
from clarion.store.suppression import StoredSuppressionRows
from clarion.store.texts import StoredTextRows

PEOPLE_FACING = (
    StoredCampaignRows,
    StoredOrganizationRows,
    StoredOutboxRows,
    StoredPeopleRows,
    StoredReportRows,
    StoredResourceRows,
    StoredSuppressionRows,
    StoredTextRows,
)

OWNED = {"Organization", "User", "ApiKey", "Agent", "KeptTrunk", "Sender", "Pool", "Suppression", "Consent", "Campaign"}
OWNED |= {"Batch", "Contact", "Endpoint", "Import", "NewMessage", "Delivery", "Message", "Text"}
"""Values that carry their organisation."""

EXEMPT = {
    "StoredOrganizationRows.organization_ids": "for the operator of the server",
    "StoredOrganizationRows.key_by_prefix": "how an organisation is found at all",
    "StoredOrganizationRows.drop_answers_before": "housekeeping",
    "StoredCampaignRows.active": "the engine's",
    "StoredCampaignRows.batches_of": "the engine's; campaigns are looked up by organisation first",
    "StoredCampaignRows.set_status": "after the campaign was locked by organisation",
    "StoredCampaignRows.add_bands": "after the batch was locked by organisation",
    "StoredCampaignRows.clear_bands": "the engine's",
    "StoredCampaignRows.set_planned": "the engine's",
    "StoredCampaignRows.unswept": "the engine's",
    "StoredReportRows.workers": "how many workers the installation has",
    "StoredOutboxRows.lanes": "the courier's",
    "StoredOutboxRows.endpoints_by_id": "the courier's",
    "StoredOutboxRows.secrets_of": "the courier's, and a rotation's after the endpoint was found by organisation",
    "StoredOutboxRows.claim": "the courier's",
    "StoredOutboxRows.set_delivered": "the courier's",
    "StoredOutboxRows.set_failed": "the courier's",
    "StoredOutboxRows.disable": "the courier's",
    "StoredOutboxRows.kill_pending": "after the endpoint was found by organisation",
    "StoredPeopleRows.reject_counts": "after the import was found by organisation",
    "StoredReportRows.ahead": "after the contact was found by organisation",
}


def methods() -> Iterator[tuple[str, inspect.Signature]]:
    for rows in PEOPLE_FACING:
        for name, method in inspect.getmembers(rows, inspect.isfunction):
            if not name.startswith("_"):
                yield f"{rows.__name__}.{name}", inspect.signature(method)


def names_its_organization(signature: inspect.Signature) -> bool:
    """By an id of its own, or inside a value that belongs to one."""
    for parameter in signature.parameters.values():
        words = set(str(parameter.annotation).replace("[", " ").replace("]", " ").replace(",", " ").split())
        if parameter.name == "organization_id" or words & OWNED:
            return True
    return False


@pytest.mark.parametrize("name, signature", [pytest.param(*each, id=each[0]) for each in methods()])
def test_every_method_names_the_organization(name: str, signature: inspect.Signature):
    assert names_its_organization(signature) != (name in EXEMPT), "add organization_id, or say here why it is exempt"


def test_no_exemption_is_left_over():
    assert set(EXEMPT) <= {name for name, _ in methods()}


@pytest.mark.parametrize("kind", ["agent", "trunk", "sender", "pool"])
async def test_resources_of_others_look_missing(database, clock, kind):
    _, mine = await create_organization(database, clock, "Mine", "a@example.com")
    _, theirs = await create_organization(database, clock, "Theirs", "b@example.com")
    owner, other = [await authenticate(database, clock, key) for key in (mine, theirs)]
    async with database.read() as tx:
        with pytest.raises(NotFound):
            await getattr(tx.resources, kind)(other.organization_id, 1)
        [first, *_] = await tx.resources.senders(owner.organization_id)
        with pytest.raises(NotFound):
            await tx.resources.sender(other.organization_id, first.id)
        ours = {each.id for each in await tx.resources.senders(owner.organization_id)}
        assert not ours & {each.id for each in await tx.resources.senders(other.organization_id)}
