"""What is said of a lot: material without a code of its own."""

from __future__ import annotations

from .batches import MATERIALS
from .fields import Choice, Many, Part, Shape, Text, Whole
from .members import (
    CONDITIONS,
    CORRECTABLE,
    EVENT,
    SUBJECT,
    Evidence,
    Mass,
    NotMeasured,
    capacity,
    chemistry,
    digest,
    region,
    site,
    subject,
)

LOT_KINDS = (
    *("modules", "cells", "casing", "cables", "electronics", "coolant"),  # of a dismantled battery
    *MATERIALS,
)


class LotMade(Shape):
    """Cites one source: a residue line of a dismantled battery, an output of a closed batch, a lot that was
    split, or lots that go into this one, each with its ``lot.merged`` in the same group, in this order."""

    capacity = capacity(required=True)
    kind = Choice(*LOT_KINDS, required=True)
    chemistry = chemistry(metadata=CORRECTABLE)
    mass = Part(Mass, required=True)
    parent = subject("battery", metadata=SUBJECT)
    dismantled = digest(metadata=EVENT)
    line = Whole(least=1, most=64)
    batch = subject("batch", metadata=SUBJECT)
    split = digest(metadata=EVENT)
    lots = Many(subject("lot"), least=2, most=100)
    count = Whole(least=1, most=1_000_000)
    condition = Choice(*CONDITIONS, metadata=CORRECTABLE)
    site = site()
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


class Share(Shape):
    lot = subject("lot", required=True)
    g = Whole(least=1, required=True)


class LotSplit(Shape):
    """Ends; what it is split into is made in the same group, in this order."""

    into = Many(Part(Share), least=2, most=100, required=True)


class LotMerged(Shape):
    """Ends in the lot that its leader made."""

    into = subject("lot", required=True, metadata=SUBJECT)
    leader = digest(required=True, metadata=EVENT)


class Assay(Shape):
    """Thousandths of dry mass; ``moisture_permille`` of wet mass."""

    at_least = 1
    li_permille = Whole(most=1000)
    ni_permille = Whole(most=1000)
    co_permille = Whole(most=1000)
    mn_permille = Whole(most=1000)
    cu_permille = Whole(most=1000)
    al_permille = Whole(most=1000)
    fe_permille = Whole(most=1000)
    p_permille = Whole(most=1000)
    f_permille = Whole(most=1000)
    c_permille = Whole(most=1000)
    moisture_permille = Whole(most=1000)


class LotAssayed(Shape):
    assay = Part(Assay, required=True)
    laboratory = Text(most=200)
    mass = Part(Mass, metadata=CORRECTABLE)
    not_measured = Many(Part(NotMeasured), most=8, metadata=CORRECTABLE)
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)


class LotCharged(Shape):
    """Part or all of what remains, into the signer's own open batch."""

    batch = subject("batch", required=True, metadata=SUBJECT)
    mass = Part(Mass, required=True)


class LotExported(Shape):
    destination = region(required=True)
    customs_number = Text(most=64)
    evidence = Many(Part(Evidence), most=32, required=True)


class LotFinal(Shape):
    """The output point: the material is a product (Delegated Regulation (EU) 2025/606)."""

    product = Choice(
        "nickel_sulfate", "cobalt_sulfate", "manganese_sulfate", "lithium_carbonate", "lithium_hydroxide",
        "iron_phosphate", "copper", "aluminium", "steel", "graphite", "plastics", "other", required=True,
    )  # fmt: skip
    grade = Choice("battery", "technical", "other", required=True)
    evidence = Many(Part(Evidence), most=32)


class LotLost(Shape):
    reason = Choice("stolen", "missing", "spilt", "fire", "other", required=True)
    note = Text(most=500, metadata=CORRECTABLE)
    evidence = Many(Part(Evidence), most=32, metadata=CORRECTABLE)
