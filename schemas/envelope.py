"""The members that every statement has, whatever it says (DESIGN, section 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import ValidationError, validates_schema

from ..trace.codes.subjects import MAX_ORIGIN_LENGTH, PATTERN_ORIGIN
from .fields import Choice, Part, Shape, Text, Whole
from .members import digest, subject, time
from .statements import STATEMENTS

VERSION: Final = 1

PATTERN_NONCE: Final = "^[A-Za-z0-9_-]{21}[AQgw]$"
"""16 bytes as base64url, the four unused bits of the last character zero."""


class Envelope(Shape):
    """A whole payload. `envelope_of` narrows `type`, `sub` and `data` to one type of statement.

    ``prev`` names the event before this one: absent at ``seq`` 0, and nowhere else.
    """

    v = Whole(least=VERSION, most=VERSION, required=True)
    aud = Text(pattern=PATTERN_ORIGIN, says="the origin of a log", most=MAX_ORIGIN_LENGTH, required=True)
    nonce = Text(pattern=PATTERN_NONCE, says="16 bytes in base64url", least=22, most=22, required=True)
    type = Choice(*STATEMENTS, required=True)
    sub = Text(required=True)
    seq = Whole(required=True)
    prev = digest()
    iss = subject("org", required=True)
    occurred_at = time(required=True)
    data = Part(Shape, required=True)

    @validates_schema
    def check_prev(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        """Refuse a first event that names one before it, and a later one that names none."""
        if data["seq"] == 0 and "prev" in data:
            raise ValidationError("expected no prev at seq 0, got one", "prev")
        if data["seq"] > 0 and "prev" not in data:
            raise ValidationError("expected this member, got none", "prev")

    def json_schema(self) -> dict[str, Any]:
        return super().json_schema() | {
            "if": {"properties": {"seq": {"const": 0}}},
            "then": {"properties": {"prev": False}},
            "else": {"required": ["prev"]},
        }


def envelope_of(name: str) -> Envelope:
    """The shape of a whole payload of one type.

    Raises:
        KeyError: No such type.
    """
    chains, shape = STATEMENTS[name]
    narrowed = {
        "type": Choice(name, required=True),
        "sub": subject(*chains, required=True),
        "data": Part(shape, required=True),
    }
    made: type[Envelope] = type("NarrowedEnvelope", (Envelope,), narrowed)
    return made()
