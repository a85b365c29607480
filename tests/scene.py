"""A small world of test organisations, whose signed events ledger and verifier are tested with.

Every key is published: its seed is the SHA-256 of a name. Nonces come from a counter, so that a scene that is
played again gives the same bytes, but for the signatures of P-256 keys.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from stdnum.cn import uscc

from packtrace.signing.base64url import b64url, parse_b64url
from packtrace.signing.compact import format_compact
from packtrace.signing.disclosures import format_presentation, withhold
from packtrace.signing.jws import EVENT, parse_jws, sign_jws
from packtrace.signing.keys import PrivateKey, private_key_from_scalar, private_key_from_seed
from packtrace.signing.log_key import LogKey
from packtrace.signing.merkle import leaf_hash, root_of
from packtrace.signing.note import format_vkey
from packtrace.signing.possession import sign_possession
from packtrace.tests.deterministic_signer import published_seed
from packtrace.trace.rules.ruleset import RuleSet, load_rules
from packtrace.trace.times import format_time

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MODEL_MASS_G = 438_000
VIN = "LSVAA4187E2184847"


def ed25519_key(name: str) -> PrivateKey:
    """The published Ed25519 key of a name."""
    return private_key_from_seed(published_seed(name))


def p256_key(name: str) -> PrivateKey:
    """The published P-256 key of a name; its signatures differ from one call to the next."""
    return private_key_from_scalar(int.from_bytes(published_seed(name), "big") >> 1)


def uscc_of(number: int) -> str:
    """A unified social credit code whose check character fits."""
    stem = f"91440300MA5{number:06d}"
    return stem + uscc.calc_check_digit(stem)


def pack_code(number: int) -> str:
    """A code of GB/T 34014 with the vendor code of `Scene.maker`."""
    return f"04QPB76836300JBC4{number:07d}"


def module_code(code: str) -> str:
    """The code of the one module in a pack."""
    return f"{code[:3]}M{code[4:]}"


@dataclass(slots=True)
class Party:
    """An organisation, its roles, and its keys."""

    name: str
    org: str
    roles: tuple[str, ...]
    admin: PrivateKey
    key: PrivateKey  # signs its statements
    vendor_codes: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """``<scheme>:<id>``, as in the names of its batches and keys."""
        return self.org.removeprefix("org:")


@dataclass
class Scene:
    """Organisations around one log, and the heads of the chains as far as they have signed."""

    origin: str = "log.packtrace.example/test"
    purpose: str = "demonstration"
    at: datetime = START  # claimed by events that say no other time
    rules: RuleSet = field(default_factory=load_rules)
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)
    nonces: int = 0

    def __post_init__(self) -> None:
        self.registrar = self.party("registrar", 1)
        self.registrar.admin = self.registrar.key  # a registrar has one key, which `log.opened` names
        self.maker = self.party("maker", 2, "battery_maker", "vehicle_maker", vendor_codes=("04Q",))
        self.garage = self.party("garage", 3, "repairer", "dealer")
        self.dismantler = self.party("dismantler", 4, "pack_dismantler", "vehicle_dismantler")
        self.recycler = self.party("recycler", 5, "recycler")
        self.regulator = self.party("regulator", 7, "regulator")

    @property
    def members(self) -> tuple[Party, ...]:
        """Everybody who is enrolled from the start."""
        return (self.maker, self.garage, self.dismantler, self.recycler)

    @property
    def log_key(self) -> LogKey:
        """Both keys of the log."""
        return LogKey.from_seeds(
            self.origin,
            ed25519_seed=published_seed(f"ed25519 {self.origin}"),
            ml_dsa_44_seed=published_seed(f"ml-dsa-44 {self.origin}"),
        )

    def party(self, name: str, number: int, *roles: str, vendor_codes: tuple[str, ...] = ()) -> Party:
        """An organisation that nobody has enrolled yet."""
        admin, key = ed25519_key(f"{name} admin"), ed25519_key(f"{name} key")
        return Party(name, f"org:uscc:{uscc_of(number)}", roles, admin, key, vendor_codes)

    def sign(
        self,
        org: Party,
        type: str,
        sub: str,
        data: dict[str, Any],
        /,
        *,
        occurred_at: datetime | str | None = None,
        seq: int | None = None,
        prev: str | None = None,
        key: PrivateKey | None = None,
        **override: Any,
    ) -> str:
        """Sign a statement as the next of its chain.

        Args:
            seq: Another place than the next; then the heads stay as they are. So does `prev`.
            key: Signs in place of the organisation's key.
            override: Members of the payload to set to something else; None leaves one out.
        """
        self.nonces += 1
        nonce = hashlib.sha256(f"{self.origin} nonce {self.nonces}".encode()).digest()[:16]
        last, head = self.heads.get(sub, (-1, None))
        place = last + 1 if seq is None else seq
        before = head if prev is None else prev
        claimed = self.at if occurred_at is None else occurred_at
        payload = {
            "v": 1,
            "aud": self.origin,
            "nonce": b64url(nonce),
            "type": type,
            "sub": sub,
            "seq": place,
            "prev": before if place else None,
            "iss": org.org,
            "occurred_at": claimed if isinstance(claimed, str) else format_time(claimed),
            "data": data,
        } | override
        text = sign_jws(
            format_compact({name: value for name, value in payload.items() if value is not None}),
            key or org.key,
            EVENT,
        )
        if seq is None and prev is None:
            self.heads[sub] = (place, event_id(text))
        return text

    def founding(self) -> list[str]:
        """The log is opened, everybody enrolled, everybody's key added, a model published: 10 events."""
        events = [self.log_opened()]
        for party in self.members:
            events += (self.enrolled(party), self.key_added(party, party.key))
        return [*events, self.model_published()]

    def log_opened(self, **changes: Any) -> str:
        """The first event of the log."""
        sub, registrar = f"log:{self.origin}", self.registrar
        data = {
            "purpose": self.purpose,
            "registrars": [{"org": registrar.org, **self._new_key(registrar.key, sub)}],
            "threshold": 1,
            "log_keys": [format_vkey(vkey) for vkey in self.log_key.vkeys],
            "rules": {"name": self.rules.name, "sha256": self.rules.sha256},
        }
        return self.sign(registrar, "log.opened", sub, data | changes)

    def enrolled(self, party: Party, **changes: Any) -> str:
        """The registrar enrols an organisation."""
        data: dict[str, Any] = {
            "name": {"en": party.name},
            "region": "CN-440300",
            "roles": [
                {"role": role, "licence": {"number": f"L-{role}", "scope": ["open_packs"]}}
                if role == "pack_dismantler"
                else {"role": role}
                for role in party.roles
            ],
            "admin": self._new_key(party.admin, party.org),
        }
        if party.vendor_codes:
            data["vendor_codes"] = list(party.vendor_codes)
        return self.sign(self.registrar, "org.enrolled", party.org, data | changes)

    def key_added(self, party: Party, key: PrivateKey, **changes: Any) -> str:
        """An organisation adds a key of its own."""
        sub = f"keys:{party.id}"
        data = {"use": "sign", **self._new_key(key, sub)}
        return self.sign(party, "key.added", sub, data | changes, key=party.admin)

    def key_revoked(self, party: Party, key: PrivateKey, reason: str = "lost") -> str:
        """An organisation revokes a key of its own."""
        data = {"kid": key.public.kid, "reason": reason}
        return self.sign(party, "key.revoked", f"keys:{party.id}", data, key=party.admin)

    @property
    def model(self) -> str:
        """The maker's one model."""
        return f"model:{self.maker.id}/LFP-438"

    def model_published(self, **changes: Any) -> str:
        """The maker says what is true of all its packs."""
        data = {
            "name": {"en": "LFP 438"},
            "category": "ev",
            "chemistry": "LFP",
            "level": "pack",
            "mass_g": MODEL_MASS_G,
        }
        return self.sign(self.maker, "model.published", self.model, data | changes)

    def manufactured(self, code: str, **changes: Any) -> str:
        """The maker makes a pack."""
        data = {
            "model": self.model,
            "chemistry": "LFP",
            "mass": {"g": MODEL_MASS_G, "basis": "nameplate"},
            "label": digest_of(f"label {code}"),
        }
        return self.sign(self.maker, "battery.manufactured", f"battery:gbt34014:{code}", data | changes)

    def inspected(self, org: Party, code: str, **override: Any) -> str:
        """The cheapest event that a custodian may repeat."""
        return self.sign(
            org, "battery.inspected", f"battery:gbt34014:{code}", {"condition": "intact"}, **override
        )

    def handed_over(
        self, sub: str, consignor: Party, consignee: Party, capacity: str
    ) -> list[tuple[str, ...]]:
        """An offer and its acceptance."""
        offered = self.sign(
            consignor,
            "handover.offered",
            sub,
            {
                "consignee": consignee.org,
                "capacity": capacity,
                "expires_at": format_time(self.at + timedelta(days=30)),
            },
        )
        accepted = {
            "offer": event_id(offered),
            "capacity": capacity,
            "mass": {"g": MODEL_MASS_G, "basis": "measured", "scale_g": 500},
            "condition": "intact",
            "read_by": "camera",
        }
        return [(offered,), (self.sign(consignee, "handover.accepted", sub, accepted),)]

    def installed(self, code: str) -> tuple[str, str]:
        """The pack goes into a vehicle of its own: a group of two, the VIN withheld."""
        sub, vehicle = f"battery:gbt34014:{code}", f"vehicle:{b64url(published_seed(code)[:16])}"
        installed = self.sign(
            self.maker, "battery.installed", sub, {"vehicle": vehicle, "position": 1, "of": 1}
        )
        slot, disclosure = withhold(VIN, published_seed(f"salt {code}")[:16])
        data = {
            "battery": sub,
            "installed": event_id(installed),
            "vin": slot,
            "packs": 1,
            "swap_model": False,
        }
        fitted = self.sign(self.maker, "vehicle.fitted", vehicle, data)
        return installed, format_presentation(fitted, [disclosure])

    def life_of_a_pack(self, code: str) -> list[tuple[str, ...]]:
        """From manufacture to the closed batch, as groups in order.

        Made, installed in a vehicle, retired, handed to the dismantler and opened; its one module goes to the
        recycler and ends in a batch. Most groups are single events; texts with a withheld VIN carry the
        disclosure, ``JWS~disclosure~``.
        """
        sub, module = f"battery:gbt34014:{code}", f"battery:gbt34014:{module_code(code)}"
        batch, module_g = f"batch:{self.recycler.id}/{code}", 400_000
        groups: list[tuple[str, ...]] = [(self.manufactured(code),), self.installed(code)]
        retired = {"capacity": "vehicle_maker", "reason": "vehicle_scrapped"}
        groups.append((self.sign(self.maker, "battery.retired", sub, retired),))
        groups += self.handed_over(sub, self.maker, self.dismantler, "pack_dismantler")
        dismantled = self.sign(
            self.dismantler,
            "battery.dismantled",
            sub,
            {
                "mass": {"g": MODEL_MASS_G, "basis": "measured"},
                "children": [{"battery": module, "g": module_g}],
                "residues": [{"line": 1, "kind": "casing", "g": MODEL_MASS_G - module_g}],
            },
        )
        extracted = self.sign(
            self.dismantler,
            "battery.extracted",
            module,
            {
                "parent": sub,
                "dismantled": event_id(dismantled),
                "capacity": "pack_dismantler",
                "mass": {"g": module_g, "basis": "measured"},
            },
        )
        groups.append((dismantled, extracted))
        groups += self.handed_over(module, self.dismantler, self.recycler, "recycler")
        groups.append((self.sign(self.recycler, "batch.opened", batch, {"process": "hydrometallurgical"}),))
        charged = {"batch": batch, "mass": {"g": module_g, "basis": "measured"}}
        recycled = self.sign(self.recycler, "battery.recycled", module, charged)
        groups += [(recycled,), (self.batch_closed(batch, [recycled], module_g),)]
        return groups

    def regulator_enrolled(self) -> list[tuple[str, ...]]:
        """An authority joins, which only few scenes need."""
        return [(self.enrolled(self.regulator),), (self.key_added(self.regulator, self.regulator.key),)]

    def hold_placed(self, sub: str) -> str:
        """The regulator keeps a subject where it is."""
        placed = {"basis": "investigation", "reason": "origin in question"}
        return self.sign(self.regulator, "hold.placed", f"notes:{sub}", placed)

    def hold_lifted(self, sub: str, placed: str) -> str:
        """And lets it go."""
        lifted = {"hold": event_id(placed), "reason": "explained"}
        return self.sign(self.regulator, "hold.lifted", f"notes:{sub}", lifted)

    def batch_closed(self, batch: str, recycled: list[str], g: int) -> str:
        """The recycler closes a batch of these events and this mass, half of which becomes black mass."""
        root = root_of([leaf_hash(parse_b64url(event_id(text))) for text in recycled])
        data = {
            "inputs": {"count": len(recycled), "g": g, "root": b64url(root)},
            "outputs": [{"kind": "black_mass", "g": g // 2}, {"kind": "copper", "g": g // 4}],
            "losses": [{"kind": "moisture", "g": g // 4}],
        }
        return self.sign(self.recycler, "batch.closed", batch, data)

    def _new_key(self, key: PrivateKey, sub: str) -> dict[str, Any]:
        _, head = self.heads.get(sub, (-1, None))
        possession = sign_possession(aud=self.origin, sub=sub, head=head, signer=key)
        return {"jwk": key.public.jwk(), "possession": possession}


def event_id(text: str) -> str:
    """Id of an event, with or without disclosures."""
    return parse_jws(text.partition("~")[0], typ=EVENT).id


def digest_of(text: str) -> str:
    """SHA-256 as statements write it."""
    return b64url(hashlib.sha256(text.encode()).digest())
