"""How a campaign stands, drawn for a terminal: a bar, its numbers, what came of attempts, and what lies ahead."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from clarion.app.report import CampaignNumbers, Numbers
from clarion.app.story_words import clock_words
from clarion.core.campaigns import Campaign, CampaignStatus
from clarion.core.outcomes import CARRIER_FAULTS, Outcome

STATUS_STYLES: Mapping[CampaignStatus, str] = {
    CampaignStatus.DRAFT: "dim",
    CampaignStatus.SCHEDULED: "cyan",
    CampaignStatus.RUNNING: "bold green",
    CampaignStatus.PAUSED: "yellow",
    CampaignStatus.COMPLETED: "blue",
    CampaignStatus.CANCELLED: "red",
}

GOOD = frozenset(
    {
        Outcome.COMPLETED,
        Outcome.CALLBACK_REQUESTED,
        Outcome.SENT,
        Outcome.DELIVERED,
        Outcome.OPENED,
        Outcome.CLICKED,
        Outcome.REPLIED,
    }
)
BAR = 32
SHORT_BAR = 16


def headline(campaign: Campaign, numbers: Numbers) -> RenderableType:
    """Who it is, its status, and a bar of how many are finished."""
    title = f"[bold]{escape(campaign.name)}[/]  [dim]campaign {campaign.id} · {campaign.channel}[/]  "
    return Group(
        Text.from_markup(f"{title}[{STATUS_STYLES[campaign.status]}]{campaign.status}[/]"), progress_line(numbers)
    )


def progress_line(numbers: Numbers) -> Text:
    """`━━━━━━━━────  62%  1,240 of 2,000 finished`; live contacts are the bright part at the front."""
    whole = max(1, numbers.contacts)
    done = BAR * numbers.finished // whole
    live = min(BAR - done, -(-BAR * numbers.live // whole))
    line = Text("━" * done, "green")
    line.append("━" * live, "bright_yellow")
    line.append("─" * (BAR - done - live), "grey50")
    line.append(f"  {numbers.finished / whole:4.0%}", "bold")
    line.append(f"  {numbers.finished:,} of {numbers.contacts:,} finished")
    return line


def tables(found: CampaignNumbers, most: int | None = None) -> RenderableType:
    """The numbers, and beside them attempts by outcome and contacts by reason, the `most` frequent of each."""
    total = found.total
    people = counts({"waiting": total.waiting, "live": total.live, "finished": total.finished}, "contacts")
    tries = counts(
        {"attempts": total.attempts, "first": total.first_attempts, "retries": total.retries, "goals": total.goals},
        "attempts",
    )
    parts: list[RenderableType] = [Group(people, "", tries)]
    if total.outcomes:
        parts.append(bars(total.outcomes, "outcome of attempts", most))
    if total.reasons:
        parts.append(bars(total.reasons, "finished as", most))
    return Columns([Padding(part, (0, 3, 0, 0)) for part in parts])


def counts(rows: Mapping[str, int], title: str) -> RenderableType:
    """Names and numbers."""
    table = _plain_table()
    for name, n in rows.items():
        table.add_row(name, f"{n:,}")
    return Group(Text(title, "dim"), table)


def bars(rows: Mapping[str, int], title: str, most: int | None = None) -> RenderableType:
    """Names and numbers with bars, the largest first; what is behind the `most` frequent is one row."""
    table = _plain_table()
    table.add_column(no_wrap=True)
    ordered = sorted(rows.items(), key=lambda row: (-row[1], row[0]))
    largest = ordered[0][1]
    shown = ordered if most is None or len(ordered) <= most else ordered[: most - 1]
    for name, n in shown:
        bar = "▇" * max(1, round(SHORT_BAR * n / largest))
        table.add_row(name.replace("_", " "), f"{n:,}", Text(bar, _style(name)))
    if len(shown) < len(ordered):
        rest = sum(n for _, n in ordered[len(shown) :])
        table.add_row(f"{len(ordered) - len(shown)} others", f"{rest:,}", "")
    return Group(Text(title, "dim"), table)


def _plain_table() -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right")
    return table


def _style(word: str) -> str:
    """Green for people reached, red for carriers' faults, blue for the rest."""
    if word in GOOD or word in ("reached", "goal_reached"):
        return "green"
    return "red" if word in CARRIER_FAULTS or word in ("failed", "unknown") else "blue"


def batch_table(found: CampaignNumbers) -> Table:
    """A line for each batch."""
    table = Table("batch", "status", box=None, pad_edge=False, header_style="dim")
    for heading in ("contacts", "waiting", "live", "finished", "attempts"):
        table.add_column(heading, justify="right")
    for batch, n in found.batches:
        cells = (n.contacts, n.waiting, n.live, n.finished, n.attempts)
        table.add_row(escape(batch.key), batch.status, *map("{:,}".format, cells))
    return table


def away(at: datetime, now: datetime) -> str:
    """How far an instant is: `in 2h05m`, `now`."""
    minutes, seconds = divmod(int((at - now).total_seconds()), 60)
    if minutes < 0 or (minutes, seconds) == (0, 0):
        return "now"
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"in {hours // 24} days"
    return f"in {hours}h{minutes:02}m" if hours else f"in {minutes}m{seconds:02}s" if minutes else f"in {seconds}s"


def instant(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """An instant on a clock, and how far it is."""
    return f"{clock_words(at, zone)}, {away(at, now)}"
