"""What a story does to waste: taken apart, charged into a batch, and what comes out of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ..trace.lifecycle.batches import batch_inputs
from .author import Author, Party
from .designs import Item

# Permille of what carries no code, by kind, in a pack whose modules have been taken out.
_REST: Final = {"casing": 640, "cables": 130, "electronics": 120, "coolant": 110}


def residues(g: int, *, loose_g: int = 0, loose: int = 0) -> list[dict[str, Any]]:
    """The lines of what carries no code; in all ``g`` grams and what the loose modules weigh."""
    lines: list[dict[str, Any]] = []
    if loose_g:
        lines.append({"kind": "modules", "g": loose_g, "count": loose})
    kinds = {kind: g * share // 1000 for kind, share in _REST.items()}
    kinds["casing"] += g - sum(kinds.values())
    lines += [{"kind": kind, "g": each} for kind, each in kinds.items()]
    return [{"line": number, **line} for number, line in enumerate(lines, 1)]


def take_apart(
    author: Author, party: Party, item: Item, parts: Sequence[Item], capacity: str, *, site: str = ""
) -> str:
    """A pack with coded parts: one group of the pack's own event and one a part."""
    rest = item.measured_g - sum(part.measured_g for part in parts)
    data: dict[str, Any] = {
        "mass": item.weighed(),
        "children": [{"battery": part.subject, "g": part.measured_g} for part in parts],
        "residues": residues(rest),
    }
    if site:
        data["site"] = site
    with author.group():
        dismantled = author.say(party, "battery.dismantled", item.subject, data, ago_s=1800)
        for part in parts:
            out = {
                "parent": item.subject,
                "dismantled": dismantled,
                "capacity": capacity,
                "mass": part.weighed(),
                "condition": "intact",
            }
            author.say(party, "battery.extracted", part.subject, out, ago_s=900)
    return dismantled


def open_batch(author: Author, recycler: Party, name: str, process: str, site: str, **more: Any) -> str:
    """A batch of the recycler's begins."""
    batch = recycler.owns("batch", name)
    author.say(recycler, "batch.opened", batch, {"process": process, "site": site, **more})
    return batch


def charge(author: Author, recycler: Party, batch: str, masses: Mapping[str, Mapping[str, Any]]) -> None:
    """Batteries and lots go into the open batch."""
    for item, mass in masses.items():
        kind = "lot.charged" if item.startswith("lot:") else "battery.recycled"
        author.say(recycler, kind, item, {"batch": batch, "mass": dict(mass)})


def close_batch(
    author: Author, recycler: Party, batch: str, outputs: Mapping[str, int], losses: Mapping[str, int],
    **more: Any,
) -> dict[str, int]:  # fmt: skip
    """The batch ends; give the grams of each output back.

    Args:
        outputs: Kind -> permille of what went in.
        losses: The same, of what is known to be lost. The rest nobody has seen.
    """
    inputs = batch_inputs(author.world, batch)
    out = {kind: inputs["g"] * share // 1000 for kind, share in outputs.items()}
    data = {
        "inputs": inputs,
        "outputs": [{"kind": kind, "g": g} for kind, g in out.items()],
        "losses": [{"kind": kind, "g": inputs["g"] * share // 1000} for kind, share in losses.items()],
        "evidence": author.evidence("ticket", "application/pdf"),
        **more,
    }
    author.say(recycler, "batch.closed", batch, data)
    return out


def make_lot(author: Author, party: Party, name: str, kind: str, g: int, capacity: str, **more: Any) -> str:
    """A lot of the party's own; ``more`` says what it comes from."""
    lot = party.owns("lot", name)
    mass = {"g": g, "basis": "measured", "scale_g": 500}
    author.say(party, "lot.made", lot, {"capacity": capacity, "kind": kind, "mass": mass, **more})
    return lot


def merge_lots(
    author: Author, party: Party, name: str, kind: str, lots: Iterable[str], grams: int, capacity: str,
    **more: Any,
) -> str:  # fmt: skip
    """Several lots go into one: a group."""
    named, into = list(lots), party.owns("lot", name)
    mass = {"g": grams, "basis": "measured", "scale_g": 500}
    data = {"capacity": capacity, "kind": kind, "mass": mass, "lots": named, **more}
    with author.group():
        leader = author.say(party, "lot.made", into, data)
        for lot in named:
            author.say(party, "lot.merged", lot, {"into": into, "leader": leader})
    return into


def split_lot(
    author: Author, party: Party, lot: str, shares: Mapping[str, int], kind: str, capacity: str, **more: Any
) -> list[str]:
    """One lot becomes several, each of so many grams: a group."""
    into = {party.owns("lot", name): g for name, g in shares.items()}
    with author.group():
        split = author.say(
            party, "lot.split", lot, {"into": [{"lot": each, "g": g} for each, g in into.items()]}
        )
        for each, g in into.items():
            mass = {"g": g, "basis": "measured", "scale_g": 500}
            data = {"capacity": capacity, "kind": kind, "mass": mass, "split": split, **more}
            author.say(party, "lot.made", each, data)
    return list(into)
