"""The log of samples, founded with the private keys that are published beside them.

Everybody has these keys, so such a log proves nothing about anybody; it says so itself, by its purpose.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
import orjson

from ...signing.errors import SigningError
from ...signing.keyfile import save_private_key
from ...signing.keys import (
    PrivateKey,
    parse_public_jwk,
    private_key_from_scalar,
    private_key_from_seed,
)
from ...signing.log_key import LogKey, save_log_key
from ...signing.policy import NONE, Policy
from ..ledger.event_lines import Line
from ..ledger.home import Home, save_durably
from ..ledger.ledger import Ledger
from ..statement import parse_event_jws
from ..verify.trust import Trust, format_trust
from .place import Place
from .text_input import read_text

DEMONSTRATION: Final = "demonstration"
OPENED: Final = ("log.opened", DEMONSTRATION)
FILE: Final = Path("published_keys") / "keys.json"
_LIMIT: Final = 1 << 20

_P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""FIPS 186-5. A published scalar is its seed modulo one less than this, plus one."""


@dataclass(frozen=True, slots=True)
class PublishedKeys:
    """The keys of a log of samples and of its parties."""

    log: LogKey
    registrars: tuple[PrivateKey, ...]
    parties: tuple[PrivateKey, ...]  # the registrars' included


def found_sample_log(place: Place, folder: Path, first: Line, passphrase: bytes | None) -> Home:
    """Found the log that the first line of the samples opens.

    Raises:
        click.UsageError: The line opens no log for demonstration, or the keys are not there.
        RefusedError: The event can't open this log.
    """
    if first.error is not None:
        raise first.error
    if first.submission is None or first.at is None:
        raise click.UsageError(
            f"samples: expected log.opened with its time, got no time, at {first.source}:1"
        )
    text = first.submission.events[0]
    opened = parse_event_jws(text).value
    data = opened.get("data")
    if not isinstance(data, dict) or (opened.get("type"), data.get("purpose")) != OPENED:
        raise click.UsageError(
            f"samples: expected log.opened for {DEMONSTRATION}, got another event, at {first.source}:1"
        )
    keys = load_published_keys(folder)
    recorded_at = first.at
    click.echo(
        f"NOTE: the log {keys.log.origin} is founded with PUBLISHED keys: everybody has them, "
        "and what they sign proves nothing.\n注意：本日志使用公开密钥，人人可得，仅供演示。",
        err=True,
    )
    home = Home.create(place.folder, keys.log.origin, db=place.db or "")
    save_log_key(home.log_key, keys.log, passphrase=passphrase)
    for key in keys.parties:
        save_private_key(home.key(key.public.kid), key, passphrase=passphrase)
    Ledger.create(home, text, keys.log, lambda: recorded_at).close()
    founding = {parse_public_jwk(registrar["jwk"]).kid for registrar in data["registrars"]}
    # One that a registrar changes to later is published as well.
    kids = frozenset(key.public.kid for key in keys.registrars if key.public.kid in founding)
    trust = Trust(keys.log.origin, kids, data["threshold"], Policy(NONE, keys.log.vkeys))
    save_durably(home.trust, format_trust(trust))
    return home


def load_published_keys(folder: Path) -> PublishedKeys:
    """Read the keys that are published in the folder of samples, or beside it.

    Raises:
        click.UsageError: They are not there, or not keys.
    """
    path = next((base / FILE for base in (folder, folder.absolute().parent) if (base / FILE).is_file()), None)
    if path is None:
        raise click.UsageError(f"samples: expected {FILE} in {folder} or beside it, got neither")
    try:
        document: dict[str, Any] = orjson.loads(read_text(str(path), limit=_LIMIT))
        log = document["log"]
        seeds = {key["kind"]: bytes.fromhex(key["seed"]) for key in log["keys"]}
        parties = [(party["use"], _private_key(party)) for party in document["parties"]]
        return PublishedKeys(
            LogKey.from_seeds(
                log["origin"], ed25519_seed=seeds["Ed25519"], ml_dsa_44_seed=seeds["ML-DSA-44"]
            ),
            tuple(key for use, key in parties if use == "registrar"),
            tuple(key for _, key in parties),
        )
    except (KeyError, TypeError, ValueError, SigningError) as error:
        raise click.UsageError(f"samples: expected published keys, got {error}, at {path}") from error


def _private_key(party: dict[str, Any]) -> PrivateKey:
    seed = bytes.fromhex(party["seed"])
    if party["kind"] == "P-256":
        return private_key_from_scalar(int.from_bytes(seed) % (_P256_ORDER - 1) + 1)
    return private_key_from_seed(seed)
