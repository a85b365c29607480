"""What packs and modules of a story are: their codes, masses and what is in them.

Vendor codes are invented. What is in a kilowatt-hour of pack follows the defaults of BatPaC 5.1 (graphite
anode); masses and energies are of the size that such packs have.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from ..trace.codes.battery_code import BatteryCode, format_battery_code
from .author import Author, Party

_STEP_G: Final = 500  # of a floor scale

_LETTERS: Final = {"LFP": "B", "LMO": "C", "NMC": "E", "NCA": "E", "LTO": "G"}
"""Battery type in the fifth place of a code (GB/T 34014-2017), by the head of the chemistry."""

# Grams of each in a kilowatt-hour of pack.
_G_PER_KWH: Final[dict[str, dict[str, int]]] = {
    "LFP": {"li": 92, "cu": 551, "al": 725, "fe": 706, "p": 392, "graphite": 985, "steel": 1490},
    "NMC532": {
        "li": 113, "ni": 465, "co": 187, "mn": 261, "cu": 392, "al": 575, "graphite": 907, "steel": 1310,
    },
    "NMC622": {
        "li": 110, "ni": 546, "co": 183, "mn": 170, "cu": 388, "al": 572, "graphite": 910, "steel": 1300,
    },
    "NMC811": {
        "li": 100, "ni": 658, "co": 83, "mn": 77, "cu": 370, "al": 555, "graphite": 924, "steel": 1290,
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Design:
    """What all batteries of a model have in common. ``level`` is P, M or C, as in a code's fourth place."""

    name: str  # of its model
    vendor: str
    level: str
    specification: str
    traceability: str
    chemistry: str
    mass_g: int
    energy_wh: int
    voltage_mv: int
    cells: int
    zh: str

    def code(self, made: str, serial: int) -> str:
        """A code of GB/T 34014-2017, 24 characters; of 19 where there is no traceability part."""
        return format_battery_code(
            BatteryCode(
                self.vendor,
                self.level,
                _LETTERS[self.chemistry[:3]],
                self.specification,
                self.traceability,
                date.fromisoformat(made),
                f"{serial:07d}",
                **({} if self.traceability else {"echelon_type": self.level}),
            )
        )

    def item(self, made: str, serial: int) -> Item:
        """One battery of the design, which weighs a little more or less than its plate says."""
        code = self.code(made, serial)
        drift = hashlib.sha256(code.encode()).digest()[0] % 13 - 6
        step = _STEP_G if self.level == "P" else 100
        return Item(f"battery:gbt34014:{code}", self, self.mass_g + drift * step)

    def model(self, maker: Party) -> str:
        """The chain on which its maker publishes it."""
        return maker.owns("model", self.name)

    def of_level(self, level: str, parts: int) -> Design:
        """The design of one of so many equal parts, which carry seven tenths and a half of the mass."""
        return replace(
            self,
            name=f"{self.name}-{level}",
            level=level,
            mass_g=self.mass_g * 3 // 4 // parts,
            energy_wh=self.energy_wh // parts,
            voltage_mv=self.voltage_mv // parts,
            cells=self.cells // parts,
            zh=f"{self.zh}模组",
        )


@dataclass(frozen=True, slots=True)
class Item:
    """One battery."""

    subject: str
    design: Design
    measured_g: int  # what a scale really shows

    @property
    def code(self) -> str:
        """What its label says."""
        return self.subject.rpartition(":")[2]

    def weighed(self) -> dict[str, Any]:
        """Its mass as a scale gives it."""
        step = _STEP_G if self.design.level == "P" else 100
        return {"g": self.measured_g, "basis": "measured", "scale_g": step}

    def nameplate(self) -> dict[str, Any]:
        """Its mass as the plate says."""
        return {"g": self.design.mass_g, "basis": "nameplate"}


def publish(author: Author, maker: Party, design: Design, **more: Any) -> str:
    """The maker says what is true of every battery of the design."""
    kwh, wh = design.energy_wh // 1000, design.energy_wh
    composition = {
        f"{element}_g": grams * wh // 1000 for element, grams in _G_PER_KWH[design.chemistry].items()
    }
    return author.say(
        maker,
        "model.published",
        design.model(maker),
        {
            "name": {"zh": design.zh},
            "category": "ev",
            "chemistry": design.chemistry,
            "level": {"P": "pack", "M": "module", "C": "cell"}[design.level],
            "mass_g": design.mass_g,
            "energy_wh": wh,
            "voltage_mv": design.voltage_mv,
            "cells": design.cells,
            "composition": composition,
            "carbon_footprint_g_per_kwh": 61_000 if kwh > 20 else 64_000,
            "documents": author.evidence("dismantling_manual", "application/pdf"),
            **more,
        },
    )


def make(
    author: Author, maker: Party, item: Item, *, components: Sequence[Item] = (), site: str = "", **more: Any
) -> str:
    """The maker makes a battery and prints its label."""
    design = item.design
    data: dict[str, Any] = {
        "model": design.model(maker),
        "chemistry": design.chemistry,
        "mass": item.nameplate(),
        "energy_wh": design.energy_wh,
        "voltage_mv": design.voltage_mv,
        "label": author.label(item.subject),
        **more,
    }
    if components:
        data["components"] = [part.subject for part in components]
    if site:
        data["site"] = site
    return author.say(maker, "battery.manufactured", item.subject, data, ago_s=author.between(3600, 14_400))
