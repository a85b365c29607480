"""One statement of an authority, written, signed and submitted in one go."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ...signing.keys import PrivateKey
from ...signing.possession import sign_possession
from ..ledger.door import Submission
from ..ledger.ledger import Ledger
from ..ledger.sequence import Placed
from ..lifecycle.world import World
from ..template import NONCE_BYTES, next_statement
from .sign import sign_statement


def act(
    ledger: Ledger, key: PrivateKey, kind: str, subject: str, *, iss: str, data: Mapping[str, Any]
) -> Placed:
    """Say what `data` says, as the next event of the chain.

    Raises:
        RefusedError: The log does not take it.
    """
    statement = next_statement(
        ledger.world(),
        kind,
        subject,
        iss=iss,
        occurred_at=claimed_now(),
        nonce=os.urandom(NONCE_BYTES),
        data=data,
    )
    text = sign_statement(statement, key, ledger.rules)
    (outcome,) = ledger.append([Submission((text,))])
    if outcome.error is not None:
        raise outcome.error
    return outcome.events[0]


def prove_key(world: World, key: PrivateKey, subject: str) -> dict[str, Any]:
    """A key and the proof of possession that registers it in the chain of `subject` as it stands."""
    chain = world.chain(subject)
    proof = sign_possession(aud=world.origin, sub=subject, head=chain.head if chain else None, signer=key)
    return {"jwk": key.public.jwk(), "possession": proof}


def claimed_now() -> datetime:
    """The time as a party claims it: UTC, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)
