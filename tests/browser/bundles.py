"""Bundles for the pages that check them: good ones, and forgeries of each kind."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from packtrace.signing.base64url import parse_b64url
from packtrace.signing.tlog_proof import TlogProof, format_tlog_proof, parse_tlog_proof
from packtrace.tests.scene import Scene, pack_code
from packtrace.tests.verify.small_log import SmallLog, life, trust_of
from packtrace.trace.bundle.write import write_battery_bundle, write_bundle
from packtrace.trace.rules.ruleset import load_rules
from packtrace.trace.verify.trust import format_trust

Files = dict[str, bytes]
PACK = f"battery:gbt34014:{pack_code(0)}"


def packed(files: Files, compression: int = zipfile.ZIP_STORED) -> bytes:
    """A zip of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def unpacked(data: bytes) -> Files:
    """The files of a zip."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def small(packs: int = 1) -> tuple[Scene, SmallLog, str]:
    """A log of so many lives of packs, and its trust file."""
    scene, log = life(packs)
    return scene, log, format_trust(trust_of(scene)).decode()


def battery_bundle(scene: Scene, log: SmallLog, subject: str = PACK) -> bytes:
    """The bundle of one battery of it."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "one.zip"
        write_battery_bundle(log, out, subject=subject, rules=load_rules(), vkeys=scene.log_key.vkeys)
        return out.read_bytes()


def log_bundle(scene: Scene, log: SmallLog) -> bytes:
    """The bundle of all of it."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "all.zip"
        write_bundle(log, out, vkeys=scene.log_key.vkeys)
        return out.read_bytes()


def leaves_of(files: Files, subject: str) -> list[int]:
    """The leaves of one chain in a bundle of one battery, in order."""
    found = []
    for leaf in orjson.loads(files["bundle.json"])["leaves"]:
        if said_at(files, leaf)["sub"] == subject:
            found.append(leaf)
    return found


def said_at(files: Files, leaf: int) -> dict[str, object]:
    """What was signed at a leaf."""
    entry = orjson.loads(parse_tlog_proof(files[f"receipts/{leaf}"]).extra or b"")
    value: dict[str, object] = orjson.loads(parse_b64url(entry["event"].split(".")[1]))
    return value


def without(files: Files, leaf: int) -> Files:
    """The bundle as if the entry had never been in it: also out of the list."""
    about = orjson.loads(files["bundle.json"])
    about["leaves"].remove(leaf)
    kept = {name: data for name, data in files.items() if name != f"receipts/{leaf}"}
    return kept | {"bundle.json": orjson.dumps(about)}


def with_entry(files: Files, leaf: int, old: bytes, new: bytes) -> Files:
    """The bundle with something in the entry of a leaf replaced, under the old proof."""
    name = f"receipts/{leaf}"
    proof = parse_tlog_proof(files[name])
    assert proof.extra and old in proof.extra
    forged = TlogProof(proof.index, proof.hashes, proof.checkpoint, proof.extra.replace(old, new))
    return files | {name: format_tlog_proof(forged)}


def entry_of(files: Files, leaf: int) -> bytes:
    """The entry at a leaf, as it is."""
    return parse_tlog_proof(files[f"receipts/{leaf}"]).extra or b""
