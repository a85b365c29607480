"""What becomes of the log, of organisations and of their keys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from ....signing.keys import PublicKey, parse_public_jwk
from ...statement import Event
from ...times import parse_time
from ..state import Grant, Key, Keys, Log, Org, Site


def fold_log(event: Event, before: Log | None) -> Log:
    """Who registers, who signs checkpoints, which rules hold."""
    data = event.data
    if before is None:
        return Log(
            purpose=data["purpose"],
            registrars=_registrars(data),
            threshold=data["threshold"],
            log_keys=tuple(data["log_keys"]),
            rules=(data["rules"]["name"], data["rules"]["sha256"]),
            succeeds=data.get("succeeds", {}).get("origin", ""),
        )
    match event.type:
        case "log.key_changed":
            return replace(before, log_keys=tuple(data["log_keys"]))
        case "registrar.key_changed":
            after = _registrars(data)
            kept = {key.public.kid for key in after}
            former = {key.public.kid: key for key in (*before.former, *before.registrars)}
            return replace(
                before,
                registrars=after,
                threshold=data["threshold"],
                # Another use than a registrar's: such a key signs and approves nothing any more.
                former=tuple(replace(key, use="former") for kid, key in former.items() if kid not in kept),
            )
        case "log.rules_adopted":
            return replace(before, rules=(data["rules"]["name"], data["rules"]["sha256"]))
        case "log.sealed":
            return replace(before, sealed=True)
        case _:
            return before


def registrar_keys(data: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], PublicKey]]:
    """The registrars that a statement names, each with its key."""
    return [(registrar, parse_public_jwk(registrar["jwk"])) for registrar in data["registrars"]]


def _registrars(data: Mapping[str, Any]) -> tuple[Key, ...]:
    return tuple(Key(public, registrar["org"], "registrar") for registrar, public in registrar_keys(data))


def fold_org(event: Event, recorded_at: datetime, before: Org) -> Org:
    """The organisation as it is enrolled now."""
    data = event.data
    match event.type:
        case "org.suspended":
            return replace(before, suspended=True)
        case "org.reinstated":
            return replace(before, suspended=False)
        case "org.key_revoked":
            return replace(before, revoked=(*before.revoked, data["kid"]))
        case "org.key_recovered":
            since = parse_time(data["from"], "/data/from")
            key = Key(parse_public_jwk(data["jwk"]), event.sub, "admin", valid_from=since)
            return replace(before, recovered=(*before.recovered, key))
        case "org.changed":
            return replace(before, **_particulars(data))
        case _:
            admin = Key(parse_public_jwk(data["admin"]["jwk"]), event.sub, "admin")
            return Org(admin=admin, enrolled_at=recorded_at, **_particulars(data))


def _particulars(data: Mapping[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if "name" in data:
        given["name_zh"] = data["name"].get("zh", "")
        given["name_en"] = data["name"].get("en", "")
    if "region" in data:
        given["region"] = data["region"]
    if "roles" in data:
        given["roles"] = tuple(
            Grant(
                role["role"],
                tuple(role["licence"]["scope"]) if "licence" in role else (),
                _optional_time(role.get("from"), "/data/roles"),
                _optional_time(role.get("until"), "/data/roles"),
            )
            for role in data["roles"]
        )
    if "vendor_codes" in data:
        given["vendor_codes"] = tuple(data["vendor_codes"])
    if "sites" in data:
        given["sites"] = tuple(Site(site["site"], site["region"]) for site in data["sites"])
    return given


def fold_keys(event: Event, before: Keys) -> Keys:
    """The keys that the organisation has added, and those of them that it revoked."""
    data = event.data
    if event.type == "key.revoked":
        return replace(before, revoked=(*before.revoked, data["kid"]))
    key = Key(
        public=parse_public_jwk(data["jwk"]),
        org="org:" + event.sub.removeprefix("keys:"),
        use=data["use"],
        valid_from=_optional_time(data.get("from"), "/data/from"),
        until=_optional_time(data.get("until"), "/data/until"),
        types=tuple(data.get("types", ())),
        sites=tuple(data.get("sites", ())),
        name=data.get("name", ""),
    )
    return replace(before, keys=(*before.keys, key))


def _optional_time(text: str | None, where: str) -> datetime | None:
    return None if text is None else parse_time(text, where)
