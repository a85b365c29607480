"""Five hundred damaged ledgers, none of them verified; fifty honest ones, with nothing to be said of them.

A seeded mutator damages files of a bundle, columns of the database, and histories that are then rooted anew,
with the log's key or with another. The checkpoint that the regulator kept from before goes along, because
whoever has the log's key can always tell another history of its own.
"""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from packtrace.signing.base64url import b64url, parse_b64url
from packtrace.signing.compact import format_compact
from packtrace.signing.jws import EVENT, sign_jws
from packtrace.signing.log_key import LogKey
from packtrace.tests.deterministic_signer import published_seed
from packtrace.tests.ledger.node import Node
from packtrace.tests.scene import Scene, pack_code
from packtrace.tests.verify.small_log import SmallLog, entries_of_events, life, payload, trust_of
from packtrace.trace.bundle.write import write_battery_bundle
from packtrace.trace.ledger.home import Home
from packtrace.trace.ledger.ledger import Submission
from packtrace.trace.statement import format_entry, parse_entry
from packtrace.trace.verify.findings import Outcome
from packtrace.trace.verify.report import Report, format_text
from packtrace.trace.verify.trust import Trust
from packtrace.trace.verify.verify_source import verify_source

SEED = 20261123
FILES = 120  # of each kind of bundle
COLUMNS = 160
HISTORIES = 165
HONEST = 50


def flipped(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def check_not_verified(report: Report, what: str) -> None:
    assert report.outcome is not Outcome.VERIFIED, f"{what}: {format_text(report)}"
    assert list(report.findings), f"{what}: no finding says why"


# -- files of a bundle -------------------------------------------------------------------------------------


def damaged_files(folder: Path, rng: random.Random) -> str:
    """Damage one file of a bundle, each kind of file in turn as often as another; say what was done."""
    kinds: dict[str, list[Path]] = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        parts = path.relative_to(folder).parts
        kinds.setdefault("/".join(parts[:2]) if parts[0] == "tile" else parts[0], []).append(path)
    path = rng.choice(kinds[rng.choice(sorted(kinds))])
    data = path.read_bytes()
    name = str(path.relative_to(folder))
    how = rng.choice(["flip", "cut", "append", "empty", "swap", "noise", "remove", "add"])
    if how == "remove" and name.startswith("checkpoints/"):
        how = "flip"  # that a bundle holds fewer old checkpoints is not damage
    match how:
        case "flip":
            path.write_bytes(flipped(data, rng))
        case "cut":
            path.write_bytes(data[: rng.randrange(len(data))])
        case "append":
            path.write_bytes(data + rng.randbytes(rng.randrange(1, 40)))
        case "empty":
            path.write_bytes(b"")
        case "swap":
            other = rng.choice([p for p in folder.rglob("*") if p.is_file() and p.read_bytes() != data])
            path.write_bytes(other.read_bytes())
        case "noise":
            path.write_bytes(rng.randbytes(len(data)))
        case "remove":
            path.unlink()
        case "add":
            path.with_name(f"{path.name}{rng.randrange(10)}x").write_bytes(data)
    return f"{how} {name}"


@pytest.mark.parametrize("what", ["whole log", "one battery"])
def test_no_bundle_with_a_damaged_file_is_verified(tmp_path: Path, what: str) -> None:
    scene, log = life(2)
    whole = tmp_path / "bundle"
    if what == "whole log":
        log.write(whole)
    else:
        pack = f"battery:gbt34014:{pack_code(1)}"
        write_battery_bundle(log, whole, subject=pack, rules=scene.rules, vkeys=log.vkeys)
    assert verify_source(whole, trust=trust_of(scene)).outcome is Outcome.VERIFIED
    rng = random.Random(SEED)
    for number in range(FILES):
        copy = tmp_path / f"copy{number}"
        shutil.copytree(whole, copy)
        done = damaged_files(copy, rng)
        check_not_verified(verify_source(copy, trust=trust_of(scene)), f"{number}: {done}")
        shutil.rmtree(copy)


# -- columns of the database -------------------------------------------------------------------------------


@pytest.fixture
def database(tmp_path: Path) -> tuple[Path, Trust, bytes]:
    """A closed SQLite ledger with two lives and a hold in it, whom to trust, and its newest checkpoint."""
    node = Node(Home.create(tmp_path / "home", Scene().origin))
    ledger = node.create()
    for number in range(2):
        node.now += timedelta(minutes=1)
        groups = node.scene.life_of_a_pack(pack_code(number))
        if number:
            groups += [(node.scene.manufactured(pack_code(9)),), *node.scene.regulator_enrolled()]
            groups += [(node.scene.hold_placed(f"battery:gbt34014:{pack_code(9)}"),)]
        outcomes = ledger.append([Submission(tuple(group)) for group in groups])
        assert {outcome.status for outcome in outcomes} == {"accepted"}
    checkpoint = ledger.checkpoint()
    node.close()
    return tmp_path / "home" / "ledger.db", trust_of(node.scene), checkpoint


def columns(path: Path) -> list[tuple[str, str, str]]:
    """Every table and column, with its declared type."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [
            (table, column, kind)
            for table in sorted(tables)
            for _, column, kind, *_ in db.execute(f"PRAGMA table_info({table})")
        ]


def other_value(value: Any, rng: random.Random) -> Any:
    if isinstance(value, int):
        return value + rng.choice([-1, 1, 7])
    if isinstance(value, bytes):
        return rng.choice([flipped(value, rng), value[:-1], value + b"\0", b""]) if value else b"\0"
    if isinstance(value, str) and value:
        at = rng.randrange(len(value))
        return value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1 :]
    return "something"


def test_no_database_with_a_damaged_column_is_verified(
    tmp_path: Path, database: tuple[Path, Trust, bytes]
) -> None:
    path, trust, checkpoint = database
    report = verify_source(path, trust=trust, checkpoints=[checkpoint])
    told = [finding.code for finding in report.findings]
    assert (report.outcome, told) == (Outcome.VERIFIED, ["HOLD_PLACED"]), format_text(report)
    rng = random.Random(SEED)
    places = columns(path)
    assert {table for table, *_ in places} >= {
        "entry",
        "chain",
        "concern",
        "reference",
        "key",
        "hold",
        "tile",
        "tree",
        "checkpoint",
    }
    hit, damaged = set(), 0
    for number in range(COLUMNS):
        table, column, _ = places[number % len(places)]
        copy = tmp_path / f"copy{number}.db"
        shutil.copyfile(path, copy)
        with contextlib.closing(sqlite3.connect(copy)) as db:
            key = "org || leaf_index" if table == "concern" else "rowid"  # which has no other
            rows = db.execute(f"SELECT {key}, {column} FROM {table}").fetchall()  # noqa: S608
            if not rows:
                continue  # nobody wrote into this table
            rowid, value = rng.choice(rows)
            if number % 5 == 4 and table not in ("disclosure", "checkpoint"):  # those may be fewer
                db.execute(f"DELETE FROM {table} WHERE {key} = ?", (rowid,))  # noqa: S608
                done = f"deleted a row of {table}"
            else:
                new = other_value(value, rng)
                statement = f"UPDATE {table} SET {column} = ? WHERE {key} = ?"  # noqa: S608
                try:
                    db.execute(statement, (new, rowid))
                except sqlite3.IntegrityError:  # another row says the same already
                    new = 1_000_000 if isinstance(value, int) else "z"
                    db.execute(statement, (new, rowid))
                done = f"{table}.{column}: {value!r:.60} -> {new!r:.60}"
            db.commit()
        hit.add((table, column))
        damaged += 1
        check_not_verified(verify_source(copy, trust=trust, checkpoints=[checkpoint]), f"{number}: {done}")
        copy.unlink()
    assert damaged >= 130
    assert hit == {(table, column) for table, column, _ in places}


def test_no_database_file_with_a_damaged_page_is_verified(
    tmp_path: Path, database: tuple[Path, Trust, bytes]
) -> None:
    """Bits in free pages and slack are nobody's data: then the report is as before, never an exception."""
    path, trust, checkpoint = database
    rng = random.Random(SEED)
    data = path.read_bytes()
    for number in range(60):
        copy = tmp_path / f"page{number}.db"
        page = rng.randrange(len(data) // 4096) * 4096
        damaged = {
            "bit": lambda: flipped(data, rng),
            "zero": lambda page=page: data[:page] + bytes(4096) + data[page + 4096 :],
            "cut": lambda: data[: rng.randrange(len(data))],
        }[rng.choice(["bit", "zero", "cut"])]()
        copy.write_bytes(damaged)
        report = verify_source(copy, trust=trust, checkpoints=[checkpoint])
        told = [finding.code for finding in report.findings]
        assert report.outcome is not Outcome.VERIFIED or told == ["HOLD_PLACED"]


# -- histories ---------------------------------------------------------------------------------------------


def edited(leaves: list[bytes], rng: random.Random, scene: Scene) -> str:
    at = rng.randrange(len(leaves))
    text, recorded_at = parse_entry(leaves[at])
    header, _, signature = text.split(".")
    value = payload(leaves[at])
    value["occurred_at"] = f"2026-03-02T08:00:{rng.randrange(1, 60):02d}Z"
    leaves[at] = format_entry(f"{header}.{b64url(format_compact(value))}.{signature}", recorded_at)
    return f"edited leaf {at}"


def damaged_signature(leaves: list[bytes], rng: random.Random, scene: Scene) -> str:
    at = rng.randrange(len(leaves))
    text, recorded_at = parse_entry(leaves[at])
    signed, _, signature = text.rpartition(".")
    leaves[at] = format_entry(f"{signed}.{b64url(flipped(parse_b64url(signature), rng))}", recorded_at)
    return f"damaged the signature of leaf {at}"


def signed_by_another(leaves: list[bytes], rng: random.Random, scene: Scene) -> str:
    at = rng.randrange(1, len(leaves))
    _, recorded_at = parse_entry(leaves[at])
    value = payload(leaves[at])
    other = rng.choice([party for party in scene.members if party.org != value["iss"]])
    leaves[at] = format_entry(sign_jws(format_compact(value), other.key, EVENT), recorded_at)
    return f"leaf {at} signed by {other.name}"


def re_signed_with_another_claim(leaves: list[bytes], rng: random.Random, scene: Scene) -> str:
    """A party that lends its key: its own event says something else, and what follows is linked anew."""
    keys = {party.org: party for party in scene.members}
    at = rng.choice([n for n, leaf in enumerate(leaves) if payload(leaf)["type"].startswith("battery.")])
    value = payload(leaves[at])
    value["occurred_at"] = "2026-03-02T08:00:59Z"
    old_to_new: dict[str, str] = {}
    for place in range(at, len(leaves)):
        text, recorded_at = parse_entry(leaves[place])
        body = value if place == at else _renamed(payload(leaves[place]), old_to_new)
        if place != at and body == payload(leaves[place]):
            continue
        changed = sign_jws(format_compact(body), keys[body["iss"]].key, EVENT)
        old_to_new[_id(text)] = _id(changed)
        leaves[place] = format_entry(changed, recorded_at)
    return f"leaf {at} told anew by its own signer, and all that follows"


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {member: _renamed(inner, names) for member, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, names) for inner in value]
    return names.get(value, value) if isinstance(value, str) else value


def _id(text: str) -> str:
    from packtrace.signing.jws import parse_jws

    return parse_jws(text, typ=EVENT).id


def dropped(leaves: list[bytes], rng: random.Random, scene: Scene) -> str:
    at = rng.randrange(len(leaves) - 1)
    del leaves[at]
    return f"dropped leaf {at}"


def dropped_and_linked(leaves: list[bytes], rng: random.Random, scene: Scene) -> str:
    """The neighbours of a dropped event are made to fit, without their signers' keys."""
    at = rng.choice([n for n, leaf in enumerate(leaves) if payload(leaf)["seq"]])
    gone = payload(leaves.pop(at))
    for place in range(at, len(leaves)):
        text, recorded_at = parse_entry(leaves[place])
        value = payload(leaves[place])
        if value["sub"] != gone["sub"]:
            continue
        value["seq"] -= 1
        if value["seq"] == gone["seq"]:
            value["prev"] = gone["prev"]
        header, _, signature = text.split(".")
        leaves[place] = format_entry(f"{header}.{b64url(format_compact(value))}.{signature}", recorded_at)
    return f"dropped leaf {at} and linked its neighbours"


def swapped(leaves: list[bytes], rng: random.Random, scene: Scene) -> str:
    at, other = rng.sample(range(len(leaves)), 2)
    leaves[at], leaves[other] = leaves[other], leaves[at]
    return f"swapped leaves {at} and {other}"


def doubled(leaves: list[bytes], rng: random.Random, scene: Scene) -> str:
    at = rng.randrange(len(leaves))
    leaves.insert(rng.randrange(len(leaves)), leaves[at])
    return f"doubled leaf {at}"


def cut(leaves: list[bytes], rng: random.Random, scene: Scene) -> str:
    keep = rng.randrange(1, len(leaves))
    del leaves[keep:]
    return f"cut the tail after {keep}"


def timed_otherwise(leaves: list[bytes], rng: random.Random, scene: Scene) -> str:
    at = rng.randrange(len(leaves))
    text, recorded_at = parse_entry(leaves[at])
    leaves[at] = format_entry(text, recorded_at + timedelta(milliseconds=rng.choice([-1, 1, 500])))
    return f"another time on leaf {at}"


def inserted(leaves: list[bytes], rng: random.Random, scene: Scene) -> str:
    """An event of another log of the same parties, in the middle of this one."""
    at = rng.randrange(1, len(leaves))
    leaves.insert(at, rng.choice(_foreign()))
    return f"a foreign event at {at}"


@cache
def _foreign() -> list[bytes]:
    scene = Scene(origin="log.packtrace.example/another")
    texts = scene.founding()
    return entries_of_events(
        [*texts, *(text for group in scene.life_of_a_pack(pack_code(7)) for text in group)]
    )


Damage = Callable[[list[bytes], random.Random, Scene], str]
DAMAGES: tuple[Damage, ...] = (
    edited,
    damaged_signature,
    signed_by_another,
    re_signed_with_another_claim,
    dropped,
    dropped_and_linked,
    swapped,
    doubled,
    cut,
    timed_otherwise,
    inserted,
)


def test_no_history_told_otherwise_is_verified_against_the_checkpoint_of_before(tmp_path: Path) -> None:
    scene, honest = life(2)
    kept = honest.checkpoint()
    another = LogKey.from_seeds(
        scene.origin, ed25519_seed=published_seed("another log"), ml_dsa_44_seed=published_seed("another log")
    )
    rng = random.Random(SEED)
    told = 0
    for number in range(HISTORIES):
        leaves = list(honest.leaves)
        done = DAMAGES[number % len(DAMAGES)](leaves, rng, scene)
        rooted = rng.choice(["with the log's key", "with another key", "not at all"])
        log = SmallLog(another if rooted == "with another key" else scene.log_key, leaves)
        if rooted == "not at all":
            log.notes[len(leaves)] = kept
        folder = tmp_path / f"copy{number}"
        try:
            log.write(folder)
        except LookupError:
            assert rooted == "not at all"  # a checkpoint over more leaves than there are can't be bundled
            continue
        report = verify_source(folder, trust=trust_of(scene), checkpoints=[kept])
        check_not_verified(report, f"{number}: {done}, rooted {rooted}")
        shutil.rmtree(folder)
        told += 1
    assert told >= 130


# -- honest ones -------------------------------------------------------------------------------------------


def test_of_honest_logs_there_is_nothing_to_say(tmp_path: Path) -> None:
    rng = random.Random(SEED)
    for number in range(HONEST):
        scene = Scene(origin=f"log.packtrace.example/honest{number}")
        texts = scene.founding()
        waiting = [iter(scene.life_of_a_pack(pack_code(pack))) for pack in range(rng.randrange(1, 4))]
        while waiting:  # the lives of the packs, interleaved as they come
            life_ = rng.choice(waiting)
            group = next(life_, None)
            if group is None:
                waiting.remove(life_)
            else:
                texts += group
        log = SmallLog(scene.log_key, entries_of_events(texts), sizes=(rng.randrange(1, len(texts)),))
        out = tmp_path / (f"honest{number}" + rng.choice(["", ".zip"]))
        report = verify_source(log.write(out), trust=trust_of(scene), checkpoints=[log.note(log.sizes[0])])
        assert report.outcome is Outcome.VERIFIED and not list(report.findings), format_text(report)
