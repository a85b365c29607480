"""Six words for a device that is to be enrolled, shown on its screen and to whoever adds its key.

They stand for the key, what it is to be used for, the organisation and the log, as each side itself knows
them. Whoever put another key in the place of the device's own, on the way or in the node, would need one of
the same words: some 10^14 keys, within the minutes in which somebody compares.
"""

from __future__ import annotations

import hashlib
from typing import Final

from .verify.six_words import SIX, words_of

CONTEXT: Final = b"packtrace-device/v1\n"


def device_words(*, origin: str, org: str, kid: str, use: str) -> str:
    """The words, with a space between.

    They are those of the first 48 bits of SHA-256 over the context and the four texts, each after its length
    in bytes as 4 bytes, big-endian.

    Args:
        origin: The log in which the key is to be registered.
        org: As ``org:uscc:…``.
        kid: RFC 7638 thumbprint of the key, computed from the key by whoever shows the words.
        use: `sign` or `admin`.
    """
    said = b"".join(
        len(data).to_bytes(4, "big") + data for data in (text.encode() for text in (origin, org, kid, use))
    )
    return " ".join(words_of(hashlib.sha256(CONTEXT + said).digest()[:SIX]))
