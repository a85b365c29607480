"""A JOSE library that we did not write reads every event of the sample, with keys that it reads itself."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest
from joserfc import jws
from joserfc.errors import BadSignatureError, SecurityWarning
from joserfc.jwk import ECKey, OKPKey

SAMPLE = Path(__file__).parents[2] / "sample_batches" / "truck-of-legacy-packs" / "events.ndjson"
ALGORITHMS = ["Ed25519", "EdDSA", "ES256"]


def events() -> list[str]:
    """Every compact JWS of the sample, without its disclosures, in order."""
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    return [text.partition("~")[0] for line in lines for text in json.loads(line)["events"]]


def registry(texts: list[str]) -> dict[str, OKPKey | ECKey]:
    """Every key that the log registers, by the thumbprint that the library computes."""
    keys: dict[str, OKPKey | ECKey] = {}
    for text in texts:
        data = json.loads(jws.extract_compact(text.encode()).payload)["data"]
        for given in (*data.get("registrars", ()), data.get("admin"), data):
            if given and "jwk" in given:
                kind = OKPKey if given["jwk"]["kty"] == "OKP" else ECKey
                key = kind.import_key(given["jwk"])
                keys[key.thumbprint()] = key
    return keys


def test_every_event_of_the_sample_verifies_elsewhere_and_no_event_under_anothers_key() -> None:
    texts = events()
    keys = registry(texts)
    assert len(texts) > 300 and len(keys) > 10
    used = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)  # the alias EdDSA is deprecated, and accepted here
        for text in texts:
            header = jws.extract_compact(text.encode()).protected
            used.add(header["alg"])
            verified = jws.deserialize_compact(text, keys[header["kid"]], algorithms=ALGORITHMS)
            assert verified.headers()["typ"] == "packtrace-event+jwt"
            other = next(
                key
                for kid, key in keys.items()
                if kid != header["kid"] and key.key_type == keys[header["kid"]].key_type
            )
            with pytest.raises(BadSignatureError):
                jws.deserialize_compact(text, other, algorithms=ALGORITHMS)
    assert used >= {"Ed25519", "ES256"}
