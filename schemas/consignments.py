"""What is said of what travels together."""

from __future__ import annotations

from .fields import Choice, Flag, Many, Part, Shape, Text, Whole, Withheld
from .members import Detached, Evidence, Mass, region, subject


class SafetyCheck(Shape):
    """The check that both sides make before packing (GB/T 38698.1-2020, Annex A): passed if every answer is
    no."""

    passed = Flag(required=True)
    consignor = Text(most=100)
    consignee = Text(most=100)
    treated = Text(most=500)


class ConsignmentDispatched(Shape):
    """What left: the open offers of the consignor to the consignee that name this consignment, by their
    number and the RFC 6962 root over their event ids in the order of their bytes (`docs/format.md`)."""

    consignee = subject("org", required=True)
    carrier = subject("org")
    offers = Part(Detached, required=True)
    mass = Part(Mass)
    un_number = Choice("UN3090", "UN3091", "UN3480", "UN3481", "UN3536", "UN3556", "none", required=True)
    packing = Choice("normal", "damaged", "critical", required=True)
    safety_check = Part(SafetyCheck, required=True)
    origin_region = region()
    destination_region = region()
    plate = Withheld(Text(most=20))
    driver = Withheld(Text(most=100))
    evidence = Many(Part(Evidence), most=32)


class ConsignmentArrived(Shape):
    """What came, told by the consignee; each battery and lot is accepted or declined on its own chain."""

    arrived = Whole(most=1_000_000, required=True)
    missing = Many(subject("battery", "lot"), least=0, most=200, required=True)
    unexpected = Many(Text(most=100), least=0, most=100, required=True)
    mass = Part(Mass)
    seal_intact = Flag()
    note = Text(most=500)
    evidence = Many(Part(Evidence), most=32)
