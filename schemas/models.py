"""What is said of a model: what is true of all batteries of it."""

from __future__ import annotations

from .fields import Choice, Many, Part, Shape, Text, Whole
from .members import GRAMS, Evidence, Name, chemistry

CATEGORIES = ("ev", "lmt", "industrial", "stationary", "sli", "other")


class Composition(Shape):
    """Grams in one battery of the model."""

    at_least = 1
    li_g = Whole(most=GRAMS)
    ni_g = Whole(most=GRAMS)
    co_g = Whole(most=GRAMS)
    mn_g = Whole(most=GRAMS)
    cu_g = Whole(most=GRAMS)
    al_g = Whole(most=GRAMS)
    fe_g = Whole(most=GRAMS)
    p_g = Whole(most=GRAMS)
    graphite_g = Whole(most=GRAMS)
    steel_g = Whole(most=GRAMS)
    plastics_g = Whole(most=GRAMS)
    electrolyte_g = Whole(most=GRAMS)


class Recycled(Shape):
    """Share of recycled material (Regulation (EU) 2023/1542, Article 8), in thousandths."""

    at_least = 1
    li_permille = Whole(most=1000)
    ni_permille = Whole(most=1000)
    co_permille = Whole(most=1000)
    pb_permille = Whole(most=1000)


class ModelPublished(Shape):
    name = Part(Name, required=True)
    category = Choice(*CATEGORIES, required=True)
    chemistry = chemistry(required=True)
    level = Choice("pack", "module", "cell", required=True)
    mass_g = Whole(least=1, most=GRAMS, required=True)
    energy_wh = Whole(most=100_000_000)
    voltage_mv = Whole(most=10_000_000)
    capacity_mah = Whole(most=1_000_000_000)
    cells = Whole(least=1, most=100_000)
    composition = Part(Composition)
    recycled = Part(Recycled)
    carbon_footprint_g_per_kwh = Whole(most=10_000_000)
    hazards = Many(Text(most=200), most=16)
    warranty_months = Whole(most=600)
    documents = Many(Part(Evidence), most=64)


class ModelChanged(Shape):
    """Each member that is given replaces what was published, whole."""

    at_least = 1
    name = Part(Name)
    chemistry = chemistry()
    mass_g = Whole(least=1, most=GRAMS)
    energy_wh = Whole(most=100_000_000)
    voltage_mv = Whole(most=10_000_000)
    capacity_mah = Whole(most=1_000_000_000)
    composition = Part(Composition)
    recycled = Part(Recycled)
    carbon_footprint_g_per_kwh = Whole(most=10_000_000)
    hazards = Many(Text(most=200), most=16)
    warranty_months = Whole(most=600)
    documents = Many(Part(Evidence), most=64)
