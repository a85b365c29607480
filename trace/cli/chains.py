"""The chains that a ledger has, looked up by kind."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from ..ledger.database import Database
from ..ledger.ledger import Ledger
from ..ledger.register import file_lock
from ..ledger.tables import CHAIN
from ..lifecycle.state import Chain
from .ledger_access import load_home
from .place import Place


def subjects_of(place: Place, kind: str) -> list[str]:
    """The subjects of a kind that have a chain, in order."""
    # Of all names that begin with the kind and a colon, and of no others: a semicolon comes after a colon.
    query = select(CHAIN.c.subject).where(CHAIN.c.subject >= f"{kind}:", CHAIN.c.subject < f"{kind};")
    home = load_home(place)
    database = Database(home.database_url)
    try:
        with database.read() as connection:
            return sorted(connection.execute(query).scalars())
    finally:
        with file_lock(home.lock):  # the last to close a SQLite database writes to it
            database.close()


def chains_of(place: Place, ledger: Ledger, kind: str) -> Iterator[Chain]:
    """The chains of a kind, in the order of their subjects."""
    world = ledger.world()
    for subject in subjects_of(place, kind):
        chain = world.chain(subject)
        if chain:
            yield chain
