"""Every good sample: the script writes it, a real ledger takes it, the verifier agrees, its page says so."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

from packtrace.sample_batches.author import Author
from packtrace.sample_batches.copies import Leaf
from packtrace.sample_batches.keys import SampleLogSigner
from packtrace.sample_batches.samples import SAMPLES, Sample
from packtrace.sample_batches.write import write_samples
from packtrace.schemas.statements import STATEMENTS
from packtrace.signing.base64url import b64url
from packtrace.signing.checkpoint import open_checkpoint
from packtrace.tests.cli.command import call_well
from packtrace.trace.codes.subjects import parse_subject
from packtrace.trace.ledger.home import Home
from packtrace.trace.ledger.ledger import Ledger, Submission
from packtrace.trace.lifecycle.state import Battery
from packtrace.trace.times import parse_log_time
from packtrace.trace.verify.report import Report
from packtrace.trace.verify.trust import parse_trust
from packtrace.trace.verify.verify_source import verify_source

ROOT = Path(__file__).parents[2] / "sample_batches"
each_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)


@cache
def told(sample: Sample) -> Author:
    return sample.tell()


def load(sample: Sample, name: str) -> Any:
    return orjson.loads((ROOT / sample.name / name).read_bytes())


def lines(sample: Sample) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in (ROOT / sample.name / "events.ndjson").read_bytes().splitlines()]


def verified(sample: Sample) -> Report:
    trust = parse_trust((ROOT / sample.name / "trust.json").read_bytes())
    return verify_source(ROOT / sample.name / "bundle.zip", trust=trust)


def test_there_are_at_least_six() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/events.ndjson")}
    assert folders == {sample.name for sample in SAMPLES} and len(folders) >= 6


def test_script_writes_the_committed_bytes(tmp_path: Path) -> None:
    write_samples(tmp_path)
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    kept = {path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.is_file()}
    assert {name for name in kept if not re.search(r"(\.py|README\.md|\.pyc)$", name)} == written
    different = {name for name in written if (tmp_path / name).read_bytes() != (ROOT / name).read_bytes()}
    assert not different, "run python -m packtrace.sample_batches.write"


@each_sample
def test_bundle_is_verified_with_the_expected_findings_and_no_other(sample: Sample) -> None:
    expected, report = load(sample, "expected.json"), verified(sample)
    assert report.outcome.value == expected["outcome"] == "VERIFIED"
    assert (report.size, b64url(report.root)) == (expected["size"], expected["root"])
    found = [(finding.code, finding.subject, finding.leaf_index) for finding in report.findings]
    assert sorted(found) == sorted(tuple(finding.values()) for finding in expected["findings"])


@each_sample
def test_real_ledger_accepts_every_submission_and_signs_the_expected_root(
    sample: Sample, tmp_path: Path
) -> None:
    expected, sent = load(sample, "expected.json"), lines(sample)
    times = [parse_log_time(line["at"]) for line in sent]
    submissions = [Submission(tuple(line["events"])) for line in sent]
    signer = SampleLogSigner(sample.origin)
    home = Home.create(tmp_path / "home", sample.origin)
    with Ledger.create(home, submissions[0].events[0], signer, lambda: times[0]) as ledger:
        outcomes = ledger.append(submissions[1:], at=times[1:], on_error="stop")
        assert [str(one.error) for one in outcomes if one.status != "accepted"] == []
        opened = open_checkpoint(ledger.checkpoint(), origin=sample.origin, log_keys=signer.vkeys)
        size, root = opened.checkpoint.size, b64url(opened.checkpoint.root)
        assert (size, root) == (expected["size"], expected["root"])
        for subject, where in expected["batteries"].items():
            chain = ledger.world().chain(subject)
            assert chain is not None and isinstance(chain.state, Battery)
            assert where == {"stage": chain.state.stage, "custodian": chain.state.custodian}


@each_sample
def test_commands_load_and_verify_it(sample: Sample, tmp_path: Path) -> None:
    size, home = load(sample, "expected.json")["size"], tmp_path / "home"
    call_well("load", ROOT / sample.name, "--home", home)
    trust = (home / "trust.json").read_bytes(), (ROOT / sample.name / "trust.json").read_bytes()
    assert parse_trust(trust[0]) == parse_trust(trust[1])
    call_well("export", tmp_path / "bundle.zip", "--home", home)
    for bundle in (tmp_path / "bundle.zip", ROOT / sample.name / "bundle.zip"):
        said = call_well(
            "verify", bundle, "--trust", ROOT / sample.name / "trust.json", "--home", tmp_path / "own"
        )
        assert said.startswith("VERIFIED") and str(size) in said


@each_sample
def test_story_is_over_before_today_and_its_times_go_on(sample: Sample) -> None:
    times = [line["at"] for line in lines(sample)]
    assert times == sorted(times) and times[0] > "2025-11" and times[-1] < "2026-11-23"


@each_sample
def test_codes_and_masses_are_of_the_size_that_such_batteries_have(sample: Sample) -> None:
    """Standard codes parse, and what is weighed lies between a module and a lorry's pack."""
    for subject in load(sample, "expected.json")["batteries"]:
        assert parse_subject(subject).scheme in ("gbt34014", "iso15459", "tag")
    for payload in (one for one in payloads(sample) if "mass" in one["data"]):
        if payload["sub"].startswith("battery:"):
            assert 20_000 <= payload["data"]["mass"]["g"] <= 2_800_000
        if payload["type"] == "battery.manufactured" and "energy_wh" in payload["data"]:
            assert 0.08 <= payload["data"]["energy_wh"] / payload["data"]["mass"]["g"] <= 0.2


@each_sample
def test_no_batch_makes_more_black_mass_than_packs_hold(sample: Sample) -> None:
    for payload in payloads(sample):
        if payload["type"] == "batch.closed":
            inputs, outputs = payload["data"]["inputs"]["g"], payload["data"]["outputs"]
            black = sum(each["g"] for each in outputs if each["kind"] == "black_mass")
            assert black <= inputs * 60 // 100  # of cells; of whole packs less than half
            everything = sum(each["g"] for each in (*outputs, *payload["data"]["losses"]))
            assert inputs * 95 // 100 < everything <= inputs


@each_sample
def test_readme_counts_what_is_there_in_both_languages(sample: Sample) -> None:
    expected = load(sample, "expected.json")
    text = (ROOT / sample.name / "README.md").read_text(encoding="utf-8")
    assert f"{expected['size']} events in {expected['submissions']} submissions" in text
    assert f"{expected['size']}条事件" in text
    assert f"[`{sample.name}/`]({sample.name}/README.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_no_two_samples_share_a_log_or_a_key_of_a_log() -> None:
    assert len({sample.origin for sample in SAMPLES}) == len(SAMPLES)
    keys = {load_keys(sample)["log"]["keys"][0]["seed"] for sample in SAMPLES}
    assert len(keys) == len(SAMPLES)


def test_together_they_tell_every_type_of_event_but_some_of_the_log_itself() -> None:
    types = Counter(payload["type"] for sample in SAMPLES for payload in payloads(sample))
    assert set(STATEMENTS) - set(types) <= {"log.heads", "log.key_changed", "log.rules_adopted", "log.sealed"}


def load_keys(sample: Sample) -> Any:
    return orjson.loads((ROOT / sample.keys / "keys.json").read_bytes())


@cache
def payloads(sample: Sample) -> list[dict[str, Any]]:
    return [Leaf(entry).payload for entry in told(sample).entries]
