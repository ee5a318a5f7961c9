"""The tables. `contacts` says who people are and hardly changes; `queue` says where they stand and is narrow.

Every row belongs to an organisation. Live attempts are the queue's rows in state `released`, so what is in flight is
counted, never kept in a counter that could leak.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from clarion.core.campaigns import BatchStatus, CampaignStatus, Rotation
from clarion.core.outcomes import AttemptState, Channel, ContactState, FinishReason, Outcome
from clarion.store.columns import Id, Instant, Json, Word

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", Id, primary_key=True, autoincrement=False)


def _organization() -> Column[int]:
    return Column("organization_id", Id, ForeignKey("organizations.id"), nullable=False)


sequences = Table(
    "sequences",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("next", Id, nullable=False),
)

installation = Table(
    "installation",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)
"""Facts about the whole ledger: its id, and the fingerprint of the key that its secrets are sealed with."""

organizations = Table(
    "organizations",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("settings", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
)

users = Table(
    "users",
    metadata,
    _id(),
    _organization(),
    Column("email", Text, nullable=False),
    Column("name", Text),
    Column("role", String(20), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
    Index("uq_users_organization_id_email", "organization_id", "email", unique=True),
)

api_keys = Table(
    "api_keys",
    metadata,
    _id(),
    _organization(),
    Column("user_id", Id, ForeignKey("users.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("prefix", String(20), nullable=False, unique=True),
    Column("digest", LargeBinary, nullable=False),
    Column("role", String(20), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("last_used_at", Instant),
    Column("revoked_at", Instant),
    Index(None, "organization_id"),
)

agents = Table(
    "agents",
    metadata,
    _id(),
    _organization(),
    Column("name", Text, nullable=False),
    Column("timezone", Text),
    Column("config", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("archived_at", Instant),
    Index(None, "organization_id", "id"),
)

texts = Table(
    "texts",
    metadata,
    _id(),
    _organization(),
    Column("kind", String(40), nullable=False),
    Column("name", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("extras", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index(None, "organization_id", "kind", "id"),
)
"""What is written once and spoken often. `kind` is a free word: prompt, greeting."""

trunks = Table(
    "trunks",
    metadata,
    _id(),
    _organization(),
    Column("channel", Word(Channel), nullable=False),
    Column("name", Text, nullable=False),
    Column("driver", String(20), nullable=False),
    Column("settings", Json, nullable=False),
    Column("sealed_secrets", Text),
    Column("per_second", Float),
    Column("max_concurrent", Integer),
    Column("priority", Integer, nullable=False),
    Column("weight", Integer, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index(None, "organization_id", "id"),
)

senders = Table(
    "senders",
    metadata,
    _id(),
    _organization(),
    Column("channel", Word(Channel), nullable=False),
    Column("address", Text, nullable=False),
    Column("label", Text),
    Column("trunk_id", Id, ForeignKey("trunks.id")),
    Column("daily_cap", Integer),
    Column("per_second", Float),
    Column("enabled", Boolean, nullable=False),
    Column("extras", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index("uq_senders_organization_id_channel_address", "organization_id", "channel", "address", unique=True),
)

sender_pools = Table(
    "sender_pools",
    metadata,
    _id(),
    _organization(),
    Column("channel", Word(Channel), nullable=False),
    Column("name", Text, nullable=False),
    Column("rotation", Word(Rotation), nullable=False),
    Column("sender_ids", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index(None, "organization_id", "id"),
)

campaigns = Table(
    "campaigns",
    metadata,
    _id(),
    _organization(),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("channel", Word(Channel), nullable=False),
    Column("status", Word(CampaignStatus), nullable=False),
    Column("plan", Json, nullable=False),
    Column("plan_version", Integer, nullable=False),
    Column("planned_version", Integer, nullable=False, server_default="1"),
    Column("agent_id", Id, ForeignKey("agents.id")),
    Column("sender_id", Id, ForeignKey("senders.id")),
    Column("pool_id", Id, ForeignKey("sender_pools.id")),
    Column("variables", Json, nullable=False),
    Column("labels", Json, nullable=False),
    Column("start_at", Instant),
    Column("end_at", Instant),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    Column("archived_at", Instant),
    Column("created_by", Id),
    Column("updated_by", Id),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("extras", Json, nullable=False),
    Index(None, "organization_id", "id"),
    Index(
        "ix_campaigns_active",
        "status",
        sqlite_where=text("status IN ('scheduled', 'running')"),
        postgresql_where=text("status IN ('scheduled', 'running')"),
    ),
)

batches = Table(
    "batches",
    metadata,
    _id(),
    _organization(),
    Column("campaign_id", Id, ForeignKey("campaigns.id"), nullable=False),
    Column("key", Text, nullable=False),
    Column("status", Word(BatchStatus), nullable=False),
    Column("pacing", Json, nullable=False),
    Column("expires_at", Instant),
    Column("bands", Integer, nullable=False),
    Column("extras", Json, nullable=False),
    Column("updated_by", Id),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("deleted_at", Instant),
    Column("deleted_reason", Text),
    Index("uq_batches_organization_id_key", "organization_id", "key", unique=True),
    Index(None, "campaign_id", "id"),
)

contacts = Table(
    "contacts",
    metadata,
    _id(),
    _organization(),
    Column("campaign_id", Id, nullable=False),
    Column("batch_id", Id, nullable=False),
    Column("reference_id", Text),
    Column("address", Text, nullable=False),
    Column("line_type", String(20)),
    Column("region_key", Text, nullable=False),
    Column("fallbacks", Json),
    Column("variables", Json),
    Column("zone", Text),
    Column("postal_code", Text),
    Column("person", Text, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index(None, "campaign_id", "id"),
    Index("ix_contacts_address", "organization_id", "address"),
    Index(
        "uq_contacts_batch_id_reference_id",
        "batch_id",
        "reference_id",
        unique=True,
        sqlite_where=text("reference_id IS NOT NULL"),
        postgresql_where=text("reference_id IS NOT NULL"),
    ),
)
"""`region_key` is that of the first address. Contacts carry no foreign keys: they come by the million."""

queue = Table(
    "queue",
    metadata,
    Column("contact_id", Id, primary_key=True, autoincrement=False),
    Column("organization_id", Id, nullable=False),
    Column("campaign_id", Id, nullable=False),
    Column("batch_id", Id, nullable=False),
    Column("state", Word(ContactState), nullable=False),
    Column("band", SmallInteger, nullable=False),
    Column("region_key", Text, nullable=False),
    Column("address_index", SmallInteger, nullable=False),
    Column("next_at", Instant),
    Column("not_before", Instant),
    Column("tries", Integer, nullable=False),
    Column("burned", Integer, nullable=False),
    Column("faults", Integer, nullable=False),
    Column("attempt_id", Id),
    Column("trunk_id", Id),
    Column("sender_id", Id),
    Column("worker_id", Id),
    Column("last_outcome", Word(Outcome)),
    Column("finish_reason", Word(FinishReason)),
    Column("goal_reached", Boolean, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("fresh_from", Integer, nullable=False, server_default="0"),
    Index(
        "ix_queue_due",
        "batch_id",
        "band",
        "next_at",
        "contact_id",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    Index(
        "ix_queue_live",
        "campaign_id",
        sqlite_where=text("state = 'released'"),
        postgresql_where=text("state = 'released'"),
    ),
    postgresql_with={"fillfactor": "70"},
)
"""`next_at` is NULL once finished. `trunk_id`, `sender_id` and `worker_id` are those of the latest attempt."""

attempts = Table(
    "attempts",
    metadata,
    _id(),
    Column("organization_id", Id, nullable=False),
    Column("campaign_id", Id, nullable=False),
    Column("batch_id", Id, nullable=False),
    Column("contact_id", Id, nullable=False),
    Column("number", Integer, nullable=False),
    Column("channel", Word(Channel), nullable=False),
    Column("address", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("state", Word(AttemptState), nullable=False),
    Column("sender_id", Id),
    Column("trunk_id", Id),
    Column("worker_id", Id),
    Column("provider_id", Text),
    Column("outcome", Word(Outcome)),
    Column("detail", Text),
    Column("burns", Boolean, nullable=False),
    Column("sandbox", Boolean, nullable=False),
    Column("released_at", Instant, nullable=False),
    Column("begun_at", Instant),
    Column("accepted_at", Instant),
    Column("answered_at", Instant),
    Column("ended_at", Instant),
    Column("cost_micros", Id),
    Column("currency", String(3)),
    Column("raw", Json),
    Column("results", Json),
    Index(None, "contact_id"),
    Index(None, "campaign_id", "id"),
    Index("ix_attempts_person", "organization_id", "person", "released_at"),
    Index(
        "ix_attempts_provider_id",
        "provider_id",
        sqlite_where=text("provider_id IS NOT NULL"),
        postgresql_where=text("provider_id IS NOT NULL"),
    ),
    postgresql_with={"fillfactor": "60"},
)
"""No index mentions what changes when an attempt ends, so PostgreSQL updates the row in place (HOT)."""

decisions = Table(
    "decisions",
    metadata,
    _id(),
    Column("organization_id", Id, nullable=False),
    Column("campaign_id", Id, nullable=False),
    Column("batch_id", Id),
    Column("contact_id", Id),
    Column("region_key", Text),
    Column("attempt_id", Id),
    Column("at", Instant, nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("rule", String(60), nullable=False),
    Column("next_at", Instant),
    Column("inputs", Json),
    Index(
        "ix_decisions_contact",
        "contact_id",
        sqlite_where=text("contact_id IS NOT NULL"),
        postgresql_where=text("contact_id IS NOT NULL"),
    ),
    Index(
        "ix_decisions_group",
        "batch_id",
        sqlite_where=text("contact_id IS NULL"),
        postgresql_where=text("contact_id IS NULL"),
    ),
)

suppressions = Table(
    "suppressions",
    metadata,
    _id(),
    _organization(),
    Column("channel", String(10), nullable=False),
    Column("address", Text, nullable=False),
    Column("reason", String(40), nullable=False),
    Column("source", Text, nullable=False),
    Column("note", Text),
    Column("campaign_id", Id),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Index(
        "uq_suppressions_organization_id_address_channel",
        "organization_id",
        "address",
        "channel",
        unique=True,
    ),
)
"""`channel` is a channel's word or `*` for all of them."""

consents = Table(
    "consents",
    metadata,
    _id(),
    _organization(),
    Column("channel", String(10), nullable=False),
    Column("address", Text, nullable=False),
    Column("purpose", String(40), nullable=False),
    Column("source", Text, nullable=False),
    Column("evidence", Json),
    Column("granted_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Index(None, "organization_id", "address"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("scope", String(60), primary_key=True),
    Column("next_slot", Instant),
    Column("day", String(10)),
    Column("day_first", Integer, nullable=False),
    Column("day_all", Integer, nullable=False),
    Column("ramp_from", Instant),
    Column("last_used", Instant),
    Column("last_first", Instant),
)
"""What each limit remembers; locked by whoever releases under it."""

tallies = Table(
    "tallies",
    metadata,
    Column("batch_id", Id, primary_key=True, autoincrement=False),
    Column("slot", SmallInteger, primary_key=True, autoincrement=False),
    Column("key", String(60), primary_key=True),
    Column("campaign_id", Id, nullable=False),
    Column("n", Id, nullable=False),
    Index(None, "campaign_id"),
)
"""Counts for statistics, kept in the transaction that changes them. Each worker writes its own slot; readers add up."""

workers = Table(
    "workers",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("heartbeat_at", Instant, nullable=False),
    Column("lease_until", Instant, nullable=False),
    Column("fenced_at", Instant),
    Column("stopped_at", Instant),
)

imports = Table(
    "imports",
    metadata,
    _id(),
    _organization(),
    Column("campaign_id", Id, nullable=False),
    Column("batch_id", Id, nullable=False),
    Column("filename", Text),
    Column("digest", String(64)),
    Column("status", String(20), nullable=False),
    Column("line", Id, nullable=False),
    Column("accepted", Id, nullable=False),
    Column("duplicates", Id, nullable=False),
    Column("rejected", Id, nullable=False),
    Column("error", Text),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index(None, "campaign_id"),
)

import_rejects = Table(
    "import_rejects",
    metadata,
    Column("import_id", Id, primary_key=True, autoincrement=False),
    Column("line", Id, primary_key=True, autoincrement=False),
    Column("code", String(40), nullable=False),
    Column("field", Text),
    Column("value", Text),
    Column("message", Text, nullable=False),
)

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    _id(),
    _organization(),
    Column("campaign_id", Id),
    Column("agent_id", Id),
    Column("url", Text, nullable=False),
    Column("method", String(5), nullable=False),
    Column("events", Json, nullable=False),
    Column("outcomes", Json, nullable=False),
    Column("format", String(30), nullable=False),
    Column("sealed_secret", Text, nullable=False),
    Column("sealed_previous_secret", Text),
    Column("previous_until", Instant),
    Column("disabled_at", Instant),
    Column("disabled_reason", Text),
    Column("extras", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("deleted_at", Instant),
    Index(None, "organization_id", "campaign_id"),
)
"""`campaign_id` NULL: every campaign of the organisation. `format` names who words the payload (`native`, a vendor)."""

webhook_messages = Table(
    "webhook_messages",
    metadata,
    _id(),
    Column("organization_id", Id, nullable=False),
    Column("endpoint_id", Id, nullable=False),
    Column("campaign_id", Id),
    Column("contact_id", Id),
    Column("attempt_id", Id),
    Column("event", String(60), nullable=False),
    Column("payload", Json, nullable=False),
    Column("state", String(20), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", Instant),
    Column("worker_id", Id),
    Column("lease_until", Instant),
    Column("created_at", Instant, nullable=False),
    Column("delivered_at", Instant),
    Column("last_error", Text),
    Index(
        "ix_webhook_messages_due",
        "endpoint_id",
        "next_at",
        "id",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
    Index(None, "organization_id", "id"),
)
"""The outbox: written with the outcome it tells of. States: pending, delivered, dead. The index is by endpoint, so that
one that is behind by a million messages costs the others nothing."""

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    _id(),
    Column("organization_id", Id, nullable=False),
    Column("endpoint_id", Id, nullable=False),
    Column("message_id", Id, nullable=False),
    Column("at", Instant, nullable=False),
    Column("status", Integer),
    Column("error", Text),
    Column("duration_ms", Integer, nullable=False),
    Index(None, "message_id"),
    Index(None, "organization_id", "id"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("organization_id", Id, primary_key=True, autoincrement=False),
    Column("key", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("status", Integer),
    Column("headers", Json),
    Column("body", LargeBinary),
    Column("created_at", Instant, nullable=False),
)
