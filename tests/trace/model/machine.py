"""Draws statements, lawful about half of the time, and holds what the ledger answers against the law."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from packtrace.signing.base64url import b64url
from packtrace.signing.disclosures import split_presentation
from packtrace.tests.deterministic_signer import published_seed
from packtrace.tests.ledger.node import Node, replay
from packtrace.tests.scene import Party, Scene, digest_of, event_id
from packtrace.tests.trace.court import Court
from packtrace.tests.trace.model import law, law_of_batteries, law_of_custody, law_of_vehicles
from packtrace.tests.verify.small_log import trust_of
from packtrace.trace.bundle.write import write_bundle
from packtrace.trace.ledger.home import Home
from packtrace.trace.ledger.ledger import Ledger, Submission
from packtrace.trace.lifecycle.state import Battery
from packtrace.trace.times import format_time
from packtrace.trace.verify.findings import Outcome
from packtrace.trace.verify.report import format_text
from packtrace.trace.verify.verify_source import verify_source

assert law_of_batteries and law_of_custody and law_of_vehicles  # they say their rules when they are read

FIRMS = {
    "collector": ("collector",),
    "swapper": ("swap_operator", "dealer"),
    "importer": ("importer", "dealer"),
    "repurposer": ("repurposer", "recycler"),
    "yard": ("vehicle_dismantler", "collector"),
}
STAGES = {
    "battery.taken_in": law.WASTE | {"in_vehicle", "removed", "lost"},
    "battery.found": {"lost"},
    "battery.released": {"in_vehicle", "removed"},
    "battery.rebooked": law.WASTE,
    "battery.lost": law.USABLE | law.WASTE,
    "battery.installed": {"manufactured", "removed"},
    "battery.removed": {"in_vehicle"},
    "battery.pooled": {"manufactured", "removed"},
    "battery.unpooled": {"swap_pool"},
    "battery.inspected": law.LIVE,
    "battery.incident": law.LIVE,
    "label.reissued": law.LIVE,
    "battery.retired": law.USABLE,
    "battery.requalified": law.WASTE,
    "battery.exported": law.USABLE | law.WASTE,
    "battery.returned": {"exported"},
    "battery.recycled": {"at_recycler"},
    "battery.dismantled": law.OPENABLE,
    "handover.offered": law.LIVE,
    "handover.accepted": law.LIVE,
    "handover.declined": law.LIVE,
    "handover.withdrawn": law.LIVE,
    "custody.assigned": law.LIVE,
    "battery.voided": law.LIVE | {"dismantled", "recycled", "exported"},
    "battery.manufactured": {"-"},
    "battery.registered": {"-"},
}
WEIGHTS = {"battery.manufactured": 2, "handover.offered": 4, "handover.accepted": 6, "battery.retired": 2}
TYPES = [name for name in STAGES for _ in range(WEIGHTS.get(name, 1))]
LEADERS = {
    "vehicle.fitted": "installed",
    "vehicle.taken_out": "removed",
    "battery.extracted": "dismantled",
}
MASS = {"g": 400_000, "basis": "measured", "scale_g": 500}


def paper(kind: str) -> dict[str, Any]:
    return {"kind": kind, "sha256": digest_of(kind), "media_type": "image/jpeg", "bytes": 9}


class Play:
    """One log, and the law beside it. Everything is drawn from `random`; the same draws give the same log."""

    def __init__(self, random: Random, folder: Path) -> None:
        self.random = random
        self.folder = folder
        self.scene = Scene()
        self.court = Court(self.scene, found=False)
        self.setting = self.scene.founding()
        more = [self.scene.party(name, 30 + at, *roles) for at, (name, roles) in enumerate(FIRMS.items())]
        for party in more:
            self.setting += [self.scene.enrolled(party), self.scene.key_added(party, party.key)]
        self.parties: list[Party] = [*self.scene.members, *more]
        recyclers = [party for party in self.parties if "recycler" in party.roles]
        self.batches = [f"batch:{party.id}/a" for party in recyclers]
        for party, batch in zip(recyclers, self.batches, strict=True):
            self.setting.append(self.scene.sign(party, "batch.opened", batch, {"process": "mixed"}))
        for text in self.setting:
            self.court.admit(text)
        self.world = law.new_world(self.scene.registrar.org, self.now)
        for party in self.parties:
            self.world["orgs"][party.org] = {
                "roles": {role: self._grant(role) for role in party.roles},
                "vendors": set(party.vendor_codes),
                "region": "CN-440300",
                "sites": set(),
                "suspended": False,
                "enrolled": (2026, 3, 2),
            }
        self.world["things"][self.scene.model] = {"stage": "published", "owner": self.scene.maker.org}
        for party, batch in zip(recyclers, self.batches, strict=True):
            self.world["things"][batch] = {"stage": "open", "owner": party.org, "custodian": law.NONE}
        self.queue: list[tuple[tuple[str, ...], Any, bool]] = []
        self.numbers = 0
        self.said: Counter[tuple[str, bool]] = Counter()

    def _grant(self, role: str) -> dict[str, Any]:
        return {"from": 0, "until": 1 << 62, "scope": ["open_packs"] if role == "pack_dismantler" else []}

    @property
    def now(self) -> int:
        return int(self.court.now.timestamp())

    # What is drawn.

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def pick(self, some: Any) -> Any:
        return self.random.choice(sorted(some) if isinstance(some, set) else list(some))

    def party(self, org: str) -> Party | None:
        return next((party for party in self.parties if party.org == org), None)

    def step(self) -> None:
        """One statement or group: told to the law and to the judge, who must agree."""
        if self.chance(6):
            self.court.later(hours=self.pick((1, 30, 24 * 4)))
        group = self._registry() if self.chance(4) else self._battery()
        self.compare(group)

    def compare(self, group: list[tuple[Party, str, str, dict[str, Any]]]) -> None:
        heads = dict(self.scene.heads)
        texts: list[str] = []
        events: list[law.Event] = []
        for party, name, sub, data in group:
            if name in LEADERS:
                data[LEADERS[name]] = event_id(texts[0])
            text = self.scene.sign(party, name, sub, data)
            told = dict(data)
            if name == "handover.offered":
                told["expires_at"] = self.until
            texts.append(text)
            events.append({"type": name, "sub": sub, "iss": party.org, "id": event_id(text), "data": told})
        self.world["now"] = self.now
        try:
            after, why = law.judge(self.world, events), ""
        except law.Refused as refused:
            after, why = None, str(refused)
        code = self.court.refusal(*texts)
        allowed = after is not None
        assert allowed == (code == "accepted"), f"law: {why or 'allowed'}; judge: {code}; {group}"
        if after is None:
            self.scene.heads = heads
        else:
            self.world = after
            for _, _, sub, _ in group:
                self.check_state(sub)
        self.said[group[0][1], allowed] += 1
        self.queue.append((tuple(texts), self.court.now, allowed))

    def check_state(self, sub: str, found: Any = None) -> None:
        """Stage, custodian, capacity and offer are the same in both."""
        if not sub.startswith("battery:"):
            return
        chain = found or self.court.world.chain(sub)
        state, told = chain.state or Battery(), law.thing(self.world, sub)
        assert (state.stage, state.custodian) == (told["stage"], told["custodian"]), sub
        if told["custodian"] not in (law.NOBODY, law.NONE):
            assert state.capacity == told["capacity"], sub
        # An offer that has expired is closed, whether a state still remembers it or not.
        offer = told.get("offer")
        stands = offer["id"] if offer and self.now < offer["until"] else None
        open_offer = state.offer.id if state.offer and self.court.now < state.offer.expires_at else None
        assert open_offer == stands, sub
        assert state.facts.damaged == told.get("damaged", False), sub

    def _registry(self) -> list[tuple[Party, str, str, dict[str, Any]]]:
        party = self.pick(self.parties)
        suspended = self.world["orgs"][party.org]["suspended"]
        lifts = suspended != self.chance(15)
        name = "org.reinstated" if lifts else "org.suspended"
        if not suspended and self.chance(50):
            return self._battery()
        who = self.scene.registrar
        return [(who, name, party.org, {"reason": "x"})]

    def _battery(self) -> list[tuple[Party, str, str, dict[str, Any]]]:
        name = self.pick(TYPES)
        things = {sub: at for sub, at in self.world["things"].items() if sub.startswith("battery:")}
        if name in ("battery.manufactured", "battery.registered") and self.chance(85):
            self.numbers += 1
            vendor = "04Q" if name == "battery.manufactured" or self.chance(20) else "001"
            date = "G61" if self.chance(20) else "BC4"
            sub = f"battery:gbt34014:{vendor}PB76836300J{date}{self.numbers:07d}"
        else:
            fits = [sub for sub, at in things.items() if at["stage"] in STAGES[name]]
            answers = name in ("handover.accepted", "handover.declined", "handover.withdrawn")
            fits = [sub for sub in fits if bool(things[sub].get("offer")) == answers] or fits
            sub = self.pick(fits if fits and self.chance(90) else list(things) or [self._first()])
        state = law.thing(self.world, sub)
        party = self._actor(name, sub, state)
        data = self._data(name, sub, state, party)
        group = [(party, name, sub, data)]
        if name in ("battery.installed", "battery.removed") and "vehicle" in data and self.chance(95):
            group.append((party, *self._vehicle(name, sub, data)))
        if name == "battery.dismantled":
            for child in data["children"]:
                told = {
                    "parent": sub, "dismantled": "", "mass": MASS,
                    "capacity": state.get("capacity", "recycler"),
                }  # fmt: skip
                if self.chance(95):
                    group.append((party, "battery.extracted", child["battery"], told))
        if name == "battery.voided":
            for other, named in self.world["names"].get(data["event"], ()):
                if self.chance(95):
                    kind = other.partition(":")[0]
                    group.append((party, f"{kind}.voided", other, {"event": named, "reason": "x"}))
        return group

    def _first(self) -> str:
        return "battery:gbt34014:001PB76836300JBC40000000"

    def _vehicle(self, name: str, sub: str, data: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
        vehicle = data["vehicle"]
        if name == "battery.removed":
            return "vehicle.taken_out", vehicle, {"battery": sub, "removed": ""}
        packs = data["of"] if self.chance(95) else data["of"] + 1
        told = {"battery": sub, "installed": "", "packs": packs, "swap_model": False}
        return "vehicle.fitted", vehicle, told

    def _actor(self, name: str, sub: str, state: law.State) -> Party:
        named = self.party(state["custodian"])
        offer = state.get("offer")
        if name in ("handover.accepted", "handover.declined") and offer:
            named = self.party(offer["consignee"])
        elif name == "battery.manufactured":
            named = self.scene.maker
        elif name == "battery.found":
            named = self.party(state.get("lost_by", ""))
        elif name == "battery.voided" and self.world["trails"].get(sub):
            named = self.party(self.world["trails"][sub][-1]["iss"])
            if self.chance(15):
                return self.scene.registrar
        elif name == "custody.assigned" and self.chance(85):
            return self.scene.registrar
        return named if named and self.chance(85) else self.pick(self.parties)

    def _capacity(self, party: Party, state: law.State) -> str:
        if self.chance(60) and state.get("capacity") in party.roles:
            return str(state["capacity"])
        roles = party.roles if party.roles and self.chance(90) else sorted(law.CUSTODIAL)
        return str(self.pick(roles))

    def _data(self, name: str, sub: str, state: law.State, party: Party) -> dict[str, Any]:
        capacity = self._capacity(party, state)
        offer = state.get("offer") or {"id": digest_of("none"), "capacity": "collector"}
        photo = {"evidence": [paper("photo")]} if self.chance(90) else {}
        read = {"read_by": "camera", "capacity": capacity} | photo
        match name:
            case "battery.manufactured":
                return {"model": self.scene.model, "chemistry": "LFP", "mass": MASS, "label": digest_of(sub)}
            case "battery.registered":
                stage = self.pick(("in_vehicle", "removed", "waste", "waste", "swap_pool", "manufactured"))
                holder = self.pick(("signer", "signer", "nobody"))
                return read | {"stage": stage, "holder": holder, "basis": "legacy"}
            case "battery.taken_in":
                return read | {"condition": "intact"}
            case "battery.removed":
                vehicle = {"vehicle": state["vehicle"]} if state.get("vehicle") and self.chance(95) else {}
                return read | {"reason": "repair"} | vehicle
            case "battery.returned":
                was = state.get("before", {"stage": "removed"})["stage"]
                likely = "waste" if was in law.WASTE else "removed"
                return read | {"stage": likely if self.chance(80) else self.pick(("waste", "in_vehicle"))}
            case "battery.found":
                return {"read_by": "camera"}
            case "battery.released":
                return {"reason": "sold"}
            case "battery.rebooked" | "battery.retired":
                return {"capacity": capacity} | ({"reason": "recall"} if name == "battery.retired" else {})
            case "battery.lost":
                return {"reason": "stolen"}
            case "battery.installed":
                vehicle = f"vehicle:{b64url(published_seed(f'car {self.random.randrange(40)}')[:16])}"
                return {"vehicle": vehicle, "position": 1, "of": 1}
            case "battery.inspected":
                if self.chance(50):
                    return {"condition": "intact", "clears_damage": True, "evidence": [paper("report")]}
                return {"condition": "intact"}
            case "battery.pooled" | "battery.unpooled":
                return {}
            case "battery.incident":
                return {"kind": "drop"}
            case "label.reissued":
                self.numbers += 1
                return {"label": digest_of(f"label {self.numbers}"), "reason": "damaged"}
            case "battery.requalified":
                papers = [paper("report"), paper("contract" if self.chance(90) else "photo")]
                told = {"operation": "re-used", "protection": "crate", "evidence": papers}
                return {"capacity": capacity} | told
            case "battery.exported":
                customs = {"evidence": [paper("customs")], "customs_number": "1"} if self.chance(90) else {}
                return {"destination": "DE", "reason": "sold"} | customs
            case "battery.recycled":
                return {"batch": self.pick(self.batches), "mass": MASS}
            case "battery.dismantled":
                child = sub.replace("PB7", "MB7") if self.chance(90) else sub
                children = [{"battery": child, "g": 300_000}] if self.chance(70) else []
                return {
                    "mass": MASS,
                    "children": children,
                    "residues": [{"line": 1, "kind": "casing", "g": 9}],
                }
            case "handover.offered":
                to = self.pick(self.parties)
                self.until = self.now + self.pick((1, 5, 30, 30, 300, 500)) * law.DAY
                expires = format_time(datetime.fromtimestamp(self.until, UTC))
                packing = {"packing": "damaged" if state.get("damaged") and self.chance(80) else "normal"}
                role = self._capacity(to, {})
                return {"consignee": to.org, "capacity": role, "expires_at": expires} | packing
            case "handover.accepted":
                role = offer["capacity"] if self.chance(80) else capacity
                told = {"mass": MASS, "condition": "intact", "read_by": "camera"}
                return {"offer": offer["id"], "capacity": role} | told
            case "handover.declined":
                return {"offer": offer["id"], "reason": "other"}
            case "handover.withdrawn":
                return {"offer": offer["id"]}
            case "custody.assigned":
                to = self.pick(self.parties)
                role = self.pick(to.roles)
                return {"party": to.org, "capacity": role, "basis": "court", "reason": "x"}
        trail = self.world["trails"].get(sub, ())
        at = -1 if len(trail) < 2 or self.chance(90) else -2
        return {"event": trail[at]["id"] if trail else digest_of("none"), "reason": "x"}

    # The ledger and the verifier.

    def finish(self) -> None:
        """Everything that was said is put to a ledger, which answers the same; its bundle verifies clean."""
        node = Node(Home.create(self.folder / "home", self.scene.origin), self.scene)
        first, *others = self.setting
        ledger = Ledger.create(node.home, first, node.signer, node.clock)
        node.opened.append(ledger)
        try:
            begun = ledger.append([Submission((text,)) for text in others])
            assert all(outcome.status == "accepted" for outcome in begun)
            node.now = self.court.now
            times = [at for _, at, _ in self.queue]
            outcomes = ledger.append(
                [Submission(texts) for texts, _, _ in self.queue], at=times, confirm_clock=True
            )
            for (texts, _, allowed), outcome in zip(self.queue, outcomes, strict=True):
                assert (outcome.status == "accepted") == allowed, (outcome, split_presentation(texts[0]))
            world, _ = replay(ledger)
            for sub in self.world["things"]:
                for place in (world, ledger.world()):
                    if place.chain(sub):
                        self.check_state(sub, place.chain(sub))
            write_bundle(ledger, self.folder / "bundle", vkeys=self.scene.log_key.vkeys)
        finally:
            node.close()
        report = verify_source(self.folder / "bundle", trust=trust_of(self.scene))
        assert report.outcome is Outcome.VERIFIED, format_text(report)
