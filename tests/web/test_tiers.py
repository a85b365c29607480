"""Who sees what of each kind of chain, and that nothing is seen that no rule gives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from packtrace.signing.base64url import b64url, parse_b64url
from packtrace.signing.disclosures import split_presentation
from packtrace.signing.merkle import leaf_hash, root_of
from packtrace.tests.scene import Party, Scene, event_id
from packtrace.tests.trace.court import Court
from packtrace.tests.trace.firms import READ, Firms, legacy
from packtrace.trace.codes.subjects import parse_subject
from packtrace.trace.history import Told, read_chain
from packtrace.trace.lifecycle import words
from packtrace.trace.read_token import Reader
from packtrace.trace.statement import format_entry, parse_event_jws
from packtrace.web.reading.tiers import Tier, View, view_of

PACK, OTHER, PART = legacy(1), legacy(2), legacy(3, "M")
SLOT = [{"...": "A" * 43}]


def of(region: str) -> dict[str, Any]:
    """Enrolled in a region, with a yard there."""
    return {"region": region, "sites": [{"site": "home", "region": region}]}


class Recording(Court):
    """A court that keeps what it admitted."""

    def __init__(self, scene: Scene) -> None:
        self.kept: dict[str, list[tuple[int, bytes]]] = {}
        super().__init__(scene)

    def admit(self, *group: str) -> None:
        first = self.leaves
        super().admit(*group)
        for number, text in enumerate(group):
            jws = split_presentation(text)[0]
            entry = (first + number, format_entry(jws, self.now))
            self.kept.setdefault(parse_event_jws(jws).value["sub"], []).append(entry)


class Story(Firms):
    """Ann and Bob in Shenzhen, Eve who has no part in anything, and authorities."""

    def __init__(self) -> None:
        self.scene = Scene()
        self.court = self.kept = Recording(self.scene)
        self.ann = self.enrol("ann", 31, *words.CUSTODIAL, vendor_codes=("0AN",))
        self.bob = self.enrol("bob", 32, *words.CUSTODIAL)
        self.eve = self.enrol("eve", 33, *words.CUSTODIAL, **of("CN-110000"))
        self.south = self.enrol("south", 41, "regulator", **of("CN-440000"))
        self.north = self.enrol("north", 42, "regulator", **of("CN-110000"))

    def read(self, sub: str) -> Sequence[Told]:
        return list(read_chain(self.kept.kept.get(sub, [])))

    def view(self, who: Party | None, sub: str) -> View:
        reader = None
        if who:
            chain = self.court.world.chain(who.org)
            assert chain is not None
            reader = Reader(who.org, who.key.public.kid, who.roles, chain.state.region)  # type: ignore[union-attr]
        return view_of(parse_subject(sub), self.read, self.court.world, reader, self.court.now)

    def seen(self, who: Party | None, sub: str) -> tuple[str, list[int]]:
        """The tier, and the places of the events that are seen."""
        view = self.view(who, sub)
        return view.tier.value, [told.event.seq for told in self.read(sub) if view.sees(told)]

    def shown(self, who: Party | None, sub: str) -> list[int]:
        """The places of the events of which withheld values are shown."""
        view = self.view(who, sub)
        return [told.event.seq for told in self.read(sub) if view.shows_values(told)]


@pytest.fixture
def story() -> Story:
    return Story()


def taken_in(story: Story, who: Party) -> None:
    """Ann has a pack and lets it go; somebody takes it in, and the token of its label is withheld."""
    story.have(story.ann, PACK)
    story.did(story.ann, "battery.released", PACK, reason="sold")
    story.did(who, "battery.taken_in", PACK, capacity="repairer", token=SLOT, **READ)


def test_whose_offer_was_accepted_sees_that_and_nothing_of_what_came_then(story: Story) -> None:
    story.have(story.ann, PACK)
    story.handed(story.ann, story.bob, PACK, "repairer")
    assert story.seen(story.ann, PACK) == ("past", [0, 1, 2])
    story.handed(story.bob, story.eve, PACK, "repairer")
    assert story.seen(story.ann, PACK) == ("past", [0, 1, 2])
    assert story.seen(story.bob, PACK) == ("past", [0, 1, 2, 3, 4])


def test_who_held_it_sees_up_to_the_end_of_that_and_who_holds_it_everything(story: Story) -> None:
    taken_in(story, story.bob)
    assert story.seen(story.ann, PACK) == ("past", [0, 1])
    assert story.seen(story.bob, PACK) == ("holder", [0, 1, 2])
    assert story.seen(story.eve, PACK) == ("enrolled", [])
    assert story.seen(None, PACK) == ("stranger", [])


def test_withheld_values_are_for_holder_signer_and_authority(story: Story) -> None:
    taken_in(story, story.bob)
    offered = story.offered(story.bob, story.eve, PACK, "repairer")
    story.court.admit(offered)
    assert story.seen(story.eve, PACK) == ("consignee", [0, 1, 2, 3]) and story.shown(story.eve, PACK) == []
    assert story.shown(story.bob, PACK) == [0, 1, 2, 3]
    assert story.shown(story.ann, PACK) == [0, 1]
    story.court.admit(story.accepted(story.eve, PACK, offered, "repairer"))
    assert story.shown(story.eve, PACK) == [0, 1, 2, 3, 4]
    assert story.seen(story.bob, PACK) == ("past", [0, 1, 2, 3, 4])  # the acceptance is its proof
    assert story.shown(story.bob, PACK) == [2, 3]
    assert story.shown(story.south, PACK) == story.shown(story.north, PACK) == [0, 1, 2, 3, 4]


def test_an_authority_sees_what_is_or_was_in_its_region_and_nothing_else(story: Story) -> None:
    story.have(story.ann, PACK)
    assert story.seen(story.south, PACK) == ("authority", [0])
    assert story.seen(story.north, PACK) == ("enrolled", [])
    story.handed(story.ann, story.eve, PACK, "repairer")
    story.have(story.eve, OTHER)
    assert story.seen(story.south, PACK)[0] == story.seen(story.north, PACK)[0] == "authority"
    assert story.seen(story.south, OTHER) == ("enrolled", [])
    far = story.enrol("far", 43, "regulator", **of("CN-310000"))
    assert story.seen(far, PACK) == ("enrolled", [])
    whole = story.enrol("whole", 44, "regulator", **of("CN"))
    assert story.seen(whole, OTHER)[0] == "authority"


def test_a_site_in_its_region_opens_a_battery_to_an_authority(story: Story) -> None:
    dan = story.enrol(
        "dan", 34, *words.CUSTODIAL, region="CN-110000", sites=[{"site": "yard", "region": "CN-440300"}]
    )
    story.have(dan, PACK)
    assert story.seen(story.south, PACK) == ("enrolled", [])
    story.did(dan, "battery.moved", PACK, site="yard")
    assert story.seen(story.south, PACK)[0] == story.seen(story.north, PACK)[0] == "authority"


def test_whose_role_has_ended_is_no_authority(story: Story) -> None:
    story.have(story.ann, PACK)
    reader = Reader(story.south.org, "", (), "CN-440000")
    view = view_of(parse_subject(PACK), story.read, story.court.world, reader, story.court.now)
    assert view.tier is Tier.ENROLLED


def test_a_court_gives_custody_and_with_it_the_chain(story: Story) -> None:
    story.have(story.ann, PACK)
    registrar = story.scene.registrar
    said = {"party": story.eve.org, "capacity": "repairer", "basis": "court", "reason": "ordered"}
    story.did(registrar, "custody.assigned", PACK, **said)
    assert story.seen(story.eve, PACK) == ("holder", [0, 1])
    story.handed(story.eve, story.bob, PACK, "repairer")
    assert story.seen(story.ann, PACK) == ("past", [0, 1])  # also by what she lost it


def test_an_offer_opens_the_chain_to_whom_it_names_until_it_ends(story: Story) -> None:
    story.have(story.ann, PACK)
    story.court.admit(story.offered(story.ann, story.eve, PACK, "repairer"))
    assert story.seen(story.eve, PACK) == ("consignee", [0, 1])
    assert story.seen(story.bob, PACK) == ("enrolled", [])
    story.court.now += timedelta(days=30)
    assert story.seen(story.eve, PACK) == ("enrolled", [])


def test_a_part_is_in_the_hands_of_who_holds_the_pack(story: Story) -> None:
    story.have(story.ann, PACK)
    story.have(story.ann, PART)
    leader = story.repaired(story.ann, PACK, put_in=[PART])
    story.court.admit(leader, story.fitted(story.ann, PART, PACK, leader))
    story.handed(story.ann, story.bob, PACK, "repairer")
    assert story.court.battery(PART).stage == words.IN_PACK
    assert story.seen(story.bob, PART) == ("holder", [0, 1])
    assert story.seen(story.ann, PART) == ("past", [0, 1])
    story.court.admit(story.offered(story.bob, story.eve, PACK, "repairer"))
    assert story.seen(story.eve, PART) == ("consignee", [0, 1])


def test_lots_are_seen_as_batteries_are_and_batches_by_their_owner(story: Story) -> None:
    story.have(story.ann, PACK, stage="waste", role="pack_dismantler")
    dismantled, *_ = group = story.opened(story.ann, PACK)
    story.court.admit(*group)
    lot, batch = f"lot:{story.ann.id}/cells", f"batch:{story.bob.id}/b"
    mass = {"g": 90, "basis": "measured"}
    made = {"capacity": "pack_dismantler", "kind": "cells", "parent": PACK, "line": 1, "mass": mass}
    story.did(story.ann, "lot.made", lot, dismantled=event_id(dismantled), **made)
    story.court.admit(story.offered(story.ann, story.bob, lot, "recycler"))
    assert story.seen(story.bob, lot) == ("consignee", [0, 1])
    accepted = {
        "offer": story.read(lot)[-1].event.id,
        "capacity": "recycler",
        "mass": mass,
        "condition": "intact",
    }
    story.did(story.bob, "handover.accepted", lot, read_by="camera", **accepted)
    assert story.seen(story.bob, lot) == ("holder", [0, 1, 2])
    assert story.seen(story.ann, lot) == ("past", [0, 1, 2])
    assert story.seen(story.eve, lot) == ("enrolled", [])
    assert story.seen(story.south, lot)[0] == "authority" and story.seen(story.north, lot)[1] == []
    story.did(story.bob, "batch.opened", batch, process="direct")
    story.did(story.bob, "lot.charged", lot, batch=batch, mass=mass)
    assert story.seen(story.bob, batch) == ("holder", [0])
    assert story.seen(story.south, batch) == ("authority", [0])
    for who in (story.ann, story.eve, story.north):
        assert story.seen(who, batch) == ("enrolled", [])
    assert story.seen(story.bob, lot) == ("past", [0, 1, 2, 3])  # it has ended, and nobody holds it


def test_a_consignment_is_for_both_ends_and_its_plate_until_it_arrived(story: Story) -> None:
    load = f"consignment:{story.ann.id}/c"
    story.have(story.ann, PACK, stage="waste", role="collector")
    offered = story.offered(story.ann, story.bob, PACK, "recycler", consignment=load)
    story.court.admit(offered)
    root = b64url(root_of([leaf_hash(parse_b64url(event_id(offered)))]))
    story.did(
        story.ann, "consignment.dispatched", load, consignee=story.bob.org, offers={"count": 1, "root": root},
        un_number="UN3480", packing="normal", safety_check={"passed": True}, plate=SLOT,
    )  # fmt: skip
    assert story.seen(story.bob, load) == ("holder", [0]) and story.shown(story.bob, load) == [0]
    assert story.seen(story.ann, load) == ("holder", [0])
    assert story.seen(story.south, load) == ("authority", [0])
    for who in (story.eve, story.north):
        assert story.seen(who, load) == ("enrolled", [])
    story.court.admit(story.accepted(story.bob, PACK, offered, "recycler"))
    story.did(story.bob, "consignment.arrived", load, arrived=1, missing=[], unexpected=[])
    assert story.seen(story.bob, load) == ("past", [0, 1]) and story.shown(story.bob, load) == [1]
    assert story.shown(story.ann, load) == [0, 1]


def test_notes_are_seen_as_their_subject_and_give_nothing_to_who_signs_them(story: Story) -> None:
    story.have(story.ann, PACK)
    notes = f"notes:{PACK}"
    incident = {"kind": "fire", "note": "smoke"}
    story.did(story.ann, "note.incident", notes, **incident)
    story.did(story.eve, "note.incident", notes, **incident)
    story.handed(story.ann, story.bob, PACK, "repairer")
    story.did(story.bob, "note.incident", notes, **incident)
    assert story.seen(story.bob, notes) == ("holder", [0, 1, 2])
    assert story.seen(story.ann, notes) == ("past", [0, 1])
    assert story.seen(story.eve, notes) == ("enrolled", [1])
    assert story.seen(story.eve, PACK) == ("enrolled", [])
    assert story.seen(story.south, notes) == ("authority", [0, 1, 2])
    assert story.seen(story.north, notes) == ("enrolled", [])
    assert story.seen(None, notes) == ("stranger", [])


def test_notes_on_an_organisation_are_for_it_and_the_authority(story: Story) -> None:
    notes = f"notes:{story.ann.org}"
    story.did(story.south, "hold.placed", notes, basis="investigation", reason="books in question")
    assert story.seen(story.ann, notes) == ("holder", [0])
    assert story.seen(story.south, notes) == ("authority", [0])
    for who in (story.bob, story.north):
        assert story.seen(who, notes) == ("enrolled", [])
    assert story.seen(None, notes) == ("stranger", [])


def test_what_has_not_begun_shows_nothing(story: Story) -> None:
    for who in (story.ann, story.south):
        assert story.view(who, PACK) == View(Tier.ENROLLED, who.org, -1, opens=False)
