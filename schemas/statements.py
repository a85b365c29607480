"""What each type of statement says: the members of ``data``, declared once.

`compiled` turns these shapes into the JSON Schema files that are published, hashed into the rule set and
read by the ledger and the verifier. Remarks carried in the metadata:

``x-reference``
    The member holds an event id (``event``) or a subject (``subject``) that must be in the log already, or
    subjects (``part``) that need not be.
``x-correctable``
    ``note.corrected`` may give the member another value.
"""

from __future__ import annotations

from typing import Any, Final

from ..trace.codes import subjects
from ..trace.codes.label import PATTERN_TOKEN
from ..trace.codes.party import SYNTAX_PARTY
from ..trace.codes.region import PATTERN_REGION
from ..trace.lifecycle.words import CUSTODIAL, ROLES
from ..trace.times import PATTERN_TIME
from .fields import (
    PATTERN_DIGEST,
    PATTERN_JWS,
    Choice,
    Flag,
    Many,
    Part,
    Shape,
    Text,
    Whole,
    Withheld,
)

EVENT = {"x-reference": "event"}
SUBJECT = {"x-reference": "subject"}
PARTS = {"x-reference": "part"}
CORRECTABLE = {"x-correctable": True}

GRAMS = 1_000_000_000_000
"""Upper bound of a mass, in grams: a million tonnes."""

PATTERN_SITE: Final = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
PATTERN_VENDOR_CODE: Final = "^[A-Z0-9]{3}$"
PATTERN_CHEMISTRY: Final = "^[A-Za-z0-9()+ ./-]+$"

_OWNED: Final = f"{SYNTAX_PARTY}/{subjects.SYNTAX_NAME}"
_NOTED: Final = "|".join(
    (
        subjects.SYNTAX_BATTERY,
        f"vehicle:{subjects.SYNTAX_VEHICLE}",
        f"org:{SYNTAX_PARTY}",
        f"(?:model|consignment|batch|lot):{_OWNED}",
    )
)
CHAINS: Final[dict[str, tuple[str, str]]] = {
    "log": (f"^log:{subjects.SYNTAX_ORIGIN}$", "a log, log:<origin>"),
    "org": (f"^org:{SYNTAX_PARTY}$", "an organisation, org:<scheme>:<id>"),
    "keys": (f"^keys:{SYNTAX_PARTY}$", "an organisation's keys, keys:<scheme>:<id>"),
    "model": (f"^model:{_OWNED}$", "a model, model:<scheme>:<id>/<name>"),
    "battery": (subjects.PATTERN_BATTERY, "a battery, battery:<scheme>:<code>"),
    "vehicle": (f"^vehicle:{subjects.SYNTAX_VEHICLE}$", "a vehicle, vehicle:<22 characters>"),
    "consignment": (f"^consignment:{_OWNED}$", "a consignment, consignment:<scheme>:<id>/<name>"),
    "batch": (f"^batch:{_OWNED}$", "a batch, batch:<scheme>:<id>/<name>"),
    "notes": (f"^notes:(?:{_NOTED})$", "the notes on a subject, notes:<subject>"),
}
"""The kinds of chain: what a subject of each looks like, and how a message calls it."""


def subject(kind: str, **kwargs: Any) -> Text:
    """A subject of one kind."""
    pattern, says = CHAINS[kind]
    return Text(pattern=pattern, says=says, most=subjects.MAX_SUBJECT_LENGTH, **kwargs)


def digest(**kwargs: Any) -> Text:
    return Text(pattern=PATTERN_DIGEST, says="a SHA-256 digest in base64url", least=43, most=43, **kwargs)


def time(**kwargs: Any) -> Text:
    return Text(
        pattern=PATTERN_TIME,
        says="UTC in whole seconds, as 2026-11-23T04:40:00Z",
        least=20,
        most=20,
        **kwargs,
    )


def region(**kwargs: Any) -> Text:
    return Text(pattern=PATTERN_REGION, says="a region, as DE, CN-440300 or DE-BY", least=2, most=9, **kwargs)


def site(**kwargs: Any) -> Text:
    return Text(pattern=PATTERN_SITE, says="a site's name of A-Z a-z 0-9 . _ -", most=64, **kwargs)


def vendor_code(**kwargs: Any) -> Text:
    return Text(pattern=PATTERN_VENDOR_CODE, says="a GB/T 34014 vendor code", least=3, most=3, **kwargs)


def chemistry(**kwargs: Any) -> Text:
    return Text(pattern=PATTERN_CHEMISTRY, says="a chemistry of A-Z a-z 0-9 ( ) + . / -", most=40, **kwargs)


def coordinate(**kwargs: Any) -> Text:
    return Text(pattern="^[A-Za-z0-9_-]{43}$", says="32 bytes in base64url", least=43, most=43, **kwargs)


def jws(**kwargs: Any) -> Text:
    return Text(pattern=PATTERN_JWS, says="a compact JWS", least=90, most=4096, **kwargs)


def capacity(**kwargs: Any) -> Choice:
    return Choice(*CUSTODIAL, **kwargs)


def reason(**kwargs: Any) -> Text:
    return Text(most=500, **kwargs)


def approvals(**kwargs: Any) -> Many:
    return Many(jws(), most=15, **kwargs)


def label_token(**kwargs: Any) -> Withheld:
    shown = Text(pattern=PATTERN_TOKEN, says="a label's token, 20 of A-Z 2-7", least=20, most=20)
    return Withheld(shown, **kwargs)


class Name(Shape):
    """A name in Chinese, in English, or in both."""

    at_least = 1
    zh = Text(most=200)
    en = Text(most=200)


class Mass(Shape):
    """A mass in grams and how it is known. ``scale_g`` is the smallest step of the scale, in grams."""

    g = Whole(most=GRAMS, required=True)
    basis = Choice("measured", "nameplate", "shared_ticket", required=True)
    scale_g = Whole(least=1, most=1_000_000)


class Evidence(Shape):
    """A document or photo, by digest; the file itself lies beside the log."""

    kind = Choice(
        "photo", "ticket", "certificate", "customs", "contract", "court", "report", "other", required=True
    )
    sha256 = digest(required=True)
    media_type = Text(pattern="^[a-z0-9.+-]+/[a-z0-9.+-]+$", most=100, required=True)
    bytes = Whole(least=1, required=True)


class NotMeasured(Shape):
    """What nobody measured, and why: never invented."""

    what = Choice("mass", "soh", "condition", "module_codes", "label", required=True)
    reason = reason(required=True)


class Jwk(Shape):
    """A public key in exactly the members of its RFC 7638 thumbprint."""

    crv = Choice("Ed25519", "P-256", required=True)
    kty = Choice("OKP", "EC", required=True)
    x = coordinate(required=True)
    y = coordinate()


class Licence(Shape):
    number = Text(most=100, required=True)
    scope = Many(Text(pattern="^[a-z][a-z_]{0,39}$", most=40), most=16, required=True)


class Role(Shape):
    """A role, valid while ``from <= recorded_at < until``; without the bounds, from its leaf and for good."""

    role = Choice(*ROLES, required=True)
    licence = Part(Licence)
    valid_from = time(data_key="from")
    until = time()


class Site(Shape):
    site = site(required=True)
    region = region(required=True)
    name = Part(Name)


class NewKey(Shape):
    """A key and the proof that who registers it has it."""

    jwk = Part(Jwk, required=True)
    possession = jws(required=True)


class RuleSetName(Shape):
    name = Text(pattern="^[a-z][a-z0-9./-]{0,63}$", most=64, required=True)
    sha256 = digest(required=True)


class RegistrarKey(NewKey):
    org = subject("org", required=True)


class LogOpened(Shape):
    """The log begins: who registers, under which threshold, with which log keys and rules."""

    purpose = Choice("production", "test", "demonstration", required=True)
    registrars = Many(Part(RegistrarKey), most=15, required=True)
    threshold = Whole(least=1, most=15, required=True)
    log_keys = Many(Text(pattern="^[!-~]+$", most=2000), least=1, most=4, required=True)
    rules = Part(RuleSetName, required=True)


class OrgEnrolled(Shape):
    name = Part(Name, required=True)
    region = region(required=True)
    roles = Many(Part(Role), most=16, required=True)
    vendor_codes = Many(vendor_code(), most=64)
    sites = Many(Part(Site), most=128)
    admin = Part(NewKey, required=True)
    approvals = approvals()


class OrgChanged(Shape):
    """Each member that is given replaces what was enrolled, whole."""

    at_least = 1
    name = Part(Name)
    region = region()
    roles = Many(Part(Role), most=16)
    vendor_codes = Many(vendor_code(), least=0, most=64)
    sites = Many(Part(Site), least=0, most=128)
    approvals = approvals()


class Because(Shape):
    reason = reason(required=True)
    approvals = approvals()


class KeyAdded(Shape):
    """A key of the organisation, valid while ``from <= recorded_at < until``."""

    use = Choice("admin", "sign", "read", required=True)
    jwk = Part(Jwk, required=True)
    possession = jws(required=True)
    name = Text(most=100)
    valid_from = time(data_key="from")
    until = time()
    types = Many(Text(pattern=r"^[a-z]+\.[a-z_]+$", most=40), most=64)
    sites = Many(site(), most=128)


class KeyRevoked(Shape):
    """Acts from the next leaf, whatever times it claims; ``compromised_since`` only adds warnings."""

    kid = digest(required=True)
    reason = Choice("compromised", "lost", "superseded", "left_use", required=True)
    compromised_since = time()


class BatteryManufactured(Shape):
    model = subject("model")
    chemistry = chemistry(required=True, metadata=CORRECTABLE)
    mass = Part(Mass, required=True, metadata=CORRECTABLE)
    energy_wh = Whole(most=100_000_000, metadata=CORRECTABLE)
    voltage_mv = Whole(most=10_000_000, metadata=CORRECTABLE)
    label = digest(required=True)
    components = Many(subject("battery"), most=200, metadata=PARTS)
    components_root = digest()
    components_count = Whole(least=1, most=100_000)
    site = site()
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


READ_BY = ("camera", "scanner", "photo", "typed", "unreadable")
CONDITIONS = ("intact", "damaged", "opened", "leaking", "burnt", "unknown")


class BatteryRegistered(Shape):
    """A battery older than the system, imported, or of no enrolled maker: vouched for from this day."""

    stage = Choice("in_vehicle", "removed", "swap_pool", "waste", "manufactured", required=True)
    capacity = capacity(required=True)
    holder = Choice("signer", "nobody", required=True)
    basis = Choice("legacy", "imported", "maker_not_enrolled", "other_log", "label_unreadable", required=True)
    read_by = Choice(*READ_BY, required=True)
    chemistry = chemistry(metadata=CORRECTABLE)
    mass = Part(Mass, metadata=CORRECTABLE)
    condition = Choice(*CONDITIONS, metadata=CORRECTABLE)
    label = digest()
    conflicts_with = subject("battery", metadata=SUBJECT)
    site = site()
    note = Text(most=500, metadata=CORRECTABLE)
    not_measured = Many(Part(NotMeasured), most=8, metadata=CORRECTABLE)
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


class BatteryTakenIn(Shape):
    """Taken in from nobody. The label's token shows that the label was seen, and stays out of the log."""

    capacity = capacity(required=True)
    read_by = Choice(*READ_BY, required=True)
    token = label_token()
    mass = Part(Mass, metadata=CORRECTABLE)
    condition = Choice(*CONDITIONS, required=True, metadata=CORRECTABLE)
    site = site()
    not_measured = Many(Part(NotMeasured), most=8, metadata=CORRECTABLE)
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


class HandoverOffered(Shape):
    """An offer stands while ``recorded_at < expires_at`` and closes without an event."""

    consignee = subject("org", required=True)
    capacity = capacity(required=True)
    mass = Part(Mass, metadata=CORRECTABLE)
    expires_at = time(required=True)
    consignment = subject("consignment")
    note = Text(most=500, metadata=CORRECTABLE)
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


class HandoverAccepted(Shape):
    offer = digest(required=True, metadata=EVENT)
    capacity = capacity(required=True)
    mass = Part(Mass, metadata=CORRECTABLE)
    condition = Choice(*CONDITIONS, required=True, metadata=CORRECTABLE)
    read_by = Choice(*READ_BY, required=True)
    site = site()
    not_measured = Many(Part(NotMeasured), most=8, metadata=CORRECTABLE)
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


class HandoverDeclined(Shape):
    offer = digest(required=True, metadata=EVENT)
    reason = Choice(
        "not_on_truck", "wrong_battery", "damaged", "mass_differs", "not_expected", "other", required=True
    )
    note = Text(most=500, metadata=CORRECTABLE)
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


class HandoverWithdrawn(Shape):
    offer = digest(required=True, metadata=EVENT)
    reason = reason()


class BatteryInstalled(Shape):
    """Pack ``position`` of ``of`` in the vehicle; stands first in a group with its ``vehicle.fitted``."""

    vehicle = subject("vehicle", required=True)
    position = Whole(least=1, most=64, required=True)
    of = Whole(least=1, most=64, required=True)
    site = site()


class BatteryRemoved(Shape):
    """Out of the vehicle; where one is recorded, first in a group with its ``vehicle.taken_out``."""

    capacity = capacity(required=True)
    vehicle = subject("vehicle")
    read_by = Choice(*READ_BY, required=True)
    token = label_token()
    reason = Choice("repair", "replacement", "recall", "scrapped", "other", required=True)
    condition = Choice(*CONDITIONS, metadata=CORRECTABLE)
    site = site()
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


class BatteryReleased(Shape):
    reason = Choice("sold", "returned_to_owner", "leased", required=True)
    region = region()


class BatteryInspected(Shape):
    condition = Choice(*CONDITIONS, required=True, metadata=CORRECTABLE)
    soh_permille = Whole(most=1100, metadata=CORRECTABLE)
    mass = Part(Mass, metadata=CORRECTABLE)
    note = Text(most=500, metadata=CORRECTABLE)
    site = site()
    not_measured = Many(Part(NotMeasured), most=8, metadata=CORRECTABLE)
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


class BatteryRetired(Shape):
    capacity = capacity(required=True)
    reason = Choice(
        "end_of_life", "vehicle_scrapped", "accident", "recall", "uneconomic", "other", required=True
    )
    condition = Choice(*CONDITIONS, metadata=CORRECTABLE)
    site = site()
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


class Child(Shape):
    battery = subject("battery", required=True)
    g = Whole(most=GRAMS, required=True)


class Residue(Shape):
    """What came out that carries no code: a line that a lot may cite."""

    line = Whole(least=1, most=64, required=True)
    kind = Choice(
        "modules", "cells", "casing", "cables", "electronics", "coolant", "plastics", "other", required=True
    )
    g = Whole(most=GRAMS, required=True)
    count = Whole(least=1, most=100_000)


class BatteryDismantled(Shape):
    """Stands first in a group with one ``battery.extracted`` for each child, in this order."""

    mass = Part(Mass, required=True, metadata=CORRECTABLE)
    children = Many(Part(Child), least=0, most=200, required=True)
    residues = Many(Part(Residue), least=0, most=64, required=True)
    site = site()
    not_measured = Many(Part(NotMeasured), most=8, metadata=CORRECTABLE)
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


class BatteryExtracted(Shape):
    parent = subject("battery", required=True, metadata=SUBJECT)
    dismantled = digest(required=True, metadata=EVENT)
    capacity = capacity(required=True)
    mass = Part(Mass, required=True, metadata=CORRECTABLE)
    condition = Choice(*CONDITIONS, metadata=CORRECTABLE)
    label = digest()


class BatteryRecycled(Shape):
    """Charged into the recycler's own open batch: the battery ends here."""

    batch = subject("batch", required=True, metadata=SUBJECT)
    mass = Part(Mass, required=True)
    condition = Choice(*CONDITIONS, metadata=CORRECTABLE)


class BatteryVoided(Shape):
    """The last event not yet voided is undone; the state before it returns."""

    event = digest(required=True, metadata=EVENT)
    reason = reason(required=True)
    approvals = approvals()


class LabelReissued(Shape):
    """The new label's digest; the label of record before it is dead."""

    label = digest(required=True)
    reason = Choice("unreadable", "damaged", "missing", "code_found", "compromised", required=True)
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


class VehicleFitted(Shape):
    battery = subject("battery", required=True, metadata=SUBJECT)
    installed = digest(required=True, metadata=EVENT)
    vin = Withheld(Text(pattern="^[A-HJ-NPR-Z0-9]{17}$", least=17, most=17))
    packs = Whole(least=1, most=64, required=True)
    swap_model = Flag(required=True)
    region = region()


class VehicleTakenOut(Shape):
    battery = subject("battery", required=True, metadata=SUBJECT)
    removed = digest(required=True, metadata=EVENT)


class VehicleVoided(Shape):
    """The vehicle's half of a voided group: undone together with the battery's half."""

    event = digest(required=True, metadata=EVENT)
    reason = reason(required=True)


class BatchOpened(Shape):
    process = Choice(
        "mechanical", "pyrometallurgical", "hydrometallurgical", "direct", "mixed", required=True
    )
    site = site()
    note = Text(most=500)


MATERIALS = (
    "black_mass", "copper", "aluminium", "steel", "plastics", "electrolyte",
    "nickel_sulfate", "cobalt_sulfate", "manganese_sulfate", "lithium_carbonate", "iron_phosphate",
    "slag", "dust", "moisture", "off_gas", "other",
)  # fmt: skip


class Fraction(Shape):
    """An output or a loss of the batch, in grams of dry mass."""

    kind = Choice(*MATERIALS, required=True)
    g = Whole(most=GRAMS, required=True)


class Inputs(Shape):
    """What went in: how many ``battery.recycled`` name the batch, their grams, and the RFC 6962 root of
    their event ids (32 bytes each) in the order of the log."""

    count = Whole(most=1_000_000, required=True)
    g = Whole(most=GRAMS, required=True)
    root = digest(required=True)


class BatchClosed(Shape):
    inputs = Part(Inputs, required=True)
    outputs = Many(Part(Fraction), least=0, most=64, required=True)
    losses = Many(Part(Fraction), least=0, most=64, required=True)
    evidence = Many(Part(Evidence), most=32)


class NoteCorrected(Shape):
    """Other values for members of the signer's own event; only those that its shape marks correctable."""

    event = digest(required=True, metadata=EVENT)
    set = Part(lambda: Correction(), required=True)
    reason = reason(required=True)


class Correction(Shape):
    """Every member that any statement marks correctable, with the shape that it has there."""

    at_least = 1
    chemistry = chemistry()
    mass = Part(Mass)
    energy_wh = Whole(most=100_000_000)
    voltage_mv = Whole(most=10_000_000)
    condition = Choice(*CONDITIONS)
    soh_permille = Whole(most=1100)
    note = Text(most=500)
    not_measured = Many(Part(NotMeasured), most=8)
    evidence = Many(Part(Evidence), most=32)


STATEMENTS: Final[dict[str, tuple[str, type[Shape]]]] = {
    "log.opened": ("log", LogOpened),
    "org.enrolled": ("org", OrgEnrolled),
    "org.changed": ("org", OrgChanged),
    "org.suspended": ("org", Because),
    "org.reinstated": ("org", Because),
    "org.key_revoked": ("org", KeyRevoked),
    "key.added": ("keys", KeyAdded),
    "key.revoked": ("keys", KeyRevoked),
    "battery.manufactured": ("battery", BatteryManufactured),
    "battery.registered": ("battery", BatteryRegistered),
    "battery.taken_in": ("battery", BatteryTakenIn),
    "battery.released": ("battery", BatteryReleased),
    "handover.offered": ("battery", HandoverOffered),
    "handover.accepted": ("battery", HandoverAccepted),
    "handover.declined": ("battery", HandoverDeclined),
    "handover.withdrawn": ("battery", HandoverWithdrawn),
    "battery.installed": ("battery", BatteryInstalled),
    "battery.removed": ("battery", BatteryRemoved),
    "battery.inspected": ("battery", BatteryInspected),
    "battery.retired": ("battery", BatteryRetired),
    "battery.dismantled": ("battery", BatteryDismantled),
    "battery.extracted": ("battery", BatteryExtracted),
    "battery.recycled": ("battery", BatteryRecycled),
    "battery.voided": ("battery", BatteryVoided),
    "label.reissued": ("battery", LabelReissued),
    "vehicle.fitted": ("vehicle", VehicleFitted),
    "vehicle.taken_out": ("vehicle", VehicleTakenOut),
    "vehicle.voided": ("vehicle", VehicleVoided),
    "batch.opened": ("batch", BatchOpened),
    "batch.closed": ("batch", BatchClosed),
    "note.corrected": ("notes", NoteCorrected),
}
"""Each type: the kind of chain that it extends, and the shape of its ``data``."""
