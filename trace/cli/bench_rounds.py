"""The measuring of `packtrace bench`: rounds in which everything is done once, beside the yardstick.

The yardstick, Y1, is one verification of an Ed25519 signature over the events' own bytes by `cryptography`.
It is taken before and after each measurement, so that the ratio of the two survives a slow or a busy machine.
Times are of the processor, not of the clock, and of one thread: rates are those of a core. All is signed, and
every key made, before anything is timed.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ...signing.jws import EVENT, Jws, parse_jws
from ...signing.keys import PublicKey
from ...signing.log_key import generate_log_keys
from ...signing.merkle import check_inclusion, leaf_hash, prove_inclusion
from ...signing.note import parse_note
from ...signing.policy import NONE, Policy
from ...signing.tiles import TileReader
from ...signing.tree_head import parse_checkpoint_text
from ..bundle.write import write_bundle
from ..ledger.bundle_source import LedgerSource
from ..ledger.door import Submission
from ..ledger.home import Home
from ..ledger.ledger import Ledger, system_clock
from ..rules.ruleset import load_rules
from ..verify.audit import Audit, audit_log
from ..verify.findings import Outcome
from ..verify.log_source import LogFiles
from ..verify.open_source import open_source
from ..verify.trust import Trust, format_trust
from ..verify.verify_source import verify_source
from .bench_story import ORIGIN, Story

APPENDED_AT_ONCE: Final = 1_000  # events
_Y1_SAMPLE: Final = 500  # signatures, each time that the yardstick is taken
_PROOFS: Final = 1_000
# A process counts what its parent had at the fork as its own: so the parent is one that has nothing.
_WATCH: Final = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


class MeasurementError(Exception):
    """Something that is timed did not do what it is timed for."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one of something costs: microseconds of the processor, and as a share of Y1 beside it."""

    us: float
    y1: float

    @property
    def share(self) -> float:
        return self.us / self.y1


@dataclass(frozen=True, slots=True)
class Round:
    """One round. A cost is of one event, or of one proof."""

    ingest: Cost  # durable, a thousand events an append
    audit: Cost  # everything checked
    unsigned: Cost  # everything checked but the signatures of events
    proof_made: Cost
    proof_checked: Cost
    database_bytes: float  # an event
    bundle_bytes: float
    zip_bytes: float


class Bench:
    """Events that are signed once, and logs that are made of them."""

    def __init__(self, events: int) -> None:
        """Sign at least that many events."""
        now = datetime.now(UTC).replace(microsecond=0)
        self.rules = load_rules()
        self.log_key = generate_log_keys(ORIGIN)
        story = Story(self.rules, self.log_key, now - timedelta(seconds=events + 1_000))
        self._opened = story.open_log()
        self._enrolled = list(story.enrol())
        self._appends = _appends(story.packs(events))
        texts = [text.partition("~")[0] for append in self._appends for one in append for text in one.events]
        self.events = len(texts)
        self.entries = 1 + sum(len(one.events) for one in self._enrolled) + self.events
        sample = [parse_jws(text, typ=EVENT) for text in texts[:: max(1, len(texts) // _Y1_SAMPLE)]]
        self._yardstick = _yardstick(sample, story.public_keys)
        self.payload_bytes = sum(len(jws.payload) for jws in sample) / len(sample)
        kid = story.registrar.public.kid
        self.trust = Trust(ORIGIN, frozenset({kid}), 1, Policy(NONE, self.log_key.vkeys))
        del sample, texts
        gc.collect()
        gc.freeze()  # what is ready here is not what the collector would find in a ledger or a verifier

    def round(self, folder: Path) -> Round:
        """Record everything in a new log in this folder, bundle it, and audit the bundle."""
        bundle, packed = folder / "bundle", folder / "bundle.zip"
        with self._begin(folder) as ledger:
            ingest = self._cost(lambda: self._record(ledger), self.events)
            self._export(ledger, bundle)
            self._export(ledger, packed)
            made, checked = self._proofs(ledger)
        return Round(
            ingest=ingest,
            audit=self._cost(lambda: self._verify(bundle), self.entries),
            unsigned=self._cost(lambda: self._verify_unsigned(bundle), self.entries),
            proof_made=made,
            proof_checked=checked,
            database_bytes=_size(folder / "home" / "ledger.db") / self.entries,
            bundle_bytes=_size(bundle) / self.entries,
            zip_bytes=_size(packed) / self.entries,
        )

    def bundle(self, folder: Path) -> None:
        """Record everything in a new log in this folder, and bundle it, without measuring anything."""
        with self._begin(folder) as ledger:
            self._record(ledger)
            self._export(ledger, folder / "bundle")

    def verify_memory(self, folder: Path) -> int:
        """The most memory, in bytes, of a process that runs `packtrace verify` on the bundle of a round."""
        trust = folder / "trust.json"
        trust.write_bytes(format_trust(self.trust))
        verify = "from packtrace.trace.cli.main import main; main()"
        arguments = ["verify", str(folder / "bundle"), "--trust", str(trust), "--home", str(folder / "other")]
        done = subprocess.run(  # noqa: S603 - this very program
            [sys.executable, "-c", _WATCH, sys.executable, "-c", verify, *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise MeasurementError(f"bench: expected a verified bundle, got {done.stderr.strip()}")
        return int(done.stdout) * (1 if sys.platform == "darwin" else 1024)

    @contextmanager
    def _begin(self, folder: Path) -> Iterator[Ledger]:
        """A new log in this folder, in which all are enrolled."""
        home = Home.create(folder / "home", ORIGIN)
        with Ledger.create(home, self._opened, self.log_key, system_clock) as ledger:
            self._append(ledger, self._enrolled)
            yield ledger

    def _export(self, ledger: Ledger, to: Path) -> None:
        write_bundle(LedgerSource(ledger), to, vkeys=self.log_key.vkeys)

    def _record(self, ledger: Ledger) -> None:
        for some in self._appends:
            self._append(ledger, some)

    def _append(self, ledger: Ledger, submissions: Sequence[Submission]) -> None:
        for outcome in ledger.append(submissions):
            if outcome.status != "accepted":
                raise MeasurementError(f"bench: expected every event accepted, got {outcome.error}")

    def _verify(self, bundle: Path) -> None:
        report = verify_source(bundle, trust=self.trust, threads=1)
        if report.outcome is not Outcome.VERIFIED:
            raise MeasurementError(f"bench: expected {bundle} verified, got {report.outcome.value}")

    def _verify_unsigned(self, bundle: Path) -> None:
        with open_source(bundle) as evidence:
            if not isinstance(evidence, LogFiles):
                raise MeasurementError(f"bench: expected a bundle of a log, got {evidence.name}")
            audit = Audit(
                evidence,
                rules=load_rules(),
                trust=self.trust,
                checkpoints=(),
                pins=None,
                progress=None,
                check=_believe,
            )
            if audit_log(audit, evidence).outcome is not Outcome.VERIFIED:
                raise MeasurementError(f"bench: expected {bundle} verified, got another outcome")

    def _proofs(self, ledger: Ledger) -> tuple[Cost, Cost]:
        size = self.entries
        tree = TileReader(lambda tile: ledger.tile(int(tile.level), tile.index, tile.width), size)
        leaves = [number * size // _PROOFS for number in range(_PROOFS)]
        hashes = [leaf_hash(next(ledger.entries(leaf, leaf + 1))) for leaf in leaves]
        # The first time reads what is not in memory yet.
        proofs = [prove_inclusion(tree.node, leaf, size) for leaf in leaves]
        root = parse_checkpoint_text(parse_note(ledger.checkpoint()).text).root

        def check() -> None:
            for proof, leaf, digest in zip(proofs, leaves, hashes, strict=True):
                check_inclusion(proof, leaf, size, digest, root)

        made = self._cost(lambda: [prove_inclusion(tree.node, leaf, size) for leaf in leaves], _PROOFS)
        return made, self._cost(check, _PROOFS)

    def _cost(self, work: Callable[[], object], count: int) -> Cost:
        """Microseconds of the processor for each of `count`, between two looks at the yardstick."""
        before = self._y1()
        gc.collect()
        began = time.process_time()
        work()
        spent = time.process_time() - began
        return Cost(1e6 * spent / count, (before + self._y1()) / 2)

    def _y1(self) -> float:
        """Microseconds for one verification by `cryptography`."""
        began = time.process_time()
        for key, signature, message in self._yardstick:
            key.verify(signature, message)
        return 1e6 * (time.process_time() - began) / len(self._yardstick)


def _believe(items: Sequence[tuple[bytes, bytes, PublicKey]]) -> list[bool]:
    """Takes every signature for good: what is left of an audit without them is to be measured."""
    return [True] * len(items)


def _appends(submissions: Iterable[Submission]) -> list[list[Submission]]:
    """What is appended together: submissions with a thousand events, or a few more."""
    appends: list[list[Submission]] = [[]]
    room = APPENDED_AT_ONCE
    for submission in submissions:
        if room <= 0:
            appends.append([])
            room = APPENDED_AT_ONCE
        appends[-1].append(submission)
        room -= len(submission.events)
    return appends


def _yardstick(
    sample: Sequence[Jws], keys: Mapping[str, PublicKey]
) -> list[tuple[Ed25519PublicKey, bytes, bytes]]:
    loaded = {kid: Ed25519PublicKey.from_public_bytes(key.raw) for kid, key in keys.items()}
    return [(loaded[jws.kid], jws.signature, jws.signing_input) for jws in sample]


def _size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else (path,)
    return sum(file.stat().st_size for file in files if file.is_file())
