"""The log in which every case begins: opened by three registrars, everybody enrolled, a model published.

Organisations are data (`parties.toml`). All keys are published and all times given, so that the log is
the same in every run.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from stdnum.cn import uscc

from packtrace.signing.keyfile import save_private_key
from packtrace.signing.keys import PrivateKey, private_key_from_seed
from packtrace.signing.log_key import LogKey
from packtrace.signing.note import format_vkey
from packtrace.trace.rules.ruleset import load_rules

PARTIES: Final[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("parties.toml").read_text("utf-8"))
ORIGIN: Final[str] = PARTIES["origin"]
REGISTRARS: Final[list[str]] = PARTIES["registrars"]
NAMES: Final = (*REGISTRARS, *PARTIES["party"])


@dataclass
class Heads:
    """Where the chains of the log end, as somebody knows who has submitted every event."""

    at: datetime = PARTIES["opened"]
    size: int = 0
    of: dict[str, tuple[int, str]] = field(default_factory=dict)  # subject -> last seq, its event


def party_id(name: str) -> str:
    """``uscc:…``, the id of an organisation of the cases; its check character fits."""
    stem = f"91440000MA5{NAMES.index(name):06d}"
    return f"uscc:{stem}{uscc.calc_check_digit(stem)}"


def seed_of(name: str) -> bytes:
    """The seed of a published key."""
    return hashlib.sha256(f"packtrace case key/v1 {name}".encode()).digest()


def key_of(name: str) -> PrivateKey:
    """The published key of a name: ``dealer`` signs, ``dealer admin`` changes keys."""
    return private_key_from_seed(seed_of(name))


def key_file(folder: Path, name: str) -> Path:
    """The file of a key, made when it is asked for first."""
    path = folder / f"{name.replace(' ', '-')}.pem"
    if not path.exists():
        save_private_key(path, key_of(name), passphrase=None)
    return path


def founding_steps() -> list[dict[str, Any]]:
    """The steps that come before those of every case, in the words of a case."""
    log_key = LogKey.from_seeds(
        ORIGIN, ed25519_seed=seed_of("log Ed25519"), ml_dsa_44_seed=seed_of("log ML-DSA-44")
    )
    rules = load_rules()
    steps: list[dict[str, Any]] = [
        {
            "by": REGISTRARS[0],
            "says": "log.opened",
            "of": f"log:{ORIGIN}",
            "data": {
                "purpose": "demonstration",
                "registrars": [{"org": f"@{name}", "+key": name} for name in REGISTRARS],
                "threshold": PARTIES["threshold"],
                "log_keys": [format_vkey(vkey) for vkey in log_key.vkeys],
                "rules": {"name": rules.name, "sha256": rules.sha256},
            },
        }
    ]
    for name, enrolled in PARTIES["party"].items():
        enrolment = {"name": {"en": name}, **enrolled, "admin": {"+key": f"{name} admin"}}
        added = {"use": "sign", "+key": name}
        steps += [
            {
                "by": REGISTRARS[0],
                "says": "org.enrolled",
                "of": f"org:{party_id(name)}",
                "data": enrolment,
                "approved_by": REGISTRARS[1:2],
            },
            {
                "by": name,
                "says": "key.added",
                "of": f"keys:{party_id(name)}",
                "data": added,
                "key": f"{name} admin",
            },
        ]
    return [*steps, {"by": "battery_maker", "says": "model.published", "of": "@lfp"}]


def save_published_keys(folder: Path) -> None:
    """What `packtrace load` founds a log for demonstration with."""
    document = {
        "log": {
            "origin": ORIGIN,
            "keys": [
                {"kind": kind, "seed": seed_of(f"log {kind}").hex()} for kind in ("Ed25519", "ML-DSA-44")
            ],
        },
        "parties": [
            {"use": "registrar", "kind": "Ed25519", "seed": seed_of(name).hex()} for name in REGISTRARS
        ],
    }
    (folder / "published_keys").mkdir()
    (folder / "published_keys" / "keys.json").write_text(json.dumps(document))
