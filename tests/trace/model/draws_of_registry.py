"""Draws of what is said of the log, of organisations, of their keys, and of models."""

from __future__ import annotations

import hashlib
from typing import Any

from packtrace.signing.keys import PrivateKey
from packtrace.signing.note import format_vkey
from packtrace.signing.possession import sign_possession
from packtrace.tests.scene import MODEL_MASS_G, Party, ed25519_key

from . import law
from .draws import Draws, Group, Said, draws
from .law_of_registry import raw, root_of

REGIONS = ("CN-440300", "CN-440000", "CN-310000", "DE-BY")
PUBLISHED = {
    "name": {"en": "m"},
    "category": "ev",
    "chemistry": "LFP",
    "level": "pack",
    "mass_g": MODEL_MASS_G,
}


def new_key(play: Draws, sub: str, key: PrivateKey, *, forged: bool = False) -> dict[str, Any]:
    """A key with the proof that its holder has it; or with one by another key."""
    head = play.world["heads"].get(sub, (-1, None))[1]
    signer = ed25519_key("somebody else") if forged else key
    possession = sign_possession(aud=play.scene.origin, sub=sub, head=head, signer=signer)
    return {"jwk": key.public.jwk(), "possession": possession}


def fresh_key(play: Draws) -> PrivateKey:
    """A key that nobody has; sometimes one that somebody has already."""
    if play.chance(4):
        return play.pick(play.parties).key  # type: ignore[no-any-return]
    key = ed25519_key(f"{play.random.random()} key {play.number()}")
    play.keyring[key.public.kid] = key
    return key


def roles_of(play: Draws, party: Party) -> list[dict[str, Any]]:
    """Its roles with their licences; some of them for a time only."""
    licensed = {"number": "1", "scope": ["open_packs"]}
    roles: list[dict[str, Any]] = []
    for role in party.roles:
        told: dict[str, Any] = {"role": role}
        if role in OPENERS.get(party.name, ()):
            told["licence"] = licensed
        if play.chance(6):
            told["until"] = play.time(play.now + play.pick((1, 20)) * law.DAY)
        elif play.chance(4):
            told["from"] = play.time(play.now + 2 * law.DAY)
        roles.append(told)
    return roles


OPENERS: dict[str, tuple[str, ...]] = {
    "dismantler": ("pack_dismantler",), "repurposer": ("repurposer",), "workshop": ("repairer",),
    "maker": ("battery_maker",), "swapper": ("swap_operator",), "newcomer": ("pack_dismantler",),
}  # fmt: skip
"""In which roles somebody has a licence to open packs."""


def enrolment(play: Draws, party: Party, *, forged: bool = False) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": {"en": party.name},
        "region": play.pick(REGIONS[:3]),
        "roles": roles_of(play, party) or [{"role": "carrier"}],
        "sites": [
            {"site": "yard", "region": play.pick(REGIONS)},
            {"site": "dock", "region": play.pick(REGIONS)},
        ],
        "admin": new_key(play, party.org, party.admin, forged=forged),
    }
    return data | ({"vendor_codes": list(party.vendor_codes)} if party.vendor_codes else {})


@draws("org.enrolled")
def enrolled(play: Draws, name: str) -> Group:
    waiting = [party for party in play.spare if party.org not in play.world["orgs"]]
    party = play.likely(waiting, play.parties, 85)
    forged = play.chance(8)
    return [Said(play.registrar(), name, party.org, enrolment(play, party, forged=forged), forged=forged)]


def _org(play: Draws) -> Party:
    known = [party for party in play.parties if party.org in play.world["orgs"]]
    party: Party = play.likely(known, play.spare or play.parties, 95)
    return party


@draws("org.changed")
def changed(play: Draws, name: str) -> Group:
    party = _org(play)
    data: dict[str, Any] = {}
    if play.chance(70):
        data["roles"] = roles_of(play, party) or [{"role": "carrier"}]
    if play.chance(20):
        data["region"] = play.pick(REGIONS)
    if play.chance(30) or not data:
        data["sites"] = [{"site": play.pick(("yard", "dock")), "region": play.pick(REGIONS)}]
    if play.chance(10):
        data["vendor_codes"] = list(party.vendor_codes) if play.chance(60) else ["04Q"]
    return [Said(play.registrar(), name, party.org, data)]


@draws("org.suspended", "org.reinstated")
def suspended(play: Draws, name: str) -> Group:
    party = _org(play)
    down = [org for org, state in play.world["orgs"].items() if state["suspended"]]
    if down and (name == "org.reinstated" or len(down) > 1):
        return [Said(play.registrar(), "org.reinstated", play.pick(down), {"reason": "x"})]
    return [Said(play.registrar(), name, party.org, {"reason": "x"})]


def _keys(play: Draws, org: str, *, spare: bool) -> list[str]:
    """Kids of an organisation that are in force; only such as it can do without, where that is asked."""
    party = play.party(org)
    main = {party.key.public.kid, party.admin.public.kid} if party and spare else set()
    found = play.world["keys"].items()
    return [kid for kid, key in found if key["org"] == org and not key["revoked"] and kid not in main]


@draws("org.key_revoked", "key.revoked")
def revoked(play: Draws, name: str) -> Group:
    parties = [party for party in play.parties if _keys(play, party.org, spare=True)]
    party = play.likely(parties, play.parties, 92)
    others = [kid for kid, key in play.world["keys"].items() if key["org"] != party.org or key["revoked"]]
    kid = play.likely(_keys(play, party.org, spare=True), others, 92)
    data = {"kid": kid, "reason": play.pick(("lost", "compromised"))}
    if name == "org.key_revoked":
        return [Said(play.registrar(), name, party.org, data)]
    return [Said(play.who(party.org, 96), name, f"keys:{party.id}", data, _admin(play, party))]


def _admin(play: Draws, party: Party) -> PrivateKey | None:
    """Another of its admin keys, at times; one that is not yet or not any more in force among them."""
    found = play.world["keys"].items()
    own = [kid for kid, key in found if key["org"] == party.org and key["use"] == "admin"]
    known = [play.keyring[kid] for kid in own if kid in play.keyring]
    return play.pick(known) if known and play.chance(30) else None


@draws("org.key_recovered")
def recovered(play: Draws, name: str) -> Group:
    party, forged = _org(play), play.chance(6)
    since = play.time(play.now + play.pick((1, 8, 8, 9)) * law.DAY)
    key = new_key(play, party.org, fresh_key(play), forged=forged)
    return [Said(play.registrar(), name, party.org, key | {"from": since, "reason": "lost"}, forged=forged)]


@draws("key.added")
def added(play: Draws, name: str) -> Group:
    unheard = [each for each in play.parties if each.key.public.kid not in play.world["keys"]]
    party = play.likely(unheard if play.chance(70) else [], play.parties, 95)
    sub, forged = f"keys:{party.id}", play.chance(6)
    if party in unheard:
        return [Said(party, name, sub, {"use": "sign", **new_key(play, sub, party.key)})]
    data: dict[str, Any] = {"use": play.pick(("sign", "sign", "admin", "read"))}
    data |= new_key(play, sub, fresh_key(play), forged=forged)
    if play.chance(30):
        data["from"] = play.time(play.now + play.pick((0, 2)) * law.DAY)
    if play.chance(30):
        data["until"] = play.time(play.now + play.pick((1, 30)) * law.DAY)
    if data["use"] == "sign" and play.chance(40):
        data["types"] = ["battery.registered", "handover.accepted", "battery.inspected"]
    if data["use"] == "sign" and play.chance(20):
        data["sites"] = ["yard"]
    return [Said(play.who(party.org, 96), name, sub, data, _admin(play, party), forged)]


@draws("registrar.key_changed")
def registrars(play: Draws, name: str) -> Group:
    sub, now = f"log:{play.scene.origin}", play.world["log"]["registrars"]
    chosen = [play.registrars[0], *play.random.sample(play.registrars[1:], play.pick((0, 1, 1, 2)))]
    forged = play.chance(10)
    told = []
    for party in chosen:
        given = new_key(play, sub, party.key, forged=forged)
        if party.key.public.kid in now or play.chance(4):
            given.pop("possession")
        told.append({"org": party.org, **given})
    data = {"registrars": told, "threshold": play.pick((1, 2, 2)), "reason": "x"}
    return [Said(play.registrar(), name, sub, data, forged=forged)]


@draws("log.heads")
def heads(play: Draws, name: str) -> Group:
    leaves = sorted(
        hashlib.sha256(sub.encode()).digest() + number.to_bytes(8, "big") + raw(event)
        for sub, (number, event) in play.world["heads"].items()
    )
    data = {"size": play.world["size"], "count": len(leaves), "root": root_of(leaves)}
    if play.chance(15):
        data |= play.pick(({"size": 1}, {"count": 1}, {"root": root_of(leaves[1:])}))
    return [Said(play.registrar(), name, f"log:{play.scene.origin}", data)]


@draws("log.rules_adopted")
def adopted(play: Draws, name: str) -> Group:
    others = [rules for rules in play.rule_sets if rules.sha256 != play.world["log"]["rules"]]
    rules = play.likely(others, play.rule_sets, 80)
    data = {"rules": {"name": rules.name, "sha256": rules.sha256}, "reason": "x"}
    return [Said(play.registrar(), name, f"log:{play.scene.origin}", data)]


@draws("log.opened", "log.key_changed")
def never(play: Draws, name: str) -> Group:
    """What is refused once the log is open."""
    sub = f"log:{play.scene.origin}"
    vkeys = [format_vkey(vkey) for vkey in play.scene.log_key.vkeys][:1]
    if name == "log.key_changed":
        return [Said(play.registrar(), name, sub, {"log_keys": vkeys, "reason": "x"})]
    first = play.registrars[0]
    data = {
        "purpose": "demonstration", "threshold": 1, "log_keys": vkeys,
        "registrars": [{"org": first.org, **new_key(play, sub, first.key)}],
        "rules": {"name": play.scene.rules.name, "sha256": play.scene.rules.sha256},
    }  # fmt: skip
    return [Said(first, name, sub, data)]


@draws("model.published", "model.changed")
def model(play: Draws, name: str) -> Group:
    makers = [party for role in ("battery_maker", "importer", "repurposer") for party in play.with_role(role)]
    party = play.likely(makers, play.parties, 85)
    known = play.things("model:")
    sub = f"model:{play.who(party.org, 95).id}/m{play.number()}"
    if name == "model.changed":
        own = [each for each in known if law.owner(each) == party.org]
        sub = play.likely(own, [*known, sub])
        if play.chance(15):
            party = play.who(law.owner(sub))
    elif play.chance(12):
        sub = play.pick(known)
        party = play.who(law.owner(sub))
    return [Said(party, name, sub, PUBLISHED if name == "model.published" else {"mass_g": 400_000})]
