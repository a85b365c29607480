"""Settings on which durability and the read-back rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection

from packtrace.tests.ledger.node import Node
from packtrace.tests.scene import Scene
from packtrace.trace.ledger.database import Database
from packtrace.trace.ledger.errors import FatalStorageError, HomeError, LedgerDamagedError
from packtrace.trace.ledger.home import Home


def pragmas(database: Database, *names: str) -> tuple[list[object], list[object]]:
    with database.write() as writer, database.read() as reader:
        return tuple(  # type: ignore[return-value]
            [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names]
            for connection in (writer, reader)
        )


def run(connection: Connection, *statements: str) -> None:
    for statement in statements:
        connection.exec_driver_sql(statement)


def test_sqlite_syncs_every_commit_and_only_the_writer_checkpoints(tmp_path: Path) -> None:
    database = Database(Home.create(tmp_path / "home", Scene().origin).database_url)
    database.migrate()
    names = ("journal_mode", "synchronous", "wal_autocheckpoint", "query_only")
    writer, reader = pragmas(database, *names)
    # 2 is FULL: the default of a build may be NORMAL, which loses commits.
    assert writer == ["wal", 2, 10_000, 0]
    assert (reader[0], reader[2], reader[3]) == ("wal", 0, 1)
    database.close()


def test_reader_can_not_write(node: Node) -> None:
    node.create()
    database = Database(node.home.database_url)
    with pytest.raises(LedgerDamagedError), database.read() as connection:
        connection.exec_driver_sql("DELETE FROM entry")
    database.close()
    assert node.open().size


def test_transaction_that_fails_leaves_nothing(node: Node) -> None:
    ledger = node.create()
    size = ledger.size
    database = Database(node.home.database_url)
    with pytest.raises(FatalStorageError), database.write() as connection:
        run(connection, "DELETE FROM entry", "SELECT nothing_of_this_name")
    database.close()
    assert len(list(ledger.entries(0, size))) == size


def test_ledger_without_tables_or_with_others_is_not_opened(node: Node) -> None:
    node.create()
    node.close()
    node.execute("UPDATE alembic_version SET version_num = ?", "0000")
    with pytest.raises(HomeError):
        node.open()
    node.execute("DROP TABLE alembic_version")
    with pytest.raises(HomeError):
        node.open()


def test_home_is_made_once_for_its_owner_alone_and_read_back(tmp_path: Path) -> None:
    url = "postgresql://user:secret@db.example/ledger"
    home = Home.create(tmp_path / "home", "log.example/x", db=url)
    assert Home.load(tmp_path / "home") == home
    assert home.database_url == "postgresql+psycopg://user:secret@db.example/ledger"
    assert home.path.stat().st_mode & 0o777 == 0o700
    assert home.keys.stat().st_mode & 0o777 == 0o700
    with pytest.raises(HomeError):
        Home.create(tmp_path / "home", "log.example/x")


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"origin":"a.example","more":1}'])
def test_folder_that_is_no_home_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(HomeError):
        Home.load(tmp_path)
    (tmp_path / "home.json").write_bytes(content)
    with pytest.raises(HomeError):
        Home.load(tmp_path)


def test_url_of_an_unknown_database_is_refused_without_repeating_it(tmp_path: Path) -> None:
    with pytest.raises(HomeError) as error:
        Home.create(tmp_path / "home", "log.example", db="mysql://user:secret@db.example/ledger")
    assert "secret" not in str(error.value)
