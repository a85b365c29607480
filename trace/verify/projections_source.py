"""Step 11 for a database: every column that is derived from the entries, derived again and compared.

What the tables mean is written in `trace/ledger/tables.py`; this is a second reading of it, on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, Final

from ...signing.disclosures import find_slots, parse_disclosure
from ...signing.errors import SigningError
from ...signing.tiles import ENTRIES, tiles_of
from ..errors import TraceError
from ..lifecycle.encoding import encode_state
from ..lifecycle.state import Chain
from ..lifecycle.world import Memory
from ..statement import parse_entry, parse_event_jws
from .concerns import Concerns
from .findings import Finding

REVISION: Final = "0001"
COLUMNS: Final = {
    "entry": ("leaf_index", "entry", "event_id", "subject", "seq"),
    "chain": ("subject", "seq", "head", "state"),
    "reference": ("target", "leaf_index", "subject", "event_id"),
    "concern": ("org", "leaf_index"),
    "key": ("kid", "subject"),
    "vendor": ("code", "subject"),
    "hold": ("subject", "in_force"),
    "tile": ("level", "tile_index", "data"),
    "tree": ("id", "size", "frontier"),
    "checkpoint": ("size", "note"),
    "disclosure": ("event_id", "pointer", "disclosure"),
}
"""The tables of a ledger and all their columns."""

Query = Callable[[str], Iterator[tuple[Any, ...]]]
Row = tuple[Any, ...]


def compare_tables(
    query: Query, world: Memory, concerns: Concerns, skip: Collection[str], size: int, frontier: bytes
) -> Iterator[Finding]:
    """Compare every derived table.

    Args:
        query: Streams the rows of a query.
        world: As the entries give it.
        concerns: Whom the entries concern.
        skip: Subjects whose chains were not judged to their end.
        size: Entries in the table.
        frontier: Of the tree over them.
    """
    yield from _compare_entries(query)
    yield from _compare_chains(query, world, skip)
    yield from _compare_references(query, world, skip)
    yield from concerns.compare(_select(query, "concern"), size)
    keys = {kid: (kid, subject) for kid, subject in world.keys.items()}
    yield from _compare(query, "key", keys, skip=skip, subject_at=1)
    vendors = {code: (code, subject) for code, subject in world.vendors.items()}
    yield from _compare(query, "vendor", vendors, skip=skip, subject_at=1)
    holds = {subject: (subject, int(held)) for subject, held in world.holds.items()}
    noted = {subject.removeprefix("notes:") for subject in skip if subject.startswith("notes:")}
    yield from _compare(query, "hold", holds, skip=noted, subject_at=0)
    yield from _compare(query, "tree", {1: (1, size, frontier)})
    yield from _compare_tiles(query, size)
    yield from _compare_disclosures(query)


def _select(query: Query, table: str) -> Iterator[Row]:
    """All rows of a table, whose columns are exactly those that are known."""
    columns = ", ".join(f'"{name}"' for name in COLUMNS[table])
    return query(f'SELECT {columns} FROM "{table}"')  # noqa: S608 -- names from the table above


def _compare(
    query: Query,
    table: str,
    expected: dict[Any, Row],
    *,
    skip: Collection[str] = (),
    subject_at: int = 0,
) -> Iterator[Finding]:
    """Compare a table with the rows that it should have, by its primary key, which comes first."""
    missing = dict(expected)
    for row in _select(query, table):
        yield from _compare_row(table, row[0], missing.pop(row[0], None), row, skip, subject_at)
    for key, want in missing.items():
        yield from _compare_row(table, key, want, None, skip, subject_at)


# Of the next two there is one for every few events: no second copy of them is made.


def _compare_chains(query: Query, world: Memory, skip: Collection[str]) -> Iterator[Finding]:
    missing = set(world.chains)
    for row in _select(query, "chain"):
        subject = row[0]
        want = _chain_row(world.chains[subject]) if subject in missing else None
        missing.discard(subject)
        yield from _compare_row("chain", subject, want, row, skip, 0)
    for subject, chain in world.chains.items():
        if subject in missing:
            yield from _compare_row("chain", subject, _chain_row(chain), None, skip, 0)


def _chain_row(chain: Chain) -> Row:
    return chain.subject, chain.seq, chain.head, encode_state(chain.state)


def _compare_references(query: Query, world: Memory, skip: Collection[str]) -> Iterator[Finding]:
    def expected(number: int) -> Row:
        reference = world.reference_at(number)
        return reference.target, reference.leaf_index, reference.subject, reference.event

    seen = bytearray(len(world.references))
    for row in _select(query, "reference"):
        want = None
        number = world.references.row(*row[:2])
        if number is not None and not seen[number]:
            want, seen[number] = expected(number), True
        yield from _compare_row("reference", row[:2], want, row, skip, 2)
    for number, found in enumerate(seen):
        if not found:
            want = expected(number)
            yield from _compare_row("reference", want[:2], want, None, skip, 2)


def _compare_row(
    table: str, key: Any, want: Row | None, got: Row | None, skip: Collection[str], subject_at: int
) -> Iterator[Finding]:
    """Compare a row with what it should be; None where there should be none, or is none."""
    if got == want and (got is None or list(map(type, got)) == list(map(type, want or ()))):
        return
    if any(row is not None and row[subject_at] in skip for row in (want, got)):
        return
    if want is None:
        yield _mismatch(table, key, "expected no such row, got one", got or (), subject_at)
    elif got is None:
        yield _mismatch(table, key, "expected a row, got none", want, subject_at)
    else:
        for column, wanted, value in zip(COLUMNS[table], want, got, strict=True):
            if wanted != value or type(wanted) is not type(value):
                evidence = f"{column}: expected {_show(wanted)}, got {_show(value)}"
                yield _mismatch(f"{table}.{column}", key, evidence, want, subject_at)


def _compare_entries(query: Query) -> Iterator[Finding]:
    for leaf, entry, *columns in _select(query, "entry"):
        try:
            jws = parse_event_jws(parse_entry(entry)[0])
        except TraceError:
            continue  # The entry itself is wrong, which is said already.
        said = (jws.id, jws.value.get("sub"), jws.value.get("seq"))
        for column, wanted, got in zip(COLUMNS["entry"][2:], said, columns, strict=True):
            if wanted != got or type(wanted) is not type(got):
                evidence = f"{column}: expected {_show(wanted)}, got {_show(got)}"
                yield Finding(
                    "PROJECTION_MISMATCH", evidence, leaf_index=leaf, event_id=jws.id, place=f"entry.{column}"
                )


def _compare_tiles(query: Query, size: int) -> Iterator[Finding]:
    """The tiles of the tree were compared while it grew; here: that there are no others."""
    expected = {(tile.level, tile.index) for tile in tiles_of(size) if tile.level != ENTRIES}
    for level, index in query('SELECT "level", "tile_index" FROM "tile"'):
        if (level, index) not in expected:
            yield Finding("PROJECTION_MISMATCH", f"expected no tile {level}/{index}, got one", place="tile")


def _compare_disclosures(query: Query) -> Iterator[Finding]:
    """A disclosure that is kept opens the slot that it says it opens; one that was erased is no finding."""
    rows = query(
        'SELECT d."event_id", d."pointer", d."disclosure", e."leaf_index", e."entry" '
        'FROM "disclosure" d LEFT JOIN "entry" e ON e."event_id" = d."event_id"'
    )
    for event_id, pointer, text, leaf, entry in rows:
        evidence = ""
        try:
            if entry is None:
                evidence = f"expected an event {event_id}, got none"
            else:
                slots = dict(find_slots(parse_event_jws(parse_entry(entry)[0]).value))
                digest = parse_disclosure(str(text)).digest
                if slots.get(pointer) != digest:
                    evidence = f"{pointer}: expected digest {slots.get(pointer)}, got {digest}"
        except (TraceError, SigningError) as error:
            evidence = str(error)
        if evidence:
            # What SQLite gives may be of any type in any column.
            named = event_id if isinstance(event_id, str) else None
            yield Finding(
                "DISCLOSURE_MISMATCH", evidence, leaf_index=leaf, event_id=named, place="disclosure"
            )


def _mismatch(place: str, key: Any, evidence: str, row: Iterable[Any], subject_at: int) -> Finding:
    subject = tuple(row)[subject_at]
    named = subject if isinstance(subject, str) and ":" in subject else None
    return Finding("PROJECTION_MISMATCH", f"row {_show(key)}: {evidence}", named, place=place)


def _show(value: Any) -> str:
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
    return text if len(text) <= 200 else text[:200] + "…"
