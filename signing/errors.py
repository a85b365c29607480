"""The one root of everything that can go wrong in `signing`.

A caller that only wants to say "this is not acceptable" catches `SigningError`; a caller that has to answer
a machine reads `code`, which is stable and part of the public interface. Messages say what was expected,
what was there instead, and where; they never contain key material or a whole received document.
"""

from __future__ import annotations

from typing import ClassVar


class SigningError(ValueError):
    """A text, key, signature or proof is not what the protocol asks for."""

    code: ClassVar[str] = "SIGNING_ERROR"
