"""What a client is told in place of success: refused, or not known. Neither is ever taken for the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...trace.errors import RefusedError, UndecidedError


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends: what the next statement is signed on."""

    subject: str
    seq: int  # of the last event; -1 where the chain has not begun
    id: str | None  # of the last event; None where the chain has not begun


class RefusedByNodeError(RefusedError):
    """The node answered that it recorded nothing, and why. The same bytes again get the same answer."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        reasons = tuple(
            f"{each.get('pointer') or each.get('parameter') or 'body'}: {each.get('detail')}"
            for each in problem.get("errors", ())
            if isinstance(each, Mapping)
        )
        detail = str(problem.get("detail", ""))
        super().__init__(
            "; ".join(reasons) or detail, code=str(problem["code"]), where=str(problem.get("where", ""))
        )
        self.status = status  # of HTTP
        self.detail = detail  # expected, got
        self.reasons: Sequence[str] = reasons or (detail,)  # every reason, with where it is
        self.event = problem.get("event")  # of a group: which event is meant, counted from 0
        self.problem = dict(problem)  # all that was answered (RFC 9457)
        self.retry_after_s: float | None = None  # where the node asks for it


class PlaceTakenError(RefusedByNodeError):
    """Another event stands at this place of the chain, or there is none before it: sign again on `head`."""

    code = "PLACE_TAKEN"

    def __init__(self, status: int, problem: Mapping[str, Any], subject: str) -> None:
        super().__init__(status, problem)
        self.head = Head(subject, int(problem["head_seq"]), problem.get("head"))


class OutcomeUnknownError(UndecidedError):
    """No answer that can be read: what was sent may be recorded, or not. The same bytes again are safe."""

    code = "OUTCOME_UNKNOWN"

    def __init__(self, message: str, *, passing: bool = True, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.passing = passing  # whether asking again at once may help
        self.retry_after_s = retry_after_s  # where the node asks for it


class ReceiptRefusedError(RefusedError):
    """The node said that an event is recorded, and what it sent to show that does not show it.

    Keep the answer (`answer`): signed by the log and wrong, it is evidence against the log.
    """

    code = "RECEIPT_MISMATCH"

    def __init__(self, message: str, *, code: str | None = None, answer: bytes = b"") -> None:
        super().__init__(message, code=code, where="receipt")
        self.answer = answer
