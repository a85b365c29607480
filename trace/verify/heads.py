"""Step 2: is this the head of the log that is meant, and who but the log vouches for it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ...signing.checkpoint import OpenedCheckpoint, check_cosignatures, open_checkpoint
from ...signing.errors import SigningError
from ...signing.note import VerifierKey, parse_note, parse_vkey
from ...signing.policy import NONE, quorum_met
from ...signing.tree_head import Checkpoint, parse_checkpoint_text
from .findings import Finding, Findings
from .pins import Pins
from .trust import Trust, digest_of_keys

CHANGED_LINE_ENDS: Final = (
    "line ends: expected LF, got CR LF, as some programs write them; get the file again as it was made"
)
"""What is damaged in this way only was changed by an editor or a transfer, hardly by a forger."""


@dataclass(frozen=True, slots=True)
class Head:
    """A checkpoint, and what is known about it."""

    checkpoint: Checkpoint
    is_signed: bool  # by every key of the log
    is_confirmed: bool  # by as many witnesses as the trust file asks for; never so where it asks for none
    signed_at: int | None  # the earliest time of a signature that carries one, POSIX seconds
    place: str


def read_head(
    data: bytes,
    *,
    origin: str,
    keys: Sequence[VerifierKey],
    trust: Trust | None,
    place: str,
    findings: Findings,
) -> Head | None:
    """Check a checkpoint of the source; what is wrong becomes a finding.

    Args:
        data: The signed note.
        origin: Of the log that is meant.
        keys: Its keys, all of which must have signed. With none, signatures are not checked.
        trust: Says which witnesses count.
        place: Where the note stands.

    Returns:
        The head, also where its signatures are wrong, so that the rest can be looked at; None where it says
        nothing.
    """
    try:
        note = parse_note(data)
        checkpoint = parse_checkpoint_text(note.text)
    except SigningError as error:
        changed = b"\r\n" in data and claimed_origin(data.replace(b"\r\n", b"\n")) is not None
        text = CHANGED_LINE_ENDS if changed else str(error)
        findings.add(Finding("CHECKPOINT_MALFORMED", text, place=place, undecided=changed))
        return None
    if not keys:
        if origin and checkpoint.origin != origin:
            text = f"origin of the checkpoint: expected {origin!r}, got {checkpoint.origin!r}"
            findings.add(Finding("CHECKPOINT_ORIGIN_MISMATCH", text, place=place))
        return Head(checkpoint, False, False, None, place)
    try:
        opened = open_checkpoint(data, origin=origin, log_keys=keys)
        times = check_cosignatures(note, trust.policy.witnesses.values() if trust else ())
    except SigningError as error:
        findings.add(Finding(error.code, str(error), place=place))
        return Head(checkpoint, False, False, None, place)
    return _head(opened, trust, times, place)


def claimed_origin(data: bytes | None) -> str | None:
    """The log that a checkpoint says it is of, whoever signed it; None where it is no checkpoint."""
    try:
        return parse_checkpoint_text(parse_note(data or b"").text).origin
    except SigningError:
        return None


def is_renamed(data: bytes, keys: Sequence[VerifierKey], trust: Trust, pins: Pins) -> bool:
    """Whether a checkpoint of another origin comes with keys that are known as those of a trusted log.

    Then nobody mixed up two files: whoever has these keys, or wants to seem so, shows a log under a second
    name. A signature that only claims to be by such a key counts as well.

    Args:
        data: The checkpoint, which `claimed_origin` can read.
        keys: Those that the source names.
        trust: Of the log that is meant.
        pins: The logs that were verified before.
    """
    note = parse_note(data)
    origin = parse_checkpoint_text(note.text).origin
    if any(key.name == trust.origin for key in keys):
        return True
    trusted = (*trust.log_keys, *_named(origin, trust.log_keys))
    names = {(key.name, key.key_id) for key in trusted}
    if any((line.name, line.key_id) in names for line in note.signatures):
        return True
    if {(key.algorithm, key.key) for key in keys} & {(key.algorithm, key.key) for key in trust.log_keys}:
        return True
    return any(
        pinned != origin and digest == digest_of_keys(_named(pinned, keys)) for pinned, digest in pins.logs
    )


def _named(name: str, keys: Sequence[VerifierKey]) -> tuple[VerifierKey, ...]:
    """The same keys under another name; none where no key can have it."""
    try:
        return tuple(replace(key, name=name) for key in keys)
    except SigningError:
        return ()


def _head(opened: OpenedCheckpoint, trust: Trust | None, times: dict[VerifierKey, int], place: str) -> Head:
    is_confirmed = (
        trust is not None and trust.policy.quorum != NONE and quorum_met(trust.policy, times.keys())
    )
    stamps = [time for time in (*times.values(), opened.signed_at) if time]
    return Head(opened.checkpoint, True, is_confirmed, min(stamps, default=None), place)


def read_vkeys(data: bytes | None, trust: Trust | None, findings: Findings) -> tuple[VerifierKey, ...]:
    """The keys that a source names: compared with the trusted ones, and used only where there are none."""
    if data is None:
        return ()
    try:
        lines = data.decode("utf-8").split("\n")
        if lines[-1]:
            raise SigningError("log.vkey: expected a newline at the end, got none")
        keys = tuple(parse_vkey(line) for line in lines[:-1])
    except (SigningError, UnicodeDecodeError) as error:
        findings.add(Finding("VERIFIER_KEY_INVALID", str(error), place="log.vkey"))
        return ()
    if trust is not None and (set(keys) != set(trust.log_keys) or len(keys) != len(trust.log_keys)):
        got = ", ".join(f"{key.name}+{key.key_id.hex()}" for key in keys)
        expected = ", ".join(f"{key.name}+{key.key_id.hex()}" for key in trust.log_keys)
        findings.add(Finding("LOG_KEY_UNTRUSTED", f"expected {expected}, got {got}", place="log.vkey"))
    return keys
