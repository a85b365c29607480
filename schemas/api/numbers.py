"""Numbers in the query of a URL, in their one spelling."""

from __future__ import annotations

import re
from typing import Any, Final

from marshmallow import ValidationError, fields

_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)


class Count(fields.Integer):
    """An integer from 0, in decimal digits: `int` would take spaces, underscores and any script's digits."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
            raise ValidationError(f"expected a number in decimal digits, got {ascii(value)[:40]}")
        return int(value)
