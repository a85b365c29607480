"""What is said about another subject without moving it."""

from __future__ import annotations

from .fields import Choice, Many, Part, Shape, Text, Whole
from .members import CONDITIONS, EVENT, Evidence, Mass, NotMeasured, chemistry, digest, reason


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
