"""The live view: clocks, campaigns, outcomes, hours and stories, drawn for a terminal of any width."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from clarion.app.report import Numbers
from clarion.boot.demo.feed import SHOWN, Frame, Story
from clarion.boot.demo.scenario import CLINIC, VOICE_HOURS, Script
from clarion.boot.demo.words import BAD, CHANNEL_COLOURS, CHANNEL_NAMES, GOOD, PLAIN, STOP, colour_of, plain
from clarion.core.campaigns import Campaign
from clarion.core.outcomes import FinishReason

WIDEST = 104
NARROW = 90
BESIDES_STORIES = 21
"""Rows of everything else, and the one on which the cursor stands."""
TALLEST = BESIDES_STORIES + SHOWN
CITIES = (
    ("London", "Europe/London"),
    ("New York", "America/New_York"),
    ("Chicago", "America/Chicago"),
    ("Denver", "America/Denver"),
    ("Los Angeles", "America/Los_Angeles"),
    ("Honolulu", "Pacific/Honolulu"),
)
EIGHTHS = " ▁▂▃▄▅▆▇█"
ROWS = 5
OUTCOMES_SHOWN = 7
GOOD_ENDS = (FinishReason.GOAL_REACHED, FinishReason.REACHED, FinishReason.DELIVERED)
STOPPED = (
    FinishReason.OPTED_OUT,
    FinishReason.SUPPRESSED,
    FinishReason.PRIOR_UNSUBSCRIBED,
    FinishReason.PRIOR_BOUNCED,
    FinishReason.PRIOR_SPAM_REPORT,
)


def picture(frame: Frame, script: Script, width: int, height: int = TALLEST) -> RenderableType:
    """A frame as a panel of at most `width` columns and `height` rows; lower terminals see fewer stories."""
    width = min(width, WIDEST)
    inner = width - 4
    body = Group(
        _clocks(frame),
        _days(frame, script, inner),
        Text(),
        _campaigns(frame, script, inner),
        Text(),
        _middle(frame, inner),
        Text(),
        *_stories(frame.stories, inner, max(1, min(SHOWN, height - BESIDES_STORIES))),
    )
    return Panel(
        body,
        title=f"[bold]clarion demo[/] · {CLINIC} · [dim]sandbox: nobody is really called[/]",
        subtitle=_footer(frame),
        border_style="bright_black",
        padding=(1, 1, 0, 1),
        width=width,
    )


def _clocks(frame: Frame) -> RenderableType:
    """What time it is where people are; green where they may be called."""
    grid = Table.grid(expand=True)
    names, times = [], []
    for city, zone in CITIES:
        local = frame.now.astimezone(ZoneInfo(zone))
        second = local.hour * 3600 + local.minute * 60
        is_open = local.weekday() < 5 and any(span.start <= second < span.end for span in VOICE_HOURS)
        grid.add_column(justify="center")
        names.append(Text(city, style=PLAIN))
        times.append(Text(f"{local:%a %H:%M}", style=f"bold {GOOD}" if is_open else PLAIN))
    grid.add_row(*times)
    grid.add_row(*names)
    return grid


def _days(frame: Frame, script: Script, width: int) -> Text:
    """How far the days are."""
    whole = (script.ends_at - script.starts_at) / timedelta(days=1)
    gone = min(1.0, max(0.0, (frame.now - script.starts_at) / timedelta(days=1) / whole))
    label = f" day {min(script.days, int(gone * whole) + 1)} of {script.days}"
    room = width - len(label)
    return Text.assemble(
        ("─" * round(gone * room), "white"), ("─" * (room - round(gone * room)), "grey23"), (label, "bold")
    )


def _campaigns(frame: Frame, script: Script, width: int) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    for justify in ("left", "left", "right", "left"):
        grid.add_column(justify=justify, no_wrap=True)
    bar = max(10, width - 69)
    for campaign, numbers in frame.campaigns:
        colour = CHANNEL_COLOURS[campaign.channel]
        grid.add_row(
            Text(f"{CHANNEL_NAMES[campaign.channel]:6}", style=f"bold {colour}"),
            Text.assemble((f"{campaign.name:22} ", "white"), _bar(numbers, bar)),
            Text(f"{numbers.finished:,} of {numbers.contacts:,}"),
            _state(campaign, numbers),
        )
    if script.texts_at is not None and len(frame.campaigns) == 2:
        words = "Tuesday at 10:00 in Chicago, to whom the phone has not reached"
        grid.add_row(Text("SMS   ", style=PLAIN), Text(words, style=PLAIN), "", "")
    return grid


def _bar(numbers: Numbers, width: int) -> Text:
    """Reached, stopped, other ends, in flight, still to do; each at least a cell when there is anybody."""
    good = sum(numbers.reasons.get(reason, 0) for reason in GOOD_ENDS)
    stopped = sum(numbers.reasons.get(reason, 0) for reason in STOPPED)
    tried = max(0, min(numbers.first_attempts, numbers.contacts) - numbers.finished)
    parts = (
        (good, GOOD),
        (numbers.finished - good - stopped, BAD),
        (stopped, STOP),
        (tried, "yellow"),
    )
    scale = width / max(1, numbers.contacts)
    text, used = Text(), 0.0
    for count, colour in parts:
        cells = round((used + count) * scale) - round(used * scale)
        used += count
        text.append("━" * cells, colour)
    text.append("━" * (width - len(text)), "grey23")
    return text


def _state(campaign: Campaign, numbers: Numbers) -> Text:
    if campaign.status.value == "completed":
        return Text("completed", style=GOOD)
    return Text.assemble((f"{numbers.live:3}", "bold" if numbers.live else PLAIN), (" in flight", PLAIN))


def _middle(frame: Frame, width: int) -> Table:
    grid = Table.grid(padding=(0, 3, 0, 0))
    grid.add_column(width=width - 54)
    grid.add_column(width=50)
    grid.add_row(_outcomes(frame.total.outcomes, width - 54), _hours(frame.total.hours))
    return grid


def _outcomes(outcomes: Mapping[str, int], width: int) -> RenderableType:
    best = sorted(outcomes.items(), key=lambda one: -one[1])[:OUTCOMES_SHOWN]
    most = max((n for _, n in best), default=1)
    grid = Table.grid(padding=(0, 1, 0, 0))
    for outcome, n in best:
        cells = max(1, round((width - 27) * n / most)) if width > 30 else 0
        grid.add_row(
            Text(f"{plain(outcome):19}", style=colour_of(outcome)),
            Text(f"{n:5,}", style="bold"),
            Text("▇" * cells, style=colour_of(outcome)),
        )
    for _ in range(OUTCOMES_SHOWN - len(best)):
        grid.add_row("")
    return grid


def _hours(hours: Mapping[int, Mapping[str, int]]) -> RenderableType:
    """Attempts by the hour of the recipient's own day: an answer to "was anybody disturbed at night?"."""
    counts = [sum(n for n in hours.get(hour, {}).values()) for hour in range(24)]
    return Group(
        *columns(counts, ROWS, 2, "dodger_blue1"),
        Text("".join(f"{hour:<4}" for hour in range(0, 24, 2)), style=PLAIN),
        Text("attempts by the hour of the recipient's day", style=PLAIN),
    )


def columns(counts: Sequence[int], rows: int, width: int, colour: str) -> Iterable[Text]:
    """A column chart, the top row first; an empty column is a dot on the ground."""
    most = max([*counts, 1])
    heights = [max(1, round(n / most * rows * 8)) if n else 0 for n in counts]
    for row in range(rows - 1, -1, -1):
        text = Text()
        for height in heights:
            if height == 0 and row == 0:
                text.append("·".ljust(width), "grey35")
                continue
            full = EIGHTHS[max(0, min(8, height - row * 8))]
            text.append(full * (width - 1) + " " if width > 1 else full, colour)
        yield text


def _stories(stories: Sequence[Story], width: int, shown: int) -> Iterable[RenderableType]:
    """The newest first, the oldest fading."""
    name_width, address_width = (18, 24) if width > NARROW else (14, 13)
    for age, story in enumerate(list(reversed(stories))[:shown]):
        faded = "dim " if age > SHOWN - 4 else ""
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f"{story.when}  ", PLAIN)
        text.append(f"{CHANNEL_NAMES[story.channel]:6}  ", f"{faded}{CHANNEL_COLOURS[story.channel]}")
        text.append(f"{story.name[:name_width]:{name_width}}  ", f"{faded}white")
        text.append(f"{story.address[:address_width]:{address_width}}  ", PLAIN)
        text.append(story.words, f"{faded}{story.colour}")
        text.truncate(width, overflow="ellipsis")
        yield text
    for _ in range(shown - len(stories)):
        yield Text()


def _footer(frame: Frame) -> str:
    parts = (
        f"{frame.total.attempts:,} attempts",
        f"{frame.total.retries:,} retries",
        f"{frame.total.goals:,} confirmed",
        f"{frame.delivered:,} webhooks delivered",
        f"{frame.seconds:.1f} s in real time",
    )
    return "[dim]" + escape(" · ".join(parts)) + "[/]"
