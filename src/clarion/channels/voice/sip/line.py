"""One process's SIP user agent, on baresip-python: dials, and knows nothing of campaigns.

Everything that only baresip knows stays in this file, so that another user agent can take its place. What it is like:

* one runtime a process; when its thread dies (`RuntimeDead`) the process has to go: `Line.worn_out` says so;
* user agents cannot be deleted and share a table of 1,023 handles with the calls: one is kept per trunk and caller ID;
* certificates are checked for all trunks or for none, against one file: `LineConfig.for_trunks` puts it together;
  the name in one is only checked where a name is dialled, so a verified trunk needs a name and no address;
* Opus is only found under the number of channels that it is configured with;
* names are looked up by the system: the stack's own resolver knows no /etc/hosts;
* a hang-up holds its thread for 30 ms: they go out one after the other, at most 20 a second;
* a call that fails at once is over before `dial` has returned: its events wait for it in `_early`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import ssl
import tempfile
import time
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import baresip
import psutil
from baresip.errors import AudioNotActive, AudioRestarted, BaresipError, RegistrationError, RuntimeDead

from clarion.app.ports.clock import Clock
from clarion.channels.voice.sip.endings import Ended, Why, read_close_text
from clarion.channels.voice.sip.ladder import Rung, final_response, heard_back, read_trace, their_bye
from clarion.channels.voice.sip.settings import Dtmf, Identity, SipSettings, Srtp, Transport

log = logging.getLogger(__name__)

HANG_UP_GAP = 0.05
"""Seconds between two hang-ups of a process."""
HANDLES = 900
"""User agents and calls; baresip's table has 1,023 places."""
REGISTER_AGAIN_AFTER = 30.0
"""Seconds for which a refused registration is not tried again."""
STACK_CODECS = {"pcmu": "pcmu", "pcma": "pcma", "g722": "g722/16000/1", "opus": "opus/48000/1"}
STACK_DTMF = {Dtmf.RTP: "rtpevent", Dtmf.INFO: "info", Dtmf.AUTO: "auto"}
STACK_SRTP = {Srtp.OFFERED: "srtp", Srtp.REQUIRED: "srtp-mand"}
MAX_RUNGS = 200
TRACE_PATIENCE = 30
"""Hundredths of a second that a call's end waits for the messages that tell why."""


@dataclass(frozen=True, slots=True)
class LineConfig:
    """What holds for all calls of a process."""

    interface: str | None = None
    """Network interface or local address to call from; None lets the system choose, and never loopback."""
    verify: bool = True
    """Check certificates. Off only where no TLS trunk wants it on."""
    ca_files: tuple[str, ...] = ()
    """Private authorities, besides the system's."""
    rtp_ports: tuple[int, int] | None = None
    """First and last UDP port for sound; None leaves it to the stack (1,024 to 49,152)."""
    jitter_ms: tuple[int, int] = (40, 160)
    """How long received sound is held back to even it out, at least and at most. The stack's own 100 ms would be
    heard in every answer."""
    max_calls: int = 2_000
    """Calls after which the process should be replaced: each leaves some memory behind (8 KB when it fails)."""
    max_rss: int | None = 1_500_000_000
    """Bytes of memory of the process after which it should be replaced."""

    @staticmethod
    def for_trunks(trunks: Iterable[SipSettings], **more: object) -> LineConfig:
        """A config for a process that calls over these trunks: strict as soon as one of them is."""
        secure = [trunk for trunk in trunks if trunk.transport is Transport.TLS]
        files = tuple(sorted({trunk.ca_file for trunk in secure if trunk.ca_file is not None}))
        verify = not secure or any(trunk.verify for trunk in secure)
        return replace(LineConfig(verify=verify, ca_files=files), **more)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class CallPlan:
    """One call to be made."""

    trunk_id: int
    settings: SipSettings
    number: str
    """E.164."""
    caller_id: str | None = None
    """E.164; the trunk's username if not given."""
    password: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Custom headers of this call, besides the trunk's."""
    ring_timeout: timedelta = timedelta(seconds=30)
    max_duration: timedelta = timedelta(minutes=10)
    """From the answer on."""


@dataclass(frozen=True, slots=True)
class Transferred:
    """What came of a transfer. The call is over when `accepted`, and goes on when not."""

    accepted: bool
    code: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Quality:
    """How the sound was. Counts are packets, times milliseconds."""

    sent: int
    received: int
    lost: int
    jitter_ms: float
    round_trip_ms: float
    starved_frames: int
    """20 ms frames of ours that came too late and were padded."""
    mos: float
    """An estimate of 1 to 5 by the E-model."""


class Call:
    """One call. Sound is 16-bit mono PCM at `rate`; a frame is 20 ms of it."""

    def __init__(self, line: Line, plan: CallPlan) -> None:
        """Made by `Line.dial`."""
        self.plan = plan
        self.call_id: str | None = None
        """SIP's Call-ID; None when no INVITE was sent."""
        self.began_at = line.clock.now()
        self.answered_at: datetime | None = None
        self.ringing = False
        self.pressed: asyncio.Queue[str] = asyncio.Queue()
        """Keys that the far end pressed."""
        self.quality: Quality | None = None
        """Known when the call has ended."""
        self.ladder: Sequence[Rung] = ()
        """SIP's messages so far."""
        self._line = line
        self._native: baresip.Call | None = None
        self._why: Why | None = None
        self._target: str | None = None
        self._answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._end: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        self._closing: asyncio.Task[None] | None = None
        self._watch: asyncio.Task[None] | None = None
        self._tail = b""
        self._taken = 0

    # What happens

    async def answered(self) -> bool:
        """Waits for the answer: True; or for the end that came before it: False."""
        return await asyncio.shield(self._answer)

    async def ended(self) -> Ended:
        """Waits for the end. Never raises for the call's own trouble."""
        return await asyncio.shield(self._end)

    @property
    def ending(self) -> Ended | None:
        """How it ended, if it has."""
        return self._end.result() if self._end.done() else None

    # Sound

    @property
    def rate(self) -> int:
        """Samples a second: 8,000 (PCMU, PCMA), 16,000 (G722) or 48,000 (Opus); 0 while there is no sound.

        With early media it is known before the answer.
        """
        info = self._probe()
        return int(info.rx_sample_rate or info.tx_sample_rate) if info is not None else 0

    def read(self) -> bytes:
        """The next 20 ms that were heard, or nothing when they have not come yet. Sound before the answer comes too.

        Reading later than a second makes the stack throw the oldest away.
        """
        native = self._native
        if native is None:
            return b""
        info = self._probe()
        if info is None or not info.rx_ready:
            return b""
        size = info.rx_sample_rate // 50 * 2 * info.rx_channels
        try:
            self._tail += native.audio.read(size - len(self._tail))
        except (AudioNotActive, AudioRestarted):
            self._tail = b""
            return b""
        if len(self._tail) < size:
            return b""
        frame, self._tail = self._tail, b""
        self._taken += size
        return to_mono(frame) if info.rx_channels == 2 else frame

    def write(self, pcm: bytes) -> int:
        """Queue sound to be said; the bytes that were taken (the queue holds about 2 s at 8,000 Hz)."""
        info = self._probe()
        if info is None or not info.tx_ready or self._native is None:
            return 0
        with contextlib.suppress(AudioNotActive, AudioRestarted):
            if info.tx_channels == 2:
                return int(self._native.audio.write(to_stereo(pcm))) // 2
            return int(self._native.audio.write(pcm))
        return 0

    def flush(self) -> None:
        """Forget what was queued and not yet said: the callee barged in."""
        if self._native is not None:
            with contextlib.suppress(AudioNotActive, AudioRestarted):
                self._native.audio.flush_tx()

    @property
    def unsaid(self) -> float:
        """Seconds of sound that are queued."""
        info = self._probe()
        if info is None or not info.tx_sample_rate:
            return 0.0
        return float(info.tx_buffered / (2 * info.tx_channels * info.tx_sample_rate))

    def _probe(self) -> baresip.AudioInfo | None:
        if self._native is None or self._end.done():
            return None
        with contextlib.suppress(AudioNotActive):
            return self._native.audio.info()
        return None

    # What we do

    async def send_dtmf(self, keys: str) -> bool:
        """Press keys (`0-9 * # A-D`), 100 ms each; False when the call is over. Raises ValueError for others."""
        if self._native is None or self.answered_at is None or self._end.done():
            return False
        try:
            await self._native.send_dtmf(keys)
        except BaresipError as error:
            self._line.heard(error)
            return False
        return True

    async def transfer(self, target: str, *, timeout: float = 30.0) -> Transferred:
        """Ask the far end to call `target` instead of us (REFER, RFC 3515), and wait for what it reports."""
        if self._native is None or self.answered_at is None or self._end.done():
            return Transferred(False, None, "the call is not up")
        uri = target if target.startswith(("sip:", "sips:", "tel:")) else self.plan.settings.uri(target)
        self._target = uri
        try:
            await self._native.transfer(uri, timeout=timeout)
        except baresip.TransferFailed as failed:
            self._target = None
            return Transferred(False, failed.status, failed.reason or str(failed))
        except (BaresipError, ValueError) as error:
            self._target = None
            self._line.heard(error)
            return Transferred(False, None, str(error))
        return Transferred(True, 200, "")

    async def hang_up(self, why: Why = Why.HUNG_UP) -> None:
        """End it: CANCEL before the answer, BYE after it. Returns when it was asked for; `ended` tells."""
        if self._why is not None or self._end.done():
            return
        self._why = why
        await self._line.turn_to_hang_up()
        native = self._native
        if native is None or self._end.done() or self._closing is not None:
            return
        if self.answered_at is not None and why in _NOT_ANSWERED:
            self._why = None  # somebody answered while this waited for its turn
            return
        if self.answered_at is None and not heard_back(self.ladder):
            # Nothing can be cancelled before a first response (RFC 3261, 9.1), and the stack would forget the call
            # and leave a late answer alone with silence: it is kept until it can be hung up.
            self._line.give_up(self)
            self._close("")
            return
        try:
            await native.hangup()
        except baresip.StaleHandleError:
            pass
        except BaresipError as error:
            self._line.heard(error)
        # Its events may be lost with a command that timed out; a call must not stay open for that.
        await asyncio.wait({self._end}, timeout=5.0)
        self._close("")

    # What the stack says

    def _adopt(self, native: baresip.Call, early: Sequence[baresip.StackEvent]) -> None:
        self._native = native
        native.on_dtmf(lambda event: self.pressed.put_nowait(event.digit))
        for event in early:
            self._on_event(event)
            # It was not yet listening itself, and a transfer asks for its state.
            native._on_stack_event(event)
        if self._closing is None:
            self._watch = asyncio.create_task(self._watch_over())

    def _on_event(self, event: baresip.StackEvent) -> None:
        if self.call_id is None and event.call_id:
            self.call_id = event.call_id
            self.ladder = self._line.ladder(event.call_id)
        if event.event is baresip.Event.CALL_RINGING:
            self.ringing = True
        elif event.event is baresip.Event.CALL_ESTABLISHED:
            self.answered_at = self._line.clock.now()
            if not self._answer.done():
                self._answer.set_result(True)
        elif event.event is baresip.Event.CALL_CLOSED:
            self._close(event.text or "")

    async def _watch_over(self) -> None:
        """The times that a call has: for a first response, for the answer, for sound, in all."""
        settings, started = self.plan.settings, time.monotonic()
        ring = self.plan.ring_timeout.total_seconds()
        while not self._answer.done():
            heard, waited = heard_back(self.ladder), time.monotonic() - started
            limit = ring if heard else min(ring, settings.response_timeout)
            if waited >= limit:
                await self.hang_up(Why.RING_TIMEOUT if heard else Why.NO_RESPONSE)
                break
            await asyncio.wait({self._answer}, timeout=limit - waited)
        if self.answered_at is None or self._why is not None:
            return
        up = sound_at = time.monotonic()
        amount = -1
        longest = self.plan.max_duration.total_seconds()
        while not self._end.done():
            now = time.monotonic()
            if now - up >= longest:
                return await self.hang_up(Why.MAX_DURATION)
            amount_now = self._amount_heard()
            if amount_now != amount or (self._native is not None and self._native.remote_on_hold):
                amount, sound_at = amount_now, now
            if settings.rtp_timeout and now - sound_at >= settings.rtp_timeout:
                return await self.hang_up(Why.RTP_TIMEOUT)
            pause = min(0.5, settings.rtp_timeout / 4 or 0.5, max(0.01, longest - (now - up)))
            await asyncio.wait({self._end}, timeout=pause)

    def _amount_heard(self) -> int:
        """Grows while sound comes in, whether or not anybody reads it."""
        if self._native is None:
            return 0
        with contextlib.suppress(AudioNotActive):
            stats = self._native.audio.stats()
            return self._taken + int(stats.rx_buffered + stats.rx_dropped_bytes + stats.rx_discarded_bytes)
        return 0

    def _close(self, text: str, why: Why | None = None) -> None:
        if self._closing is None and not self._end.done():
            if why is not None:
                self._why = why
            self._closing = asyncio.create_task(self._finish(text))

    async def _finish(self, text: str) -> None:
        # The trace comes from another thread, a little later; after our CANCEL the final response is on its way.
        code = read_close_text(text).code
        for _ in range(TRACE_PATIENCE):
            await asyncio.sleep(0.01)
            if self._told_all(code):
                break
        self.quality = self._quality()
        ended = self._how_it_ended(text)
        self._line.forget(self)
        self._end.set_result(ended)
        if not self._answer.done():
            self._answer.set_result(False)

    def _told_all(self, code: int | None) -> bool:
        """Whether the ladder holds the message that ended the call, if one did."""
        if self._why is Why.LINE_DEAD:
            return True
        if not heard_back(self.ladder) and code is None:
            by_tls = self.plan.settings.transport is Transport.TLS
            return self._why is not None or not by_tls or self._line.certificate_trouble(self.plan) is not None
        if self.answered_at is None:
            return final_response(self.ladder) is not None and self.ladder[-1].method == "ACK"
        return self._why is not None or their_bye(self.ladder) is not None

    def _how_it_ended(self, text: str) -> Ended:
        now, said = self._line.clock.now(), read_close_text(text)
        final, bye = final_response(self.ladder), their_bye(self.ladder)
        code = 200 if self.answered_at is not None else said.code or (final.code if final is not None else None)
        last = bye if self.answered_at is not None else final
        q850 = said.q850 if said.q850 is not None else (last.q850 if last is not None else None)
        return Ended(
            self._why_ended(text, code, bye),
            now,
            code=code,
            reason=self._trouble(said.reason) if code is None else said.reason,
            q850=q850,
            retry_after=final.retry_after if final is not None and self.answered_at is None else None,
            answered_at=self.answered_at,
            target=self._target if text == TRANSFERRED else None,
        )

    def _trouble(self, said: str) -> str:
        """An error in words that help: the stack says "cannot assign address" of a name that is not found."""
        unresolved = said.endswith(_NO_ADDRESS) and not self.plan.settings.by_address
        words = f"the name {self.plan.settings.host} is not found" if unresolved else said
        return self._line.certificate_trouble(self.plan) or words

    def _why_ended(self, text: str, code: int | None, bye: Rung | None) -> Why:
        if text == TRANSFERRED:
            return Why.TRANSFERRED
        if self.answered_at is None and read_close_text(text).code is not None:
            return Why.FAR_END
        if self._why is not None and (bye is None or self._why is Why.LINE_DEAD):
            return self._why
        if self.answered_at is not None:
            return Why.FAR_END if bye is not None or read_close_text(text).code is not None else Why.TRANSPORT
        if code is not None:
            return Why.FAR_END
        if self._line.certificate_trouble(self.plan) is not None:
            return Why.CERTIFICATE
        return (
            Why.NO_RESPONSE if "timed out" in text and self.plan.settings.transport is Transport.UDP else Why.TRANSPORT
        )

    def _quality(self) -> Quality | None:
        stats = self._native.final_stats if self._native is not None else None
        if stats is None or self.answered_at is None:
            return None
        return Quality(
            sent=stats.tx_packets,
            received=stats.rx_packets,
            lost=stats.rx_lost,
            jitter_ms=stats.rx_jitter_ms,
            round_trip_ms=stats.rtt_ms,
            starved_frames=stats.audio_tx_starved_frames,
            mos=stats.mos_estimate,
        )

    def _never_dialled(self, why: Why, reason: str, code: int | None = None) -> None:
        self._end.set_result(Ended(why, self._line.clock.now(), code=code, reason=reason))
        self._answer.set_result(False)


_NO_ADDRESS = ("[89]", "[99]")
"""EDESTADDRREQ and EADDRNOTAVAIL."""
_NOT_ANSWERED = frozenset({Why.RING_TIMEOUT, Why.NO_RESPONSE})
TRANSFERRED = "Call transfered"
"""The stack's words, its spelling."""


class Line:
    """The user agent of this process. Open it once; when it is `worn_out`, let the process go."""

    def __init__(self, clock: Clock, config: LineConfig | None = None) -> None:
        """Not yet open."""
        self.clock = clock
        self.config = config or LineConfig()
        self.dialled = 0
        self._runtime = baresip.Runtime()
        self._agents: dict[tuple[object, ...], asyncio.Task[baresip.UserAgent]] = {}
        self._registered: dict[tuple[object, ...], tuple[float, asyncio.Task[RegistrationError | None]]] = {}
        self._calls: dict[int, Call] = {}
        self._given_up: dict[int, tuple[baresip.Call, str | None]] = {}
        self._loop = asyncio.get_running_loop()
        self._early: dict[int, list[baresip.StackEvent]] = {}
        self._dialling = 0
        self._ladders: dict[str, list[Rung]] = {}
        self._next_hang_up = 0.0
        self._dead: str | None = None
        self._draining = False
        self._folder = tempfile.TemporaryDirectory(prefix="clarion-line-")
        self._trace = _Trace(self)
        self._tasks: set[asyncio.Task[object]] = set()
        self._tls_trouble: tuple[float, str] | None = None

    @staticmethod
    async def open(clock: Clock, config: LineConfig | None = None) -> Line:
        """A line that can dial. Raises OSError when the stack does not start."""
        line = Line(clock, config)
        line._trace.listen()
        try:
            await line._runtime.start(line._stack_config())
        except BaresipError as error:
            line._trace.leave()
            line._folder.cleanup()
            raise OSError(str(error)) from error
        line._runtime.on_dead = line._die
        line._runtime.subscribe(line._on_event)
        return line

    def _stack_config(self) -> baresip.Config:
        more = ["opus_stereo no", "opus_sprop_stereo no", "dns_getaddrinfo yes"]
        bundle = Path(self._folder.name) / "authorities.pem"
        bundle.write_bytes(b"\n".join(Path(name).read_bytes() for name in self._authorities()))
        more += [f"sip_cafile {bundle}", f"sip_verify_server {'yes' if self.config.verify else 'no'}"]
        more += ["audio_jitter_buffer_type adaptive", "audio_jitter_buffer_ms {}-{}".format(*self.config.jitter_ms)]
        if self.config.rtp_ports is not None:
            more.append("rtp_ports {}-{}".format(*self.config.rtp_ports))
        return baresip.Config(
            net_interface=self.config.interface,
            max_concurrent_calls=None,
            sip_trace=True,
            extra_config_text="\n".join(more),
        )

    def _authorities(self) -> list[str]:
        system = ssl.get_default_verify_paths().cafile
        known = [system] if system is not None and os.path.isfile(system) else []
        return known + [name for name in self.config.ca_files if os.path.isfile(name)]

    # Its state

    @property
    def calls(self) -> int:
        """Calls that have not ended."""
        return len(self._calls)

    @property
    def dead(self) -> str | None:
        """Why nothing can be dialled any more, in this process."""
        return self._dead

    @property
    def worn_out(self) -> str | None:
        """Why this process should be drained and replaced; None while it is good."""
        if self._dead is not None:
            return self._dead
        if len(self._agents) + len(self._calls) >= HANDLES:
            return f"{len(self._agents)} user agents"
        if self.dialled >= self.config.max_calls:
            return f"{self.dialled} calls"
        used = psutil.Process().memory_info().rss
        if self.config.max_rss is not None and used >= self.config.max_rss:
            return f"{used // 1_000_000} MB of memory"
        return None

    # Calling

    async def dial(self, plan: CallPlan) -> Call:
        """Place a call. Never raises for the call's own trouble: it has ended then."""
        call = Call(self, plan)
        refusal = self._refusal(plan)
        if refusal is not None:
            call._never_dialled(Why.NOT_DIALLED, refusal)
            return call
        self.dialled += 1
        self._dialling += 1
        try:
            await self._place(call)
        except baresip.NoLocalAddressError:
            call._never_dialled(Why.TRANSPORT, f"there is no way to {plan.settings.host} from this machine")
        except (BaresipError, ValueError, OSError) as error:
            self.heard(error)
            if not call._end.done():
                unasked = not isinstance(error, baresip.errors.CommandTimeout)
                call._never_dialled(Why.NOT_DIALLED if unasked else Why.LINE_DEAD, str(error))
        finally:
            self._dialling -= 1
            if not self._dialling:
                self._hang_up_orphans()
        return call

    def _refusal(self, plan: CallPlan) -> str | None:
        if self._dead is not None:
            return f"the SIP stack is dead: {self._dead}"
        if self._draining:
            return "this process takes no new calls"
        settings = plan.settings
        if settings.transport is Transport.TLS:
            if settings.verify and not self.config.verify:
                return "this process does not check certificates, and the trunk asks for it"
            if settings.verify and settings.by_address:
                return "a certificate can only be checked against a host's name"
            if settings.ca_file is not None and settings.ca_file not in self.config.ca_files:
                return "this process was started without the trunk's ca_file"
        return None

    async def _place(self, call: Call) -> None:
        plan = call.plan
        failed = await self._register(plan)
        if failed is not None:
            why = Why.FAR_END if failed.status is not None else Why.NO_RESPONSE
            call._never_dialled(why, f"REGISTER: {failed.reason or failed}", failed.status)
            return
        agent = await self._agent(plan)
        headers = {**plan.settings.headers, **plan.headers, **_identity(plan)}
        native = await agent.dial(plan.settings.uri(plan.number), headers)
        self._calls[native.handle] = call
        call._adopt(native, self._early.pop(native.handle, []))

    async def _agent(self, plan: CallPlan) -> baresip.UserAgent:
        account = _account(plan, _from_user(plan))
        key = (plan.trunk_id, account.aor())
        task = self._agents.get(key)
        if task is None:
            task = asyncio.create_task(self._make_agent(account))
            self._agents[key] = task
        try:
            return await asyncio.shield(task)
        except BaresipError:
            self._agents.pop(key, None)
            raise

    async def _make_agent(self, account: baresip.Account) -> baresip.UserAgent:
        agent = await baresip.UserAgent.create(self._runtime, account, transfer_policy="reject")
        agent.on_incoming(lambda native: self._spawn(self._turn_away(native)))
        return agent

    async def _turn_away(self, native: baresip.Call) -> None:
        """End a call that is none of ours: nobody is expected to call here, but scanners do."""
        with contextlib.suppress(BaresipError):
            await native.hangup()

    async def _register(self, plan: CallPlan) -> RegistrationError | None:
        settings = plan.settings
        if not settings.register:
            return None
        account = _account(plan, settings.username or "", interval=settings.register_every)
        key = (plan.trunk_id, account.aor())
        known = self._registered.get(key)
        refused = known is not None and known[1].done() and known[1].result() is not None
        if known is None or (refused and time.monotonic() - known[0] > REGISTER_AGAIN_AFTER):
            known = (
                time.monotonic(),
                asyncio.create_task(self._register_once(key, account, settings.response_timeout)),
            )
            self._registered[key] = known
        return await asyncio.shield(known[1])

    async def _register_once(
        self, key: tuple[object, ...], account: baresip.Account, wait: float
    ) -> RegistrationError | None:
        if key not in self._agents:
            self._agents[key] = asyncio.create_task(self._make_agent(account))
        agent = await self._agents[key]
        try:
            await agent.register(timeout=wait)
        except RegistrationError as error:
            return error
        return None

    async def turn_to_hang_up(self) -> None:
        """Waits until this hang-up may go out."""
        now = time.monotonic()
        at = max(now, self._next_hang_up)
        self._next_hang_up = at + HANG_UP_GAP
        if at > now:
            await asyncio.sleep(at - now)

    # The end

    async def drain(self) -> None:
        """Take no new calls, and wait until those that run have ended.

        A call that got no response may still come to life: that is over after 32 s (RFC 3261, timer B).
        """
        self._draining = True
        while self._calls:
            await asyncio.wait({call._end for call in self._calls.values()})
            await asyncio.sleep(0.01)
        for _ in range(330):
            if not self._given_up or self._dead is not None:
                break
            await asyncio.sleep(0.1)

    async def close(self) -> None:
        """Hang up what still runs, one after the other, and stop the stack."""
        self._draining = True
        running = list(self._calls.values())
        await asyncio.gather(*(call.hang_up() for call in running))
        await asyncio.gather(*(call.ended() for call in running))
        try:
            await self._runtime.close()
        except BaresipError as error:
            self.heard(error)
        finally:
            self._trace.leave()
            self._folder.cleanup()

    def heard(self, error: Exception) -> None:
        """An error of the stack; the one that means its end is acted on."""
        if isinstance(error, RuntimeDead):
            self._die(str(error))
        else:
            log.warning("SIP stack: %s", error)

    def _die(self, reason: str = "the SIP thread ended") -> None:
        if self._dead is None:
            self._dead = reason
            for call in list(self._calls.values()):
                call._close(reason, Why.LINE_DEAD)

    # Between the stack and the calls

    def _on_event(self, event: baresip.StackEvent) -> None:
        if not event.call:
            return
        call = self._calls.get(event.call)
        if call is not None:
            call._on_event(event)
            return
        if event.call in self._given_up:
            if event.event is baresip.Event.CALL_CLOSED:
                self._given_up.pop(event.call)
            elif event.event in _HEARD_BACK:
                self._end_given_up(event.call)
            return
        self._early.setdefault(event.call, []).append(event)
        if not self._dialling:
            self._hang_up_orphans()

    def _hang_up_orphans(self) -> None:
        """Calls of ours that nobody waits for any more (a command timed out): they must not ring on."""
        for handle, events in self._early.items():
            kinds = {event.event for event in events}
            if baresip.Event.CALL_CLOSED in kinds or not kinds & _GOES_OUT:
                continue
            state = baresip.CallState.OUTGOING
            orphan = baresip.Call(self._runtime, handle=handle, ua_handle=events[0].ua, state=state)
            log.warning("SIP stack: hanging up a call that nobody waits for")
            self._given_up[handle] = (orphan, events[0].call_id)
            if kinds & _HEARD_BACK:
                self._end_given_up(handle)
        self._early.clear()

    def give_up(self, call: Call) -> None:
        """Hang a call up as soon as anything comes back for it; it has ended for everybody else."""
        if call._native is not None:
            self._given_up[call._native.handle] = (call._native, call.call_id)
            self._calls.pop(call._native.handle, None)

    def _end_given_up(self, handle: int) -> None:
        kept = self._given_up.get(handle)
        if kept is not None:
            self._spawn(self._turn_away(kept[0]))

    def ladder(self, call_id: str) -> list[Rung]:
        """The list that a call's rungs go to."""
        return self._ladders.setdefault(call_id, [])

    def climb(self, rung: Rung) -> None:
        """A message went by. Called by the stack's log thread."""
        if not rung.sent and rung.method == "INVITE" and rung.code is not None:
            for handle, (_, call_id) in list(self._given_up.items()):
                if call_id == rung.call_id:
                    self._loop.call_soon_threadsafe(self._end_given_up, handle)
        steps = self._ladders.get(rung.call_id)
        if steps is None:
            if not (rung.sent and rung.method == "INVITE" and rung.code is None):
                return
            steps = self._ladders.setdefault(rung.call_id, [])
        if len(steps) < MAX_RUNGS:
            steps.append(rung)

    def forget(self, call: Call) -> None:
        """A call has ended."""
        self._ladders.pop(call.call_id or "", None)
        if call._native is not None and self._calls.get(call._native.handle) is call:
            self._calls.pop(call._native.handle)

    def said(self, text: str) -> None:
        """A line of the stack's log. Called by its log thread."""
        found = _VERIFY_ERROR.search(text)
        if found is not None:
            self._tls_trouble = (time.monotonic(), f"certificate refused: {found[1]}")

    def certificate_trouble(self, plan: CallPlan) -> str | None:
        """What was wrong with a certificate a moment ago; the stack does not say of which call."""
        if plan.settings.transport is not Transport.TLS or self._tls_trouble is None:
            return None
        at, text = self._tls_trouble
        return text if time.monotonic() - at < 5.0 else None

    def _spawn(self, work: object) -> None:
        task: asyncio.Task[object] = asyncio.ensure_future(work)  # type: ignore[call-overload]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


_GOES_OUT = {
    baresip.Event.CALL_OUTGOING,
    baresip.Event.CALL_RINGING,
    baresip.Event.CALL_PROGRESS,
    baresip.Event.CALL_ESTABLISHED,
}
_HEARD_BACK = _GOES_OUT - {baresip.Event.CALL_OUTGOING}
_VERIFY_ERROR = re.compile(r"tls_verify_handler: error_string = (.+?)\s*$")


class _Trace(logging.Handler):
    """Reads the stack's log: every SIP message, and what it says of certificates."""

    def __init__(self, line: Line) -> None:
        super().__init__(logging.DEBUG)
        self._line = line
        self._sip = logging.getLogger("baresip.native.sip")
        self._native = logging.getLogger("baresip.native")
        self._before = (self._sip.level, self._sip.propagate)

    def listen(self) -> None:
        """From now on. Messages are kept from the program's log: they hold people's numbers."""
        self._sip.addHandler(self)
        self._sip.setLevel(logging.DEBUG)
        self._sip.propagate = False
        self._native.addHandler(self)

    def leave(self) -> None:
        """As it was before."""
        self._sip.removeHandler(self)
        self._native.removeHandler(self)
        self._sip.level, self._sip.propagate = self._before

    def emit(self, record: logging.LogRecord) -> None:
        """One record, on the stack's log thread."""
        text = record.getMessage()
        if record.name != self._sip.name:
            self._line.said(text)
            return
        rung = read_trace(text, time.monotonic())
        if rung is not None:
            self._line.climb(rung)


def _from_user(plan: CallPlan) -> str:
    settings = plan.settings
    if settings.identity is Identity.FROM and plan.caller_id:
        return plan.caller_id
    return settings.username or plan.caller_id or "anonymous"


def _identity(plan: CallPlan) -> dict[str, str]:
    settings = plan.settings
    if plan.caller_id is None or settings.identity is Identity.FROM:
        return {}
    domain = settings.from_domain or settings.host
    if settings.identity is Identity.ASSERTED:
        return {"P-Asserted-Identity": f"<sip:{plan.caller_id}@{domain}>"}
    return {"Remote-Party-ID": f"<sip:{plan.caller_id}@{domain}>;party=calling;screen=yes;privacy=off"}


def _account(plan: CallPlan, user: str, interval: int = 0) -> baresip.Account:
    settings = plan.settings
    more = [f"mediaenc={STACK_SRTP[settings.srtp]}"] if settings.srtp in STACK_SRTP else []
    return baresip.Account(
        user=user,
        domain=settings.from_domain or settings.authority,
        password=plan.password or "",
        registrar=settings.proxy_uri or (settings.host_uri if interval else None),
        reg_interval=interval,
        transport=settings.transport.value,
        audio_codecs=tuple(STACK_CODECS[codec] for codec in settings.codecs),
        dtmf_mode=STACK_DTMF[settings.dtmf],  # type: ignore[arg-type]
        auth_user=settings.digest_name,
        extra_params=tuple(more),
    )


def to_mono(stereo: bytes) -> bytes:
    """The mean of both channels."""
    both = array("h", stereo)
    return array("h", [(left + right) >> 1 for left, right in zip(both[::2], both[1::2], strict=True)]).tobytes()


def to_stereo(mono: bytes) -> bytes:
    """The same on both channels."""
    one = array("h", mono)
    both = array("h", bytes(len(mono) * 2))
    both[::2] = one
    both[1::2] = one
    return both.tobytes()
