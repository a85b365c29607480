"""The chains of one kind that a ledger has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from sqlalchemy import select

from ..ledger.database import Database
from ..ledger.ledger import Ledger
from ..ledger.tables import CHAIN
from ..lifecycle.state import Chain
from .ledger_access import load_home
from .place import Place


def chains_of(place: Place, ledger: Ledger, prefix: str) -> Iterator[Chain]:
    """The chains whose subject begins so, in the order of their subjects."""
    after = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    query = select(CHAIN.c.subject).where(CHAIN.c.subject >= prefix, CHAIN.c.subject < after)
    with closing(Database(load_home(place).database_url)) as database, database.read() as connection:
        subjects = sorted(connection.execute(query).scalars())
    world = ledger.world()
    for subject in subjects:
        chain = world.chain(subject)
        if chain:
            yield chain
