"""The life of a campaign as a table: which action leads from which status to which."""

from __future__ import annotations

from enum import StrEnum

from clarion.core.campaigns import CampaignStatus


class Action(StrEnum):
    """What a person or the engine does to a campaign."""

    LAUNCH = "launch"
    """Run it now."""
    SCHEDULE = "schedule"
    """Run it at an instant that is set; again to set another."""
    UNSCHEDULE = "unschedule"
    """Back to a draft."""
    START = "start"
    """The scheduled instant has come (the engine)."""
    PAUSE = "pause"
    RESUME = "resume"
    COMPLETE = "complete"
    """Nobody is left, or its end has come (the engine)."""
    CANCEL = "cancel"
    REOPEN = "reopen"
    """Contacts were added to a completed campaign."""
    ARCHIVE = "archive"
    """Put out of sight; the status stays."""
    UNARCHIVE = "unarchive"


_S = CampaignStatus

AFTER: dict[Action, dict[CampaignStatus, CampaignStatus]] = {
    Action.LAUNCH: {_S.DRAFT: _S.RUNNING, _S.SCHEDULED: _S.RUNNING},
    Action.SCHEDULE: {_S.DRAFT: _S.SCHEDULED, _S.SCHEDULED: _S.SCHEDULED},
    Action.UNSCHEDULE: {_S.SCHEDULED: _S.DRAFT},
    Action.START: {_S.SCHEDULED: _S.RUNNING},
    Action.PAUSE: {_S.RUNNING: _S.PAUSED},
    Action.RESUME: {_S.PAUSED: _S.RUNNING},
    Action.COMPLETE: {_S.RUNNING: _S.COMPLETED, _S.PAUSED: _S.COMPLETED},
    Action.CANCEL: {
        _S.DRAFT: _S.CANCELLED,
        _S.SCHEDULED: _S.CANCELLED,
        _S.RUNNING: _S.CANCELLED,
        _S.PAUSED: _S.CANCELLED,
    },
    Action.REOPEN: {_S.COMPLETED: _S.RUNNING},
    Action.ARCHIVE: {_S.DRAFT: _S.DRAFT, _S.COMPLETED: _S.COMPLETED, _S.CANCELLED: _S.CANCELLED},
    Action.UNARCHIVE: {_S.DRAFT: _S.DRAFT, _S.COMPLETED: _S.COMPLETED, _S.CANCELLED: _S.CANCELLED},
}
"""The status after an action, by the status before it. What is not listed may not be done."""

OVER = frozenset({CampaignStatus.COMPLETED, CampaignStatus.CANCELLED})
"""Nothing is sent any more."""


def may(status: CampaignStatus, action: Action, *, archived: bool = False) -> bool:
    """Whether `action` may be done to a campaign in `status`. An archived one may only be taken out of the archive."""
    return status in AFTER[action] and archived == (action is Action.UNARCHIVE)


def after(status: CampaignStatus, action: Action) -> CampaignStatus:
    """The status that `action` leads to. Raises ValueError when `status` does not allow it."""
    try:
        return AFTER[action][status]
    except KeyError:
        raise ValueError(f"a {status} campaign cannot {action}") from None


def actions(status: CampaignStatus, *, archived: bool = False) -> tuple[Action, ...]:
    """Everything that may be done to a campaign in `status`, in the order of `Action`."""
    return tuple(action for action in Action if may(status, action, archived=archived))


def takes_contacts(status: CampaignStatus) -> bool:
    """Whether contacts may be added: in every status but cancelled; a completed campaign reopens by it."""
    return status is not CampaignStatus.CANCELLED
