"""Somebody who tries everything: random statements of every type, each of the right shape and truly signed.

What is said is drawn from the compiled schemas, who says it and about what from a small world, so that the
same batteries, vehicles and batches meet again and again. About a third of it is lawful.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

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
from packtrace.trace.lifecycle.keyring import key_use
from packtrace.trace.lifecycle.state import Battery, Demand
from packtrace.trace.lifecycle.table import ROWS
from packtrace.trace.times import format_time

FOUNDING: Final = ("log.opened", "org.enrolled")
VEHICLES: Final = ("vehicle:AAAAAAAAAAAAAAAAAAAAAA", "vehicle:BAAAAAAAAAAAAAAAAAAAAA")
LEADER: Final = ("installed", "removed", "dismantled")  # members in which a follower names its leader


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
            roles = [{"role": role, "licence": licensed} for role in party.roles]
            self.setting += (self.scene.enrolled(party, roles=roles), self.scene.key_added(party, party.key))
        for text in self.setting:
            self.court.admit(text)
        self.parties: list[Party] = [*self.scene.members, *self.all_round]
        codes = [pack_code(1), pack_code(2), module_code(pack_code(1)), "001PB240000003B3C0000001"]
        codes += ["001MB240000003B3C0000002", "001CB240000003B3C0000003"]
        self.batteries = [f"battery:gbt34014:{code}" for code in codes]
        self.batteries += [f"battery:tag:{party.id}/a" for party in self.all_round]
        self.batches = [f"batch:{party.id}/a" for party in (self.scene.recycler, self.all_round[0])]
        self.events = [digest_of("an event that is not there")]
        self.keys = 0

    def moves(self, count: int) -> Iterator[tuple[str, ...]]:
        """Groups to be admitted or refused; each is drawn when the one before it has been."""
        for _ in range(count):
            if self.random.random() < 0.1:
                self.court.later(hours=self.random.choice((1, 24, 24 * 20)))
            yield self._group()

    def _group(self) -> tuple[str, ...]:
        pick = self.random.choice
        name = pick([row.type for row in ROWS.values() if row.type not in FOUNDING])
        sub = self._subject(ROWS[name].chain)
        if self.random.random() < 0.85:
            sub = pick(self.batteries)
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
        """A type for which the battery is in the right stage, and its offer open or not."""
        chain = self.court.world.chain(sub)
        battery = chain.state if chain and isinstance(chain.state, Battery) else Battery()
        offered = battery.offer is not None and self.court.now < battery.offer.expires_at
        rows = [row for row in ROWS.values() if battery.stage in row.stages and not row.follows]
        answers = [row.type for row in rows if offered == (row.offer == "closed")]
        return self.random.choice(answers or [row.type for row in rows])

    def _statement(self, name: str, sub: str, demand: Demand | None) -> tuple[str, list[Demand]]:
        """One signed statement, and what it demands of the leaves after it."""
        row = ROWS[name]
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
        subjects: list[str] = []
        if name == "battery.installed" or (name == "battery.removed" and "vehicle" in data):
            subjects = [data["vehicle"]]
        elif name == "battery.dismantled":
            subjects = [child["battery"] for child in data["children"]]
        wanted = [Demand(row.leads, subject, leader, party.org) for subject in subjects]
        if name.endswith(".voided"):
            for reference in self.court.world.references_to(data["event"]):
                kind = reference.subject.partition(":")[0]
                if kind in ("battery", "vehicle"):
                    wanted.append(
                        Demand(f"{kind}.voided", reference.subject, leader, party.org, reference.event)
                    )
        return text, wanted

    def _subject(self, kind: str) -> str:
        pick = self.random.choice
        match kind:
            case "battery":
                return pick(self.batteries)
            case "vehicle":
                return pick(VEHICLES)
            case "batch":
                return pick(self.batches)
            case "org":
                return pick(self.parties[:4]).org
            case "keys":
                return f"keys:{pick(self.parties).id}"
            case "log":
                return f"log:{self.scene.origin}"
            case _:
                return f"notes:{pick([*self.batteries, *VEHICLES])}"

    def _signer(self, sub: str, demand: Demand | None) -> Party:
        """Mostly who may: leads the group, holds the battery, is offered it, or is named by the subject."""
        named = [party for party in self.parties if demand and demand.signer == party.org]
        chain = self.court.world.chain(sub)
        if chain and isinstance(chain.state, Battery):
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
        past = self.court.world.past(sub)
        battery = chain.state if chain and isinstance(chain.state, Battery) else Battery()
        sure: dict[str, Any] = {}
        if self.random.random() < 0.8:
            sure = {
                "offer": battery.offer.id if battery.offer else digest_of("none"),
                "event": past.event if past else digest_of("none"),
                "parent": sub,
            }
            if battery.offer and name == "handover.accepted":
                sure["capacity"] = battery.offer.capacity
            if name == "battery.removed":
                data.pop("vehicle", None)
                if battery.vehicle:
                    data["vehicle"] = battery.vehicle
        if demand:
            sure |= dict.fromkeys(LEADER, demand.leader) | {"event": demand.voids or digest_of("none")}
            named = [subject for subject, (_, head) in self.scene.heads.items() if head == demand.leader]
            sure |= {"battery": named[0], "parent": named[0]} if named else {}
            parent = self.court.world.chain(sure["parent"]) if "parent" in sure else None
            if parent and isinstance(parent.state, Battery) and parent.state.capacity:
                sure["capacity"] = parent.state.capacity
        data |= {member: value for member, value in sure.items() if member in data}
        if name == "key.added":
            data |= self._new_key(sub)
        return data

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
            "2026-02-30T00:00:00Z", "org:duns:111111111", "CN-440300", "DE", "04Q", "99Z", "site-1", "LFP",
            "a", "x" * 500, "修理", "image/jpeg", "battery.inspected", "model:duns:111111111/m",
            "consignment:duns:111111111/c", "battery:gbt40098:AAAAAAAA", "open_packs", "a.a." + "A" * 86,
        ]  # fmt: skip
