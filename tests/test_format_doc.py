"""`docs/format.md` says what the code does: its example is made again, its lists are compared."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from packtrace.signing.base64url import b64url
from packtrace.signing.checkpoint import open_checkpoint
from packtrace.signing.compact_scan import DEFAULT_LIMIT, MAX_DEPTH, REFUSED_CHARACTER
from packtrace.signing.disclosures import DISCLOSURE_LIMIT, MAX_DISCLOSURES, SALT_BYTES, parse_disclosure
from packtrace.signing.jws import EVENT, TYPES, check_signature, parse_jws, sign_jws
from packtrace.signing.keys import PrivateKey
from packtrace.signing.merkle import check_inclusion, leaf_hash
from packtrace.signing.note import MAX_NOTE, MAX_SIGNATURES, parse_vkey
from packtrace.signing.possession import sign_possession
from packtrace.signing.tlog_proof import parse_tlog_proof
from packtrace.tests import format_example as example
from packtrace.trace.bundle import layout
from packtrace.trace.errors import RefusedError
from packtrace.trace.ledger.door import MAX_GROUP
from packtrace.trace.ledger.lines import MAX_LINE
from packtrace.trace.lifecycle.judge import judge
from packtrace.trace.lifecycle.keyring import find_key
from packtrace.trace.lifecycle.table import TABLE, Relation
from packtrace.trace.lifecycle.world import Memory
from packtrace.trace.rules.ruleset import load_rules
from packtrace.trace.statement import (
    MAX_ENTRY,
    Moment,
    check_addressed,
    parse_entry,
    parse_event_jws,
    read_event,
)
from packtrace.trace.verify.catalogue import CATALOGUE
from packtrace.trace.verify.files_source import MAX_RATIO
from packtrace.trace.verify.six_words import WORDS

PAGE = example.PAGE.read_text(encoding="utf-8")
PROSE = " ".join(PAGE.split())
FILES = example.FILES
AGAIN = "run `python -m packtrace.tests.format_example` from another folder than the root"


def section(title: str) -> str:
    """The text below a heading, to the next one of the same depth or above."""
    depth, _, _ = title.partition(" ")
    found = re.search(
        rf"^{re.escape(title)}\n(.*?)(?=^#{{2,{len(depth)}}} |\Z)", PAGE, re.DOTALL | re.MULTILINE
    )
    assert found, f"no section {title!r}"
    return found[1]


# -- the example ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(example.blocks()))
def test_block_of_the_page_is_what_the_code_gives(name: str) -> None:
    assert example.marked(PAGE).get(name) == example.blocks()[name], AGAIN


def test_changed_block_is_noticed_and_written_again() -> None:
    assert len(example.marked(PAGE)) == PAGE.count("<!-- example: ")
    for name, text in example.marked(PAGE).items():
        spoiled = PAGE.replace(f"<!-- example: {name} -->", f"<!-- example: {name} -->", 1)
        at = spoiled.index(text, spoiled.index(f"<!-- example: {name} -->"))
        spoiled = f"{spoiled[:at]}#{spoiled[at + 1 :]}"
        assert example.marked(spoiled)[name] != text
        assert example.rewritten(spoiled) == PAGE


def test_files_of_the_example_are_what_the_code_gives_and_no_others() -> None:
    present = {path.relative_to(FILES).as_posix() for path in FILES.rglob("*") if path.is_file()}
    assert present == {"README.md", *example.files()}
    for name, content in example.files().items():
        assert (FILES / name).read_bytes() == content, f"{name}: {AGAIN}"


def vkey_lines() -> list[str]:
    return [(FILES / name).read_text().removesuffix("\n") for name in layout.VKEYS]


def test_example_holds_for_a_reader_who_has_only_its_files() -> None:
    vkeys = [parse_vkey(line) for line in vkey_lines()]
    proof = parse_tlog_proof((FILES / "receipt.tlog-proof").read_bytes())
    assert proof.checkpoint == (FILES / "checkpoint").read_bytes()
    opened = open_checkpoint(proof.checkpoint, origin=example.ORIGIN, log_keys=vkeys).checkpoint
    assert proof.extra is not None
    check_inclusion(proof.hashes, proof.index, opened.size, leaf_hash(proof.extra), opened.root)
    text, _ = parse_entry(proof.extra)
    jws = parse_jws(text, typ=EVENT)
    check_signature(jws, example.key_of("cars key").public)
    assert jws.id == example.marked(PAGE)["event-id"]
    shown = parse_disclosure(example.marked(PAGE)["disclosure"])
    assert [{"...": shown.digest}] == orjson.loads(example.marked(PAGE)["slot"])


def test_both_signatures_of_the_log_cover_what_section_6_3_says() -> None:
    """By the words of the page and the two libraries alone."""
    text, block = (FILES / "checkpoint").read_text(encoding="utf-8").split("\n\n")
    origin, size, root = text.split("\n")
    signed = [base64.b64decode(line.split(" ")[2]) for line in block.splitlines()]
    keys = []
    for line, signature in zip(vkey_lines(), signed, strict=True):
        name, key_id, encoded = line.split("+", 2)
        key = base64.b64decode(encoded)
        assert (
            hashlib.sha256(f"{name}\n".encode() + key).digest()[:4] == bytes.fromhex(key_id) == signature[:4]
        )
        keys.append(key)
    ed25519, ml_dsa_44 = keys
    assert (ed25519[0], ml_dsa_44[0], len(signed[0]), len(signed[1])) == (0x01, 0x06, 4 + 64, 4 + 8 + 2420)
    Ed25519PublicKey.from_public_bytes(ed25519[1:]).verify(signed[0][4:], f"{text}\n".encode())
    named = bytes([len(origin)]) + origin.encode()
    tree = bytes(8) + int(size).to_bytes(8, "big") + base64.b64decode(root)
    message = b"subtree/v1\n\0" + named + signed[1][4:12] + named + tree
    MLDSA44PublicKey.from_public_bytes(ml_dsa_44[1:]).verify(signed[1][12:], message)


def test_events_of_the_example_are_accepted_by_the_judge() -> None:
    world = registry()
    for entry in example.entries():
        accept(world, *parse_entry(entry))
    chain = world.chain(example.BATTERY)
    assert chain is not None
    assert (chain.seq, chain.head) == (2, example.blocks()["event-id"])
    with pytest.raises(RefusedError) as refused:
        accept(world, *parse_entry(example.entries()[2]))
    assert refused.value.finding_code == "PLACE_TAKEN"


def accept(world: Memory, text: str, recorded_at: Any) -> None:
    """Take in one event as the next leaf, by the order of section 7.6."""
    jws = parse_event_jws(text)
    world.rules.shapes.check(jws.value)
    event = read_event(jws)
    check_addressed(event, world.origin)
    at = Moment(sum(chain.seq + 1 for chain in world.chains.values()), recorded_at)
    key = find_key(event, recorded_at, world)
    check_signature(jws, key.public)
    step = judge(event, at, key, world, None)
    world.keep(event, at, step.chain, step.references)


def registry() -> Memory:
    """A log that both organisations of the example are enrolled in, each with its key."""
    world = Memory(example.ORIGIN, load_rules())
    registrar = example.key_of("registrar key")
    log = f"log:{example.ORIGIN}"
    registrar_org = "org:duns:150483782"

    def say(signer: PrivateKey, kind: str, sub: str, iss: str, data: dict[str, Any]) -> None:
        at = example.START - timedelta(days=1)
        payload = {
            **example.statement(0, kind, iss, None, data),
            "sub": sub,
            "nonce": b64url(sub.encode().ljust(16)[-16:]),
            "occurred_at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        accept(world, sign_jws(orjson.dumps(payload), signer, EVENT), at)

    def proven(key: PrivateKey, sub: str) -> dict[str, Any]:
        possession = sign_possession(aud=example.ORIGIN, sub=sub, head=None, signer=key)
        return {"jwk": key.public.jwk(), "possession": possession}

    opened = {
        "purpose": "test",
        "registrars": [{"org": registrar_org, **proven(registrar, log)}],
        "threshold": 1,
        "log_keys": vkey_lines(),
        "rules": {"name": world.rules.name, "sha256": world.rules.sha256},
    }
    say(registrar, "log.opened", log, registrar_org, opened)
    for name, org, role in (
        ("maker", example.MAKER, "battery_maker"),
        ("cars", example.CARS, "vehicle_maker"),
    ):
        admin, key = example.key_of(f"{name} admin"), example.key_of(f"{name} key")
        enrolled: dict[str, Any] = {
            "name": {"en": name},
            "region": "CN-440300",
            "roles": [{"role": role}],
            "admin": proven(admin, org),
        }
        if role == "battery_maker":
            enrolled["vendor_codes"] = [example.CODE[:3]]
        say(registrar, "org.enrolled", org, registrar_org, enrolled)
        keys = f"keys:{org.removeprefix('org:')}"
        say(admin, "key.added", keys, org, {"use": "sign", **proven(key, keys)})
    model: dict[str, Any] = {"name": {"en": "LFP 438"}, "category": "ev", "chemistry": "LFP"}
    model |= {"level": "pack", "mass_g": 438_000}
    say(example.key_of("maker key"), "model.published", example.MODEL, example.MAKER, model)
    return world


# -- lists and numbers ---------------------------------------------------------------------------------


def test_refused_characters_of_the_page_are_those_of_the_code() -> None:
    bullet = re.search(r"^- A string MUST NOT hold:.*?(?=^- )", PAGE, re.DOTALL | re.MULTILINE)
    assert bullet
    surrogates = set(range(0xD800, 0xE000))
    listed = surrogates | {plane + low for plane in range(0, 0x110000, 0x10000) for low in (0xFFFE, 0xFFFF)}
    for first, last in re.findall(
        r"U\+([0-9A-F]{4,6})(?: to U\+([0-9A-F]{4,6}))?", " ".join(bullet[0].split())
    ):
        listed |= set(range(int(first, 16), int(last or first, 16) + 1))
    refused = {code for code in range(0x110000) if REFUSED_CHARACTER.match(chr(code))}
    assert sorted(listed ^ refused) == [0x0A]  # the line feed is written as \\n


def test_limits_of_the_page_are_those_of_the_code() -> None:
    for limit in (DEFAULT_LIMIT, DISCLOSURE_LIMIT, MAX_ENTRY):
        assert f"{limit:,} bytes" in PROSE or f"disclosure {limit:,}" in PROSE
    assert f"nest at most {MAX_DEPTH} deep" in PROSE
    assert f"at least {SALT_BYTES} random bytes" in PROSE
    assert f"at most {MAX_DISCLOSURES} of them" in PROSE
    assert f"at most {MAX_GROUP:,} events" in PROSE
    assert f"at most {MAX_LINE >> 20} MiB" in PROSE
    assert f"more than {MAX_RATIO} times" in PROSE
    assert f"{MAX_NOTE >> 20} MiB and {MAX_SIGNATURES} signatures" in PROSE


def test_every_typ_is_in_the_table() -> None:
    assert set(re.findall(r"^\| `(packtrace-[a-z]+\+jwt)` \|", PAGE, re.MULTILINE)) == TYPES


def test_every_member_of_a_statement_is_in_the_table() -> None:
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \|", section("### 3.2 The statement"), re.MULTILINE)
    schema = orjson.loads(load_rules().shapes.sources["handover.accepted"])
    assert {name for row in rows for name in re.findall(r"`([a-z_]+)`", row)} == set(schema["properties"])


def test_every_relation_is_explained() -> None:
    explained = set(re.findall(r"^\| ([a-z]+) \| ", section("### 7.2 The life cycle"), re.MULTILINE))
    assert explained - {"relation", "type"} == set(get_args(Relation))
    assert {by.relation for row in TABLE for by in row.by} <= explained


def test_six_words_follow_from_the_page_alone() -> None:
    said = orjson.loads((FILES / "trust.json").read_bytes())
    said["log_keys"].sort()
    said["registrars"]["kids"].sort()
    digest = hashlib.sha256(
        b"packtrace-trust/v1\n" + orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    ).digest()
    assert " ".join(WORDS[byte] for byte in digest[:6]) == example.marked(PAGE)["six-words"]


def test_members_of_the_files_are_in_their_tables() -> None:
    said = orjson.loads((FILES / "trust.json").read_bytes())
    rows = re.findall(r"^\| `([a-z_]+)` \|", section("### 8.4 The trust file"), re.MULTILINE)
    assert rows == list(said)
    bundles = section("### 8.2 Bundles")
    for name in (
        layout.CHECKPOINT,
        layout.CHECKPOINTS,
        layout.RECEIPTS,
        *layout.VKEYS,
        layout.ABOUT,
        layout.FORMAT,
    ):
        assert re.search(rf"[`\"]{re.escape(name)}", bundles), name


def test_every_finding_belongs_to_a_step() -> None:
    assert {kind.step for kind in CATALOGUE.values()} <= {*range(1, 12)}


def test_extract_of_the_grammar_is_in_the_grammar() -> None:
    grammar = (example.DOCS / "identifiers.abnf").read_text(encoding="utf-8")
    whole = {" ".join(line.partition(";")[0].split()) for line in grammar.splitlines()}
    extract = re.search(r"```abnf\n(.*?)```", section("### 3.3 Identifiers"), re.DOTALL)
    assert extract
    rules = [" ".join(line.split()) for line in extract[1].splitlines() if line.strip()]
    assert len(rules) > 5
    assert not [rule for rule in rules if rule not in whole]


def test_verification_has_the_eleven_steps_in_order() -> None:
    steps = re.findall(r"^(\d+)\. \*\*", section("## 9. Verification, step by step"), re.MULTILINE)
    assert [int(step) for step in steps] == list(range(1, 12))


def test_codes_named_on_the_page_are_raised_by_the_code() -> None:
    root = Path(example.__file__).parents[1]
    source = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("signing", "trace")
        for path in (root / folder).rglob("*.py")
    )
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", PAGE)) - {"LIFECYCLE"}
    assert len(named) >= 3
    assert not [code for code in named if f'"{code}"' not in source]


@pytest.mark.parametrize(
    "page", sorted(path.relative_to(example.DOCS.parent).as_posix() for path in example.DOCS.rglob("*.md"))
)
def test_links_between_the_pages_lead_somewhere(page: str) -> None:
    path = example.DOCS.parent / page
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (path.parent / target).exists(), f"{page} links to {target}"
