"""A bundle of one battery, of any that the samples tell of, is verified elsewhere as the whole log is."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import orjson
import pytest

from packtrace.sample_batches.author import Author
from packtrace.sample_batches.copies import CopiedLog
from packtrace.sample_batches.forgery import Copy
from packtrace.sample_batches.keys import SampleLogSigner
from packtrace.sample_batches.samples import SAMPLES, Sample
from packtrace.trace.bundle.write import write_battery_bundle
from packtrace.trace.lifecycle.state import Reference
from packtrace.trace.verify.findings import Outcome
from packtrace.trace.verify.report import format_text
from packtrace.trace.verify.trust import parse_trust
from packtrace.trace.verify.verify_source import verify_source

ROOT = Path(__file__).parents[2] / "sample_batches"
EVERY = 3  # batteries of a sample are tried one in so many; and all that begin as products


class Told:
    """A story as a bundle of one battery is written from it."""

    def __init__(self, author: Author) -> None:
        copy = Copy(author)
        self.log: CopiedLog = copy.log
        self.world = author.world
        self._chains: dict[str, list[tuple[int, bytes]]] = {}
        for leaf, (said, entry) in enumerate(zip(copy.payloads, author.entries, strict=True)):
            self._chains.setdefault(said["sub"], []).append((leaf, entry))

    def checkpoint(self) -> bytes:
        return self.log.checkpoint()

    def checkpoints(self) -> list[tuple[int, bytes]]:
        return self.log.checkpoints()

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        return iter(self.log.leaves[start:stop])

    def tile(self, level: int, index: int) -> bytes:
        return self.log.tile(level, index)

    def entries_of(self, subject: str) -> list[tuple[int, bytes]]:
        return self._chains.get(subject, [])

    def subjects(self, kind: str) -> list[str]:
        return [subject for subject in self._chains if subject.startswith(f"{kind}:")]

    def references_to(self, target: str) -> tuple[Reference, ...]:
        return self.world.references_to(target)


@cache
def told(sample: Sample) -> Told:
    return Told(sample.tell())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_bundle_of_one_battery_is_verified(sample: Sample, tmp_path: Path) -> None:
    source = told(sample)
    expected = orjson.loads((ROOT / sample.name / "expected.json").read_bytes())
    trust = parse_trust((ROOT / sample.name / "trust.json").read_bytes())
    remarked = {(finding["code"], finding["leaf_index"]) for finding in expected["findings"]}
    tried = [
        subject
        for number, subject in enumerate(expected["batteries"])
        if number % EVERY == 0 or subject.endswith("RP")
    ]
    assert tried
    for subject in tried:
        out = tmp_path / "one.zip"
        vkeys = SampleLogSigner(sample.origin).vkeys
        size = write_battery_bundle(
            source, out, subject=subject, rules=source.world.rules, vkeys=vkeys, overwrite=True
        )
        report = verify_source(out, trust=trust)
        assert report.outcome is Outcome.VERIFIED, f"{subject}\n{format_text(report)}"
        assert {(finding.code, finding.leaf_index) for finding in report.findings} <= remarked
        assert size < expected["size"]
