"""The packs on the truck, and those that stayed elsewhere: what each is, and what it weighs.

Vendor codes are invented. Masses and energies are of the size that such packs have; a code's fifth character
says its chemistry (B LFP, C LMO, E ternary), its fifteenth to seventeenth the day on which it was made.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from ..trace.codes.battery_code import BatteryCode, format_battery_code
from .firms import MAKER, MAKER_CODE, YARD

_STEP_G: Final = 500  # of the yards' floor scales


@dataclass(frozen=True, slots=True)
class Model:
    """What packs of one kind have in common."""

    vendor: str
    letter: str  # battery type of the code
    specification: str
    traceability: str
    chemistry: str
    nameplate_g: int
    energy_wh: int
    voltage_mv: int
    car: str  # what it came out of, for the notes

    @property
    def subject(self) -> str:
        """The chain in which its maker publishes it; of the enrolled maker's models only."""
        return MAKER.owns("model", f"HY-{self.letter}{self.specification}")


HY_B52: Final = Model(MAKER_CODE, "B", "52", "0B52Q01", "LFP", 402_000, 51_800, 345_600, "星程 C5")
HY_E72: Final = Model(MAKER_CODE, "E", "72", "0E72Q01", "NMC622", 446_000, 71_800, 355_200, "星程 X7")
HY_OLD: Final = Model(MAKER_CODE, "B", "40", "0B40A18", "LFP", 338_000, 40_100, 320_000, "旧款物流车")
CTP: Final = Model("DJ3", "B", "57", "3CTP570", "LFP", 441_000, 57_000, 326_400, "网约车")
KL_B: Final = Model("KL7", "B", "21", "0K3A210", "LFP", 412_000, 48_300, 332_800, "出租车")
KL_E: Final = Model("KL7", "E", "37", "0K7E370", "NMC532", 358_000, 52_500, 350_400, "家用轿车")
DJ_E: Final = Model("DJ3", "E", "62", "3MOD621", "NMC622", 401_000, 60_200, 350_400, "运动型多用途车")
BQ_C: Final = Model("BQ5", "C", "18", "BQ18L96", "LMO", 275_000, 24_000, 364_800, "早期小型电动车")


@dataclass(frozen=True, slots=True)
class Pack:
    """One pack, under the subject by which the log knows it."""

    subject: str
    chemistry: str
    nameplate_g: int
    measured_g: int  # what a scale really shows
    car: str

    def weighed(self) -> dict[str, Any]:
        """Its mass as a floor scale gives it."""
        return {"g": self.measured_g, "basis": "measured", "scale_g": _STEP_G}

    def nameplate(self) -> dict[str, Any]:
        """Its mass as the plate says."""
        return {"g": self.nameplate_g, "basis": "nameplate"}


def pack(model: Model, made: str, serial: int, *, missing_g: int = 0) -> Pack:
    """A pack of a model; ``missing_g`` is what somebody took out before the yard got it."""
    code = code_of(model, "P", made, serial)
    drift = hashlib.sha256(code.encode()).digest()[0] % 17 - 8  # steps of the scale, either way
    measured = model.nameplate_g + drift * _STEP_G - missing_g
    return Pack(f"battery:gbt34014:{code}", model.chemistry, model.nameplate_g, measured, model.car)


def modules(model: Model, made: str, serial: int) -> tuple[str, ...]:
    """The subjects of the four modules that were built into a pack of the enrolled maker."""
    return tuple(
        f"battery:gbt34014:{code_of(model, 'M', made, serial * 10 + place)}" for place in (1, 2, 3, 4)
    )


def code_of(model: Model, product: str, made: str, serial: int) -> str:
    """A code of GB/T 34014-2017, 24 characters."""
    return format_battery_code(
        BatteryCode(
            model.vendor,
            product,
            model.letter,
            model.specification,
            model.traceability,
            date.fromisoformat(made),
            f"{serial:07d}",
        )
    )


RECALLED: Final = tuple((HY_E72, "2026-04-08", serial) for serial in (211, 212, 215, 219))
CRASHED: Final = tuple((HY_B52, "2026-04-09", serial) for serial in (31, 32, 47))
TEST_TRUCK: Final = tuple((HY_B52, "2026-04-09", serial) for serial in (58, 59))
IN_USE: Final = (HY_B52, "2026-04-09", 60)
NEW: Final = (*RECALLED, *CRASHED, *TEST_TRUCK, IN_USE)

WHOLE: Final = tuple(
    pack(CTP, made, serial)
    for made, serial in (
        ("2020-09-15", 1204), ("2020-09-15", 1207), ("2020-10-22", 88), ("2020-11-03", 2310),
        ("2020-12-31", 415), ("2021-01-18", 73), ("2021-03-05", 1961), ("2021-03-05", 1962),
        ("2021-05-27", 640), ("2021-06-30", 1015), ("2021-07-08", 322), ("2021-08-19", 1177),
    )
)  # fmt: skip
"""Cells bonded straight into the case: nothing to take out, they go to the shredder whole."""

SHORT_OF_A_MODULE: Final = pack(KL_B, "2019-03-28", 506, missing_g=52_000)
LEGACY: Final = (
    *(pack(KL_B, *made) for made in (
        ("2018-11-12", 118), ("2018-11-12", 119), ("2019-02-26", 34), ("2019-06-17", 871),
    )),
    *(pack(KL_E, *made) for made in (
        ("2018-05-21", 402), ("2018-08-30", 77), ("2019-01-09", 1350), ("2019-04-15", 218),
        ("2019-10-31", 96),
    )),
    *(pack(DJ_E, *made) for made in (("2019-09-24", 555), ("2020-01-07", 61), ("2020-04-13", 732))),
    *(pack(BQ_C, *made) for made in (("2018-03-14", 25), ("2018-07-02", 140))),
    *(pack(HY_OLD, *made) for made in (("2018-12-06", 903), ("2020-06-11", 48))),
)  # fmt: skip
"""Older than the system; their modules carry no codes, or none that anybody recorded."""

IMPORTED: Final = Pack("battery:iso15459:EXAMPLE.AUTO/7F2023-000417", "NMC811", 493_000, 491_500, "进口轿车")
TAGGED: Final = Pack(
    f"battery:tag:{YARD.org.removeprefix('org:')}/LT-2026-0902", "unknown", 0, 366_500, "火烧后又淹水的轿车"
)
UNEXPECTED: Final = pack(KL_B, "2019-06-17", 874)
NEXT: Final = pack(CTP, "2021-09-29", 204)
"""What the yard offers in November, still unanswered when the story ends."""
