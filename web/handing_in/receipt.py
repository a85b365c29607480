"""A receipt as a node gives it, and the checks without which it is only a claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

import orjson

from ...signing.checkpoint import check_cosignatures, open_checkpoint
from ...signing.errors import SigningError
from ...signing.jws import Jws, check_signature
from ...signing.keys import PublicKey
from ...signing.merkle import check_inclusion, leaf_hash
from ...signing.note import VerifierKey, parse_note
from ...signing.policy import quorum_met
from ...signing.tlog_proof import TlogProof, parse_tlog_proof
from ...signing.tree_head import parse_checkpoint_text
from ...trace.errors import TraceError
from ...trace.statement import parse_entry, parse_event_jws
from ...trace.verify.trust import Trust
from .errors import OutcomeUnknownError, ReceiptRefusedError

Status = Literal["accepted", "known"]

_STATUSES: Final = ("accepted", "known")
_TEXTS: Final = ("id", "recorded_at", "checkpoint", "entry", "proof")


@dataclass(frozen=True, slots=True)
class Placed:
    """Where the log has an event."""

    id: str
    leaf_index: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """An event is in the log. Made by `check_receipt` alone, so what it says was checked.

    `signed_by` says how far: without a trust file it is empty, and the receipt then proves only that it
    agrees with itself; whoever answered could have made it up.
    """

    id: str
    leaf_index: int
    recorded_at: datetime  # the log's clock
    size: int  # of the tree whose checkpoint it has
    signed_by: tuple[VerifierKey, ...]  # the log keys of the trust file, all of which signed that checkpoint
    witnessed: bool  # as many witnesses cosigned as the trust file asks for; False without one
    status: Status | None  # None for a receipt that was fetched later
    events: tuple[Placed, ...]  # every event of the group, this one last
    entry: bytes = field(repr=False)  # the leaf of the log: the event as it was signed, and when it came
    proof: bytes = field(repr=False)  # c2sp.org/tlog-proof@v1, with the signed checkpoint
    answer: bytes = field(repr=False)  # as the node sent it

    @property
    def is_trusted(self) -> bool:
        """Whether the keys of the trust file signed; else nobody known did."""
        return bool(self.signed_by)

    def save(self, path: str | Path) -> None:
        """Write the receipt as a file for `packtrace verify`: what was checked, and nothing else.

        Raises:
            FileExistsError: There is something at the path.
        """
        value = {"id": self.id, "entry": self.entry.decode("ascii"), "proof": self.proof.decode("utf-8")}
        with Path(path).open("xb") as file:
            file.write(orjson.dumps(value))


def check_receipt(
    value: dict[str, Any],
    answer: bytes,
    ids: Sequence[str],
    *,
    trust: Trust | None,
    key: PublicKey | None = None,
) -> Receipt:
    """Check that a node's answer shows the events to be in the log, the last of them by a proof.

    Args:
        value: The answer, parsed.
        answer: Its bytes.
        ids: Of the events of the submission, in order.
        trust: The log and its keys.
        key: One's own, to check the signature in the entry with: ids do not cover it.

    Raises:
        OutcomeUnknownError: It is not a receipt at all.
        ReceiptRefusedError: It is one, of something else, or it does not hold.
    """
    if (
        not all(isinstance(value.get(name), str) for name in _TEXTS)
        or type(value.get("leaf_index")) is not int
    ):
        raise OutcomeUnknownError("answer: expected a receipt, got an object with other members")
    status = value.get("status")
    if status not in (*_STATUSES, None):
        raise OutcomeUnknownError("answer, status: expected accepted or known, got another value")
    try:
        proof = parse_tlog_proof(value["proof"].encode())
        entry = value["entry"].encode("ascii")
        text, recorded_at = parse_entry(entry)
        found = parse_event_jws(text)
        _check_event(found, ids[-1], value["id"], key)
        _check_same("entry", proof.extra, entry)
        _check_same("leaf_index", proof.index, value["leaf_index"])
        _check_same("checkpoint", proof.checkpoint, value["checkpoint"].encode())
        size, signers, witnessed = _check_head(proof, entry, found.value["aud"], trust)
    except UnicodeEncodeError as error:
        raise ReceiptRefusedError(f"receipt: expected text, got {error.reason}", answer=answer) from error
    except SigningError as error:
        raise ReceiptRefusedError(str(error), code=error.code, answer=answer) from error
    except ReceiptRefusedError as error:
        error.answer = answer
        raise
    except TraceError as error:
        raise ReceiptRefusedError(error.message, code=error.finding_code, answer=answer) from error
    events = check_places(value.get("events", [{"id": found.id, "leaf_index": proof.index}]), ids, answer)
    if events[-1].leaf_index != proof.index:
        raise ReceiptRefusedError(
            f"events: expected leaf {proof.index} for the last, got {events[-1].leaf_index}", answer=answer
        )
    return Receipt(
        found.id,
        proof.index,
        recorded_at,
        size,
        signers,
        witnessed,
        status,
        events,
        entry,
        value["proof"].encode(),
        answer,
    )


def check_places(said: object, ids: Sequence[str], answer: bytes) -> tuple[Placed, ...]:
    """Check that an answer names the events that were sent, in order, each at a leaf of its own.

    Raises:
        ReceiptRefusedError: Others, or a leaf twice.
    """
    try:
        events = tuple(Placed(each["id"], each["leaf_index"]) for each in said)  # type: ignore[attr-defined]
    except (TypeError, KeyError):
        raise ReceiptRefusedError(
            "events: expected a list of id and leaf_index, got other", answer=answer
        ) from None
    if [each.id for each in events] != list(ids):
        raise ReceiptRefusedError(
            f"events: expected {', '.join(ids)[:500]}, "
            f"got {', '.join(str(each.id)[:43] for each in events)[:500] or 'none'}",
            answer=answer,
        )
    leaves = [each.leaf_index for each in events]
    if not all(type(leaf) is int and leaf >= 0 for leaf in leaves) or len(set(leaves)) != len(leaves):
        raise ReceiptRefusedError(f"events: expected a leaf each, got {str(leaves)[:200]}", answer=answer)
    return events


def _check_event(found: Jws, event_id: str, told: str, key: PublicKey | None) -> None:
    """The entry holds what was sent. Another signature over the same bytes is the same event (ADR 3)."""
    if found.id != event_id or told != event_id:
        raise ReceiptRefusedError(f"event: expected {event_id}, got {found.id}, told as {told[:43]}")
    if key is not None and key.kid == found.kid:
        check_signature(found, key)


def _check_same(name: str, proven: object, told: object) -> None:
    if proven != told:
        raise ReceiptRefusedError(f"{name}: expected what is proven, got another value beside it")


def _check_head(
    proof: TlogProof, entry: bytes, origin: str, trust: Trust | None
) -> tuple[int, tuple[VerifierKey, ...], bool]:
    """The checkpoint is the log's, and the entry in its tree: size, who signed, whether witnesses did."""
    signers: tuple[VerifierKey, ...] = ()
    witnessed = False
    if trust is None:
        checkpoint = parse_checkpoint_text(parse_note(proof.checkpoint).text)
        _check_same("origin", checkpoint.origin, origin)
    else:
        opened = open_checkpoint(proof.checkpoint, origin=trust.origin, log_keys=trust.log_keys)
        _check_same("origin", trust.origin, origin)
        checkpoint, signers = opened.checkpoint, opened.log_keys
        times = check_cosignatures(opened.note, trust.policy.witnesses.values())
        witnessed = quorum_met(trust.policy, set(times))
    check_inclusion(proof.hashes, proof.index, checkpoint.size, leaf_hash(entry), checkpoint.root)
    return checkpoint.size, signers, witnessed
