"""The tables of a ledger. They store and fetch; what the rows mean is for others.

`entry.entry` holds the bytes of the log. Every other column is a projection, for looking things up, that an
audit derives again from those bytes and compares.
"""

from __future__ import annotations

from typing import ClassVar, Final

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

REVISION: Final = "0001"
"""The alembic revision that has these tables."""

THE_TREE: Final = 1
"""Key of the one row of the table `tree`."""


class _Bytes(LargeBinary):
    """Bytes as the drivers take and give them; SQLAlchemy would wrap and copy each value."""

    def bind_processor(self, dialect: object) -> None:
        return None

    def result_processor(self, dialect: object, coltype: object) -> None:
        return None


# A 64-bit key; on SQLite only this spelling is the row id itself, which saves an index.
_Big = BigInteger().with_variant(Integer(), "sqlite")


class _Rows(SQLModel):
    """Tables of a ledger keep apart from whatever else a process declares."""

    metadata: ClassVar[MetaData] = MetaData()


class EntryRow(_Rows, table=True):
    """An entry of the log. Append-only: there is no update path."""

    __tablename__ = "entry"
    __table_args__ = (UniqueConstraint("subject", "seq", name="one_event_a_place"),)

    leaf_index: int = Field(sa_column=Column(_Big, primary_key=True, autoincrement=False))
    entry: bytes = Field(sa_column=Column(_Bytes, nullable=False))  # the exact leaf of the log
    event_id: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    subject: str = Field(sa_column=Column(Text, nullable=False))
    seq: int = Field(sa_column=Column(_Big, nullable=False))


class ChainRow(_Rows, table=True):
    """Where a chain ends, and the state of its subject there."""

    __tablename__ = "chain"

    subject: str = Field(sa_column=Column(Text, primary_key=True))
    seq: int = Field(sa_column=Column(_Big, nullable=False))
    head: str = Field(sa_column=Column(Text, nullable=False))
    state: bytes = Field(sa_column=Column(_Bytes, nullable=False))  # `lifecycle.encoding`


class ReferenceRow(_Rows, table=True):
    """That an event names another event or a subject."""

    __tablename__ = "reference"

    target: str = Field(sa_column=Column(Text, primary_key=True))
    leaf_index: int = Field(sa_column=Column(_Big, primary_key=True, autoincrement=False))
    subject: str = Field(sa_column=Column(Text, nullable=False))
    event_id: str = Field(sa_column=Column(Text, nullable=False))


class ConcernRow(_Rows, table=True):
    """Whom an entry concerns (`lifecycle.concern`), in the order in which an organisation reads it."""

    __tablename__ = "concern"
    __table_args__ = {"sqlite_with_rowid": False}  # its key is all there is

    org: str = Field(sa_column=Column(Text, primary_key=True))
    leaf_index: int = Field(sa_column=Column(_Big, primary_key=True, autoincrement=False))


class KeyRow(_Rows, table=True):
    """Which chain introduced a key."""

    __tablename__ = "key"

    kid: str = Field(sa_column=Column(Text, primary_key=True))
    subject: str = Field(sa_column=Column(Text, nullable=False))


class VendorRow(_Rows, table=True):
    """Which organisation holds a vendor code; nobody, where it gave the code up."""

    __tablename__ = "vendor"

    code: str = Field(sa_column=Column(Text, primary_key=True))
    subject: str | None = Field(sa_column=Column(Text, nullable=True))


class HoldRow(_Rows, table=True):
    """Whether a subject is held: one row for each on whose notes a hold was ever placed."""

    __tablename__ = "hold"

    subject: str = Field(sa_column=Column(Text, primary_key=True))
    in_force: int = Field(sa_column=Column(Integer, nullable=False))  # 1, or 0 once it is lifted


class TileRow(_Rows, table=True):
    """A hash tile of C2SP tlog-tiles, the right-most of a level partial."""

    __tablename__ = "tile"

    level: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    tile_index: int = Field(sa_column=Column(_Big, primary_key=True, autoincrement=False))
    data: bytes = Field(sa_column=Column(_Bytes, nullable=False))


class TreeRow(_Rows, table=True):
    """The one row that says how far the log goes; it is updated by whoever holds the sequencer's lock."""

    __tablename__ = "tree"

    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    size: int = Field(sa_column=Column(_Big, nullable=False))
    frontier: bytes = Field(sa_column=Column(_Bytes, nullable=False))


class CheckpointRow(_Rows, table=True):
    """A published checkpoint, with whatever cosignatures came to it."""

    __tablename__ = "checkpoint"

    size: int = Field(sa_column=Column(_Big, primary_key=True, autoincrement=False))
    note: bytes = Field(sa_column=Column(_Bytes, nullable=False))


class DisclosureRow(_Rows, table=True):
    """What opens a withheld member. It is not in the log, and may be erased."""

    __tablename__ = "disclosure"

    event_id: str = Field(sa_column=Column(Text, primary_key=True))
    pointer: str = Field(sa_column=Column(Text, primary_key=True))
    disclosure: str = Field(sa_column=Column(Text, nullable=False))


METADATA: Final = _Rows.metadata
ENTRY: Final[Table] = METADATA.tables["entry"]
CHAIN: Final[Table] = METADATA.tables["chain"]
REFERENCE: Final[Table] = METADATA.tables["reference"]
CONCERN: Final[Table] = METADATA.tables["concern"]
KEY: Final[Table] = METADATA.tables["key"]
VENDOR: Final[Table] = METADATA.tables["vendor"]
HOLD: Final[Table] = METADATA.tables["hold"]
TILE: Final[Table] = METADATA.tables["tile"]
TREE: Final[Table] = METADATA.tables["tree"]
CHECKPOINT: Final[Table] = METADATA.tables["checkpoint"]
DISCLOSURE: Final[Table] = METADATA.tables["disclosure"]
