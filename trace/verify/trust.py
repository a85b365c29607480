"""Whom a verifier trusts: `trust.json`, which is never taken from the source that is verified.

It names the log (origin and keys), its registrars with their threshold, and which witnesses are enough
(the terms of C2SP tlog-policy).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import orjson

from ...signing.base64url import b64url
from ...signing.errors import SigningError
from ...signing.note import VerifierKey, format_vkey, parse_vkey
from ...signing.policy import Group, Policy
from ..codes.subjects import parse_origin
from ..errors import TraceError
from .six_words import SIX, words_of
from .strict_json import JsonFileError, check_members, check_texts, parse_json_object

CONTEXT: Final = b"packtrace-trust/v1\n"
_MEMBERS: Final[dict[str, type]] = {
    "origin": str,
    "log_keys": list,
    "registrars": dict,
    "witnesses": dict,
    "groups": dict,
    "quorum": str,
}


@dataclass(frozen=True, slots=True)
class Trust:
    """The log that is meant, and who vouches for it."""

    origin: str
    registrars: frozenset[str]  # kids that `log.opened` must name, no more and no fewer
    threshold: int
    policy: Policy  # log keys, witnesses, groups, quorum

    def __post_init__(self) -> None:
        parse_origin(self.origin)
        if not self.policy.log_keys:
            raise JsonFileError(expected="one log key or more", got="none", where="trust file/log_keys")
        for vkey in self.policy.log_keys:
            if vkey.name != self.origin:
                raise JsonFileError(
                    expected=f"keys named {self.origin}", got=vkey.name, where="trust file/log_keys"
                )
        if not 1 <= self.threshold <= len(self.registrars):
            raise JsonFileError(
                expected=f"1 to {len(self.registrars)}",
                got=str(self.threshold),
                where="trust file/registrars/threshold",
            )

    @property
    def log_keys(self) -> tuple[VerifierKey, ...]:
        return self.policy.log_keys

    @property
    def keys_digest(self) -> str:
        """SHA-256 over the log's keys, base64url: with the origin, the name of the log among pins."""
        return digest_of_keys(self.log_keys)


def digest_of_keys(vkeys: Iterable[VerifierKey]) -> str:
    """SHA-256 over keys with their names, in whatever order, base64url."""
    lines = sorted(format_vkey(vkey) + "\n" for vkey in vkeys)
    return b64url(hashlib.sha256("".join(lines).encode()).digest())


def parse_trust(data: bytes) -> Trust:
    """Read a trust file strictly.

    Raises:
        TraceError: Anything that `format_trust` would not say, in whatever order and white space.
    """
    value = check_members(parse_json_object(data, "trust file"), _MEMBERS, "trust file")
    registrars = check_members(value["registrars"], {"threshold": int, "kids": list}, "trust file/registrars")
    kids = check_texts(registrars["kids"], "trust file/registrars/kids")
    log_keys = check_texts(value["log_keys"], "trust file/log_keys")
    groups: dict[str, Group] = {}
    for name, group in value["groups"].items():
        where = f"trust file/groups/{name}"
        check_members(group, {"threshold": int, "members": list}, where)
        groups[name] = Group(group["threshold"], check_texts(group["members"], where))
    for name, vkey in value["witnesses"].items():
        if not isinstance(vkey, str):
            raise JsonFileError(
                expected="a verifier key", got=type(vkey).__name__, where=f"trust file/witnesses/{name}"
            )
    try:
        witnesses = {name: parse_vkey(vkey) for name, vkey in value["witnesses"].items()}
        policy = Policy(value["quorum"], tuple(map(parse_vkey, log_keys)), witnesses, groups)
    except SigningError as error:
        raise TraceError(str(error), code=error.code, where="trust file") from error
    return Trust(value["origin"], frozenset(kids), registrars["threshold"], policy)


def format_trust(trust: Trust) -> bytes:
    """The trust file, for people to read; `parse_trust` gives an equal value."""
    return orjson.dumps(_document(trust), option=orjson.OPT_INDENT_2) + b"\n"


def six_words(trust: Trust) -> str:
    """Six words of 256, to compare two trust files over the telephone.

    They stand for the first 48 bits of SHA-256 over what the file says: enough against mistakes and against
    somebody who can't try some 10^14 keys; whoever can compares the whole file.
    """
    said = orjson.dumps(_document(trust), option=orjson.OPT_SORT_KEYS)
    return " ".join(words_of(hashlib.sha256(CONTEXT + said).digest()[:SIX]))


def _document(trust: Trust) -> dict[str, Any]:
    policy = trust.policy
    return {
        "origin": trust.origin,
        "log_keys": sorted(format_vkey(vkey) for vkey in policy.log_keys),
        "registrars": {"threshold": trust.threshold, "kids": sorted(trust.registrars)},
        "witnesses": {name: format_vkey(vkey) for name, vkey in sorted(policy.witnesses.items())},
        "groups": {
            name: {"threshold": group.threshold, "members": list(group.members)}
            for name, group in policy.groups.items()
        },
        "quorum": policy.quorum,
    }
