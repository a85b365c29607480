"""What stands in the yards on the day of a demonstration: a truck to be taken over, labels to be scanned.

The samples tell what has happened; this is what is still to do. It is recorded through the real pipeline,
with the published keys of the samples.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from ...signing.keys import PrivateKey
from ..codes.label import TOKEN_RANDOM_BYTES, format_token
from ..known_data import known_data
from ..labels.fonts import CHINESE, find_font
from ..labels.label import Label, make_label
from ..labels.pdf import sheet_pdfs
from ..labels.sheets import SHEETS
from ..ledger.home import Home
from ..ledger.ledger import Ledger
from ..lifecycle.world import keys_in
from ..template import data_skeleton
from ..times import format_time
from .act import act, claimed_now
from .key_store import load_first_key
from .label_files import write_new

CONSIGNOR: Final = "org:uscc:91440600EXAMPLE62B"
"""A vehicle dismantler of the samples."""
DISMANTLER: Final = "org:uscc:91441300EXAMPLE703"
RECYCLER: Final = "org:uscc:91441800EXAMPLE89R"
TRUCK: Final = "truck-of-today"
PACKS: Final = 8
MODULES: Final = tuple(f"ZX1ME720E72Q01G48000219{number}" for number in (1, 2, 3, 4))
"""In the dismantler's hands at the end of the samples."""
LABELS: Final = "labels.pdf"

_PACK_G: Final = 312_000
_MODULE_G: Final = 31_000
_OPEN_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Staged:
    """What there is to scan."""

    consignment: str
    packs: int
    modules: int
    labels: Path


def stage_yard(ledger: Ledger, home: Home) -> Staged:
    """Put packs on a truck to the dismantler, modules on one to the recycler, and print the labels of all.

    Raises:
        RefusedError: The log is not that of the samples.
    """
    consignor = _signing_key(ledger, home, CONSIGNOR)
    consignment = f"consignment:{CONSIGNOR.removeprefix('org:')}/{TRUCK}"
    packs = [_new_label(ledger, f"DJ3PB573CTP570B9X{7_000 + number:07d}", _PACK_G) for number in range(PACKS)]
    for label in packs:
        pack = f"battery:gbt34014:{label.code}"
        act(ledger, consignor, "battery.registered", pack, iss=CONSIGNOR, data=_registration(label))
        offer = _offer(DISMANTLER, "pack_dismantler", _PACK_G) | {"consignment": consignment}
        act(ledger, consignor, "handover.offered", pack, iss=CONSIGNOR, data=offer)
    act(
        ledger,
        consignor,
        "consignment.dispatched",
        consignment,
        iss=CONSIGNOR,
        data=_load(ledger, consignment),
    )
    modules = [_new_label(ledger, code, _MODULE_G) for code in MODULES]
    dismantler = _signing_key(ledger, home, DISMANTLER)
    for label in modules:
        module = f"battery:gbt34014:{label.code}"
        issue = {"label": label.digest, "reason": "missing"}
        act(ledger, dismantler, "label.reissued", module, iss=DISMANTLER, data=issue)
        offer = _offer(RECYCLER, "recycler", _MODULE_G)
        act(ledger, dismantler, "handover.offered", module, iss=DISMANTLER, data=offer)
    labels_at = _print(home.path / LABELS, [*packs, *modules])
    return Staged(consignment, len(packs), len(modules), labels_at)


def _registration(label: Label) -> dict[str, Any]:
    return {
        "stage": "waste",
        "capacity": "vehicle_dismantler",
        "holder": "signer",
        "basis": "legacy",
        "read_by": "camera",
        "chemistry": "LFP",
        "mass": {"g": _PACK_G, "basis": "measured", "scale_g": 500},
        "condition": "intact",
        "label": label.digest,
    }


def _offer(consignee: str, capacity: str, grams: int) -> dict[str, Any]:
    return {
        "consignee": consignee,
        "capacity": capacity,
        "mass": {"g": grams, "basis": "measured", "scale_g": 500},
        "expires_at": format_time(claimed_now() + timedelta(days=_OPEN_DAYS)),
    }


def _load(ledger: Ledger, consignment: str) -> dict[str, Any]:
    world, kind = ledger.world(), "consignment.dispatched"
    known = known_data(world, kind, consignment, data_skeleton(world.rules, kind), format_time(claimed_now()))
    return known | {
        "un_number": "UN3480",
        "packing": "normal",
        "safety_check": {"passed": True},
        "origin_region": "CN-440600",
        "destination_region": "CN-441300",
    }


def _new_label(ledger: Ledger, code: str, grams: int) -> Label:
    token = format_token(os.urandom(TOKEN_RANDOM_BYTES))
    host = ledger.world().origin.partition("/")[0]
    return make_label(host, code, token, name_zh="演示电池", name_en="Demo battery", mass_g=grams)


def _print(path: Path, labels: Sequence[Label]) -> Path:
    """One sheet for all: whoever has no printer scans it from the screen."""
    ((data, _),) = sheet_pdfs(labels, SHEETS["L7163"], made_at=datetime.now(UTC), font=find_font(CHINESE))
    write_new(path, data, 0o600)
    return path


def _signing_key(ledger: Ledger, home: Home, org: str) -> PrivateKey:
    keys = ledger.world().chain("keys:" + org.removeprefix("org:"))
    kids = [key.public.kid for key in (keys_in(keys) if keys else ()) if key.use == "sign" and not key.types]
    key = load_first_key(kids, home.path, None)
    if key is None:
        raise LookupError(f"keys: expected a signing key of {org} in the home, got none")
    return key
