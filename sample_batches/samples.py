"""The samples that there are: each the log of one story."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ..trace.rules.ruleset import load_rules
from . import (
    bankrupt_yard,
    bus_fleet,
    eight_packs,
    firms,
    frauds,
    second_life,
    shredder_to_salts,
    tampered,
    year_of_a_car_maker,
)
from .author import Author, Party
from .forgery import Copy, Forgery
from .story import before_the_truck
from .truck import the_truck


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A story, and the folder in which it is written down."""

    name: str  # of the folder
    origin: str
    parties: tuple[Party, ...]
    story: Callable[[Author], None]
    seed: str  # of its chance
    keys: str  # the folder of its published keys
    published: Callable[[Author], tuple[int, ...]] | None = None  # sizes of the checkpoints
    forge: Callable[[Copy], Iterator[Forgery]] | None = None

    @property
    def registrars(self) -> tuple[Party, ...]:
        """Whose keys a verifier trusts to enrol others."""
        return tuple(party for party in self.parties if "registrar" in party.roles)

    def tell(self) -> Author:
        """The whole story, told to the judge."""
        author = Author(self.origin, load_rules(), datetime(2025, 1, 1, tzinfo=UTC), seed=self.seed)
        self.story(author)
        return author


def _truck(author: Author) -> None:
    firms.found(author)
    before_the_truck(author)
    the_truck(author)


def _sample(
    origin: str,
    parties: tuple[Party, ...],
    story: Callable[[Author], None],
    forge: Callable[[Copy], Iterator[Forgery]] | None = None,
) -> Sample:
    name = origin.rpartition("/")[2]
    return Sample(name, origin, parties, story, f"{name} ", f"{name}/published_keys", None, forge)


TRUCK: Final = Sample(
    "truck-of-legacy-packs", firms.ORIGIN, firms.PARTIES, _truck, "", "published_keys", tampered.published,
    tampered.forge,
)  # fmt: skip
YEAR: Final = _sample(year_of_a_car_maker.ORIGIN, year_of_a_car_maker.PARTIES, year_of_a_car_maker.tell)
BUSES: Final = _sample(bus_fleet.ORIGIN, bus_fleet.PARTIES, bus_fleet.tell)
SECOND_LIFE: Final = _sample(second_life.ORIGIN, second_life.PARTIES, second_life.tell)
SALTS: Final = _sample(shredder_to_salts.ORIGIN, shredder_to_salts.PARTIES, shredder_to_salts.tell)
BANKRUPT: Final = _sample(bankrupt_yard.ORIGIN, bankrupt_yard.PARTIES, bankrupt_yard.tell)
EIGHT: Final = _sample(eight_packs.ORIGIN, eight_packs.PARTIES, eight_packs.tell, frauds.forge)

SAMPLES: Final = (TRUCK, YEAR, BUSES, SECOND_LIFE, SALTS, BANKRUPT, EIGHT)
