"""An entry as far as one gets without history: the part of steps 3 and 6 that looks at nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from ...signing.jws import Jws
from ...signing.keys import PublicKey
from ..codes.subjects import parse_subject
from ..errors import RefusedError, TraceError
from ..lifecycle.table import ROWS
from ..rules.ruleset import RuleSet
from ..rules.shapes import UnknownVersionError
from ..statement import Event, read_addressed


class Read(Struct, frozen=True, gc=False):
    """An entry whose event could be read: as far as one gets without history."""

    leaf: int
    recorded_at: datetime
    jws: Jws
    event: Event | None  # None where shape, version or address is wrong; then `error` says why
    error: TraceError | None
    subject: str | None  # as the payload says, if it is one


def read_statement(jws: Jws, rules: RuleSet, origin: str) -> Event:
    """The event that a JWS holds, if its shape, version and address are right.

    Raises:
        RefusedError: They are not.
        UnknownVersionError: Its version or type is not known here.
    """
    event = read_addressed(jws, rules.shapes, origin)
    if event.type not in ROWS:
        raise UnknownVersionError(expected="a type of the life cycle", got=event.type, where="/type")
    return event


def claimed_subject(value: dict[str, Any]) -> str | None:
    """The subject that a payload of unknown shape names, if it is one."""
    text = value.get("sub")
    if not isinstance(text, str):
        return None
    try:
        return parse_subject(text).text
    except RefusedError:
        return None


def fits(jws: Jws, key: PublicKey) -> bool:
    """Whether the header's algorithm is one for this kind of key; `check_signature` says what is wrong."""
    return (jws.alg == "ES256") == (key.kind == "P-256")
