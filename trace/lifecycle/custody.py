"""Who holds what: a battery inside another is held by whoever holds that one, and ends with it.

The exception to the rule that an event changes its own subject only (LIFECYCLE, rule 1) is derived here, from
the state of the parent, and written nowhere.
"""

from __future__ import annotations

from . import words
from .state import Battery, Lot
from .world import World


def parent_of(world: World, battery: Battery) -> Battery | None:
    """The battery in which this one is."""
    chain = world.chain(battery.facts.parent)
    return chain.state if chain and isinstance(chain.state, Battery) else None


def holder_of(world: World, holding: Battery | Lot) -> str:
    """The organisation that holds it, or nobody or none."""
    while isinstance(holding, Battery) and holding.stage == words.IN_PACK:
        parent = parent_of(world, holding)
        if parent is None:
            return words.NONE
        holding = parent
    return holding.custodian


def ended_with(world: World, battery: Battery) -> str | None:
    """The battery with which one that is inside another has ended; None while it has not.

    A parent that is dismantled gives its children up one by one; one that ends otherwise takes them along.
    """
    while battery.stage == words.IN_PACK:
        subject, parent = battery.facts.parent, parent_of(world, battery)
        if parent is None:
            return None
        if parent.stage in words.ENDED and parent.stage != words.DISMANTLED:
            return subject
        battery = parent
    return None


def parents_of(world: World, battery: Battery) -> tuple[str, ...]:
    """The batteries in which one is, from the nearest outwards."""
    if battery.stage != words.IN_PACK:  # as most are not
        return ()
    found: list[str] = []
    while battery.stage == words.IN_PACK:
        found.append(battery.facts.parent)
        parent = parent_of(world, battery)
        if parent is None:
            break
        battery = parent
    return tuple(found)
