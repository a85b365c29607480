"""Who may sign: keys, their uses, and the joint acts of registrars."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from typing import Any

from .law import DAY, Answer, Event, State, World, by_registrar, need, policy, rule, seconds

ALWAYS, NEVER = 0, 1 << 62
ADMIN = {"key.added", "key.revoked"}
BY_EITHER = {"battery.exported", "battery.voided", "vehicle.voided", "lot.voided"}


def uses_of(name: str) -> set[str]:
    """The uses of the keys with which a type is signed."""
    if name in ADMIN:
        return {"admin"}
    if name in BY_EITHER:
        return {"sign", "registrar"}
    registry = name.startswith(("log.", "org.", "registrar.")) or name == "custody.assigned"
    return {"registrar"} if registry else {"sign"}


def check_key(world: World, event: Event) -> None:
    """The key is the signer's, in force at the leaf, and for this."""
    if event["type"] == "log.opened":
        need(not world["log"], "is opened already")
        return
    key = world["keys"].get(event["kid"])
    need(key, "is not registered", "KEY_UNKNOWN")
    need(key["org"] == event["iss"], "is another's", "KEY_FOREIGN")
    need(not key["revoked"], "is revoked", "KEY_REVOKED_AT_SIGNING")
    need(key["from"] <= world["now"] < key["until"], "is not in its time", "KEY_NOT_VALID_AT_SIGNING")
    fits = key["use"] in uses_of(event["type"])
    fits = fits and (not key["types"] or event["type"] in key["types"])
    fits = fits and (not key["sites"] or event["data"].get("site") in key["sites"])
    need(fits, "is a key for something else", "KEY_USE_FORBIDDEN")


def kid_of(jwk: dict[str, str]) -> str:
    """Thumbprint of a public key (RFC 7638)."""
    text = json.dumps(jwk, sort_keys=True, separators=(",", ":"))
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def bind(world: World, event: Event, given: dict[str, Any], org: str, use: str, **more: Any) -> str:
    """A key that nobody had, in the hands of who shows it. It stays that one's for the life of the log."""
    kid = kid_of(given["jwk"])
    need(kid not in world["keys"], "is somebody's already")
    need(not event.get("forged"), "possession is not proven")
    key = {"org": org, "use": use, "from": ALWAYS, "until": NEVER, "types": (), "sites": (), "revoked": False}
    world["keys"][kid] = {**key, **more}
    return kid


def check_joint(world: World, event: Event) -> None:
    """As many registrars stand behind it as the threshold asks, the signer among them (rule 8)."""
    if by_registrar(world, event):
        approving = {event["kid"], *event.get("approved_by", ())}
        need(approving <= set(world["log"]["registrars"]), "approved by no registrar")
        need(len(approving) >= world["log"]["threshold"], "too few approve")


@rule("log.opened")
def opened(world: World, event: Event, state: State) -> Answer:
    data = event["data"]
    kids = {bind(world, event, each, each["org"], "registrar"): each["org"] for each in data["registrars"]}
    need(event["kid"] in kids and data["threshold"] <= len(kids), "by a registrar, with a threshold")
    world["log"] = {"registrars": kids, "threshold": data["threshold"], "sealed": False}
    world["log"]["rules"] = data["rules"]["sha256"]
    return {"stage": "log", "custodian": "none"}, []


@rule("registrar.key_changed")
def registrars_changed(world: World, event: Event, state: State) -> Answer:
    check_joint(world, event)
    data, before = event["data"], world["log"]["registrars"]
    after: dict[str, str] = {}
    for each in data["registrars"]:
        kid = kid_of(each["jwk"])
        need(kid not in after, "each key once")
        if kid in before:
            need(before[kid] == each["org"], "is another registrar's key")
        else:
            need("possession" in each, "possession is not proven")
            bind(world, event, each, each["org"], "registrar")
        after[kid] = each["org"]
    need(data["threshold"] <= len(after), "a threshold that can be met")
    for kid in set(before) - set(after):
        world["keys"][kid] = {**world["keys"][kid], "use": "former"}
    world["log"] = {**world["log"], "registrars": after, "threshold": data["threshold"]}
    return state, []


@rule("key.added")
def added(world: World, event: Event, state: State) -> Answer:
    data, org = event["data"], _its_own(event)
    since = seconds(data["from"]) if "from" in data else ALWAYS
    until = seconds(data["until"]) if "until" in data else NEVER
    need(since < until, "is never valid")
    limits = {"types": tuple(data.get("types", ())), "sites": tuple(data.get("sites", ()))}
    bind(world, event, data, org, data["use"], **{"from": since, "until": until}, **limits)
    return {"stage": "keys", "custodian": "none"}, []


@rule("key.revoked")
def revoked(world: World, event: Event, state: State) -> Answer:
    _revoke(world, event["data"]["kid"], _its_own(event))
    return state, []


@rule("org.key_revoked")
def revoked_by_registrar(world: World, event: Event, state: State) -> Answer:
    need(event["sub"] in world["orgs"], "is not enrolled")
    _revoke(world, event["data"]["kid"], event["sub"])
    return state, []


@rule("org.key_recovered")
def recovered(world: World, event: Event, state: State) -> Answer:
    check_joint(world, event)
    data, since = event["data"], seconds(event["data"]["from"])
    need(event["sub"] in world["orgs"], "is not enrolled")
    need(since >= world["now"] + policy(world, "recovery_delay_days") * DAY, "too soon")
    bind(world, event, data, event["sub"], "admin", **{"from": since})
    return state, []


def _its_own(event: Event) -> str:
    org = "org:" + str(event["sub"]).removeprefix("keys:")
    need(org == event["iss"], "are another's keys")
    return org


def _revoke(world: World, kid: str, org: str) -> None:
    key = world["keys"].get(kid)
    need(key and key["org"] == org and key["use"] in ("admin", "sign", "read"), "is no key of it")
    need(not key["revoked"], "is revoked already")
    world["keys"][kid] = {**key, "revoked": True}
