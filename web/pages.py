"""Long answers in pages. The token that leads to the next one is opaque: what it says may change any day.

It grants nothing: whoever shows it is judged anew at every page, so it need not be signed.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from ..signing.base64url import Base64urlError, b64url, parse_b64url
from ..trace.errors import RefusedError

_LIMIT: Final = 512  # characters


class PageError(RefusedError):
    """The token leads to no page of this answer; begin without one."""

    code = "PAGE_INVALID"


def format_page(kind: str, after: list[Any]) -> str:
    """The token of the page that goes on after a place.

    Args:
        kind: Of answer; a token of another one is refused.
        after: What finds the place again: texts and integers.
    """
    return b64url(orjson.dumps([kind, *after]))


def parse_page(text: str, kind: str, of: tuple[type, ...]) -> list[Any]:
    """The place after which a page goes on.

    Args:
        of: The types of what `format_page` was given.

    Raises:
        PageError: No token of such an answer.
    """
    try:
        value = orjson.loads(parse_b64url(text)) if len(text) <= _LIMIT else None
    except (Base64urlError, ValueError):
        value = None
    if not isinstance(value, list) or value[:1] != [kind] or [type(each) for each in value[1:]] != list(of):
        raise PageError("page: expected the `next` of an answer before, got another text", where="page")
    return value[1:]
