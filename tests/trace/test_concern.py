"""Whom an event concerns: whoever holds, is offered or holds back its subject, and nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from packtrace.signing.disclosures import split_presentation
from packtrace.tests.scene import Party, event_id
from packtrace.tests.trace.firms import Firms, legacy
from packtrace.trace.lifecycle import words
from packtrace.trace.lifecycle.concern import concerned
from packtrace.trace.statement import Moment, parse_event_jws, read_event

PACK = legacy(1)


class Told(Firms):
    """Ann and Bob, a third firm, and the authority of their region."""

    def __init__(self) -> None:
        super().__init__()
        self.cai = self.enrol("cai", 33, *words.CUSTODIAL)
        self.authority = self.enrol("guangdong", 41, words.REGULATOR, region="CN-440000")

    def told(self, *group: str) -> list[set[str]]:
        """Whom each event of a group concerns, by name; it is admitted."""
        court, found = self.court, []
        above = court.above()
        above.admit(*group)
        world = court.world
        for text in group:
            event = read_event(parse_event_jws(split_presentation(text)[0]))
            after = above.world.chain(event.sub)
            assert after is not None
            orgs = concerned(event, Moment(court.leaves, court.now), after.state, world)
            found.append({self.name(org) for org in orgs})
        court.admit(*group)
        return found

    def name(self, org: str) -> str:
        scene = self.scene
        parties = (self.ann, self.bob, self.cai, self.authority, scene.registrar, scene.maker)
        return next(party.name for party in parties if party.org == org)

    def note(self, who: Party, kind: str, /, **data: object) -> set[str]:
        (orgs,) = self.told(self.say(who, kind, f"notes:{PACK}", **data))
        return orgs


@pytest.fixture
def firms() -> Told:
    made = Told()
    made.have(made.ann, PACK)
    return made


def test_handover_concerns_both_ends_and_what_follows_only_the_new_holder(firms: Told) -> None:
    offered = firms.offered(firms.ann, firms.bob, PACK, "repairer")
    assert firms.told(offered) == [{"ann", "bob"}]
    assert firms.told(firms.accepted(firms.bob, PACK, offered, "repairer")) == [{"ann", "bob"}]
    assert firms.told(firms.say(firms.bob, "battery.inspected", PACK, condition="intact")) == [{"bob"}]


@pytest.mark.parametrize("kind", ["handover.declined", "handover.withdrawn"])
def test_answered_offer_concerns_both_ends(firms: Told, kind: str) -> None:
    offered = firms.did(
        firms.ann, "handover.offered", PACK, consignee=firms.bob.org, capacity="repairer",
        expires_at="2026-04-30T00:00:00Z",
    )  # fmt: skip
    who = firms.bob if kind == "handover.declined" else firms.ann
    answer = firms.say(who, kind, PACK, offer=event_id(offered), reason="other")
    assert firms.told(answer) == [{"ann", "bob"}]


def test_expired_offer_concerns_its_consignee_no_more(firms: Told) -> None:
    firms.court.admit(firms.offered(firms.ann, firms.bob, PACK, "repairer"))
    incident = firms.say(firms.ann, "battery.incident", PACK, kind="leak")
    assert firms.told(incident) == [{"ann", "bob"}]
    firms.court.now += timedelta(days=31)
    inspected = firms.say(firms.ann, "battery.inspected", PACK, condition="intact")
    assert firms.told(inspected) == [{"ann"}]


def test_assigned_custody_concerns_who_loses_it_who_gets_it_and_who_was_offered_it(firms: Told) -> None:
    firms.court.admit(firms.offered(firms.ann, firms.bob, PACK, "repairer"))
    said = {"party": firms.cai.org, "capacity": "repairer", "basis": "court", "reason": "ordered"}
    assigned = firms.say(firms.scene.registrar, "custody.assigned", PACK, **said)
    assert firms.told(assigned) == [{"registrar", "ann", "bob", "cai"}]


def test_hold_concerns_the_holder_and_from_then_on_its_authority_hears_of_the_battery(firms: Told) -> None:
    assert firms.note(firms.authority, "hold.placed", basis="court", reason="ordered") == {"ann", "guangdong"}
    inspected = firms.say(firms.ann, "battery.inspected", PACK, condition="intact")
    assert firms.told(inspected) == [{"ann", "guangdong"}]


def test_note_concerns_who_holds_it_and_who_signed_what_is_disputed(firms: Told) -> None:
    handed = firms.handed(firms.ann, firms.bob, PACK, "repairer")
    seen = firms.did(firms.bob, "battery.inspected", PACK, condition="intact")
    firms.handed(firms.bob, firms.cai, PACK, "repairer")
    assert firms.note(firms.authority, "note.incident", kind="fire", note="seen") == {"cai", "guangdong"}
    disputed = {"event": event_id(seen), "reason": "swollen"}
    assert firms.note(firms.ann, "note.disputed", **disputed) == {"ann", "bob", "cai"}
    disputed = {"event": event_id(handed), "reason": "never"}
    assert firms.note(firms.cai, "note.disputed", **disputed) == {"bob", "cai"}


def test_contested_origin_concerns_who_vouched_for_it(firms: Told) -> None:
    pack = legacy(7).replace("001P", "0ANP")  # made by Ann before she was enrolled
    firms.have(firms.bob, pack)
    firms.handed(firms.bob, firms.cai, pack, "repairer")
    contested = firms.say(firms.ann, "origin.contested", f"notes:{pack}", reason="never made")
    assert firms.told(contested) == [{"ann", "bob", "cai"}]


def test_void_concerns_who_signed_what_it_undoes(firms: Told) -> None:
    firms.handed(firms.ann, firms.bob, PACK, "repairer")
    firms.did(firms.bob, "battery.released", PACK, reason="returned_to_owner")
    seen = firms.did(firms.cai, "battery.inspected", PACK, condition="intact")
    voided = firms.void(firms.scene.registrar, PACK, seen)
    assert firms.told(voided) == [{"registrar", "cai"}]


def test_part_concerns_who_holds_what_it_is_in(firms: Told) -> None:
    part = legacy(2, "M")
    firms.have(firms.ann, part)
    leader = firms.repaired(firms.ann, PACK, put_in=[part])
    firms.court.admit(leader, firms.fitted(firms.ann, part, PACK, leader))
    firms.handed(firms.ann, firms.bob, PACK, "repairer")
    incident = firms.say(firms.cai, "note.incident", f"notes:{part}", kind="leak", note="seen")
    assert firms.told(incident) == [{"bob", "cai"}]


def test_registry_concerns_the_organisation_that_it_is_about(firms: Told) -> None:
    changed = firms.say(firms.scene.registrar, "org.suspended", firms.cai.org, reason="closed")
    assert firms.told(changed) == [{"registrar", "cai"}]
