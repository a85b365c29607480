"""A subject as somebody gives it: by its own text, or by the code that a scanner read from a label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..errors import RefusedError
from .scan import read_scan
from .subjects import parse_subject

_KINDS: Final = (
    "battery:",
    "vehicle:",
    "batch:",
    "lot:",
    "model:",
    "consignment:",
    "org:",
    "keys:",
    "log:",
    "notes:",
)
_PARTIES: Final = ("uscc:", "lei:", "duns:")


@dataclass(frozen=True, slots=True)
class Given:
    """The subject that is meant, and what was unusual about a label."""

    subject: str
    remarks: tuple[str, ...] = ()  # as `read_scan` makes them


def read_given(text: str) -> Given:
    """The subject that is meant.

    Raises:
        RefusedError: Neither a subject nor a battery code can be read.
    """
    if text.startswith(_KINDS):
        return Given(parse_subject(text).text)
    if text.startswith(_PARTIES):
        raise RefusedError(
            f"subject: expected its kind before the organisation, as org:{text[:40]} or keys:{text[:40]}, "
            f"got {text[:40]}",
            code="SUBJECT_INVALID",
        )
    scanned = read_scan(text)
    return Given(scanned.subjects[0], scanned.remarks)
