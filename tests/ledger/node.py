"""A ledger to play a scene on, and short ways to ask it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg

from packtrace.signing.base64url import b64url
from packtrace.signing.checkpoint import open_checkpoint
from packtrace.signing.jws import check_signature
from packtrace.signing.keys import PrivateKey
from packtrace.signing.log_key import LogKey
from packtrace.signing.merkle import Frontier, leaf_hash
from packtrace.tests.scene import START, Scene
from packtrace.trace.ledger.home import Home
from packtrace.trace.ledger.ledger import Ledger, Outcome, Submission
from packtrace.trace.ledger.register import Register
from packtrace.trace.ledger.tables import METADATA
from packtrace.trace.lifecycle.judge import judge
from packtrace.trace.lifecycle.keyring import find_key
from packtrace.trace.lifecycle.state import Demand
from packtrace.trace.lifecycle.world import Memory
from packtrace.trace.statement import Moment, parse_entry, parse_event_jws, read_event


@dataclass
class Node:
    """A home, the scene that is played on it, and a clock that tests set."""

    home: Home
    scene: Scene = field(default_factory=Scene)
    now: datetime = START + timedelta(hours=1)
    opened: list[Ledger] = field(default_factory=list)

    @property
    def signer(self) -> LogKey:
        return self.scene.log_key

    def clock(self) -> datetime:
        return self.now

    def create(self, *, register: Register | None = None) -> Ledger:
        """A new log with everybody enrolled."""
        log_opened, *others = self.scene.founding()
        ledger = Ledger.create(self.home, log_opened, self.signer, self.clock, register=register)
        self.opened.append(ledger)
        outcomes = ledger.append([Submission((text,)) for text in others])
        assert statuses(outcomes) == ["accepted"] * len(others)
        return ledger

    def open(self, *, register: Register | None = None, threads: int = 1) -> Ledger:
        ledger = Ledger.open(self.home, self.signer, self.clock, register=register, threads=threads)
        self.opened.append(ledger)
        return ledger

    def close(self) -> None:
        while self.opened:
            self.opened.pop().close()

    def execute(self, statement: str, *values: object) -> list[Any]:
        """Run SQL behind the ledger's back, as whoever administers the database can."""
        if self.home.db:
            with psycopg.connect(self.home.db) as postgresql:
                cursor = postgresql.execute(statement.replace("?", "%s").encode(), values)
                return cursor.fetchall() if cursor.description else []
        with contextlib.closing(sqlite3.connect(self.home.path / "ledger.db")) as sqlite:
            rows = sqlite.execute(statement, values).fetchall()
            sqlite.commit()
            return rows

    def flip(self, table: str, column: str, where: str) -> None:
        """Change one byte in the middle of a value."""
        ((value,),) = self.execute(f"SELECT {column} FROM {table} WHERE {where}")  # noqa: S608
        changed = bytearray(value)
        changed[len(changed) // 2] ^= 1
        self.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", bytes(changed))  # noqa: S608

    def back_up(self) -> Callable[[], None]:
        """Copy the database while nobody has it open; what is given back puts the copy in its place."""
        self.close()
        if self.home.db:
            tables = ["alembic_version", *METADATA.tables]
            for table in tables:
                self.execute(f"CREATE TABLE old_{table} AS TABLE {table}")

            def restore() -> None:
                for table in tables:
                    self.execute(f"DELETE FROM {table}")  # noqa: S608
                    self.execute(f"INSERT INTO {table} SELECT * FROM old_{table}")  # noqa: S608
                    self.execute(f"DROP TABLE old_{table}")

            return restore
        file = self.home.path / "ledger.db"
        old = file.read_bytes()
        assert not file.with_name("ledger.db-wal").exists()
        return lambda: bool(file.write_bytes(old)) and None

    def twin(self) -> Node:
        """Another sequencer's home, with a lock of its own, over the same database."""
        path = self.home.path.with_name("twin")
        home = Home.create(path, self.home.origin, db=self.home.db)
        home.save_vkeys(self.home.load_vkeys())
        if not self.home.db:
            (path / "ledger.db").symlink_to(self.home.path / "ledger.db")
        return Node(home, self.scene, self.now)


def replay(ledger: Ledger) -> tuple[Memory, list[tuple[int, bytes, str, str, int]]]:
    """Judge every entry again: the world that they give, and the rows that the table `entry` should have."""
    world = Memory(ledger.origin, ledger.rules, ledger.book)
    demands: list[Demand] = []
    rows: list[tuple[int, bytes, str, str, int]] = []
    last: datetime | None = None
    for index, entry in enumerate(ledger.entries(0, ledger.size)):
        text, recorded_at = parse_entry(entry)
        assert last is None or last <= recorded_at
        last = recorded_at
        event = read_event(parse_event_jws(text))
        key = find_key(event, recorded_at, world)
        check_signature(event.jws, key.public)
        at = Moment(index, recorded_at)
        step = judge(event, at, key, world, demands.pop(0) if demands else None)
        demands[:0] = step.demands
        world.keep(event, at, step.chain, step.references)
        rows.append((index, entry, event.id, event.sub, event.seq))
    assert not demands
    return world, rows


def check_whole_log(ledger: Ledger, node: Node) -> None:
    """Every entry holds, and every checkpoint is of this one history."""
    _, rows = replay(ledger)
    frontier = Frontier()
    roots: dict[int, bytes] = {}
    for index, entry, *_ in rows:
        frontier.append(leaf_hash(entry))
        roots[index + 1] = frontier.root()
    for size, note in [*ledger.checkpoints(), (ledger.size, ledger.checkpoint())]:
        opened = open_checkpoint(note, origin=ledger.origin, log_keys=node.signer.vkeys)
        assert (opened.checkpoint.size, opened.checkpoint.root) == (size, roots[size])


def statuses(outcomes: list[Outcome]) -> list[str]:
    return [outcome.status for outcome in outcomes]


def codes(outcomes: list[Outcome]) -> list[str | None]:
    return [outcome.error.finding_code if outcome.error else None for outcome in outcomes]


def append_one(ledger: Ledger, *texts: str, **options: Any) -> Outcome:
    (outcome,) = ledger.append([Submission(texts)], **options)
    return outcome


def resigned(text: str, key: PrivateKey) -> str:
    """The same event under another signature of the same key."""
    signing_input = text.rpartition(".")[0]
    return f"{signing_input}.{b64url(key.sign(signing_input.encode()))}"
