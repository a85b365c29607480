"""How the log of a story begins: the registrars open it, enrol everybody, and each adds its keys.

The organisation part of each unified social credit code reads EXAMPLE and a mark, so that nobody takes it for
a real firm's; both check digits hold (GB 11714, GB 32100).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from stdnum.cn import uscc

from ..signing.note import format_vkey
from .author import Author, Party
from .keys import SampleLogSigner

_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714


def organisation(department: str, region: str, mark: str) -> str:
    """``org:uscc:…``: department, region, the eight of the organisation and two check digits.

    Args:
        department: 91 for companies, 92 for one person's business, 12 for public institutions.
        region: Six digits, as in ``CN-440300``.
        mark: What follows EXAMPLE, one character.
    """
    body = f"EXAMPLE{mark}"
    weighted = sum(int(letter, 36) * weight for letter, weight in zip(body, _WEIGHTS, strict=True))
    number = f"{department}{region}{body}{'0123456789X'[(11 - weighted % 11) % 11]}"
    return f"org:uscc:{number}{uscc.calc_check_digit(number)}"


@dataclass(frozen=True, slots=True)
class Firm(Party):
    """A party with all that its enrolment says."""

    licences: Mapping[str, Sequence[str]] = field(default_factory=dict)  # role -> what it allows
    vendor_codes: tuple[str, ...] = ()
    sites: tuple[tuple[str, str, str], ...] = ()  # name, region, Chinese name
    words: tuple[str, ...] = ("sign",)  # of the keys that it adds at once


def firm(
    short: str, region: str, mark: str, zh: str, en: str, *roles: str, department: str = "91", **more: Any
) -> Firm:
    """A firm of a story; ``region`` is six digits, ``mark`` tells its invented number from others'."""
    org = organisation(department, region, mark)
    return Firm(short, org, zh, en, f"CN-{region}", roles, **more)


def found(author: Author, registrars: Sequence[Firm], members: Sequence[Firm], day: str) -> None:
    """The log opens on a day, all registrars being needed for joint acts; the firms follow, one an hour.

    Args:
        day: ``2026-04-01``; the log opens at half past seven in Beijing.
    """
    subject = f"log:{author.origin}"
    author.on(f"{day} 07:30")
    opened = {
        "purpose": "demonstration",
        "registrars": [
            {**author.possession(each.signer("registry"), subject), "org": each.org} for each in registrars
        ],
        "threshold": len(registrars),
        "log_keys": [format_vkey(vkey) for vkey in SampleLogSigner(author.origin).vkeys],
        "rules": {"name": author.world.rules.name, "sha256": author.world.rules.sha256},
    }
    author.say(registrars[0], "log.opened", subject, opened, word="registry")
    for number, member in enumerate(members):
        author.on(f"{day} {8 + number:02d}:00")
        enrol(author, member, registrars)
        for word in member.words:
            add_key(author, member, word, name="业务签名密钥" if word == "sign" else f"密钥 {word}")


def enrol(author: Author, member: Firm, registrars: Sequence[Firm]) -> None:
    """The registrars enrol a firm, each standing behind it."""
    first, *others = ((registrar, "registry") for registrar in registrars)
    data: dict[str, Any] = {
        "name": {"zh": member.zh, "en": member.en},
        "region": member.region,
        "roles": [_role(member, role) for role in member.roles],
        "admin": author.possession(member.signer("admin"), member.org),
    }
    if member.vendor_codes:
        data["vendor_codes"] = list(member.vendor_codes)
    if member.sites:
        data["sites"] = [
            {"site": site, "region": region, "name": {"zh": zh}} for site, region, zh in member.sites
        ]
    author.say(first[0], "org.enrolled", member.org, data, word="registry", approvers=others)


def _role(member: Firm, role: str) -> dict[str, Any]:
    if role not in member.licences:
        return {"role": role}
    number = f"示例证字〔2025〕{member.org[-3:]}号"
    return {"role": role, "licence": {"number": number, "scope": list(member.licences[role])}}


def add_key(author: Author, member: Party, word: str, **more: Any) -> None:
    """A key of the member's own, added by its admin key."""
    proven = author.possession(member.signer(word), member.keys)
    author.say(member, "key.added", member.keys, {"use": "sign", **proven, **more}, word="admin")
