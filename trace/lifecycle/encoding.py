"""States as JSON, for the column in which the ledger keeps them: a projection, re-derived by every audit."""

from __future__ import annotations

from typing import Any, Final

from msgspec.json import Decoder, Encoder

from ...signing.keys import PublicKey, parse_public_jwk
from .state import KINDS, State


def _encode(value: object) -> Any:
    if isinstance(value, PublicKey):
        return value.jwk()
    raise TypeError(f"expected a part of a state, got {type(value).__name__}")


def _decode(kind: type, value: Any) -> Any:
    if kind is PublicKey:
        return parse_public_jwk(value)
    raise TypeError(f"expected a part of a state, got {kind.__name__}")


_ENCODER: Final = Encoder(enc_hook=_encode)
_DECODERS: Final = {kind: Decoder(state | None, dec_hook=_decode) for kind, state in KINDS.items()}


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
