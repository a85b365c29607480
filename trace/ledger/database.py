"""Connections to the database of a ledger: one that writes, some that read, and how its tables come to be.

SQLite before 3.51.3 can lose committed pages when two connections write or checkpoint at one moment, so
whoever writes, or closes a database, holds the ledger's lock; readers never checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from sqlite3 import Error as SQLiteError
from typing import Any, Final, Literal

from sqlalchemy import Connection, Engine, QueuePool, Table, create_engine, event, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from .errors import (
    ErasureIncompleteError,
    FatalStorageError,
    HomeError,
    LedgerBusyError,
    LedgerDamagedError,
)
from .tables import REVISION, TREE

Conflict = Literal["refused", "replaces", "left out"]

_READERS: Final = 16
_BUSY_S: Final = 60  # An external tool may hold SQLite's own lock for a while, never ours.
_WRITER_PRAGMAS: Final = (
    *("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF"),
    # What is durable is durable in the WAL, synced at each commit. With SQLite's own 1,000 pages (of 4 KiB) a
    # large append is copied into the database at once, page by page; this is 40 MB of WAL at most, or so.
    "wal_autocheckpoint=10000",
)
_READER_PRAGMAS: Final = ("query_only=ON", "wal_autocheckpoint=0", "trusted_schema=OFF")


class Database:
    """The engines of one ledger: a writer with one connection, and a pool that only reads."""

    def __init__(self, url: str) -> None:
        self._is_sqlite = url.startswith("sqlite:")
        if self._is_sqlite:
            file = Path(url.removeprefix("sqlite:///"))
            if not file.parent.is_dir():
                raise HomeError(f"--db: expected a folder for the database, got none at {file.parent}")
            file.touch(mode=0o600)  # by itself SQLite makes a file that others may read
        if self._is_sqlite:
            self._writer = _sqlite_engine(url, 1, _WRITER_PRAGMAS, begin="BEGIN IMMEDIATE")
            self._reader = _sqlite_engine(url, _READERS, _READER_PRAGMAS, begin="BEGIN")
        else:
            self._writer = create_engine(url, pool_size=1, max_overflow=0)
            # What the re-reading before a signature sees is one moment of the database.
            self._reader = create_engine(
                url,
                pool_size=_READERS,
                max_overflow=0,
                isolation_level="REPEATABLE READ",
                execution_options={"postgresql_readonly": True},
            )

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction under the sequencer's lock of the database; committed when the block ends.

        Raises:
            LedgerDamagedError: A row is there already that no other row speaks of.
            FatalStorageError: The database refused, or nobody knows whether it committed.
        """
        try:
            with self._writer.begin() as connection:
                if not self._is_sqlite:
                    connection.execute(text("LOCK TABLE tree IN EXCLUSIVE MODE"))
                yield connection
        except IntegrityError as error:
            raise LedgerDamagedError(f"database: expected these places free, got {error.orig}") from error
        except DBAPIError as error:
            raise FatalStorageError(
                f"database: expected the transaction committed, got {error.orig}"
            ) from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One moment of the database, to read from.

        Raises:
            LedgerDamagedError: The database can't be read.
            LedgerBusyError: Every connection is taken, and has been for half a minute.
        """
        try:
            with self._reader.begin() as connection:
                yield connection
        except PoolTimeoutError as error:
            raise LedgerBusyError(f"database: expected one of {_READERS} connections, got none") from error
        except DBAPIError as error:
            raise LedgerDamagedError(f"database: expected an answer, got {error.orig}") from error

    def insert(
        self,
        connection: Connection,
        table: Table,
        rows: Sequence[tuple[object, ...]],
        conflict: Conflict = "refused",
    ) -> None:
        """Insert rows of as many values as the table has columns, in their order.

        Args:
            conflict: What becomes of a row whose primary key is there: it is an error, replaces the other
                columns, or is left out.
        """
        if rows:
            connection.exec_driver_sql(self._insertion(table, conflict), list(rows))

    @cache  # noqa: B019 - there are a dozen tables, and a database lives as long as its process
    def _insertion(self, table: Table, conflict: Conflict) -> str:
        """The statement as the driver takes it; going through SQLAlchemy's rows costs twice the time."""
        names = [column.name for column in table.columns]
        keys = [column.name for column in table.primary_key.columns]
        others = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
        marks = ", ".join(["?" if self._is_sqlite else "%s"] * len(names))
        statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 - our own names
        if conflict == "refused":
            return statement
        action = f"UPDATE SET {others}" if conflict == "replaces" else "NOTHING"
        return f"{statement} ON CONFLICT ({', '.join(keys)}) DO {action}"

    def scrub(self, table: Table) -> None:
        """Leave nothing of rows that were deleted from a table in the files of the database.

        SQLite writes all of its file anew, and empties the WAL; PostgreSQL writes the table anew, and what an
        archive of its WAL keeps is for whoever keeps that. On SQLite the caller holds the ledger's lock.

        Raises:
            ErasureIncompleteError: The WAL still has them, as somebody is reading.
            FatalStorageError: The database refused.
        """
        try:
            if not self._is_sqlite:
                with self._writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.exec_driver_sql(f"VACUUM FULL {table.name}")
                return
            raw = self._writer.raw_connection()  # outside any transaction, where alone SQLite does these
            try:
                cursor = raw.cursor()
                for statement in (
                    "PRAGMA wal_checkpoint(TRUNCATE)",
                    "VACUUM",
                    "PRAGMA wal_checkpoint(TRUNCATE)",
                ):
                    cursor.execute(statement)
                ((is_busy, *_),) = cursor.fetchall()
            finally:
                raw.close()
        except (DBAPIError, SQLiteError) as error:
            raise FatalStorageError(f"database: expected it written anew, got {error}") from error
        if is_busy:
            raise ErasureIncompleteError(
                f"database: expected nobody to read for {_BUSY_S} s, got somebody; the rows are deleted, "
                "their bytes are still in the WAL: do the same again"
            )

    def migrate(self) -> None:
        """Make the tables, or bring those of an older version up to date."""
        # alembic takes a third of a second to import, and only a new or an older ledger needs it.
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.set_main_option("path_separator", "os")
        with self._writer.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def try_write(self) -> None:
        """Write something in a transaction, and roll it back.

        Raises:
            FatalStorageError: The database refused.
        """
        try:
            with self.write() as connection:
                connection.execute(update(TREE).values(size=TREE.c.size))
                raise _NotMeantError
        except _NotMeantError:
            pass

    def check_revision(self) -> None:
        """The tables are those of this version.

        Raises:
            HomeError: There are none, or those of another version.
        """
        try:
            with self._reader.begin() as connection:
                found = connection.execute(select(text("version_num from alembic_version"))).scalars().all()
        except DBAPIError as error:
            raise HomeError(f"database: expected the tables of a ledger, got {error.orig}") from error
        if found != [REVISION]:
            raise HomeError(f"database: expected tables of revision {REVISION}, got {found}")

    def close(self) -> None:
        """Close every connection; on SQLite under the ledger's lock, as the last one checkpoints."""
        self._reader.dispose()
        self._writer.dispose()


class _NotMeantError(Exception):
    """Ends a transaction that was never to be committed."""


def _sqlite_engine(url: str, size: int, pragmas: tuple[str, ...], *, begin: str) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        connect_args={"check_same_thread": False, "timeout": _BUSY_S},
    )

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # The driver would begin transactions by its own rules.
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
