"""What an authority holds stays where it is: what is refused meanwhile, what passes, who lifts it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from packtrace.tests.scene import Party, event_id
from packtrace.tests.trace.firms import READ, Firms, legacy, paper
from packtrace.trace.lifecycle import words

PACK = legacy(1)
VEHICLE = "vehicle:AAAAAAAAAAAAAAAAAAAAAA"
MASS: Final = {"g": 90, "basis": "measured"}


class Held(Firms):
    """With the authority of Guangdong, and that of Beijing."""

    first = ""  # the event by which the battery was registered

    def __init__(self) -> None:
        super().__init__()
        self.guangdong = self.enrol("guangdong", 41, words.REGULATOR, region="CN-440000")
        self.beijing = self.enrol("beijing", 42, words.REGULATOR, region="CN-110000")

    def hold(self, sub: str, who: Party | None = None) -> str:
        return self.did(who or self.guangdong, "hold.placed", f"notes:{sub}", basis="court", reason="ordered")

    def lift(self, sub: str, placed: str, who: Party | None = None) -> str:
        return self.tried(
            who or self.guangdong, "hold.lifted", f"notes:{sub}", hold=event_id(placed), reason="over"
        )


@pytest.fixture
def held() -> Held:
    return Held()


def test_only_an_authority_whose_region_covers_it_holds(held: Held) -> None:
    held.have(held.ann, PACK)
    placed = {"basis": "court", "reason": "ordered"}
    for sub in (PACK, held.ann.org):
        notes = f"notes:{sub}"
        assert held.tried(held.beijing, "hold.placed", notes, **placed) == "OUT_OF_REGION"
        assert held.tried(held.bob, "hold.placed", notes, **placed) == "SIGNER_ROLE_FORBIDDEN"
        assert held.tried(held.guangdong, "hold.placed", notes, **placed) == "accepted"
        assert held.tried(held.guangdong, "hold.placed", notes, **placed) == "ILLEGAL_TRANSITION"
    assert held.tried(held.guangdong, "hold.placed", f"notes:{legacy(9)}", **placed) == "REFERENCE_ABSENT"
    assert held.tried(held.guangdong, "hold.placed", f"notes:{held.scene.model}", **placed) == "WRONG_KIND"


def test_where_it_was_says_nothing_of_where_its_next_holder_keeps_it(held: Held) -> None:
    """Two firms may give their sites one name: the region of the wrong one let an authority hold it."""
    carol = held.enrol(
        "carol", 34, *words.CUSTODIAL, region="CN-110000", sites=[{"site": "yard", "region": "CN-440300"}]
    )
    held.have(held.ann, PACK, site="yard")
    lot = f"lot:{held.ann.id}/cells"
    held.have(held.ann, legacy(2), stage="waste", role="pack_dismantler")
    opened = held.opened(held.ann, legacy(2))
    held.court.admit(*opened)
    held.did(
        held.ann, "lot.made", lot, capacity="recycler", kind="cells", parent=legacy(2), line=1, site="yard",
        dismantled=event_id(opened[0]), mass=MASS,
    )  # fmt: skip
    placed = {"basis": "court", "reason": "ordered"}
    for sub, role in ((PACK, "dealer"), (lot, "recycler")):
        held.handed(held.ann, carol, sub, role)
        assert held.tried(held.guangdong, "hold.placed", f"notes:{sub}", **placed) == "OUT_OF_REGION"
    held.did(carol, "battery.moved", PACK, site="yard")
    assert held.tried(held.guangdong, "hold.placed", f"notes:{PACK}", **placed) == "accepted"


def test_only_the_authority_that_placed_a_hold_lifts_that_very_hold(held: Held) -> None:
    held.have(held.ann, PACK, stage="in_vehicle", holder="nobody")
    first, second = held.hold(PACK), held.hold(PACK, held.beijing)  # nobody's is any authority's
    assert held.lift(PACK, second) == "NOT_SIGNER"
    assert held.lift(PACK, first, held.bob) == "SIGNER_ROLE_FORBIDDEN"
    assert held.lift(PACK, first) == "accepted"
    assert held.lift(PACK, first) == "REFERENCE_ABSENT"
    taken: dict[str, Any] = {"capacity": "repairer", "read_by": "camera", "reason": "repair"}
    assert held.tried(held.ann, "battery.removed", PACK, **taken) == "HELD_BY_AUTHORITY"
    assert held.lift(PACK, second, held.beijing) == "accepted"
    assert held.tried(held.ann, "battery.removed", PACK, **taken) == "accepted"


def accepted(held: Held) -> str:
    offer = held.court.battery(PACK).offer
    assert offer is not None
    return held.say(held.bob, "handover.accepted", PACK, offer=offer.id, capacity="repairer", **READ)


BARRED: Final[dict[str, tuple[str, Callable[[Held], str]]]] = {
    "released": ("removed", lambda h: h.say(h.ann, "battery.released", PACK, reason="sold")),
    "dismantled": ("waste", lambda h: h.opened(h.ann, PACK)[0]),
    "used_in": ("removed", lambda h: h.say(h.ann, "battery.used_in", PACK, product=legacy(8))),
    "exported": (
        "removed",
        lambda h: h.say(h.ann, "battery.exported", PACK, destination="DE", reason="sold"),
    ),
    "rebooked": ("waste", lambda h: h.say(h.ann, "battery.rebooked", PACK, capacity="recycler")),
    "requalified": (
        "waste",
        lambda h: h.say(
            h.ann, "battery.requalified", PACK, capacity="repurposer", operation="re-used",
            protection="crate", evidence=paper("report", "contract"),
        ),
    ),
    "installed": (
        "removed",
        lambda h: h.say(h.ann, "battery.installed", PACK, vehicle=VEHICLE, position=1, of=1),
    ),
    "recycled": (
        "recyclers",
        lambda h: h.say(h.ann, "battery.recycled", PACK, batch=f"batch:{h.ann.id}/b", mass=MASS),
    ),
    "accepted": ("offered", accepted),
    "voided": ("removed", lambda h: h.say(h.ann, "battery.voided", PACK, event=h.first, reason="no")),
    "retired": (
        "removed",
        lambda h: h.say(h.ann, "battery.retired", PACK, capacity="collector", reason="other"),
    ),
    "repaired": ("removed", lambda h: h.repaired(h.ann, PACK, opened=False)),
    "offered": ("removed", lambda h: h.offered(h.ann, h.bob, PACK, "repairer")),
}  # fmt: skip


def stand(held: Held, stage: str) -> None:
    """The battery as the event needs it."""
    role = {"waste": "pack_dismantler", "recyclers": "recycler"}.get(stage, "repairer")
    first = held.have(held.ann, PACK, stage="waste" if role != "repairer" else "removed", role=role)
    held.first = event_id(first)
    held.did(held.ann, "batch.opened", f"batch:{held.ann.id}/b", process="direct")
    if stage == "offered":
        held.court.admit(held.offered(held.ann, held.bob, PACK, "repairer"))


@pytest.mark.parametrize("name", BARRED)
def test_what_a_hold_bars_is_refused_until_it_is_lifted(held: Held, name: str) -> None:
    stage, say = BARRED[name]
    stand(held, stage)
    placed = held.hold(PACK)
    assert held.answer(say(held)) == "HELD_BY_AUTHORITY"
    assert held.lift(PACK, placed) == "accepted"
    assert held.answer(say(held)) in ("accepted", "GROUP_INCOMPLETE")


SILENT: Final = ("retired", "repaired", "offered")
"""Of which the page says nothing: a hold on the battery refuses them, one on its holder or batch does not."""


@pytest.mark.parametrize("name", BARRED)
def test_a_hold_on_the_holder_bars_what_the_page_names_and_no_more(held: Held, name: str) -> None:
    stage, say = BARRED[name]
    stand(held, stage)
    held.hold(held.ann.org)
    expected = ("accepted",) if name in SILENT else ("HELD_BY_AUTHORITY",)
    assert held.answer(say(held)) in expected


def test_a_hold_on_a_batch_bars_what_goes_into_it(held: Held) -> None:
    stand(held, "recyclers")
    held.hold(f"batch:{held.ann.id}/b")
    assert held.answer(BARRED["recycled"][1](held)) == "HELD_BY_AUTHORITY"
    assert held.tried(held.ann, "battery.moved", PACK, site="yard") == "accepted"


@pytest.mark.parametrize("where", ["battery", "holder"])
def test_what_a_hold_lets_pass_passes_and_a_move_is_told(held: Held, where: str) -> None:
    stand(held, "offered")
    offer = held.court.battery(PACK).offer
    assert offer is not None
    held.hold(PACK if where == "battery" else held.ann.org)
    held.codes()
    base = held.court
    for who, kind, data in (
        (held.bob, "handover.declined", {"offer": offer.id, "reason": "other"}),
        (held.ann, "handover.withdrawn", {"offer": offer.id}),
        (held.ann, "battery.inspected", {"condition": "intact"}),
        (held.bob, "battery.inspected", {"condition": "intact"}),
        (held.ann, "battery.incident", {"kind": "fire"}),
        (held.ann, "battery.lost", {"reason": "stolen"}),
        (
            held.scene.registrar, "custody.assigned",
            {"party": held.bob.org, "capacity": "repairer", "basis": "court", "reason": "ruled"},
        ),
    ):  # fmt: skip
        held.court = base.above()
        assert held.tried(who, kind, PACK, **data) == "accepted", kind  # type: ignore[arg-type]
        held.court = base
        held.rewind()
    held.did(held.ann, "handover.withdrawn", PACK, offer=offer.id)
    held.did(held.ann, "battery.moved", PACK, site="yard")
    assert held.codes() == ["MOVED_UNDER_HOLD"]


def test_a_hold_on_who_holds_a_pack_keeps_what_was_said_of_a_part_in_it(held: Held) -> None:
    part = legacy(2, "M")
    for sub in (PACK, part):
        held.have(held.ann, sub)
    leader = held.repaired(held.ann, PACK, put_in=[part])
    held.court.admit(leader, held.fitted(held.ann, part, PACK, leader))
    inspected = held.did(held.ann, "battery.inspected", part, condition="intact")
    placed = held.hold(held.ann.org)
    assert held.answer(held.void(held.scene.registrar, part, inspected)) == "HELD_BY_AUTHORITY"
    assert held.lift(held.ann.org, placed) == "accepted"
    assert held.answer(held.void(held.scene.registrar, part, inspected)) == "accepted"


def test_an_offer_expires_under_a_hold(held: Held) -> None:
    stand(held, "offered")
    say = accepted(held)
    placed = held.hold(PACK)
    held.court.now += timedelta(days=30)
    assert held.lift(PACK, placed) == "accepted"
    assert held.answer(say) == "NO_OPEN_OFFER"


def test_a_hold_on_a_pack_covers_what_is_in_it_and_one_on_a_part_keeps_the_pack_shut(held: Held) -> None:
    part = legacy(2, "M")
    for sub in (PACK, part):
        held.have(held.ann, sub)
    leader = held.repaired(held.ann, PACK, put_in=[part])
    held.court.admit(leader, held.fitted(held.ann, part, PACK, leader))

    def out() -> str:
        leader = held.repaired(held.ann, PACK, took_out=[part])
        told = {"parent": PACK, "leader": event_id(leader), "capacity": "repairer"}
        return held.answer(leader, held.say(held.ann, "battery.taken_out", part, **told))

    for sub in (PACK, part):
        placed = held.hold(sub)
        assert out() == "HELD_BY_AUTHORITY"
        assert held.lift(sub, placed) == "accepted"
    assert out() == "accepted"


@pytest.mark.parametrize("where", ["lot", "holder"])
def test_a_held_lot_is_neither_charged_nor_exported_nor_made_final(held: Held, where: str) -> None:
    held.have(held.ann, PACK, stage="waste", role="pack_dismantler")
    leader, *_ = group = held.opened(held.ann, PACK)
    held.court.admit(*group)
    sub, batch = f"lot:{held.ann.id}/c", f"batch:{held.ann.id}/b"
    held.did(held.ann, "batch.opened", batch, process="direct")
    held.did(
        held.ann, "lot.made", sub, capacity="pack_dismantler", kind="casing", parent=PACK, line=2,
        dismantled=event_id(leader), mass={"g": 50, "basis": "measured"},
    )  # fmt: skip
    placed = held.hold(sub if where == "lot" else held.ann.org)
    for kind, data in (
        ("lot.charged", {"batch": batch, "mass": {"g": 1, "basis": "measured"}}),
        ("lot.exported", {"destination": "DE", "evidence": paper("customs")}),
        ("lot.final", {"product": "steel", "grade": "other"}),
        ("lot.rebooked", {"capacity": "recycler"}),
    ):
        assert held.tried(held.ann, kind, sub, **data) == "HELD_BY_AUTHORITY", kind  # type: ignore[arg-type]
    assert held.lift(sub if where == "lot" else held.ann.org, placed) == "accepted"
    held.did(held.ann, "lot.final", sub, product="steel", grade="other")
    gone = {"basis": "court", "reason": "late"}
    assert held.tried(held.beijing, "hold.placed", f"notes:{sub}", **gone) == "ILLEGAL_TRANSITION"


def test_an_authority_inspects_sites_of_its_region_only(held: Held) -> None:
    notes = f"notes:{held.ann.org}"
    found = {"site": "yard", "outcome": "deficiencies"}
    assert held.tried(held.beijing, "site.inspected", notes, **found) == "OUT_OF_REGION"
    assert held.tried(held.bob, "site.inspected", notes, **found) == "SIGNER_ROLE_FORBIDDEN"
    assert held.tried(held.guangdong, "site.inspected", notes, **(found | {"site": "x"})) == "FOREIGN_SITE"
    assert held.tried(held.guangdong, "site.inspected", notes, **found) == "accepted"


def test_the_maker_of_a_code_alone_contests_and_confirms_and_a_contest_bars_use(held: Held) -> None:
    own = "battery:gbt34014:0ANPB76836300JBC40000001"
    held.have(held.bob, own)
    notes = f"notes:{own}"
    assert held.tried(held.bob, "origin.contested", notes, reason="x") == "NOT_OWNER"
    assert held.tried(held.ann, "origin.contested", notes, reason="not ours") == "accepted"
    installed = {"vehicle": VEHICLE, "position": 1, "of": 1}
    assert held.tried(held.bob, "battery.installed", own, **installed) == "ORIGIN_CONTESTED"
    gone = {"destination": "DE", "reason": "sold"}
    assert held.tried(held.bob, "battery.exported", own, **gone) == "ORIGIN_CONTESTED"
    assert held.tried(held.bob, "battery.used_in", own, product=legacy(9)) == "ORIGIN_CONTESTED"
    held.did(held.bob, "battery.retired", own, capacity="repurposer", reason="other")
    again = {"capacity": "repurposer", "operation": "re-used", "protection": "crate"}
    papers = paper("report", "contract")
    assert held.tried(held.bob, "battery.requalified", own, **again, evidence=papers) == "ORIGIN_CONTESTED"
    assert held.answer(held.offered(held.bob, held.ann, own, "recycler")) == "accepted"  # as waste it moves
    offer = held.court.battery(own).offer
    assert offer is not None
    held.did(held.bob, "handover.withdrawn", own, offer=offer.id)
    assert held.tried(held.bob, "origin.confirmed", notes, reason="x") == "NOT_OWNER"
    assert held.tried(held.ann, "origin.confirmed", notes, reason="ours") == "accepted"
    assert held.tried(held.bob, "battery.requalified", own, **again, evidence=papers) == "accepted"


def test_whoever_made_a_battery_in_the_log_does_not_contest_it(held: Held) -> None:
    made = held.scene.manufactured("04QPB76836300JBC40000001")
    held.court.admit(made)
    sub = "battery:gbt34014:04QPB76836300JBC40000001"
    assert (
        held.tried(held.scene.maker, "origin.contested", f"notes:{sub}", reason="x") == "ILLEGAL_TRANSITION"
    )


def test_a_claim_on_what_another_holds_is_told_and_moves_nothing(held: Held) -> None:
    held.have(held.ann, PACK)
    before = held.court.battery(PACK)
    claim = {"basis": "on_our_premises", "note": "it stands in our yard"}
    assert held.tried(held.ann, "custody.claimed", f"notes:{PACK}", **claim) == "ILLEGAL_TRANSITION"
    assert held.tried(held.bob, "custody.claimed", f"notes:{held.ann.org}", **claim) == "WRONG_KIND"
    assert held.tried(held.bob, "custody.claimed", f"notes:{PACK}", **claim) == "accepted"
    assert held.codes() == ["CUSTODY_CLAIMED"]
    assert held.court.battery(PACK) == before
