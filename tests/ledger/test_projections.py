"""Every column beside the entries is derived from them: built again, it is what is stored."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from packtrace.signing.disclosures import parse_disclosure
from packtrace.signing.merkle import Frontier, leaf_hash
from packtrace.signing.tiles import TileBuilder
from packtrace.tests.ledger.node import Node, append_one, replay, statuses
from packtrace.tests.scene import VIN, ed25519_key, event_id, module_code, p256_key, pack_code
from packtrace.trace.ledger import migrations
from packtrace.trace.ledger.ledger import Ledger, Submission
from packtrace.trace.ledger.tables import METADATA, REVISION
from packtrace.trace.lifecycle.encoding import decode_state
from packtrace.trace.lifecycle.state import Chain, Reference
from packtrace.trace.statement import parse_event_jws

HELD, FREED = (f"battery:gbt34014:{pack_code(number)}" for number in (50, 51))


def play(node: Node) -> Ledger:
    """Lives of packs, one of which is undone in part; keys that come and go; a vendor code that moves; a
    hold that stays, and one that is lifted."""
    ledger, scene = node.create(), node.scene
    groups = [group for number in range(12) for group in scene.life_of_a_pack(pack_code(number))]
    made = scene.manufactured(pack_code(50))
    installed, fitted = scene.installed(pack_code(50))
    voided = {"event": event_id(installed), "reason": "mis-scan"}
    undone = scene.sign(scene.maker, "battery.voided", f"battery:gbt34014:{pack_code(50)}", voided)
    vehicle = parse_event_jws(fitted.partition("~")[0]).value["sub"]
    also = {"event": event_id(fitted), "reason": "mis-scan"}
    taken_back = scene.sign(scene.maker, "vehicle.voided", vehicle, also)
    groups += [(made,), (installed, fitted), (undone, taken_back), (scene.manufactured(pack_code(51)),)]
    extra = p256_key("garage P-256")
    groups += [(scene.key_added(scene.garage, extra),), (scene.key_revoked(scene.garage, extra),)]
    changed = scene.sign(scene.registrar, "org.changed", scene.maker.org, {"vendor_codes": ["05Q"]})
    newcomer = scene.party("newcomer", 6, "battery_maker", vendor_codes=("04Q",))
    groups += [(changed,), (scene.enrolled(newcomer),)]
    groups += scene.regulator_enrolled()
    placed, lifted_later = scene.hold_placed(HELD), scene.hold_placed(FREED)
    groups += [(placed,), (lifted_later,), (scene.hold_lifted(FREED, lifted_later),)]
    outcomes = ledger.append([Submission(group) for group in groups])
    assert set(statuses(outcomes)) == {"accepted"}, outcomes
    last = append_one(ledger, scene.key_added(newcomer, ed25519_key("newcomer second")))
    assert last.status == "accepted"
    return ledger


def test_every_projection_is_what_the_entries_give(node: Node) -> None:
    ledger = play(node)
    world, entries = replay(ledger)
    assert len(entries) > 150

    assert node.execute("SELECT * FROM entry ORDER BY leaf_index") == entries
    chains = {
        subject: Chain(subject, seq, head, decode_state(subject.partition(":")[0], bytes(state)))
        for subject, seq, head, state in node.execute("SELECT subject, seq, head, state FROM chain")
    }
    assert chains == world.chains
    references = [
        Reference(*row)
        for row in node.execute(
            "SELECT target, leaf_index, subject, event_id FROM reference ORDER BY leaf_index, target"
        )
    ]
    expected = [reference for target in world.references for reference in world.references_to(target)]
    assert references == sorted(expected, key=lambda reference: (reference.leaf_index, reference.target))
    told: dict[int, set[str]] = {}
    for org, leaf in node.execute("SELECT org, leaf_index FROM concern"):
        told.setdefault(leaf, set()).add(org)
    assert set(told) == {row[0] for row in entries}
    scene = node.scene
    maker, dismantler, recycler = scene.maker.org, scene.dismantler.org, scene.recycler.org
    of = {
        subject: [told[row[0]] for row in entries if row[3] == subject]
        for subject in (f"battery:gbt34014:{pack_code(0)}", f"battery:gbt34014:{module_code(pack_code(0))}")
    }
    made, *_, offered, accepted, dismantled = of[f"battery:gbt34014:{pack_code(0)}"]
    assert made == {maker} and offered == accepted == {maker, dismantler} and dismantled == {dismantler}
    assert of[f"battery:gbt34014:{module_code(pack_code(0))}"] == [
        *({dismantler}, {dismantler, recycler}, {dismantler, recycler}, {recycler})
    ]
    assert [told[row[0]] for row in entries if row[3] == f"notes:{HELD}"] == [{maker, scene.regulator.org}]
    assert dict(node.execute("SELECT kid, subject FROM key")) == world.keys
    assert dict(node.execute("SELECT code, subject FROM vendor")) == world.vendors
    assert world.vendors["04Q"] != world.vendors["05Q"]
    assert dict(node.execute("SELECT subject, in_force FROM hold")) == world.holds == {HELD: 1, FREED: 0}

    hashes = [leaf_hash(row[1]) for row in entries]
    tiles = TileBuilder(0, lambda level, index: b"").extend(hashes)
    stored = {
        (level, index): bytes(data)
        for level, index, data in node.execute("SELECT level, tile_index, data FROM tile")
    }
    assert stored == tiles
    tree = Frontier()
    tree.extend(hashes)
    assert node.execute("SELECT id, size, frontier FROM tree") == [(1, tree.size, tree.to_bytes())]
    disclosures = node.execute("SELECT event_id, pointer, disclosure FROM disclosure")
    assert len(disclosures) == 13
    assert {(pointer, parse_disclosure(text).value) for _, pointer, text in disclosures} == {
        ("/data/vin", VIN)
    }


def test_stored_world_answers_as_the_replayed_one(node: Node) -> None:
    ledger = play(node)
    world, entries = replay(ledger)
    stored = ledger.world()
    for subject in world.chains:
        assert stored.chain(subject) == world.chain(subject)
        assert stored.past(subject) == world.past(subject)
    for target in world.references:
        assert stored.references_to(target) == world.references_to(target)
    for kid in [*world.keys, "none"]:
        assert stored.key_home(kid) == world.key_home(kid)
    for code in [*world.vendors, "99Z"]:
        assert stored.vendor(code) == world.vendor(code)
    for subject in (HELD, FREED, "none"):
        assert stored.is_held(subject) == world.is_held(subject) == (subject == HELD)
    assert stored.chain("vehicle:" + "A" * 22) is None
    subject = entries[-1][3]
    assert ledger.entries_of(subject) == [row[:2] for row in entries if row[3] == subject]


def test_migrations_give_the_tables_that_are_declared(node: Node) -> None:
    node.create()
    engine = create_engine(node.home.database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, METADATA) == []
        assert context.get_current_revision() == REVISION
    engine.dispose()
    assert ScriptDirectory(migrations.__path__[0]).get_heads() == [REVISION]


@pytest.mark.parametrize("table", sorted(METADATA.tables))
def test_no_table_has_a_column_that_may_be_empty_but_a_vendor_code_given_up(table: str) -> None:
    columns = METADATA.tables[table].columns
    assert [column.name for column in columns if column.nullable] == (
        ["subject"] if table == "vendor" else []
    )
