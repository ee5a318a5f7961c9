"""What happened, in a few words and a colour: for the live view and the report."""

from __future__ import annotations

from clarion.app.story_words import rule_words
from clarion.core.contacts import Decision
from clarion.core.outcomes import Channel, FinishReason, Outcome

GOOD, SO_SO, AGAIN, BAD, STOP, PLAIN = "green", "cyan", "yellow", "red", "magenta", "bright_black"

OUTCOME_COLOURS = {
    Outcome.COMPLETED: GOOD,
    Outcome.DELIVERED: GOOD,
    Outcome.REPLIED: GOOD,
    Outcome.CLICKED: GOOD,
    Outcome.OPENED: SO_SO,
    Outcome.SENT: SO_SO,
    Outcome.CALLBACK_REQUESTED: SO_SO,
    Outcome.BUSY: AGAIN,
    Outcome.NO_ANSWER: AGAIN,
    Outcome.UNREACHABLE: AGAIN,
    Outcome.VOICEMAIL: AGAIN,
    Outcome.CALL_SCREENING: AGAIN,
    Outcome.DEFERRED: AGAIN,
    Outcome.UNDELIVERED: AGAIN,
    Outcome.SILENCE: AGAIN,
    Outcome.OPTED_OUT: STOP,
    Outcome.UNSUBSCRIBED: STOP,
    Outcome.SPAM_REPORT: STOP,
    Outcome.UNWANTED: STOP,
}
"""Others are bad news."""

CHANNEL_COLOURS = {Channel.VOICE: "dodger_blue2", Channel.SMS: "medium_purple1", Channel.EMAIL: "dark_orange"}
CHANNEL_NAMES = {Channel.VOICE: "voice", Channel.SMS: "SMS", Channel.EMAIL: "e-mail"}

FINISHES = {
    FinishReason.GOAL_REACHED: ("goal reached: the visit is confirmed", GOOD),
    FinishReason.REACHED: ("talked to", GOOD),
    FinishReason.DELIVERED: ("delivered", GOOD),
    FinishReason.ATTEMPTS_EXHAUSTED: ("all attempts of the budget used", BAD),
    FinishReason.NOT_RETRIED: ("an outcome that is not retried", BAD),
    FinishReason.OPTED_OUT: ("said stop", STOP),
    FinishReason.INVALID_ADDRESS: ("dead number or mailbox", BAD),
    FinishReason.FAILED: ("the carrier's fault", BAD),
    FinishReason.UNKNOWN: ("fate not known, left for a person to decide", BAD),
    FinishReason.SUPPRESSED: ("on the do-not-contact list", STOP),
    FinishReason.PRIOR_UNSUBSCRIBED: ("had unsubscribed before", STOP),
    FinishReason.PRIOR_BOUNCED: ("the mailbox had bounced before", STOP),
    FinishReason.PRIOR_SPAM_REPORT: ("had reported spam before", STOP),
    FinishReason.PRIOR_DROPPED: ("had been dropped before", STOP),
    FinishReason.NO_CONSENT: ("no consent", STOP),
    FinishReason.UNKNOWN_ZONE: ("place not known, so no hour is sure to be right", PLAIN),
    FinishReason.NO_WINDOW: ("the windows and the law leave no hour", PLAIN),
    FinishReason.LINE_TYPE: ("a landline, where no text arrives", PLAIN),
    FinishReason.PERSON_LIMIT: ("contacted often enough", PLAIN),
    FinishReason.EXPIRED: ("the campaign ended first", PLAIN),
}

SKIPS = {
    "suppression": "on the do-not-contact list",
    "region": "place not known",
    "targeting": "a landline",
    "person_limit": "contacted often enough",
    "window_after_end": "the campaign ends first",
}
"""Shorter than the story's words."""


def plain(word: str) -> str:
    """`no_answer` as people say it."""
    return word.replace("_", " ")


def colour_of(outcome: str) -> str:
    """An outcome's colour."""
    return OUTCOME_COLOURS.get(Outcome(outcome), BAD)


def finish_words(reason: str) -> tuple[str, str]:
    """A finish reason in words, and its colour."""
    return FINISHES.get(FinishReason(reason), (plain(reason), PLAIN))


def line_words(line: Decision, again: str) -> tuple[str, str] | None:
    """A decision about a contact in a few words and its colour; None for one that tells nothing new.

    `again` says when they are tried next, on their own clock.
    """
    outcome = str(line.inputs.get("outcome", ""))
    match line.verdict:
        case "retried" if line.rule == "callback":
            return f"please call me back → {again}", SO_SO
        case "retried" if line.rule == "fallback:next":
            return f"{plain(outcome)} → their other number", AGAIN
        case "retried" if line.rule.startswith("fault"):
            return f"{plain(outcome)} → again {again}", PLAIN
        case "retried":
            return f"{plain(outcome)} → again {again}", AGAIN
        case "skipped":
            return f"skipped: {SKIPS.get(line.rule) or rule_words(line.rule)}", PLAIN
        case "amended":
            if colour_of(outcome) == STOP:
                return f"{plain(outcome)} → do not contact", STOP
            return plain(outcome), colour_of(outcome)
        case "finished" if outcome:
            return _ending(FinishReason(str(line.inputs.get("reason"))), outcome)
        case _:
            return None


def _ending(reason: FinishReason, outcome: str) -> tuple[str, str]:
    match reason:
        case FinishReason.GOAL_REACHED:
            return "confirmed the visit", GOOD
        case FinishReason.REACHED | FinishReason.DELIVERED:
            return plain(outcome), colour_of(outcome)
        case FinishReason.OPTED_OUT:
            return f"{plain(outcome)} → do not contact", STOP
        case FinishReason.ATTEMPTS_EXHAUSTED:
            return f"{plain(outcome)} → the budget is used up", BAD
        case FinishReason.INVALID_ADDRESS:
            return f"{plain(outcome)} → dead address", BAD
        case FinishReason.FAILED:
            return plain(outcome), BAD
        case _:
            return f"{plain(outcome)} → {plain(reason)}", BAD
