"""Whether the limits held, as the carrier saw it: how many at once, how fast, on which day, at which hour, to whom.

Two clocks are looked at. `asked` is the instant of the decision, and limits that are about instants hold there exactly.
`received` is when the carrier heard of it; it is later by the way there, which `promptness` bounds, so that what holds
on the first clock holds on the second within that bound. A decision bears the instant at which the engine began to look
around: what was changed between its two clocks may have been seen already.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable

from clarion.boot.torture.diary import SECOND, Hours, local_time
from clarion.boot.torture.evidence import Ask, AttemptRow, Evidence

Verdict = tuple[int, list[str]]

CATCH_UP_US = 5 * SECOND
"""How far an even rate may be behind and still catch up (documented with the rate)."""
EDGE_US = 2 * SECOND
"""How long after a window's end the carrier may hear of a call that was decided inside it."""
PAUSE_US = SECOND
"""A pause takes effect within this time of its acknowledgement."""
PROMPT_US = 6 * SECOND
"""How long after its decision the carrier may hear of a call at all: what the engine promises, and the way there."""
HOUR_US = 3600 * SECOND
TENTH_US = SECOND // 10
DAY_US = 24 * HOUR_US


def concurrency(evidence: Evidence) -> Verdict:
    """A sweep over the calls as the carrier has them: from the ask it received to the end that it reported."""
    diary, looked, wrong = evidence.diary, 0, []
    for scope in diary.scopes("max_concurrent"):
        calls = [(ask, attempt) for ask, attempt in _calls(evidence, scope) if ask.dialled]
        moments = []
        for ask, attempt in calls:
            end = max(attempt.ended_at or ask.received, ask.received)
            moments += [(ask.received, 1, attempt.id, ask.asked), (end, 0, attempt.id, ask.asked)]
        live = 0
        for at, begins, attempt_id, asked in sorted(moments):
            live += 1 if begins else -1
            most = diary.most(scope, "max_concurrent", asked, at)
            if begins and most is not None:
                looked += 1
                if live > most:
                    wrong.append(f"{scope}: attempt {attempt_id} made {live} at once; {most} are allowed")
    return looked, wrong


def hourly_rate(evidence: Evidence) -> Verdict:
    """No rolling hour holds more than the rate, and no shorter span more than its share and what may be caught up."""
    diary, looked, wrong = evidence.diary, 0, []
    for scope in diary.scopes("per_hour"):
        instants = sorted((ask.asked, ask.attempt_id, ask.received) for ask, _ in _calls(evidence, scope))
        looked += len(instants)
        edits = sum(each.scope == scope and each.name == "per_hour" for each in diary.settings) > 1
        slack = 1.001 if edits else 0.001  # a raised rate counts from the last call on, not from the edit
        lowest, earned, last = 0.0, 0.0, None
        for place, (at, attempt_id, received) in enumerate(instants):
            rate = diary.most(scope, "per_hour", at, received)
            if rate is None:
                lowest, earned, last = place, 0.0, None
                continue
            widest = max(rate, diary.most(scope, "per_hour", last, at) or 0) if last is not None else rate
            earned += (at - last) * widest / HOUR_US if last is not None else 0.0
            last = at
            lowest = min(lowest, place - earned)
            if place - earned - lowest > CATCH_UP_US * widest / HOUR_US + slack:
                wrong.append(f"{scope}: attempt {attempt_id} is more than {rate:g} an hour allow")
            hour_ago = bisect_left(instants, (at - HOUR_US + 1, 0, 0))
            if place - hour_ago + 1 > (diary.most(scope, "per_hour", at - HOUR_US, received) or rate):
                wrong.append(f"{scope}: attempt {attempt_id} is one too many within an hour ({rate:g})")
    return looked, wrong


def second_rate(evidence: Evidence) -> Verdict:
    """No rolling second holds more than the rate."""
    diary, looked, wrong = evidence.diary, 0, []
    for scope in diary.scopes("per_second"):
        instants = sorted((ask.asked, ask.received) for ask, _ in _calls(evidence, scope))
        for place, (at, received) in enumerate(instants):
            rate = diary.most(scope, "per_second", at - SECOND, received)
            if rate is None:
                continue
            looked += 1
            count = place - bisect_left(instants, (at - SECOND + 1, 0)) + 1
            if count > max(1, rate):
                wrong.append(f"{scope}: {count} within a second up to {at}; {rate:g} are allowed")
    return looked, wrong


def daily_caps(evidence: Evidence) -> Verdict:
    """Each day on the campaign's own clock. Of a trunk or sender: the days of each campaign that uses it."""
    diary, looked, wrong = evidence.diary, 0, []
    for scope in diary.scopes("daily_cap"):
        days: Counter[str] = Counter()
        for ask, attempt in sorted(_calls(evidence, scope), key=lambda call: call[0].asked):
            day = local_time(ask.asked, _zone(evidence, attempt.campaign_id)).date().isoformat()
            days[day] += 1
            looked += 1
            cap = diary.most(scope, "daily_cap", ask.asked)
            if cap is not None and days[day] > cap:
                wrong.append(f"{scope}: attempt {attempt.id} is number {days[day]} on {day}; {cap:g} are allowed")
    return looked, wrong


def hours(evidence: Evidence) -> Verdict:
    """Decided inside a window that was in force, to the microsecond; at the carrier at most a moment after its end."""
    looked, wrong = 0, []
    zones = {(sent.campaign_id, sent.address): sent.zone for sent in evidence.diary.sent}
    for ask, attempt in _calls(evidence):
        theirs = zones.get((attempt.campaign_id, attempt.address))
        scope = f"campaign:{attempt.campaign_id}"
        windows: list[Hours] = evidence.diary.in_force(scope, "hours", ask.asked, ask.received)
        looked += 1
        if not any(window.allow(ask.asked, theirs) for window in windows):
            wrong.append(f"attempt {attempt.id} was decided at {_words(ask.asked, windows, theirs)}")
            continue
        heard = ask.asked + ask.late
        soonest = max(ask.asked, heard - EDGE_US)
        windows = evidence.diary.in_force(scope, "hours", soonest, heard)
        if not any(window.allow(at, theirs) for window in windows for at in (*range(soonest, heard, TENTH_US), heard)):
            wrong.append(f"attempt {attempt.id} was decided in time and asked {_after(ask.asked, heard)} later")
    return looked, wrong


def pauses(evidence: Evidence) -> Verdict:
    """Nothing is decided later than a second after a pause was acknowledged, and the carrier hears of nothing that was
    not on its way by then."""
    looked, wrong = 0, []
    calls: defaultdict[int, list[Ask]] = defaultdict(list)
    for ask, attempt in _calls(evidence):
        calls[attempt.campaign_id].append(ask)
    for pause in evidence.diary.pauses:
        looked += 1
        until = pause.resumed if pause.resumed is not None else 1 << 62
        for ask in calls[pause.campaign_id]:
            if pause.acked + PAUSE_US < ask.asked and ask.received < until:
                wrong.append(f"attempt {ask.attempt_id} was decided {_after(pause.acked, ask.asked)} into a pause")
            elif pause.acked + PAUSE_US + PROMPT_US < ask.received - ask.stood < until:
                wrong.append(f"attempt {ask.attempt_id} was asked {_after(pause.acked, ask.received)} into a pause")
    return looked, wrong


def people(evidence: Evidence) -> Verdict:
    """However many campaigns have a person: as often a day, and as far apart, as the organisation allows."""
    diary, scope = evidence.diary, f"organization:{evidence.diary.organization_id}"
    touches: defaultdict[str, list[Ask]] = defaultdict(list)
    for ask, attempt in _calls(evidence):
        if ask.dialled:
            touches[attempt.person].append(ask)
    looked, wrong = 0, []
    for person, asks in touches.items():
        asks.sort(key=lambda ask: ask.asked)
        looked += 1
        for place, ask in enumerate(asks):
            per_day = diary.most(scope, "per_day", ask.asked)
            recent = sum(other.asked > ask.asked - DAY_US for other in asks[: place + 1])
            if per_day is not None and recent > per_day:
                wrong.append(f"{person} was reached {recent}× in 24 hours; {per_day:g} are allowed")
            gaps = [gap for gap in diary.in_force(scope, "min_gap", ask.asked) if gap is not None]
            if place and gaps and ask.asked - asks[place - 1].asked < min(gaps) * SECOND:
                wrong.append(f"{person} was reached by {ask.attempt_id} too soon after {asks[place - 1].attempt_id}")
    return looked, wrong


def promptness(evidence: Evidence) -> Verdict:
    """The carrier hears of a call soon after its decision, or never."""
    late = [ask for ask in evidence.asks if ask.first and ask.late > PROMPT_US]
    return len(evidence.asks), [
        f"attempt {ask.attempt_id} reached the carrier {_after(ask.asked, ask.received)} after it was decided"
        for ask in late
    ]


def _calls(evidence: Evidence, scope: str | None = None) -> Iterable[tuple[Ask, AttemptRow]]:
    """Every first ask with its attempt, of one scope or of all."""
    kind, _, number = (scope or "").partition(":")
    attempts = {a.id: a for a in evidence.ledger.attempts}
    for ask in evidence.asks:
        attempt = attempts.get(ask.attempt_id)
        if not ask.first or attempt is None:
            continue
        if kind in ("", "organization") or getattr(attempt, f"{kind}_id") == int(number):
            yield ask, attempt


def _zone(evidence: Evidence, campaign_id: int) -> str:
    scope = f"campaign:{campaign_id}"
    windows: list[Hours] = [s.value for s in evidence.diary.settings if s.scope == scope and s.name == "hours"]
    return next((window.zone for window in windows if window.zone is not None), "UTC")


def _after(start: int, end: int) -> str:
    return f"{(end - start) / SECOND:.2f} s"


def _words(at: int, windows: list[Hours], theirs: str | None) -> str:
    clocks = {window.zone or theirs or "UTC" for window in windows}
    return ", ".join(f"{local_time(at, zone):%H:%M:%S} in {zone}" for zone in sorted(clocks)) or "an hour of no plan"
