"""The two ways in which this API writes an instant, and the days that its filters take. All of them are UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta


def stamp(at: datetime | None) -> str | None:
    """`2026-02-23T10:00:00.000000Z`: campaigns, assistants, phone numbers, webhooks."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def wall(at: datetime | None) -> str | None:
    """`2025-06-30 11:18:04`: leads and calls."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def day_begins(day: date | None) -> datetime | None:
    """The first instant of a day."""
    return None if day is None else datetime.combine(day, time(), UTC)


def day_ends(day: date | None) -> datetime | None:
    """The first instant after a day; None after the last day that there is."""
    return None if day is None or day == date.max else datetime.combine(day + timedelta(days=1), time(), UTC)
