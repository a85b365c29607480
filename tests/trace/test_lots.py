"""Lots: material without a code, of which nothing is added on its way."""

from __future__ import annotations

from typing import Any

import pytest

from packtrace.signing.base64url import b64url, parse_b64url
from packtrace.signing.merkle import leaf_hash, root_of
from packtrace.tests.scene import Party, event_id
from packtrace.tests.trace.firms import Firms, legacy, paper
from packtrace.trace.errors import RefusedError
from packtrace.trace.lifecycle import words

PACK = legacy(1)


class Yard(Firms):
    """Ann has opened a pack: line 1 is 90 g of cells, line 2 is 50 g of casing."""

    def __init__(self) -> None:
        super().__init__()
        self.have(self.ann, PACK, stage="waste", role="pack_dismantler")
        self.dismantled, *_ = group = self.opened(self.ann, PACK)
        self.court.admit(*group)

    def name(self, who: Party, name: str) -> str:
        return f"lot:{who.id}/{name}"

    def made(self, who: Party, sub: str, **changes: Any) -> str:
        """A lot of line 1; `changes` replace members, None leaves one out."""
        data: dict[str, Any] = {
            "capacity": "pack_dismantler", "kind": "cells", "mass": {"g": 90, "basis": "measured"},
            "parent": PACK, "dismantled": event_id(self.dismantled), "line": 1,
        }  # fmt: skip
        data |= changes
        return self.say(who, "lot.made", sub, **{k: v for k, v in data.items() if v is not None})

    def cells(self) -> str:
        sub = self.name(self.ann, "cells")
        self.court.admit(self.made(self.ann, sub))
        return sub

    def batch(self, who: Party, name: str = "b") -> str:
        sub = f"batch:{who.id}/{name}"
        self.did(who, "batch.opened", sub, process="direct")
        return sub

    def closed(self, who: Party, batch: str, charged: list[str], g: int, **outputs: int) -> str:
        root = root_of([leaf_hash(parse_b64url(event_id(text))) for text in charged])
        return self.say(
            who, "batch.closed", batch, inputs={"count": len(charged), "g": g, "root": b64url(root)},
            outputs=[{"kind": kind, "g": each} for kind, each in outputs.items()], losses=[],
        )  # fmt: skip

    def charged(self, who: Party, lot: str, batch: str, g: int) -> str:
        return self.say(who, "lot.charged", lot, batch=batch, mass={"g": g, "basis": "measured"})


@pytest.fixture
def yard() -> Yard:
    return Yard()


@pytest.mark.parametrize(
    ("forged", "code"),
    [
        ({"mass": {"g": 91, "basis": "measured"}}, "MASS_MISMATCH"),
        ({"kind": "casing"}, "REFERENCE_ABSENT"),
        ({"line": 3}, "REFERENCE_ABSENT"),
        ({"line": None}, "SCHEMA_INVALID"),
        ({"parent": legacy(7)}, "REFERENCE_ABSENT"),
        ({"dismantled": "A" * 43}, "REFERENCE_ABSENT"),
        ({"batch": "batch:duns:111111111/x"}, "SCHEMA_INVALID"),
        ({"parent": None, "dismantled": None, "line": None}, "SCHEMA_INVALID"),
        ({"split": "A" * 43, "parent": None, "dismantled": None, "line": None}, "GROUP_INCOMPLETE"),
        ({"mass": {"g": 89, "basis": "measured"}}, "accepted"),
    ],
)
def test_a_lot_is_made_of_a_line_that_is_there_and_of_no_more_than_it_says(
    yard: Yard, forged: dict[str, Any], code: str
) -> None:
    assert yard.answer(yard.made(yard.ann, yard.name(yard.ann, "x"), **forged)) == code


def test_a_line_makes_one_lot_of_who_opened_the_pack_in_its_own_name(yard: Yard) -> None:
    assert yard.answer(yard.made(yard.bob, yard.name(yard.bob, "x"))) == "NOT_CUSTODIAN"
    assert yard.answer(yard.made(yard.ann, yard.name(yard.bob, "x"))) == "NOT_OWNER"
    sub = yard.cells()
    assert yard.answer(yard.made(yard.ann, yard.name(yard.ann, "y"))) == "DOUBLE_CHARGE"
    yard.did(yard.ann, "lot.lost", sub, reason="spilt")
    assert yard.answer(yard.made(yard.ann, yard.name(yard.ann, "y"))) == "DOUBLE_CHARGE"
    casing = yard.made(
        yard.ann, yard.name(yard.ann, "y"), kind="casing", line=2, mass={"g": 50, "basis": "measured"}
    )
    assert yard.answer(casing) == "accepted"


def test_a_lot_that_was_voided_leaves_its_line_to_another(yard: Yard) -> None:
    sub = yard.name(yard.ann, "x")
    made = yard.made(yard.ann, sub)
    yard.court.admit(made)
    yard.court.admit(yard.void(yard.ann, sub, made))
    assert yard.answer(yard.made(yard.ann, yard.name(yard.ann, "y"))) == "accepted"
    assert yard.answer(yard.made(yard.ann, sub)) == "DOUBLE_CHARGE"


def test_a_lot_goes_from_hand_to_hand_as_a_battery_does(yard: Yard) -> None:
    sub, carol = yard.cells(), yard.enrol("carol", 33, *words.CUSTODIAL)
    assert yard.answer(yard.offered(yard.bob, carol, sub, "recycler")) == "NOT_CUSTODIAN"
    offered = yard.offered(yard.ann, yard.bob, sub, "recycler")
    yard.court.admit(offered)
    assert yard.answer(yard.accepted(carol, sub, offered, "recycler")) == "NOT_CUSTODIAN"
    assert yard.answer(yard.accepted(yard.bob, sub, offered, "collector")) == "WRONG_CAPACITY"
    assert yard.tried(yard.ann, "lot.rebooked", sub, capacity="recycler") == "OFFER_OPEN"
    yard.court.admit(yard.accepted(yard.bob, sub, offered, "recycler"))
    assert (yard.lot(sub).custodian, yard.lot(sub).capacity) == (yard.bob.org, "recycler")
    assert yard.tried(yard.ann, "lot.lost", sub, reason="missing") == "NOT_CUSTODIAN"
    late = yard.offered(yard.bob, carol, sub, "recycler")
    yard.court.admit(late)
    yard.court.later(days=30)
    assert yard.answer(yard.accepted(carol, sub, late, "recycler")) == "NO_OPEN_OFFER"
    assert yard.tried(yard.bob, "lot.rebooked", sub, capacity="recycler") == "WRONG_CAPACITY"
    assert yard.tried(yard.bob, "lot.rebooked", sub, capacity="collector") == "accepted"


def test_a_lot_that_is_lost_comes_back_by_a_courts_word(yard: Yard) -> None:
    sub = yard.cells()
    yard.did(yard.ann, "lot.lost", sub, reason="stolen")
    assert yard.lot(sub).custodian == words.NOBODY
    ruled = {"party": yard.bob.org, "capacity": "recycler", "basis": "court", "reason": "ruled"}
    assert yard.tried(yard.bob, "custody.assigned", sub, **ruled) == "KEY_USE_FORBIDDEN"
    yard.did(yard.scene.registrar, "custody.assigned", sub, **ruled)
    assert (yard.lot(sub).stage, yard.lot(sub).custodian) == (words.HELD, yard.bob.org)
    assert yard.codes() == ["CUSTODY_ASSIGNED"]


def test_merged_lots_are_held_alike_and_whole(yard: Yard) -> None:
    first = yard.cells()
    other, casing = yard.name(yard.ann, "other"), yard.name(yard.ann, "casing")
    pack = legacy(2)
    yard.have(yard.ann, pack, stage="waste", role="pack_dismantler")
    leader, *_ = group = yard.opened(yard.ann, pack)
    yard.court.admit(*group)
    source = {"parent": pack, "dismantled": event_id(leader)}
    yard.court.admit(yard.made(yard.ann, other, **source, chemistry="LFP"))
    mass = {"g": 50, "basis": "measured"}
    yard.court.admit(yard.made(yard.ann, casing, **source, line=2, kind="casing", mass=mass))
    none = {"parent": None, "dismantled": None, "line": None}

    def merged(lots: list[str], g: int, **changes: Any) -> str:
        into = yard.name(yard.ann, "both")
        mass = {"g": g, "basis": "measured"}
        made = yard.made(yard.ann, into, **none, lots=lots, mass=mass, **changes)
        ends = [yard.say(yard.ann, "lot.merged", lot, into=into, leader=event_id(made)) for lot in lots]
        return yard.answer(made, *ends)

    assert merged([first, first], 180) == "COMPOSITION_CONFLICT"
    assert merged([first, casing], 140) == "WRONG_KIND"
    assert merged([first, other], 180, chemistry="NMC") == "WRONG_KIND"
    assert merged([first, other], 181, chemistry="mixed") == "MASS_MISMATCH"
    assert merged([first, other], 179, chemistry="mixed") == "MASS_MISMATCH"
    assert merged([first, other], 180, chemistry="mixed") == "accepted"
    assert yard.lot(first).stage == words.MERGED
    assert merged([first, other], 180, chemistry="mixed") == "ILLEGAL_TRANSITION"  # the chain has begun


def test_a_foreign_lot_is_not_merged(yard: Yard) -> None:
    first = yard.cells()
    yard.handed(yard.ann, yard.bob, first, "recycler")
    casing = yard.name(yard.ann, "c")
    mass = {"g": 50, "basis": "measured"}
    yard.court.admit(yard.made(yard.ann, casing, line=2, kind="casing", mass=mass))
    none = {"parent": None, "dismantled": None, "line": None}
    made = yard.made(yard.ann, yard.name(yard.ann, "b"), **none, lots=[first, casing], mass=mass)
    assert yard.answer(made) == "NOT_CUSTODIAN"


def test_a_lot_is_charged_in_parts_and_never_more_than_remains(yard: Yard) -> None:
    sub, batch, foreign = yard.cells(), yard.batch(yard.ann), yard.batch(yard.bob)
    assert yard.answer(yard.charged(yard.ann, sub, batch, 91)) == "MASS_MISMATCH"
    assert yard.answer(yard.charged(yard.ann, sub, batch, 0)) == "MASS_MISMATCH"
    assert yard.answer(yard.charged(yard.ann, sub, foreign, 1)) == "NOT_CUSTODIAN"
    assert yard.answer(yard.charged(yard.bob, sub, foreign, 1)) == "NOT_CUSTODIAN"
    assert yard.answer(yard.charged(yard.ann, sub, batch + "0", 1)) == "REFERENCE_ABSENT"
    charged = [yard.charged(yard.ann, sub, batch, 40)]
    yard.court.admit(*charged)
    assert yard.answer(yard.charged(yard.ann, sub, batch, 51)) == "MASS_MISMATCH"
    charged.append(yard.charged(yard.ann, sub, batch, 50))
    yard.court.admit(charged[1])
    assert (yard.lot(sub).stage, yard.lot(sub).custodian, yard.lot(sub).g) == ("charged", "none", 0)
    assert yard.answer(yard.charged(yard.ann, sub, batch, 1)) == "PACK_TERMINAL"
    for texts, g in ((charged[:1], 40), (charged, 89), (charged, 91), (charged[::-1], 90)):
        assert yard.answer(yard.closed(yard.ann, batch, texts, g, copper=90)) == "BATCH_INPUTS_MISMATCH"
    with pytest.raises(RefusedError, match="over their ids in the order of the log"):
        yard.court.admit(yard.closed(yard.ann, batch, charged[::-1], 90, copper=90))
    yard.rewind()
    assert yard.answer(yard.closed(yard.ann, batch, charged, 90, copper=90)) == "accepted"
    assert yard.answer(yard.void(yard.ann, sub, charged[1])) == "BATCH_CLOSED"


def test_what_is_taken_back_out_of_an_open_batch_is_no_input(yard: Yard) -> None:
    sub, batch = yard.cells(), yard.batch(yard.ann)
    charged = yard.charged(yard.ann, sub, batch, 90)
    yard.court.admit(charged)
    yard.court.admit(yard.void(yard.ann, sub, charged))
    assert yard.lot(sub).g == 90
    assert yard.answer(yard.closed(yard.ann, batch, [charged], 90)) == "BATCH_INPUTS_MISMATCH"
    assert yard.answer(yard.closed(yard.ann, batch, [], 0)) == "accepted"
    assert yard.answer(yard.charged(yard.ann, sub, batch, 90)) == "BATCH_CLOSED"


def test_an_output_makes_one_lot_and_black_mass_is_never_final(yard: Yard) -> None:
    sub, batch = yard.cells(), yard.batch(yard.ann)
    charged = yard.charged(yard.ann, sub, batch, 90)
    yard.court.admit(charged)
    none = {"parent": None, "dismantled": None, "line": None, "batch": batch, "capacity": "recycler"}
    black, copper = yard.name(yard.ann, "black"), yard.name(yard.ann, "copper")

    def output(who: Party, sub: str, kind: str, g: int) -> str:
        return yard.answer(yard.made(who, sub, **none, kind=kind, mass={"g": g, "basis": "measured"}))

    with pytest.raises(RefusedError, match="expected a batch that is closed") as refused:
        yard.court.admit(yard.made(yard.ann, black, **none, kind="black_mass"))
    assert (refused.value.finding_code, refused.value.where) == ("REFERENCE_ABSENT", "/data/batch")
    yard.rewind()
    yard.court.admit(yard.closed(yard.ann, batch, [charged], 90, black_mass=60, copper=30))
    assert output(yard.bob, yard.name(yard.bob, "x"), "black_mass", 60) == "NOT_CUSTODIAN"
    assert output(yard.ann, black, "black_mass", 61) == "MASS_MISMATCH"
    assert output(yard.ann, black, "lithium_carbonate", 1) == "REFERENCE_ABSENT"
    assert output(yard.ann, black, "black_mass", 60) == "accepted"
    assert output(yard.ann, copper, "black_mass", 1) == "DOUBLE_CHARGE"
    assert output(yard.ann, copper, "copper", 30) == "accepted"
    final = {"product": "copper", "grade": "technical"}
    assert yard.tried(yard.ann, "lot.final", black, **final) == "WRONG_KIND"
    assert yard.tried(yard.bob, "lot.final", copper, **final) == "NOT_CUSTODIAN"
    assert yard.tried(yard.ann, "lot.final", copper, **final) == "accepted"
    assert yard.answer(yard.offered(yard.ann, yard.bob, copper, "recycler")) == "PACK_TERMINAL"


def test_a_lot_leaves_the_country_with_a_customs_paper(yard: Yard) -> None:
    sub = yard.cells()
    assert yard.tried(yard.ann, "lot.exported", sub, destination="DE", evidence=paper("photo")) == (
        "EVIDENCE_MISSING"
    )
    assert yard.tried(yard.bob, "lot.exported", sub, destination="DE", evidence=paper("customs")) == (
        "NOT_CUSTODIAN"
    )
    assert (
        yard.tried(yard.ann, "lot.exported", sub, destination="DE", evidence=paper("customs")) == "accepted"
    )
    assert yard.lot(sub).stage == words.EXPORTED


@pytest.mark.parametrize(
    ("outputs", "remarks"),
    [({"copper": 90}, []), ({"copper": 93}, ["MASS_CREATED"]), ({"copper": 50}, ["MASS_UNEXPLAINED"])],
)
def test_a_batch_is_closed_whatever_its_balance_which_is_told(
    yard: Yard, outputs: dict[str, int], remarks: list[str]
) -> None:
    sub, batch = yard.cells(), yard.batch(yard.ann)
    charged = yard.charged(yard.ann, sub, batch, 90)
    yard.court.admit(charged)
    yard.codes()
    yard.court.admit(yard.closed(yard.ann, batch, [charged], 90, **outputs))
    assert yard.codes() == remarks


def test_a_mass_corrected_in_time_is_the_batchs_and_later_it_is_told(yard: Yard) -> None:
    pack, batch = legacy(2), yard.batch(yard.ann)
    yard.have(yard.ann, pack, stage="waste", role="recycler")
    recycled = yard.did(yard.ann, "battery.recycled", pack, batch=batch, mass={"g": 400, "basis": "measured"})

    def corrected(g: int) -> None:
        mass = {"g": g, "basis": "measured"}
        yard.did(
            yard.ann, "note.corrected", f"notes:{pack}", event=event_id(recycled), set={"mass": mass},
            reason="scale",
        )  # fmt: skip

    corrected(390)
    assert yard.answer(yard.closed(yard.ann, batch, [recycled], 400)) == "BATCH_INPUTS_MISMATCH"
    yard.court.admit(yard.closed(yard.ann, batch, [recycled], 390, copper=390))
    yard.codes()
    corrected(300)
    assert yard.codes() == ["CORRECTED_AFTER_CLOSE"]
    assert yard.answer(yard.void(yard.ann, pack, recycled)) == "BATCH_CLOSED"
