"""The story's sentences: every verdict and rule in words for a support person; a rule without words shows itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from clarion.core.contacts import Attempt, Decision
from clarion.core.outcomes import AttemptState
from clarion.core.schedule import Region

RULES: Mapping[str, str] = {
    "window": "outside the hours in which people there may be reached",
    "region": "the place does not allow it",
    "end_at": "its end had come",
    "end": "the end of the batch or campaign had come",
    "window_after_end": "the next window opens after the end of the batch or campaign",
    "suppression": "the address is on the do-not-contact list",
    "consent": "the campaign requires consent, and there is none",
    "targeting": "the campaign's targeting leaves this address out",
    "skip_if_late": "the first attempt would have come too late",
    "message": "the message needs a variable that the contact does not have",
    "person_limit": "the limit on how often one person is contacted",
    "max_attempts": "all attempts of the budget are used",
    "too_many_tries": "there were too many tries that do not count against the budget",
    "max_faults": "the carrier failed too often in a row",
    "goal_reached": "the goal is reached",
    "until_goal": "the goal is not reached yet",
    "twice_in_a_row": "call a second time at once",
    "callback": "at the time the person asked for",
    "callback_without_time": "the person asked to be called again, without saying when",
    "callback_too_far_ahead": "the person asked to be called again too far ahead",
    "fault:other_trunk": "the carrier failed; another trunk is tried at once",
    "fault:retry_after": "the carrier asked to wait",
    "fault:delay": "the carrier failed; the person did not lose an attempt",
    "fault:as_miss": "the carrier failed; after the campaign's delay, and the person did not lose an attempt",
    "fallback:next": "the next of their addresses is tried",
    "fallback:dead_address": "the address is dead; the next one is tried",
    "fallback:round_again": "back to their first address",
    "fixed": "after the campaign's delay",
    "per_window": "after the window's delay",
    "next_day": "on the next open day",
    "unknown_is_never_redialled": "the carrier cannot say what became of it, so it is not tried again by itself",
    "sweep": "the batch or campaign is over",
    "edit": "the campaign was edited",
    "by_hand": "by hand",
    "start_at": "its start had come",
    "nobody_left": "nobody is left to reach",
    "worker_lost": "the worker that had it is gone",
    "answer_lost": "the carrier was asked and its answer did not come",
    "no_report": "the carrier took it and no report of its end came",
    "still_running": "the carrier says that it is still running",
    "never_asked": "the carrier was never asked",
    "later_news": "later news of the same attempt",
    "opted_out": "the person opted out",
    "contacts_added": "contacts were added",
    "contacts_launched": "contacts that were held back were launched",
    "contacts_reopened": "finished contacts were opened again",
    "duplicate": "somebody in the campaign has this address already",
}

FAMILIES: Mapping[str, str] = {
    "law": "the law of {} limits how often one person is called",
    "refused": "the person does not want to be contacted ({})",
    "arrived": "the message arrived ({})",
    "not_retried": "the campaign does not retry {}",
    "fault_not_retried": "the campaign does not retry the carrier's fault {}",
    "dead_address": "the address is dead ({})",
}
"""Rules that name what they are about behind a colon."""

REASONS: Mapping[str, str] = {
    "closed_date": "the campaign is closed on this date",
    "date": "this date has hours of its own",
    "weekday": "the campaign is closed on this weekday",
    "daily_cap": "the day's cap is 0",
    "window": "outside the campaign's windows",
}
"""What `Hours.why_closed` answers."""


def rule_words(rule: str) -> str:
    """A rule in words: a clause without a full stop."""
    family, _, rest = rule.partition(":")
    if rule in RULES:
        return RULES[rule]
    if family in FAMILIES and rest:
        return FAMILIES[family].format(rest.replace("_", " "))
    return rule.replace("_", " ")


def closed_words(why: str) -> str:
    """What keeps a window closed, in words."""
    family, _, rest = why.partition(":")
    if family == "holiday":
        return f"it is a public holiday ({rest})"
    if family == "law":
        return f"outside the hours that the law of {rest} allows"
    return REASONS.get(why, why.replace("_", " ") or "closed")


def place_words(region_key: str | None) -> str:
    """Where a region is: its zones."""
    zones = Region.parse(region_key or ";").zones
    return " or ".join(zone.replace("_", " ") for zone in zones) if zones else "a place that is not known"


def clock_words(at: datetime, zone: ZoneInfo) -> str:
    """An instant on a wall clock: `Mon 2026-11-23 09:00:00 EST`."""
    return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M:%S %Z}"


def decision_words(line: Decision, zone: ZoneInfo) -> str:
    """A line of the ledger as a sentence; instants on the clock of `zone`."""
    why = rule_words(line.rule)
    until = f" until {clock_words(line.next_at, zone)}" if line.next_at is not None else ""
    match line.verdict:
        case "deferred" if line.contact_id is None:
            said = f"Everybody in {place_words(line.region_key)} waits{until}: {why}"
        case "deferred":
            said = f"Waits{until}: {why}"
        case "planned":
            said = f"Planned anew, waits{until}: {why}"
        case "retried":
            said = f"Outcome {_plain(line.inputs.get('outcome'))}; waits for another try{until}: {why}"
        case "finished" if "outcome" in line.inputs:
            reason, outcome = _plain(line.inputs.get("reason")), _plain(line.inputs["outcome"])
            said = f"Outcome {outcome}; finished as {reason}: {why}"
        case "finished":
            said = f"Finished as {_plain(line.inputs.get('reason'))}: {why}"
        case "skipped":
            said = f"Skipped and not tried any more: {why}"
        case "taken_back":
            said = f"The release was taken back, nothing was sent: {why}"
        case "unknown":
            said = f"What became of the attempt is not known: {why}"
        case "reconciled":
            said = f"The attempt was found again: {why}"
        case "amended":
            was, now = _plain(line.inputs.get("from")), _plain(line.inputs.get("outcome"))
            said = f"The attempt's outcome changed from {was} to {now}: {why}"
        case "held":
            said = f"Held back until somebody launches it: {why}"
        case "launched":
            since = f", to be reached from {clock_words(line.next_at, zone)}" if line.next_at is not None else ""
            said = f"Launched{since}: {why}"
        case "reopened":
            said = f"Opened again{until}: {why}"
        case "edited":
            said = f"The {_whole(line)} was edited: {', '.join(map(str, line.inputs.get('fields', ())))}"
        case status if line.contact_id is None:
            said = f"The {_whole(line)} became {_plain(status)}{until}: {why}"
        case verdict:
            said = f"{_plain(verdict).capitalize()}{until}: {why}"
    return f"{said}{_details(line.inputs)}."


def attempt_words(attempt: Attempt) -> str:
    """The release of an attempt as a sentence."""
    sandbox = ", simulated" if attempt.sandbox else ""
    by = f" by sender {attempt.sender_id}" if attempt.sender_id is not None else ""
    if attempt.state is AttemptState.TAKEN_BACK:
        return f"Attempt {attempt.number} to {attempt.address}{by} was released and taken back."
    return f"Attempt {attempt.number} to {attempt.address}{by}{sandbox}."


def _whole(line: Decision) -> str:
    return "campaign" if line.batch_id is None else "batch"


SAID = frozenset({"outcome", "reason", "from", "fields", "action", "contacts", "version"})
"""Inputs that the sentence says already, or that say nothing to a person."""


def _details(inputs: Mapping[str, Any]) -> str:
    told = [f"{name.replace('_', ' ')} {value}" for name, value in inputs.items() if name not in SAID and value]
    return f" ({', '.join(told)})" if told else ""


def _plain(word: Any) -> str:
    return str(word).replace("_", " ")
