"""A refused event explained against a ledger, as an object for programs."""

from __future__ import annotations

from typing import Any

from ...signing.base64url import b64url
from ..explanation import Reason, explain_event, fix_for
from ..statement import Moment
from ..verify.catalogue import CATALOGUE
from .ledger import Ledger
from .timing import milliseconds


def explanation_object(
    ledger: Ledger, text: str, *, at: Moment, nonce: bytes, language: str | None
) -> dict[str, Any]:
    """What the ledger would answer to an event, why, and what to sign in its place; nothing is recorded.

    Args:
        at: The leaf and the time that the event would have.
        nonce: 16 fresh random bytes, for what is to be signed.
        language: One of `explanation.LANGUAGES`, in which its author writes; all, where none is named.
    """
    said = explain_event(text, ledger.world(), at=at, nonce=nonce, is_known=ledger.has)
    shown: dict[str, Any] = {
        "status": said.status,
        "reasons": [_reason_object(reason, language) for reason in said.reasons],
    }
    if said.payload is not None:
        shown["next"] = {
            "payload": said.payload.decode("utf-8"),
            "base64url": b64url(said.payload),
            "remaining": [_reason_object(reason, language) for reason in said.remaining],
        }
    return shown


def next_moment(ledger: Ledger) -> Moment:
    """The leaf and the time that an event would have that came now."""
    return Moment(ledger.size, milliseconds(ledger.clock()))


def _reason_object(reason: Reason, language: str | None) -> dict[str, Any]:
    kind = CATALOGUE.get(reason.code)
    rule: dict[str, Any] = {"step": kind.step, "zh": kind.zh, "en": kind.en} if kind else {}
    if reason.row:
        rule["row"] = reason.row
    said: dict[str, Any] = {
        "code": reason.code,
        "rule": rule,
        "where": reason.where,
        "byte": reason.byte,
        "context": reason.context,
        "expected": reason.expected,
        "got": reason.got,
        "detail": reason.detail,
        "fix": fix_for(reason.hint, language) if reason.hint else "",
    }
    return {name: value for name, value in said.items() if value not in ("", None, {})}
