"""What is said of a vehicle."""

from __future__ import annotations

from .fields import Choice, Flag, Many, Part, Shape, Text, Whole, Withheld
from .members import EVENT, SUBJECT, Evidence, digest, region, subject


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


class Missing(Shape):
    """A battery that should have been in the vehicle and was not; by its code where that is known."""

    battery = subject("battery")
    why = Choice(
        "removed_before", "swapped", "stolen", "sold_apart", "lost_in_accident", "not_said", required=True
    )
    note = Text(most=500)


class VehicleScrapped(Shape):
    """Taken apart for good, once: which batteries were in it, which were missing, and why."""

    packs = Whole(most=64, required=True)
    swap_model = Flag(required=True)
    present = Many(subject("battery"), least=0, most=64, required=True)
    missing = Many(Part(Missing), least=0, most=64, required=True)
    vin = Withheld(Text(pattern="^[A-HJ-NPR-Z0-9]{17}$", least=17, most=17))
    region = region()
    evidence = Many(Part(Evidence), most=32)
