"""What the engine knows of campaigns, senders and endpoints between two looks at the ledger: at most 0.3 s old."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence

from clarion.app.ports.channel import ChannelDriver, Trunk
from clarion.app.ports.ledger import Ledger
from clarion.app.ports.organizations import Settings
from clarion.app.ports.resources import Sender
from clarion.app.record import Book
from clarion.app.rounds import Offer
from clarion.core.campaigns import Batch, Campaign, CampaignStatus, Rotation
from clarion.core.contacts import Attempt
from clarion.core.events import Endpoint
from clarion.core.outcomes import Channel
from clarion.wire.templates import Compiled, compile_message

FRESH_SECONDS = 0.3
"""Real time. A release checks under its lock that nothing has changed since, so staleness never makes a call."""

Drivers = Mapping[tuple[Channel, str], ChannelDriver]


class Briefing:
    """A cache of what the ledger says about everything that runs."""

    def __init__(
        self, ledger: Ledger, drivers: Drivers, open_secrets: Callable[[Trunk], Trunk], *, fresh: float = FRESH_SECONDS
    ) -> None:
        """`open_secrets` answers a trunk whose sealed secrets are opened. `fresh`: seconds until it is read anew."""
        self._fresh = fresh
        self._ledger = ledger
        self._drivers = drivers
        self._open_secrets = open_secrets
        self._read_at = float("-inf")
        self._messages: dict[tuple[int, int], Compiled | None] = {}
        self.running: dict[int, Campaign] = {}
        self.tended: dict[int, Campaign] = {}
        """Every campaign that the clock may change: scheduled, running, or over and not yet swept."""
        self._others: dict[int, Campaign] = {}
        self.batches: dict[int, list[Batch]] = {}
        self._settings: dict[int, Settings] = {}
        self._trunks: dict[int, dict[int, Trunk]] = {}
        self._senders: dict[int, tuple[Rotation, list[Sender]]] = {}
        self._endpoints: dict[int, list[Endpoint]] = {}

    def forget(self) -> None:
        """Make the next `refresh` read: something is known to have changed."""
        self._read_at = float("-inf")

    async def refresh(self) -> bool:
        """Read anew what is not fresh any more; whether it did."""
        if time.monotonic() - self._read_at < self._fresh:
            return False
        async with self._ledger.read() as tx:
            active = await tx.campaigns.active()
            over = await tx.campaigns.unswept()
            self.running = {c.id: c for c in active if c.status is CampaignStatus.RUNNING}
            self.tended = {c.id: c for c in (*active, *over)}
            self._others.clear()
            self.batches = {c: [] for c in self.tended}
            for batch in await tx.campaigns.batches_of(list(self.tended)):
                self.batches[batch.campaign_id].append(batch)
            self._settings, self._trunks, self._senders, self._endpoints = {}, {}, {}, {}
            for organization_id in {c.organization_id for c in self.tended.values()}:
                self._settings[organization_id] = (await tx.organizations.organization(organization_id)).settings
                self._endpoints[organization_id] = await tx.outbox.endpoints_for(organization_id)
                trunks = await tx.resources.trunks(organization_id)
                self._trunks[organization_id] = {t.id: self._open_secrets(t) for t in trunks}
            for campaign in self.running.values():
                self._senders[campaign.id] = await tx.resources.senders_for(
                    campaign.organization_id, campaign.channel, campaign.sender_id, campaign.pool_id
                )
        self._read_at = time.monotonic()
        return True

    def offer(self, campaign: Campaign, share: int, asked: Mapping[tuple[Channel, str], int], turn: int) -> Offer:
        """What the campaign may use now; `asked` counts orders that a driver has not taken yet, `share` is its part."""
        rotation, senders = self._senders.get(campaign.id, (Rotation.ROUND_ROBIN, []))
        trunks = {
            t.id: t
            for t in self._trunks.get(campaign.organization_id, {}).values()
            if t.enabled and (campaign.channel, t.driver) in self._drivers
        }
        senders = [s for s in senders if s.trunk_id in trunks]
        names = {(campaign.channel, trunks[s.trunk_id].driver) for s in senders if s.trunk_id is not None}
        rooms = [self._drivers[name].room() - asked.get(name, 0) for name in names]
        return Offer(
            campaign=campaign,
            batches=self.batches.get(campaign.id, []),
            settings=self._settings[campaign.organization_id],
            rotation=rotation,
            senders=senders,
            trunks=trunks,
            message=self._message(campaign),
            room=min([share, *rooms]) if rooms else 0,
            sandbox=frozenset(t.id for t in trunks.values() if self._drivers[campaign.channel, t.driver].sandbox),
            pulled=frozenset(t.id for t in trunks.values() if self._drivers[campaign.channel, t.driver].pulls),
            endpoints=self._endpoints[campaign.organization_id],
            turn=turn,
        )

    def settings(self, organization_id: int) -> Settings:
        """Of an organisation that has something running."""
        return self._settings[organization_id]

    def senders(self, campaign_id: int) -> Sequence[Sender]:
        """Those that a running campaign may use."""
        return self._senders.get(campaign_id, (Rotation.ROUND_ROBIN, []))[1]

    def pulls(self, campaign_id: int) -> bool:
        """Whether a running campaign has a trunk whose workers fetch their attempts themselves."""
        campaign = self.running.get(campaign_id)
        if campaign is None:
            return False
        trunks = [self.trunk(campaign.organization_id, s.trunk_id) for s in self.senders(campaign_id)]
        found = [self._drivers.get((campaign.channel, t.driver)) for t in trunks if t is not None]
        return any(driver is not None and driver.pulls for driver in found)

    def trunk(self, organization_id: int, trunk_id: int | None) -> Trunk | None:
        """An enabled trunk."""
        return self._trunks.get(organization_id, {}).get(trunk_id) if trunk_id is not None else None

    async def book(self, attempts: Collection[Attempt]) -> Book:
        """What recording needs about the campaigns of these attempts, running or not."""
        wanted = {a.campaign_id: a.organization_id for a in attempts}
        missing = {n: o for n, o in wanted.items() if n not in self.tended and n not in self._others}
        lanes = {b.id for n in wanted for b in self.batches.get(n, ())}
        unread = {a.campaign_id for a in attempts if a.batch_id not in lanes}
        silent = set(wanted.values()) - self._endpoints.keys()
        if missing or unread or silent:
            async with self._ledger.read() as tx:
                for campaign_id, organization_id in missing.items():
                    self._others[campaign_id] = await tx.campaigns.get(organization_id, campaign_id)
                for campaign_id in unread:
                    self.batches[campaign_id] = list(await tx.campaigns.batches_of([campaign_id]))
                for organization_id in silent:
                    self._endpoints[organization_id] = await tx.outbox.endpoints_for(organization_id)
        return Book(
            campaigns={n: self.tended.get(n) or self._others[n] for n in wanted},
            batches={b.id: b for n in wanted for b in self.batches.get(n, [])},
            endpoints={o: self._endpoints[o] for o in set(wanted.values())},
            other_trunks={n: max(0, len({s.trunk_id for s in self.senders(n)}) - 1) for n in wanted},
        )

    def _message(self, campaign: Campaign) -> Compiled | None:
        if campaign.plan.message is None or campaign.channel is Channel.VOICE:
            return None
        key = (campaign.id, campaign.plan_version)
        if key not in self._messages:
            self._messages = {k: v for k, v in self._messages.items() if k[0] != campaign.id}
            self._messages[key] = compile_message(campaign.plan.message)
        return self._messages[key]
