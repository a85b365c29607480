"""What is said of a pack, module or cell."""

from __future__ import annotations

from .fields import Choice, Many, Part, Shape, Text, Whole
from .members import (
    CONDITIONS,
    CORRECTABLE,
    EVENT,
    GRAMS,
    PARTS,
    READ_BY,
    SUBJECT,
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
