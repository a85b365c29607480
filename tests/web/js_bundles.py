"""Bundles and receipts that the command has judged, for the browser's core to judge the same (`tests/js`)."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from packtrace.signing.checkpoint import CosignerKey, sign_cosignature, with_signatures
from packtrace.signing.merkle import leaf_hash, node_from_leaves, prove_inclusion
from packtrace.signing.note import format_note, format_vkey, parse_note
from packtrace.signing.policy import Group, Policy, quorum_met
from packtrace.signing.tlog_proof import TlogProof, format_tlog_proof, parse_tlog_proof
from packtrace.tests.scene import Scene, pack_code
from packtrace.tests.verify.small_log import SmallLog, entries_of_events, life, trust_of
from packtrace.trace.bundle.write import write_battery_bundle
from packtrace.trace.errors import TraceError
from packtrace.trace.lifecycle.table import TABLE
from packtrace.trace.rules.ruleset import load_rules
from packtrace.trace.statement import parse_entry, parse_event_jws
from packtrace.trace.verify.catalogue import CATALOGUE
from packtrace.trace.verify.files_source import ZipFiles
from packtrace.trace.verify.trust import Trust, format_trust, parse_trust
from packtrace.trace.verify.verify_source import verify_source

SAMPLES = Path(__file__).parents[2] / "sample_batches"
Case = dict[str, Any]
Files = dict[str, bytes]

# What the browser decides nothing on: schemas, the life cycle, conduct, and what rests on them.
_OF_THE_COMMAND = {
    "DEPENDS_ON_REFUTED",
    "RULES_UNKNOWN",
    "TIME_AFTER_SIGNATURE",
    "VENDOR_CODE_TAKEN",
    "RECOVERY_TOO_SOON",
}


def bundle_cases(folder: Path) -> list[Case]:
    """Every sample and every tampered one; a bundle of one battery and forgeries of it; receipts."""
    return [*_sample_cases(), *_battery_cases(folder), *_log_cases(folder), *_receipt_cases(folder)]


def _judged(name: str, path: Path, trust: Trust | None, checkpoints: tuple[bytes, ...] = ()) -> Case:
    report = verify_source(path, trust=trust, checkpoints=checkpoints)
    findings = [
        finding
        for finding in report.findings
        if CATALOGUE[finding.code].severity.name in ("ERROR", "UNCHECKED")
        and CATALOGUE[finding.code].step not in (8, 9, 10)
        and finding.code not in _OF_THE_COMMAND
    ]
    places = {id(each): "" if each.leaf_index is None else each.leaf_index for each in findings}
    errors = {each.code for each in findings if CATALOGUE[each.code].severity.name == "ERROR"}
    return {
        "name": name,
        "path": str(path),
        "trust": format_trust(trust).decode() if trust else None,
        "checkpoints": [note.decode() for note in checkpoints],
        "findings": sorted(f"{each.code}@{places[id(each)]}" for each in findings),
        "errors": sorted(errors),
        "checked": "REFUTED" if errors else "UNDECIDED" if findings else "VERIFIED",
    }


def _sample_cases() -> Iterator[Case]:
    for bundle in sorted(SAMPLES.glob("*/bundle.zip"))[:3]:
        trust = parse_trust(bundle.with_name("trust.json").read_bytes())
        yield _judged(bundle.parent.name, bundle, trust, (bundle.with_name("checkpoint").read_bytes(),))
    for bundle in sorted(SAMPLES.glob("*/tampered/*.zip")):
        trust = parse_trust((bundle.parents[1] / "trust.json").read_bytes())
        expected = orjson.loads(bundle.with_suffix(".expected.json").read_bytes())
        notes = [bundle.parent / expected["checkpoint"]] if "checkpoint" in expected else []
        yield _judged(bundle.stem, bundle, trust, tuple(path.read_bytes() for path in notes))


def _zipped(path: Path, files: Files) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def _files(path: Path) -> Files:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _battery_files(folder: Path, scene: Scene, log: SmallLog) -> Files:
    path = folder / "battery.zip"
    subject = f"battery:gbt34014:{pack_code(0)}"
    rules = load_rules()
    write_battery_bundle(log, path, subject=subject, rules=rules, vkeys=scene.log_key.vkeys, overwrite=True)
    return _files(path)


def _battery_cases(folder: Path) -> Iterator[Case]:
    scene, log = life(2)
    trust = trust_of(scene)
    whole = _battery_files(folder, scene, log)
    about = orjson.loads(whole["bundle.json"])
    leaves: list[int] = about["leaves"]
    receipts = [f"receipts/{leaf}" for leaf in leaves]
    own = [name for name in receipts if pack_code(0) in _said(parse_tlog_proof(whole[name]).extra or b"")]

    def about_with(**changes: Any) -> Files:
        return {"bundle.json": orjson.dumps(about | changes)}

    _, other = life(1)
    forgeries: dict[str, Files | None] = {
        "one battery": {},
        "a receipt kept back": _without(whole, own[1]),
        "the last receipt kept back": _without(whole, own[-1]),
        "a receipt under another index": {own[1]: whole[own[2]]},
        "another checkpoint": {"checkpoint": other.note(other.size)},
        "no keys": _without(whole, "log.vkey"),
        "a file too many": {"notes.txt": b"hello"},
        "another size": about_with(size=about["size"] + 1),
        "another format": about_with(format="packtrace-bundle/2"),
        "leaves twice": about_with(leaves=[*leaves, leaves[-1]]),
        "leaves as text": about_with(leaves=[str(leaf) for leaf in leaves]),
        "a member too many": about_with(more=1),
        "not a battery": about_with(subject="log:" + scene.origin),
        "another battery": about_with(subject=f"battery:gbt34014:{pack_code(9)}"),
        "no receipts at all": {**about_with(leaves=[]), **dict.fromkeys(receipts)},  # type: ignore[dict-item]
    }
    for name in (own[0], own[3], receipts[0], receipts[-1]):
        proof = parse_tlog_proof(whole[name])
        for what, forged in _forged_proofs(proof).items():
            forgeries[f"{what} in {name}"] = {name: forged}
    for number, (name, changes) in enumerate(forgeries.items()):
        files = {each: data for each, data in {**whole, **(changes or {})}.items() if data is not None}
        yield _judged(name, _zipped(folder / f"battery-{number}.zip", files), trust)
    yield _judged("one battery without a trust file", folder / "battery.zip", None)


def _without(files: Files, name: str) -> Any:
    return dict.fromkeys([name])


def _forged_proofs(proof: TlogProof) -> dict[str, bytes]:
    extra = proof.extra or b""
    hashes = proof.hashes
    changed = {
        "an entry edited": TlogProof(
            proof.index, hashes, proof.checkpoint, extra.replace(b"2026-", b"2027-")
        ),
        "a hash too few": TlogProof(proof.index, hashes[:-1], proof.checkpoint, extra),
        "two hashes swapped": TlogProof(proof.index, hashes[::-1], proof.checkpoint, extra),
        "no entry": TlogProof(proof.index, hashes, proof.checkpoint),
    }
    forged = {name: format_tlog_proof(each) for name, each in changed.items()}
    forged["another line"] = format_tlog_proof(proof).replace(b"index ", b"index 0", 1)
    return forged


def _said(entry: bytes) -> str:
    value = parse_event_jws(parse_entry(entry)[0]).value
    return str(value["sub"])


def _log_cases(folder: Path) -> Iterator[Case]:
    """Whole logs whose registry was tampered with by who holds some of the keys."""
    for name, texts in _stories():
        scene = Scene()
        log = SmallLog(scene.log_key, entries_of_events(texts(scene)))
        yield _judged(name, log.write(folder / f"{name}.zip"), trust_of(scene))


def _stories() -> Iterator[tuple[str, Callable[[Scene], list[str]]]]:
    def revoked(scene: Scene) -> list[str]:
        texts = scene.founding()
        texts.append(scene.key_revoked(scene.garage, scene.garage.key))
        return [*texts, scene.sign(scene.garage, "note.incident", notes, {"kind": "leak", "note": "x"})]

    def foreign(scene: Scene) -> list[str]:
        texts = scene.founding()
        data = {"kind": "leak", "note": "x"}
        return [*texts, scene.sign(scene.garage, "note.incident", notes, data, key=scene.maker.key)]

    def admin_signs(scene: Scene) -> list[str]:
        texts = scene.founding()
        data = {"kind": "leak", "note": "x"}
        return [*texts, scene.sign(scene.garage, "note.incident", notes, data, key=scene.garage.admin)]

    def unproven(scene: Scene) -> list[str]:
        texts = scene.founding()
        key = scene.party("other", 9).key
        possession = scene._new_key(scene.maker.key, f"keys:{scene.garage.id}")["possession"]
        return [*texts, scene.key_added(scene.garage, key, possession=possession)]

    def late(scene: Scene) -> list[str]:
        texts = scene.founding()
        key = scene.party("other", 9).key
        texts.append(scene.key_added(scene.garage, key, **{"from": "2030-01-01T00:00:00Z"}))
        data = {"kind": "leak", "note": "x"}
        return [*texts, scene.sign(scene.garage, "note.incident", notes, data, key=key)]

    def twice(scene: Scene) -> list[str]:
        texts = scene.founding()
        return [*texts, scene.key_added(scene.garage, scene.maker.key)]

    notes = f"notes:battery:gbt34014:{pack_code(0)}"
    yield from (
        ("signed-by-a-revoked-key", revoked),
        ("signed-by-a-foreign-key", foreign),
        ("admin-signs", admin_signs),
    )
    yield from (("key-not-proven", unproven), ("key-not-yet-valid", late), ("key-of-another", twice))


def _receipt_cases(folder: Path) -> Iterator[Case]:
    scene, log = life(1)
    trust = trust_of(scene)
    node = node_from_leaves([leaf_hash(entry) for entry in log.leaves])
    index = log.size // 2
    entry = log.leaves[index]
    proof = TlogProof(index, prove_inclusion(node, index, log.size), log.note(log.size), entry)
    event = parse_event_jws(parse_entry(entry)[0])
    answer = {"id": event.id, "entry": entry.decode(), "proof": format_tlog_proof(proof).decode()}
    others = [format_tlog_proof(TlogProof(index, proof.hashes, log.note(9), entry))]
    receipts = {
        "receipt": format_tlog_proof(proof),
        "receipt as a node answers": orjson.dumps(answer),
        "with its place": orjson.dumps(answer | {"leaf_index": index}),
        "with another place": orjson.dumps(answer | {"leaf_index": index + 1}),
        "with another id": orjson.dumps(answer | {"id": "A" * 43}),
        "with another entry": orjson.dumps(answer | {"entry": log.leaves[0].decode()}),
        "without id": orjson.dumps({name: answer[name] for name in ("entry", "proof")}),
        "under another checkpoint": others[0],
        **{f"receipt: {name}": data for name, data in _forged_proofs(proof).items()},
    }
    for number, (name, data) in enumerate(receipts.items()):
        path = folder / f"receipt-{number}"
        path.write_bytes(data)
        yield _judged(name, path, trust) | {"receipt": base64.b64encode(data).decode()}


def zip_cases(folder: Path) -> list[Case]:
    """Zips that are made to do harm, with the code under which the command refuses each."""
    plain = {"checkpoint": b"x", "receipts/1": b"y" * 5_000}
    made = {"plain": _zip_bytes(plain), "bomb": _zip_bytes({"checkpoint": bytes(200 << 20)})}
    for name in ("../x", "/x", "a//b", "a/../b", "C:/x", "a\\b", "./x"):
        made[name] = _zip_bytes({name: b"x"})
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    made["link"] = _zip_bytes({}, link)
    made["lzma"] = _zip_bytes(plain, method=zipfile.ZIP_LZMA)
    made["a bit changed"] = _zip_bytes(plain, method=zipfile.ZIP_STORED).replace(b"yyyy", b"yyxy", 1)
    made["password"] = made["plain"].replace(
        b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"
    )
    made |= {"empty": b"", "text": b"hello" * 100}
    return [
        {"name": name, "data": base64.b64encode(data).decode(), "code": _zip_code(folder, data)}
        for name, data in made.items()
    ]


def _zip_bytes(files: Files, *links: zipfile.ZipInfo, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        for link in links:
            archive.writestr(link, "/etc/passwd")
    return out.getvalue()


def _zip_code(folder: Path, data: bytes) -> str:
    path = folder / "harm.zip"
    path.write_bytes(data)
    try:
        files = ZipFiles(path)
        for name in files.names():
            files.read(name, 1 << 28)
    except TraceError as error:
        return error.code
    return "ok"


def use_cases() -> list[Case]:
    """Each type of the table, with the uses of the keys that may sign it."""
    found: dict[str, Case] = {}
    for row in TABLE:
        uses = {by.relation if by.relation in ("registrar", "admin") else "sign" for by in row.by}
        case = found.setdefault(row.type, {"type": row.type, "expected": [], "joint": row.joint})
        case["expected"] = sorted(uses | set(case["expected"]))
    return list(found.values())


def quorum_cases() -> list[Case]:
    """Checkpoints with some cosignatures, and whether they are enough for some trust files."""
    scene, log = life(1)
    witnesses = [_witness(number) for number in range(3)]
    names = [f"w{number}" for number in range(3)]
    keys = {name: witness.vkey for name, witness in zip(names, witnesses, strict=True)}
    groups = {"two": Group(2, ("w0", "w1")), "either": Group(1, ("two", "w2"))}
    note = parse_note(log.note(log.size))
    cases = []
    for chosen in range(8):
        signing = [witness for number, witness in enumerate(witnesses) if chosen >> number & 1]
        cosigned = with_signatures(note, [sign_cosignature(note, each, 1_800_000_000) for each in signing])
        for quorum in ("none", "w0", "two", "either"):
            policy = Policy(quorum, scene.log_key.vkeys, keys, groups)
            trust = Trust(scene.origin, frozenset({scene.registrar.key.public.kid}), 1, policy)
            met = quorum_met(policy, {each.vkey for each in signing})
            said = orjson.loads(format_trust(trust))
            assert said["witnesses"]["w0"] == format_vkey(keys["w0"])
            cases.append({"trust": said, "note": format_note(cosigned).decode(), "met": met})
    return cases


def _witness(number: int) -> CosignerKey:
    return CosignerKey(
        f"witness.example/{number}", Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    )


def catalogue_case() -> dict[str, Case]:
    """Severity and step of every code."""
    return {code: {"severity": kind.severity.name, "step": kind.step} for code, kind in CATALOGUE.items()}
