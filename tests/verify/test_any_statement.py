"""Whatever a party signs and a log records, the verifier says something about it and never fails."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

import pytest

from packtrace.signing.compact import CompactFormError, format_compact
from packtrace.signing.jws import EVENT, sign_jws
from packtrace.tests.verify.small_log import entries_of_events, life, payload, trust_of
from packtrace.trace.statement import parse_entry
from packtrace.trace.verify.findings import Findings
from packtrace.trace.verify.replay import Replay
from packtrace.trace.verify.report import format_text
from packtrace.trace.verify.verify_source import verify_source

ODD: list[Any] = [None, True, -1, 0, 2**53 - 1, "", "A" * 43, [], {}, [{"...": "A" * 43}]]
ODD += [
    "9999-12-31T23:59:59Z",
    "1970-01-01T00:00:00Z",
    "org:duns:123456789",
    "notes:log:a",
    "log:a",
    "battery:",
]


def values_in(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value, *(found for each in inner for found in values_in(each))]


def mutated(value: Any, pool: list[Any], rng: random.Random) -> Any:
    """The value with one member left out, doubled, or exchanged for one of another place."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        name = rng.choice(list(value))
        if rng.random() < 0.1:
            return {member: inner for member, inner in value.items() if member != name}
        return value | {name: mutated(value[name], pool, rng)}
    if isinstance(value, list) and value and rng.random() < 0.7:
        at = rng.randrange(len(value))
        if rng.random() < 0.2:
            return [*value, value[at]]
        return [*value[:at], mutated(value[at], pool, rng), *value[at + 1 :]]
    alike = [each for each in pool if type(each) is type(value)]
    return rng.choice(alike if alike and rng.random() < 0.8 else pool)


@pytest.mark.parametrize("seed", range(4))
def test_statements_with_any_members_are_judged_without_failing(seed: int) -> None:
    scene, log = life()
    rng = random.Random(seed)
    pool = ODD + [value for leaf in log.leaves for value in values_in(payload(leaf))]
    parties = {party.org: party for party in (*scene.members, scene.registrar)}
    texts = [parse_entry(leaf)[0] for leaf in log.leaves]
    changed = 0
    for _ in range(60):
        some = list(texts)
        for at in rng.sample(range(len(some)), rng.choice([1, 1, 2, 3])):
            value = mutated(copy.deepcopy(payload(log.leaves[at])), pool, rng)
            party = parties[payload(log.leaves[at])["iss"]]
            if not isinstance(value, dict):
                continue
            try:
                some[at] = sign_jws(format_compact(value), rng.choice([party.key, party.admin]), EVENT)
            except CompactFormError:
                continue  # nobody could sign it
            changed += 1
        findings = Findings()
        replay = Replay(scene.origin, scene.rules, findings, trust=trust_of(scene))
        leaves = list(enumerate(entries_of_events(some)))
        for start in range(0, len(leaves), 7):
            replay.feed(leaves[start : start + 7])
        replay.finish()
        assert replay.entries == len(leaves)
    assert changed > 50


@pytest.mark.parametrize("seed", range(3))
def test_bundles_with_any_bytes_are_reported_on(tmp_path: Path, seed: int) -> None:
    scene, log = life()
    rng = random.Random(seed)
    folder = log.write(tmp_path / "bundle")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in files:
        whole = path.read_bytes()
        for _ in range(4):
            damaged = bytearray(whole)
            for _ in range(rng.choice([1, 3, 40])):
                damaged[rng.randrange(len(damaged))] = rng.randrange(256)
            path.write_bytes(rng.choice([damaged, rng.randbytes(rng.randrange(400)), damaged + whole]))
            format_text(verify_source(folder, trust=trust_of(scene)), verbose=True)
        path.write_bytes(whole)
