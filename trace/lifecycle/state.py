"""What is true of a subject after the events of its chain, and nothing that another chain says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ...signing.keys import PublicKey
from .words import ABSENT, NONE


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that an organisation was enrolled with; valid while ``valid_from <= recorded_at < until``."""

    role: str
    scope: tuple[str, ...]
    valid_from: datetime | None
    until: datetime | None

    def valid(self, at: datetime) -> bool:
        return (self.valid_from is None or self.valid_from <= at) and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Key:
    """A key of an organisation. ``use`` is admin, sign, read or registrar."""

    public: PublicKey
    org: str
    use: str
    valid_from: datetime | None = None
    until: datetime | None = None
    types: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Log:
    """The log itself: who registers, and how many of them it takes."""

    purpose: str
    registrars: tuple[Key, ...]
    threshold: int
    log_keys: tuple[str, ...]
    rules: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Org:
    """An enrolled organisation."""

    name_zh: str
    name_en: str
    region: str
    roles: tuple[Grant, ...]
    vendor_codes: tuple[str, ...]
    sites: tuple[str, ...]
    admin: Key
    enrolled_at: datetime
    suspended: bool = False
    revoked: tuple[str, ...] = ()  # kids that the registrar revoked


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys that an organisation added to its own chain."""

    keys: tuple[Key, ...] = ()
    revoked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer to hand over; open while ``recorded_at < expires_at``."""

    id: str
    consignee: str
    capacity: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Battery:
    """A pack, module or cell."""

    stage: str = ABSENT
    custodian: str = NONE
    capacity: str = ""  # role in which the custodian holds it, or last held it
    offer: Offer | None = None
    vehicle: str = ""
    packs: int = 0  # how many belong in that vehicle
    parent: str = ""
    maker: str = ""  # who signed `battery.manufactured`
    declared_by: str = ""  # who vouched for its origin, where it was registered
    conflicts_with: str = ""  # the battery that has the same code, as its declarer says
    label: str = ""  # digest of the label of record
    condition: str = ""
    batch: str = ""  # where it was charged
    charged_g: int = 0
    components: tuple[str, ...] = ()


NO_BATTERY: Final = Battery()
"""What is true of a battery of which the log says nothing."""


@dataclass(frozen=True, slots=True)
class Vehicle:
    """Which batteries are in it."""

    packs: int = 0  # how many belong in it
    swap_model: bool = False
    batteries: tuple[str, ...] = ()  # fitted and not taken out
    last_by: str = ""  # who fitted or took out last


@dataclass(frozen=True, slots=True)
class Batch:
    """What a recycler treats together."""

    owner: str
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Notes:
    """Remarks on another subject; they move no head but their own."""

    count: int = 0


State = Log | Org | Keys | Battery | Vehicle | Batch | Notes


@dataclass(frozen=True, slots=True)
class Chain:
    """The events of one subject, as far as the next one needs to know them."""

    subject: str
    seq: int  # of the last event
    head: str  # id of the last event
    state: State | None  # None where the only events are void


@dataclass(frozen=True, slots=True)
class Past:
    """The last event of a chain that is not voided, the state before it, and what came earlier."""

    event: str
    type: str
    iss: str
    recorded_at: datetime
    before: State | None
    earlier: Past | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reference:
    """That an event, on its chain, names the target."""

    target: str  # an event id or a subject
    leaf_index: int
    subject: str
    event: str


@dataclass(frozen=True, slots=True)
class Demand:
    """What the next leaf must be, for the group that is open to be whole."""

    type: str
    subject: str
    leader: str  # id of the event that demands it
    signer: str
    voids: str = ""  # the event that it must void


@dataclass(frozen=True, slots=True)
class Remark:
    """What a verifier reports of an event that the rules allow."""

    code: str
    detail: str
