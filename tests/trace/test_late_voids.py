"""Undoing what was said too long ago: the counterparty agrees, or the registrars do, newest first."""

from __future__ import annotations

import pytest

from packtrace.tests.scene import event_id
from packtrace.tests.trace.firms import Firms, legacy
from packtrace.trace.lifecycle import words

PACK = legacy(1)


@pytest.fixture
def firms() -> Firms:
    firms = Firms()
    firms.have(firms.ann, PACK, stage="waste", role="collector")
    return firms


def agreed(firms: Firms, who: object, event: str, to: str = "void") -> str:
    return firms.did(who, "note.agreed", f"notes:{PACK}", event=event_id(event), to=to)  # type: ignore[arg-type]


def test_only_the_real_counterparty_agrees_to_a_late_void_of_that_very_event(firms: Firms) -> None:
    carol = firms.enrol("carol", 33, *words.CUSTODIAL)
    earlier = firms.did(firms.ann, "battery.moved", PACK, site="yard")
    accepted = firms.handed(firms.ann, firms.bob, PACK, "recycler")
    firms.court.later(hours=73)
    assert firms.answer(firms.void(firms.bob, PACK, accepted)) == "VOID_TOO_LATE"
    third = agreed(firms, carol, accepted)
    settled = agreed(firms, firms.ann, accepted, "settlement")
    another = agreed(firms, firms.bob, earlier)
    for consent in (third, settled, another, accepted):
        late = firms.void(firms.bob, PACK, accepted, agreed=event_id(consent))
        assert firms.answer(late) == "NOT_COUNTERPARTY"
    own = firms.say(firms.bob, "note.agreed", f"notes:{PACK}", event=event_id(accepted), to="void")
    assert firms.answer(own) == "NOT_COUNTERPARTY"
    consent = agreed(firms, firms.ann, accepted)
    by_ann = firms.void(firms.ann, PACK, accepted, agreed=event_id(consent))
    assert firms.answer(by_ann) == "NOT_SIGNER"
    assert firms.answer(firms.void(firms.bob, PACK, accepted, agreed=event_id(consent))) == "accepted"
    assert firms.court.battery(PACK).custodian == firms.ann.org


def test_an_event_without_a_counterparty_is_undone_late_by_no_consent(firms: Firms) -> None:
    moved = firms.did(firms.ann, "battery.moved", PACK, site="yard")
    firms.court.later(hours=73)
    consent = agreed(firms, firms.bob, moved)
    late = firms.void(firms.ann, PACK, moved, agreed=event_id(consent))
    assert firms.answer(late) == "NOT_COUNTERPARTY"


def test_an_offer_is_undone_late_with_the_consent_of_its_consignee(firms: Firms) -> None:
    carol = firms.enrol("carol", 33, *words.CUSTODIAL)
    offered = firms.offered(firms.ann, firms.bob, PACK, "recycler")
    firms.court.admit(offered)
    firms.court.later(hours=73)
    third = agreed(firms, carol, offered)
    late = firms.void(firms.ann, PACK, offered, agreed=event_id(third))
    assert firms.answer(late) == "NOT_COUNTERPARTY"
    consent = agreed(firms, firms.bob, offered)
    assert firms.answer(firms.void(firms.ann, PACK, offered, agreed=event_id(consent))) == "accepted"
    assert firms.court.battery(PACK).offer is None


def test_who_was_offered_it_once_agrees_to_nothing_that_came_after_the_offer(firms: Firms) -> None:
    firms.court.admit(firms.offered(firms.ann, firms.bob, PACK, "recycler"))
    during = firms.did(firms.ann, "battery.incident", PACK, kind="drop")
    firms.court.later(hours=73)
    consent = agreed(firms, firms.bob, during)
    above = firms.court.above()
    assert above.refusal(firms.void(firms.ann, PACK, during, agreed=event_id(consent))) == "accepted"
    firms.rewind()
    firms.court.later(days=31)
    moved = firms.did(firms.ann, "battery.moved", PACK, site="yard")
    firms.court.later(hours=73)
    consent = agreed(firms, firms.bob, moved)
    late = firms.void(firms.ann, PACK, moved, agreed=event_id(consent))
    assert firms.answer(late) == "NOT_COUNTERPARTY"


def test_an_offer_comes_back_only_unexpired(firms: Firms) -> None:
    accepted = firms.handed(firms.ann, firms.bob, PACK, "recycler")
    firms.court.later(days=31)
    consent = agreed(firms, firms.ann, accepted)
    firms.court.admit(firms.void(firms.bob, PACK, accepted, agreed=event_id(consent)))
    offer = firms.court.battery(PACK).offer
    assert offer is not None and offer.expires_at < firms.court.now
    again = firms.say(
        firms.bob, "handover.accepted", PACK, offer=offer.id, capacity="recycler", read_by="camera",
        condition="intact",
    )  # fmt: skip
    assert firms.answer(again) == "NO_OPEN_OFFER"
    assert firms.tried(firms.ann, "battery.moved", PACK, site="yard") == "accepted"


def test_the_registrar_undoes_newest_first_and_no_party_does_so_in_its_name(firms: Firms) -> None:
    registrar = firms.scene.registrar
    accepted = firms.handed(firms.ann, firms.bob, PACK, "recycler")
    moved = firms.did(firms.bob, "battery.moved", PACK, site="yard")
    firms.court.later(days=400)
    assert firms.answer(firms.void(registrar, PACK, accepted)) == "NOT_LAST_EVENT"
    assert firms.answer(firms.void(firms.ann, PACK, moved)) == "NOT_SIGNER"
    firms.court.admit(firms.void(registrar, PACK, moved))
    firms.court.admit(firms.void(registrar, PACK, accepted))
    assert firms.court.battery(PACK).custodian == firms.ann.org


def test_what_a_lot_was_made_of_is_undone_only_with_the_lot(firms: Firms) -> None:
    firms.did(firms.ann, "battery.rebooked", PACK, capacity="pack_dismantler")
    opened = firms.opened(firms.ann, PACK)
    firms.court.admit(*opened)
    lot = f"lot:{firms.ann.id}/cells"
    made = firms.did(
        firms.ann, "lot.made", lot, capacity="pack_dismantler", kind="cells", parent=PACK, line=1,
        dismantled=event_id(opened[0]), mass={"g": 90, "basis": "measured"},
    )  # fmt: skip
    undo = firms.void(firms.ann, PACK, opened[0])
    assert firms.court.refusal(undo) == "GROUP_INCOMPLETE"
    both = (undo, firms.void(firms.ann, lot, made))
    above = firms.court.above()
    assert above.refusal(*both) == "accepted"
    firms.rewind()
    firms.handed(firms.ann, firms.bob, lot, "recycler")
    both = (firms.void(firms.ann, PACK, opened[0]), firms.void(firms.ann, lot, made))
    assert firms.answer(*both) == "NOT_LAST_EVENT"


def test_a_part_is_taken_out_again_by_the_void_of_the_repair_only(firms: Firms) -> None:
    pack, part = legacy(2), legacy(3, "M")
    for sub in (pack, part):
        firms.have(firms.ann, sub)
    leader = firms.repaired(firms.ann, pack, put_in=[part])
    fitted = firms.fitted(firms.ann, part, pack, leader)
    firms.court.admit(leader, fitted)
    assert firms.answer(firms.void(firms.ann, part, fitted)) == "GROUP_INCOMPLETE"
    assert firms.answer(firms.void(firms.ann, pack, leader)) == "GROUP_INCOMPLETE"
    undo = (firms.void(firms.ann, pack, leader), firms.void(firms.ann, part, fitted))
    assert firms.answer(*undo) == "accepted"
    assert firms.court.battery(part).stage == words.REMOVED
    assert firms.court.battery(pack).facts.parts == ()


def test_a_source_of_a_product_that_stands_is_undone_only_with_the_product(firms: Firms) -> None:
    source, product = legacy(2), f"battery:tag:{firms.ann.id}/product"
    firms.have(firms.ann, source)
    used = firms.did(firms.ann, "battery.used_in", source, product=product)
    begun = firms.did(
        firms.ann, "battery.repurposed", product, sources=[event_id(used)], category="industrial",
        intended_use="backup", chemistry="LFP", mass={"g": 1, "basis": "measured"}, label="A" * 43,
    )  # fmt: skip
    assert firms.answer(firms.void(firms.ann, source, used)) == "GROUP_INCOMPLETE"
    undo = (firms.void(firms.ann, source, used), firms.void(firms.ann, product, begun))
    assert firms.answer(*undo) == "accepted"


def test_neither_voids_nor_answers_that_closed_an_offer_are_voided(firms: Firms) -> None:
    for who, kind in ((firms.ann, "handover.withdrawn"), (firms.bob, "handover.declined")):
        offered = firms.offered(firms.ann, firms.bob, PACK, "recycler")
        firms.court.admit(offered)
        why = {"reason": "other"}
        closed = firms.did(who, kind, PACK, offer=event_id(offered), **why)
        assert firms.answer(firms.void(who, PACK, closed)) == "ILLEGAL_TRANSITION"
    moved = firms.did(firms.ann, "battery.moved", PACK, site="yard")
    undone = firms.void(firms.ann, PACK, moved)
    firms.court.admit(undone)
    assert firms.answer(firms.void(firms.ann, PACK, undone)) == "NOT_LAST_EVENT"
