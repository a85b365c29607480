"""Answers in JSON that every reader takes, whatever they quote."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import orjson

_HALVES: Final = re.compile(r"[\ud800-\udfff]")


def encode_json(said: Any) -> bytes:
    """JSON in UTF-8. A refusal may quote half a character, which UTF-8 has no bytes for, and which strict
    readers refuse as an escape too: it is told as the six characters of its escape.
    """
    try:
        return orjson.dumps(said)
    except TypeError:
        text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
        return _HALVES.sub(lambda half: f"\\\\u{ord(half[0]):04x}", text).encode("utf-8")
