"""A ledger adopts a rule set that is in its home, and a verifier follows it by the file in the bundle."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest

from packtrace.signing.base64url import b64url, parse_b64url
from packtrace.signing.merkle import leaf_hash, root_of
from packtrace.tests.ledger.node import Node, append_one, codes, statuses
from packtrace.tests.scene import pack_code
from packtrace.tests.trace.test_log_chain import INSTALLED, adopted, offer, other_rules
from packtrace.tests.verify.small_log import SmallLog, payload, trust_of
from packtrace.trace.bundle.layout import rules_path
from packtrace.trace.bundle.write import write_battery_bundle, write_bundle
from packtrace.trace.ledger.errors import RulesUnknownError
from packtrace.trace.ledger.ledger import Ledger, Submission
from packtrace.trace.rules.ruleset import RuleSet, format_rules
from packtrace.trace.statement import format_entry
from packtrace.trace.verify.findings import Outcome
from packtrace.trace.verify.report import Report
from packtrace.trace.verify.verify_source import verify_source

RULES = other_rules(offer_least_days=20)
PACK = f"battery:gbt34014:{pack_code(1)}"


def place_in_home(node: Node, rules: RuleSet) -> Path:
    path = node.home.path / rules_path(rules.sha256)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(format_rules(rules))
    return path


def with_adoption(node: Node) -> Ledger:
    """One batch: a pack, the adoption, an offer that only the old rules allow, one that both allow."""
    ledger = node.create()
    place_in_home(node, RULES)
    scene = node.scene
    made, adopting = scene.manufactured(pack_code(1)), adopted(scene, RULES)
    batch = [made, adopting, offer(scene, 10), offer(scene, 25)]
    outcomes = ledger.append([Submission((text,)) for text in batch])
    assert statuses(outcomes) == ["accepted", "accepted", "refused", "accepted"]
    return ledger


def exported(node: Node, ledger: Ledger, out: Path) -> Path:
    log = SmallLog(node.scene.log_key, list(ledger.entries(0, ledger.size)))
    write_bundle(log, out, vkeys=log.vkeys, adopted=ledger.adopted())
    return out


def verified(node: Node, source: Path) -> Report:
    return verify_source(source, trust=trust_of(node.scene))


def found(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}


def test_an_adoption_in_the_middle_of_a_batch_judges_the_rest_of_it(node: Node) -> None:
    ledger = with_adoption(node)
    assert ledger.rules.id == RULES.id
    assert [rules.id for rules in ledger.adopted()] == [INSTALLED.id, RULES.id]


def test_a_group_sees_the_adoption_only_if_it_is_kept(node: Node) -> None:
    ledger = node.create()
    place_in_home(node, RULES)
    adopting = adopted(node.scene, RULES)
    short = node.scene.manufactured(pack_code(1))
    assert append_one(ledger, adopting, short, "x").status == "refused"
    assert ledger.rules.id == INSTALLED.id


def test_rules_that_are_not_in_the_home_are_not_adopted(node: Node) -> None:
    ledger = node.create()
    outcome = append_one(ledger, adopted(node.scene, RULES))
    assert codes([outcome]) == ["RULES_UNKNOWN"]


def test_a_file_under_the_digest_of_another_is_not_adopted(node: Node) -> None:
    ledger = node.create()
    place_in_home(node, RULES).write_bytes(format_rules(other_rules(offer_least_days=1)))
    outcome = append_one(ledger, adopted(node.scene, RULES))
    assert codes([outcome]) == ["RULES_UNKNOWN"]


def test_nothing_is_written_under_rules_that_are_gone(node: Node) -> None:
    with_adoption(node)
    size = node.opened[0].size
    node.close()
    (node.home.path / rules_path(RULES.sha256)).unlink()
    ledger = node.open()
    with pytest.raises(RulesUnknownError):
        append_one(ledger, node.scene.manufactured(pack_code(2)))
    assert ledger.size == size


def test_a_bundle_with_the_file_is_verified_under_the_rules_of_each_leaf(node: Node, tmp_path: Path) -> None:
    report = verified(node, exported(node, with_adoption(node), tmp_path / "bundle"))
    assert (found(report), report.outcome) == (set(), Outcome.VERIFIED)


def test_a_bundle_of_one_battery_is_verified_under_the_rules_of_each_leaf(node: Node, tmp_path: Path) -> None:
    ledger = with_adoption(node)
    log = SmallLog(node.scene.log_key, list(ledger.entries(0, ledger.size)))
    out = tmp_path / "one"
    write_battery_bundle(
        log, out, subject=PACK, rules=INSTALLED, vkeys=log.vkeys, adopted=ledger.adopted()
    )
    report = verified(node, out)
    assert (found(report), report.outcome) == (set(), Outcome.VERIFIED)


def test_without_the_file_nothing_after_the_adoption_is_decided(node: Node, tmp_path: Path) -> None:
    bundle = exported(node, with_adoption(node), tmp_path / "bundle")
    (bundle / rules_path(RULES.sha256)).unlink()
    report = verified(node, bundle)
    assert report.outcome is Outcome.UNDECIDED
    assert "RULES_UNKNOWN" in found(report)


def test_a_file_that_was_changed_is_not_believed(node: Node, tmp_path: Path) -> None:
    bundle = exported(node, with_adoption(node), tmp_path / "bundle")
    path = bundle / rules_path(RULES.sha256)
    file = json.loads(path.read_bytes())
    file["parts"]["policy.json"] = file["parts"]["policy.json"].replace("20", "21")
    path.write_text(json.dumps(file), encoding="utf-8")
    report = verified(node, bundle)
    assert report.outcome is Outcome.REFUTED
    assert {"BUNDLE_MALFORMED", "RULES_UNKNOWN"} <= found(report)


def test_what_the_adopted_rules_forbid_is_refuted(node: Node, tmp_path: Path) -> None:
    ledger = with_adoption(node)
    leaves = list(ledger.entries(0, ledger.size))
    adoption = next(at for at, leaf in enumerate(leaves) if payload(leaf)["type"] == "log.rules_adopted")
    # The log's operator leaves the offer as it is, and puts one that is too short in its place.
    leaves[adoption + 1] = format_entry(offer(node.scene, 10), node.now)
    log = SmallLog(node.scene.log_key, leaves)
    write_bundle(log, tmp_path / "forged", vkeys=log.vkeys, adopted=ledger.adopted())
    assert verified(node, tmp_path / "forged").outcome is Outcome.REFUTED


def test_nothing_is_appended_to_a_sealed_log(node: Node) -> None:
    ledger = node.create()
    scene = node.scene
    seal = scene.sign(scene.registrar, "log.sealed", f"log:{scene.origin}", {"reason": "other"})
    node.now += timedelta(hours=1)
    assert append_one(ledger, seal).status == "accepted"
    assert codes([append_one(ledger, scene.manufactured(pack_code(1)))]) == ["LOG_SEALED"]


def test_the_heads_of_all_chains_are_checked_by_ledger_and_whole_audit(node: Node, tmp_path: Path) -> None:
    ledger = node.create()
    scene = node.scene
    assert append_one(ledger, scene.manufactured(pack_code(1))).status == "accepted"
    size, chains = ledger.size, list(ledger.world().heads() or ())
    leaves = sorted(
        hashlib.sha256(subject.encode()).digest() + seq.to_bytes(8, "big") + parse_b64url(head)
        for subject, seq, head in chains
    )
    said = {"size": size, "count": len(leaves), "root": b64url(root_of([leaf_hash(leaf) for leaf in leaves]))}
    without_one = said | {
        "count": len(leaves) - 1,
        "root": b64url(root_of([leaf_hash(leaf) for leaf in leaves[1:]])),
    }
    sub = f"log:{scene.origin}"
    seq, head = scene.heads[sub]
    forged, honest = (
        scene.sign(scene.registrar, "log.heads", sub, data, seq=seq + 1, prev=head)
        for data in (without_one, said)
    )
    assert codes([append_one(ledger, forged)]) == ["HEADS_MISMATCH"]
    assert append_one(ledger, honest).status == "accepted"
    assert verified(node, exported(node, ledger, tmp_path / "bundle")).outcome is Outcome.VERIFIED
    entries = [*ledger.entries(0, size), format_entry(forged, node.now)]
    log = SmallLog(scene.log_key, entries)
    write_bundle(log, tmp_path / "forged", vkeys=log.vkeys)
    report = verified(node, tmp_path / "forged")
    assert (report.outcome, found(report)) == (Outcome.REFUTED, {"HEADS_MISMATCH"})
    one = tmp_path / "one"
    write_battery_bundle(log, one, subject=PACK, rules=INSTALLED, vkeys=log.vkeys)
    assert "HEADS_MISMATCH" not in found(verified(node, one))
