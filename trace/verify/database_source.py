"""A ledger's database, read as what it is: somebody else's file or server.

The driver of the standard library and psycopg speak to it, without the object mapper that wrote it.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import quote

from ...signing.errors import SigningError
from ...signing.merkle import HASH_SIZE
from ...signing.note import MAX_NOTE, parse_note
from ...signing.tiles import TILE_WIDTH
from ...signing.tree_head import parse_checkpoint_text
from ..errors import RefusedError
from ..lifecycle.world import Memory
from .concerns import Concerns
from .evidence import Documents, SourceError, SourceIncompleteError, SourceMalformedError, SourceTooLargeError
from .findings import Finding
from .projections_source import COLUMNS, REVISION, compare_tables

Query = Callable[[str], Iterator[tuple[Any, ...]]]
"""Runs a query without parameters and streams its rows."""

ReadRules = Callable[[str], bytes | None]
"""read_rules(digest): the file with the rule set that is said to have it."""

_READ_AT_ONCE: Final = 256
_MAX_VALUE: Final = 1 << 24
"""Bytes of a value of SQLite, also of one in the middle of a computation."""

_COMPUTES: Final = re.compile(r"\b(?:CHECK|AS|DEFAULT|WHERE)\b", re.ASCII | re.IGNORECASE)
"""What no ledger declares: SQLite would evaluate an expression of whoever made the file."""
_ALEMBIC: Final = "alembic_version"


class DatabaseDamagedError(RefusedError):
    """The database holds what no ledger writes, or its file is damaged."""

    code: ClassVar[str] = "DB_CORRUPT"


class DatabaseEvidence:
    """The evidence in a ledger's database; `register` is the checkpoint that is kept beside it, if any."""

    live = True
    has_tables = True

    def __init__(
        self,
        name: str,
        query: Query,
        found: Sequence[str],
        register: bytes | None = None,
        read_rules: ReadRules | None = None,
    ) -> None:
        """Args:
        query: Runs in one transaction: what it sees is one moment of the ledger.
        found: Names of all tables there.
        read_rules: Reads the rule sets that lie beside the database.
        """
        self._read_rules = read_rules
        self.name = name
        self._query = query
        self._found = found
        self._register = register

    def checkpoint(self) -> bytes:
        """The newest of the table, unless the register knows of a larger one.

        The register was read before the database: a ledger that is written to meanwhile is ahead of it.
        """
        for size, note in self._query('SELECT size, note FROM "checkpoint" ORDER BY size DESC LIMIT 1'):
            if not isinstance(size, int):
                raise DatabaseDamagedError(f"checkpoint.size: expected an integer, got {type(size).__name__}")
            if self._register is None or self._registered_size() <= size:
                return _bytes(note, "checkpoint.note", MAX_NOTE)
        if self._register is None:
            raise SourceIncompleteError("table checkpoint: expected a checkpoint, got none")
        return self._register

    def take_later(self, register: bytes) -> None:
        """The register, read again now that the database is open: what it covers of this moment is signed."""
        size = _size_of(register)
        for (last,) in self._query('SELECT MAX("leaf_index") FROM "entry"'):
            if isinstance(last, int) and size <= last + 1:
                self._register = register

    def vkeys(self) -> bytes | None:
        return None

    def checkpoints(self) -> Iterator[tuple[str, bytes]]:
        for size, note in self._query('SELECT size, note FROM "checkpoint" ORDER BY size'):
            yield str(size), _bytes(note, "checkpoint.note", MAX_NOTE)
        if self._register is not None:
            yield str(self._registered_size()), self._register

    def _registered_size(self) -> int:
        return _size_of(self._register or b"")

    def unexpected(self, size: int) -> Iterator[Finding]:
        for name in sorted({*self._found} - {*COLUMNS, _ALEMBIC}):
            yield Finding("BUNDLE_UNEXPECTED_FILE", place=name)
        missing = sorted({*COLUMNS} - {*self._found})
        for name in missing:
            yield Finding("BUNDLE_INCOMPLETE", f"expected table {name}, got none", place=name)
        known = _ALEMBIC in self._found
        rows = self._query(f'SELECT version_num FROM "{_ALEMBIC}"') if known else ()  # noqa: S608 -- a constant
        revisions = [str(revision) for (revision,) in rows]
        if revisions != [REVISION]:
            evidence = f"expected tables of revision {REVISION}, got {', '.join(revisions) or 'none'}"
            yield Finding("SOURCE_UNREADABLE", evidence, place=_ALEMBIC)

    def documents(self) -> Documents | None:
        return None

    def rules(self, sha256: str) -> bytes | None:
        return self._read_rules(sha256) if self._read_rules else None

    def count(self, size: int) -> int:
        for rows, last in self._query('SELECT COUNT(*), MAX(leaf_index) FROM "entry"'):
            if rows and last != rows - 1:
                raise DatabaseDamagedError(f"entry: expected leaves 0 to {rows - 1}, got up to {last}")
            return int(rows)
        return 0

    def entries(self, count: int) -> Iterator[Sequence[bytes]]:
        batch: list[bytes] = []
        rows = self._query('SELECT leaf_index, entry FROM "entry" ORDER BY leaf_index')
        for leaf, (at, entry) in enumerate(rows):
            if at != leaf:
                raise DatabaseDamagedError(f"entry.leaf_index: expected {leaf}, got {at}")
            batch.append(_bytes(entry, "entry.entry", MAX_NOTE))
            if len(batch) == _READ_AT_ONCE:
                yield batch
                batch = []
        if batch:
            yield batch

    def tile(self, level: int, index: int, width: int) -> bytes | None:
        where = f"level = {level:d} AND tile_index = {index:d}"
        for (data,) in self._query(f'SELECT data FROM "tile" WHERE {where}'):  # noqa: S608 -- two integers
            return _bytes(data, "tile.data", TILE_WIDTH * HASH_SIZE)
        raise SourceIncompleteError(f"tile: expected a row with {where}, got none")

    def compare(
        self, world: Memory, concerns: Concerns, skip: Collection[str], size: int, frontier: bytes
    ) -> Iterator[Finding]:
        yield from compare_tables(self._query, world, concerns, skip, size, frontier)


@contextmanager
def open_sqlite(
    path: Path, register: bytes | None = None, read_rules: ReadRules | None = None
) -> Iterator[DatabaseEvidence]:
    """Read a ledger's SQLite file without writing to it, nor running anything that is stored in it.

    Args:
        path: The file.
        register: The checkpoint that is kept beside it, which says that a ledger may be writing to it.

    Raises:
        TraceError: It is no database, or a damaged one.
    """
    if not path.is_file():
        raise SourceError(f"{path}: expected a database, got no file")
    wal = path.with_name(path.name + "-wal")
    # Without a log of writes beside it the file is all there is, and may lie on a medium that is read-only.
    is_alone = register is None and not (wal.exists() and wal.stat().st_size)
    mode = "ro&immutable=1" if is_alone else "ro"
    with _sqlite_errors(path.name):
        uri = f"file:{quote(str(path.resolve()))}?mode={mode}"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=30)

    def query(sql: str) -> Iterator[tuple[Any, ...]]:
        with _sqlite_errors(path.name):
            cursor = connection.execute(sql)
        while True:
            with _sqlite_errors(path.name):
                rows = cursor.fetchmany(_READ_AT_ONCE)
            if not rows:
                return
            yield from rows

    try:
        with _sqlite_errors(path.name):
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE)
            connection.text_factory = lambda data: data.decode("utf-8", "backslashreplace")
            for pragma in ("query_only=ON", "trusted_schema=OFF", "cell_size_check=ON"):
                connection.execute(f"PRAGMA {pragma}").close()
            connection.execute("BEGIN").close()
        found = []
        for name, kind, sql in query("SELECT name, type, sql FROM sqlite_master"):
            if kind == "index" and (sql is None or sql.count("(") == 1) and not _COMPUTES.search(sql or ""):
                continue
            if kind != "table" or not str(sql).startswith("CREATE TABLE") or _COMPUTES.search(sql):
                # A view, a trigger, a virtual table or an expression runs what its author wrote.
                raise SourceMalformedError(f"{path.name}: expected plain tables, got the {kind} {name}")
            found.append(name)
        for (verdict,) in query("PRAGMA integrity_check(1)"):
            if verdict != "ok":
                raise DatabaseDamagedError(f"{path.name}: expected a sound database, got {verdict}")
        yield DatabaseEvidence(str(path), query, found, register, read_rules)
    finally:
        connection.close()


@contextmanager
def open_postgresql(
    url: str, register: bytes | None = None, read_rules: ReadRules | None = None
) -> Iterator[DatabaseEvidence]:
    """Read a ledger's PostgreSQL database in one read-only transaction.

    Raises:
        TraceError: It can't be reached or read.
    """
    # Only who verifies such a database needs its driver.
    try:
        import psycopg
    except ImportError as error:
        raise SourceError("PostgreSQL: expected the package psycopg, got none") from error

    name = "postgresql://" + url.partition("://")[2].rpartition("@")[2]  # without what may be a password

    @contextmanager
    def errors() -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise SourceError(f"{name}: {type(error).__name__}") from error

    with errors():
        connection = psycopg.connect("postgresql://" + url.partition("://")[2], connect_timeout=30)

    def query(sql: str) -> Iterator[tuple[Any, ...]]:
        number[0] += 1
        with errors():
            cursor = connection.cursor(name=f"rows_{number[0]}")
            cursor.execute(sql.encode())
        try:
            while True:
                with errors():
                    rows = cursor.fetchmany(_READ_AT_ONCE)
                if not rows:
                    return
                yield from rows
        finally:
            with errors():
                cursor.close()

    number = [0]
    try:
        with errors():
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
        tables = query(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
        )
        yield DatabaseEvidence(name, query, [table for (table,) in tables], register, read_rules)
    finally:
        connection.close()


@contextmanager
def _sqlite_errors(name: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code is not None and code & 0xFF == sqlite3.SQLITE_CORRUPT:
            raise DatabaseDamagedError(f"{name}: {error}") from error
        raise SourceError(f"{name}: {error}") from error


def _size_of(register: bytes) -> int:
    try:
        return parse_checkpoint_text(parse_note(register).text).size
    except SigningError as error:
        raise DatabaseDamagedError(f"register: expected a checkpoint, got {error}") from error


def _bytes(value: Any, place: str, limit: int) -> bytes:
    """A BLOB, as what SQLite gives may be of any type in any column."""
    if not isinstance(value, bytes):
        raise DatabaseDamagedError(f"{place}: expected bytes, got {type(value).__name__}")
    if len(value) > limit:
        raise SourceTooLargeError(f"{place}: expected at most {limit} bytes, got {len(value)}")
    return value
