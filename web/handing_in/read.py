"""What a client reads beside receipts, taken apart: heads, and pages of the feed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...trace.codes.given import read_given
from ...trace.errors import RefusedError
from .errors import Head, RefusedByNodeError
from .http import Reply, unreadable


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Some notices in the order of the log, and the cursor to keep once they are dealt with."""

    notices: tuple[Mapping[str, Any], ...]
    next: str
    size: int  # how far the log was signed
    complete: bool  # these are all that there are by now


def parse_heads(reply: Reply, codes: Sequence[str]) -> list[Head]:
    """The heads in an answer, one for each code, in order.

    Raises:
        RefusedByNodeError: A code is none.
        OutcomeUnknownError: It says nothing of the kind.
    """
    said = reply.json().get("heads")
    if not isinstance(said, list) or len(said) != len(codes):
        raise unreadable(f"{len(codes)} heads", "another number")
    found = []
    for code, each in zip(codes, said, strict=True):
        match each:
            case {"problem": {"code": str(), "detail": str()} as problem}:
                raise RefusedByNodeError(reply.status, problem | {"where": code})
            case {"subject": str(subject), "seq": int(seq), "head": str() | None as head}:
                if seq < -1 or (seq == -1) != (head is None):
                    raise unreadable("-1 and no head, or both", f"{seq} and {head}")
                if subject != (expected := _subject(code)):
                    raise unreadable(f"the head of {expected}", f"that of {subject[:100]}")
                found.append(Head(subject, seq, head))
            case _:
                raise unreadable("subject, seq and head", "another object")
    return found


def parse_page(value: Mapping[str, Any]) -> FeedPage:
    """A page of the feed.

    Raises:
        OutcomeUnknownError: It is none.
    """
    match value:
        case {
            "notices": list(notices),
            "next": str(after),
            "size": int(size),
            "complete": bool(complete),
        } if all(isinstance(notice, dict) for notice in notices):
            return FeedPage(tuple(notices), after, size, complete)
        case _:
            raise unreadable("notices, next, size and complete", "another object")


def _subject(code: str) -> str:
    """What a code stands for: read here too, so that nobody signs about another battery."""
    try:
        return read_given(code).subject
    except RefusedError as error:
        return f"nothing ({error.finding_code})"
