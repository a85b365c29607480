"""Writes the sample batches: the same bytes each time.

    python -m packtrace.sample_batches.write [FOLDER] [--only NAME]

Run it again whenever the rule set changes: `log.opened` names the rules, and everything after it follows.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import orjson

from ..signing.base64url import b64url
from ..signing.merkle import leaf_hash, root_of
from ..signing.note import format_vkey
from ..trace.bundle.write import write_bundle
from ..trace.lifecycle.state import Batch, Battery, Lot
from ..trace.statement import parse_entry, parse_event_jws, read_event
from ..trace.times import format_log_time
from ..trace.verify.compromised import list_touched, parse_revocation
from ..trace.verify.findings import Finding
from .author import Author, Party
from .copies import Leaf
from .forgery import Copy
from .keys import CONTEXT, SampleLogSigner, published_seed
from .samples import SAMPLES, Sample

HERE: Final = Path(__file__).parent
DETERMINISTIC: Final = "dilithium_py"
"""Signs ML-DSA-44 with the same bytes each time; not among what the command itself needs."""


def write_samples(folder: Path) -> None:
    """Write the files of all samples below a folder, over those that are there."""
    for sample in SAMPLES:
        write_sample(folder, sample)


def write_sample(folder: Path, sample: Sample) -> None:
    """Write the files of one sample below the folder of all."""
    author = sample.tell()
    files = {
        f"{sample.name}/events.ndjson": _events(author),
        f"{sample.name}/expected.json": _json(_expected(author)),
        f"{sample.name}/labels.json": _json(author.tokens),
        f"{sample.name}/organisations.json": _json([_organisation(author, one) for one in sample.parties]),
        f"{sample.name}/trust.json": _json(_trust(sample)),
        f"{sample.keys}/keys.json": _json(_keys(author, sample)),
    }
    for name, data in files.items():
        _write(folder / name, data)
    _write_bundles(folder / sample.name, author, sample)


def _write_bundles(folder: Path, author: Author, sample: Sample) -> None:
    """The log as a bundle, its newest checkpoint beside it, and every tampered copy."""
    good = Copy(author, sample.published(author) if sample.published else ())
    vkeys = SampleLogSigner(sample.origin).vkeys
    write_bundle(good.log, folder / "bundle.zip", vkeys=vkeys, overwrite=True)
    _write(folder / "checkpoint", good.log.checkpoint())
    for forgery in sample.forge(good) if sample.forge else ():
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


def _touched(author: Author) -> Iterator[Finding]:
    """What is told at the end of an audit of keys that their owners no longer trust."""
    for at, entry in enumerate(author.entries):
        revocation = parse_revocation(read_event(parse_event_jws(parse_entry(entry)[0])), at)
        finding = list_touched(author.world, revocation) if revocation else None
        if finding:
            yield finding


def _expected(author: Author) -> dict[str, Any]:
    """What a verifier must find, and where everything stands at the end."""
    chains = author.world.chains
    batteries = {name: chain.state for name, chain in chains.items() if isinstance(chain.state, Battery)}
    lots = {name: chain.state for name, chain in chains.items() if isinstance(chain.state, Lot)}
    leaves = [Leaf(entry) for entry in author.entries]
    places = {leaf.id: at for at, leaf in enumerate(leaves)}
    types = Counter(leaf.payload["type"] for leaf in leaves)
    return {
        "origin": author.origin,
        "outcome": "VERIFIED",
        "size": len(author.entries),
        "root": b64url(root_of([leaf_hash(entry) for entry in author.entries])),
        "last_recorded_at": format_log_time(author.at),
        "submissions": len(author.submissions),
        "types": dict(sorted(types.items())),
        "findings": [
            {
                "code": remark.code,
                "subject": leaves[places[event]].payload["sub"],
                "leaf_index": places[event],
            }
            for event, remark in author.remarks
        ]
        + [
            {"code": finding.code, "subject": finding.subject, "leaf_index": finding.leaf_index}
            for finding in _touched(author)
        ],
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
        "lots": {
            name: {"kind": lot.kind, "stage": lot.stage, "custodian": lot.custodian, "g": lot.g}
            for name, lot in sorted(lots.items())
        },
    }


def _organisation(author: Author, party: Party) -> dict[str, Any]:
    return {
        "id": party.org,
        "name": {"zh": party.zh, "en": party.en},
        "region": party.region,
        "roles": list(party.roles),
        "keys": {word: party.signer(word).public.kid for word in _words(author, party)},
    }


def _trust(sample: Sample) -> dict[str, Any]:
    """Whom a verifier of the samples trusts; published here, so that it proves nothing about anybody."""
    kids = sorted(one.signer("registry").public.kid for one in sample.registrars)
    return {
        "origin": sample.origin,
        "log_keys": sorted(format_vkey(vkey) for vkey in SampleLogSigner(sample.origin).vkeys),
        "registrars": {"threshold": len(kids), "kids": kids},
        "witnesses": {},
        "groups": {},
        "quorum": "none",
    }


def _keys(author: Author, sample: Sample) -> dict[str, Any]:
    """What `packtrace load` and `packtrace demo` need to go on with the story."""
    log = {kind: f"{sample.origin} log {kind}" for kind in ("Ed25519", "ML-DSA-44")}
    return {
        "warning": "Published test keys: everybody has them. 公开的测试密钥，不可用于任何真实记录。",
        "derivation": f"SHA-256 of {CONTEXT!r} and the name; a P-256 scalar is that mod (n-1), plus 1",
        "log": {
            "origin": sample.origin,
            "keys": [
                {"name": name, "kind": kind, "seed": published_seed(name).hex()} for kind, name in log.items()
            ],
        },
        "parties": [
            {
                "party": party.short,
                "org": party.org,
                "use": {"admin": "admin", "registry": "registrar"}.get(word.partition(" ")[0], "sign"),
                "name": f"{party.short} {word}",
                "kind": party.kinds.get(word, "Ed25519"),
                "kid": party.signer(word).public.kid,
                "seed": published_seed(f"{party.short} {word}").hex(),
            }
            for party in sample.parties
            for word in _words(author, party)
        ],
    }


def _words(author: Author, party: Party) -> tuple[str, ...]:
    """The keys of a party: the registrar's first, its admin key, and what signs its statements."""
    first = ("registry",) if "registrar" in party.roles else ()
    return tuple(dict.fromkeys((*first, "admin", "sign", *author.words.get(party.short, ()))))


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Writes the sample batches: the same bytes each time.")
    parser.add_argument("folder", nargs="?", type=Path, default=HERE, help="below which; the package's own")
    parser.add_argument("--only", metavar="NAME", help="one of the samples")
    given = parser.parse_args()
    if find_spec(DETERMINISTIC) is None:
        sys.exit(f"expected {DETERMINISTIC}, which the tests need too (`make test` installs it), got none")
    for sample in SAMPLES:
        if given.only in (None, sample.name):
            write_sample(given.folder, sample)
