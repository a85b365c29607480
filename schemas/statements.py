"""Every type of statement, with the kind of chain that it extends and the shape of its ``data``.

`compiled` turns these shapes into the JSON Schema files that are published, hashed into the rule set and
read by the ledger and the verifier.
"""

from __future__ import annotations

from typing import Final

from .batches import BatchClosed, BatchOpened
from .batteries import (
    BatteryDismantled,
    BatteryExtracted,
    BatteryInspected,
    BatteryInstalled,
    BatteryManufactured,
    BatteryRecycled,
    BatteryRegistered,
    BatteryReleased,
    BatteryRemoved,
    BatteryRetired,
    BatteryTakenIn,
    BatteryVoided,
    HandoverAccepted,
    HandoverDeclined,
    HandoverOffered,
    HandoverWithdrawn,
    LabelReissued,
)
from .fields import Shape
from .notes import NoteCorrected
from .registry import Because, KeyAdded, KeyRevoked, LogOpened, OrgChanged, OrgEnrolled
from .vehicles import VehicleFitted, VehicleTakenOut, VehicleVoided

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
