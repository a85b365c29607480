"""Two firms that have every role, so that what is refused is refused for another reason; and authorities."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from packtrace.tests.scene import Party, Scene, digest_of, event_id
from packtrace.tests.trace.court import Court
from packtrace.trace.lifecycle import words
from packtrace.trace.lifecycle.state import Lot
from packtrace.trace.times import format_time

READ = {"read_by": "camera", "condition": "intact"}


def paper(*kinds: str) -> list[dict[str, Any]]:
    """Documents of these kinds."""
    return [
        {"kind": kind, "sha256": digest_of(kind), "media_type": "application/pdf", "bytes": 9}
        for kind in kinds
    ]


def legacy(number: int, level: str = "P") -> str:
    """A code of a maker that nobody enrolled."""
    return f"battery:gbt34014:001{level}B240000003B3C{number:07d}"


class Firms:
    """A court, with Ann and Bob in Shenzhen, who may be anything, and statements in few words."""

    def __init__(self) -> None:
        self.scene = Scene()
        self.court = Court(self.scene)
        self.ann = self.enrol("ann", 31, *words.CUSTODIAL, vendor_codes=("0AN",))
        self.bob = self.enrol("bob", 32, *words.CUSTODIAL)

    def enrol(self, name: str, number: int, *roles: str, **changes: Any) -> Party:
        """Enrol a party with a licence to open packs and a site."""
        vendor_codes = changes.pop("vendor_codes", ())
        party = self.scene.party(name, number, *roles, vendor_codes=vendor_codes)
        licensed = {"number": "1", "scope": [words.OPEN_PACKS]}
        data = {
            "roles": [{"role": role, "licence": licensed} for role in roles],
            "sites": [{"site": "yard", "region": "CN-440300"}],
        }
        self.court.admit(self.scene.enrolled(party, **(data | changes)))
        self.court.admit(self.scene.key_added(party, party.key))
        return party

    def say(self, who: Party, kind: str, sub: str, /, **data: Any) -> str:
        """Sign the next statement of a chain."""
        return self.scene.sign(who, kind, sub, data)

    def did(self, who: Party, kind: str, sub: str, /, **data: Any) -> str:
        """Sign it and have it admitted."""
        text = self.say(who, kind, sub, **data)
        self.court.admit(text)
        return text

    def answer(self, *group: str) -> str:
        """How a group is answered; heads stay as they were where it is refused."""
        code = self.court.refusal(*group)
        if code != "accepted":
            self.rewind()
        return code

    def tried(self, who: Party, kind: str, sub: str, /, **data: Any) -> str:
        """Sign a statement and say how it is answered."""
        return self.answer(self.say(who, kind, sub, **data))

    def rewind(self) -> None:
        """Sign on from where the log stands."""
        known = ((sub, self.court.world.chain(sub)) for sub in self.scene.heads)
        self.scene.heads = {sub: (chain.seq, chain.head) for sub, chain in known if chain}

    def have(self, who: Party, sub: str, stage: str = "removed", role: str = "repairer", **data: Any) -> str:
        """Somebody registers what it holds."""
        said = {"stage": stage, "capacity": role, "holder": "signer", "basis": "legacy", "read_by": "typed"}
        return self.did(who, "battery.registered", sub, **(said | data))

    def offered(self, who: Party, to: Party, sub: str, role: str, **data: Any) -> str:
        """Somebody offers what it holds."""
        expires = format_time(self.court.now.replace(microsecond=0) + timedelta(days=30))
        return self.say(
            who, "handover.offered", sub, consignee=to.org, capacity=role, expires_at=expires, **data
        )

    def accepted(self, who: Party, sub: str, offered: str, role: str) -> str:
        """Somebody accepts what it was offered."""
        return self.say(who, "handover.accepted", sub, offer=event_id(offered), capacity=role, **READ)

    def handed(self, who: Party, to: Party, sub: str, role: str) -> str:
        """Offered and accepted; gives the acceptance."""
        offered = self.offered(who, to, sub, role)
        self.court.admit(offered)
        accepted = self.accepted(to, sub, offered, role)
        self.court.admit(accepted)
        return accepted

    def void(self, who: Party, sub: str, text: str, **data: Any) -> str:
        """A statement that undoes an event."""
        kind = f"{sub.partition(':')[0]}.voided"
        return self.say(who, kind, sub, event=event_id(text), reason="mis-scan", **data)

    def opened(
        self, who: Party, sub: str, *children: str, role: str = "pack_dismantler", **data: Any
    ) -> tuple[str, ...]:
        """A battery is opened, with these children and 90 g of loose cells, as a group."""
        mass = {"g": 9000, "basis": "measured"}
        out = [{"battery": child, "g": 10} for child in children]
        residues = [{"line": 1, "kind": "cells", "g": 90}, {"line": 2, "kind": "casing", "g": 50}]
        leader = self.say(who, "battery.dismantled", sub, mass=mass, children=out, residues=residues)
        told = {"parent": sub, "dismantled": event_id(leader), "capacity": role, "mass": mass} | data
        return leader, *(self.say(who, "battery.extracted", child, **told) for child in children)

    def repaired(self, who: Party, sub: str, **data: Any) -> str:
        """A statement that a battery was opened and repaired."""
        said = {"capacity": "repairer", "work": "parts_replaced", "opened": True}
        return self.say(who, "battery.repaired", sub, **(said | data))

    def fitted(self, who: Party, part: str, parent: str, leader: str) -> str:
        """A part goes in."""
        return self.say(who, "battery.fitted", part, parent=parent, leader=event_id(leader))

    def lot(self, sub: str) -> Lot:
        """What is true of a lot."""
        chain = self.court.world.chain(sub)
        assert chain is not None and isinstance(chain.state, Lot)
        return chain.state

    def codes(self) -> list[str]:
        """Codes of the remarks since the last time that somebody asked."""
        codes = [remark.code for remark in self.court.remarks]
        self.court.remarks.clear()
        return codes
