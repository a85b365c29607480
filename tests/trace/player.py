"""Somebody who tries everything: random statements of every type, each of the right shape and truly signed.

What is said is drawn from the compiled schemas, who says it and about what from a small world, so that the
same batteries, vehicles and batches meet again and again. About a third of it is lawful.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from packtrace.signing.base64url import b64url
from packtrace.signing.merkle import root_of
from packtrace.signing.possession import sign_possession
from packtrace.tests.scene import (
    Party,
    Scene,
    digest_of,
    ed25519_key,
    event_id,
    module_code,
    p256_key,
    pack_code,
)
from packtrace.tests.trace.court import Court
from packtrace.trace.lifecycle import words
from packtrace.trace.lifecycle.batches import batch_inputs
from packtrace.trace.lifecycle.consignments import consignment_offers
from packtrace.trace.lifecycle.keyring import key_use
from packtrace.trace.lifecycle.state import NO_LOT, Battery, Demand, Lot, Notes
from packtrace.trace.lifecycle.table import TABLE, row_of
from packtrace.trace.times import format_time

FOUNDING: Final = ("log.opened", "org.enrolled")
LAST: Final = ("log.sealed", "log.rules_adopted", "registrar.key_changed", "log.key_changed")
"""What would end the game, or the registrar's part in it."""
OUTPUTS: Final = ("black_mass", "copper", "aluminium", "steel", "slag")
VEHICLES: Final = ("vehicle:AAAAAAAAAAAAAAAAAAAAAA", "vehicle:BAAAAAAAAAAAAAAAAAAAAA")
LEADER: Final = ("installed", "removed", "dismantled", "leader", "linked")
"""Members in which a follower names its leader."""


class Player:
    """Plays one scene; the same seed gives the same statements."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.scene = Scene()
        self.court = Court(self.scene, found=False)
        self.began = self.court.now
        self.setting = self.scene.founding()
        self.all_round = [self.scene.party(f"all-round {n}", 20 + n, *words.CUSTODIAL) for n in range(2)]
        for party in self.all_round:
            licensed = {"number": "1", "scope": [words.OPEN_PACKS]}
            roles = [{"role": role, "licence": licensed} for role in (*party.roles, words.REGULATOR)]
            enrolled = self.scene.enrolled(
                party, roles=roles, sites=[{"site": "site-1", "region": "CN-440300"}]
            )
            self.setting += (enrolled, self.scene.key_added(party, party.key))
        for party in self.all_round:
            self.setting += self._yard(party)
        for text in self.setting:
            self.court.admit(text)
        self.parties: list[Party] = [*self.scene.members, *self.all_round]
        codes = [pack_code(1), pack_code(2), module_code(pack_code(1)), "001PB240000003B3C0000001"]
        codes += ["001MB240000003B3C0000002", "001CB240000003B3C0000003"]
        self.batteries = [f"battery:gbt34014:{code}" for code in codes]
        self.batteries += [f"battery:tag:{party.id}/{name}" for party in self.all_round for name in "apq"]
        self.batches = [f"batch:{party.id}/{name}" for party in self.all_round for name in "ab"]
        self.lots = [f"lot:{party.id}/{name}" for party in self.all_round for name in "abcd"]
        self.consignments = [f"consignment:{party.id}/{name}" for party in self.all_round for name in "ab"]
        self.models = [self.scene.model, *(f"model:{party.id}/m" for party in self.all_round)]
        self.events = [digest_of("an event that is not there")]
        self.keys = 0
        self.tried: Counter[str] = Counter()  # what was tried often is tried less

    def _yard(self, party: Party) -> list[str]:
        """A model, an open batch, and one that is closed and of which lots can be made."""
        published = {"name": {"en": "m"}, "category": "ev", "chemistry": "LFP", "level": "pack", "mass_g": 9}
        closed = {
            "inputs": {"count": 0, "g": 0, "root": b64url(root_of([]))},
            "outputs": [{"kind": kind, "g": 90} for kind in OUTPUTS],
            "losses": [],
        }
        batches = [f"batch:{party.id}/{name}" for name in "ab"]
        return [
            self.scene.sign(party, "model.published", f"model:{party.id}/m", published),
            *(self.scene.sign(party, "batch.opened", each, {"process": "direct"}) for each in batches),
            self.scene.sign(party, "batch.closed", batches[1], closed),
        ]

    def moves(self, count: int) -> Iterator[tuple[str, ...]]:
        """Groups to be admitted or refused; each is drawn when the one before it has been."""
        for _ in range(count):
            if self.random.random() < 0.1:
                self.court.later(hours=self.random.choice((1, 24, 24 * 20)))
            yield self._group()

    def _group(self) -> tuple[str, ...]:
        pick = self.random.choice
        row = pick([row for row in TABLE if row.type not in (*FOUNDING, *LAST)])
        name, sub = row.type, self._subject(row.chain)
        chance = self.random.random()
        if chance < 0.75:
            sub = pick(self._offered() or self.batteries if chance < 0.55 else self.lots)
            name = self._possible(sub)
        text, wanted = self._statement(name, sub, None)
        texts = [text]
        while wanted and len(texts) < 12:
            demand = wanted.pop(0)
            text, more = self._statement(demand.type, demand.subject, demand)
            texts.append(text)
            wanted[:0] = more
        if self.random.random() < 0.05:
            texts.pop(self.random.randrange(len(texts)))
        return tuple(texts) or (text,)

    def _possible(self, sub: str) -> str:
        """A type for which the battery or lot is in the right stage, and its offer open or not."""
        chain = self.court.world.chain(sub)
        known = chain.state if chain else None
        holding = known if isinstance(known, Battery | Lot) else NO_LOT
        kind = sub.partition(":")[0]
        offered = holding.offer is not None and self.court.now < holding.offer.expires_at
        follows = ("battery.fitted", "battery.taken_out", "battery.extracted", "lot.merged")
        rows = [
            row
            for row in TABLE
            if row.chain == kind and holding.stage in row.stages and row.type not in follows
        ]
        answers = ("handover.accepted", "handover.declined", "handover.withdrawn")
        likely = [
            row.type
            for row in rows
            if (row.offer != "bars" if offered else row.type not in answers)
            and (not row.type.endswith(".voided") or self.random.random() < 0.3)
            and (row.type != "battery.manufactured" or ":04Q" in sub)
        ]
        names = likely or [row.type for row in rows]
        name = max(names, key=lambda name: self.random.random() / (1 + self.tried[name]))
        self.tried[name] += 1
        return name

    def _statement(self, name: str, sub: str, demand: Demand | None) -> tuple[str, list[Demand]]:
        """One signed statement, and what it demands of the leaves after it."""
        row = row_of(name, sub)
        party = self._signer(sub, demand)
        data = self._data(name, sub, demand, party)
        uses = {key_use(by) for by in row.by}
        registrar = "sign" not in uses and "registrar" in uses
        if registrar or ("registrar" in uses and demand is None and self.random.random() < 0.2):
            party, key = self.scene.registrar, self.scene.registrar.key
        else:
            key = party.admin if "admin" in uses else party.key
        chain = self.court.world.chain(sub)
        self.scene.heads[sub] = (chain.seq, chain.head) if chain else (-1, "")
        prev = self.events[0] if self.random.random() < 0.02 and chain else None
        text = self.scene.sign(party, name, sub, data, key=key, prev=prev)
        self.events.append(event_id(text))
        self.events = self.events[:1] + self.events[-60:]
        leader = event_id(text)
        wanted = [Demand(kind, subject, leader, party.org) for kind, subject in self._led(name, data)]
        if name.endswith(".voided"):
            for reference in self.court.world.references_to(data["event"]):
                kind = reference.subject.partition(":")[0]
                if kind in ("battery", "vehicle", "lot"):
                    wanted.append(
                        Demand(f"{kind}.voided", reference.subject, leader, party.org, reference.event)
                    )
        return text, wanted

    def _offered(self) -> list[str]:
        """What has an open offer, every other time."""
        known = ((each, self.court.world.chain(each)) for each in (*self.batteries, *self.lots))
        offered = [
            each
            for each, chain in known
            if chain
            and isinstance(chain.state, Battery | Lot)
            and chain.state.offer
            and self.court.now < chain.state.offer.expires_at
        ]
        return offered if self.random.random() < 0.5 else []

    def _led(self, name: str, data: Mapping[str, Any]) -> list[tuple[str, str]]:
        """What must follow it in its group."""
        match name:
            case "battery.installed":
                return [("vehicle.fitted", data["vehicle"])]
            case "battery.removed" if "vehicle" in data:
                return [("vehicle.taken_out", data["vehicle"])]
            case "battery.dismantled":
                return [("battery.extracted", child["battery"]) for child in data["children"]]
            case "identity.linked":
                chain = self.court.world.chain(data["battery"])
                return [] if chain and chain.state else [("battery.registered", data["battery"])]
            case "lot.split":
                return [("lot.made", share["lot"]) for share in data["into"]]
            case "lot.made":
                return [("lot.merged", lot) for lot in data.get("lots", ())]
            case _:
                out = [("battery.taken_out", part) for part in data.get("took_out", ())]
                return out + [("battery.fitted", part) for part in data.get("put_in", ())]

    def _subject(self, kind: str) -> str:
        pick = self.random.choice
        match kind:
            case "battery":
                return pick(self.batteries)
            case "vehicle":
                return pick(VEHICLES)
            case "batch":
                return pick(self.batches)
            case "lot":
                return pick(self.lots)
            case "consignment":
                return pick(self.consignments)
            case "model":
                return pick(self.models)
            case "org":
                return pick(self.parties[:4]).org
            case "keys":
                return f"keys:{pick(self.parties).id}"
            case "log":
                return f"log:{self.scene.origin}"
            case _:
                named = [*self.batteries, *VEHICLES, *self.lots, *self.batches, *self._orgs()]
                known = [each for each in named if self.court.world.chain(each)]
                return f"notes:{pick(known if self.random.random() < 0.9 else named)}"

    def _orgs(self) -> list[str]:
        return [party.org for party in self.parties]

    def _signer(self, sub: str, demand: Demand | None) -> Party:
        """Mostly who may: leads the group, holds the battery, is offered it, or is named by the subject."""
        named = [party for party in self.parties if demand and demand.signer == party.org]
        chain = self.court.world.chain(sub)
        if chain and isinstance(chain.state, Battery | Lot):
            offer = chain.state.offer
            holders = {chain.state.custodian, offer.consignee if offer else ""}
            named = named or [party for party in self.parties if party.org in holders]
        else:
            makers = [party for party in self.parties if ":04Q" in sub and "04Q" in party.vendor_codes]
            named = named or makers
        named = named or [party for party in self.parties if party.id in sub]
        return self.random.choice(named if named and self.random.random() < 0.9 else self.all_round)

    def _data(self, name: str, sub: str, demand: Demand | None, party: Party) -> dict[str, Any]:
        schema = self.scene.rules.shapes._shape(name).schema["properties"]["data"]
        data: dict[str, Any] = self._value(schema, "data")
        chain = self.court.world.chain(sub)
        past = self.court.world.past(sub.removeprefix("notes:"))
        known = chain.state if chain else None
        battery = known if isinstance(known, Battery | Lot) else Battery()
        sure: dict[str, Any] = {}
        if self.random.random() < 0.8:
            sure = {
                "offer": battery.offer.id if battery.offer else digest_of("none"),
                "event": past.event if past else digest_of("none"),
                "parent": sub,
            }
            if row_of(name, sub).acts_as and battery.capacity and self.random.random() < 0.6:
                sure["capacity"] = battery.capacity
            if battery.offer and name == "handover.accepted":
                sure["capacity"] = battery.offer.capacity
            if name == "battery.removed":
                data.pop("vehicle", None)
                if isinstance(battery, Battery) and battery.facts.vehicle:
                    data["vehicle"] = battery.facts.vehicle
            self._mend(name, sub, data, party)
        if demand:
            sure |= dict.fromkeys(LEADER, demand.leader) | {"event": demand.voids or digest_of("none")}
            named = [subject for subject, (_, head) in self.scene.heads.items() if head == demand.leader]
            sure |= {"battery": named[0], "parent": named[0]} if named else {}
            parent = self.court.world.chain(sure["parent"]) if "parent" in sure else None
            if parent and isinstance(parent.state, Battery) and parent.state.capacity:
                sure["capacity"] = parent.state.capacity
            if name == "lot.made":
                self._mend_share(data, sub, demand)
        data |= {member: value for member, value in sure.items() if member in data}
        if name == "key.added":
            data |= self._new_key(sub)
        return data

    def _mend(self, name: str, sub: str, data: dict[str, Any], party: Party) -> None:
        """Say what would be right, where a random word hardly ever is."""
        world, pick = self.court.world, self.random.choice
        evidence = [
            {"kind": kind, "sha256": digest_of(kind), "media_type": "image/jpeg", "bytes": 9}
            for kind in ("report", "contract", "customs", "photo")
        ]
        match name:
            case "battery.registered":
                for member in ("linked", "predecessor", "conflicts_with", "condition"):
                    data.pop(member, None)
                stage = pick(("waste", "waste", "removed", "removed", "in_vehicle", "swap_pool"))
                data |= {"stage": stage, "basis": "legacy", "holder": "signer"}
                if stage == "waste":
                    data["capacity"] = pick((words.PACK_DISMANTLER, words.RECYCLER, words.REPURPOSER))
                elif stage == "swap_pool":
                    data["capacity"] = words.SWAP_OPERATOR
                elif stage == "removed":
                    data["holder"] = pick(("signer", "nobody"))
            case "battery.returned":
                data |= {"stage": pick(("removed", "waste")), "capacity": words.DEALER}
            case "battery.moved" | "site.inspected":
                data["site"] = "site-1"
            case "battery.dismantled":
                tags = [each for each in self.batteries if party.id in each and not world.chain(each)]
                data["children"] = [{"battery": each, "g": 9} for each in tags if each != sub]
                data["residues"] = [{"line": 1, "kind": "cells", "g": 90}]
            case "battery.extracted":
                data.pop("listed", None)
            case "battery.used_in":
                data["product"] = f"battery:tag:{party.id}/{pick('pq')}"
            case "identity.linked":
                data["battery"] = pick(self.batteries)
            case "hold.lifted":
                notes = world.chain(sub)
                if notes and isinstance(notes.state, Notes) and notes.state.holds:
                    data["hold"] = notes.state.holds[0].event
            case "note.corrected":
                data["set"] = {"condition": "unknown"}
            case "battery.installed":
                data |= {"position": 1, "of": 2}
            case "vehicle.fitted":
                data |= {"packs": 2, "swap_model": False}
            case "custody.assigned":
                data |= {"party": pick(self.all_round).org, "capacity": words.COLLECTOR}
                data.pop("approvals", None)
            case "battery.voided" | "lot.voided" | "vehicle.voided":
                data.pop("approvals", None)
                data.pop("agreed", None)
            case "battery.manufactured" | "battery.repurposed":
                data["model"] = f"model:{party.id}/m" if party in self.all_round else self.scene.model
                for member in ("components_list", "components"):
                    data.pop(member, None)
                data["put_in"] = [each for each in self.batteries if "MB" in each][:1]
                if pick((True, False)):
                    data.pop("put_in")
                if name == "battery.repurposed":
                    named = [reference.event for reference in world.references_to(sub)]
                    data["sources"] = named or data["sources"]
            case "battery.repaired":
                data["opened"] = True
                for member in ("took_out", "put_in"):
                    data.pop(member, None)
                known = world.chain(sub)
                parts = known.state.facts.parts if known and isinstance(known.state, Battery) else ()
                if parts:
                    data["took_out"] = list(parts)
                elif pick((True, False)):
                    data["put_in"] = [pick(self.batteries)]
            case "battery.requalified" | "battery.exported" | "lot.exported":
                data["evidence"] = evidence
            case "battery.inspected":
                data.pop("clears_damage", None)
                if pick((True, False)):
                    data |= {"clears_damage": True, "condition": "intact", "evidence": evidence}
            case "lot.made":
                for member in ("parent", "dismantled", "line", "batch", "split", "lots"):
                    data.pop(member, None)
                self._mend_lot(data, party)
            case "lot.split":
                lot = self._lot(sub)
                first, second = self.random.sample([each for each in self.lots if party.id in each], 2)
                data["into"] = [{"lot": first, "g": 1}, {"lot": second, "g": max(1, lot.g - 1)}]
            case "lot.charged":
                data["mass"] = {"g": pick((1, max(1, self._lot(sub).g))), "basis": "measured"}
                data["batch"] = pick([each for each in self.batches if party.id in each] or self.batches)
            case "battery.recycled":
                data["batch"] = pick([each for each in self.batches if party.id in each] or self.batches)
            case "batch.closed":
                data["inputs"] = batch_inputs(world, sub)
                data["outputs"] = [{"kind": "black_mass", "g": 900}, {"kind": "copper", "g": 90}]
            case "consignment.dispatched":
                offered = consignment_offers(world, sub, self.court.now)
                data["consignee"] = offered.offers[0].consignee if offered.offers else data["consignee"]
                data["offers"] = {"count": max(1, offered.count), "root": offered.root}
                data["safety_check"] = {"passed": True}
            case "consignment.arrived":
                data["missing"] = []
            case "handover.offered":
                data["consignee"] = pick([each.org for each in self.all_round])
                data["expires_at"] = format_time((self.court.now + timedelta(days=9)).replace(microsecond=0))
                if pick((True, False)):
                    data["consignment"] = f"consignment:{party.id}/{pick('ab')}"
                data["packing"] = "damaged"
            case _:
                pass

    def _mend_lot(self, data: dict[str, Any], party: Party) -> None:
        """A source that is the party's: a line, an output, or two of its lots."""
        world = self.court.world
        held = [each for each in self.lots if self._lot(each).custodian == party.org]
        like = [each for each in held if self._lot(each).kind == self._lot(held[0]).kind]
        if len(like) > 1 and self.random.random() < 0.5:
            lots = [self._lot(each) for each in like]
            data |= {"lots": like, "kind": lots[0].kind, "chemistry": "mixed"}
            data["mass"] = {"g": sum(lot.g for lot in lots), "basis": "measured"}
            return
        for sub in self.random.sample(self.batteries, len(self.batteries)):
            chain = world.chain(sub)
            residues = chain.state.facts.residues if chain and isinstance(chain.state, Battery) else ()
            if chain and residues:
                data |= {"parent": sub, "dismantled": chain.head, "line": residues[0].line}
                data |= {"kind": residues[0].kind, "mass": {"g": residues[0].g, "basis": "measured"}}
                return
        batch = self.random.choice([each for each in self.batches if party.id in each] or self.batches)
        data |= {"batch": batch, "kind": self.random.choice(OUTPUTS), "mass": {"g": 90, "basis": "measured"}}

    def _mend_share(self, data: dict[str, Any], sub: str, demand: Demand) -> None:
        """A share of the lot that was split right before."""
        for member in ("parent", "dismantled", "line", "batch", "lots"):
            data.pop(member, None)
        data["split"] = demand.leader
        split = [each for each, (_, head) in self.scene.heads.items() if head == demand.leader]
        lot = self._lot(split[0]) if split else NO_LOT
        data["kind"] = lot.kind or data["kind"]
        if lot.chemistry:
            data["chemistry"] = lot.chemistry
        else:
            data.pop("chemistry", None)

    def _lot(self, sub: str) -> Lot:
        chain = self.court.world.chain(sub)
        return chain.state if chain and isinstance(chain.state, Lot) else NO_LOT

    def _new_key(self, sub: str) -> dict[str, Any]:
        self.keys += 1
        key = (p256_key if self.keys % 2 else ed25519_key)(f"player {self.keys}")
        chain = self.court.world.chain(sub)
        head = chain.head if chain else None
        possession = sign_possession(aud=self.scene.origin, sub=sub, head=head, signer=key)
        return {"jwk": key.public.jwk(), "possession": possession}

    def _value(self, schema: Mapping[str, Any], member: str) -> Any:
        """Anything that the schema allows."""
        pick = self.random.choice
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return pick(schema["enum"])
        match schema["type"]:
            case "object":
                required = schema.get("required", ())
                names = [name for name in schema["properties"] if name in required or pick((0, 0, 0, 1))]
                names = names or list(schema["properties"])[:1]
                return {name: self._value(schema["properties"][name], name) for name in names}
            case "array":
                most = min(schema["maxItems"], 3)
                size = self.random.randint(min(schema["minItems"], most), most)
                return [self._value(schema["items"], member) for _ in range(size)]
            case "integer":
                return pick((schema["minimum"], schema["maximum"], schema["minimum"] + 1))
            case "boolean":
                return pick((True, False))
        fits = [
            text
            for text in self._texts()
            if schema.get("minLength", 0) <= len(text) <= schema["maxLength"]
            and re.fullmatch(schema.get("pattern", "(?s).*"), text, re.ASCII)
        ]
        return pick(fits)

    def _texts(self) -> list[str]:
        """Every text that means something in this world, and some that should not."""
        now = self.court.now
        return [
            *self.events, *self.batteries, *VEHICLES, *self.batches, *(party.org for party in self.parties),
            *(party.key.public.kid for party in self.parties[:2]),
            *(format_time((now + timedelta(days=days)).replace(microsecond=0)) for days in (-9, 0, 9, 40)),
            *self.lots, *self.consignments, *self.models, "T" * 20,
            "2026-02-30T00:00:00Z", "org:duns:111111111", "CN-440300", "DE", "04Q", "99Z", "site-1", "LFP",
            "a", "x" * 500, "修理", "image/jpeg", "battery.inspected", "model:duns:111111111/m",
            "consignment:duns:111111111/c", "battery:gbt40098:AAAAAAAA", "open_packs", "a.a." + "A" * 86,
        ]  # fmt: skip
