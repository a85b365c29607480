"""What is said about another subject without moving it."""

from __future__ import annotations

from .fields import Choice, Many, Part, Shape, Text, Whole
from .members import CONDITIONS, EVENT, Evidence, Mass, NotMeasured, chemistry, digest, reason, site


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


class NoteDisputed(Shape):
    event = digest(metadata=EVENT)
    reason = reason(required=True)
    evidence = Many(Part(Evidence), most=32)


class NoteAgreed(Shape):
    """That an event of somebody else may be undone, or that a dispute is settled."""

    event = digest(required=True, metadata=EVENT)
    to = Choice("void", "settlement", required=True)
    note = Text(most=500)
    evidence = Many(Part(Evidence), most=32)


class NoteIncident(Shape):
    """An incident, told by somebody who does not hold the subject."""

    kind = Choice("collision", "fire", "water", "leak", "swelling", "recall", "drop", "other", required=True)
    note = Text(most=500, required=True)
    evidence = Many(Part(Evidence), most=32)


class OriginStated(Shape):
    """What the maker to whom the vendor code was allotted says about a battery that it did not register."""

    reason = reason(required=True)
    evidence = Many(Part(Evidence), most=32)


class CustodyClaimed(Shape):
    basis = Choice("on_our_premises", "bought", "child_of_our_battery", "unexpected_on_truck", "other",
                   required=True)  # fmt: skip
    note = Text(most=500, required=True)
    evidence = Many(Part(Evidence), most=32)


class SiteInspected(Shape):
    site = site(required=True)
    outcome = Choice("in_order", "deficiencies", "closed", required=True)
    note = Text(most=500)
    evidence = Many(Part(Evidence), most=32)


class HoldPlaced(Shape):
    basis = Choice("investigation", "safety", "ownership", "customs", "court", "other", required=True)
    reason = reason(required=True)
    evidence = Many(Part(Evidence), most=32)


class HoldLifted(Shape):
    """Names the hold that ends."""

    hold = digest(required=True)
    reason = reason(required=True)
    evidence = Many(Part(Evidence), most=32)
