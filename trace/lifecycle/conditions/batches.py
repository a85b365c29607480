"""What is treated together: what goes in, and whether what came out adds up."""

from __future__ import annotations

from ..batches import batch_inputs
from ..state import Batch
from .case import Case


def own_open_batch(case: Case) -> None:
    """What is charged goes into the signer's own open batch."""
    named = case.event.data["batch"]
    chain = case.world.chain(named)
    if chain is None or not isinstance(chain.state, Batch):
        case.refuse("REFERENCE_ABSENT", expected="a batch that is in the log", got=named, where="/data/batch")
    if chain.state.owner != case.event.iss:
        case.refuse("NOT_CUSTODIAN", expected="a batch of the signer", got=named, where="/data/batch")
    if chain.state.closed:
        case.refuse("BATCH_CLOSED", expected="an open batch", got=f"{named}, closed", where="/data/batch")


def batch_open(case: Case) -> None:
    """The batch was opened and is not closed."""
    if not isinstance(case.state, Batch):
        case.refuse("ILLEGAL_TRANSITION", expected="a batch that was opened", got="none", where="/sub")
    if case.state.closed:
        case.refuse("BATCH_CLOSED", expected="an open batch", got="one that is closed", where="/sub")


def inputs(case: Case) -> None:
    """What the batch binds is what was charged into it."""
    for member, value in batch_inputs(case.world, case.event.sub).items():
        got = case.event.data["inputs"][member]
        over = " over their ids in the order of the log" if member == "root" else ""
        if got != value:
            case.refuse(
                "BATCH_INPUTS_MISMATCH",
                expected=f"{value}{over}",
                got=str(got),
                where=f"/data/inputs/{member}",
            )


def balance(case: Case) -> None:
    """Closing is always accepted; mass that nothing explains, beyond ``mass_tolerance_permille``, is told.

    DESIGN, section 10.
    """
    data = case.event.data
    out, lost = (sum(each["g"] for each in data[name]) for name in ("outputs", "losses"))
    went_in = data["inputs"]["g"]
    unexplained = went_in - out - lost
    tolerance = went_in * case.world.rules.policy.mass_tolerance_permille // 1000
    if unexplained < -tolerance:
        case.remark("MASS_CREATED", f"{went_in} g went in, {out} g came out and {lost} g were lost")
    elif unexplained > tolerance:
        case.remark("MASS_UNEXPLAINED", f"{unexplained} g of {went_in} g are neither output nor loss")
