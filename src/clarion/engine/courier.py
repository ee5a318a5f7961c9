"""The courier: claims due webhook messages, brings them to their receivers, many at a time, and reports back.

Each endpoint has a lane of its own. A receiver that does not answer keeps one message in the air instead of many, and
all such receivers together never more than half of the courier's hands.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from clarion.app.deliver import Parcel, Reply, exchange
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger
from clarion.app.ports.outbox import Lane as DueLane
from clarion.app.ports.outbox import Message
from clarion.app.ports.payloads import PayloadFormat
from clarion.app.ports.seal import Seal

Post = Callable[[Parcel, datetime], Awaitable[Reply]]
"""One try: the parcel, and the receivers' present instant."""


@dataclass(frozen=True, slots=True)
class CourierLimits:
    """How much the courier carries."""

    at_once: int = 32
    """Messages in the air."""
    per_endpoint: int = 8
    """Of these, to one endpoint."""
    ahead: int = 64
    """Messages of one endpoint that are claimed ahead."""
    held: int = 512
    """Messages claimed in all."""
    lease: timedelta = timedelta(minutes=2)
    """How long a claim holds. Must be well over twice a try's timeout."""
    patience: timedelta = timedelta(milliseconds=100)
    """Real time that one step waits for what is in the air."""


@dataclass(slots=True)
class _Lane:
    """What is held for one endpoint. `unwell`: the last try got no answer at all."""

    waiting: deque[tuple[Parcel, float]] = field(default_factory=deque)
    running: int = 0
    unwell: bool = False

    @property
    def held(self) -> int:
        """Messages claimed and not yet tried to the end."""
        return len(self.waiting) + self.running


class Courier:
    """One courier of one worker. `step` is called again and again by the engine's loop."""

    def __init__(
        self,
        ledger: Ledger,
        seal: Seal,
        wall: Clock,
        worker_id: int,
        post: Post,
        *,
        formats: Mapping[str, PayloadFormat] | None = None,
        limits: CourierLimits | None = None,
    ) -> None:
        """`wall` is the receivers' clock: the real one also when the engine runs on a virtual clock."""
        self._ledger = ledger
        self._seal = seal
        self._wall = wall
        self._worker_id = worker_id
        self._post = post
        self._formats = formats or {}
        self._limits = limits or CourierLimits()
        self._lanes: dict[int, _Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._claimed: set[int] = set()
        self._replies: list[Reply] = []
        self._returned: list[Message] = []
        self._settled = asyncio.Event()

    async def step(self, now: datetime) -> datetime | None:
        """Report what came back, claim what is due at `now`, and send it. When to step again.

        While something is in the air the answer is `now` itself, so that a virtual clock waits for real receivers. A
        step takes no longer than `patience` plus its transactions. None: nothing is pending; new messages may come.
        """
        next_at = await self._exchange(now, self._share)
        self._start_what_fits()
        await self._settle(self._limits.patience)
        return now if self._claimed or self._replies or self._returned else next_at

    async def close(self, now: datetime, grace: timedelta = timedelta(seconds=5)) -> None:
        """Let what is in the air end (at most `grace`), report it, and give the rest back."""
        for lane in self._lanes.values():
            self._give_back(lane)
        await self._settle(grace)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._replies or self._returned:
            await self._exchange(now, lambda lanes: {})

    async def _exchange(
        self, now: datetime, share: Callable[[Sequence[DueLane]], Mapping[int, int]]
    ) -> datetime | None:
        replies, returned = list(self._replies), list(self._returned)
        handover = await exchange(
            self._ledger,
            self._seal,
            self._formats,
            self._worker_id,
            replies=replies,
            returned=returned,
            share=share,
            now=now,
            lease=self._limits.lease,
        )
        del self._replies[: len(replies)]
        del self._returned[: len(returned)]
        self._claimed.difference_update(reply.message.id for reply in replies)
        self._claimed.difference_update(message.id for message in returned)
        self._replies += handover.spoilt
        self._accept(handover.parcels)
        return handover.next_at

    def _share(self, due: Sequence[DueLane]) -> dict[int, int]:
        """What to claim: every due lane its equal part of the room, none more than it can use soon."""
        eager = {lane.endpoint_id: self._appetite(self._lanes.get(lane.endpoint_id)) for lane in due}
        eager = {endpoint_id: count for endpoint_id, count in eager.items() if count > 0}
        room = self._limits.held - len(self._claimed)
        wishes: dict[int, int] = {}
        for endpoint_id, count in eager.items():
            if room <= 0:
                break
            wishes[endpoint_id] = min(count, room, max(1, self._limits.held // len(eager)))
            room -= wishes[endpoint_id]
        return wishes

    def _appetite(self, lane: _Lane | None) -> int:
        if lane is None:
            return self._limits.ahead
        if lane.unwell:
            return 0 if lane.held else 1
        return self._limits.ahead - lane.held if len(lane.waiting) < self._limits.per_endpoint else 0

    def _accept(self, parcels: Sequence[Parcel]) -> None:
        taken_at = asyncio.get_running_loop().time()
        for parcel in parcels:
            if parcel.message.id in self._claimed:
                continue  # a clock that leapt over the lease: it is in the air already
            self._claimed.add(parcel.message.id)
            self._lanes.setdefault(parcel.endpoint.id, _Lane()).waiting.append((parcel, taken_at))

    def _start_what_fits(self) -> None:
        stale = asyncio.get_running_loop().time() - self._limits.lease.total_seconds() / 2
        while len(self._tasks) < self._limits.at_once:
            ready = [lane for lane in self._lanes.values() if self._may_start(lane)]
            if not ready:
                return
            lane = min(ready, key=lambda ready: ready.running)
            parcel, taken_at = lane.waiting.popleft()
            if taken_at < stale:  # the lease may end while it is in the air: let it be claimed anew
                self._returned.append(parcel.message)
                continue
            lane.running += 1
            self._settled.clear()
            self._tasks.add(asyncio.create_task(self._deliver(lane, parcel)))

    def _may_start(self, lane: _Lane) -> bool:
        if not lane.waiting:
            return False
        if not lane.unwell:
            return lane.running < self._limits.per_endpoint
        in_unwell_hands = sum(other.running for other in self._lanes.values() if other.unwell)
        return lane.running == 0 and in_unwell_hands < max(1, self._limits.at_once // 2)

    async def _deliver(self, lane: _Lane, parcel: Parcel) -> None:
        try:
            reply = await self._post(parcel, self._wall.now())
        except asyncio.CancelledError:
            self._returned.append(parcel.message)
            raise
        except Exception as surprise:  # noqa: BLE001 - the edge: one message's bug must not stop the others
            reply = Reply(parcel.message, parcel.endpoint.url, None, f"{type(surprise).__name__}: {surprise}")
        finally:
            lane.running -= 1
            task = asyncio.current_task()
            if task is not None:
                self._tasks.discard(task)
            if not self._tasks:
                self._settled.set()
        self._replies.append(reply)
        lane.unwell = reply.status is None
        if lane.unwell:
            self._give_back(lane)
        elif not lane.held:
            self._lanes.pop(parcel.endpoint.id, None)
        self._start_what_fits()

    def _give_back(self, lane: _Lane) -> None:
        self._returned += [parcel.message for parcel, _ in lane.waiting]
        lane.waiting.clear()

    async def _settle(self, at_most: timedelta) -> None:
        """Wait until nothing is in the air."""
        if self._tasks:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._settled.wait(), at_most.total_seconds())
