"""What happens between committing and signing, and what a ledger does when database and register disagree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from packtrace.signing.checkpoint import Checkpoint, open_checkpoint
from packtrace.signing.merkle import Frontier, leaf_hash
from packtrace.tests.ledger.node import Node, append_one, check_whole_log, statuses
from packtrace.tests.scene import Scene, event_id, pack_code
from packtrace.trace.ledger.errors import (
    CheckpointConflictError,
    EventUnknownError,
    FatalStorageError,
    HomeError,
    LedgerDamagedError,
    LedgerRolledBackError,
    LedgerStoppedError,
    LogSplitError,
    ReceiptPendingError,
)
from packtrace.trace.ledger.home import Home
from packtrace.trace.ledger.ledger import Ledger, Submission
from packtrace.trace.ledger.register import FileRegister, Registered


class InterruptedRegister(FileRegister):
    """A register at which something happens at a certain moment, once."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.before_load: Callable[[], object] | None = None
        self.before_swap: Callable[[], object] | None = None
        self.after_swap: Callable[[], object] | None = None

    def load(self) -> Registered | None:
        action, self.before_load = self.before_load, None
        if action:
            action()
        return super().load()

    def swap(self, old: bytes | None, new: Registered) -> None:
        action, self.before_swap = self.before_swap, None
        if action:
            action()
        super().swap(old, new)
        action, self.after_swap = self.after_swap, None
        if action:
            action()


def fail() -> None:
    raise FatalStorageError("register: expected an answer, got none")


@pytest.fixture
def register(node: Node) -> InterruptedRegister:
    return InterruptedRegister(node.home.register)


def size_of(note: bytes, node: Node) -> int:
    return open_checkpoint(note, origin=node.scene.origin, log_keys=node.signer.vkeys).checkpoint.size


@pytest.mark.parametrize("moment", ["before_swap", "after_swap"])
def test_signing_that_fails_stops_the_ledger_and_is_made_up_for_when_it_is_opened(
    node: Node, register: InterruptedRegister, moment: str
) -> None:
    """Failed and not stored, failed and yet stored: both end in the same log."""
    ledger = node.create(register=register)
    text = node.scene.manufactured(pack_code(1))
    setattr(register, moment, fail)
    with pytest.raises(FatalStorageError):
        append_one(ledger, text)
    with pytest.raises(LedgerStoppedError):
        append_one(ledger, node.scene.manufactured(pack_code(2)))
    node.close()

    again = node.open()
    assert size_of(again.checkpoint(), node) == again.size
    assert append_one(again, text).status == "known"
    assert again.receipt(event_id(text))
    check_whole_log(again, node)


def test_another_process_signs_what_one_left_unsigned(node: Node, register: InterruptedRegister) -> None:
    ledger = node.create(register=register)
    other = node.open()
    text = node.scene.manufactured(pack_code(1))
    register.before_swap = fail
    with pytest.raises(FatalStorageError):
        append_one(ledger, text)
    assert size_of(other.checkpoint(), node) == other.size - 1
    with pytest.raises(ReceiptPendingError):
        other.receipt(event_id(text))
    assert append_one(other, text).status == "known"
    assert size_of(other.checkpoint(), node) == other.size


def test_byte_changed_between_commit_and_signing_is_not_signed(
    node: Node, register: InterruptedRegister
) -> None:
    ledger = node.create(register=register)
    signed, size = ledger.checkpoint(), ledger.size

    def flip_once_committed() -> None:
        if ledger.size == size:
            register.before_load = flip_once_committed
        else:
            node.flip("entry", "entry", f"leaf_index = {size}")

    register.before_load = flip_once_committed
    with pytest.raises(LedgerDamagedError):
        append_one(ledger, node.scene.manufactured(pack_code(1)))
    assert FileRegister(node.home.register).load() == register.load()
    assert ledger.checkpoint() == signed
    with pytest.raises(LedgerStoppedError):
        append_one(ledger, node.scene.manufactured(pack_code(2)))
    with pytest.raises(LedgerDamagedError):
        node.open()
    assert ledger.checkpoint() == signed


@pytest.mark.parametrize("table", ["entry", "tree", "tile"])
def test_row_of_the_signed_tree_that_changed_is_noticed_when_opening(node: Node, table: str) -> None:
    size = node.create().size
    signed = node.home.register.read_bytes()
    node.close()
    column, where = {
        "entry": ("entry", f"leaf_index = {size - 1}"),
        "tree": ("frontier", "id = 1"),
        "tile": ("data", "level = 0"),
    }[table]
    node.flip(table, column, where)
    with pytest.raises(LedgerDamagedError):
        node.open()
    assert node.home.register.read_bytes() == signed


def test_tile_of_an_older_part_of_the_tree_that_changed_is_noticed_when_opening(node: Node) -> None:
    ledger = node.create()
    ledger.append([Submission((node.scene.manufactured(pack_code(number)),)) for number in range(300)])
    node.close()
    node.flip("tile", "data", "level = 1")
    with pytest.raises(LedgerDamagedError):
        node.open()


def test_entry_that_is_gone_is_noticed_when_opening(node: Node) -> None:
    size = node.create().size
    node.close()
    node.execute(f"DELETE FROM entry WHERE leaf_index = {size - 2}")  # noqa: S608
    with pytest.raises(LedgerDamagedError):
        node.open()


def test_restored_backup_is_refused(node: Node) -> None:
    node.create()
    restore = node.back_up()
    append_one(node.open(), node.scene.manufactured(pack_code(1)))
    node.close()
    restore()
    signed = node.home.register.read_bytes()
    with pytest.raises(LedgerRolledBackError):
        node.open()
    assert node.home.register.read_bytes() == signed


def test_backup_restored_under_a_running_ledger_stops_it(node: Node) -> None:
    ledger = node.create()
    append_one(ledger, node.scene.manufactured(pack_code(1)))
    # What a restore leaves behind, done row by row: the last event never was.
    newest = ledger.size - 1
    frontier = Frontier()
    frontier.extend(leaf_hash(entry) for entry in ledger.entries(0, newest))
    node.execute(f"DELETE FROM entry WHERE leaf_index = {newest}")  # noqa: S608
    node.execute("DELETE FROM chain WHERE subject LIKE ?", "battery:%")
    node.execute("UPDATE tree SET size = ?, frontier = ?", newest, frontier.to_bytes())
    ((tile,),) = node.execute("SELECT data FROM tile WHERE level = 0")
    node.execute("UPDATE tile SET data = ?", tile[: newest * 32])
    signed = node.home.register.read_bytes()
    with pytest.raises(LedgerRolledBackError):
        append_one(ledger, node.scene.manufactured(pack_code(2)))
    assert node.home.register.read_bytes() == signed
    assert ledger.size == newest


def test_register_that_is_gone_is_not_begun_anew(node: Node) -> None:
    node.create()
    node.close()
    node.home.register.unlink()
    with pytest.raises(LogSplitError):
        node.open()
    assert not node.home.register.exists()


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"checkpoint":1,"size":2,"frontier":[]}'])
def test_register_that_holds_something_else_is_refused(node: Node, content: bytes) -> None:
    node.create()
    node.close()
    node.home.register.write_bytes(content)
    with pytest.raises(LedgerDamagedError):
        node.open()
    assert node.home.register.read_bytes() == content


def test_register_with_a_checkpoint_by_other_keys_is_refused(node: Node, tmp_path: Path) -> None:
    node.create()
    other = Scene(origin="other.packtrace.example")
    home = Home.create(tmp_path / "other", other.origin)
    Ledger.create(home, other.log_opened(), other.log_key, node.clock).close()
    node.home.register.write_bytes(home.register.read_bytes())
    with pytest.raises(LedgerDamagedError):
        node.open()


@pytest.mark.parametrize("line", [1, 2, 4, 5])
def test_register_whose_checkpoint_was_changed_is_refused(node: Node, line: int) -> None:
    """Its size, its root, either of its signatures."""
    ledger = node.create()
    registered = FileRegister(node.home.register).load()
    assert registered
    lines = registered.note.decode().split("\n")
    lines[line] = {1: str(registered.size - 1)}.get(line, lines[line][:-9] + "AAAAAAAA" + lines[line][-1:])
    forged = Registered("\n".join(lines).encode(), registered.size, registered.frontier)
    FileRegister(node.home.register).swap(registered.note, forged)
    with pytest.raises(LedgerDamagedError):
        ledger.checkpoint()
    with pytest.raises(LedgerDamagedError):
        append_one(ledger, node.scene.manufactured(pack_code(1)))
    node.close()
    with pytest.raises(LedgerDamagedError):
        node.open()


@pytest.mark.parametrize("older", ["smaller", "none"])
def test_register_that_goes_back_stops_the_ledger(node: Node, older: str) -> None:
    ledger = node.create()
    before = node.home.register.read_bytes()
    size = ledger.size
    append_one(ledger, node.scene.manufactured(pack_code(1)))
    if older == "none":
        node.home.register.unlink()
    else:
        node.home.register.write_bytes(before)
    with pytest.raises(LogSplitError):
        append_one(ledger, node.scene.manufactured(pack_code(2)))
    assert ledger.size == size + 1
    with pytest.raises(LedgerStoppedError):
        append_one(ledger, node.scene.manufactured(pack_code(2)))


def test_larger_checkpoint_that_extends_ours_is_used(node: Node, register: InterruptedRegister) -> None:
    ledger = node.create(register=register)
    twin = node.twin()
    faster = twin.open(register=FileRegister(node.home.register))
    ours, theirs = (node.scene.manufactured(pack_code(number)) for number in (1, 2))
    register.before_swap = lambda: append_one(faster, theirs)

    outcome = append_one(ledger, ours)
    assert outcome.status == "accepted"
    assert size_of(ledger.checkpoint(), node) == outcome.events[0].leaf_index + 2
    assert ledger.checkpoint() == faster.checkpoint()
    assert statuses([append_one(ledger, theirs), append_one(faster, ours)]) == ["known", "known"]
    check_whole_log(ledger, node)
    twin.close()


@pytest.mark.parametrize("more", [0, 1])
def test_checkpoint_of_another_history_stops_the_ledger(
    node: Node, register: InterruptedRegister, more: int
) -> None:
    ledger = node.create(register=register)
    size = ledger.size + 1 + more
    other = Frontier()
    other.extend(leaf_hash(b"%d" % number) for number in range(size))
    note = node.signer.sign(Checkpoint(node.scene.origin, size, other.root()), time=0)
    forked = Registered(note, size, other.to_bytes())
    ours = FileRegister(node.home.register)
    before = ours.load()
    assert before is not None
    register.before_swap = lambda: ours.swap(before.note, forked)
    with pytest.raises(LogSplitError):
        append_one(ledger, node.scene.manufactured(pack_code(1)))
    assert ours.load() == forked
    with pytest.raises(LedgerStoppedError):
        append_one(ledger, node.scene.manufactured(pack_code(2)))


def test_register_that_always_answers_conflict_stops_the_ledger(
    node: Node, register: InterruptedRegister
) -> None:
    ledger = node.create(register=register)

    def conflict() -> None:
        register.before_swap = conflict
        raise CheckpointConflictError("register: expected another note")

    register.before_swap = conflict
    with pytest.raises(LogSplitError):
        append_one(ledger, node.scene.manufactured(pack_code(1)))


def test_creating_that_was_cut_short_can_be_repeated_and_nothing_else(
    node: Node, register: InterruptedRegister
) -> None:
    opened = node.scene.log_opened()
    register.before_swap = fail
    with pytest.raises(FatalStorageError):
        Ledger.create(node.home, opened, node.signer, node.clock, register=register)
    ledger = Ledger.create(node.home, opened, node.signer, node.clock, register=register)
    assert (ledger.size, size_of(ledger.checkpoint(), node)) == (1, 1)
    ledger.close()
    with pytest.raises(HomeError):
        Ledger.create(node.home, node.scene.log_opened(), node.signer, node.clock)


def test_receipt_that_stored_tiles_do_not_prove_is_not_given(node: Node) -> None:
    ledger = node.create()
    text = node.scene.manufactured(pack_code(1))
    append_one(ledger, text)
    node.flip("tile", "data", "level = 0")
    with pytest.raises(LedgerDamagedError):
        ledger.receipt(event_id(text))
    with pytest.raises(EventUnknownError):
        ledger.receipt("A" * 43)


def test_ledger_is_opened_with_the_keys_of_its_log_alone(node: Node) -> None:
    node.create()
    with pytest.raises(HomeError):
        Ledger.open(node.home, Scene(origin="other.packtrace.example").log_key, node.clock)


def test_closed_ledger_appends_nothing(node: Node) -> None:
    ledger = node.create()
    ledger.close()
    with pytest.raises(LedgerStoppedError):
        ledger.append([Submission((node.scene.manufactured(pack_code(1)),))])
