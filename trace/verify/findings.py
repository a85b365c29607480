"""What a verifier says: one finding a cause, each with a stable code, a place and the evidence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ..errors import TraceError
from .catalogue import CATALOGUE, Severity

__all__ = ["Finding", "Findings", "Outcome", "Severity"]

MAX_KEPT: Final = 10_000
"""Findings that are kept; a log that is damaged throughout must not fill the memory. The rest is counted."""


class Outcome(Enum):
    """The verdict on integrity: of one subject, or of the whole."""

    VERIFIED = "VERIFIED"
    REFUTED = "REFUTED"
    UNDECIDED = "UNDECIDED"

    @property
    def zh(self) -> str:
        return {"VERIFIED": "核验通过", "REFUTED": "核验不通过", "UNDECIDED": "无法判定"}[self.value]

    def __bool__(self) -> bool:
        raise TypeError("compare the outcome; it has no truth value")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a verifier says. Severity, step and sentences are those of its code."""

    code: str
    evidence: str = ""  # expected …, got …: made of what the source says, hence untrusted text
    subject: str | None = None
    leaf_index: int | None = None
    event_id: str | None = None
    place: str = ""  # file, table or member that is meant
    undecided: bool = False  # in place of an ERROR: what this code tells is here nobody's fault but a mix-up

    def __post_init__(self) -> None:
        if self.code not in CATALOGUE:
            raise KeyError(f"finding code: expected one of the catalogue, got {self.code}")

    @classmethod
    def from_error(
        cls,
        error: TraceError,
        *,
        subject: str | None = None,
        leaf_index: int | None = None,
        event_id: str | None = None,
        place: str = "",
    ) -> Finding:
        """The finding that says what a check raised."""
        return cls(error.finding_code, error.message, subject, leaf_index, event_id, place or error.where)

    @property
    def severity(self) -> Severity:
        severity = CATALOGUE[self.code].severity
        return min(severity, Severity.UNCHECKED) if self.undecided else severity

    @property
    def step(self) -> int:
        """Step of the verification that says so (docs/format.md)."""
        return CATALOGUE[self.code].step

    @property
    def zh(self) -> str:
        return CATALOGUE[self.code].zh

    @property
    def en(self) -> str:
        return CATALOGUE[self.code].en


class Findings:
    """The findings of one verification, in the order in which they were made."""

    def __init__(self) -> None:
        self._kept: list[Finding] = []
        self._worst: dict[str, Severity] = {}  # by subject; "" for what concerns the whole
        self._worst_of_all = Severity.INFO
        self.counts: dict[str, int] = {}  # by code, those that were not kept included

    def add(self, finding: Finding) -> None:
        """Take in a finding; beyond `MAX_KEPT` only the first of each code is kept, and the count of all."""
        self.counts[finding.code] = self.counts.get(finding.code, 0) + 1
        place = finding.subject or ""
        self._worst[place] = max(self._worst.get(place, Severity.INFO), finding.severity)
        self._worst_of_all = max(self._worst_of_all, finding.severity)
        if len(self._kept) < MAX_KEPT or self.counts[finding.code] == 1:
            self._kept.append(finding)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._kept)

    def __len__(self) -> int:
        return sum(self.counts.values())

    @property
    def worst(self) -> Severity:
        """The worst severity of all."""
        return self._worst_of_all

    def verdict(self, subject: str) -> Outcome:
        """The verdict on one subject: nothing is verified in a source that as a whole is not."""
        own = self._worst.get(subject, Severity.INFO)
        if own is Severity.ERROR:
            return Outcome.REFUTED
        if max(own, self._worst.get("", Severity.INFO)) >= Severity.UNCHECKED:
            return Outcome.UNDECIDED
        return Outcome.VERIFIED
