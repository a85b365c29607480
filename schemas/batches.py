"""What is said of what a recycler treats together."""

from __future__ import annotations

from .fields import Choice, Many, Part, Shape, Text, Whole
from .members import GRAMS, Evidence, digest, site


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
