"""What a node tells a webhook: notices, signed by a key of the node's own that signs nothing else.

A receiver checks the signature, that it is meant, and then deals with each notice once: what comes again has
the same leaf index. A notice proves nothing about the log; the events and receipts behind it do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ..signing.compact import format_compact
from ..signing.errors import SigningError
from ..signing.jws import NOTICE, check_signature, parse_jws, sign_jws
from ..signing.keys import PublicKey
from ..signing.keys import Signer as Signing
from .errors import RefusedError
from .times import TimeError, format_time, parse_time

_MEMBERS: Final = frozenset({"aud", "iss", "sent_at", "cursor", "notices"})
_NUMBERS: Final = ("leaf_index", "seq")
_TEXTS: Final = ("id", "subject", "type", "iss", "recorded_at")


class NoticeError(RefusedError):
    """The body is not a notice of this node to this receiver; nothing of it is to be acted on."""

    code = "NOTICE_INVALID"


@dataclass(frozen=True, slots=True)
class Notices:
    """What one delivery says."""

    origin: str  # of the log
    webhook: str  # id of the webhook to which it was sent
    sent_at: datetime  # the node's clock, UTC
    cursor: str  # where the feed goes on after these
    notices: tuple[Mapping[str, Any], ...]  # in the order of the log


def sign_notices(
    signer: Signing,
    *,
    origin: str,
    webhook: str,
    notices: Sequence[Mapping[str, Any]],
    cursor: str,
    at: datetime,
) -> str:
    """The body of a delivery: a compact JWS.

    Raises:
        CompactFormError: More than 32 KiB of notices.
    """
    said = {
        "aud": webhook,
        "iss": origin,
        "sent_at": format_time(at.replace(microsecond=0)),
        "cursor": cursor,
        "notices": [dict(each) for each in notices],
    }
    return sign_jws(format_compact(said), signer, NOTICE)


def check_notice(text: str | bytes, key: PublicKey, aud: str) -> Notices:
    """What a delivery says, once it is shown to be the node's and meant for this webhook.

    Args:
        text: The body, exactly as it came.
        key: The notice key of the node, which `GET /api/v1/node` tells over TLS.
        aud: Id of the webhook.

    Raises:
        NoticeError: Signed by another key or for another purpose, meant for another webhook, or malformed.
    """
    try:
        jws = parse_jws(text, typ=NOTICE)
        check_signature(jws, key)
    except SigningError as error:
        raise NoticeError(f"notice: {error}") from error
    said = jws.value
    if said.keys() != _MEMBERS:
        raise NoticeError(f"notice: expected exactly the members {', '.join(sorted(_MEMBERS))}, got others")
    if said["aud"] != aud:
        raise NoticeError(f"notice, aud: expected {aud}, got another webhook", where="aud")
    texts = [said[name] for name in ("iss", "sent_at", "cursor")]
    notices = said["notices"]
    if not all(isinstance(each, str) for each in texts) or not isinstance(notices, list):
        raise NoticeError("notice: expected texts and a list of notices, got other kinds of values")
    for number, each in enumerate(notices):
        _check_form(each, f"notices/{number}")
    leaves = [each["leaf_index"] for each in notices]
    if leaves != sorted(set(leaves)):
        raise NoticeError("notice, notices: expected leaves in order, each once", where="notices")
    try:
        sent_at = parse_time(said["sent_at"], "sent_at")
    except TimeError as error:
        raise NoticeError(f"notice: {error.message}", where="sent_at") from error
    return Notices(said["iss"], aud, sent_at, said["cursor"], tuple(notices))


def _check_form(notice: object, where: str) -> None:
    """The members that every notice has; later versions may add some."""
    if (
        not isinstance(notice, dict)
        or not all(type(notice.get(name)) is int for name in _NUMBERS)
        or not all(isinstance(notice.get(name), str) for name in _TEXTS)
    ):
        raise NoticeError("notice: expected a notice with its members, got something else", where=where)
