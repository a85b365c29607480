"""Which key may sign what, and what a new key must prove (steps 5 and 6 of the verification)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ...signing.base64url import b64url
from ...signing.compact import format_compact
from ...signing.errors import SigningError
from ...signing.jws import APPROVAL, check_signature, parse_jws
from ...signing.keys import PublicKey, parse_public_jwk
from ...signing.possession import check_possession
from ..errors import RefusedError
from ..statement import Event
from ..times import show_time
from .state import Key, Log
from .table import By, row_of
from .world import World


def find_key(event: Event, at: datetime, world: World) -> Key:
    """The key that the header names, if its organisation may sign this type with it now (step 6).

    Raises:
        RefusedError: ``KEY_UNKNOWN``, ``KEY_FOREIGN``, ``KEY_REVOKED_AT_SIGNING``,
            ``KEY_NOT_VALID_AT_SIGNING`` or ``KEY_USE_FORBIDDEN``.
    """
    kid = event.jws.kid
    signer = None if event.type == "log.opened" else world.signer(kid)
    key = signer.key if signer else _founding_key(event) if event.type == "log.opened" else None
    if key is None:
        raise RefusedError(
            f"kid: expected a key registered in the log, got {kid}", code="KEY_UNKNOWN", where="kid"
        )
    if key.org != event.iss:
        raise RefusedError(
            f"kid: expected a key of {event.iss}, got {kid}, a key of {key.org}",
            code="KEY_FOREIGN",
            where="kid",
        )
    if signer is not None and signer.revoked:
        raise RefusedError(
            f"kid: expected a key in force, got {kid}, which is revoked",
            code="KEY_REVOKED_AT_SIGNING",
            where="kid",
        )
    if key.valid_from or key.until:
        _check_in_time(key, at)
    for by in row_of(event.type, event.sub).by:
        if key.use == key_use(by):
            break
    else:
        uses = sorted({key_use(by) for by in row_of(event.type, event.sub).by})
        raise RefusedError(
            f"kid: expected a key for {' or '.join(uses)}, got one for {key.use}",
            code="KEY_USE_FORBIDDEN",
            where="kid",
        )
    if key.types and event.type not in key.types:
        raise RefusedError(
            f"kid: expected a key that may sign {event.type}, got one for {', '.join(key.types)}",
            code="KEY_USE_FORBIDDEN",
            where="kid",
        )
    if key.sites and event.data.get("site") not in key.sites:
        raise RefusedError(
            f"kid: expected a statement at {' or '.join(key.sites)}, where the key may sign, "
            f"got one at {event.data.get('site', 'no site')}",
            code="KEY_USE_FORBIDDEN",
            where="/data/site",
        )
    return key


def key_use(by: By) -> str:
    """The use of the keys with which somebody in this relation signs."""
    return by.relation if by.relation in ("registrar", "admin") else "sign"


def _check_in_time(key: Key, at: datetime) -> None:
    """The key is within its time, which is half-open."""
    if (key.valid_from and at < key.valid_from) or (key.until and at >= key.until):
        span = [f"from {show_time(key.valid_from)}"] if key.valid_from else []
        span += [f"until {show_time(key.until)}"] if key.until else []
        raise RefusedError(
            f"kid: expected a key valid at {show_time(at)}, got one valid {' '.join(span)}",
            code="KEY_NOT_VALID_AT_SIGNING",
            where="kid",
        )


def check_new_key(
    given: Mapping[str, Any], event: Event, head: str | None, world: World, where: str
) -> PublicKey:
    """A key that is to be registered is sound, nobody's yet, and in the hands of who registers it.

    Args:
        given: ``{"jwk", "possession"}``.
        event: The statement that registers it; the proof names its log and its subject.
        head: Head of the subject's chain, which the proof names too; None where the chain has not begun.

    Raises:
        RefusedError: ``KEY_WEAK`` or another reason of `parse_public_jwk`, ``KEY_ALREADY_BOUND``,
            ``KEY_NOT_PROVEN``.
    """
    try:
        key = parse_public_jwk(given["jwk"])
    except SigningError as error:
        raise RefusedError(str(error), code=error.code, where=f"{where}/jwk") from error
    if world.key_home(key.kid):
        raise RefusedError(
            f"jwk: expected a key that nobody has registered, got {key.kid}",
            code="KEY_ALREADY_BOUND",
            where=f"{where}/jwk",
        )
    try:
        check_possession(given["possession"], key=key, aud=world.origin, sub=event.sub, head=head)
    except SigningError as error:
        raise RefusedError(str(error), code="KEY_NOT_PROVEN", where=f"{where}/possession") from error
    return key


def check_approvals(event: Event, world: World) -> None:
    """As many registrars stand behind a joint act as the threshold asks (LIFECYCLE, rule 8).

    The signer counts as one. Each approval is a compact JWS by another registrar key over
    ``{aud, statement}``, where ``statement`` is the SHA-256 of the payload without ``data.approvals``.

    Raises:
        RefusedError: ``APPROVAL_INVALID`` or ``REGISTRY_QUORUM_UNMET``.
    """
    log = log_state(world)
    registrars = {key.public.kid: key for key in log.registrars}
    approving = {event.jws.kid}
    expected = {"aud": world.origin, "statement": approval_digest(event.jws.value)}
    for index, text in enumerate(event.data.get("approvals", ())):
        where = f"/data/approvals/{index}"
        try:
            approval = parse_jws(text, typ=APPROVAL)
            if approval.kid not in registrars:
                raise RefusedError(
                    f"approval: expected a registrar's key, got {approval.kid}",
                    code="APPROVAL_INVALID",
                    where=where,
                )
            check_signature(approval, registrars[approval.kid].public)
        except SigningError as error:
            raise RefusedError(str(error), code="APPROVAL_INVALID", where=where) from error
        if approval.value != expected:
            raise RefusedError(
                f"approval: expected {expected}, got another statement", code="APPROVAL_INVALID", where=where
            )
        approving.add(approval.kid)
    if len(approving) < log.threshold:
        raise RefusedError(
            f"approvals: expected {log.threshold} registrars, got {len(approving)}",
            code="REGISTRY_QUORUM_UNMET",
            where="/data/approvals",
        )


def approval_digest(payload: Mapping[str, Any]) -> str:
    """What an approval names: SHA-256 of the payload in compact form without ``data.approvals``."""
    data = {name: value for name, value in payload["data"].items() if name != "approvals"}
    return b64url(hashlib.sha256(format_compact({**payload, "data": data})).digest())


def log_state(world: World) -> Log:
    """The state of the log's own chain.

    Raises:
        RefusedError: ``LOG_NOT_OPENED``.
    """
    chain = world.chain(f"log:{world.origin}")
    if chain is None or not isinstance(chain.state, Log):
        raise RefusedError(
            "expected log.opened as the first entry, got none", code="LOG_NOT_OPENED", where="/type"
        )
    return chain.state


def _founding_key(event: Event) -> Key | None:
    """The registrar's key that ``log.opened`` itself names; the trust file says whether to trust it."""
    try:
        for registrar in event.data["registrars"]:
            public = parse_public_jwk(registrar["jwk"])
            if public.kid == event.jws.kid:
                return Key(public, registrar["org"], "sign")
    except SigningError as error:
        raise RefusedError(str(error), code=error.code, where="/data/registrars") from error
    return None
