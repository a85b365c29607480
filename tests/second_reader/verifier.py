"""A second verifier, written from docs/format.md alone: the standard library and `cryptography`.

    python verifier.py BUNDLE.zip TRUST.json [CHECKPOINT]

It does steps 2 to 7 and 11 of section 9, for a whole log and for one battery. It leaves out what needs the
rule set (schemas, the life cycle), witnesses, documents and pins. It gives (step, place, what is wrong).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
import sys
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, utils
from cryptography.hazmat.primitives.hashes import SHA256

Json = dict[str, Any]
Finding = tuple[int, str, str]

P = 2**255 - 19
EIGHTH = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
SMALL_ORDER = {0, 1, P - 1, EIGHTH, P - EIGHTH}  # y of the eight points whose order divides eight
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}|\.\.\.")
REFUSED = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef"
    "\U00010efd-\U00010eff\U00011f41\U00011f42\U0001e08f\U0001e4ec-\U0001e4ef]"
)
ENTRY = re.compile(
    rb'\{"event":"([A-Za-z0-9_.-]+)","recorded_at":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"\}'
)
MEMBERS = {"v", "aud", "nonce", "type", "sub", "seq", "iss", "occurred_at", "data"}
ALONE = ("log.opened", "log.heads", "org.key_revoked")  # a registrar's acts that are not joint


class WrongError(Exception):
    """Something is not as the page says."""


def must(fact: object, what: str) -> None:
    if not fact:
        raise WrongError(what)


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_b64url(text: str) -> bytes:
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    must(b64url(data) == text, "base64url that is not canonical")
    return data


# ---- the compact form, section 2 ----


def written(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def read_compact(data: bytes, limit: int) -> Json:
    """It is in compact form if writing what was read gives the same bytes, and nothing refused is in it."""
    must(len(data) <= limit, "too long")
    value = json.loads(data.decode(), object_pairs_hook=_members)
    must(isinstance(value, dict), "not an object")
    _check_value(value, 1)
    must(written(value) == data, "not in compact form")
    return dict(value)


def _members(pairs: list[tuple[str, Any]]) -> Json:
    must(len(dict(pairs)) == len(pairs), "a name twice")
    must(all(NAME.fullmatch(name) for name, _ in pairs), "a name that is none")
    return dict(pairs)


def _check_value(value: Any, depth: int) -> None:
    if isinstance(value, dict | list):
        must(depth <= 16, "nested too deep")
        for one in value.values() if isinstance(value, dict) else value:
            _check_value(one, depth + 1)
    elif isinstance(value, str):
        noncharacter = any(ord(char) & 0xFFFE == 0xFFFE for char in value)
        must(not noncharacter and not REFUSED.search(value), "a character that is refused")
        must(unicodedata.normalize("NFC", value) == value, "text that is not NFC")
    else:
        must(isinstance(value, int) and abs(value) < 2**53, "a value of no known kind")


# ---- signatures, sections 3.1 and 4 ----


def read_jws(text: str, typ: str, limit: int = 32_768) -> tuple[Json, Json, bytes, bytes]:
    """Header, payload, signature, and the bytes that are signed."""
    parts = text.split(".")
    must(len(parts) == 3, "not three parts")
    header, payload = read_compact(from_b64url(parts[0]), 512), read_compact(from_b64url(parts[1]), limit)
    must(sorted(header) == ["alg", "kid", "typ"] and header["typ"] == typ, "header")
    signature = from_b64url(parts[2])
    must(len(signature) == 64, "a signature that has not 64 bytes")
    return header, payload, signature, text.rpartition(".")[0].encode()


def kid_of(jwk: Json) -> str:
    names = {"OKP": ["crv", "kty", "x"], "EC": ["crv", "kty", "x", "y"]}.get(jwk.get("kty", ""), [])
    must(names and sorted(jwk) == names and jwk["crv"] == ("Ed25519" if len(names) == 3 else "P-256"), "jwk")
    must(all(len(from_b64url(jwk[name])) == 32 for name in names[2:]), "a coordinate that has not 32 bytes")
    return b64url(sha(written({name: jwk[name] for name in names})))


def check_ed25519(public: bytes, signature: bytes, message: bytes) -> None:
    """Strictly, as section 4.1 says: the library does 3 and 4, the rest is done here."""
    must(int.from_bytes(public, "little") % 2**255 < P, "a key that is not canonical")
    for point in (public, signature[:32]):
        must(int.from_bytes(point, "little") % 2**255 % P not in SMALL_ORDER, "a point of small order")
    ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, message)


def check_signature(jwk: Json, header: Json, signature: bytes, signed: bytes) -> None:
    must(header["kid"] == kid_of(jwk), "kid")
    if jwk["kty"] == "OKP":
        must(header["alg"] in ("Ed25519", "EdDSA"), "alg")
        return check_ed25519(from_b64url(jwk["x"]), signature, signed)
    must(header["alg"] == "ES256", "alg")
    x, y = (int.from_bytes(from_b64url(jwk[name]), "big") for name in "xy")
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    key.verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
    return None


# ---- the log, section 6 ----


def leaf_hash(entry: bytes) -> bytes:
    return sha(b"\0" + entry)


def root_of(hashes: list[bytes]) -> bytes:
    if len(hashes) < 2:
        return hashes[0] if hashes else sha(b"")
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return sha(b"\1" + root_of(hashes[:split]) + root_of(hashes[split:]))


def root_by_proof(hash_: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
    """RFC 6962, 2.1.1, from the end of the proof down: on which side of the split the leaf lies."""
    must(0 <= index < size, "an index beyond the size")
    if size == 1:
        must(not proof, "a proof that is too long")
        return hash_
    must(proof and len(proof[-1]) == 32, "a proof that is too short")
    split = 1 << (size - 1).bit_length() - 1
    if index < split:
        return sha(b"\1" + root_by_proof(hash_, index, split, proof[:-1]) + proof[-1])
    return sha(b"\1" + proof[-1] + root_by_proof(hash_, index - split, size - split, proof[:-1]))


def read_checkpoint(note: bytes, trust: Json) -> tuple[int, bytes]:
    """Size and root, signed by every log key of the trust file (6.3)."""
    text, _, lines = note.decode().rpartition("\n\n")
    head = re.fullmatch(r"([^\n]+)\n(0|[1-9][0-9]*)\n([A-Za-z0-9+/]{43}=)", text)
    must(head and lines.endswith("\n"), "a checkpoint that is none")
    origin, size, root = head.groups()  # type: ignore[union-attr]
    must(origin == trust["origin"], "a checkpoint of another log")
    signatures = [re.fullmatch(r"— (\S+) (\S+)", line) for line in lines.splitlines()]
    must(all(signatures), "a signature line that is none")
    given = [(each[1], base64.b64decode(each[2], validate=True)) for each in signatures if each]
    for vkey in trust["log_keys"]:
        name, key_id, encoded = vkey.split("+", 2)
        key = base64.b64decode(encoded, validate=True)
        must(name == origin and sha(name.encode() + b"\n" + key)[:4].hex() == key_id, "a verifier key")
        mine = [raw[4:] for by, raw in given if by == name and raw[:4].hex() == key_id]
        must(mine, "a log key that has not signed")
        for signature in mine:
            if key[0] == 1:
                check_ed25519(key[1:], signature, f"{text}\n".encode())
                continue
            must(key[0] == 6 and len(signature) == 8 + 2420, "a signature of no known kind")
            named = bytes([len(origin)]) + origin.encode()
            place = bytes(8) + struct.pack(">Q", int(size)) + base64.b64decode(root)
            message = b"subtree/v1\n\0" + named + signature[:8] + named + place
            mldsa.MLDSA44PublicKey.from_public_bytes(key[1:]).verify(signature[8:], message)
    return int(size), base64.b64decode(root)


def tile_name(level: int | str, index: int, width: int) -> str:
    digits = str(index).zfill(-(-len(str(index)) // 3) * 3)
    *above, last = (digits[at : at + 3] for at in range(0, len(digits), 3))
    return "/".join(
        ["tile", str(level), *("x" + each for each in above), last + (f".p/{width}" if width < 256 else "")]
    )


def entries_of(files: dict[str, bytes], size: int) -> Iterator[bytes]:
    for first in range(0, size, 256):
        width = min(256, size - first)
        bundle = files[tile_name("entries", first // 256, width)]
        for _ in range(width):
            length = int.from_bytes(bundle[:2], "big")
            must(len(bundle) >= 2 + length > 2, "an entry bundle that is cut off")
            yield bundle[2 : 2 + length]
            bundle = bundle[2 + length :]
        must(not bundle, "an entry bundle that goes on")


def check_tiles(files: dict[str, bytes], hashes: list[bytes]) -> None:
    level = 0
    while hashes:
        parts = [hashes[at : at + 256] for at in range(0, len(hashes), 256)]
        for index, part in enumerate(parts):
            stored = files[tile_name(level, index, len(part))]
            must(stored == b"".join(part), f"hash tile {level}/{index}")
        hashes = [root_of(part) for part in parts if len(part) == 256]
        level += 1


# ---- the registry, sections 4.2 to 4.4 ----


def millis(text: str) -> int:
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


class Registry:
    """All keys, and the end of every chain, as the entries so far gave them."""

    def __init__(self, trust: Json) -> None:
        self.trust = trust
        self.origin = trust["origin"]
        self.keys: dict[str, Json] = {}
        self.registrars: dict[str, Json] = {}  # kid -> jwk
        self.threshold = 0
        self.heads: dict[str, tuple[int, str]] = {}

    def key_for(self, kid: str, statement: Json, recorded: int) -> Json:
        must(kid in self.keys, "a key that is not registered")
        key, kind = self.keys[kid], statement["type"]
        must(key["org"] == statement["iss"], "another organisation's key")
        must(not key.get("revoked"), "a key that was revoked")
        must(millis(key.get("from", "1970-01-01T00:00:00Z")) <= recorded, "a key before its time")
        must("until" not in key or recorded < millis(key["until"]), "a key after its time")
        asked = {"log": "registrar", "registrar": "registrar", "org": "registrar", "key": "admin"}
        use = asked.get(kind.partition(".")[0], "sign")
        must(key["use"] == use or (use == "sign" and key["use"] == "registrar"), f"a key for {key['use']}")
        must(kind in key.get("types", [kind]), "a key for other types")
        must("sites" not in key or statement["data"].get("site") in key["sites"], "a key for other sites")
        return dict(key["jwk"])

    def check_possession(self, jwk: Json, proof: str, sub: str) -> str:
        kid = kid_of(jwk)
        header, payload, *rest = read_jws(proof, "packtrace-pop+jwt", 2_048)
        check_signature(jwk, header, *rest)
        expected = {"aud": self.origin, "sub": sub, "kid": kid}
        expected |= {"head": self.heads[sub][1]} if sub in self.heads else {}
        must(payload == expected, "a proof of possession for something else")
        must(kid not in self.keys, "a key that is registered already")
        return kid

    def check_approvals(self, statement: Json, signer: str) -> None:
        if statement["type"] in ALONE or signer not in self.registrars:
            return
        data = {name: value for name, value in statement["data"].items() if name != "approvals"}
        digest = b64url(sha(written({**statement, "data": data})))
        who = [signer]
        for text in statement["data"].get("approvals", []):
            header, payload, *rest = read_jws(text, "packtrace-approval+jwt")
            check_signature(self.registrars[header["kid"]], header, *rest)
            must(payload == {"aud": self.origin, "statement": digest}, "an approval of something else")
            who.append(header["kid"])
        must(len(set(who)) == len(who) >= self.threshold, f"approved by {len(who)} of {self.threshold}")

    def learn(self, statement: Json) -> None:
        """What the statement does to keys, from the next leaf on."""
        kind, data, sub = statement["type"], statement["data"], statement["sub"]
        if kind in ("log.opened", "registrar.key_changed"):
            self._change_registrars(data, sub)
        new = data["admin"] if kind == "org.enrolled" else data
        if kind in ("org.enrolled", "org.key_recovered", "key.added"):
            kid = self.check_possession(new["jwk"], new["possession"], sub)
            limits = {name: data[name] for name in ("use", "from", "until", "types", "sites") if name in data}
            key = {"org": "org:" + sub.partition(":")[2], "use": "admin", "jwk": new["jwk"]}
            self.keys[kid] = key | (limits if new is data else {})
        if kind in ("key.revoked", "org.key_revoked"):
            self.keys[data["kid"]]["revoked"] = True

    def _change_registrars(self, data: Json, sub: str) -> None:
        now = {kid_of(one["jwk"]): one for one in data["registrars"]}
        for kid, one in now.items():
            if kid not in self.registrars:
                self.check_possession(one["jwk"], one["possession"], sub)
                self.keys[kid] = {"org": one["org"], "use": "registrar", "jwk": one["jwk"]}
        for kid in self.registrars.keys() - now.keys():
            self.keys[kid]["revoked"] = True
        self.registrars = {kid: one["jwk"] for kid, one in now.items()}
        self.threshold = data["threshold"]

    def check_opened(self, statement: Json) -> None:
        must(statement["type"] == "log.opened", "a log that does not begin with log.opened")
        self.learn(statement)
        trusted = self.trust["registrars"]
        must(set(self.registrars) == set(trusted["kids"]), "other registrars than the trust file names")
        must(self.threshold == trusted["threshold"], "another threshold than the trust file's")
        must(set(statement["data"]["log_keys"]) == set(self.trust["log_keys"]), "other log keys")


# ---- the procedure, section 9 ----


def verify(files: dict[str, bytes], trust: Json, elsewhere: bytes | None = None) -> list[Finding]:
    """All that is wrong. `elsewhere`: a checkpoint that came another way."""
    wrong: list[Finding] = []

    def tried(step: int, place: object, check: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return check(*arguments)
        except (WrongError, InvalidSignature, KeyError, TypeError, ValueError) as error:
            wrong.append((step, str(place), f"{type(error).__name__}: {error}"))

    head = tried(2, "checkpoint", lambda: read_checkpoint(files["checkpoint"], trust))
    if head is None:
        return wrong
    leaves = tried(4, "entries", _leaves, files, *head) or {}
    if "bundle.json" not in files:
        hashes = [leaf_hash(entry) for entry in leaves.values()]
        tried(4, "tiles", check_tiles, files, hashes)
        if root_of(hashes) != head[1]:
            wrong.append((4, "checkpoint", "another root than the entries give"))
            hashes = []  # these are not the entries of the log: there is nothing to compare with others
        seen = {name: note for name, note in files.items() if name.startswith("checkpoints/")}
        for name, note in (seen | ({"elsewhere": elsewhere} if elsewhere else {})).items():
            size, root = tried(2, name, read_checkpoint, note, trust) or (0, root_of([]))
            if size <= len(hashes) and root_of(hashes[:size]) != root:
                wrong.append((11, name, f"another root at size {size}"))
    registry, before = Registry(trust), 0
    for index, entry in leaves.items():
        match = ENTRY.fullmatch(entry)
        if match is None or len(entry) > 65_535:
            wrong.append((3, str(index), "an entry that is none"))
            continue
        recorded = millis(match[2].decode())
        if recorded < before:
            wrong.append((3, str(index), "recorded_at goes back"))
        before = max(before, recorded)
        read = tried(6, index, read_jws, match[1].decode(), "packtrace-event+jwt")
        if read is None:
            continue
        header, statement, signature, signed = read
        if statement.keys() - {"prev"} != MEMBERS or statement["aud"] != trust["origin"]:
            wrong.append((6, str(index), "members, or aud"))
            continue
        if index == 0:
            tried(5, index, registry.check_opened, statement)
        key = tried(6, index, registry.key_for, header["kid"], statement, recorded)
        sound = len(wrong)
        if key:
            tried(6, index, check_signature, key, header, signature, signed)
            tried(5, index, registry.check_approvals, statement, header["kid"])
        if key and index and len(wrong) == sound:
            tried(5, index, registry.learn, statement)
        seq, prev = registry.heads.get(statement["sub"], (-1, None))
        if (statement["seq"], statement.get("prev")) != (seq + 1, prev):
            wrong.append((7, str(index), f"expected seq {seq + 1} after {prev}"))
        registry.heads[statement["sub"]] = statement["seq"], b64url(sha(signed))
    return wrong


def _leaves(files: dict[str, bytes], size: int, root: bytes) -> dict[int, bytes]:
    """Leaf index -> entry: all of a whole log, or those of one battery, each proven."""
    if "bundle.json" not in files:
        return dict(enumerate(entries_of(files, size)))
    leaves = {}
    for index in json.loads(files["bundle.json"])["leaves"]:
        proof, _, checkpoint = files[f"receipts/{index}"].decode().partition("\n\n")
        first, extra, number, *hashes = proof.split("\n")
        must(first == "c2sp.org/tlog-proof@v1" and number == f"index {index}", "a receipt that is none")
        must(checkpoint.encode() == files["checkpoint"], "a receipt under another checkpoint")
        leaves[index] = base64.b64decode(extra.removeprefix("extra "), validate=True)
        path = [base64.b64decode(each, validate=True) for each in hashes]
        must(root_by_proof(leaf_hash(leaves[index]), index, size, path) == root, f"no proof of leaf {index}")
    return leaves


def load(bundle: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(bundle) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


if __name__ == "__main__":
    paths = [Path(each) for each in sys.argv[1:]]
    found = verify(
        load(paths[0]), json.loads(paths[1].read_text()), *(path.read_bytes() for path in paths[2:])
    )
    print("\n".join(f"step {step} at {place}: {what}" for step, place, what in found) or "nothing wrong")
    sys.exit(1 if found else 0)
