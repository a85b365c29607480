"""What `packtrace bench` records: packs that are made, fitted, sold, taken out, handed over and recycled.

Every statement is one that a firm could sign on such a day, with the members that such statements have: a
payload has some 600 bytes. Nothing here is timed; all of it is signed before anything is.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from stdnum.cn import uscc

from ...signing.base64url import b64url
from ...signing.compact import format_compact
from ...signing.disclosures import format_presentation, withhold
from ...signing.jws import EVENT, parse_jws, sign_jws
from ...signing.keys import PrivateKey, PublicKey, generate_private_key
from ...signing.log_key import LogKey
from ...signing.note import format_vkey
from ...signing.possession import sign_possession
from ..codes.label import label_digest
from ..ledger.door import Submission
from ..rules.ruleset import RuleSet
from ..template import NONCE_BYTES
from ..times import format_time

ORIGIN: Final = "bench.packtrace.example/cn"
EVENTS_A_PACK: Final = 13  # about
_PACKS_AT_ONCE: Final = 200  # that go through each step together, as a day's work does
_OFFERED_FOR: Final = timedelta(days=60)
_SALT_BYTES: Final = 16

_ROLES: Final = {
    "battery_maker": 3,
    "vehicle_maker": 3,
    "repairer": 10,
    "pack_dismantler": 6,
    "recycler": 3,
}
_LICENCES: Final = {
    "pack_dismantler": {"number": "示例综字〔2026〕007号", "scope": ["open_packs"]},
    "recycler": {"number": "示例综字〔2026〕008号", "scope": ["open_packs", "shred"]},
}


@dataclass(frozen=True, slots=True)
class Firm:
    """An organisation that was never registered anywhere, and its keys."""

    org: str
    role: str
    admin: PrivateKey
    key: PrivateKey
    vendor_code: str

    @property
    def id(self) -> str:
        """``<scheme>:<id>``, as in the names of its keys and batches."""
        return self.org.removeprefix("org:")


@dataclass(frozen=True, slots=True)
class Pack:
    """One battery of the story, and who will have it."""

    subject: str
    token: str  # on its label
    vehicle: str
    maker: Firm
    cars: Firm
    garage: Firm
    dismantler: Firm
    recycler: Firm
    mass_g: int


class Story:
    """Signs statements one after the other, each at the head of its chain and a second after the last."""

    def __init__(self, rules: RuleSet, log_key: LogKey, begins: datetime) -> None:
        """Args:
        begins: What the first statement claims, in whole seconds.
        """
        self.rules = rules
        self.registrar = generate_private_key("Ed25519")
        self._log_key = log_key
        self._at = begins
        self._expires = format_time(begins + _OFFERED_FOR)
        self._heads: dict[str, tuple[int, str]] = {}
        self._registry = _organisation(0)
        self._firms: dict[str, list[Firm]] = {role: [] for role in _ROLES}

    @property
    def public_keys(self) -> dict[str, PublicKey]:
        """The keys that sign the events of packs, by their ids."""
        return {firm.key.public.kid: firm.key.public for firms in self._firms.values() for firm in firms}

    def open_log(self) -> str:
        """The log's first event."""
        subject = f"log:{ORIGIN}"
        data = {
            "purpose": "test",
            "registrars": [{**self._prove(self.registrar, subject), "org": self._registry}],
            "threshold": 1,
            "log_keys": [format_vkey(vkey) for vkey in self._log_key.vkeys],
            "rules": {"name": self.rules.name, "sha256": self.rules.sha256},
        }
        return self._sign(self._registry, self.registrar, "log.opened", subject, data)

    def enrol(self) -> Iterator[Submission]:
        """Every firm, its key and, of a maker, its model."""
        number = 0
        for role, count in _ROLES.items():
            for _ in range(count):
                number += 1
                admin, key = generate_private_key("Ed25519"), generate_private_key("Ed25519")
                vendor_code = f"ZX{number}" if role == "battery_maker" else ""
                firm = Firm(_organisation(number), role, admin, key, vendor_code)
                self._firms[role].append(firm)
                yield self._enrol(firm)
                added = {"use": "sign", **self._prove(key, f"keys:{firm.id}"), "name": "业务签名密钥"}
                yield _alone(self._sign(firm.org, admin, "key.added", f"keys:{firm.id}", added))
                if vendor_code:
                    yield _alone(self._say(firm, "model.published", _model(firm), _MODEL))

    def packs(self, events: int) -> Iterator[Submission]:
        """Submissions with that many events together, or one more where the last are a group."""
        first, done = 0, 0
        at_once = max(1, min(_PACKS_AT_ONCE, events // EVENTS_A_PACK))
        while True:
            for submission in self._lives([self._pack(first + number) for number in range(at_once)]):
                yield submission
                done += len(submission.events)
                if done >= events:
                    return
            first += at_once

    # -- what happens to packs -----------------------------------------------------------------------------

    def _lives(self, packs: list[Pack]) -> Iterator[Submission]:
        """The whole life of these packs, step by step."""
        for pack in packs:
            yield _alone(self._say(pack.maker, "battery.manufactured", pack.subject, _made(pack)))
        yield from self._hand_over([(pack, pack.maker, pack.cars, "vehicle_maker") for pack in packs])
        for pack in packs:
            yield self._fit(pack)
        for pack in packs:
            sold = {"reason": "sold", "region": "CN-440300"}
            yield _alone(self._say(pack.cars, "battery.released", pack.subject, sold))
        for pack in packs:
            yield self._take_out(pack)
        for pack in packs:
            yield _alone(self._say(pack.garage, "battery.retired", pack.subject, _retired()))
        yield from self._hand_over(
            [(pack, pack.garage, pack.dismantler, "pack_dismantler") for pack in packs]
        )
        whole = [pack for number, pack in enumerate(packs) if number % 4]
        for pack in packs[::4]:
            yield _alone(self._say(pack.dismantler, "battery.dismantled", pack.subject, _dismantled(pack)))
        yield from self._hand_over([(pack, pack.dismantler, pack.recycler, "recycler") for pack in whole])
        batches: dict[str, str] = {}
        for pack in whole:
            recycler = pack.recycler
            if recycler.id not in batches:
                batches[recycler.id] = f"batch:{recycler.id}/{b64url(os.urandom(6)).strip('_-')}"
                opened = {"process": "mechanical", "site": "line-2", "note": "磷酸铁锂专批，破碎前放电至 0 V"}
                yield _alone(self._say(recycler, "batch.opened", batches[recycler.id], opened))
            charged = {"batch": batches[recycler.id], "mass": _weighed(pack), "condition": "opened"}
            yield _alone(self._say(recycler, "battery.recycled", pack.subject, charged))

    def _hand_over(self, moves: list[tuple[Pack, Firm, Firm, str]]) -> Iterator[Submission]:
        offers = []
        for number, (pack, consignor, consignee, capacity) in enumerate(moves):
            data = {
                "consignee": consignee.org,
                "capacity": capacity,
                "mass": _weighed(pack),
                "expires_at": self._expires,
                **({} if number % 8 else {"note": "粤示例E·09140车，随车纸质清单一份"}),
                "evidence": [_document("ticket"), _document("photo")],
            }
            text = self._say(consignor, "handover.offered", pack.subject, data)
            offers.append(self._heads[pack.subject][1])
            yield _alone(text)
        for (pack, _, consignee, capacity), offer in zip(moves, offers, strict=True):
            data = {
                "offer": offer,
                "capacity": capacity,
                "mass": _weighed(pack),
                "condition": "intact",
                "read_by": "camera",
                "site": "yard-1",
                "evidence": [_document("photo"), _document("ticket")],
            }
            yield _alone(self._say(consignee, "handover.accepted", pack.subject, data))

    def _fit(self, pack: Pack) -> Submission:
        installed = {"vehicle": pack.vehicle, "position": 1, "of": 1, "site": "line-2"}
        first = self._say(pack.cars, "battery.installed", pack.subject, installed)
        vin, disclosure = withhold(f"LSVAA4187E{int(pack.subject[-7:]):07d}", os.urandom(_SALT_BYTES))
        fitted = {
            "battery": pack.subject,
            "installed": self._heads[pack.subject][1],
            "vin": vin,
            "packs": 1,
            "swap_model": False,
            "region": "CN-440300",
        }
        second = self._say(pack.cars, "vehicle.fitted", pack.vehicle, fitted)
        return Submission((first, format_presentation(second, (disclosure,))))

    def _take_out(self, pack: Pack) -> Submission:
        token, disclosure = withhold(pack.token, os.urandom(_SALT_BYTES))
        removed = {
            "capacity": "repairer",
            "vehicle": pack.vehicle,
            "read_by": "camera",
            "token": token,
            "reason": "scrapped",
            "condition": "intact",
            "site": "shop",
            "evidence": [_document("photo")],
        }
        first = self._say(pack.garage, "battery.removed", pack.subject, removed)
        out = {"battery": pack.subject, "removed": self._heads[pack.subject][1]}
        second = self._say(pack.garage, "vehicle.taken_out", pack.vehicle, out)
        return Submission((format_presentation(first, (disclosure,)), second))

    def _pack(self, number: int) -> Pack:
        maker, cars, garage, dismantler, recycler = (
            firms[number % len(firms)] for firms in self._firms.values()
        )
        return Pack(
            subject=f"battery:gbt34014:{maker.vendor_code}PB520B52Q01G49{number:07d}",
            token=base64.b32encode(os.urandom(13)).decode()[:20],
            vehicle=f"vehicle:{b64url(os.urandom(16))}",
            maker=maker,
            cars=cars,
            garage=garage,
            dismantler=dismantler,
            recycler=recycler,
            mass_g=400_000 + 500 * (number % 97),
        )

    # -- how it is said ------------------------------------------------------------------------------------

    def _enrol(self, firm: Firm) -> Submission:
        role: dict[str, Any] = {"role": firm.role}
        if firm.role in _LICENCES:
            role["licence"] = _LICENCES[firm.role]
        data: dict[str, Any] = {
            "name": {"zh": "示例动力电池综合利用有限公司", "en": f"Example {firm.role} Co., Ltd."},
            "region": "CN-440300",
            "roles": [role],
            "admin": self._prove(firm.admin, firm.org),
            "sites": [
                {"site": site, "region": "CN-440300", "name": {"zh": "一厂"}}
                for site in ("yard-1", "line-2", "shop")
            ],
        }
        if firm.vendor_code:
            data["vendor_codes"] = [firm.vendor_code]
        return _alone(self._sign(self._registry, self.registrar, "org.enrolled", firm.org, data))

    def _prove(self, key: PrivateKey, subject: str) -> dict[str, Any]:
        head = self._heads.get(subject, (0, None))[1]
        return {
            "jwk": key.public.jwk(),
            "possession": sign_possession(aud=ORIGIN, sub=subject, head=head, signer=key),
        }

    def _say(self, firm: Firm, kind: str, subject: str, data: dict[str, Any]) -> str:
        return self._sign(firm.org, firm.key, kind, subject, data)

    def _sign(self, org: str, key: PrivateKey, kind: str, subject: str, data: dict[str, Any]) -> str:
        last, head = self._heads.get(subject, (-1, ""))
        self._at += timedelta(seconds=1)
        statement = {
            "v": 1,
            "aud": ORIGIN,
            "nonce": b64url(os.urandom(NONCE_BYTES)),
            "type": kind,
            "sub": subject,
            "seq": last + 1,
            **({"prev": head} if head else {}),
            "iss": org,
            "occurred_at": format_time(self._at),
            "data": data,
        }
        text = sign_jws(format_compact(statement), key, EVENT)
        self._heads[subject] = (last + 1, parse_jws(text, typ=EVENT).id)
        return text


_MODEL: Final[dict[str, Any]] = {
    "name": {"zh": "示例磷酸铁锂包", "en": "Example LFP pack"},
    "category": "ev",
    "chemistry": "LFP",
    "level": "pack",
    "mass_g": 438_000,
    "energy_wh": 52_000,
}


def _organisation(number: int) -> str:
    """A unified social credit code that nobody has; its check character fits."""
    stem = f"91440300BENCH{number:04d}"
    return f"org:uscc:{stem}{uscc.calc_check_digit(stem)}"


def _model(firm: Firm) -> str:
    return f"model:{firm.id}/LFP-52"


def _made(pack: Pack) -> dict[str, Any]:
    return {
        "model": _model(pack.maker),
        "chemistry": "LFP",
        "mass": {"g": 438_000, "basis": "nameplate"},
        "energy_wh": 52_000,
        "voltage_mv": 350_400,
        "label": label_digest(pack.subject.rpartition(":")[2], pack.token),
        "site": "line-2",
        "evidence": [_document("certificate", "application/pdf"), _document("report", "application/pdf")],
    }


def _retired() -> dict[str, Any]:
    return {
        "capacity": "repairer",
        "reason": "vehicle_scrapped",
        "condition": "intact",
        "site": "shop",
        "evidence": [_document("photo"), _document("certificate")],
    }


def _dismantled(pack: Pack) -> dict[str, Any]:
    """All of the pack in modules without codes, and the rest by kind."""
    casing, cables = pack.mass_g // 5, pack.mass_g // 20
    return {
        "mass": _weighed(pack),
        "children": [],
        "residues": [
            {"line": 1, "kind": "modules", "g": pack.mass_g - casing - cables, "count": 12},
            {"line": 2, "kind": "casing", "g": casing},
            {"line": 3, "kind": "cables", "g": cables},
        ],
        "site": "yard-1",
        "not_measured": [{"what": "module_codes", "reason": "模组无编码或编码无法关联到包"}],
    }


def _weighed(pack: Pack) -> dict[str, Any]:
    return {"g": pack.mass_g, "basis": "measured", "scale_g": 500}


def _document(kind: str, media_type: str = "image/jpeg") -> dict[str, Any]:
    return {"kind": kind, "sha256": b64url(os.urandom(32)), "media_type": media_type, "bytes": 412_733}


def _alone(text: str) -> Submission:
    return Submission((text,))
