"""What is drawn: statements that are lawful about half of the time, from what a world has come to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from random import Random
from types import MappingProxyType
from typing import Any, NamedTuple

from packtrace.signing.keys import PrivateKey
from packtrace.tests.scene import Party, Scene, digest_of
from packtrace.trace.rules.ruleset import RuleSet
from packtrace.trace.times import format_time

from . import law
from .stages import CUSTODIAL


class Said(NamedTuple):
    """A statement before it is signed. `@0`, `@1` … in its data stand for the ids of its group's events."""

    party: Party
    type: str
    sub: str
    data: dict[str, Any]
    key: PrivateKey | None = None  # another than its party signs with as a rule
    forged: bool = False  # a proof of possession in it is by another key
    claims: Mapping[str, Any] = MappingProxyType({})  # another place, or another time, than is so


Group = list[Said]
Draw = Callable[["Draws", str], Group]
DRAWS: dict[str, Draw] = {}
NO_EVENT = digest_of("an event that is not there")
MASS = {"g": 400_000, "basis": "measured", "scale_g": 500}


def draws(*types: str) -> Callable[[Draw], Draw]:
    """Say that a function draws statements of these types."""

    def said(function: Draw) -> Draw:
        DRAWS.update(dict.fromkeys(types, function))
        return function

    return said


def paper(*kinds: str) -> list[dict[str, Any]]:
    """Documents of these kinds."""
    return [
        {"kind": kind, "sha256": digest_of(kind), "media_type": "image/jpeg", "bytes": 9} for kind in kinds
    ]


def grams(g: int) -> dict[str, Any]:
    return {"g": g, "basis": "measured"}


class Draws:
    """Where draws come from, and what they are drawn about. The same `random` gives the same draws."""

    random: Random
    scene: Scene
    world: law.World
    parties: list[Party]
    registrars: list[Party]
    regulators: list[Party]
    spare: list[Party]  # not enrolled from the start
    rule_sets: list[RuleSet]
    keyring: dict[str, PrivateKey]  # by kid, of keys that are not their party's `key` or `admin`
    numbers = 0

    @property
    def now(self) -> int:
        """The log's clock, in seconds since 1970."""
        raise NotImplementedError

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def pick(self, some: Iterable[Any]) -> Any:
        return self.random.choice(sorted(some) if isinstance(some, set) else list(some))

    def likely(self, first: Iterable[Any], rest: Iterable[Any], percent: int = 90) -> Any:
        """One of the first, mostly; else one of the rest. None where there is neither."""
        wanted, others = list(first), list(rest)
        if wanted and (self.chance(percent) or not others):
            return self.pick(wanted)
        return self.pick(others) if others else None

    def maybe_barred(self, fits: list[str]) -> list[str]:
        """Seldom only those that are held, or damaged, contested, one of two with a code, or offered."""
        if not self.chance(25):
            return fits
        holds, contested = self.world["holds"], self.world["contested"]
        bars: tuple[Callable[[str], object], ...] = (
            lambda sub: holds.get(sub) or holds.get(self.thing(sub)["custodian"]),
            lambda sub: contested.get(sub),
            lambda sub: self.thing(sub).get("damaged"),
            lambda sub: self.thing(sub).get("conflicts_with"),
            lambda sub: law.is_open(self.world, self.thing(sub).get("offer")),
        )
        is_barred: Callable[[str], object] = self.pick(bars)
        return [sub for sub in fits if is_barred(sub)] or fits

    def number(self) -> int:
        self.numbers += 1
        return self.numbers

    def time(self, seconds: int) -> str:
        return format_time(datetime.fromtimestamp(seconds, UTC))

    def party(self, org: object) -> Party | None:
        known = (*self.parties, *self.registrars)
        return next((party for party in known if party.org == org), None)

    def who(self, org: object, percent: int = 90) -> Party:
        """The party that may, mostly."""
        named = self.party(org)
        return named if named and self.chance(percent) else self.pick(self.parties)

    def with_role(self, role: str) -> list[Party]:
        return [party for party in self.parties if law.has_role(self.world, party.org, role)]

    def registrar(self, percent: int = 95) -> Party:
        """Somebody who registers now, mostly."""
        now = [each for each in self.registrars if each.key.public.kid in self.world["log"]["registrars"]]
        found: Party = self.likely(now, [*self.registrars, *self.parties], percent)
        return found

    def things(self, kind: str, stages: Iterable[str] = (), /, **like: Any) -> list[str]:
        """Subjects of a kind in one of these stages, of which this is so."""
        wanted = set(stages)
        return [
            sub
            for sub, state in self.world["things"].items()
            if sub.startswith(kind)
            and (not wanted or state["stage"] in wanted)
            and all(state.get(name) == value for name, value in like.items())
        ]

    def held_by(self, org: str, kind: str, stages: Iterable[str]) -> list[str]:
        return self.things(kind, stages, custodian=org)

    def thing(self, sub: str) -> law.State:
        return law.thing(self.world, sub)

    def last(self, sub: str) -> dict[str, Any] | None:
        """The last event of a chain that is not voided."""
        trail = self.world["trails"].get(sub, ())
        return trail[-1] if trail else None

    def first(self, name: str, fits: Iterable[Any], percent: int = 75) -> Group | None:
        """Where nothing fits what is to be drawn, mostly a statement that leads there."""
        return DRAWS[name](self, name) if not list(fits) and self.chance(percent) else None

    def capacity(self, party: Party, state: law.State) -> str:
        """As it holds the thing, or as something else that it is."""
        if self.chance(60) and state.get("capacity") in party.roles:
            return str(state["capacity"])
        roles = [role for role in party.roles if role in CUSTODIAL]
        return str(self.likely(roles, CUSTODIAL))
