"""What is said of a pack, module or cell."""

from __future__ import annotations

from ..trace.codes.subjects import MAX_ORIGIN_LENGTH, PATTERN_ORIGIN
from ..trace.lifecycle.words import REMANUFACTURED, REPURPOSED, REUSED
from .fields import Choice, Flag, Many, Part, Shape, Text, Whole
from .members import (
    CONDITIONS,
    CORRECTABLE,
    EVENT,
    EVENTS,
    GRAMS,
    PARTS,
    READ_BY,
    SUBJECT,
    Detached,
    Evidence,
    Mass,
    NotMeasured,
    approvals,
    capacity,
    chemistry,
    digest,
    label_token,
    reason,
    region,
    site,
    subject,
    time,
)


class BatteryManufactured(Shape):
    """Cites its model. ``put_in`` names components with chains of their own: each has its ``battery.fitted``
    in the same group, in this order. More components than fit are named by a detached list."""

    model = subject("model", required=True, metadata=SUBJECT)
    chemistry = chemistry(required=True, metadata=CORRECTABLE)
    mass = Part(Mass, required=True, metadata=CORRECTABLE)
    energy_wh = Whole(most=100_000_000, metadata=CORRECTABLE)
    voltage_mv = Whole(most=10_000_000, metadata=CORRECTABLE)
    label = digest(required=True)
    components = Many(subject("battery"), most=400, metadata=PARTS)
    components_list = Part(Detached)
    put_in = Many(subject("battery"), most=200)
    site = site()
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


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
    linked = digest(metadata=EVENT)
    predecessor = Part(lambda: Predecessor())
    site = site()
    note = Text(most=500, metadata=CORRECTABLE)
    not_measured = Many(Part(NotMeasured), most=8, metadata=CORRECTABLE)
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


class Predecessor(Shape):
    """The chain in another log that this one goes on with: where it ended."""

    origin = Text(pattern=PATTERN_ORIGIN, says="the origin of a log", most=MAX_ORIGIN_LENGTH, required=True)
    seq = Whole(required=True)
    head = digest(required=True)


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
    consignment = subject("consignment", metadata=SUBJECT)
    packing = Choice("normal", "damaged", "critical")
    note = Text(most=500, metadata=CORRECTABLE)
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


class HandoverAccepted(Shape):
    offer = digest(required=True)
    capacity = capacity(required=True)
    mass = Part(Mass, metadata=CORRECTABLE)
    condition = Choice(*CONDITIONS, required=True, metadata=CORRECTABLE)
    read_by = Choice(*READ_BY, required=True)
    site = site()
    not_measured = Many(Part(NotMeasured), most=8, metadata=CORRECTABLE)
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


class HandoverDeclined(Shape):
    offer = digest(required=True)
    reason = Choice(
        "not_on_truck", "wrong_battery", "damaged", "mass_differs", "not_expected", "other", required=True
    )
    note = Text(most=500, metadata=CORRECTABLE)
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


class HandoverWithdrawn(Shape):
    offer = digest(required=True)
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
    clears_damage = Flag()
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
    """Out of its parent, in the same group. Where the parent names its components by a detached list,
    ``listed`` proves that this is one of them."""

    parent = subject("battery", required=True, metadata=SUBJECT)
    dismantled = digest(required=True, metadata=EVENT)
    capacity = capacity(required=True)
    mass = Part(Mass, required=True, metadata=CORRECTABLE)
    condition = Choice(*CONDITIONS, metadata=CORRECTABLE)
    label = digest()
    listed = Part(lambda: Listed())


class Listed(Shape):
    """An RFC 6962 inclusion proof in a detached list of this many lines."""

    index = Whole(most=999_999, required=True)
    count = Whole(least=1, most=1_000_000, required=True)
    hashes = Many(digest(), least=0, most=20, required=True)


class BatteryRecycled(Shape):
    """Charged into the recycler's own open batch: the battery ends here."""

    batch = subject("batch", required=True, metadata=SUBJECT)
    mass = Part(Mass, required=True, metadata=CORRECTABLE)
    condition = Choice(*CONDITIONS, metadata=CORRECTABLE)


class Voided(Shape):
    """The last event not yet voided is undone; the state before it returns.

    After the hours in which the signer may do so alone, ``agreed`` names the other party's ``note.agreed``.
    """

    event = digest(required=True)
    reason = reason(required=True)
    agreed = digest()
    approvals = approvals()


class LabelReissued(Shape):
    """The new label's digest; the label of record before it is dead."""

    label = digest(required=True)
    reason = Choice("unreadable", "damaged", "missing", "code_found", "compromised", required=True)
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


class IdentityLinked(Shape):
    """This chain and another are of one battery, which goes on under the other. Where that one has not begun,
    it is registered in the same group."""

    battery = subject("battery", required=True, metadata=SUBJECT)
    basis = Choice("code_found", "relabelled", "double_registration", "other", required=True)
    note = Text(most=500, metadata=CORRECTABLE)
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


class BatteryFound(Shape):
    read_by = Choice(*READ_BY, required=True)
    condition = Choice(*CONDITIONS, metadata=CORRECTABLE)
    site = site()
    note = Text(most=500, metadata=CORRECTABLE)
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


class BatteryPooled(Shape):
    """Into the operator's pool, or out of it; a swap within the pool is no event."""

    site = site()


class BatteryRebooked(Shape):
    capacity = capacity(required=True)
    site = site()
    note = Text(most=500, metadata=CORRECTABLE)


class Swapped(Shape):
    """Parts without a code."""

    kind = Choice("module", "cell", "bms", "cooling", "contactor", "casing", "cable", "other", required=True)
    count = Whole(least=1, most=100_000, required=True)


class BatteryRepaired(Shape):
    """What was done. Coded parts that come out or go in have their ``battery.taken_out`` and
    ``battery.fitted`` in the same group, in this order."""

    capacity = capacity(required=True)
    work = Choice("parts_replaced", "software", "balancing", "casing", "cooling", "other", required=True)
    opened = Flag(required=True)
    took_out = Many(subject("battery"), most=100)
    put_in = Many(subject("battery"), most=100)
    uncoded_out = Many(Part(Swapped), most=32)
    uncoded_in = Many(Part(Swapped), most=32)
    mass = Part(Mass, metadata=CORRECTABLE)
    site = site()
    note = Text(most=500, metadata=CORRECTABLE)
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


class BatteryFitted(Shape):
    """Into the parent, which its leader made, repaired or made anew."""

    parent = subject("battery", required=True, metadata=SUBJECT)
    leader = digest(required=True, metadata=EVENT)


class BatteryTakenOut(Shape):
    parent = subject("battery", required=True)
    leader = digest(required=True, metadata=EVENT)
    capacity = capacity(required=True)
    condition = Choice(*CONDITIONS, metadata=CORRECTABLE)
    site = site()


class BatteryMoved(Shape):
    site = site(required=True)
    note = Text(most=500, metadata=CORRECTABLE)


class BatteryIncident(Shape):
    """Bars use and normal packing until an inspection clears it."""

    kind = Choice("collision", "fire", "water", "leak", "swelling", "recall", "drop", "other", required=True)
    condition = Choice(*CONDITIONS, metadata=CORRECTABLE)
    site = site()
    note = Text(most=500, metadata=CORRECTABLE)
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


class BatteryRequalified(Shape):
    """No longer waste: the test, the contract, and the protection in transport (Regulation (EU) 2023/1542,
    Article 73). The test and the contract are among the evidence."""

    capacity = capacity(required=True)
    operation = Choice(REUSED, REMANUFACTURED, REPURPOSED, required=True)
    soh_permille = Whole(most=1100, metadata=CORRECTABLE)
    protection = Choice("original_packing", "crate", "rack", "other", required=True)
    site = site()
    not_measured = Many(Part(NotMeasured), most=8, metadata=CORRECTABLE)
    evidence = Many(Part(Evidence), least=2, most=32, required=True)


class BatteryUsedIn(Shape):
    product = subject("battery", required=True, metadata=SUBJECT)
    mass = Part(Mass, metadata=CORRECTABLE)


class BatteryRepurposed(Shape):
    """The re-coded product begins, and cites every ``battery.used_in`` that names it, each once."""

    sources = Many(digest(), most=400, required=True, metadata=EVENTS)
    category = Choice("ev", "lmt", "industrial", "stationary", "sli", "other", required=True)
    intended_use = Choice("traction", "stationary_storage", "backup", "low_speed", "other", required=True)
    model = subject("model", metadata=SUBJECT)
    chemistry = chemistry(required=True, metadata=CORRECTABLE)
    mass = Part(Mass, required=True, metadata=CORRECTABLE)
    energy_wh = Whole(most=100_000_000, metadata=CORRECTABLE)
    voltage_mv = Whole(most=10_000_000, metadata=CORRECTABLE)
    label = digest(required=True)
    put_in = Many(subject("battery"), most=100)
    site = site()
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


class BatteryExported(Shape):
    destination = region(required=True)
    reason = Choice("sold", "treatment", "second_life", "with_vehicle", "returned_to_maker", required=True)
    customs_number = Text(most=64)
    mass = Part(Mass, metadata=CORRECTABLE)
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


class BatteryReturned(Shape):
    """Back in the country: as waste if it left as waste."""

    capacity = capacity(required=True)
    stage = Choice("removed", "in_vehicle", "waste", required=True)
    read_by = Choice(*READ_BY, required=True)
    token = label_token()
    condition = Choice(*CONDITIONS, metadata=CORRECTABLE)
    site = site()
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


class BatteryLost(Shape):
    reason = Choice("stolen", "missing", "accident_in_transit", "other", required=True)
    note = Text(most=500, metadata=CORRECTABLE)
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


class CustodyAssigned(Shape):
    """A registrar, jointly, on a decision of somebody else: names who holds it from now on, and as what."""

    party = subject("org", required=True)
    capacity = capacity(required=True)
    basis = Choice("court", "insolvency", "closed_yard", "authority", required=True)
    reason = reason(required=True)
    approvals = approvals()
    evidence = Many(Part(Evidence), most=32)
