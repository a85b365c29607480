"""What a battery must show that goes on from the log before this one (DESIGN, section 5: a log ends)."""

from __future__ import annotations

from ..keyring import log_state
from .case import Case


def check_predecessor(case: Case) -> None:
    """Where this log succeeds another, a chain that goes on from there names its end in that very log.

    Raises:
        RefusedError: ``ILLEGAL_TRANSITION``.
    """
    former = log_state(case.world).succeeds
    if not former:
        return  # It comes from a log that this one knows nothing of: the declarer vouches for it.
    named = case.event.data.get("predecessor")
    if named is None:
        if case.event.data["basis"] == "other_log":
            case.refuse(
                "ILLEGAL_TRANSITION",
                expected=f"the end of its chain in {former}, which this log succeeds",
                got="none",
                where="/data/predecessor",
            )
        return
    if named["origin"] != former:
        case.refuse(
            "ILLEGAL_TRANSITION",
            expected=f"{former}, which this log succeeds",
            got=named["origin"],
            where="/data/predecessor/origin",
        )
    if case.event.data["basis"] != "other_log":
        case.refuse(
            "ILLEGAL_TRANSITION",
            expected=f"other_log, as its chain goes on from {former}",
            got=case.event.data["basis"],
            where="/data/basis",
        )
