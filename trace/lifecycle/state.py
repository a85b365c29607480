"""What is true of a subject after the events of its chain, and nothing that another chain says.

States are frozen structures: one is made for every event of an audit, and most of what it says is shared with
the one before it. They refer to nothing that refers to them, so the collector need not look at them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec import Struct

from ...signing.keys import PublicKey
from . import words
from .words import ABSENT, NONE


class Grant(Struct, frozen=True, omit_defaults=True):
    """A role that an organisation was enrolled with; valid while ``valid_from <= recorded_at < until``."""

    role: str
    scope: tuple[str, ...] = ()
    valid_from: datetime | None = None
    until: datetime | None = None

    def valid(self, at: datetime) -> bool:
        return (self.valid_from is None or self.valid_from <= at) and (self.until is None or at < self.until)


class Site(Struct, frozen=True):
    """A place of an organisation."""

    name: str
    region: str


class Key(Struct, frozen=True, omit_defaults=True):
    """A key. ``use`` is admin, sign, read, registrar, or former (a registrar's, replaced)."""

    public: PublicKey
    org: str
    use: str
    valid_from: datetime | None = None
    until: datetime | None = None
    types: tuple[str, ...] = ()  # that it may sign; all, where none is named
    sites: tuple[str, ...] = ()  # at which it may sign; all, where none is named
    name: str = ""


class Log(Struct, frozen=True, omit_defaults=True):
    """The log itself: who registers, how many that takes, who signs its checkpoints, which rules hold."""

    purpose: str
    registrars: tuple[Key, ...]
    threshold: int
    log_keys: tuple[str, ...]
    rules: tuple[str, str]  # name and digest
    former: tuple[Key, ...] = ()  # registrars that were replaced: their keys stay theirs
    sealed: bool = False
    succeeds: str = ""  # the origin of the log from which this one goes on


class Org(Struct, frozen=True, omit_defaults=True):
    """An enrolled organisation."""

    name_zh: str
    name_en: str
    region: str
    roles: tuple[Grant, ...]
    admin: Key
    enrolled_at: datetime
    vendor_codes: tuple[str, ...] = ()
    sites: tuple[Site, ...] = ()
    suspended: bool = False
    revoked: tuple[str, ...] = ()  # kids that the registrar revoked
    recovered: tuple[Key, ...] = ()  # admin keys that the registrar added


class Keys(Struct, frozen=True, omit_defaults=True):
    """The keys that an organisation added to its own chain."""

    keys: tuple[Key, ...] = ()
    revoked: tuple[str, ...] = ()


class Signer(Struct, frozen=True, gc=False):
    """A registered key, and what the registry says of whoever signs with it: one look for many events."""

    key: Key
    org: Org | None  # None for a registrar that is not enrolled
    revoked: bool
    sealed: bool  # whether the log is: then nobody signs any more
    roles: tuple[str, ...]  # those that are valid at any time


class Offer(Struct, frozen=True, gc=False, array_like=True):
    """An offer to hand over; open while ``recorded_at < expires_at``.

    It is written as a list: a verifier keeps every one that was answered.
    """

    id: str
    consignee: str
    capacity: str
    expires_at: datetime
    consignment: str = ""


class Residue(Struct, frozen=True, gc=False):
    """What came out of a dismantled battery without a code: a line that one lot may cite."""

    line: int
    kind: str
    g: int


class Facts(Struct, frozen=True, gc=False, omit_defaults=True):
    """What of a battery changes seldom, so that most of its states share it."""

    maker: str = ""  # who signed `battery.manufactured` or `battery.repurposed`
    declared_by: str = ""  # who vouched for its origin, where it was registered
    model: str = ""
    use: str = ""  # of a re-coded product: traction, or another; empty for what has its first use
    label: str = ""  # digest of the label of record
    condition: str = ""
    damaged: bool = False  # by an incident that no inspection has cleared
    status: str = ""  # in the EU's list, once it is no longer the original
    conflicts_with: str = ""  # the battery that has the same code, as its declarer says
    vehicle: str = ""
    packs: int = 0  # how many belong in that vehicle
    parent: str = ""  # the battery that it is in, or that it came out of
    components: tuple[str, ...] = ()  # what it was made with, fitted and taken out since included
    components_root: str = ""  # of such a list that lies elsewhere
    components_count: int = 0  # its lines
    parts: tuple[str, ...] = ()  # batteries with chains of their own that are in it now
    site: str = ""
    before: str = ""  # the stage before it was lost or left the country
    before_capacity: str = ""
    lost_by: str = ""
    into: str = ""  # the battery or product in which it goes on
    batch: str = ""  # where it was charged
    charged_g: int = 0
    residues: tuple[Residue, ...] = ()


NO_FACTS: Final = Facts()


class Battery(Struct, frozen=True, gc=False, omit_defaults=True):
    """A pack, module or cell."""

    stage: str = ABSENT
    custodian: str = NONE
    capacity: str = ""  # role in which the custodian holds it, or last held it
    offer: Offer | None = None
    facts: Facts = NO_FACTS


NO_BATTERY: Final = Battery()
"""What is true of a battery of which the log says nothing."""


class Vehicle(Struct, frozen=True, gc=False, omit_defaults=True):
    """Which batteries are in it."""

    packs: int = 0  # how many belong in it
    swap_model: bool = False
    batteries: tuple[str, ...] = ()  # fitted and not taken out
    last_by: str = ""  # who fitted or took out last
    scrapped: bool = False


class Model(Struct, frozen=True, gc=False, omit_defaults=True):
    """What is true of all batteries of a model."""

    owner: str
    chemistry: str = ""
    mass_g: int = 0
    energy_wh: int = 0


class Output(Struct, frozen=True, gc=False):
    """An output of a closed batch, in grams."""

    kind: str
    g: int


class Batch(Struct, frozen=True, gc=False, omit_defaults=True):
    """What a recycler treats together."""

    owner: str
    closed: bool = False
    site: str = ""
    outputs: tuple[Output, ...] = ()


class Charge(Struct, frozen=True, gc=False):
    """A part of a lot that went into a batch, in grams."""

    event: str
    batch: str
    g: int


class Lot(Struct, frozen=True, gc=False, omit_defaults=True):
    """Material without a code of its own."""

    stage: str = ABSENT
    custodian: str = NONE
    capacity: str = ""
    offer: Offer | None = None
    kind: str = ""
    chemistry: str = ""
    g: int = 0  # what remains of it
    source: str = ""  # the event, batch or lot that it comes from
    line: str = ""  # the line of that event, or the output of that batch
    charges: tuple[Charge, ...] = ()
    site: str = ""


NO_LOT: Final = Lot()
"""What is true of a lot of which the log says nothing."""


class Consignment(Struct, frozen=True, gc=False, omit_defaults=True):
    """What travels together."""

    consignor: str
    consignee: str
    arrived: bool = False


class Hold(Struct, frozen=True, gc=False):
    """That an authority keeps a subject where it is."""

    event: str
    authority: str


class Agreement(Struct, frozen=True, gc=False):
    """That a party agrees that an event of another is to be undone."""

    event: str  # of the note
    voids: str
    party: str


class Correction(Struct, frozen=True, gc=False):
    """The mass that the signer of an event says is the right one, in grams."""

    event: str
    g: int


class Notes(Struct, frozen=True, gc=False, omit_defaults=True):
    """Remarks on another subject; they move no head but their own."""

    count: int = 0
    holds: tuple[Hold, ...] = ()  # in force
    contested: str = ""  # the event by which its maker contests its origin
    agreements: tuple[Agreement, ...] = ()
    corrections: tuple[Correction, ...] = ()  # the last one of each event


State = Log | Org | Keys | Battery | Vehicle | Model | Batch | Lot | Consignment | Notes
KINDS: Final[dict[str, type[State]]] = {
    "log": Log,
    "org": Org,
    "keys": Keys,
    "model": Model,
    "battery": Battery,
    "vehicle": Vehicle,
    "consignment": Consignment,
    "batch": Batch,
    "lot": Lot,
    "notes": Notes,
}
"""The state that each kind of chain has."""


class Chain(Struct, frozen=True, gc=False):
    """The events of one subject, as far as the next one needs to know them."""

    subject: str
    seq: int  # of the last event
    head: str  # id of the last event
    state: State | None  # None where the only events are void


class Past(Struct, frozen=True, gc=False):
    """The last event of a chain that is not voided, the state before it, and what came earlier."""

    event: str
    type: str
    iss: str
    kid: str
    recorded_at: datetime
    before: State | None
    earlier: Past | None


class Reference(Struct, frozen=True, gc=False):
    """That an event, on its chain, names the target."""

    target: str  # an event id or a subject
    leaf_index: int
    subject: str
    event: str


class Demand(Struct, frozen=True, gc=False):
    """What the next leaf must be, for the group that is open to be whole."""

    type: str
    subject: str
    leader: str  # id of the event that demands it
    signer: str
    voids: str = ""  # the event that it must void
    g: int = 0  # the mass that it must say, in grams, where its leader says one
    chain: str = ""  # of the leader, where the follower is judged by what stood there


class Remark(Struct, frozen=True, gc=False):
    """What a verifier reports of an event that the rules allow."""

    code: str
    detail: str


def eu_status(battery: Battery) -> str:
    """What the passport says of a battery (Regulation (EU) 2023/1542, Annex XIII, 4(c)).

    Of one that is lost or has left, what it was before.
    """
    stage = battery.facts.before if battery.stage in (words.LOST, words.EXPORTED) else battery.stage
    if stage in words.WASTE or stage in (words.DISMANTLED, words.RECYCLED):
        return words.WASTE_STATUS
    return battery.facts.status or words.ORIGINAL
