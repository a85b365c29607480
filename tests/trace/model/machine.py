"""Puts what is drawn to law, judge and ledger, which must answer alike."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from packtrace.signing.compact import format_compact
from packtrace.signing.disclosures import split_presentation
from packtrace.signing.jws import APPROVAL, EVENT, parse_jws, sign_jws
from packtrace.signing.keys import PrivateKey
from packtrace.tests.ledger.node import Node, replay
from packtrace.tests.ledger.test_rules import place_in_home
from packtrace.tests.scene import Party, Scene, ed25519_key, event_id
from packtrace.tests.trace.court import Court
from packtrace.tests.trace.test_log_chain import other_rules
from packtrace.tests.verify.small_log import trust_of
from packtrace.trace.bundle.write import write_bundle
from packtrace.trace.ledger.home import Home
from packtrace.trace.ledger.ledger import Ledger, Submission
from packtrace.trace.lifecycle.keyring import approval_digest
from packtrace.trace.lifecycle.state import Battery, Lot, Notes
from packtrace.trace.lifecycle.world import Memory
from packtrace.trace.rules.ruleset import RuleBook, RuleSet, format_rules
from packtrace.trace.statement import parse_event_jws
from packtrace.trace.verify.findings import Outcome
from packtrace.trace.verify.report import format_text
from packtrace.trace.verify.verify_source import verify_source

from . import (
    draws_of_batteries,
    draws_of_custody,
    draws_of_lots,
    draws_of_notes,
    draws_of_parts,
    draws_of_registry,
    judging,
    law,
)
from .draws import DRAWS, NO_EVENT, Draws, Group, Said
from .draws_of_registry import enrolment, new_key
from .law_of_keys import ADMIN
from .reasons import check_reason
from .stages import IN_PACK, NOBODY, NONE

AREAS = (
    draws_of_batteries, draws_of_custody, draws_of_lots, draws_of_notes, draws_of_parts, draws_of_registry,
)  # fmt: skip
"""They say what they draw when they are read."""
FIRMS = {
    "collector": ("collector",),
    "swapper": ("swap_operator", "dealer"),
    "importer": ("importer", "dealer"),
    "repurposer": ("repurposer", "recycler"),
    "yard": ("vehicle_dismantler", "collector"),
    "workshop": ("repairer", "vehicle_maker"),
}
WEIGHTS = {
    "battery.manufactured": 3, "battery.registered": 6, "handover.offered": 8, "handover.accepted": 10,
    "battery.retired": 2, "battery.taken_in": 3, "battery.dismantled": 3, "battery.recycled": 2,
    "lot.made": 3, "battery.installed": 2, "battery.removed": 2, "battery.voided": 3, "custody.assigned": 1,
}  # fmt: skip
JOINT = {
    "registrar.key_changed", "log.key_changed", "log.rules_adopted", "log.sealed", "org.enrolled",
    "org.changed", "org.suspended", "org.reinstated", "org.key_recovered", "custody.assigned",
    "battery.voided", "vehicle.voided", "lot.voided",
}  # fmt: skip


OTHER_RULES = (
    other_rules(void_hours=24, offer_least_days=1, unseen_labels_a_day=1, repair_needs_licence=0),
    other_rules(void_hours=200, offer_most_days=100, recovery_delay_days=1, unseen_labels_a_day=3),
)


def policy_of(rules: RuleSet) -> dict[str, int]:
    """The numbers of a rule set."""
    said = json.loads(rules.parts["policy.json"])["values"]
    return {name: value["value"] for name, value in said.items()}


class Play(Draws):
    """One log, and the law beside it. Everything is drawn from `random`; the same draws give the same log."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.scene = scene = Scene()
        self.court = Court(scene, found=False)
        self.rule_sets = [scene.rules, *OTHER_RULES]
        files = {rules.sha256: format_rules(rules) for rules in OTHER_RULES}
        self.court.world = Memory(scene.origin, scene.rules, RuleBook(scene.rules, files.get))
        policies = {rules.sha256: policy_of(rules) for rules in self.rule_sets}
        self.world = law.new_world(self.now, policies)
        self.keyring = {}
        self.begun = 0  # groups that were said before the first step
        self.said: Counter[tuple[str, bool]] = Counter()
        self.queue: list[tuple[tuple[str, ...], datetime, bool]] = []
        more = [scene.party(name, 30 + at, *roles) for at, (name, roles) in enumerate(FIRMS.items())]
        more[3].vendor_codes = ("0RP",)
        others = [scene.party("province", 41, "regulator"), scene.party("bavaria", 42, "regulator")]
        self.regulators = [scene.regulator, *others]
        self.parties = [*scene.members, *more, *self.regulators]
        self.spare = [scene.party("newcomer", 50 + at, "pack_dismantler", "dealer") for at in range(3)]
        for at, party in enumerate(self.spare):
            party.admin, party.key = ed25519_key(f"newcomer {at} admin"), ed25519_key(f"newcomer {at} key")
        self.registrars = [scene.registrar, scene.party("court", 71), scene.party("ministry", 72)]
        self._found()

    def _found(self) -> None:
        """The log is opened and everybody enrolled; then they have sites and licences to open packs."""
        scene = self.scene
        for text in scene.founding():
            self._put((text,), [False])
        for party in self.parties:
            if party.org not in self.world["orgs"]:
                self.compare([Said(scene.registrar, "org.enrolled", party.org, enrolment(self, party))])
                key = {"use": "sign", **new_key(self, f"keys:{party.id}", party.key)}
                self.compare([Said(party, "key.added", f"keys:{party.id}", key)])
        for party in scene.members:
            enrolled = enrolment(self, party)
            told = {name: enrolled[name] for name in ("roles", "sites")}
            self.compare([Said(scene.registrar, "org.changed", party.org, told)])
        for party, region in zip(self.regulators, ("CN-440300", "CN-440000", "DE-BY"), strict=True):
            self.compare([Said(scene.registrar, "org.changed", party.org, {"region": region})])
        for party in self.with_role("recycler"):
            self.compare([Said(party, "batch.opened", f"batch:{party.id}/first", {"process": "mixed"})])
        assert all(allowed for _, allowed in self.said), self.said
        self.begun = len(self.queue)

    @property
    def now(self) -> int:
        return int(self.court.now.timestamp())

    def step(self) -> None:
        """One statement or group: told to the law and to the judge, who must agree."""
        if self.chance(6):
            self.court.later(hours=self.pick((1, 1, 30, 24 * 4)))
        for party in list(self.spare):
            if party.org in self.world["orgs"]:
                self.spare.remove(party)
                self.parties.append(party)
        name = self._type()
        group = DRAWS[name](self, name)
        self.compare(self._spoiled(group))

    def _type(self) -> str:
        """Mostly a type that moves batteries on; else one that was seldom accepted."""
        if self.chance(45):
            return self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        fewest = sorted(DRAWS, key=lambda name: self.random.random() * (2 + self.said[name, True]))
        return fewest[0]

    def _spoiled(self, group: Group) -> Group:
        """The group, seldom without one of its members, or signed with another key."""
        if len(group) > 1 and self.chance(3):
            group = [said for said in group if said is not group[self.random.randrange(1, len(group))]]
        elif len(group) > 1 and self.chance(4):
            at = self.random.randrange(1, len(group))
            group = [*group[:at], self._misnaming(group[at]), *group[at + 1 :]]
        elif self.chance(6):
            said = group[0]
            group = [said._replace(key=self._other_key(said.party)), *group[1:]]
        elif self.chance(4):
            group = [group[0]._replace(claims=self._claims(group[0].sub)), *group[1:]]
        return group

    def _misnaming(self, said: Said) -> Said:
        """A follower that names another leader, or another thing."""
        names = [name for name in said.data if name in ("battery", "parent", "into")]
        name = self.likely([name for name in said.data if said.data[name] == "@0"], names, 60)
        if name is None:
            return said
        kind = str(said.data[name]).partition(":")[0]
        other = NO_EVENT if kind == "@0" else self.pick(self.things(f"{kind}:") or [said.data[name]])
        return said._replace(data={**said.data, name: other})

    def _claims(self, sub: str) -> dict[str, Any]:
        """Another place, another event before it, or a time that is not yet, or hardly."""
        number, _ = self.world["heads"].get(sub, (-1, ""))
        ahead = self.time(self.now + self.pick((200, 400)))
        places = ({"seq": number}, {"seq": number + 2}, {"prev": NO_EVENT}) if number > 0 else ()
        claims: dict[str, Any] = self.pick((*places, {"occurred_at": ahead}, {"occurred_at": ahead}))
        return claims

    def _other_key(self, party: Party) -> PrivateKey:
        """A key of the same party, or of anybody."""
        found = self.world["keys"].items()
        own = [self.keyring[kid] for kid, key in found if key["org"] == party.org and kid in self.keyring]
        others = [party.admin, party.key, self.pick(self.parties).key, *self.keyring.values()]
        key: PrivateKey = self.likely(own, others, 70)
        return key

    def compare(self, group: Group) -> None:
        """The group is signed, and put to law and judge."""
        texts: list[str] = []
        for said in group:
            texts.append(self._signed(said, [event_id(text) for text in texts]))
        self._put(tuple(texts), [said.forged for said in group])

    def _signed(self, said: Said, ids: list[str]) -> str:
        """A statement with the ids of the events before it in its group, and the approvals that it needs."""
        usual = said.party.admin if said.type in ADMIN else said.party.key
        key = said.key or usual
        data = {name: _filled(value, ids) for name, value in said.data.items()}
        before = self.scene.heads.get(said.sub)
        text = self.scene.sign(said.party, said.type, said.sub, data, key=key, **said.claims)
        if said.type not in JOINT or key.public.kid not in self.world["log"].get("registrars", ()):
            return text
        now = self.world["log"]["registrars"]
        others = [each.key for each in self.registrars if each.key.public.kid in now]
        chosen = [other for other in others if other is not key and self.chance(85)]
        chosen += [self.pick(self.registrars).key] if self.begun and self.chance(2) else []
        if not chosen:
            return text
        value = parse_event_jws(text).value
        claim = {"aud": self.scene.origin, "statement": approval_digest(value)}
        approvals = [sign_jws(format_compact(claim), other, APPROVAL) for other in chosen]
        text = sign_jws(format_compact(value | {"data": data | {"approvals": approvals}}), key, EVENT)
        self.scene.heads[said.sub] = (before[0] + 1 if before else 0, event_id(text))
        return text

    def _put(self, texts: tuple[str, ...], forged: list[bool]) -> None:
        events = [_event(text, made) for text, made in zip(texts, forged, strict=True)]
        self.world["now"] = self.now
        try:
            after, why, code = judging.judge(self.world, events), "allowed", ""
        except law.Refused as refused:
            after, why, code = None, str(refused), refused.code
        said = self.court.refusal(*texts)
        allowed = after is not None
        shown = [(event["type"], event["sub"], event["iss"], event["data"]) for event in events]
        assert allowed == (said == "accepted"), f"law: {why}; judge: {said}; {shown}"
        assert not code or code == said, f"law: {why} ({code}); judge: {said}; {shown}"
        if not allowed and len(events) == 1:
            check_reason(self.world, events[0], said)
        if after is not None:
            self.world = after
            for event in events:
                self.check_state(event["sub"])
        for sub in {event["sub"] for event in events}:
            number, head = self.world["heads"].get(sub, (-1, ""))
            self.scene.heads[sub] = (number, head)
        counted = events if allowed else events[:1]
        for event in counted:
            self.said[event["type"], allowed] += 1
        self.queue.append((texts, self.court.now, allowed))

    def check_state(self, sub: str, found: Any = None) -> None:
        """What can be held is at the same stage, with the same holder, in both tellings; so are its bars."""
        chain: Any = found or self.court.world.chain(sub)
        told = law.thing(self.world, sub)
        if sub.startswith("notes:"):
            notes, about = chain.state, sub.removeprefix("notes:")
            assert isinstance(notes, Notes)
            assert {hold.event for hold in notes.holds} == set(self.world["holds"].get(about, {})), sub
            assert bool(notes.contested) == self.world["contested"].get(about, False), sub
        if not sub.startswith(("battery:", "lot:")):
            return
        state = chain.state or (Battery() if sub.startswith("battery:") else Lot())
        assert isinstance(state, Battery | Lot)
        assert (state.stage, state.custodian) == (told["stage"], told["custodian"]), sub
        if told["custodian"] not in (NOBODY, NONE) and told["stage"] != IN_PACK:
            assert state.capacity == told["capacity"], sub
        # An offer that has expired is closed, whether a state still remembers it or not.
        offer = told.get("offer")
        stands = offer["id"] if offer and self.now < offer["until"] else None
        open_offer = state.offer.id if state.offer and self.court.now < state.offer.expires_at else None
        assert open_offer == stands, sub
        if isinstance(state, Lot):
            assert state.g == told.get("g", 0), sub
            return
        assert state.facts.damaged == told.get("damaged", False), (sub, state, told)
        assert set(state.facts.parts) == set(told.get("parts", ())), (sub, state, told)

    def seal(self) -> None:
        """The log is sealed, and nothing follows."""
        log = f"log:{self.scene.origin}"
        for party in (self.parties[0], *self.registrars, *self.registrars, *self.registrars):
            if not self.world["log"]["sealed"]:
                self.compare([Said(party, "log.sealed", log, {"reason": "x"})])
        for _ in range(20):
            self.step()

    # The ledger and the verifier.

    def finish(self, folder: Path) -> None:
        """Everything that was said is put to a ledger, which answers the same; its bundle verifies clean."""
        node = Node(Home.create(folder / "home", self.scene.origin), self.scene)
        for rules in OTHER_RULES:
            place_in_home(node, rules)
        ((first,), _, _), *others = self.queue
        ledger = Ledger.create(node.home, first, node.signer, node.clock)
        node.opened.append(ledger)
        try:
            node.now = self.court.now
            times = [at for _, at, _ in others]
            submissions = [Submission(texts) for texts, _, _ in others]
            outcomes = ledger.append(submissions, at=times, confirm_clock=True)
            for (texts, _, allowed), outcome in zip(others, outcomes, strict=True):
                assert (outcome.status == "accepted") == allowed, (outcome, split_presentation(texts[0]))
            world, _ = replay(ledger)
            for sub in self.world["things"]:
                for place in (world, ledger.world()):
                    if place.chain(sub):
                        self.check_state(sub, place.chain(sub))
            write_bundle(ledger, folder / "bundle", vkeys=self.scene.log_key.vkeys, adopted=ledger.adopted())
        finally:
            node.close()
        report = verify_source(folder / "bundle", trust=trust_of(self.scene))
        assert report.outcome is Outcome.VERIFIED, format_text(report)


def _filled(value: Any, ids: list[str]) -> Any:
    return ids[int(value[1:])] if isinstance(value, str) and value[:1] == "@" and ids else value


def _event(text: str, forged: bool) -> law.Event:
    """What the law is told of an event."""
    jws = parse_event_jws(split_presentation(text)[0])
    approvals = jws.value["data"].get("approvals", ())
    approving = [parse_jws(approval, typ=APPROVAL).kid for approval in approvals]
    return {**jws.value, "id": jws.id, "kid": jws.kid, "forged": forged, "approved_by": approving}
