"""Which batteries might match a search: a cache beside the log, which nobody has to believe.

The index says of each battery where it stood when it was last looked at, who ever had a part in it, and the
regions of those. It only proposes: every row of an answer is read from the ledger again, and is judged and
shown as the ledger has it. So an index that somebody tampered with, or that is behind, can leave batteries
out and can put none in; whoever deletes `node.db` loses the time in which it is made again.

What is inside another battery is looked at again with that one. When an organisation moves, what it has a
part in is looked at again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final

from sqlalchemy import Connection, Select, Table, delete, exists, or_, select
from sqlalchemy.dialects.sqlite import insert
from sqlmodel import Field

from ...trace.codes.region import Region
from ...trace.errors import TraceError
from ...trace.ledger.stored import StoredWorld
from ...trace.lifecycle.conditions.case import org_of
from ...trace.lifecycle.custody import holder_of, parent_of
from ...trace.lifecycle.state import Battery
from ...trace.lifecycle.words import IN_PACK
from ...trace.lifecycle.world import World
from ...trace.statement import parse_entry, parse_event_jws
from ..store import NodeRow
from .following import Following

CATCH_UP: Final = 10_000  # leaves that one search waits for
_BEYOND: Final = "\x7f"  # after every character of a region


class SearchBehindError(TraceError):
    """The index is still being made: ask again."""

    code = "SEARCH_NOT_READY"
    http_status = 503
    retry_after_s = 2


class SearchRow(NodeRow, table=True):
    """Where a battery stood when it was last looked at."""

    __tablename__ = "search_battery"

    subject: str = Field(primary_key=True)
    stage: str = Field(index=True)
    custodian: str = Field(index=True)
    region: str = Field(index=True)
    batch: str = Field(index=True)
    changed_ms: int = Field(index=True)


class PartRow(NodeRow, table=True):
    """That somebody has or had a part in a battery: signed, held, or was named."""

    __tablename__ = "search_part"

    org: str = Field(primary_key=True)
    subject: str = Field(primary_key=True, index=True)


class PlaceRow(NodeRow, table=True):
    """That somebody who has or had a part in a battery is enrolled, or has a site, in a region."""

    __tablename__ = "search_place"

    subject: str = Field(primary_key=True)
    region: str = Field(primary_key=True)


class OrgPlacesRow(NodeRow, table=True):
    """The regions of an organisation when it was last looked at."""

    __tablename__ = "search_org"

    org: str = Field(primary_key=True)
    regions: str


_TABLES: Final = NodeRow.metadata.tables
_BATTERY: Final[Table] = _TABLES["search_battery"]
_PART: Final[Table] = _TABLES["search_part"]
_PLACE: Final[Table] = _TABLES["search_place"]
_ORG: Final[Table] = _TABLES["search_org"]


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked for; None where anything will do. Times are half-open: from `since`, before `until`."""

    stage: str | None = None
    custodian: str | None = None
    region: Region | None = None
    batch: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def asks_for_more_than_the_stage(self) -> bool:
        """Whether it asks for what those do not see who see only the beginning of a chain."""
        return any(each is not None for each in (self.region, self.batch, self.since, self.until))


@dataclass(slots=True)
class _Seen:
    """What some leaves say of batteries and organisations."""

    changed: dict[str, datetime] = field(default_factory=dict)
    parts: dict[str, set[str]] = field(default_factory=dict)
    orgs: set[str] = field(default_factory=set)


class SearchIndex(Following):
    """Proposes what a search might find."""

    name = "search"
    tables: ClassVar[tuple[Table, ...]] = (_BATTERY, _PART, _PLACE, _ORG)

    def propose(
        self, filters: Filters, org: str, regions: Sequence[Region], after: str, limit: int
    ) -> list[str]:
        """Batteries that might match and might be the asker's to find, in the order of their subjects.

        Args:
            org: Who asks.
            regions: Of which they are the authority.
            after: The subject after which to begin.
        """
        subject = _BATTERY.c.subject
        query: Select[Any] = select(subject).where(subject > after).order_by(subject).limit(limit)
        # An ordinary party has few batteries among many: its own rows lead. An authority has most of them.
        own = _PART.c.org == org
        if regions:
            here = or_(*(_within(_PLACE.c.region, region) for region in regions))
            query = query.where(
                or_(
                    exists().where(_PART.c.subject == subject, own),
                    exists().where(_PLACE.c.subject == subject, here),
                )
            )
        else:
            query = query.join(_PART, _PART.c.subject == subject).where(own)
        for column, value in (
            (_BATTERY.c.stage, filters.stage),
            (_BATTERY.c.custodian, filters.custodian),
            (_BATTERY.c.batch, filters.batch),
        ):
            if value is not None:
                query = query.where(column == value)
        if filters.region:
            query = query.where(_within(_BATTERY.c.region, filters.region))
        if filters.since:
            query = query.where(_BATTERY.c.changed_ms >= _ms(filters.since))
        if filters.until:
            query = query.where(_BATTERY.c.changed_ms < _ms(filters.until))
        with self._store.read() as connection:
            return list(connection.execute(query).scalars())

    def _take_in(self, start: int, stop: int) -> None:
        seen = _read(self._ledger.entries(start, stop))
        world = self._ledger.world()
        if isinstance(world, StoredWorld):
            world.prefetch(seen.changed)  # in one query
        with self._taking(start, stop) as connection:
            if connection is None:
                return
            moved = _moved(connection, world, seen.orgs)
            again = {subject: None for org in moved for subject in _parts_of(connection, org)}
            subjects = {**dict.fromkeys(seen.changed), **again}
            whole = dict.fromkeys(_with_what_is_inside(world, subjects))
            _save_batteries(connection, world, whole, seen)


def region_now(world: World, battery: Battery) -> str:
    """Where a battery is: the region of the site at which it is held, or in which its holder is enrolled."""
    holder = holder_of(world, battery)
    org = org_of(world, holder) if holder.startswith("org:") else None
    if org is None:
        return ""
    named = (site.region for site in org.sites if site.name == _outermost(world, battery).facts.site)
    return next(named, org.region)


def _outermost(world: World, battery: Battery) -> Battery:
    while battery.stage == IN_PACK and (parent := parent_of(world, battery)):
        battery = parent
    return battery


def _read(entries: Iterable[bytes]) -> _Seen:
    seen = _Seen()
    for entry in entries:
        text, recorded_at = parse_entry(entry)
        value = parse_event_jws(text).value
        subject = value["sub"]
        if subject.startswith("battery:"):
            seen.changed[subject] = recorded_at
            named = {each for each in value["data"].values() if isinstance(each, str) and each[:4] == "org:"}
            seen.parts.setdefault(subject, set()).update(named, (value["iss"],))
        elif subject.startswith("org:"):
            seen.orgs.add(subject)
    return seen


def _moved(connection: Connection, world: World, orgs: Iterable[str]) -> list[str]:
    """Those of these organisations that have other regions than when they were last looked at."""
    moved = []
    for org in orgs:
        now = " ".join(sorted(set(_regions_of(world, org))))
        old = connection.execute(select(_ORG.c.regions).where(_ORG.c.org == org)).scalar_one_or_none()
        if old != now:
            row = {"org": org, "regions": now}
            statement = insert(_ORG).values(row)
            connection.execute(statement.on_conflict_do_update(index_elements=["org"], set_=row))
            if old is not None:
                moved.append(org)
    return moved


def _with_what_is_inside(world: World, subjects: Iterable[str]) -> Iterator[str]:
    """These batteries, and what is in them, to any depth."""
    waiting = list(subjects)
    done: set[str] = set()
    while waiting:
        subject = waiting.pop()
        if subject in done:
            continue
        done.add(subject)
        yield subject
        chain = world.chain(subject)
        if chain and isinstance(chain.state, Battery):
            waiting += chain.state.facts.parts


def _save_batteries(connection: Connection, world: World, subjects: Iterable[str], seen: _Seen) -> None:
    rows: list[dict[str, Any]] = []
    moved: list[dict[str, Any]] = []  # without an event of their own
    parts: set[tuple[str, str]] = set()
    places: set[tuple[str, str]] = set()
    for subject in subjects:
        chain = world.chain(subject)
        if chain is None or not isinstance(chain.state, Battery):
            connection.execute(delete(_BATTERY).where(_BATTERY.c.subject == subject))
            continue
        battery = chain.state
        holder = holder_of(world, battery)
        row: dict[str, Any] = {
            "subject": subject,
            "stage": battery.stage,
            "custodian": holder,
            "region": region_now(world, battery),
            "batch": battery.facts.batch,
        }
        if subject in seen.changed:
            rows.append(row | {"changed_ms": _ms(seen.changed[subject])})
        else:
            moved.append(row | {"changed_ms": 0})
        offer = _outermost(world, battery).offer
        orgs = {holder, *((offer.consignee,) if offer else ()), *seen.parts.get(subject, ())}
        for org in orgs:
            if org.startswith("org:"):
                parts.add((org, subject))
                places.update((subject, each) for each in _regions_of(world, org))
    _replace(connection, rows, kept=("subject",))
    _replace(connection, moved, kept=("subject", "changed_ms"))
    for table, names, some in ((_PART, ("org", "subject"), parts), (_PLACE, ("subject", "region"), places)):
        if some:
            values = [dict(zip(names, each, strict=True)) for each in sorted(some)]
            connection.execute(insert(table).on_conflict_do_nothing(), values)


def _replace(connection: Connection, rows: list[dict[str, Any]], *, kept: tuple[str, ...]) -> None:
    """Write rows of batteries; of one that is there already, these columns are kept."""
    if rows:
        statement = insert(_BATTERY)
        new = {name: statement.excluded[name] for name in rows[0] if name not in kept}
        connection.execute(statement.on_conflict_do_update(index_elements=["subject"], set_=new), rows)


def _parts_of(connection: Connection, org: str) -> list[str]:
    return list(connection.execute(select(_PART.c.subject).where(_PART.c.org == org)).scalars())


def _regions_of(world: World, party: str) -> Iterator[str]:
    org = org_of(world, party)
    if org:
        yield org.region
        yield from (site.region for site in org.sites)


def _within(column: Any, region: Region) -> Any:
    """In SQL what `Region.covers` says: in China a part goes on with the parts below it."""
    if not region.part:
        return or_(column == region.country, _begins(column, f"{region.country}-"))
    if region.country == "CN" and region.part.endswith("00"):
        return _begins(column, f"CN-{region.part.removesuffix('00').removesuffix('00')}")
    return column == str(region)


def _begins(column: Any, start: str) -> Any:
    return column.between(start, start + _BEYOND)


def _ms(value: datetime) -> int:
    return round(value.timestamp() * 1_000)
