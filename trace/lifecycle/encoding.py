"""States as JSON, for the column in which the ledger keeps them: a projection, re-derived by every audit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from ...signing.keys import PublicKey, parse_public_jwk
from .state import Batch, Battery, Grant, Key, Keys, Log, Notes, Offer, Org, State, Vehicle

_PLAIN: Final[dict[str, type[Battery] | type[Vehicle] | type[Batch] | type[Notes]]] = {
    "battery": Battery,
    "vehicle": Vehicle,
    "batch": Batch,
    "notes": Notes,
}
_TUPLES: Final = ("components", "batteries")


def encode_state(state: State | None) -> bytes:
    """Write a state as JSON; members that are empty stay out."""
    if state is None:
        return b"null"
    return orjson.dumps(state, default=_encode, option=orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_UTC_Z)


def decode_state(kind: str, data: bytes) -> State | None:
    """Read a state back; ``kind`` is that of its subject."""
    value = orjson.loads(data)
    if value is None:
        return None
    match kind:
        case "log":
            return Log(
                value["purpose"],
                tuple(_key(key) for key in value["registrars"]),
                value["threshold"],
                tuple(value["log_keys"]),
                (value["rules"][0], value["rules"][1]),
            )
        case "org":
            value["roles"] = tuple(
                Grant(
                    role["role"],
                    tuple(role["scope"]),
                    _time(role.get("valid_from")),
                    _time(role.get("until")),
                )
                for role in value["roles"]
            )
            for name in ("vendor_codes", "sites", "revoked"):
                value[name] = tuple(value.get(name, ()))
            return Org(
                **{
                    **value,
                    "admin": _key(value["admin"]),
                    "enrolled_at": datetime.fromisoformat(value["enrolled_at"]),
                }
            )
        case "keys":
            return Keys(tuple(_key(key) for key in value.get("keys", ())), tuple(value.get("revoked", ())))
    if "offer" in value:
        offer = value["offer"]
        value["offer"] = Offer(**{**offer, "expires_at": datetime.fromisoformat(offer["expires_at"])})
    for name in _TUPLES:
        if name in value:
            value[name] = tuple(value[name])
    return _PLAIN[kind](**value)


_KEPT: Final = (Grant, Key, Log, Org, Keys, Offer, Battery, Vehicle, Batch, Notes)
_ALWAYS: Final = (
    "org",
    "use",
    "role",
    "scope",
    "name_zh",
    "name_en",
    "region",
    "roles",
    "registrars",
    "log_keys",
)


def _encode(value: object) -> Any:
    if isinstance(value, PublicKey):
        return value.jwk()
    if isinstance(value, _KEPT):
        return {
            name: member for name in value.__slots__ if (member := getattr(value, name)) or name in _ALWAYS
        }
    raise TypeError(f"expected a part of a state, got {type(value).__name__}")


def _key(value: Mapping[str, Any]) -> Key:
    return Key(
        parse_public_jwk(value["public"]),
        value["org"],
        value["use"],
        _time(value.get("valid_from")),
        _time(value.get("until")),
        tuple(value.get("types", ())),
        value.get("name", ""),
    )


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
