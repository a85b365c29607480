"""Which witnesses are enough: C2SP tlog-policy.

A policy names log keys, witnesses, groups of them with a threshold, and the quorum: one witness or group
that must have witnessed a checkpoint, or `none`. URLs are accepted and not kept: a policy here decides, it
does not fetch.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar, Final

from .errors import SigningError
from .note import VerifierKey, format_vkey, parse_vkey
from .tree_head import ED25519, ML_DSA_44, TIMESTAMPED

NONE: Final = "none"
MAX_POLICY: Final = 1 << 20  # characters
MAX_NAMES: Final = 256  # of logs, of witnesses, of groups; tlog-policy asks for 32 at least
_RESERVED: Final = frozenset({NONE, "all", "any"})
_ITEMS: Final = re.compile(r"[^ \t]+")
_THRESHOLD: Final = re.compile(r"[1-9][0-9]{0,3}")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class PolicyError(SigningError):
    """Not a policy in the form of tlog-policy."""

    code: ClassVar[str] = "WITNESS_POLICY_INVALID"


@dataclass(frozen=True, slots=True)
class Group:
    """A group has witnessed a checkpoint when `threshold` of its members have."""

    threshold: int
    members: tuple[str, ...]  # names of witnesses and of groups defined before this one


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy that keeps the rules of tlog-policy; another one cannot be built."""

    quorum: str  # name of a witness or group, or "none"
    log_keys: tuple[VerifierKey, ...] = ()
    witnesses: Mapping[str, VerifierKey] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)  # in the order of definition

    def __post_init__(self) -> None:
        # Copied, so that nobody adds a witness behind the checks; read-only for the same reason.
        object.__setattr__(self, "witnesses", MappingProxyType(dict(self.witnesses)))
        object.__setattr__(self, "groups", MappingProxyType(dict(self.groups)))
        _check_counts(self)
        _check_keys(self.log_keys, (ED25519, ML_DSA_44), "log")
        _check_keys(tuple(self.witnesses.values()), tuple(sorted(TIMESTAMPED)), "witness")
        _check_names(self)
        if self.quorum != NONE and self.quorum not in {*self.witnesses, *self.groups}:
            raise PolicyError(f"quorum: expected a witness or group that is defined, got {self.quorum!r}")


def quorum_met(policy: Policy, cosigning: Set[VerifierKey]) -> bool:
    """Whether these witnesses are enough. `quorum none` asks for nobody.

    Args:
        policy: What is enough.
        cosigning: The keys whose cosignatures of one checkpoint verified (`checkpoint.check_cosignatures`);
            keys that the policy does not name count for nothing.
    """
    if policy.quorum == NONE:
        return True
    witnessed = {name for name, vkey in policy.witnesses.items() if vkey in cosigning}
    for name, group in policy.groups.items():  # members come first, so one pass is enough
        if sum(member in witnessed for member in group.members) >= group.threshold:
            witnessed.add(name)
    return policy.quorum in witnessed


def parse_policy(text: str) -> Policy:
    """Parse a policy file.

    Raises:
        PolicyError: A line in another form, with its number; a name that is defined twice or not yet; a key
            twice or of a type that its role does not use; no quorum or two.
        VerifierKeyError: A key that is not a verifier key.
    """
    if len(text) > MAX_POLICY:
        raise PolicyError(f"policy: expected at most {MAX_POLICY} characters, got {len(text)}")
    control = _CONTROL.search(text)
    if control is not None:
        raise PolicyError(
            f"policy: expected no control character but tab and newline, got {control[0]!r} "
            f"at character {control.start()}"
        )
    if not text.endswith("\n"):
        # The end of a name may have been cut off, and what is left may be another name.
        raise PolicyError("policy: expected a newline at the end of the last line, got none")
    log_keys: list[VerifierKey] = []
    witnesses: dict[str, VerifierKey] = {}
    groups: dict[str, Group] = {}
    quorum: str | None = None
    for number, line in enumerate(text[:-1].split("\n"), start=1):
        defined = {*witnesses, *groups}
        match _ITEMS.findall(line):
            case []:
                continue
            case [first, *_] if first.startswith("#"):
                continue
            case ["log", vkey] | ["log", vkey, _]:
                log_keys.append(parse_vkey(vkey))
            case ["witness", name, vkey] | ["witness", name, vkey, _]:
                _check_new(name, defined, number)
                witnesses[name] = parse_vkey(vkey)
            case ["group", name, threshold, *members] if members:
                _check_new(name, defined, number)
                groups[name] = Group(_parse_threshold(threshold, len(members), number), tuple(members))
                _check_defined(members, defined, number)
            case ["quorum", name]:
                if quorum is not None:
                    raise PolicyError(f"policy, line {number}: expected one quorum line, got a second")
                if name != NONE:
                    _check_defined([name], defined, number)
                quorum = name
            case _:
                raise PolicyError(
                    f"policy, line {number}: expected a log, witness, group or quorum line, got {line[:80]!r}"
                )
    if quorum is None:
        raise PolicyError("policy: expected a quorum line, got none")
    return Policy(quorum, tuple(log_keys), witnesses, groups)


def format_policy(policy: Policy) -> str:
    """The policy as a file, one definition a line; `parse_policy` gives an equal one."""
    lines = [f"log {format_vkey(vkey)}" for vkey in policy.log_keys]
    lines += [f"witness {name} {format_vkey(vkey)}" for name, vkey in policy.witnesses.items()]
    lines += [
        f"group {name} {group.threshold} {' '.join(group.members)}" for name, group in policy.groups.items()
    ]
    return "\n".join([*lines, f"quorum {policy.quorum}", ""])


def _check_counts(policy: Policy) -> None:
    named = (("logs", policy.log_keys), ("witnesses", policy.witnesses), ("groups", policy.groups))
    for what, these in named:
        if len(these) > MAX_NAMES:
            raise PolicyError(f"policy: expected at most {MAX_NAMES} {what}, got {len(these)}")


def _check_keys(vkeys: tuple[VerifierKey, ...], types: tuple[int, ...], role: str) -> None:
    seen: set[bytes] = set()
    for vkey in vkeys:
        if vkey.algorithm not in types:
            expected = " or ".join(f"{each:#04x}" for each in types)
            raise PolicyError(f"{role} key {vkey.name}: expected type {expected}, got {vkey.algorithm:#04x}")
        # One key under two names would count twice.
        if vkey.key in seen:
            raise PolicyError(f"{role} key {vkey.name}: expected a key not yet in this policy, got one twice")
        seen.add(vkey.key)


def _check_names(policy: Policy) -> None:
    defined = set(policy.witnesses)
    for name in (*policy.witnesses, *policy.groups):
        if name in _RESERVED or name.startswith("#") or _ITEMS.fullmatch(name) is None or "\n" in name:
            raise PolicyError(
                f"name in the policy: expected one without spaces that is not reserved, got {name!r}"
            )
    used: set[str] = set()
    for name, group in policy.groups.items():
        if name in defined:
            raise PolicyError(f"group {name}: expected a name not yet defined, got one twice")
        if not 1 <= group.threshold <= len(group.members):
            raise PolicyError(
                f"group {name}: expected a threshold of 1 to {len(group.members)}, got {group.threshold}"
            )
        for member in group.members:
            if member not in defined:
                raise PolicyError(f"group {name}: expected members defined before it, got {member!r}")
            if member in used:
                raise PolicyError(f"group {name}: expected members of no group yet, got {member!r} again")
            used.add(member)
        defined.add(name)


def _check_new(name: str, defined: set[str], number: int) -> None:
    if name in defined:
        raise PolicyError(f"policy, line {number}: expected a new name, got {name!r} again")


def _check_defined(names: list[str], defined: set[str], number: int) -> None:
    for name in names:
        if name not in defined:
            raise PolicyError(f"policy, line {number}: expected names of lines above, got {name!r}")


def _parse_threshold(text: str, members: int, number: int) -> int:
    if text == "all":
        return members
    if text == "any":
        return 1
    if _THRESHOLD.fullmatch(text) is None:
        raise PolicyError(f"policy, line {number}: expected all, any or a number from 1, got {text[:40]!r}")
    return int(text)
