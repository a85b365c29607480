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
from packtrace.trace.history import Told as ToldEvent
from packtrace.trace.history import read_chain
from packtrace.trace.lifecycle.conditions.case import org_of
from packtrace.trace.lifecycle.state import Reference
from packtrace.trace.read_token import Reader
from packtrace.trace.statement import parse_entry
from packtrace.trace.verify.findings import Outcome
from packtrace.trace.verify.report import format_text
from packtrace.trace.verify.trust import parse_trust
from packtrace.trace.verify.verify_source import verify_source
from packtrace.web.reading.part import SeenLog
from packtrace.web.reading.tiers import view_of

ROOT = Path(__file__).parents[2] / "sample_batches"
EVERY = 3  # batteries of a sample are tried one in so many; and all that begin as products
EVERY_SEEN = 10  # and for each reader


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


def seen_by(source: Told, party: str) -> SeenLog:
    """What an organisation sees of a story, at its end."""
    org = org_of(source.world, party)
    assert org is not None
    reader = Reader(party, "", tuple(role.role for role in org.roles), org.region)
    at = parse_entry(source.log.leaves[-1])[1]

    def read(subject: str) -> list[ToldEvent]:
        return list(read_chain(source.entries_of(subject)))

    return SeenLog(source, read, lambda subject: view_of(subject, read, source.world, reader, at))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_what_any_reader_may_take_away_is_never_refuted(sample: Sample, tmp_path: Path) -> None:
    source = told(sample)
    trust = parse_trust((ROOT / sample.name / "trust.json").read_bytes())
    vkeys = SampleLogSigner(sample.origin).vkeys
    out, outcomes = tmp_path / "seen.zip", set()
    for subject in source.subjects("battery")[::EVERY_SEEN]:
        for party in source.subjects("org"):
            log = seen_by(source, party)
            if log.entries_of(subject):
                write_battery_bundle(
                    log, out, subject=subject, rules=source.world.rules, vkeys=vkeys, overwrite=True
                )
                report = verify_source(out, trust=trust)
                assert report.outcome is not Outcome.REFUTED, f"{party} {subject}\n{format_text(report)}"
                outcomes.add(report.outcome)
    assert outcomes
