"""Alembic migrations, run by `clarion db upgrade` and at start."""
