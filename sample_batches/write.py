"""Writes the sample batches: the same bytes each time.

    python -m packtrace.sample_batches.write [FOLDER]

Run it again whenever the rule set changes: `log.opened` names the rules, and everything after it follows.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import orjson

from ..signing.base64url import b64url
from ..signing.merkle import leaf_hash, root_of
from ..signing.note import format_vkey
from ..trace.bundle.write import write_bundle
from ..trace.lifecycle.state import Batch, Battery
from ..trace.rules.ruleset import load_rules
from ..trace.statement import parse_entry, parse_event_jws
from ..trace.times import format_log_time
from .author import Author, Party
from .firms import ORIGIN, PARTIES, REGISTRAR, found
from .keys import CONTEXT, SampleLogSigner, published_seed
from .story import before_the_truck
from .tampered import Copy, forge
from .truck import the_truck

HERE: Final = Path(__file__).parent
TRUCK: Final = "truck-of-legacy-packs"
KEYS: Final = "published_keys"
DETERMINISTIC: Final = "dilithium_py"
"""Signs ML-DSA-44 with the same bytes each time; not among what the command itself needs."""

WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "registrar": ("registry", "admin", "sign"),
    "yard": ("admin", "sign", "phone", "new phone"),
}
"""The keys of each party; all others have an admin key and one that signs."""


def tell() -> Author:
    """The whole story, told to the judge."""
    author = Author(ORIGIN, load_rules(), datetime(2026, 4, 1, tzinfo=UTC))
    found(author)
    before_the_truck(author)
    the_truck(author)
    return author


def write_samples(folder: Path) -> None:
    """Write the files of all samples below a folder, over those that are there."""
    author = tell()
    files = {
        f"{TRUCK}/events.ndjson": _events(author),
        f"{TRUCK}/expected.json": _json(_expected(author)),
        f"{TRUCK}/labels.json": _json(author.tokens),
        f"{TRUCK}/organisations.json": _json([_organisation(party) for party in PARTIES]),
        f"{TRUCK}/trust.json": _json(_trust()),
        f"{KEYS}/keys.json": _json(_keys()),
    }
    for name, data in files.items():
        _write(folder / name, data)
    _write_bundles(folder / TRUCK, author)


def _write_bundles(folder: Path, author: Author) -> None:
    """The log as a bundle, its newest checkpoint beside it, and every tampered copy."""
    good = Copy(author)
    vkeys = SampleLogSigner(ORIGIN).vkeys
    write_bundle(good.log, folder / "bundle.zip", vkeys=vkeys, overwrite=True)
    _write(folder / "checkpoint", good.log.checkpoint())
    for forgery in forge(good):
        expected = {
            "what": {"en": forgery.en, "zh": forgery.zh},
            "outcome": forgery.outcome,
            "findings": [asdict(finding) for finding in forgery.findings],
        }
        if forgery.alone:
            expected |= {"checkpoint": "../checkpoint", "outcome_without_checkpoint": forgery.alone}
        _write(folder / "tampered" / f"{forgery.name}.expected.json", _json(expected))
        out = folder / "tampered" / f"{forgery.name}.zip"
        write_bundle(forgery.log, out, vkeys=vkeys, overwrite=True)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _events(author: Author) -> bytes:
    lines = ({"at": format_log_time(one.at), "events": list(one.events)} for one in author.submissions)
    return b"".join(orjson.dumps(line) + b"\n" for line in lines)


def _expected(author: Author) -> dict[str, Any]:
    """What a verifier must find, and where everything stands at the end."""
    chains = author.world.chains
    batteries = {name: chain.state for name, chain in chains.items() if isinstance(chain.state, Battery)}
    types = Counter(parse_event_jws(parse_entry(entry)[0]).value["type"] for entry in author.entries)
    return {
        "origin": ORIGIN,
        "outcome": "VERIFIED",
        "size": len(author.entries),
        "root": b64url(root_of([leaf_hash(entry) for entry in author.entries])),
        "last_recorded_at": format_log_time(author.at),
        "submissions": len(author.submissions),
        "types": dict(sorted(types.items())),
        "remarks": [{"event": event, "code": remark.code} for event, remark in author.remarks],
        "stages": dict(sorted(Counter(battery.stage for battery in batteries.values()).items())),
        "batteries": {
            name: {"stage": battery.stage, "custodian": battery.custodian}
            for name, battery in sorted(batteries.items())
        },
        "batches": {
            name: "closed" if chain.state.closed else "open"
            for name, chain in chains.items()
            if isinstance(chain.state, Batch)
        },
    }


def _organisation(party: Party) -> dict[str, Any]:
    return {
        "id": party.org,
        "name": {"zh": party.zh, "en": party.en},
        "region": party.region,
        "roles": list(party.roles),
        "keys": {word: party.signer(word).public.kid for word in _words(party)},
    }


def _trust() -> dict[str, Any]:
    """Whom a verifier of the samples trusts; published here, so that it proves nothing about anybody."""
    return {
        "origin": ORIGIN,
        "log_keys": sorted(format_vkey(vkey) for vkey in SampleLogSigner(ORIGIN).vkeys),
        "registrars": {"threshold": 1, "kids": [REGISTRAR.signer("registry").public.kid]},
        "witnesses": {},
        "groups": {},
        "quorum": "none",
    }


def _keys() -> dict[str, Any]:
    """What `packtrace load` and `packtrace demo` need to go on with the story."""
    log = {kind: f"{ORIGIN} log {kind}" for kind in ("Ed25519", "ML-DSA-44")}
    return {
        "warning": "Published test keys: everybody has them. 公开的测试密钥，不可用于任何真实记录。",
        "derivation": f"SHA-256 of {CONTEXT!r} and the name; a P-256 scalar is that mod (n-1), plus 1",
        "log": {
            "origin": ORIGIN,
            "keys": [
                {"name": name, "kind": kind, "seed": published_seed(name).hex()} for kind, name in log.items()
            ],
        },
        "parties": [
            {
                "party": party.short,
                "org": party.org,
                "use": {"admin": "admin", "registry": "registrar"}.get(word, "sign"),
                "name": f"{party.short} {word}",
                "kind": party.kinds.get(word, "Ed25519"),
                "kid": party.signer(word).public.kid,
                "seed": published_seed(f"{party.short} {word}").hex(),
            }
            for party in PARTIES
            for word in _words(party)
        ],
    }


def _words(party: Party) -> tuple[str, ...]:
    return WORDS.get(party.short, ("admin", "sign"))


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Writes the sample batches: the same bytes each time.")
    parser.add_argument("folder", nargs="?", type=Path, default=HERE, help="below which; the package's own")
    folder = parser.parse_args().folder
    if find_spec(DETERMINISTIC) is None:
        sys.exit(f"expected {DETERMINISTIC}, which the tests need too (`make test` installs it), got none")
    write_samples(folder)
