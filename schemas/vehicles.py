"""What is said of a vehicle."""

from __future__ import annotations

from .fields import Flag, Shape, Text, Whole, Withheld
from .members import EVENT, SUBJECT, digest, reason, region, subject


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
