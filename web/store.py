"""What a node keeps beside its log, in a SQLite file of its own: nothing in it is evidence.

Keys of idempotent requests, jobs, subscriptions, an index to search with. The log can do without: whoever
deletes the file loses convenience and no event.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Final

from sqlalchemy import Connection, MetaData, QueuePool, create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlmodel import SQLModel

from ..trace.errors import TraceError
from ..trace.ledger.register import file_lock

VERSION: Final = 3
"""Of the tables; an older file is set aside by its owner, since it holds nothing that can't be had again."""

_PRAGMAS: Final = ("journal_mode=WAL", "synchronous=FULL", "trusted_schema=OFF", "secure_delete=ON")
_CONNECTIONS: Final = 16
_BUSY_S: Final = 60


class NodeRow(SQLModel):
    """Base of the tables that lie beside the log: kept apart from the ledger's own."""

    metadata: ClassVar[MetaData] = MetaData()


class StoreVersionError(TraceError):
    """The file was made by another version of this program."""

    code = "STORE_VERSION"


class StoreFailedError(TraceError):
    """The file, or its disk, does not do what it is asked; nothing of that was kept."""

    code = "STORAGE_FAILED"
    http_status = 503


class Store:
    """The node's own database. Writers take turns under a lock, as the ledger's do, and for the same bug."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it.

        Raises:
            StoreVersionError: It has the tables of another version.
        """
        path.touch(mode=0o600)
        self._lock = file_lock(path.with_name(f"{path.name}.lock"))
        self._engine = create_engine(
            f"sqlite:///{path}",
            poolclass=QueuePool,
            pool_size=_CONNECTIONS,
            max_overflow=0,
            connect_args={"check_same_thread": False, "timeout": _BUSY_S},
        )

        @event.listens_for(self._engine, "connect")
        def on_connect(connection: Any, _record: Any) -> None:
            connection.isolation_level = None
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}").close()

        with self.write() as connection:
            (found,) = connection.execute(text("PRAGMA user_version")).one()
            if found not in (0, VERSION):
                self._engine.dispose()
                raise StoreVersionError(
                    f"{path}: expected tables of version {VERSION}, got {found}; move the file away, "
                    "it holds no evidence: keys of requests, jobs and webhooks are in it"
                )
            NodeRow.metadata.create_all(connection)
            connection.execute(text(f"PRAGMA user_version = {VERSION}"))

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One durable transaction.

        Raises:
            StoreFailedError: The file or its disk fails.
        """
        with _told(), self._lock, self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise
            connection.exec_driver_sql("COMMIT")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One moment of the database.

        Raises:
            StoreFailedError: As `write`.
        """
        with _told(), self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                connection.exec_driver_sql("ROLLBACK")

    def scrub(self) -> None:
        """Empty the file beside the database in which deleted rows would stand for a while yet.

        Where somebody reads at this moment that is left to the next time.
        """
        with _told(), self._lock, self._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").close()

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            self._engine.dispose()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise StoreFailedError(f"node.db: expected it to answer, got {error.orig}") from error
