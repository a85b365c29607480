"""What an organisation recorded and holds, as rows of the platform's columns.

The platform's own table of fields (Order No. 73 of 2026, Article 24) could not be read. The columns are those
that handbooks and makers' scripts name for it; each workbook says so on every sheet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Any, Final

from sqlalchemy import select

from ...signing.disclosures import parse_disclosure
from ..codes.subjects import parse_subject
from ..errors import RefusedError
from ..history import Told, read_chain
from ..ledger.ledger import Ledger
from ..ledger.stored import StoredWorld
from ..ledger.tables import CONCERN, DISCLOSURE, ENTRY
from ..lifecycle.conditions.case import org_of
from ..lifecycle.custody import holder_of
from ..lifecycle.state import Battery, Model
from ..lifecycle.table import TABLE
from ..lifecycle.words import TOLD, WASTE
from ..lifecycle.world import World
from ..statement import Event, parse_entry, parse_event_jws, read_event

ZONE: Final = timezone(timedelta(hours=8))  # of the platform: one for all of China, without summer time
MAX_EVENTS: Final = 200_000  # that are looked at
MAX_ROWS: Final = 20_000  # of a sheet
PACKS: Final = 4  # of a vehicle's file

ERASED: Final = "已删除 erased"
WITHHELD: Final = "未公开 withheld"

_AT_ONCE: Final = 1_000
_RECOVERY: Final = frozenset(
    {
        "battery.registered",
        "battery.taken_in",
        "handover.accepted",
        "battery.retired",
        "battery.requalified",
        "battery.dismantled",
        "battery.used_in",
        "battery.repurposed",
        "battery.recycled",
        "battery.exported",
        "battery.lost",
    }
)
_VOIDED: Final = ("battery.voided", "vehicle.voided")
_PRODUCTS: Final = {"P": "电池包 pack", "M": "模块 module", "C": "单体 cell"}
_TYPES: Final = {
    "A": "镍氢 NiMH",
    "B": "磷酸铁锂 LFP",
    "C": "锰酸锂 LMO",
    "D": "钴酸锂 LCO",
    "E": "三元 ternary",
    "F": "超级电容器 supercapacitor",
    "G": "钛酸锂 LTO",
    "Z": "其他 other",
}
"""GB/T 34014-2017, position 5; of the letters B and E alone the source is the standard's own text."""


class FilingTooLargeError(RefusedError):
    """More than one workbook holds: ask for a shorter time."""

    code = "FILING_TOO_LARGE"


@dataclass(frozen=True, slots=True)
class Scrapped:
    """A battery of a vehicle that was scrapped."""

    vin: str
    day: str
    code: str
    battery_type: str
    remark: str  # why it was missing
    event: str


@dataclass(frozen=True, slots=True)
class WasteOut:
    """A waste battery that somebody else took over."""

    code: str
    day: str
    receiver: str
    receiver_id: str
    event: str


@dataclass(frozen=True, slots=True)
class Identity:
    """A battery that is held, or of which something was recorded."""

    code: str
    category: str
    recovery: str
    stage: str


@dataclass(frozen=True, slots=True)
class VehicleFile:
    """A vehicle with its batteries, each with its day of production."""

    vin: str
    packs: tuple[tuple[str, str], ...]
    event: str


@dataclass(frozen=True, slots=True)
class Filing:
    """Everything for one organisation and time."""

    org: str
    name: str
    since: date
    until: date  # included
    scrapped: tuple[Scrapped, ...]
    waste_out: tuple[WasteOut, ...]
    identities: tuple[Identity, ...]
    vehicles: tuple[VehicleFile, ...]


def gather(ledger: Ledger, org: str, since: date, until: date) -> Filing:
    """Gather what an organisation recorded in a time, and what it holds now.

    Args:
        since: The first day, in China's time.
        until: The last day.

    Raises:
        RefusedError: `until` is before `since`, or the organisation is unknown.
        FilingTooLargeError: More events or rows than are taken.
    """
    if until < since:
        raise RefusedError(
            f"to: expected a day from {since} on, got {until}", code="PARAMETERS_INVALID", where="to"
        )
    world = ledger.world()
    state = org_of(world, org)
    if state is None:
        raise RefusedError(f"org: expected one that is enrolled, got {org}", code="ORGANISATION_UNKNOWN")
    begin, end = (datetime.combine(day, time(), ZONE) for day in (since, until + timedelta(days=1)))
    events = list(_concerning(ledger, org, begin))
    undone = {event.data["event"] for event in events if event.type in _VOIDED}
    kept = [event for event in events if begin <= event.occurred_at < end and event.id not in undone]
    own = [event for event in kept if event.iss == org]
    vins = _vins(ledger, [event for event in own if event.type in ("vehicle.scrapped", "vehicle.fitted")])
    return Filing(
        org,
        state.name_zh or state.name_en,
        since,
        until,
        _bounded(_scrapped(own, vins, world)),
        _bounded(_waste_out(ledger, world, org, kept)),
        _bounded(_identities(world, org, own, _held(ledger, world, org))),
        _bounded(_vehicles(own, vins)),
    )


def _concerning(ledger: Ledger, org: str, begin: datetime) -> Iterator[Event]:
    """The events that concern it, as far as a checkpoint covers them, recorded since the day before."""
    size = ledger.published().size
    after, taken = -1, 0
    while True:
        query = (
            select(ENTRY.c.leaf_index, ENTRY.c.entry)
            .join(CONCERN, CONCERN.c.leaf_index == ENTRY.c.leaf_index)
            .where(CONCERN.c.org == org, CONCERN.c.leaf_index > after, CONCERN.c.leaf_index < size)
            .order_by(CONCERN.c.leaf_index)
            .limit(_AT_ONCE)
        )
        with ledger.read() as connection:
            rows = connection.execute(query).all()
        for row in rows:
            text, recorded_at = parse_entry(row.entry)
            # What is claimed may lie before its record, and a little after it where clocks differ.
            if recorded_at < begin - timedelta(days=1):
                continue
            taken += 1
            if taken > MAX_EVENTS:
                raise FilingTooLargeError(
                    f"from: expected at most {MAX_EVENTS} events since then, got more; ask for a later day",
                    where="from",
                )
            yield read_event(parse_event_jws(text))
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1].leaf_index


def _vins(ledger: Ledger, events: Sequence[Event]) -> Mapping[str, str]:
    """The VIN that an event withholds, for its signer, as far as it is still there."""
    found: dict[str, str] = {}
    ids = [event.id for event in events]
    for start in range(0, len(ids), _AT_ONCE):
        query = select(DISCLOSURE.c.event_id, DISCLOSURE.c.disclosure).where(
            DISCLOSURE.c.event_id.in_(ids[start : start + _AT_ONCE]), DISCLOSURE.c.pointer == "/data/vin"
        )
        with ledger.read() as connection:
            for row in connection.execute(query):
                found[row.event_id] = str(parse_disclosure(row.disclosure).value)
    return found


def _vin(event: Event, vins: Mapping[str, str]) -> str:
    return vins.get(event.id, ERASED) if "vin" in event.data else ""


def _scrapped(own: Iterable[Event], vins: Mapping[str, str], world: World) -> Iterator[Scrapped]:
    for event in own:
        if event.type != "vehicle.scrapped":
            continue
        vin, day = _vin(event, vins), _day(event)
        for battery in event.data["present"]:
            yield Scrapped(vin, day, _code(battery), battery_type(battery, world), "", event.id)
        for missing in event.data["missing"]:
            battery = missing.get("battery", "")
            shown = (_code(battery), battery_type(battery, world)) if battery else ("", "")
            yield Scrapped(vin, day, *shown, f"缺失 missing: {missing['why']}", event.id)


def _waste_out(ledger: Ledger, world: World, org: str, kept: Iterable[Event]) -> Iterator[WasteOut]:
    for event in kept:
        if event.type != "handover.accepted" or event.iss == org or not event.sub.startswith("battery:"):
            continue
        before = _before(ledger, event)
        if not isinstance(before, Battery) or before.custodian != org or before.stage not in WASTE:
            continue
        receiver = org_of(world, event.iss)
        name = (receiver.name_zh or receiver.name_en) if receiver else ""
        yield WasteOut(_code(event.sub), _day(event), name, event.iss.removeprefix("org:"), event.id)


def _before(ledger: Ledger, event: Event) -> object:
    """The state of its subject right before an event."""
    told: Told | None = None
    for each in read_chain(ledger.entries_of(event.sub)):
        if each.event.id == event.id:
            return told.after if told else None
        told = each
    return None


def _identities(world: World, org: str, own: Iterable[Event], held: Iterable[str]) -> Iterator[Identity]:
    said: dict[str, list[str]] = {battery: [] for battery in held}
    for event in own:
        if event.type in _RECOVERY and event.sub.startswith("battery:"):
            said.setdefault(event.sub, []).append(f"{_day(event)} {_TYPE_NAMES[event.type]}")
    for battery in sorted(said):
        chain = world.chain(battery)
        state = chain.state if chain else None
        stage = TOLD[state.stage].zh if isinstance(state, Battery) else ""
        yield Identity(_code(battery), _category(battery), "; ".join(said[battery]), stage)


def _vehicles(own: Iterable[Event], vins: Mapping[str, str]) -> Iterator[VehicleFile]:
    """One line a vehicle, however many packs were fitted in the time; further ones begin another line."""
    fitted: dict[str, list[Event]] = {}
    for event in own:
        if event.type == "vehicle.fitted":
            fitted.setdefault(event.sub, []).append(event)
    for events in fitted.values():
        vin = next((found for event in events if (found := _vin(event, vins))), "")
        packs = [(_code(event.data["battery"]), _made_on(event.data["battery"])) for event in events]
        for start in range(0, len(packs), PACKS):
            yield VehicleFile(vin, tuple(packs[start : start + PACKS]), events[0].id)


def _held(ledger: Ledger, world: World, org: str) -> list[str]:
    """The batteries that it holds now: among those that ever concerned it."""
    query = (
        select(ENTRY.c.subject)
        .join(CONCERN, CONCERN.c.leaf_index == ENTRY.c.leaf_index)
        .where(CONCERN.c.org == org, ENTRY.c.subject.startswith("battery:"))
        .distinct()
        .limit(MAX_EVENTS)
    )
    with ledger.read() as connection:
        subjects = list(connection.execute(query).scalars())
    if isinstance(world, StoredWorld):
        world.prefetch(subjects)
    held = []
    for subject in subjects:
        chain = world.chain(subject)
        if chain and isinstance(chain.state, Battery) and holder_of(world, chain.state) == org:
            held.append(subject)
    return held


def battery_type(battery: str, world: World) -> str:
    """What the code says of the chemistry, else what the battery's model says."""
    code = parse_subject(battery).code
    if code is not None:
        return _TYPES[code.battery_type]
    chain = world.chain(battery)
    state = chain.state if chain else None
    model = world.chain(state.facts.model) if isinstance(state, Battery) and state.facts.model else None
    return model.state.chemistry if model and isinstance(model.state, Model) else ""


def _category(battery: str) -> str:
    code = parse_subject(battery).code
    if code is None:
        return ""
    category = _PRODUCTS[code.echelon_type or code.product_type]
    return f"{category} (再生 re-coded)" if code.echelon else category


def _made_on(battery: str) -> str:
    code = parse_subject(battery).code
    return code.production_date.isoformat() if code else ""


def _code(battery: str) -> str:
    """As printed: what follows ``battery:<scheme>:``."""
    return battery.split(":", 2)[2]


def _day(event: Event) -> str:
    return event.occurred_at.astimezone(ZONE).date().isoformat()


def _bounded(rows: Iterable[Any]) -> tuple[Any, ...]:
    found = []
    for row in rows:
        found.append(row)
        if len(found) > MAX_ROWS:
            raise FilingTooLargeError(
                f"filing: expected at most {MAX_ROWS} rows on a sheet, got more; ask for a shorter time"
            )
    return tuple(found)


_TYPE_NAMES: Final = {row.type: f"{row.zh} {row.en}" for row in TABLE}
