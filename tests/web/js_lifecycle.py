"""Where batteries and lots stand, drawn by chance, with what Python's judge and fold make of it (`tests/js`).

The judge's part is `check_standing`: all that the table's columns say of a statement that stands alone. It is
asked for each capacity that the signer might name.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import orjson

from packtrace.signing.base64url import b64url
from packtrace.signing.jws import EVENT, Jws, parse_jws
from packtrace.tests.scene import Scene, ed25519_key
from packtrace.trace.errors import RefusedError
from packtrace.trace.known_data import group_data, known_data
from packtrace.trace.lifecycle import words
from packtrace.trace.lifecycle.custody import holder_of, parents_of
from packtrace.trace.lifecycle.folding import fold
from packtrace.trace.lifecycle.judge import check_standing
from packtrace.trace.lifecycle.state import (
    Battery,
    Chain,
    Facts,
    Grant,
    Key,
    Keys,
    Lot,
    Notes,
    Offer,
    Org,
)
from packtrace.trace.lifecycle.table import TABLE, Row
from packtrace.trace.lifecycle.words import CUSTODIAL, IN_PACK, LOT_STAGES, NOBODY, NONE, PARENT, STAGES
from packtrace.trace.lifecycle.world import Memory, index_registry
from packtrace.trace.read_token import Reader
from packtrace.trace.rules.ruleset import load_rules
from packtrace.trace.rules.shapes import ShapeError
from packtrace.trace.statement import Event, Moment
from packtrace.trace.template import data_skeleton
from packtrace.trace.times import format_time
from packtrace.web.api.lifecycle import lifecycle_object
from packtrace.web.reading.passport import _steps

ORIGIN = "log.packtrace.example/test"
NOW = datetime(2026, 11, 1, 12, 0, 0, tzinfo=UTC)
ME, OTHER = "org:duns:111111111", "org:duns:222222222"
PACK, WHOLE, RIVAL = (f"battery:gbt34014:04QPB76836300JBC4000090{number}" for number in (3, 4, 5))
LOT = "lot:duns:111111111/l"
HEAD = b64url(bytes(range(32)))
CASES = 900
RULES = load_rules()
LICENCES = ((), (words.OPEN_PACKS,))
Case = dict[str, Any]


def lifecycle_case() -> Case:
    """What the API tells of the life cycle."""
    found: Case = orjson.loads(orjson.dumps(lifecycle_object(RULES)))
    return found


def standing_cases() -> list[Case]:
    """A subject, a signer and a moment, with the judge's verdict on each type: its code, or capacities."""
    chance = random.Random(2026)
    return [_standing(chance) for _ in range(CASES)]


def fold_cases() -> list[Case]:
    """A battery or lot, a statement about it, and what Python's fold makes of the two."""
    chance = random.Random(1123)
    rows = [row for row in TABLE if row.chain in ("battery", "lot") and row.stage != "before"]
    return [_fold(chance, row) for row in rows for _ in range(40)]


# -- standings -----------------------------------------------------------------------------------------------


def _standing(chance: random.Random) -> Case:
    world, state, roles = _world(chance)
    subject = LOT if isinstance(state, Lot) else PACK
    chain = None if state is None and chance.random() < 0.7 else Chain(subject, 4, HEAD, state)
    if chain:
        world.chains[subject] = chain
    else:
        world.holds.pop(subject, None)  # nobody holds back what is not in the log
    org = world.chains[ME].state
    assert isinstance(org, Org)
    rows = [row for row in TABLE if row.chain == subject.partition(":")[0] and not row.follows]
    held = tuple(grant.role for grant in org.roles if grant.valid(NOW))
    reader = Reader(ME, "", held, org.region)
    told_of = chain.state if chain and isinstance(chain.state, Battery | Lot) else None
    return {
        "known": _known(subject, chain, world),
        "me": {"org": ME, "roles": roles, "suspended": org.suspended, "on_hold": world.is_held(ME)},
        "now": format_time(NOW),
        # What a device with a network is told of it, which looks at neither holds nor licences.
        "steps": [row.type for row in _steps(subject, told_of, world, reader, NOW)] if told_of else None,
        "verdicts": {row.type: _verdict(row, chain, subject, world) for row in rows if _is_told(row)},
    }


def _is_told(row: Row) -> bool:
    """Not what a registrar alone says, nor what depends on who signed the event before."""
    return row.stage != "before" and {by.relation for by in row.by} != {"registrar"}


def _verdict(row: Row, chain: Chain | None, subject: str, world: Memory) -> Any:
    key = world.signer(_key(ME).public.kid)
    assert key is not None
    capacities, codes = [], set()
    for capacity in CUSTODIAL if row.acts_as else ("",):
        event = _event(row.type, subject, chain, {"capacity": capacity} if capacity else {})
        try:
            check_standing(event, Moment(9, NOW), key.key, world, None)
        except RefusedError as error:
            codes.add(_code(error))
        else:
            capacities.append(capacity)
    # In a role that it does not have, nobody gets further than that.
    return capacities or min(codes - {"SIGNER_ROLE_FORBIDDEN"} or codes)


def _code(error: RefusedError) -> str:
    """A conflict of identities has no code of its own in the log; the browser tells it apart."""
    return "IDENTITY_CONFLICT" if "the conflict with" in str(error) else error.finding_code


def _world(chance: random.Random) -> tuple[Memory, Battery | Lot | None, list[Case]]:
    """The organisations, what is around the battery, and the battery."""
    world = Memory(ORIGIN, RULES)
    grants = tuple(
        Grant(role, chance.choice(LICENCES), *chance.choice(_SPANS))
        for role in chance.sample((*CUSTODIAL, "carrier"), chance.choice((1, 1, 2, 3, 12)))
    )
    suspended = chance.random() < 0.05
    for name, roles in ((ME, grants), (OTHER, tuple(Grant(role) for role in CUSTODIAL))):
        admin = Key(_key(name + " admin").public, name, "admin")
        org = Org("", name, "CN-440300", roles, admin, NOW, suspended=suspended and name == ME)
        for subject, state in (
            (name, org),
            ("keys:" + name[4:], Keys((Key(_key(name).public, name, "sign"),))),
        ):
            world.chains[subject] = Chain(subject, 0, HEAD, state)
            index_registry(None, world.chains[subject], world.keys, world.vendors)
    stage = chance.choice(STAGES[1:])
    whole = Battery(stage, NONE if stage in words.ENDED else chance.choice((ME, OTHER, NOBODY)), "repairer")
    world.chains[WHOLE] = Chain(WHOLE, 1, HEAD, whole)
    rival = Battery(chance.choice(("-", "merged", "removed")), NOBODY)
    world.chains[RIVAL] = Chain(RIVAL, 1, HEAD, rival)
    if chance.random() < 0.15:
        world.chains[f"notes:{PACK}"] = Chain(f"notes:{PACK}", 0, HEAD, Notes(contested=HEAD))
    for subject in (PACK, LOT, WHOLE, ME, OTHER):
        if chance.random() < 0.06:
            world.holds[subject] = True
    state = chance.choice((_battery, _battery, _battery, _lot, lambda _chance: None))(chance)
    spans = [
        {
            "role": grant.role,
            "scope": list(grant.scope),
            "from": _time(grant.valid_from),
            "until": _time(grant.until),
        }
        for grant in grants
    ]
    return world, state, spans


_SPANS: Sequence[tuple[datetime | None, datetime | None]] = (
    (None, None), (None, None), (None, None), (NOW, None), (None, NOW), (NOW + timedelta(seconds=1), None),
    (None, NOW + timedelta(seconds=1)),
)  # fmt: skip


def _offer(chance: random.Random) -> Offer | None:
    if chance.random() < 0.6:
        return None
    expires = NOW + timedelta(seconds=chance.choice((-1, 0, 1, 86_400)))
    return Offer(HEAD, chance.choice((ME, ME, OTHER)), chance.choice(CUSTODIAL), expires)


def _battery(chance: random.Random, stages: Sequence[str] = STAGES) -> Battery:
    stage = chance.choice(stages)
    ended = stage in words.ENDED or stage == words.ABSENT
    custodian = (
        NONE if ended else NOBODY if stage == words.LOST else chance.choice((ME, ME, ME, OTHER, NOBODY))
    )
    facts = Facts(
        damaged=chance.random() < 0.2,
        conflicts_with=RIVAL if chance.random() < 0.15 else "",
        condition=chance.choice(("", "intact", "damaged")),
        vehicle=chance.choice(("", "vehicle:AAAAAAAAAAAAAAAAAAAAAA")),
        components=tuple(chance.sample((WHOLE, RIVAL), chance.randrange(3))),
        parts=tuple(chance.sample((WHOLE, RIVAL), chance.randrange(2))),
        parent=WHOLE if stage == IN_PACK else "",
        before=chance.choice((*words.WASTE, "removed", "in_vehicle"))
        if stage in ("lost", "exported")
        else "",
        before_capacity="dealer" if stage in ("lost", "exported") else "",
        lost_by=chance.choice((ME, OTHER)) if stage == "lost" else "",
        site=chance.choice(("", "yard")),
        label=chance.choice(("", HEAD)),
    )
    if stage == IN_PACK:
        return Battery(stage, PARENT, "", None, facts)
    return Battery(
        stage, custodian, chance.choice(CUSTODIAL) if custodian != NOBODY else "", _offer(chance), facts
    )


def _lot(chance: random.Random) -> Lot:
    stage = chance.choice(LOT_STAGES)
    custodian = NOBODY if stage == "lost" else chance.choice((ME, ME, OTHER)) if stage == "held" else NONE
    return Lot(stage, custodian, chance.choice(CUSTODIAL), _offer(chance), "black_mass", "LFP", 1_000)


def _known(subject: str, chain: Chain | None, world: Memory) -> Case | None:
    """What a device has of it that saw all of the chain."""
    if chain is None:
        return {"subject": subject, "seq": -1, "head": None, "fetched_at": "2026-11-01T11:59:00.000Z"}
    state = chain.state
    at = {"subject": subject, "seq": chain.seq, "head": chain.head, "tier": "holder"}
    if not isinstance(state, Battery | Lot):
        return at | {"on_hold": world.is_held(subject)}
    near = (subject, *(parents_of(world, state) if isinstance(state, Battery) else ()))
    notes = world.chain(f"notes:{subject}")
    rival = world.chains[RIVAL].state
    assert isinstance(rival, Battery)
    return (
        at
        | told(state, holder_of(world, state))
        | {
            "on_hold": any(world.is_held(each) for each in near),
            "custodian_on_hold": world.is_held(holder_of(world, state)),
            "contested": notes.state.contested if notes and isinstance(notes.state, Notes) else "",
            "conflict_open": rival.stage not in ("-", "merged"),
        }
    )


def told(state: Battery | Lot, holder: str) -> Case:
    """The members of a battery or lot by the names that the API gives them."""
    offer = state.offer
    said: Case = {
        "stage": state.stage,
        "custodian": holder,
        "capacity": state.capacity,
        "offer": {
            "event": offer.id,
            "consignee": offer.consignee,
            "capacity": offer.capacity,
            "expires_at": format_time(offer.expires_at),
            "consignment": offer.consignment,
        }
        if offer
        else None,
    }
    if isinstance(state, Lot):
        charges = [{"event": each.event, "batch": each.batch, "g": each.g} for each in state.charges]
        of_lot = {"kind": state.kind, "chemistry": state.chemistry, "g": state.g, "charges": charges}
        return said | of_lot | {"site": state.site}
    facts = orjson.loads(orjson.dumps({name: getattr(state.facts, name) for name in FACTS}))
    return said | facts


FACTS = (
    "condition", "damaged", "conflicts_with", "declared_by", "use", "label", "vehicle", "packs", "parent",
    "components", "components_root", "components_count", "parts", "site", "before", "before_capacity",
    "lost_by", "into", "batch", "charged_g",
)  # fmt: skip
"""Facts that the browser keeps by the same names."""


# -- folds ---------------------------------------------------------------------------------------------------


def _fold(chance: random.Random, row: Row) -> Case:
    before = _lot(chance) if row.chain == "lot" else _battery(chance, row.stages)
    subject = LOT if row.chain == "lot" else PACK
    data = draw(chance, data_schema(row.type))
    if row.type == "lot.made":
        data.setdefault("line", 1)  # which goes with the event that it cites
    event = _event(row.type, subject, Chain(subject, 4, HEAD, before), data)
    after = fold(event, row, NOW, before, None)
    assert isinstance(after, Battery | Lot)
    holder = OTHER if before.custodian == PARENT else before.custodian
    statement = {"type": row.type, "sub": subject, "iss": ME, "seq": 5, "prev": HEAD, "data": dict(data)}
    return {
        "known": {"subject": subject, "seq": 4, "head": HEAD, **told(before, holder)},
        "statement": statement | {"occurred_at": format_time(NOW)},
        "id": event.id,
        # Who holds what is inside another is told in its place, as by the API.
        "after": told(
            after,
            ME if row.type == "battery.fitted" else OTHER if after.custodian == PARENT else after.custodian,
        ),
        "model": after.facts.model if isinstance(after, Battery) else "",
    }


@cache
def data_schema(kind: str) -> Mapping[str, Any]:
    schema: Mapping[str, Any] = orjson.loads(RULES.shapes.sources[kind])["properties"]["data"]
    return schema


def draw(chance: random.Random, schema: Mapping[str, Any], name: str = "") -> Any:
    """A value of this shape; optional members now and then, texts by what they are."""
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return chance.choice(schema["enum"])
    match schema["type"]:
        case "object":
            required = schema.get("required", ())
            return {
                member: draw(chance, inner, member)
                for member, inner in schema["properties"].items()
                if member in required or chance.random() < 0.6
            }
        case "array":
            least = schema.get("minItems", 0)
            most = min(schema.get("maxItems", 3), least + 2)
            return [draw(chance, schema["items"], name) for _ in range(chance.randint(least, most))]
        case "integer":
            return chance.choice((schema["minimum"], min(schema["maximum"], 1_000)))
        case "boolean":
            return chance.random() < 0.5
        case _:
            return chance.choice(_TEXTS.get(name, _by_description(schema)))


_TEXTS: dict[str, Sequence[str]] = {
    "expires_at": ("2026-12-01T00:00:00Z", "2026-11-10T08:00:00Z"),
    "media_type": ("image/jpeg",),
    "...": (HEAD,),
    "took_out": (WHOLE, RIVAL),
    "put_in": (WHOLE, RIVAL),
}


def _by_description(schema: Mapping[str, Any]) -> Sequence[str]:
    said = schema.get("description", "")
    for begins, texts in _SAID:
        if said.startswith(begins):
            return texts
    return ("a note",)


_SAID: Sequence[tuple[str, Sequence[str]]] = (
    ("a battery", (WHOLE, RIVAL)),
    ("an organisation", (OTHER,)),
    ("a vehicle", ("vehicle:AAAAAAAAAAAAAAAAAAAAAA",)),
    ("a batch", ("batch:duns:111111111/one",)),
    ("a lot", (LOT,)),
    ("a model", ("model:duns:111111111/m",)),
    ("a consignment", ("consignment:duns:111111111/c",)),
    ("a chemistry", ("LFP", "NCM 811")),
    ("a region", ("CN-440300", "DE-BY", "JP")),
    ("the origin", (ORIGIN,)),
    ("a SHA-256", (HEAD,)),
    ("a site", ("yard", "shed")),
)


# -- shapes --------------------------------------------------------------------------------------------------


def schemas_case() -> Case:
    """The JSON Schema of each type, as the API hands it out."""
    return {kind: orjson.loads(source) for kind, source in RULES.shapes.sources.items()}


def shape_cases() -> list[Case]:
    """The content of statements, some with something changed, and where the log finds it wrong."""
    chance = random.Random(7)
    kinds = [row.type for row in TABLE if row.chain not in ("log", "org", "keys")]
    found = []
    for kind in kinds:
        for number in range(24):
            data = draw(chance, data_schema(kind))
            if number % 3:
                data = _spoilt(chance, data)
            found.append({"type": kind, "data": data, "where": _where(kind, data)})
    return found


_WRONG: Sequence[Any] = (
    "", "x", "X" * 501, "电" * 500, 0, -1, 1.5, 10**12 + 1, True, None, [], {}, ["x"], {"g": 1},
    "2026-11-23T04:40:00Z", [{"...": HEAD}], "intact", "battery:tag:duns:1/x",
)  # fmt: skip


def _spoilt(chance: random.Random, data: Any) -> Any:
    """The same with one member changed, left out, or too many."""
    if isinstance(data, dict) and data and chance.random() < 0.9:
        name = chance.choice(list(data))
        match chance.randrange(5):
            case 0:
                return {member: value for member, value in data.items() if member != name}
            case 1:
                return data | {chance.choice(("extra", "g", "note", "mass")): chance.choice(_WRONG)}
            case _:
                return data | {name: _spoilt(chance, data[name])}
    if isinstance(data, list) and data and chance.random() < 0.7:
        at = chance.randrange(len(data))
        return [*data[:at], _spoilt(chance, data[at]), *data[at + 1 :]]
    return chance.choice(_WRONG)


def _where(kind: str, data: Any) -> list[str]:
    """The places of what the log finds wrong."""
    subject = _SUBJECTS[RULES.shapes.kinds(kind)[0]]
    payload = {"v": 1, "aud": ORIGIN, "nonce": "A" * 22, "type": kind, "sub": subject, "seq": 0, "iss": ME}
    try:
        RULES.shapes.check(payload | {"occurred_at": format_time(NOW), "data": data})
    except ShapeError as error:
        return [problem.pointer for problem in error.problems]
    return []


_SUBJECTS = {
    "battery": PACK,
    "lot": LOT,
    "model": "model:duns:111111111/m",
    "vehicle": "vehicle:AAAAAAAAAAAAAAAAAAAAAA",
    "consignment": "consignment:duns:111111111/c",
    "batch": "batch:duns:111111111/one",
    "notes": f"notes:{PACK}",
}


# -- what is filled in ---------------------------------------------------------------------------------------


def filled_cases() -> list[Case]:
    """Batteries and lots as they stand, and what Python fills in of a statement about them."""
    chance = random.Random(99)
    found = []
    for row in (row for row in TABLE if row.chain in ("battery", "lot") and row.stage != "before"):
        for _ in range(12):
            state = _lot(chance) if row.chain == "lot" else _battery(chance, row.stages)
            subject = LOT if row.chain == "lot" else PACK
            world = Memory(ORIGIN, RULES)
            world.chains[subject] = Chain(subject, 4, HEAD, state)
            if row.type == "battery.repurposed":
                continue  # which cites events that a device does not know
            data = known_data(world, row.type, subject, data_skeleton(RULES, row.type), format_time(NOW))
            found.append({"type": row.type, "known": told(state, ME), "data": data})
    return found


def group_cases() -> list[Case]:
    """A statement of each type that leads a group, and what Python says of those that follow it."""
    mass = {"g": 400_000, "basis": "measured"}
    vehicle, module = "vehicle:AAAAAAAAAAAAAAAAAAAAAA", WHOLE.replace("04QP", "04QM")
    lots = [f"{LOT}{number}" for number in (1, 2)]
    leaders: list[tuple[str, str, Case, list[tuple[str, str]], Case]] = [
        (
            "battery.installed",
            PACK,
            {"vehicle": vehicle, "position": 1, "of": 2},
            [("vehicle.fitted", vehicle)],
            {"swap_model": False},
        ),
        (
            "battery.removed",
            PACK,
            {"vehicle": vehicle, "reason": "repair"},
            [("vehicle.taken_out", vehicle)],
            {},
        ),
        (
            "battery.dismantled",
            PACK,
            {"mass": mass, "children": [{"battery": module, "g": 9}], "residues": []},
            [("battery.extracted", module)],
            {},
        ),
        ("battery.manufactured", PACK, {"put_in": [module]}, [("battery.fitted", module)], {}),
        (
            "battery.repaired",
            PACK,
            {"capacity": "repairer", "took_out": [RIVAL], "put_in": [module]},
            [("battery.taken_out", RIVAL), ("battery.fitted", module)],
            {},
        ),
        (
            "identity.linked",
            PACK,
            {"battery": RIVAL, "basis": "code_found"},
            [("battery.registered", RIVAL)],
            {"basis": "legacy", "read_by": "typed"},
        ),
        (
            "lot.split",
            LOT,
            {"into": [{"lot": each, "g": 500} for each in lots]},
            [("lot.made", each) for each in lots],
            {},
        ),
        (
            "lot.made",
            f"{LOT}3",
            {"lots": lots, "kind": "black_mass"},
            [("lot.merged", each) for each in lots],
            {},
        ),
    ]
    return [_group(*each) for each in leaders]


def _group(kind: str, subject: str, data: Case, follow: list[tuple[str, str]], asked: Case) -> Case:
    state: Battery | Lot = (
        Lot("held", ME, "recycler", None, "black_mass", "LFP", 1_000)
        if subject.startswith("lot:")
        else Battery("removed", ME, "repairer", None, Facts(condition="intact", vehicle="v"))
    )
    world = Memory(ORIGIN, RULES)
    world.chains[subject] = Chain(subject, 4, HEAD, state)
    leader = {"sub": subject, "data": data}
    parts = [
        {
            "type": each,
            "subject": other,
            "data": group_data(world, leader, each, other, data_skeleton(RULES, each)),
        }
        for each, other in follow
    ]
    for part in parts:  # how a share was weighed, and whether a vehicle is of a swap model, is no known thing
        part["data"] = {
            name: value for name, value in part["data"].items() if name not in ("mass", "swap_model")
        }
    first = {"type": kind, "subject": subject, "data": data}
    return {"first": first, "known": told(state, ME), "parts": parts, "asked": asked}


# -- events --------------------------------------------------------------------------------------------------


def _event(kind: str, subject: str, chain: Chain | None, data: Mapping[str, Any]) -> Event:
    """A statement at the end of the chain. Its signature is not looked at, and is one for all."""
    seq, prev = (chain.seq + 1, chain.head) if chain else (0, None)
    return Event(_any_jws(), kind, subject, seq, prev, ME, NOW - timedelta(hours=1), data)


@cache
def _any_jws() -> Jws:
    return parse_jws(Scene().log_opened(), typ=EVENT)


@cache
def _key(name: str) -> Any:
    return ed25519_key(name)


def _time(at: datetime | None) -> str | None:
    return format_time(at) if at else None


KINDS: dict[str, Callable[[], Any]] = {
    "lifecycle": lifecycle_case,
    "standings": standing_cases,
    "folds": fold_cases,
    "schemas": schemas_case,
    "shapes": shape_cases,
    "filled": filled_cases,
    "groups": group_cases,
}
