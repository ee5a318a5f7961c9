"""A quota: what a limit granted one release, while the release uses it up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from clarion.core.pacing import Account, Grant, Pacing, grant, spend

RETRY_BANDS = 0xAAAAA
"""The queue bands of retries: every second one."""


@dataclass(slots=True)
class Quota:
    """A limit's grant and what was used of it. A use later than its slot moves the slots after it as far."""

    pacing: Pacing
    account: Account
    granted: Grant
    first_left: int | None = None
    open_left: timedelta | None = None
    used: list[datetime] = field(default_factory=list)
    firsts: int = 0
    _late: timedelta = timedelta(0)

    @classmethod
    def ask(
        cls,
        pacing: Pacing,
        account: Account,
        *,
        now: datetime,
        until: datetime,
        day: date,
        in_flight: int,
        room: int,
        day_cap: int | None = None,
        first_left: int | None = None,
        open_left: timedelta | None = None,
    ) -> Quota:
        """What `core.pacing.grant` allows; the parameters are its own."""
        granted = grant(
            pacing,
            account,
            now=now,
            until=until,
            local_day=day,
            in_flight=in_flight,
            first_waiting=True,
            retry_waiting=True,
            room=room,
            day_cap=day_cap,
            first_left=first_left,
            open_left=open_left,
        )
        return cls(pacing, account, granted, first_left, open_left)

    @property
    def spaced(self) -> bool:
        """Whether its slots keep a distance from each other."""
        return self.pacing.per_hour is not None or self.pacing.per_second is not None

    @property
    def left(self) -> int:
        """How many slots are not used."""
        return len(self.granted.slots) - len(self.used)

    def places(self, *, first: bool) -> int:
        """How many more first attempts, or retries, it has a place for."""
        if first:
            return min(self.left, self.granted.max_first - self.firsts)
        return min(self.left, self.granted.max_retry - (len(self.used) - self.firsts))

    def earliest(self, at: datetime) -> datetime:
        """The instant of its next use, not before `at`. There must be one left."""
        return max(at, self.granted.slots[len(self.used)] + self._late)

    def use(self, at: datetime, *, first: bool) -> None:
        """Use the next slot, at `at`, which `earliest` allowed."""
        if self.spaced:
            self._late = max(self._late, at - self.granted.slots[len(self.used)])
        self.used.append(at)
        self.firsts += first

    def open_bands(self, mask: int) -> int:
        """Those of the bands in `mask` that it still has a place for."""
        if self.places(first=True) <= 0:
            mask &= RETRY_BANDS
        if self.places(first=False) <= 0:
            mask &= ~RETRY_BANDS
        return mask

    def spent(self, day: date, now: datetime) -> Account:
        """The account to write back."""
        return spend(
            self.pacing,
            self.account,
            used=self.used,
            first=self.firsts,
            retry=len(self.used) - self.firsts,
            local_day=day,
            now=now,
            first_left=self.first_left,
            open_left=self.open_left,
        )
