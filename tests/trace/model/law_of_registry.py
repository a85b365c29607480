"""What may be said of the log, of organisations and of models."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

from .law import Answer, Event, Refused, State, World, has_role, need, owner, rule, seconds
from .law_of_keys import ALWAYS, NEVER, bind, check_joint


def root_of(leaves: list[bytes]) -> str:
    """Root over some leaves (RFC 6962, 2.1), in base64url."""

    def node(leaves: list[bytes]) -> bytes:
        if len(leaves) == 1:
            return hashlib.sha256(b"\0" + leaves[0]).digest()
        half = 1 << ((len(leaves) - 1).bit_length() - 1)
        return hashlib.sha256(b"\1" + node(leaves[:half]) + node(leaves[half:])).digest()

    root = node(leaves) if leaves else hashlib.sha256(b"").digest()
    return urlsafe_b64encode(root).rstrip(b"=").decode()


def raw(name: str) -> bytes:
    """The 32 bytes of an event id."""
    return urlsafe_b64decode(name + "=")


def told(data: dict[str, Any]) -> dict[str, Any]:
    """What an enrolment or a change says, in the words of this world."""
    found: dict[str, Any] = {}
    if "roles" in data:
        found["roles"] = {
            each["role"]: {
                "from": seconds(each["from"]) if "from" in each else ALWAYS,
                "until": seconds(each["until"]) if "until" in each else NEVER,
                "scope": each.get("licence", {"scope": []})["scope"],
            }
            for each in data["roles"]
        }
    if "sites" in data:
        found["sites"] = {each["site"]: each["region"] for each in data["sites"]}
    if "vendor_codes" in data:
        found["vendors"] = set(data["vendor_codes"])
    if "region" in data:
        found["region"] = data["region"]
    return found


def _check_vendors(world: World, event: Event) -> None:
    mine = set(event["data"].get("vendor_codes", ()))
    for name, org in world["orgs"].items():
        need(name == event["sub"] or not mine & org["vendors"], "a vendor code is another's")


@rule("org.enrolled")
def enrolled(world: World, event: Event, state: State) -> Answer:
    check_joint(world, event)
    sub, data = event["sub"], event["data"]
    need(sub not in world["orgs"], "is enrolled already")
    _check_vendors(world, event)
    bind(world, event, data["admin"], sub, "admin")
    today = datetime.fromtimestamp(world["now"], UTC)
    org = {"vendors": set(), "sites": {}, "suspended": False, **told(data)}
    world["orgs"][sub] = {**org, "enrolled": (today.year, today.month, today.day)}
    return {"stage": "org", "custodian": "none"}, []


def _change(world: World, event: Event, **change: object) -> Answer:
    check_joint(world, event)
    org = world["orgs"].get(event["sub"])
    need(org, "is not enrolled")
    world["orgs"][event["sub"]] = {**org, **change}
    return {"stage": "org", "custodian": "none"}, []


@rule("org.changed")
def changed(world: World, event: Event, state: State) -> Answer:
    _check_vendors(world, event)
    return _change(world, event, **told(event["data"]))


@rule("org.suspended")
def suspended(world: World, event: Event, state: State) -> Answer:
    need(not world["orgs"].get(event["sub"], {"suspended": True})["suspended"], "is suspended already")
    return _change(world, event, suspended=True)


@rule("org.reinstated")
def reinstated(world: World, event: Event, state: State) -> Answer:
    need(world["orgs"].get(event["sub"], {"suspended": False})["suspended"], "is not suspended")
    return _change(world, event, suspended=False)


@rule("log.heads")
def heads(world: World, event: Event, state: State) -> Answer:
    leaves = [
        hashlib.sha256(sub.encode()).digest() + number.to_bytes(8, "big") + raw(name)
        for sub, (number, name) in world["heads"].items()
    ]
    root = root_of(sorted(leaves))
    found = {"size": world["size"], "count": len(leaves), "root": root}
    need(event["data"] == found, "the heads are others", "HEADS_MISMATCH")
    return state, []


@rule("log.rules_adopted")
def adopted(world: World, event: Event, state: State) -> Answer:
    check_joint(world, event)
    sha256 = event["data"]["rules"]["sha256"]
    need(sha256 in world["policies"], "are not at hand")
    need(sha256 != world["log"]["rules"], "are in force already")
    world["log"] = {**world["log"], "rules": sha256}
    return state, []


@rule("log.sealed")
def sealed(world: World, event: Event, state: State) -> Answer:
    check_joint(world, event)
    world["log"] = {**world["log"], "sealed": True}
    return state, []


@rule("log.key_changed")
def key_changed(world: World, event: Event, state: State) -> Answer:
    check_joint(world, event)
    raise Refused("the keys of a log do not change (ADR 14)", "UNKNOWN_EVENT_VERSION")


@rule("model.published", "model.changed")
def model(world: World, event: Event, state: State) -> Answer:
    sub, me = event["sub"], event["iss"]
    need(owner(sub) == me and has_role(world, me, "battery_maker", "importer", "repurposer"), "is no maker")
    begins = event["type"] == "model.published"
    need(begins == (state["stage"] == "-"), "is published once, and changed after that")
    return {"stage": "published", "custodian": "none", "owner": me}, []
