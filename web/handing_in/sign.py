"""The next statement of a chain, signed by whoever can: nothing here is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from ...signing.base64url import b64url
from ...signing.compact import format_compact
from ...signing.disclosures import SALT_BYTES, format_presentation, withhold
from ...signing.jws import EVENT, sign_jws
from ...signing.keys import Signer
from ...trace.codes.subjects import parse_subject
from ...trace.statement import parse_event_jws
from ...trace.times import format_time
from .errors import Head

VERSION: Final = 1
NONCE_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class SignedEvent:
    """An event that was signed here and is not handed in yet."""

    text: str  # the compact JWS, with its disclosures behind it if it withholds something
    id: str
    subject: str
    seq: int

    @property
    def head(self) -> Head:
        """Where its chain ends once it is recorded: what the next event of a group is signed on."""
        return Head(self.subject, self.seq, self.id)

    def __str__(self) -> str:
        return self.text


def sign_event(
    signer: Signer,
    *,
    origin: str,
    org: str,
    type: str,
    on: Head,
    data: Mapping[str, Any],
    withheld: Mapping[str, Any],
    occurred_at: datetime,
    random: Callable[[int], bytes],
) -> SignedEvent:
    """Sign what `data` says, as the next event of the chain that ends `on`. See `Client.sign`.

    Args:
        random: So many random bytes, for the nonce and the salts.

    Raises:
        ValueError: A member is both in `data` and withheld.
        SigningError: Something that the compact form can't say.
        RefusedError: The subject or the time is none.
    """
    parse_subject(on.subject)
    said, disclosures = dict(data), []
    for name, value in withheld.items():
        if name in said:
            raise ValueError(f"withheld: expected a member that data lacks, got {name}")
        said[name], disclosure = withhold(value, random(SALT_BYTES))
        disclosures.append(disclosure)
    if occurred_at.tzinfo is not None:  # a naive one is refused, never guessed
        occurred_at = occurred_at.astimezone(UTC).replace(microsecond=0)
    statement = {
        "v": VERSION,
        "aud": origin,
        "nonce": b64url(random(NONCE_BYTES)),
        "type": type,
        "sub": on.subject,
        "seq": on.seq + 1,
        **({} if on.id is None else {"prev": on.id}),
        "iss": org,
        "occurred_at": format_time(occurred_at),
        "data": said,
    }
    text = sign_jws(format_compact(statement), signer, EVENT)
    event_id = parse_event_jws(text).id
    return SignedEvent(format_presentation(text, disclosures), event_id, on.subject, on.seq + 1)
