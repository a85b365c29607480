"""What became of a submission, as a JSON object for programs: on the command line and in the API alike."""

from __future__ import annotations

from typing import Any

from ..errors import TraceError
from ..lifecycle.judge import ChainLinkError
from ..rules.shapes import ShapeError
from .sequence import Outcome


def outcome_object(outcome: Outcome) -> dict[str, Any]:
    """The status, and the places of the events or the reason of the refusal."""
    said: dict[str, Any] = {"status": outcome.status}
    if outcome.error is not None:
        return said | refusal(outcome.error)
    events = [{"id": placed.event_id, "leaf_index": placed.leaf_index} for placed in outcome.events]
    return said | ({"events": events} if events else {})


def refusal(error: TraceError) -> dict[str, Any]:
    """A refusal for programs: code, detail, where, and what of it a program can act on."""
    said: dict[str, Any] = {"code": error.finding_code, "detail": error.message, "where": error.where}
    if error.member is not None:
        said["event"] = error.member
    if isinstance(error, ShapeError):
        said["errors"] = [
            {"pointer": problem.pointer, "detail": problem.detail} for problem in error.problems
        ]
    if isinstance(error, ChainLinkError):
        said |= {"head_seq": error.head_seq, "head": error.head}
    return said
