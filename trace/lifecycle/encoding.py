"""States as JSON, for the column in which the ledger keeps them: a projection, re-derived by every audit."""

from __future__ import annotations

from typing import Any, Final

from msgspec.json import Decoder, Encoder

from ...signing.keys import PublicKey, parse_public_jwk
from .state import KINDS, State


def encode_part(value: object) -> Any:
    """A part of a state that no encoder knows, as one that it does.

    Raises:
        TypeError: It is no such part.
    """
    if isinstance(value, PublicKey):
        return value.jwk()
    raise TypeError(f"expected a part of a state, got {type(value).__name__}")


def decode_part(kind: type, value: Any) -> Any:
    """Inverse of `encode_part`, for a part of that type.

    Raises:
        TypeError: No part of a state has it.
    """
    if kind is PublicKey:
        return parse_public_jwk(value)
    raise TypeError(f"expected a part of a state, got {kind.__name__}")


_ENCODER: Final = Encoder(enc_hook=encode_part)
_DECODERS: Final = {kind: Decoder(state | None, dec_hook=decode_part) for kind, state in KINDS.items()}


def encode_state(state: State | None) -> bytes:
    """Write a state as JSON; members that have their default stay out."""
    return _ENCODER.encode(state)


def decode_state(kind: str, data: bytes) -> State | None:
    """Read a state back; ``kind`` is that of its subject.

    Raises:
        msgspec.DecodeError: It is not a state of that kind.
    """
    state: State | None = _DECODERS[kind].decode(data)
    return state
