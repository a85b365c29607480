"""The verifier's front door: any source, and whom one trusts, in; a report out."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from ...signing.jws import verify_signatures
from ..errors import TraceError
from ..rules.ruleset import load_rules
from .audit import Audit, Progress, audit_log, audit_part
from .findings import Finding, Findings
from .open_source import open_source
from .part_source import BatteryFiles, ReceiptFile
from .pins import Pins
from .report import Report, Seen
from .trust import Trust


def verify_source(
    source: str | Path,
    *,
    trust: Trust | None,
    checkpoints: Sequence[bytes] = (),
    pins: Pins | None = None,
    progress: Progress | None = None,
    may_connect: bool = False,
    threads: int = 2,
) -> Report:
    """Verify a bundle, a receipt, a ledger's database or a node.

    Whatever the source holds becomes a finding: nothing that somebody else wrote makes this raise.

    Args:
        source: A folder, a zip, a file, or a URL.
        trust: The log that is meant. Without it nothing is more than consistent with itself.
        checkpoints: Signed checkpoints of the log that came another way.
        pins: What was verified before.
        progress: Called with the entries done and the entries in all.
        may_connect: The source may be a home of one's own, whose database is on the server that it names.
        threads: How many check signatures at a time. More take less time and more of the processors.
    """
    try:
        with open_source(source, may_connect=may_connect) as evidence, ThreadPoolExecutor(threads) as pool:
            audit = Audit(
                evidence,
                rules=load_rules(),
                trust=trust,
                checkpoints=checkpoints,
                pins=pins,
                progress=progress,
                check=partial(verify_signatures, pool=pool, threads=threads),
            )
            if isinstance(evidence, BatteryFiles | ReceiptFile):
                return audit_part(audit, evidence)
            return audit_log(audit, evidence)
    except TraceError as error:
        return _unopened(str(source), trust, error)


def _unopened(name: str, trust: Trust | None, error: TraceError) -> Report:
    findings = Findings()
    findings.add(Finding.from_error(error))
    return Report(name, "none", trust, "", 0, b"", Seen(), 0, (), findings)
