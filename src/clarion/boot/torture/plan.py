"""What goes wrong, and when: a schedule of mischief that follows from the seed alone, before anything runs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

LEASE_SECONDS = 15.0
"""How long an engine that says nothing is trusted. A freeze that is longer makes others take over its attempts."""
WORKERS = ("worker-1", "worker-2", "worker-3")
API = "api"
ALL = "all"
BLIND = 1
"""Of a kill: in its next life the process's carrier has no look-up."""
AT_ONCE = 2
"""Of a kill: also while the process is still starting."""
LAST_CUTS_SECONDS = 5.0
"""How long connections go on being cut after the last kill: what a cut alone leaves behind, no kill cleans up."""
CAMPAIGNS = ("steady", "windows", "world", "texts")


class Engine(StrEnum):
    """Which database is tortured."""

    POSTGRES = "postgres"
    SQLITE = "sqlite"


class Deed(StrEnum):
    """One kind of mischief."""

    KILL = "kill"
    """kill -9, once it works; `amount` may hold BLIND and AT_ONCE."""
    FREEZE = "freeze"
    """SIGSTOP, and SIGCONT afterwards."""
    CUT = "cut"
    """Every database connection breaks, now."""
    REFUSE = "refuse"
    """Connections break, and no new one is let through for a while."""
    SLOW = "slow"
    """Everything that is said to the database or by it comes `amount` milliseconds late."""
    HALF_OPEN = "half-open"
    """Connections stay up and nothing comes through; afterwards they break."""
    LOCK = "lock"
    """SQLite: somebody else holds the write lock."""
    PAUSE = "pause"
    """A campaign is paused and resumed."""
    EDIT = "edit"
    """A running campaign's limits or hours are changed; `amount` chooses the change."""
    ADD = "add"
    """`amount` contacts come in."""


@dataclass(frozen=True, slots=True)
class Mischief:
    """One deed: `at` and `lasts` in seconds, from the start of the mischief."""

    at: float
    deed: Deed
    target: str
    """A process, `all` of them, or a campaign."""
    lasts: float = 0.0
    amount: int = 0

    def __str__(self) -> str:
        lasts = f" for {self.lasts:.1f} s" if self.lasts else ""
        amount = f" ({self.amount})" if self.amount else ""
        return f"{self.at:6.1f} s  {self.deed} {self.target}{lasts}{amount}"


@dataclass(frozen=True, slots=True)
class Plan:
    """A leg of the run: everything that the seed decides."""

    seed: int
    engine: Engine
    kills: int
    mischief: tuple[Mischief, ...]

    @property
    def processes(self) -> tuple[str, ...]:
        """Their names. SQLite has one, which does everything."""
        return (ALL,) if self.engine is Engine.SQLITE else (API, *WORKERS)

    @property
    def length(self) -> float:
        """Seconds until the last deed is done."""
        return max(each.at + each.lasts for each in self.mischief)


def plan(seed: int, engine: Engine, kills: int) -> Plan:
    """The schedule for one database. The same arguments give the same schedule on every machine."""
    dice = random.Random(f"clarion torture {seed} {engine}")
    killed = list(_kills(dice, engine, kills))
    end = killed[-1].at if killed else 15.0
    deeds = [
        *killed,
        *_freezes(dice, engine, end),
        *_database_trouble(dice, engine, end),
        *_pauses(dice, end),
        *(Mischief(at, Deed.EDIT, dice.choice(CAMPAIGNS), amount=dice.randrange(1000)) for at in _times(dice, end, 5)),
        *(Mischief(at, Deed.ADD, dice.choice(CAMPAIGNS), amount=dice.randint(3, 14)) for at in _times(dice, end, 1.4)),
    ]
    return Plan(seed, engine, kills, tuple(sorted(deeds, key=lambda each: (each.at, each.deed, each.target))))


def shares(kills: int, engines: tuple[Engine, ...]) -> dict[Engine, int]:
    """How many of the kills each database gets: with both, two of three are PostgreSQL's."""
    if len(engines) == 1:
        return {engines[0]: kills}
    on_sqlite = kills // 3
    return {Engine.POSTGRES: kills - on_sqlite, Engine.SQLITE: on_sqlite}


def _kills(dice: random.Random, engine: Engine, kills: int) -> Iterator[Mischief]:
    at = 2.0
    for _ in range(kills):
        at += dice.uniform(2.5, 8)
        down = dice.choice((0.0, 0.3, 1.0, 3.0))
        how = AT_ONCE if dice.random() < 0.15 else 0
        if engine is Engine.SQLITE:
            yield Mischief(at, Deed.KILL, ALL, down, how)
        elif dice.random() < 0.2:
            yield Mischief(at, Deed.KILL, API, down, how)
        else:
            yield Mischief(at, Deed.KILL, dice.choice(WORKERS), down, how + BLIND * (dice.random() < 0.15))


def _freezes(dice: random.Random, engine: Engine, end: float) -> Iterator[Mischief]:
    """One that outlasts the lease in any case, then short and long ones by turns.

    A single process has its long one after the last kill, since killing the frozen would end it.
    """
    alone = engine is Engine.SQLITE
    targets = (ALL,) if alone else WORKERS
    first = end + 4 if alone else dice.uniform(0.5, 2.0)
    yield Mischief(first, Deed.FREEZE, dice.choice(targets), LEASE_SECONDS + 2)
    for at in _times(dice, end, 25, begin=20):
        long = dice.random() < 0.4
        lasts = LEASE_SECONDS + dice.uniform(1, 4) if long else dice.uniform(0.5, 8)
        yield Mischief(at, Deed.FREEZE, dice.choice(targets), lasts)


def _database_trouble(dice: random.Random, engine: Engine, end: float) -> Iterator[Mischief]:
    if engine is Engine.SQLITE:
        for at in _times(dice, end, 6):
            yield Mischief(at, Deed.LOCK, ALL, dice.uniform(0.2, 3))
        return
    for at in _times(dice, end + LAST_CUTS_SECONDS, 1.5):
        yield Mischief(at, Deed.CUT, dice.choice(WORKERS))
    kinds = [Deed.SLOW, Deed.REFUSE, Deed.HALF_OPEN, Deed.CUT]
    dice.shuffle(kinds)
    for turn, at in enumerate(_times(dice, end, 4)):
        target = dice.choice((API, *WORKERS, ALL))
        match kinds[turn % len(kinds)]:
            case Deed.CUT:
                yield Mischief(at, Deed.CUT, target)
            case Deed.SLOW:
                yield Mischief(at, Deed.SLOW, target, dice.uniform(1, 5), dice.choice((5, 30, 120)))
            case Deed.REFUSE:
                yield Mischief(at, Deed.REFUSE, target, dice.uniform(0.3, 4))
            case _:
                yield Mischief(at, Deed.HALF_OPEN, target, dice.choice((1.0, 4.0, LEASE_SECONDS + 2)))


def _pauses(dice: random.Random, end: float) -> Iterator[Mischief]:
    """Of each campaign in turn, never two at a time of the same one."""
    for turn, at in enumerate(_times(dice, end, 7)):
        yield Mischief(at, Deed.PAUSE, CAMPAIGNS[turn % len(CAMPAIGNS)], dice.uniform(1.5, 5))


def _times(dice: random.Random, end: float, mean: float, begin: float = 1.0) -> list[float]:
    """Random instants up to `end`, `mean` seconds apart on average; there is always one if `begin` lies before it."""
    found: list[float] = []
    at = begin + dice.uniform(0, mean)
    while at < end or (not found and begin < end):
        found.append(at)
        at += dice.uniform(0.5, 1.5) * mean
    return found
