"""A trust file of another log: nothing is decided with it, nobody is blamed, and no forger gains by it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from packtrace.signing.checkpoint import Checkpoint, LogKey, format_checkpoint_text
from packtrace.signing.merkle import leaf_hash, root_of
from packtrace.signing.note import Note, NoteSignature, format_note, parse_note, signed_by
from packtrace.tests.deterministic_signer import published_seed
from packtrace.tests.scene import Scene, pack_code
from packtrace.tests.verify.small_log import SmallLog, life, trust_of
from packtrace.tests.verify.test_whole_log import codes, pins_of
from packtrace.trace.bundle.layout import vkey_files
from packtrace.trace.verify.findings import Finding, Outcome
from packtrace.trace.verify.pins import Pins
from packtrace.trace.verify.report import format_text
from packtrace.trace.verify.trust import Trust, digest_of_keys
from packtrace.trace.verify.verify_source import verify_source

OTHER = Scene(origin="log.packtrace.example/other")
TRUST = trust_of(OTHER)
SLIP = ["CHECKPOINT_ORIGIN_MISMATCH"]


def other_log() -> SmallLog:
    return SmallLog(OTHER.log_key, [bytes([number]) for number in range(50)])


def root(log: SmallLog, size: int) -> bytes:
    return root_of([leaf_hash(leaf) for leaf in log.leaves[:size]])


def first(report_findings: object) -> Finding:
    return next(iter(report_findings))  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_honest_source_of_another_log_is_undecided_with_one_finding(tmp_path: Path, form: str) -> None:
    scene, log = life()
    folder = log.write(tmp_path / ("bundle.zip" if form == "zip" else "bundle"))
    pins = pins_of(OTHER, other_log(), 5, 9, 50).with_pin((TRUST.origin, TRUST.keys_digest), 20, bytes(32))
    report = verify_source(folder, trust=TRUST, pins=pins, checkpoints=[other_log().checkpoint()])
    assert (report.outcome, report.exit_code, codes(report)) == (Outcome.UNDECIDED, 3, SLIP)
    evidence = first(report.findings).evidence
    assert evidence.startswith(f"origin: expected {OTHER.origin}, got {scene.origin}; ")
    assert f"this source is of log {scene.origin}, the trust file is for log {OTHER.origin}" in evidence
    assert evidence.endswith(f"get {scene.origin}'s trust file")
    assert {result.outcome for result in report.subjects} == {Outcome.UNDECIDED}
    text = format_text(report)
    assert text.startswith("UNDECIDED") and "UNCHECKED CHECKPOINT_ORIGIN_MISMATCH" in text
    assert "Tail 末尾: not confirmed\n" in text


def test_witnesses_of_the_trusted_log_confirm_no_other(tmp_path: Path) -> None:
    from packtrace.tests.verify.test_whole_log import ONE

    _, log = life()
    log.witnesses = (ONE,)
    trust = trust_of(OTHER, quorum=ONE.name, witnesses=(ONE,))
    report = verify_source(log.write(tmp_path / "bundle"), trust=trust)
    assert (report.outcome, codes(report), report.confirmed) == (Outcome.UNDECIDED, SLIP, 0)


def test_entry_of_the_trusted_log_in_a_source_of_another_is_refuted(tmp_path: Path) -> None:
    scene, log = life()
    fresh = Scene(origin=OTHER.origin, nonces=999)
    leaves = [*log.leaves]
    from packtrace.tests.verify.small_log import entries_of_events
    from packtrace.trace.statement import parse_entry

    texts = [parse_entry(leaf)[0] for leaf in leaves] + [fresh.manufactured(pack_code(9))]
    report = verify_source(
        SmallLog(log.key, entries_of_events(texts)).write(tmp_path / "bundle"), trust=TRUST
    )
    assert (report.outcome, codes(report)) == (Outcome.REFUTED, [*SLIP, "WRONG_AUDIENCE"])
    assert scene.origin == report.origin


@pytest.mark.parametrize("with_keys", [True, False])
def test_stored_checkpoint_of_the_trusted_log_in_a_source_of_another_is_refuted(
    tmp_path: Path, with_keys: bool
) -> None:
    _, log = life()
    folder = log.write(tmp_path / "bundle")
    (folder / "checkpoints" / "9").write_bytes(other_log().note(9))
    if not with_keys:
        for name in vkey_files(log.vkeys):
            (folder / name).unlink()
    report = verify_source(folder, trust=TRUST)
    assert report.outcome is Outcome.REFUTED
    assert codes(report)[0] == "CHECKPOINT_ORIGIN_MISMATCH"


# Who has the trusted keys shows a log under a second name: that is no slip.


def renamed(trust: Trust, log: SmallLog, note: bytes, tmp_path: Path, pins: Pins | None = None) -> None:
    folder = log.write(tmp_path / "bundle")
    (folder / "checkpoint").write_bytes(note)
    report = verify_source(folder, trust=trust, pins=pins, checkpoints=[log.checkpoint()])
    assert report.outcome is Outcome.REFUTED
    assert codes(report).count("CHECKPOINT_ORIGIN_MISMATCH") == 1
    finding = first(report.findings)
    assert finding.evidence.startswith(f"origin: expected {trust.origin}, got ")
    assert not {"LOG_ROLLED_BACK", "LOG_CONSISTENCY_INVALID", "LOG_KEY_UNTRUSTED"} & {*codes(report)}


def test_other_origin_signed_by_the_trusted_keys_is_refuted(tmp_path: Path) -> None:
    scene, log = life()
    checkpoint = Checkpoint("log.packtrace.example/second", log.size, root(log, log.size))
    text, vkey = format_checkpoint_text(checkpoint), log.vkeys[0]
    note = Note(text, (NoteSignature(vkey.name, vkey.key_id, log.key.ed25519.sign(text.encode())),))
    assert signed_by(note, log.vkeys) == (vkey,)
    renamed(trust_of(scene), log, format_note(note), tmp_path, pins_of(scene, log, log.size))


def test_other_origin_with_signatures_that_only_name_the_trusted_keys_is_refuted(tmp_path: Path) -> None:
    scene, log = life()
    note = parse_note(log.checkpoint())
    changed = replace(note, text=note.text.replace(scene.origin, "log.packtrace.example/second"))
    renamed(trust_of(scene), log, format_note(changed), tmp_path)


def seeds(origin: str) -> LogKey:
    return LogKey.from_seeds(
        origin, ed25519_seed=published_seed("both"), ml_dsa_44_seed=published_seed("both too")
    )


def test_other_origin_by_the_trusted_keys_under_its_name_is_refuted(tmp_path: Path) -> None:
    scene, log = life()
    first_name, second_name = seeds(scene.origin), seeds("log.packtrace.example/second")
    trust = replace(trust_of(scene), policy=replace(trust_of(scene).policy, log_keys=first_name.vkeys))
    shown = SmallLog(second_name, log.leaves)
    renamed(trust, shown, shown.checkpoint(), tmp_path)


def test_other_origin_by_keys_that_are_pinned_under_a_third_name_is_refuted(tmp_path: Path) -> None:
    _, log = life()
    pinned, second_name = seeds("log.packtrace.example/third"), seeds("log.packtrace.example/second")
    pins = Pins().with_pin((pinned.origin, digest_of_keys(pinned.vkeys)), 3, bytes(32))
    shown = SmallLog(second_name, log.leaves)
    renamed(TRUST, shown, shown.checkpoint(), tmp_path, pins)


def test_other_origin_beside_keys_of_the_trusted_name_is_refuted(tmp_path: Path) -> None:
    _, log = life()
    folder = log.write(tmp_path / "bundle")
    for name, line in vkey_files(OTHER.log_key.vkeys).items():
        (folder / name).write_bytes(line)
    assert verify_source(folder, trust=TRUST).outcome is Outcome.REFUTED


# What the first line and the one on the tail say.


def said(tmp_path: Path, *, checkpoints: tuple[int, ...] = (), pins: tuple[int, ...] = ()) -> tuple[str, str]:
    scene, log = life()
    tmp_path.mkdir(exist_ok=True)
    report = verify_source(
        log.write(tmp_path / "bundle"),
        trust=trust_of(scene),
        checkpoints=[log.note(size) for size in checkpoints],
        pins=pins_of(scene, log, *pins),
    )
    assert report.outcome is Outcome.VERIFIED
    lines = format_text(report).splitlines()
    return lines[0], next(line for line in lines if line.startswith("Tail"))


def test_first_line_and_tail_agree_on_who_confirms_the_end(tmp_path: Path) -> None:
    size = life()[1].size
    alone, tail = said(tmp_path / "a")
    assert "-- by the log's own word" in alone and tail.endswith(
        f"nobody but the log confirms size {size} (quorum none)"
    )
    whole, tail = said(tmp_path / "b", checkpoints=(9, size))
    assert "own word" not in whole and tail == f"Tail 末尾: agrees with the given checkpoint at size {size}"
    part, tail = said(tmp_path / "c", checkpoints=(9,))
    assert "-- beyond size 9 by the log's own word" in part
    assert tail.endswith("(quorum none); agrees with the given checkpoint at size 9")
    seen, tail = said(tmp_path / "d", pins=(3, 9))
    assert "-- by the log's own word" in seen and tail.endswith("; agrees with what was pinned at size 9")


def test_report_with_findings_says_where_they_are_explained(tmp_path: Path) -> None:
    scene, log = life()
    folder = log.write(tmp_path / "bundle")
    assert "docs/findings.md" not in format_text(verify_source(folder, trust=trust_of(scene)))
    assert format_text(verify_source(folder, trust=None)).endswith("docs/findings.md\n")
