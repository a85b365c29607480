"""How a place and a value in a refused statement are put into words.

The compiled schemas (`shapes`) and the declared ones (`packtrace.schemas.explain`) both speak in these, so
that a reader meets one way of saying expected, got and where.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..codes.quote import quote

MAX_SHOWN = 60  # digits of a number that are shown


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a statement."""

    pointer: str  # JSON Pointer (RFC 6901) into the payload; empty for the whole
    detail: str  # "expected …, got …"

    def __str__(self) -> str:
        return f"{self.detail}, at {self.pointer or 'the whole statement'}"


def format_pointer(path: Iterable[str | int]) -> str:
    """The JSON Pointer (RFC 6901, section 3) of a path of member names and array positions."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def describe(value: object) -> str:
    """What a JSON value is, in words for a message. Texts are quoted and cut, so that they can't drown it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {str(value)[:MAX_SHOWN]}"
        case str():
            return f"the text {quote(value)}"
        case list():
            return f"an array of {len(value)}"
        case _:
            return "an object"
