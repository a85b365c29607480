"""The example of `docs/format.md`, made anew from published test keys.

Run it from a folder other than the root to write the marked blocks of the page and the files beside it again:
``python -m packtrace.tests.format_example``. A test holds that the page and the files are what this gives.

Nothing here depends on the rule set's digest, so a new number in the policy does not change the page.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from packtrace.signing.base64url import b64url, parse_b64url
from packtrace.signing.compact import format_compact
from packtrace.signing.disclosures import withhold
from packtrace.signing.jws import APPROVAL, EVENT, parse_jws, sign_jws
from packtrace.signing.keys import PrivateKey, private_key_from_seed
from packtrace.signing.merkle import Frontier, leaf_hash, prove_inclusion, root_of
from packtrace.signing.note import format_vkey
from packtrace.signing.policy import NONE, Policy
from packtrace.signing.possession import sign_possession
from packtrace.signing.tiles import format_entry_bundle
from packtrace.signing.tlog_proof import TlogProof, format_tlog_proof
from packtrace.signing.tree_head import Checkpoint, format_checkpoint_text
from packtrace.tests.deterministic_signer import DeterministicLogSigner, published_seed
from packtrace.trace.bundle.layout import vkey_files
from packtrace.trace.lifecycle.keyring import approval_digest
from packtrace.trace.lifecycle.table import IN_USE_BARRED_TO, TABLE, Row
from packtrace.trace.lifecycle.words import (
    CUSTODIAL,
    IMPORTER,
    IN_PACK,
    IN_USE,
    INTAKE,
    LIVE,
    LOOSE,
    LOT_STAGES,
    STAGES,
    WASTE,
)
from packtrace.trace.rules.ruleset import rules_digest
from packtrace.trace.statement import format_entry
from packtrace.trace.verify.trust import Trust, format_trust, six_words

DOCS: Final = Path(__file__).parents[1] / "docs"
PAGE: Final = DOCS / "format.md"
FILES: Final = DOCS / "vectors" / "example"

ORIGIN: Final = "packtrace.example/cn"
CODE: Final = "04QPB76836300JBC40000903"
BATTERY: Final = f"battery:gbt34014:{CODE}"
MAKER: Final = "org:uscc:91440300MA5000002N"
MODEL: Final = f"model:{MAKER.removeprefix('org:')}/LFP-438"
CARS: Final = "org:uscc:91440300MA5000003R"
START: Final = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
LOG_TIME: Final = 1_795_408_802  # POSIX seconds: when the checkpoint is signed
TOKEN: Final = "MFRGGZDFMZTWQ2LKNNWG"  # 20 characters of base32, 100 bits
VIN: Final = "LSVAA4187E2184847"
DETACHED: Final = tuple(f"battery:gbt34014:04QMB76836300JBC4000{number:04d}" for number in (9031, 9032))


def key_of(name: str) -> PrivateKey:
    """The Ed25519 key of a published seed."""
    return private_key_from_seed(published_seed(name))


def nonce(number: int) -> str:
    """16 bytes that everybody can work out; a real one is random."""
    return b64url(published_seed(f"nonce {number}")[:16])


def label_digest(code: str, token: str) -> str:
    """The digest by which a chain knows its label."""
    return b64url(hashlib.sha256(f"packtrace-label/v1\n{code}\n{token}".encode()).digest())


def statement(number: int, kind: str, iss: str, prev: str | None, data: dict[str, Any]) -> dict[str, Any]:
    """A statement about the example's battery, the `number`-th of its chain."""
    place = {"seq": number} if prev is None else {"seq": number, "prev": prev}
    occurred_at = (START + timedelta(minutes=20 * number)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "v": 1,
        "aud": ORIGIN,
        "nonce": nonce(number),
        "type": kind,
        "sub": BATTERY,
        **place,
        "iss": iss,
        "occurred_at": occurred_at,
        "data": data,
    }


@functools.cache
def events() -> tuple[str, str, str]:
    """A pack is made, offered to a maker of vehicles, and accepted: three compact JWS."""
    made = sign_jws(
        format_compact(
            statement(
                0,
                "battery.manufactured",
                MAKER,
                None,
                {
                    "model": MODEL,
                    "chemistry": "LFP",
                    "mass": {"g": 438_000, "basis": "nameplate"},
                    "label": label_digest(CODE, TOKEN),
                },
            )
        ),
        key_of("maker key"),
        EVENT,
    )
    expires_at = (START + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    offered = sign_jws(
        format_compact(
            statement(
                1,
                "handover.offered",
                MAKER,
                id_of(made),
                {"consignee": CARS, "capacity": "vehicle_maker", "expires_at": expires_at},
            )
        ),
        key_of("maker key"),
        EVENT,
    )
    accepted = sign_jws(
        format_compact(
            statement(
                2,
                "handover.accepted",
                CARS,
                id_of(offered),
                {
                    "offer": id_of(offered),
                    "capacity": "vehicle_maker",
                    "mass": {"g": 438_500, "basis": "measured", "scale_g": 500},
                    "condition": "intact",
                    "read_by": "camera",
                },
            )
        ),
        key_of("cars key"),
        EVENT,
    )
    return made, offered, accepted


def id_of(text: str) -> str:
    """Id of an event."""
    return parse_jws(text, typ=EVENT).id


def entries() -> list[bytes]:
    """The leaves: each event a second and 123 milliseconds after what its party claims."""
    return [
        format_entry(text, START + timedelta(minutes=20 * number, milliseconds=1_123))
        for number, text in enumerate(events())
    ]


def signer() -> DeterministicLogSigner:
    """Both published keys of the example's log."""
    return DeterministicLogSigner.published(ORIGIN)


def hashes() -> list[bytes]:
    """The leaf hashes."""
    return [leaf_hash(entry) for entry in entries()]


@functools.cache
def checkpoint() -> bytes:
    """The signed head of the tree of three leaves."""
    return signer().sign(Checkpoint(ORIGIN, 3, root_of(hashes())), time=LOG_TIME)


def receipt_proof() -> bytes:
    """The stand-alone proof for leaf 2, with the exact entry in it."""

    def node(level: int, index: int) -> bytes:
        return root_of(hashes()[index << level : (index + 1) << level])

    return format_tlog_proof(TlogProof(2, prove_inclusion(node, 2, 3), checkpoint(), entries()[2]))


def trust() -> Trust:
    """A trust file for the example's log."""
    kids = frozenset({key_of("cars key").public.kid})
    return Trust(ORIGIN, kids, 1, Policy(NONE, signer().vkeys))


def files() -> dict[str, bytes]:
    """Every file of `docs/vectors/example`, but its README."""
    made = {f"events/{number}.jws": text.encode() for number, text in enumerate(events())}
    made |= {f"entries/{number}.json": entry for number, entry in enumerate(entries())}
    return made | {
        "checkpoint": checkpoint(),
        **vkey_files(signer().vkeys),
        "receipt.tlog-proof": receipt_proof(),
        "trust.json": format_trust(trust()),
        "tile/0/000.p/3": b"".join(hashes()),
        "tile/entries/000.p/3": format_entry_bundle(entries()),
    }


@functools.cache
def blocks() -> dict[str, str]:
    """The text of every marked block of the page, by its name."""
    event = events()[2]
    header, payload, signature = event.split(".")
    cars = key_of("cars key")
    thumbprint = json.dumps(cars.public.jwk(), separators=(",", ":"), sort_keys=True)
    slot, disclosure = withhold(VIN, published_seed("salt")[:16])
    possession = parse_jws(
        sign_possession(aud=ORIGIN, sub=f"keys:{CARS[4:]}", head=None, signer=cars), typ="packtrace-pop+jwt"
    )
    approved = {**parse_jws(events()[1], typ=EVENT).value}
    approval = sign_jws(
        format_compact({"aud": ORIGIN, "statement": approval_digest(approved)}), cars, APPROVAL
    )
    parts = {"policy.json": b"{}", "lifecycle": b"[]"}
    charged = [parse_b64url(id_of(text)) for text in events()]
    frontier = Frontier()
    frontier.extend(hashes())
    return {
        "event": event,
        "header": parse_b64url(header).decode(),
        "payload": parse_b64url(payload).decode(),
        "signature": signature,
        "event-id": id_of(event),
        "thumbprint-input": thumbprint,
        "kid": cars.public.kid,
        "possession-payload": possession.payload.decode(),
        "approval-payload": parse_jws(approval, typ=APPROVAL).payload.decode(),
        "slot": json.dumps(slot, separators=(",", ":")),
        "disclosure": disclosure,
        "disclosure-array": parse_b64url(disclosure).decode(),
        "entry": entries()[2].decode(),
        "leaf-hashes": "".join(f"{number}  {each.hex()}\n" for number, each in enumerate(hashes())).rstrip(),
        "root": frontier.root().hex(),
        "checkpoint": _shorten(checkpoint()),
        "checkpoint-text": format_checkpoint_text(Checkpoint(ORIGIN, 3, frontier.root())).rstrip("\n"),
        "vkeys": "\n".join(_cut(format_vkey(vkey)) for vkey in signer().vkeys),
        "receipt": _shorten(receipt_proof()),
        "label-digest": label_digest(CODE, TOKEN),
        "batch-root": b64url(root_of([leaf_hash(each) for each in charged])),
        "offers-root": b64url(root_of([leaf_hash(each) for each in sorted(charged)])),
        "detached-list": "\n".join(DETACHED),
        "detached-root": b64url(root_of([leaf_hash(line.encode()) for line in DETACHED])),
        "rules-digest": rules_digest(parts),
        "six-words": six_words(trust()),
        "life-cycle": "\n".join(_life_cycle()),
        "custodial": ", ".join(CUSTODIAL),
        "intake": ", ".join(INTAKE),
        "barred": ", ".join(IN_USE_BARRED_TO),
    }


def _cut(line: str, keep: int = 130) -> str:
    return line if len(line) <= keep + 40 else f"{line[:keep]}…{line[-12:]} ({len(line)} characters)"


def _shorten(note: bytes) -> str:
    """A note or proof with its long lines cut, for the page; the whole one is among the files."""
    return "\n".join(_cut(line) for line in note.decode().rstrip("\n").split("\n"))


_STAGES_NAMED: Final = (
    ("any", STAGES),
    ("any", LOT_STAGES),
    ("live", LIVE),
    ("in use or waste", (*IN_USE, *WASTE)),
    ("in use or waste, but in_pack", tuple(stage for stage in (*IN_USE, *WASTE) if stage != IN_PACK)),
    ("in use, but in_pack", tuple(stage for stage in IN_USE if stage != IN_PACK)),
    ("live but in_pack", LOOSE),
    ("waste", WASTE),
)
_ROLES_NAMED: Final = (
    ("custodial", CUSTODIAL),
    ("intake", INTAKE),
    ("importer, intake", (IMPORTER, *INTAKE)),
)


def _life_cycle() -> Iterator[str]:
    columns = "type", "who signs", "stage before", "after", "custodian after", "open offer", "holds"
    yield f"| {' | '.join((*columns, 'group, further checks'))} |"
    yield "|---" * (len(columns) + 1) + "|"
    twice = {row.type for row in TABLE if row.chain == "lot"} & {
        row.type for row in TABLE if row.chain == "battery"
    }
    for row in TABLE:
        held = row.chain in ("battery", "lot")
        cells = (
            f"`{row.type}`" + (f" ({row.chain})" if row.type in twice else ""),
            "; ".join(_who(row)),
            _words(row.stages, _STAGES_NAMED) if held else "",
            row.stage if held else "",
            row.custody if held else "",
            row.offer if held else "",
            row.hold if held else "",
            "; ".join(_more(row)),
        )
        yield f"| {' | '.join(cells)} |"


def _who(row: Row) -> Iterator[str]:
    for by in row.by:
        yield f"{by.relation}: {_words(by.roles, _ROLES_NAMED)}" if by.roles else by.relation


def _words(words: tuple[str, ...], named: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    """A list of words, or the name that this page has for it."""
    return next((name for name, these in named if set(words) == set(these)), ", ".join(words))


def _more(row: Row) -> Iterator[str]:
    if row.leads:
        yield f"leads {_types(row.leads)}"
    if row.follows:
        yield f"follows {_types(row.follows)}"
    if row.bars:
        yield f"barred by {', '.join(row.bars)}"
    if row.licence:
        yield f"licence `{row.licence}`"
    if row.acts_as:
        yield "acts in `data.capacity`"
    if row.joint:
        yield "joint"
    if row.voidable:
        yield "voidable"
    if row.also:
        yield f"*{', '.join(row.also)}*"


def _types(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


MARKED: Final = re.compile(
    r"<!-- example: (?P<name>[a-z-]+) -->\n\n(?P<fence>```[a-z]*\n)?(?P<text>.*?)(?(fence)\n```|)\n\n(?=\S)",
    re.DOTALL,
)


def marked(page: str) -> dict[str, str]:
    """The marked blocks as the page has them: what is fenced, or a table, below a comment with the name."""
    return {found["name"]: found["text"] for found in MARKED.finditer(page)}


def rewritten(page: str) -> str:
    """The page with every marked block as `blocks` gives it."""
    made = blocks()

    def block(found: re.Match[str]) -> str:
        fence = found["fence"] or ""
        text = made[found["name"]]
        return f"<!-- example: {found['name']} -->\n\n{fence}{text}{chr(10) + '```' if fence else ''}\n\n"

    return MARKED.sub(block, page)


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    for name, content in files().items():
        (FILES / name).parent.mkdir(parents=True, exist_ok=True)
        (FILES / name).write_bytes(content)
