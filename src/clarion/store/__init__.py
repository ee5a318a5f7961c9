"""The ledger on SQLAlchemy Core: one schema for SQLite and PostgreSQL; rows leave it as core values."""
