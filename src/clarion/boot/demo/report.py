"""What happened, for people: outcomes, hours, retries, skips, webhooks, and whether the ledger balances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from clarion.app.report import Numbers
from clarion.app.story_words import rule_words
from clarion.boot.demo.audit import Finding
from clarion.boot.demo.figures import Figures
from clarion.boot.demo.receiver import Receiver
from clarion.boot.demo.scenario import Stage
from clarion.boot.demo.words import CHANNEL_COLOURS, CHANNEL_NAMES, PLAIN, colour_of, finish_words, plain
from clarion.core.campaigns import Campaign

WIDEST = 104
NARROW = 90
"""Below this width tables stand one under the other."""
REJECTS = {
    "duplicate_address": "in the file twice",
    "duplicate_reference": "the same reference twice",
    "no_area_code": "a number without its area code",
    "digits_lost": "a number that a spreadsheet has rounded",
    "not_a_number": "not a phone number",
    "too_short": "a number with too few digits",
    "too_long": "a number with too many digits",
    "not_assigned": "a number that the numbering plan does not have",
    "unknown_zone": "a time zone that does not exist",
    "empty": "no address in the row",
    "not_an_address": "not a mail address",
    "bad_local_part": "not a mail address",
    "bad_domain": "a mailbox at no real domain",
}
RETRIES = {
    "fault:other_trunk": "at once by another trunk: the carrier failed",
    "fault:delay": "a little later: the carrier failed",
    "fault:retry_after": "when the carrier said",
}
"""Shorter than the story's words."""
HOUR_BAR = 46


def report(
    figures: Figures, findings: Sequence[Finding], stage: Stage, receiver: Receiver, width: int
) -> RenderableType:
    """All of it, for a terminal of this width."""
    width = min(width, WIDEST)
    left = [_outcomes(figures), _section("Finished because", _reasons(figures))]
    right = [
        _section("Rows that were refused", _rejects(stage)),
        _section("Tried again", _retries(figures)),
        _section("Skipped, with the reason", _skips(figures)),
        _section("Do-not-contact list", _listed(figures, stage)),
        _section("Webhooks", _webhooks(figures, receiver)),
    ]
    if width < NARROW:
        middle: RenderableType = Group(*left, *right)
    else:
        grid = Table.grid(padding=(0, 4, 0, 0))
        grid.add_row(Group(*left), Group(*right))
        middle = grid
    return Group(middle, _hours(figures, width), _proof(findings, width), *_costs(figures.total))


def _section(title: str, body: RenderableType) -> RenderableType:
    return Padding(Group(Text(title, style="bold"), body), (1, 0, 0, 0))


def _outcomes(figures: Figures) -> RenderableType:
    """Attempts by outcome and channel."""
    table = _table()
    table.add_column("Attempts by outcome", no_wrap=True)
    for campaign, _ in figures.campaigns:
        name = CHANNEL_NAMES[campaign.channel]
        table.add_column(Text(name, style=CHANNEL_COLOURS[campaign.channel]), justify="right", min_width=6)
    for outcome in sorted(figures.total.outcomes, key=lambda o: -figures.total.outcomes[o]):
        counts = [numbers.outcomes.get(outcome, 0) for _, numbers in figures.campaigns]
        table.add_row(Text(plain(outcome), style=colour_of(outcome)), *map(_count, counts))
    table.add_section()
    for name, values in (
        ("attempts", [n.attempts for _, n in figures.campaigns]),
        ("of these retries", [n.retries for _, n in figures.campaigns]),
        ("contacts", [n.contacts for _, n in figures.campaigns]),
        ("confirmed the visit", [n.goals for _, n in figures.campaigns]),
    ):
        table.add_row(Text(name, style="bold"), *(Text(f"{n:,}", style="bold") for n in values))
    return Padding(table, (1, 0, 0, 0))


def _table() -> Table:
    return Table(box=None, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)


def _count(n: int) -> Text:
    return Text(f"{n:,}") if n else Text("·", style=PLAIN)


def _lines(rows: Iterable[tuple[int, str, str]]) -> RenderableType:
    """Counts with what they count, and its colour."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(justify="right", min_width=5)
    grid.add_column()
    for n, words, colour in rows:
        grid.add_row(f"{n:,}", Text(words, style=colour))
    if not grid.rows:
        grid.add_row("0", Text("none", style=PLAIN))
    return grid


def _summed(figures: Figures, what: str) -> list[tuple[str, int]]:
    total: Counter[str] = Counter()
    for _, numbers in figures.campaigns:
        total.update(getattr(numbers, what))
    return total.most_common()


def _reasons(figures: Figures) -> RenderableType:
    skipped = figures.total.skipped
    rest = [(reason, n - skipped.get(reason, 0)) for reason, n in _summed(figures, "reasons")]
    return _lines((n, *finish_words(reason)) for reason, n in rest if n > 0)


def _skips(figures: Figures) -> RenderableType:
    return _lines((n, *finish_words(reason)) for reason, n in _summed(figures, "skipped"))


def _rejects(stage: Stage) -> RenderableType:
    codes: Counter[str] = Counter()
    for _, imported in stage.imports:
        codes.update(imported.codes)
    return _lines((n, REJECTS.get(code, plain(code)), "default") for code, n in codes.most_common())


def _retries(figures: Figures) -> RenderableType:
    return _lines((n, RETRIES.get(rule) or rule_words(rule), "default") for rule, n in figures.retry_rules.items())


def _listed(figures: Figures, stage: Stage) -> RenderableType:
    rows = [(stage.listed, "brought along by the clinic", "default")] if stage.listed else []
    return _lines([*rows, *((n, f"added: {plain(why)}", "default") for why, n in figures.listed.items())])


def _webhooks(figures: Figures, receiver: Receiver) -> RenderableType:
    rows = [
        (figures.webhooks.get("delivered", 0), "delivered, in the ledger's own books", "default"),
        (len(receiver.taken), "taken by the receiver, signatures verified", "default"),
        (len(receiver.refused), "came again after the receiver said 503", "default"),
    ]
    rows += [(n, what, "red") for n, what in ((receiver.forged, "with a wrong signature"),) if n]
    rows += [(n, state, "red") for state, n in figures.webhooks.items() if state != "delivered"]
    return _lines(rows)


def _hours(figures: Figures, width: int) -> RenderableType:
    """Attempts by the hour of the recipient's day, each channel in its colour."""
    totals = [sum(sum(n.hours.get(hour, {}).values()) for _, n in figures.campaigns) for hour in range(24)]
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(justify="right")
    grid.add_column(justify="right", min_width=5)
    grid.add_column()
    room = min(HOUR_BAR, width - 20)
    nights = [hour for hour in range(24) if not totals[hour]]
    for hour in range(24):
        if totals[hour]:
            bar = _bar(figures.campaigns, hour, room / max(totals))
            grid.add_row(f"{hour:02}–{hour + 1:02} h", f"{totals[hour]:,}", bar)
    quiet = Text(f"nothing at all in the other {len(nights)} hours of their day", style=PLAIN)
    grid.add_row("", "0", quiet)
    return _section("Attempts by the hour of the recipient's own day", grid)


def _bar(campaigns: Sequence[tuple[Campaign, Numbers]], hour: int, scale: float) -> Text:
    text, used = Text(), 0.0
    for campaign, numbers in campaigns:
        n = sum(numbers.hours.get(hour, {}).values()) * scale
        text.append("█" * (round(used + n) - round(used)), CHANNEL_COLOURS[campaign.channel])
        used += n
    return text


def _proof(findings: Sequence[Finding], width: int) -> RenderableType:
    """What an auditor found who used nothing of the engine."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    for finding in findings:
        mark = Text("✔", style="bold green") if finding.holds else Text("✘", style="bold red")
        grid.add_row(mark, Text(finding.name, style="bold"), Text(finding.said))
        for case in finding.wrong[:5]:
            grid.add_row("", "", Text(case, style="red"))
    holds = all(finding.holds for finding in findings)
    title = "checked against the carrier's own log, without the engine"
    return Padding(
        Panel(grid, title=title, title_align="left", border_style="green" if holds else "red", width=width),
        (1, 0, 0, 0),
    )


def _costs(total: Numbers) -> Iterable[RenderableType]:
    """Only real carriers cost anything."""
    for currency, micros in total.costs.items():
        yield Text(f"Cost: {micros / 1e6:,.2f} {currency}")
