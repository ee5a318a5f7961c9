"""Somebody who answers, in a process of their own, and says back what is heard: a second user agent for SRTP.

Run as `python sip_person.py PORT MEDIA_ENCRYPTION`; it prints "ready", and after each call the packets that came.
MEDIA_ENCRYPTION is baresip's word: `none`, `srtp`, `srtp-mand`.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

import baresip

HOST = "127.0.0.1"


async def serve(port: int, encryption: str) -> None:
    """Until the process is ended."""
    runtime = baresip.Runtime()
    listen = f"sip_listen {HOST}:{port}\n"
    await runtime.start(baresip.Config(net_interface=HOST, max_concurrent_calls=None, extra_config_text=listen))
    more = () if encryption == "none" else (f"mediaenc={encryption}",)
    account = baresip.Account("far", f"{HOST}:{port}", "", reg_interval=0, extra_params=more)
    agent = await baresip.UserAgent.create(runtime, account)
    tasks: set[asyncio.Task[None]] = set()

    async def talk(call: baresip.Call) -> None:
        with contextlib.suppress(baresip.BaresipError):
            await call.answer()
        while call.state is not baresip.CallState.CLOSED:
            await asyncio.sleep(0.02)
            with contextlib.suppress(baresip.BaresipError):
                call.audio.write(call.audio.read(640))
        print(call.final_stats.rx_packets if call.final_stats is not None else 0, flush=True)

    def ring(call: baresip.Call) -> None:
        tasks.add(asyncio.create_task(talk(call)))

    agent.on_incoming(ring)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))
