"""What goes wrong in the domain, and the two ways in which it can.

A statement can be *wrong*, or a check on it could *not be decided* because evidence is missing.
The two are sibling classes, so that no ``except`` takes one for the other.
"""

from __future__ import annotations

from typing import ClassVar


class TraceError(Exception):
    """Every deliberate exception of the domain.

    The message says expected, then got, then where; its reader is an inspector without the source.

    Args:
        message: One sentence: expected …, got …, and the place.
        code: Overrides the class's code where one class serves several findings.
        where: The member (a JSON pointer into the payload), byte or line that is meant; may be empty.
    """

    code: ClassVar[str] = "TRACE_ERROR"
    member: int | None = None
    """Which event of a submitted group is meant, counted from 0; None where it is alone, or all are meant."""

    def __init__(self, message: str, *, code: str | None = None, where: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.finding_code = code or self.code


class RefusedError(TraceError):
    """The statement breaks a rule: the log never takes it, and a verifier that meets it says REFUTED."""

    code = "REFUSED"


class UndecidedError(TraceError):
    """The rule could not be applied, because evidence is missing or from a version that is not known here."""

    code = "UNDECIDED"
