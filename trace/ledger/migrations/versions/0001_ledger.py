"""The first tables of a ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables, and the row of the empty tree."""
    op.create_table(
        "entry",
        sa.Column("leaf_index", _BIG, primary_key=True, autoincrement=False),
        sa.Column("entry", sa.LargeBinary, nullable=False),
        sa.Column("event_id", sa.Text, nullable=False, unique=True),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("seq", _BIG, nullable=False),
        sa.UniqueConstraint("subject", "seq", name="one_event_a_place"),
    )
    op.create_table(
        "chain",
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("seq", _BIG, nullable=False),
        sa.Column("head", sa.Text, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "reference",
        sa.Column("target", sa.Text, primary_key=True),
        sa.Column("leaf_index", _BIG, primary_key=True, autoincrement=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
    )
    op.create_table(
        "concern",
        sa.Column("org", sa.Text, primary_key=True),
        sa.Column("leaf_index", _BIG, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "key",
        sa.Column("kid", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, nullable=False),
    )
    op.create_table(
        "vendor",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, nullable=True),
    )
    op.create_table(
        "hold",
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("in_force", sa.Integer, nullable=False),
    )
    op.create_table(
        "tile",
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("tile_index", _BIG, primary_key=True, autoincrement=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    tree = op.create_table(
        "tree",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", _BIG, nullable=False),
        sa.Column("frontier", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "checkpoint",
        sa.Column("size", _BIG, primary_key=True, autoincrement=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "disclosure",
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("pointer", sa.Text, primary_key=True),
        sa.Column("disclosure", sa.Text, nullable=False),
    )
    op.bulk_insert(tree, [{"id": 1, "size": 0, "frontier": b""}])
