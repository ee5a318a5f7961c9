"""The life of a campaign."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.core.campaigns import CampaignStatus
from clarion.core.lifecycle import OVER, Action, actions, after, may, takes_contacts

D, S, R = CampaignStatus.DRAFT, CampaignStatus.SCHEDULED, CampaignStatus.RUNNING
P, C, X = CampaignStatus.PAUSED, CampaignStatus.COMPLETED, CampaignStatus.CANCELLED

LIFE = [
    (Action.LAUNCH, {D: R, S: R}),
    (Action.SCHEDULE, {D: S, S: S}),
    (Action.UNSCHEDULE, {S: D}),
    (Action.START, {S: R}),
    (Action.PAUSE, {R: P}),
    (Action.RESUME, {P: R}),
    (Action.COMPLETE, {R: C, P: C}),
    (Action.CANCEL, {D: X, S: X, R: X, P: X}),
    (Action.REOPEN, {C: R}),
    (Action.ARCHIVE, {D: D, C: C, X: X}),
]


@pytest.mark.parametrize("action, moves", LIFE)
def test_what_may_be_done(action: Action, moves: dict[CampaignStatus, CampaignStatus]) -> None:
    for status in CampaignStatus:
        assert may(status, action) == (status in moves)
        assert not may(status, action, archived=True)
        if status in moves:
            assert after(status, action) is moves[status]
        else:
            with pytest.raises(ValueError, match=f"a {status} campaign cannot {action}"):
                after(status, action)


def test_every_action_is_in_the_table_and_an_archived_campaign_only_comes_back() -> None:
    assert {action for action, _ in LIFE} | {Action.UNARCHIVE} == set(Action)
    for status in (D, C, X):
        assert actions(status, archived=True) == (Action.UNARCHIVE,)
        assert not may(status, Action.UNARCHIVE)
    assert actions(P) == (Action.RESUME, Action.COMPLETE, Action.CANCEL)


@given(st.lists(st.sampled_from(Action), max_size=30))
def test_a_cancelled_campaign_never_runs_again(path: list[Action]) -> None:
    status, cancelled = D, False
    for action in path:
        if may(status, action):
            status = after(status, action)
            cancelled |= status is X
    assert not cancelled or status is X
    assert takes_contacts(status) != (status is X)


def test_what_is_over_sends_nothing_until_reopened() -> None:
    for status in OVER:
        running = [action for action in Action if may(status, action) and after(status, action) is R]
        assert running == ([Action.REOPEN] if status is C else [])
