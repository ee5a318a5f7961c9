"""What a run found: a table for people, and on failure a folder with everything that was looked at."""

from __future__ import annotations

import shutil
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from clarion.boot.torture.plan import Deed
from clarion.boot.torture.run import Leg

SHOWN = 5
"""Offending rows per check on the terminal; the folder has them all."""


def show_leg(out: Console, leg: Leg) -> None:
    """The checks of one leg, with how much each looked at."""
    table = Table("check", "looked at", "", title=_title(leg), title_justify="left")
    for finding in leg.findings:
        verdict = "[green]holds[/]" if finding.holds else f"[red]{len(finding.wrong) or 'nothing to look at'}[/]"
        table.add_row(finding.name, f"{finding.looked_at:,}", verdict)
    out.print(table)
    for finding in leg.findings:
        if not finding.holds:
            out.print(f"[red]{finding.name}[/]", highlight=False)
            for line in finding.wrong[:SHOWN]:
                out.print(f"  {line}", highlight=False, soft_wrap=True, markup=False)
            if len(finding.wrong) > SHOWN:
                out.print(f"  … and {len(finding.wrong) - SHOWN} more", highlight=False)


def _title(leg: Leg) -> str:
    done = ", ".join(f"{leg.diary.done[deed]} × {deed}" for deed in Deed if leg.diary.done[deed])
    ledger = leg.evidence.ledger
    return (
        f"{leg.plan.engine}: {len(ledger.contacts):,} contacts, {len(ledger.attempts):,} attempts, "
        f"{len(leg.evidence.asks):,} asks of the carrier in {leg.seconds:.0f} s\n{done}; "
        f"{leg.repeated} requests sent again, {len(leg.diary.exits)} processes ended by themselves"
    )


def keep_evidence(out: Console, leg: Leg, folder: Path, keep: Path | None) -> None:
    """Delete the run's folder, unless something is wrong or it was asked for."""
    if leg.balances and keep is None:
        shutil.rmtree(folder, ignore_errors=True)
        return
    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
    evidence = {
        "plan": leg.plan,
        "diary": leg.diary,
        "ledger": leg.evidence.ledger,
        "asks": leg.evidence.asks,
        "voids": sorted(leg.evidence.voids),
    }
    (folder / "evidence.json").write_bytes(orjson.dumps(evidence, option=options))
    (folder / "findings.json").write_bytes(orjson.dumps(leg.findings, option=options))
    if keep is not None:
        kept = keep / folder.name
        keep.mkdir(parents=True, exist_ok=True)
        shutil.move(folder, kept)
        folder = kept
    out.print(f"Logs, the carrier's log and everything that was judged: {folder}", highlight=False, soft_wrap=True)
