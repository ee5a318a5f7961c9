"""Kamailio as a carrier's edge: it asks for a password and hands the call on to a far end. UDP, TCP and TLS."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from far_end import HOST, free_port, need

CONFIG = """
debug=1
log_stderror=yes
fork=yes
children=1
tcp_children=1
auto_aliases=no
enable_tls=yes
listen=udp:127.0.0.1:{udp}
listen=tcp:127.0.0.1:{udp}
listen=tls:127.0.0.1:{tls}
{modules}
modparam("rr", "enable_full_lr", 1)
modparam("tls", "config", "{folder}/tls.cfg")
modparam("auth", "nonce_expire", 60)

request_route {{
    if (has_totag()) {{
        if (loose_route()) {{ t_relay(); exit; }}
        if (is_method("ACK") && t_check_trans()) {{ t_relay(); exit; }}
        sl_send_reply("481", "No such call"); exit;
    }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) {{ t_relay(); }} exit; }}
    if (is_method("REGISTER")) {{
        if (!pv_www_authenticate("$fd", "{password}", "0")) {{ www_challenge("$fd", "1"); exit; }}
        append_to_reply("Contact: <$ct>;expires=600\\r\\n");
        sl_send_reply("200", "OK"); exit;
    }}
    if (!pv_proxy_authenticate("$fd", "{password}", "0")) {{ proxy_challenge("$fd", "1"); exit; }}
    if ($au != "{user}") {{ sl_send_reply("403", "Not yours"); exit; }}
    consume_credentials();
    record_route();
    $du = "sip:127.0.0.1:{behind}";
    t_relay();
}}
"""
TLS = """
[server:default]
method = TLSv1.2+
verify_certificate = no
certificate = {certificate}
private_key = {key}
"""
MODULES = ("tls", "tm", "tmx", "sl", "rr", "pv", "siputils", "textops", "auth")


class Edge:
    """A Kamailio of its own. `udp` is its port for UDP and TCP, `tls` that for TLS."""

    def __init__(self, folder: Path, behind: int, user: str, password: str, paper: tuple[Path, Path]) -> None:
        self.udp, self.tls = free_port(), free_port()
        modules = "\n".join(f'loadmodule "{name}.so"' for name in MODULES)
        facts = {"udp": self.udp, "tls": self.tls, "modules": modules, "folder": folder, "behind": behind}
        self._config = folder / "kamailio.cfg"
        self._config.write_text(CONFIG.format(**facts, user=user, password=password))
        (folder / "tls.cfg").write_text(TLS.format(certificate=paper[0], key=paper[1]))
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run it, and wait until it listens."""
        kamailio = need("kamailio")
        run = self._folder / "run"
        run.mkdir()
        command = [kamailio, "-f", str(self._config), "-DD", "-E", "-m", "32", "-M", "4", "-Y", str(run)]
        log = (self._folder / "kamailio.log").open("wb")
        self._process = subprocess.Popen(
            [*command, "-w", str(run)], stdout=log, stderr=log, cwd=run, start_new_session=True
        )
        log.close()
        end = time.monotonic() + 8
        while time.monotonic() < end and self._process.poll() is None:
            try:
                socket.create_connection((HOST, self.tls), timeout=0.2).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise RuntimeError(f"Kamailio does not listen: {self.log()[-2000:]}")

    def log(self) -> str:
        """What it had to say."""
        return (self._folder / "kamailio.log").read_text(errors="replace")

    def stop(self) -> None:
        """End it and its children."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # a child that outlived it
            self._process.wait()
            shutil.rmtree(self._folder / "run", ignore_errors=True)
