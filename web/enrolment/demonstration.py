"""A log of samples enrols whoever comes: its admin keys are published, so that nobody is kept out anyway.

Nowhere else does a node hold an admin key, or add one by itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Final

from ...signing.keys import PrivateKey
from ...trace.cli.sign import sign_statement
from ...trace.devices import keys_subject
from ...trace.errors import RefusedError
from ...trace.ledger.door import Submission
from ...trace.lifecycle.keyring import log_state
from ...trace.template import NONCE_BYTES, next_statement
from ..node import Node
from .invitations import Invitation

PURPOSE: Final = "demonstration"


class NotDemonstrationError(RefusedError):
    """The log is for something else than demonstration."""

    code = "NOT_PERMITTED"


def confirm_by_itself(
    node: Node, admins: Mapping[str, PrivateKey], tell: Callable[[Invitation], object]
) -> Callable[[Invitation], None]:
    """What adds the key of a device as soon as it asks.

    Args:
        node: Of a log of samples.
        admins: The published admin key of each organisation for which it does so.
        tell: Told of each device whose key was added.

    Returns:
        To be called with a request that waits.

    Raises:
        NotDemonstrationError: The log is for something else.
    """
    purpose = log_state(node.ledger.world()).purpose
    if purpose != PURPOSE:
        raise NotDemonstrationError(f"log: expected one for {PURPOSE}, got one for {purpose}")

    def confirm(request: Invitation) -> None:
        admin = admins.get(request.org)
        if admin is None or request.made_by or request.use != "sign":
            return  # one that somebody else invited, whom somebody else confirms
        statement = next_statement(
            node.ledger.world(),
            "key.added",
            keys_subject(request.org),
            iss=request.org,
            occurred_at=node.clock().replace(microsecond=0),
            nonce=os.urandom(NONCE_BYTES),
            data=request.key_data(),
        )
        answer = node.submit(Submission((sign_statement(statement, admin, node.ledger.rules),)))
        if answer.outcome.error is not None:
            raise answer.outcome.error
        tell(request)

    return confirm
