"""How text that nobody vouches for is quoted in a message."""

from __future__ import annotations

from typing import Final

LONGEST: Final = 48  # characters


def quote(text: str) -> str:
    """Quote the start of `text` in ASCII, so that nothing in it can move, hide or drown what is around it."""
    return ascii(text if len(text) <= LONGEST else text[:LONGEST] + "...")
