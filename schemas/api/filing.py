"""The question for a filing."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields


class Day(fields.Date):
    """A day in its one spelling, as 2026-11-23."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        try:
            found = date.fromisoformat(value)
        except (TypeError, ValueError):
            found = None
        if found is None or found.isoformat() != value:
            raise ValidationError(f"expected a day as 2026-11-23, got {ascii(value)[:40]}")
        return found


class FilingQuery(Schema):
    """The time, both days included, in China's time."""

    since = Day(
        data_key="from", required=True, metadata={"description": "The first day.", "example": "2026-11-01"}
    )
    until = Day(
        data_key="to", required=True, metadata={"description": "The last day.", "example": "2026-11-30"}
    )
