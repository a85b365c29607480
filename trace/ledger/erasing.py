"""Erasing what events withhold: value and salt leave the database and its files, and everything else stays.

The log holds a salted digest in place of the value, so chains, proofs and old bundles verify as before. The
erasure itself is recorded nowhere: that somebody's name was here is what is to be forgotten. An event that is
submitted again is known, and known events bring nothing with them, so nothing erased comes back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import delete, select

from ...signing.disclosures import find_slots
from ..documents import documents_of
from ..errors import RefusedError
from ..statement import Event, parse_entry, parse_event_jws, read_event
from .database import Database
from .errors import EventUnknownError
from .evidence_store import EvidenceStore
from .home import Home
from .register import file_lock
from .tables import DISCLOSURE, ENTRY

_CHUNK: Final = 1 << 20  # bytes of a file that are in memory at once


@dataclass(frozen=True, slots=True)
class Slot:
    """A member that an event withholds."""

    event_id: str
    pointer: str


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did."""

    slots: tuple[Slot, ...]  # whose value was there, and is no more
    bare: tuple[Slot, ...]  # whose value had been erased before
    documents: tuple[str, ...]  # SHA-256 in hexadecimal of those that are deleted
    waiting: tuple[Path, ...]  # input of jobs that names one of the events, kept until the job is done


def erase(
    home: Home,
    *,
    event_id: str | None = None,
    subject: str | None = None,
    pointer: str | None = None,
    evidence: bool = False,
) -> Erased:
    """Erase what one event, or every event of a chain, withholds. Doing it again does no harm.

    It waits for the ledger's lock, and holds it while the database is written anew.

    Args:
        event_id: The event.
        subject: In its place, the chain.
        pointer: Only the slot at this JSON Pointer.
        evidence: Delete the documents too to which these events refer, whatever else refers to them.

    Raises:
        EventUnknownError: There is no such event, or no such chain.
        RefusedError: No event of these has a slot there.
        ErasureIncompleteError: As `Database.scrub`.
    """
    with file_lock(home.lock):
        database = Database(home.database_url)
        try:
            database.check_revision()
            events = _events(database, event_id, subject)
            slots = [Slot(event.id, at) for event in events for at in _pointers(event, pointer)]
            if pointer is not None and not slots:
                raise RefusedError(
                    f"pointer: expected a member that is withheld, got {pointer}",
                    code="REFERENCE_ABSENT",
                    where=pointer,
                )
            gone = _delete(database, slots)
            database.scrub(DISCLOSURE)
        finally:
            database.close()
    store = EvidenceStore(home.evidence)
    named = {document.sha256 for event in events for document in documents_of(event.jws.value)}
    documents = sorted(each.hex() for each in named if evidence and store.remove(each))
    return Erased(
        tuple(slot for slot in slots if slot in gone),
        tuple(slot for slot in slots if slot not in gone),
        tuple(documents),
        tuple(_waiting(home.path / "jobs", [event.jws.signing_input for event in events])),
    )


def _events(database: Database, event_id: str | None, subject: str | None) -> list[Event]:
    named = ENTRY.c.subject == subject if event_id is None else ENTRY.c.event_id == event_id
    with database.read() as connection:
        entries = connection.execute(select(ENTRY.c.entry).where(named).order_by(ENTRY.c.seq)).scalars().all()
    if not entries:
        raise EventUnknownError(f"erase: expected an event of the log, got none of {event_id or subject}")
    return [read_event(parse_event_jws(parse_entry(entry)[0])) for entry in entries]


def _pointers(event: Event, pointer: str | None) -> Iterator[str]:
    for found, _digest in find_slots(event.jws.value):
        if pointer in (None, found):
            yield found


def _delete(database: Database, slots: Sequence[Slot]) -> set[Slot]:
    """Delete what opens these slots; those that something opened."""
    gone: set[Slot] = set()
    with database.write() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA secure_delete=ON")  # deleted bytes are written over
        for slot in slots:
            row = (DISCLOSURE.c.event_id == slot.event_id) & (DISCLOSURE.c.pointer == slot.pointer)
            if connection.execute(delete(DISCLOSURE).where(row)).rowcount:
                gone.add(slot)
    return gone


def _waiting(folder: Path, signed: Sequence[bytes]) -> Iterator[Path]:
    """The files of a folder in which one of these events stands, as it was sent in."""
    files = sorted(folder.rglob("*")) if folder.is_dir() else []
    for path in files:
        if path.is_file() and not path.is_symlink() and _holds(path, signed):
            yield path


def _holds(path: Path, signed: Sequence[bytes]) -> bool:
    longest = max(map(len, signed))
    try:
        with path.open("rb") as file:
            before = b""
            while piece := file.read(_CHUNK):
                text = before + piece
                if any(each in text for each in signed):
                    return True
                before = text[-longest:]
    except FileNotFoundError:  # its job is done by now
        pass
    return False
