"""A ledger's database as a source to verify: whoever administers it can change every row of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from packtrace.tests.ledger.node import Node
from packtrace.tests.scene import Scene, pack_code
from packtrace.tests.verify.small_log import trust_of
from packtrace.trace.ledger.ledger import Ledger, Submission
from packtrace.trace.verify.findings import Outcome
from packtrace.trace.verify.pins import Pins
from packtrace.trace.verify.report import Report, format_json_lines, format_text
from packtrace.trace.verify.verify_source import verify_source

HELD = f"battery:gbt34014:{pack_code(9)}"


def lived(node: Node) -> Ledger:
    """A ledger with the life of a pack in it."""
    ledger = node.create()
    node.now += timedelta(minutes=1)
    return recorded(ledger, node.scene.life_of_a_pack(pack_code(0)))


def held(node: Node) -> Ledger:
    """And with another pack on which a regulator has a hold."""
    ledger, scene = lived(node), node.scene
    groups = [(scene.manufactured(pack_code(9)),), *scene.regulator_enrolled(), (scene.hold_placed(HELD),)]
    return recorded(ledger, groups)


def recorded(ledger: Ledger, groups: list[tuple[str, ...]]) -> Ledger:
    outcomes = ledger.append([Submission(group) for group in groups])
    assert {outcome.status for outcome in outcomes} == {"accepted"}
    return ledger


def source(node: Node) -> str:
    return node.home.db or str(node.home.path / "ledger.db")


def checked(node: Node, **more: Pins) -> Report:
    return verify_source(source(node), trust=trust_of(node.scene), **more)  # type: ignore[arg-type]


def verify_home(node: Node) -> Report:
    return verify_source(node.home.path, trust=trust_of(node.scene), may_connect=True)


def found(report: Report) -> list[tuple[str, str]]:
    return [(finding.code, finding.place) for finding in report.findings]


def test_honest_ledger_is_verified_while_it_is_open(node: Node) -> None:
    ledger = lived(node)
    for opened in (checked(node), verify_home(node)):
        assert (opened.outcome, found(opened)) == (Outcome.VERIFIED, []), format_text(opened)
        assert opened.entries == opened.size == ledger.size


def test_honest_ledger_is_verified_when_it_is_closed(node: Node) -> None:
    lived(node)
    node.close()
    assert checked(node).outcome is Outcome.VERIFIED


COLUMNS = [
    ("entry", "event_id", "leaf_index = 5"),
    ("entry", "subject", "leaf_index = 5"),
    ("entry", "seq", "leaf_index = 5"),
    ("chain", "seq", "substr(subject, 1, 8) = 'vehicle:'"),
    ("chain", "head", "substr(subject, 1, 8) = 'vehicle:'"),
    ("reference", "target", f"target = '{Scene().model}' AND leaf_index = 10"),
    ("reference", "leaf_index", f"target = '{Scene().model}' AND leaf_index = 10"),
    ("reference", "subject", f"target = '{Scene().model}' AND leaf_index = 10"),
    ("reference", "event_id", f"target = '{Scene().model}' AND leaf_index = 10"),
    ("vendor", "code", "code = '04Q'"),
    ("vendor", "subject", "code = '04Q'"),
    ("hold", "subject", "in_force = 1"),
    ("hold", "in_force", "in_force = 1"),
    ("tree", "size", "id = 1"),
    ("concern", "org", "leaf_index = 12"),
    ("concern", "leaf_index", "leaf_index = 12"),
]


@pytest.mark.parametrize(("table", "column", "where"), COLUMNS)
def test_every_derived_column_is_derived_again(node: Node, table: str, column: str, where: str) -> None:
    held(node)
    node.close()
    value = "'x'" if column not in ("seq", "leaf_index", "size", "in_force") else "77"
    node.execute(f"UPDATE {table} SET {column} = {value} WHERE {where}")  # noqa: S608
    report = checked(node)
    assert report.outcome is Outcome.REFUTED
    places = {place.partition(".")[0] for _, place in found(report)}
    codes = {code for code, _ in found(report)} - {"HOLD_PLACED"}
    assert codes <= {"PROJECTION_MISMATCH", "DISCLOSURE_MISMATCH"}
    assert table in places


@pytest.mark.parametrize(
    ("table", "column", "code"),
    [
        ("chain", "state", "PROJECTION_MISMATCH"),
        ("tree", "frontier", "PROJECTION_MISMATCH"),
        ("tile", "data", "LOG_TILE_MISMATCH"),
        ("checkpoint", "note", "CHECKPOINT_SIGNATURE_INVALID"),
    ],
)
def test_every_stored_byte_string_is_derived_again(node: Node, table: str, column: str, code: str) -> None:
    lived(node)
    node.close()
    where = {
        "chain": "substr(subject, 1, 8) = 'vehicle:'",
        "tile": "level = 0",
        "checkpoint": "size = 1",
    }.get(table, "id=1")
    node.flip(table, column, where)
    report = checked(node)
    assert report.outcome is Outcome.REFUTED
    said = {code for code, _ in found(report)}
    # A byte of a signature may stop being base64; then the note is malformed before it is wrong.
    assert said & ({code, "CHECKPOINT_MALFORMED"} if table == "checkpoint" else {code})


def test_custodian_edited_in_the_projection_is_refuted_with_both_values(node: Node) -> None:
    held(node)
    node.close()
    ((state,),) = node.execute("SELECT state FROM chain WHERE subject = ?", HELD)
    maker, mine = node.scene.maker.org, node.scene.garage.org
    edited = bytes(state).replace(f'"custodian":"{maker}"'.encode(), f'"custodian":"{mine}"'.encode())
    node.execute("UPDATE chain SET state = ? WHERE subject = ?", edited, HELD)
    finding, _ = sorted(checked(node).findings, key=lambda each: each.code == "HOLD_PLACED")
    assert (finding.code, finding.subject, finding.place) == ("PROJECTION_MISMATCH", HELD, "chain.state")
    assert maker in finding.evidence and mine in finding.evidence


def test_hold_that_is_lifted_in_the_projection_alone_is_refuted(node: Node) -> None:
    held(node)
    node.close()
    node.execute("UPDATE hold SET in_force = 0")
    finding, _ = sorted(checked(node).findings, key=lambda each: each.code == "HOLD_PLACED")
    assert (finding.code, finding.subject, finding.place) == ("PROJECTION_MISMATCH", HELD, "hold.in_force")
    assert "expected 1, got 0" in finding.evidence


def test_whom_an_entry_concerns_is_derived_again_leaf_by_leaf(node: Node) -> None:
    held(node)
    node.close()
    ((leaf,),) = node.execute("SELECT MAX(leaf_index) FROM concern")
    maker, recycler = node.scene.maker.org, node.scene.recycler.org
    node.execute("UPDATE concern SET org = ? WHERE leaf_index = ? AND org = ?", recycler, leaf, maker)
    said = sorted((each for each in checked(node).findings if each.code != "HOLD_PLACED"), key=str)
    assert [(each.code, each.leaf_index, each.place) for each in said] == [
        ("PROJECTION_MISMATCH", leaf, "concern")
    ] * 2
    assert {recycler in each.evidence for each in said} == {True, False}


def test_entry_that_is_refused_concerns_nobody_that_could_be_named(node: Node) -> None:
    """One finding of what is wrong, and none of rows that rest on it."""
    lived(node)
    node.close()
    node.execute("DELETE FROM concern WHERE leaf_index = 5")
    before = {each.code for each in checked(node).findings}
    assert before == {"PROJECTION_MISMATCH"}
    ((entry,),) = node.execute("SELECT entry FROM entry WHERE leaf_index = 5")
    broken = bytes(entry).replace(b'","recorded_at', b'A","recorded_at')
    node.execute("UPDATE entry SET entry = ? WHERE leaf_index = 5", broken)
    assert not [each for each in checked(node).findings if each.place == "concern"]


@pytest.mark.parametrize("table", ["chain", "concern", "reference", "key", "vendor", "hold", "tile", "tree"])
def test_row_that_is_gone_is_missed(node: Node, table: str) -> None:
    held(node)
    node.close()
    node.execute(f"DELETE FROM {table}")  # noqa: S608
    assert checked(node).outcome is not Outcome.VERIFIED


def test_entry_that_is_gone_is_missed(node: Node) -> None:
    lived(node)
    node.close()
    node.execute("DELETE FROM entry WHERE leaf_index = 12")
    report = checked(node)
    assert (found(report)[0][0], report.outcome) == ("DB_CORRUPT", Outcome.REFUTED)


def test_disclosure_of_another_value_is_refuted_and_an_erased_one_is_not(node: Node) -> None:
    lived(node)
    node.close()
    node.execute("UPDATE disclosure SET pointer = '/data/packs'")
    assert [code for code, _ in found(checked(node))] == ["DISCLOSURE_MISMATCH"]
    node.execute("DELETE FROM disclosure")
    assert checked(node).outcome is Outcome.VERIFIED


def test_table_that_no_ledger_has_is_not_passed_over(node: Node) -> None:
    lived(node)
    node.close()
    node.execute("CREATE TABLE notes (text TEXT)")
    report = checked(node)
    assert (found(report), report.outcome) == ([("BUNDLE_UNEXPECTED_FILE", "notes")], Outcome.UNDECIDED)


def test_entries_that_no_checkpoint_covers_are_undecided(node: Node) -> None:
    lived(node)
    node.close()
    node.execute("DELETE FROM checkpoint WHERE size = (SELECT MAX(size) FROM checkpoint)")
    report = checked(node)
    assert ([code for code, _ in found(report)], report.outcome) == (["UNSIGNED_TAIL"], Outcome.UNDECIDED)


def test_restored_backup_is_a_rollback_to_whoever_has_seen_more(node: Node) -> None:
    ledger = lived(node)
    restore: Callable[[], None] = node.back_up()
    trust, older = trust_of(node.scene), ledger.size if node.opened else None
    assert older is None
    ledger = node.open()
    ledger.append([Submission((node.scene.manufactured(pack_code(1)),))])
    newest, size = ledger.checkpoint(), ledger.size
    node.close()
    restore()
    pins = Pins().with_pin((trust.origin, trust.keys_digest), size, bytes(32))
    assert found(checked(node, pins=pins)) == [("LOG_ROLLED_BACK", "pins")]
    given = verify_source(source(node), trust=trust, checkpoints=[newest])
    assert [code for code, _ in found(given)] == ["LOG_ROLLED_BACK"]
    home = verify_home(node)  # The register beside the database remembers.
    assert "LOG_ROLLED_BACK" in {code for code, _ in found(home)}
    assert home.outcome is Outcome.REFUTED


def test_register_that_is_behind_a_busy_ledger_is_no_rollback(node: Node) -> None:
    """It is read first: what the ledger records meanwhile is ahead of it."""
    ledger = lived(node)
    register = node.home.register.read_bytes()
    node.now += timedelta(seconds=2)  # a second after the last one a checkpoint is kept in the database too
    ledger.append([Submission((node.scene.manufactured(pack_code(1)),))])
    node.home.register.write_bytes(register)
    report = verify_home(node)
    assert (report.outcome, found(report), report.size) == (Outcome.VERIFIED, [], ledger.size)


def test_register_of_another_history_is_refuted(node: Node) -> None:
    ledger = lived(node)
    register = node.home.register.read_bytes()
    node.home.register.write_bytes(register.replace(f"\\n{ledger.size}\\n".encode(), b"\\n7\\n"))
    report = verify_home(node)
    assert report.outcome is Outcome.REFUTED


HOSTILE = {
    "computes a column": (
        "ALTER TABLE entry RENAME TO gone",
        "CREATE TABLE entry (leaf_index INTEGER PRIMARY KEY, entry BLOB AS (zeroblob(1000000000)))",
        "INSERT INTO entry (leaf_index) SELECT leaf_index FROM gone",
    ),
    "computes a check": ("CREATE TABLE more (a CHECK (length(hex(zeroblob(400000000))) > 0))",),
    "computes an index": ("CREATE INDEX more ON entry (hex(zeroblob(100000 * leaf_index)))",),
    "chooses for an index": ("CREATE INDEX more ON entry (seq) WHERE length(zeroblob(leaf_index)) > 1",),
    "size that is a text": (
        "DROP TABLE checkpoint",
        "CREATE TABLE checkpoint (size TEXT, note BLOB)",
        "INSERT INTO checkpoint VALUES ('z', x'00')",
    ),
    "event that is named by bytes": (
        "DROP TABLE disclosure",
        "CREATE TABLE disclosure (event_id BLOB, pointer BLOB, disclosure BLOB)",
        "INSERT INTO disclosure VALUES (x'00ff', x'01', x'02')",
    ),
}


@pytest.mark.parametrize("node", ["sqlite"], indirect=True)
@pytest.mark.parametrize("how", HOSTILE)
def test_hostile_sqlite_file_is_refuted_in_text_and_in_json(node: Node, how: str) -> None:
    lived(node)
    node.close()
    for statement in HOSTILE[how]:
        node.execute(statement)
    for report in (checked(node), verify_source(node.home.path, trust=trust_of(node.scene))):
        assert report.outcome is Outcome.REFUTED, format_text(report)
        assert list(format_json_lines(report))


def test_checkpoint_that_only_the_register_has_covers_a_busy_ledger(node: Node) -> None:
    """Several in a second: the database keeps the first of them, and the newest when the ledger is closed."""
    ledger = lived(node)
    kept = len(ledger.checkpoints())
    for number in (1, 2):
        ledger.append([Submission((node.scene.manufactured(pack_code(number)),))])
    assert len(ledger.checkpoints()) == kept
    report = verify_home(node)
    assert (report.outcome, found(report), report.size) == (Outcome.VERIFIED, [], ledger.size)
    newest = ledger.checkpoint()
    node.close()
    assert newest in {note for (note,) in node.execute("SELECT note FROM checkpoint")}
