"""A whole log as a bundle: an honest one is verified, and for every check its forgery is refuted.

The forger is whoever runs the server: it may write every file, and in some tests holds the log's key.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from packtrace.signing.base64url import b64url, parse_b64url
from packtrace.signing.checkpoint import Checkpoint, CosignerKey
from packtrace.signing.log_key import LogKey, generate_log_keys
from packtrace.signing.merkle import leaf_hash, root_of
from packtrace.tests.deterministic_signer import published_seed
from packtrace.tests.scene import START, Scene, ed25519_key, pack_code
from packtrace.tests.verify.small_log import (
    SIGNED_AT,
    SmallLog,
    entries_of_events,
    life,
    payload,
    trust_of,
)
from packtrace.trace.bundle.layout import vkey_files
from packtrace.trace.statement import format_entry, parse_entry
from packtrace.trace.verify.findings import Outcome
from packtrace.trace.verify.pins import Pins
from packtrace.trace.verify.report import Report, format_json_lines, format_text
from packtrace.trace.verify.verify_source import verify_source


def codes(report: Report) -> list[str]:
    return [finding.code for finding in report.findings]


def checked(tmp_path: Path, scene: Scene, log: SmallLog, **more: object) -> Report:
    """Write the log as a bundle and verify it."""
    tmp_path.mkdir(exist_ok=True)
    return verify_source(log.write(tmp_path / "bundle"), trust=trust_of(scene), **more)  # type: ignore[arg-type]


def forged(log: SmallLog, leaves: list[bytes]) -> SmallLog:
    """What somebody with the log's key makes of other entries: every checkpoint is signed anew."""
    sizes = tuple(size for size in log.sizes if size < len(leaves))
    return SmallLog(log.key, leaves, sizes)


def test_honest_log_is_verified(tmp_path: Path) -> None:
    scene, log = life()
    report = checked(tmp_path, scene, log)
    assert list(report.findings) == []
    assert report.outcome is Outcome.VERIFIED
    assert report.exit_code == 0
    assert report.entries == report.size == log.size
    assert {result.outcome for result in report.subjects} == {Outcome.VERIFIED}
    assert len(report.subjects) == len({payload(leaf)["sub"] for leaf in log.leaves})


def test_log_of_more_than_one_tile_is_verified(tmp_path: Path) -> None:
    scene, log = life()
    texts = scene_of_inspections(scene, 300)
    log = SmallLog(log.key, log.leaves + texts, (5, 255, 256, 257))
    report = checked(tmp_path, scene, log)
    assert (report.outcome, codes(report)) == (Outcome.VERIFIED, [])
    assert (tmp_path / "bundle" / "tile" / "1" / "000.p" / "1").is_file()


def scene_of_inspections(scene: Scene, count: int) -> list[bytes]:
    """A further pack that is inspected again and again; the scene itself is left as it was."""
    fresh = Scene(heads=dict(scene.heads), nonces=scene.nonces)
    code = pack_code(99)
    texts = [fresh.manufactured(code)] + [fresh.inspected(fresh.maker, code) for _ in range(count)]
    return [format_entry(text, START + timedelta(hours=1, seconds=at)) for at, text in enumerate(texts)]


def test_without_trust_file_nothing_is_verified(tmp_path: Path) -> None:
    _, log = life()
    report = verify_source(log.write(tmp_path / "bundle"), trust=None)
    assert (report.outcome, codes(report)) == (Outcome.UNDECIDED, ["TRUST_ABSENT"])
    assert report.exit_code == 3


def test_quorum_none_is_said_aloud(tmp_path: Path) -> None:
    scene, log = life()
    assert "quorum none" in checked(tmp_path, scene, log).headline


def test_report_has_no_truth_value(tmp_path: Path) -> None:
    scene, log = life()
    report = checked(tmp_path, scene, log)
    with pytest.raises(TypeError, match="truth value"):
        bool(report)
    with pytest.raises(TypeError, match="truth value"):
        bool(report.outcome)


def test_empty_log_is_not_verified(tmp_path: Path) -> None:
    scene, log = life()
    report = checked(tmp_path, scene, SmallLog(log.key, []))
    assert (report.outcome, codes(report)) == (Outcome.UNDECIDED, ["NOTHING_CHECKED"])


# What is written, byte by byte.


def every_file(log: SmallLog, folder: Path) -> list[Path]:
    return sorted(path for path in log.write(folder).rglob("*") if path.is_file())


@pytest.mark.parametrize("change", ["first byte", "middle byte", "last byte", "cut", "longer", "gone"])
def test_no_damaged_file_is_verified(tmp_path: Path, change: str) -> None:
    scene, log = life()
    folder = tmp_path / "bundle"
    for path in every_file(log, folder):
        whole = path.read_bytes()
        place = {"first byte": 0, "middle byte": len(whole) // 2, "last byte": len(whole) - 1}.get(change)
        if place is not None:
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        elif change == "cut":
            path.write_bytes(whole[:-1])
        elif change == "longer":
            path.write_bytes(whole + b"\n")
        else:
            path.unlink()
        report = verify_source(folder, trust=trust_of(scene))
        optional = change == "gone" and path.parent.name == "checkpoints"
        assert (report.outcome is Outcome.VERIFIED) == optional, path
        format_text(report)
        path.write_bytes(whole)
    assert verify_source(folder, trust=trust_of(scene)).outcome is Outcome.VERIFIED


def test_unexpected_file_is_not_passed_over(tmp_path: Path) -> None:
    scene, log = life()
    folder = log.write(tmp_path / "bundle")
    (folder / "tile" / "0" / "001.p").mkdir()
    (folder / "tile" / "0" / "001.p" / "7").write_bytes(b"more")
    report = verify_source(folder, trust=trust_of(scene))
    assert (report.outcome, codes(report)) == (Outcome.UNDECIDED, ["BUNDLE_UNEXPECTED_FILE"])
    assert [finding.place for finding in report.findings] == ["tile/0/001.p/7"]


def test_other_keys_in_log_vkey_are_named(tmp_path: Path) -> None:
    scene, log = life()
    folder = log.write(tmp_path / "bundle")
    other = generate_log_keys(scene.origin)
    for name, line in vkey_files(other.vkeys).items():
        (folder / name).write_bytes(line)
    report = verify_source(folder, trust=trust_of(scene))
    assert (report.outcome, codes(report)) == (Outcome.REFUTED, ["LOG_KEY_UNTRUSTED"])


# What the log's entries say.


def edited(entry: bytes) -> bytes:
    """The same entry with another mass or reason: a letter of the payload changed, still valid JSON."""
    text, recorded_at = parse_entry(entry)
    head, body, signature = text.split(".")
    said = parse_b64url(body).replace(b"vehicle_scrapped", b"end_of_life")
    assert said != parse_b64url(body)
    return format_entry(f"{head}.{b64url(said)}.{signature}", recorded_at)


def leaf_of(log: SmallLog, type_: str) -> int:
    return next(at for at, leaf in enumerate(log.leaves) if payload(leaf)["type"] == type_)


def test_edited_entry_under_the_old_tree_is_refuted(tmp_path: Path) -> None:
    scene, log = life()
    at = leaf_of(log, "battery.retired")
    honest = SmallLog(log.key, list(log.leaves), log.sizes)
    folder = honest.write(tmp_path / "bundle")
    log.leaves[at] = edited(log.leaves[at])
    fake = log.write(tmp_path / "fake")
    bundle = next((folder / "tile" / "entries").rglob("*.p")) / str(log.size)
    bundle.write_bytes((fake / bundle.relative_to(folder)).read_bytes())
    report = verify_source(folder, trust=trust_of(scene))
    assert report.outcome is Outcome.REFUTED
    # The event after it names the original; what came out of the pack rests on it; tile and checkpoint
    # remember it.
    assert codes(report) == [
        "SIGNATURE_INVALID",
        "CHAIN_LINK_BROKEN",
        *["DEPENDS_ON_REFUTED"] * 2,
        "LOG_TILE_MISMATCH",
        "LOG_ROOT_MISMATCH",
    ]
    assert [f.leaf_index for f in report.findings if f.code == "LOG_TILE_MISMATCH"] == [at]


def test_edited_entry_with_all_signed_anew_is_refuted_at_that_event(tmp_path: Path) -> None:
    scene, log = life()
    at = leaf_of(log, "battery.retired")
    leaves = list(log.leaves)
    leaves[at] = edited(leaves[at])
    report = checked(tmp_path, scene, forged(log, leaves))
    assert report.outcome is Outcome.REFUTED
    first = next(iter(report.findings))
    assert (first.code, first.leaf_index) == ("SIGNATURE_INVALID", at)
    pack = payload(log.leaves[at])["sub"]
    verdicts = {result.subject: result.outcome for result in report.subjects}
    assert verdicts[pack] is Outcome.REFUTED
    # Its module came out of it; the organisations have nothing to do with it.
    assert {verdicts[sub] for sub in verdicts if sub.startswith(("org:", "keys:", "log:"))} == {
        Outcome.VERIFIED
    }
    assert Outcome.VERIFIED not in {verdicts[sub] for sub in verdicts if sub.startswith("battery:")}


def test_edited_entry_re_rooted_without_the_log_key_is_refuted(tmp_path: Path) -> None:
    scene, log = life()
    leaves = list(log.leaves)
    at = leaf_of(log, "battery.retired")
    leaves[at] = edited(leaves[at])
    report = checked(tmp_path, scene, SmallLog(generate_log_keys(scene.origin), leaves, log.sizes))
    assert "CHECKPOINT_SIGNATURE_INVALID" in codes(report)
    assert "SIGNATURE_INVALID" in codes(report)
    assert report.outcome is Outcome.REFUTED


def test_dropped_entry_is_refuted_wherever_it_stood(tmp_path: Path) -> None:
    """All but an end of a chain on which nothing rests: the key that is never used, and the last entry."""
    scene, log = life()
    unnoticed = []
    for at in range(log.size):
        leaves = log.leaves[:at] + log.leaves[at + 1 :]
        report = checked(tmp_path / str(at), scene, forged(log, leaves))
        if report.outcome is not Outcome.REFUTED:
            unnoticed.append((payload(log.leaves[at])["type"], at))
    assert unnoticed == [("key.added", 4), ("batch.closed", log.size - 1)]


def test_dropped_tail_is_noticed_by_the_old_checkpoint_kept_beside_it(tmp_path: Path) -> None:
    scene, log = life()
    shorter = SmallLog(log.key, log.leaves[:-3], log.sizes)
    folder = shorter.write(tmp_path / "bundle")
    (folder / "checkpoints" / str(log.size)).write_bytes(log.checkpoint())
    report = verify_source(folder, trust=trust_of(scene))
    assert (report.outcome, codes(report)) == (Outcome.REFUTED, ["CHECKPOINT_BEYOND_LOG"])


def test_dropped_tail_alone_is_beyond_what_a_bundle_can_show(tmp_path: Path) -> None:
    """Why checkpoints from elsewhere, pins and witnesses exist."""
    scene, log = life()
    assert checked(tmp_path, scene, forged(log, log.leaves[:-1])).outcome is Outcome.VERIFIED


@pytest.mark.parametrize("at", [1, 9, 12, 14, 17])
def test_swapped_entries_are_refuted(tmp_path: Path, at: int) -> None:
    scene, log = life()
    leaves = list(log.leaves)
    leaves[at], leaves[at + 1] = leaves[at + 1], leaves[at]
    report = checked(tmp_path, scene, forged(log, leaves))
    assert report.outcome is Outcome.REFUTED
    assert "TIME_REGRESSION" in codes(report)


def test_swapped_events_under_times_in_order_are_refuted(tmp_path: Path) -> None:
    scene, log = life()
    at = leaf_of(log, "handover.offered")
    texts = [parse_entry(leaf)[0] for leaf in log.leaves]
    texts[at], texts[at + 1] = texts[at + 1], texts[at]
    report = checked(tmp_path, scene, forged(log, entries_of_events(texts)))
    assert report.outcome is Outcome.REFUTED
    assert codes(report)[0] == "SEQUENCE_GAP"


def test_re_linked_chain_needs_the_signers_keys(tmp_path: Path) -> None:
    """The event after a dropped one is made to name the one before; only its signer could sign that."""
    scene, log = life()
    texts = [parse_entry(leaf)[0] for leaf in log.leaves]
    at = leaf_of(log, "battery.retired")
    said = payload(log.leaves[at])
    forger = Scene(heads=dict(scene.heads), nonces=999)
    texts[at] = forger.sign(
        forger.maker, said["type"], said["sub"], said["data"],
        seq=said["seq"], prev=said["prev"], key=forger.dismantler.key,
    )  # fmt: skip
    report = checked(tmp_path, scene, forged(log, entries_of_events(texts)))
    assert (codes(report)[0], report.outcome) == ("KEY_FOREIGN", Outcome.REFUTED)


def test_event_signed_by_a_key_that_claims_another_id_is_refuted(tmp_path: Path) -> None:
    scene, log = life()
    texts = [parse_entry(leaf)[0] for leaf in log.leaves]
    forger = Scene(heads=dict(scene.heads), nonces=999)

    class Claimed:
        public = scene.maker.key.public

        def sign(self, message: bytes) -> bytes:
            return ed25519_key("somebody").sign(message)

    code = pack_code(5)
    texts.append(forger.sign(
        forger.maker, "battery.manufactured", f"battery:gbt34014:{code}",
        {
            "model": scene.model, "chemistry": "LFP", "label": "A" * 43,
            "mass": {"g": 1000, "basis": "nameplate"},
        },
        key=Claimed(),  # type: ignore[arg-type]
    ))  # fmt: skip
    report = checked(tmp_path, scene, forged(log, entries_of_events(texts)))
    assert (codes(report), report.outcome) == (["SIGNATURE_INVALID"], Outcome.REFUTED)


def test_entry_that_is_recorded_twice_is_refuted(tmp_path: Path) -> None:
    scene, log = life()
    texts = [parse_entry(leaf)[0] for leaf in log.leaves]
    report = checked(tmp_path, scene, forged(log, entries_of_events([*texts, texts[9]])))
    assert (codes(report), report.outcome) == (["DUPLICATE_EVENT"], Outcome.REFUTED)


def test_two_events_at_one_place_are_a_fork(tmp_path: Path) -> None:
    scene, log = life()
    texts = [parse_entry(leaf)[0] for leaf in log.leaves]
    said = payload(log.leaves[leaf_of(log, "battery.retired")])
    forger = Scene(heads=dict(scene.heads), nonces=999)
    other = forger.sign(
        forger.maker,
        "battery.inspected",
        said["sub"],
        {"condition": "intact"},
        seq=said["seq"],
        prev=said["prev"],
    )
    report = checked(tmp_path, scene, forged(log, entries_of_events([*texts, other])))
    assert (codes(report), report.outcome) == (["FORKED_CHAIN"], Outcome.REFUTED)


@pytest.mark.parametrize("type_", ["vehicle.fitted", "battery.extracted"])
def test_group_without_one_of_its_members_is_refuted(tmp_path: Path, type_: str) -> None:
    scene, log = life()
    at = leaf_of(log, type_)
    texts = [parse_entry(leaf)[0] for leaf in log.leaves]
    report = checked(tmp_path, scene, forged(log, entries_of_events(texts[:at])))
    assert (codes(report), report.outcome) == (["GROUP_INCOMPLETE"], Outcome.REFUTED)
    assert next(iter(report.findings)).leaf_index == at - 1, "who opened the group is to blame"


def test_one_wrong_event_is_not_blamed_on_everything_after_it(tmp_path: Path) -> None:
    """The key of the maker is never registered: one finding a chain that rests on it, and no other."""
    scene, log = life()
    texts = [parse_entry(leaf)[0] for leaf in log.leaves]
    said = payload(log.leaves[2])
    assert said["type"] == "key.added"
    forger = Scene(heads=dict(scene.heads), nonces=999)
    texts[2] = forger.sign(
        forger.maker, said["type"], said["sub"], said["data"], seq=0, key=forger.registrar.key
    )
    report = checked(tmp_path, scene, forged(log, entries_of_events(texts)))
    assert codes(report)[0] == "KEY_FOREIGN"
    assert set(codes(report)[1:]) == {"DEPENDS_ON_REFUTED"}
    assert len(codes(report)) <= len(report.subjects)


def test_entry_with_other_bytes_than_the_log_writes_is_refuted(tmp_path: Path) -> None:
    scene, log = life()
    leaves = [*log.leaves[:-1], log.leaves[-1].replace(b'","recorded', b'" ,"recorded')]
    report = checked(tmp_path, scene, forged(log, leaves))
    assert (codes(report), report.outcome) == (["ENTRY_MALFORMED"], Outcome.REFUTED)


def test_event_of_another_log_is_refuted(tmp_path: Path) -> None:
    scene, log = life()
    other = Scene(origin="log.packtrace.example/other", heads=dict(scene.heads))
    texts = [parse_entry(leaf)[0] for leaf in log.leaves] + [other.manufactured(pack_code(7))]
    report = checked(tmp_path, scene, forged(log, entries_of_events(texts)))
    assert (codes(report), report.outcome) == (["WRONG_AUDIENCE"], Outcome.REFUTED)


@pytest.mark.parametrize("override", [{"v": 2}, {"type": "battery.blessed"}], ids=["version", "type"])
def test_unknown_version_leaves_its_chain_undecided(tmp_path: Path, override: dict[str, Any]) -> None:
    scene, log = life()
    fresh = Scene(heads=dict(scene.heads), nonces=999)
    code = pack_code(8)
    later = [
        fresh.manufactured(code),
        fresh.sign(
            fresh.maker,
            override.get("type", "battery.inspected"),
            f"battery:gbt34014:{code}",
            {"condition": "intact"},
            v=override.get("v", 1),
        ),
        fresh.inspected(fresh.maker, code),
    ]
    texts = [parse_entry(leaf)[0] for leaf in log.leaves] + later
    report = checked(tmp_path, scene, forged(log, entries_of_events(texts)))
    assert (codes(report), report.outcome) == (["UNKNOWN_EVENT_VERSION"], Outcome.UNDECIDED)
    verdicts = {result.subject: result.outcome for result in report.subjects}
    assert verdicts.pop(f"battery:gbt34014:{code}") is Outcome.UNDECIDED
    assert set(verdicts.values()) == {Outcome.VERIFIED}


def test_unknown_rule_set_leaves_everything_undecided(tmp_path: Path) -> None:
    scene = Scene()
    texts = [scene.log_opened(rules={"name": scene.rules.name, "sha256": "A" * 43})]
    texts += [scene.enrolled(scene.maker), scene.key_added(scene.maker, scene.maker.key)]
    texts += [scene.manufactured(pack_code(1))]
    report = checked(tmp_path, scene, SmallLog(scene.log_key, entries_of_events(texts)))
    assert report.outcome is Outcome.UNDECIDED
    assert codes(report)[0] == "RULES_UNKNOWN"
    assert {result.outcome for result in report.subjects} == {Outcome.UNDECIDED}


def test_registrars_are_those_of_the_trust_file(tmp_path: Path) -> None:
    scene, log = life()
    trust = replace(trust_of(scene), registrars=frozenset({scene.maker.key.public.kid}))
    report = verify_source(log.write(tmp_path / "bundle"), trust=trust)
    assert (codes(report), report.outcome) == (["REGISTRAR_UNKNOWN"], Outcome.REFUTED)


def test_log_of_strangers_under_the_trusted_name_is_refuted(tmp_path: Path) -> None:
    """A registrar of one's own, everybody enrolled, every signature right: but not the trusted registrar."""
    scene, _ = life()
    fake = Scene()
    fake.registrar.key = fake.registrar.admin = ed25519_key("impostor")
    report = checked(tmp_path, scene, SmallLog(scene.log_key, entries_of_events(fake.founding())))
    assert (codes(report), report.outcome) == (["REGISTRAR_UNKNOWN"], Outcome.REFUTED)


# What the checkpoints say.


def test_stored_checkpoint_of_another_origin_is_refuted(tmp_path: Path) -> None:
    """A whole source of another origin is a slip of whoever verifies: test_another_log.py."""
    scene, log = life()
    folder = log.write(tmp_path / "bundle")
    other = SmallLog(Scene(origin="log.packtrace.example/other").log_key, log.leaves)
    (folder / "checkpoints" / "9").write_bytes(other.note(9))
    report = verify_source(folder, trust=trust_of(scene))
    assert (codes(report), report.outcome) == (["CHECKPOINT_ORIGIN_MISMATCH"], Outcome.REFUTED)


def test_checkpoint_without_the_second_signature_is_refuted(tmp_path: Path) -> None:
    scene, log = life()
    folder = log.write(tmp_path / "bundle")
    lines = (folder / "checkpoint").read_text().splitlines(keepends=True)
    (folder / "checkpoint").write_text("".join(lines[:-1]))
    report = verify_source(folder, trust=trust_of(scene))
    assert (codes(report), report.outcome) == (["CHECKPOINT_SIGNATURE_INVALID"], Outcome.REFUTED)


def test_stored_checkpoint_of_another_history_is_refuted(tmp_path: Path) -> None:
    """History before size 9 was rewritten and all signed anew, but an old checkpoint is still there."""
    scene, log = life()
    folder = log.write(tmp_path / "bundle")
    fake = SmallLog(log.key, [log.leaves[0], *log.leaves[2:]])
    (folder / "checkpoints" / "9").write_bytes(fake.note(9))
    report = verify_source(folder, trust=trust_of(scene))
    assert (codes(report), report.outcome) == (["LOG_CONSISTENCY_INVALID"], Outcome.REFUTED)


def test_stored_checkpoint_under_another_size_is_refuted(tmp_path: Path) -> None:
    scene, log = life()
    folder = log.write(tmp_path / "bundle")
    (folder / "checkpoints" / "8").write_bytes(log.note(9))
    report = verify_source(folder, trust=trust_of(scene))
    assert (codes(report), report.outcome) == (["CHECKPOINT_MISPLACED"], Outcome.REFUTED)


def test_entry_recorded_after_its_checkpoint_was_signed_is_refuted(tmp_path: Path) -> None:
    scene, log = life()
    log.notes[log.size] = log.note(log.size, time=int(START.timestamp()) - 3600)
    report = checked(tmp_path, scene, log)
    assert (codes(report), report.outcome) == (["TIME_AFTER_SIGNATURE"], Outcome.REFUTED)


def rewritten(log: SmallLog) -> SmallLog:
    """An alternative history of the same size that in itself is faultless: another pack was made."""
    other = Scene(nonces=5000)
    texts = other.founding()
    for group in other.life_of_a_pack(pack_code(50)):
        texts += group
    return SmallLog(log.key, entries_of_events(texts))


def test_alternative_history_is_faultless_in_itself(tmp_path: Path) -> None:
    scene, log = life()
    assert checked(tmp_path, scene, rewritten(log)).outcome is Outcome.VERIFIED


def pins_of(scene: Scene, log: SmallLog, *sizes: int) -> Pins:
    trust = trust_of(scene)
    pins = Pins()
    for size in sizes:
        root = root_of([leaf_hash(leaf) for leaf in log.leaves[:size]])
        pins = pins.with_pin((trust.origin, trust.keys_digest), size, root)
    return pins


def test_pins_of_the_same_history_change_nothing(tmp_path: Path) -> None:
    scene, log = life()
    report = checked(tmp_path, scene, log, pins=pins_of(scene, log, 3, 9, log.size))
    assert (report.outcome, codes(report)) == (Outcome.VERIFIED, [])


@pytest.mark.parametrize(("pinned", "code"), [(5, "LOG_CONSISTENCY_INVALID"), (0, "TREE_SPLIT_VIEW")])
def test_history_other_than_the_pinned_one_is_refuted(tmp_path: Path, pinned: int, code: str) -> None:
    scene, log = life()
    pins = pins_of(scene, log, pinned or log.size)
    report = checked(tmp_path, scene, rewritten(log), pins=pins)
    assert (codes(report), report.outcome) == ([code], Outcome.REFUTED)


def test_bundle_older_than_the_pin_is_undecided(tmp_path: Path) -> None:
    scene, log = life()
    older = SmallLog(log.key, log.leaves[:15], log.sizes)
    report = checked(tmp_path, scene, older, pins=pins_of(scene, log, log.size))
    assert (codes(report), report.outcome) == (["OLDER_THAN_PIN"], Outcome.UNDECIDED)


def test_older_bundle_whose_own_size_is_pinned_is_verified(tmp_path: Path) -> None:
    scene, log = life()
    older = SmallLog(log.key, log.leaves[:15], log.sizes)
    assert checked(tmp_path, scene, older, pins=pins_of(scene, log, 15, log.size)).outcome is Outcome.VERIFIED


def test_checkpoint_from_elsewhere_shows_a_split_view(tmp_path: Path) -> None:
    scene, log = life()
    other = rewritten(log)
    report = checked(tmp_path, scene, log, checkpoints=[other.checkpoint()])
    assert (codes(report), report.outcome) == (["TREE_SPLIT_VIEW"], Outcome.REFUTED)
    report = verify_source(tmp_path / "bundle", trust=trust_of(scene), checkpoints=[other.note(7)])
    assert (codes(report), report.outcome) == (["LOG_CONSISTENCY_INVALID"], Outcome.REFUTED)


def test_larger_checkpoint_from_elsewhere_leaves_the_end_undecided(tmp_path: Path) -> None:
    scene, log = life()
    older = SmallLog(log.key, log.leaves[:15], log.sizes)
    report = checked(tmp_path, scene, older, checkpoints=[log.checkpoint()])
    assert (codes(report), report.outcome) == (["CHECKPOINT_AHEAD"], Outcome.UNDECIDED)


def test_given_checkpoint_that_is_none_is_undecided(tmp_path: Path) -> None:
    scene, log = life()
    report = checked(tmp_path, scene, log, checkpoints=[b"not a checkpoint\n"])
    assert (codes(report), report.outcome) == (["CHECKPOINT_UNUSABLE"], Outcome.UNDECIDED)


# Who else vouches for the end.


def witness(name: str) -> CosignerKey:
    return CosignerKey(name, LogKey.from_seeds(
        name, ed25519_seed=published_seed(f"witness {name}"), ml_dsa_44_seed=bytes(32)
    ).ed25519)  # fmt: skip


ONE = witness("witness.example/one")


def test_quorum_of_witnesses_verifies_the_end(tmp_path: Path) -> None:
    scene, log = life()
    log.witnesses = (ONE,)
    trust = trust_of(scene, quorum=ONE.name, witnesses=(ONE,))
    report = verify_source(log.write(tmp_path / "bundle"), trust=trust)
    assert (report.outcome, codes(report), report.confirmed) == (Outcome.VERIFIED, [], log.size)
    assert "quorum none" not in report.headline


def test_without_the_quorum_the_end_is_undecided(tmp_path: Path) -> None:
    scene, log = life()
    trust = trust_of(scene, quorum=ONE.name, witnesses=(ONE,))
    folder = log.write(tmp_path / "bundle")
    report = verify_source(folder, trust=trust)
    assert (codes(report), report.outcome) == (["WITNESS_QUORUM_UNMET"], Outcome.UNDECIDED)
    again = verify_source(folder, trust=trust, checkpoints=[log.checkpoint()])
    assert (again.outcome, again.confirmed) == (Outcome.VERIFIED, log.size)
    short = verify_source(folder, trust=trust, checkpoints=[log.note(9)])
    assert (codes(short), short.confirmed) == (["WITNESS_QUORUM_UNMET"], 9)


def test_cosignature_that_is_none_is_refuted(tmp_path: Path) -> None:
    scene, log = life()
    log.witnesses = (ONE,)
    trust = trust_of(scene, quorum=ONE.name, witnesses=(ONE,))
    log.notes[9] = log.note(9)
    fake = SmallLog(log.key, log.leaves, (), (ONE,)).note(8)
    mixed = log.note(log.size).splitlines()[:-1] + [fake.splitlines()[-1], b""]
    log.notes[log.size] = b"\n".join(mixed)
    report = verify_source(log.write(tmp_path / "bundle"), trust=trust)
    assert "CHECKPOINT_SIGNATURE_INVALID" in codes(report)
    assert report.outcome is Outcome.REFUTED


def test_root_that_the_log_signed_over_nothing_is_refuted(tmp_path: Path) -> None:
    scene, log = life()
    log.notes[log.size] = log.key.sign(Checkpoint(scene.origin, log.size, bytes(32)), time=SIGNED_AT)
    report = checked(tmp_path, scene, log)
    assert report.outcome is Outcome.REFUTED
    assert "LOG_ROOT_MISMATCH" in codes(report)


# The report.


def test_json_report_has_one_object_a_line_and_ends_with_the_summary(tmp_path: Path) -> None:
    scene, log = life()
    trust = replace(trust_of(scene), registrars=frozenset({scene.maker.key.public.kid}))
    report = verify_source(log.write(tmp_path / "bundle"), trust=trust)
    lines = [json.loads(line) for line in format_json_lines(report)]
    assert [line["kind"] for line in lines] == ["finding"] + ["subject"] * len(report.subjects) + ["summary"]
    assert (lines[0]["code"], lines[-1]["outcome"]) == ("REGISTRAR_UNKNOWN", "REFUTED")
    assert lines[-1]["findings"] == {"REGISTRAR_UNKNOWN": 1}


def test_text_report_says_the_verdict_first_and_the_scope_last(tmp_path: Path) -> None:
    scene, log = life()
    lines = format_text(checked(tmp_path, scene, log), verbose=True).splitlines()
    assert lines[0].startswith("VERIFIED 核验通过")
    assert lines[-2].startswith("Not proven")
    assert sum(line.startswith("VERIFIED 核验通过 battery:") for line in lines) == 2


def test_text_of_a_source_moves_no_cursor(tmp_path: Path) -> None:
    scene, log = life()
    folder = log.write(tmp_path / "bundle")
    (folder / "\x1b[31mred\u202e").write_bytes(b"")
    text = format_text(verify_source(folder, trust=trust_of(scene)))
    assert "\x1b" not in text and "\u202e" not in text
    assert "\\u{1b}[31mred" in text


def test_same_source_gives_the_same_report(tmp_path: Path) -> None:
    scene, log = life()
    folder = log.write(tmp_path / "bundle")
    reports = [verify_source(folder, trust=trust_of(scene)) for _ in range(2)]
    first, second = (list(format_json_lines(report)) for report in reports)
    assert first == second
