"""The authority as iPhones install it: a configuration profile with one certificate."""

from __future__ import annotations

import plistlib
import uuid
from typing import Final

from .authority import Authority

MEDIA_TYPE: Final = "application/x-apple-aspen-config"
_NAMESPACE: Final = uuid.UUID("6f8b1a52-5f0a-5c0e-9d5b-1f7c0b4f6a10")  # of our profiles; any fixed one does
_VERSION: Final = 1


def mobile_config(authority: Authority) -> bytes:
    """An unsigned profile (Apple, Configuration Profile Reference: Certificate Payload).

    Its identifiers are of the authority: installing the same one again replaces it, and another's stands
    beside.
    """
    mark = authority.fingerprint.hex()
    inner, outer = (str(uuid.uuid5(_NAMESPACE, f"{part}:{mark}")).upper() for part in ("root", "profile"))
    identifier = f"packtrace.yard.{mark[:16]}"
    return plistlib.dumps(
        {
            "PayloadContent": [
                {
                    "PayloadCertificateFileName": "packtrace-yard.cer",
                    "PayloadContent": authority.der,
                    "PayloadDisplayName": authority.title,
                    "PayloadIdentifier": f"{identifier}.root",
                    "PayloadType": "com.apple.security.root",
                    "PayloadUUID": inner,
                    "PayloadVersion": _VERSION,
                }
            ],
            "PayloadDescription": f"SHA-256 {grouped(authority.fingerprint)}",
            "PayloadDisplayName": authority.title,
            "PayloadIdentifier": identifier,
            "PayloadType": "Configuration",
            "PayloadUUID": outer,
            "PayloadVersion": _VERSION,
        }
    )


def grouped(digest: bytes) -> str:
    """A digest as phones show it: upper case, in pairs."""
    return digest.hex(" ").upper()
