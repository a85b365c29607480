"""Keys: ids that follow from the key, no weak key in, no private key out."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from packtrace.signing.base64url import b64url
from packtrace.signing.ed25519 import KeyWeakError, SignatureInvalidError
from packtrace.signing.keys import (
    KeyFormatError,
    PublicKey,
    check_raw_signature,
    generate_private_key,
    parse_public_jwk,
    private_key_from_scalar,
    private_key_from_seed,
)

# RFC 8037, appendix A.1 and A.3; the private key is that of RFC 8032, 7.1, test 1.
SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
ED25519_JWK = {"crv": "Ed25519", "kty": "OKP", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
ED25519_KID = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
# RFC 7515, appendix A.3.1.
SCALAR = int.from_bytes(
    bytes.fromhex("8e9b109e719098bf980487df1f5d77e9cb29606ebed2263b5f57c213df84f4b2"), "big"
)
P256_JWK = {
    "crv": "P-256",
    "kty": "EC",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def test_the_key_id_is_the_published_thumbprint() -> None:
    key = private_key_from_seed(SEED).public
    assert key.kid == ED25519_KID
    assert key.jwk() == ED25519_JWK
    assert parse_public_jwk(ED25519_JWK) == key


def test_a_p256_key_is_named_by_its_required_members_alone() -> None:
    key = private_key_from_scalar(SCALAR).public
    assert key.jwk() == P256_JWK
    assert parse_public_jwk(dict(reversed(P256_JWK.items()))) == key
    assert key.kid == "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"  # joserfc says the same


def test_keys_are_values() -> None:
    key, same = parse_public_jwk(ED25519_JWK), parse_public_jwk(ED25519_JWK)
    assert len({key, same, private_key_from_scalar(SCALAR).public}) == 2
    assert ED25519_JWK["x"] not in repr(key)
    assert ED25519_KID in repr(key)


def test_every_weak_key_is_refused_at_registration(vectors: Path) -> None:
    for row in json.loads((vectors / "ed25519/weak-public-keys.json").read_text()):
        with pytest.raises(KeyWeakError) as caught:
            parse_public_jwk(ED25519_JWK | {"x": b64url(bytes.fromhex(row["public_key_hex"]))})
        assert caught.value.code == "KEY_WEAK"


def test_a_point_with_a_second_spelling_is_refused_at_registration() -> None:
    for above in range(19):  # every y that also fits below 2^255
        with pytest.raises(KeyWeakError):
            parse_public_jwk(ED25519_JWK | {"x": b64url((2**255 - 19 + above).to_bytes(32, "little"))})


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"crv": "Ed25519", "kty": "OKP"},
        {"crv": "Ed25519", "x": ED25519_JWK["x"]},
        ED25519_JWK | {"d": b64url(SEED)},
        ED25519_JWK | {"kid": ED25519_KID},
        ED25519_JWK | {"kty": "EC"},
        ED25519_JWK | {"crv": "X25519"},
        ED25519_JWK | {"crv": ["Ed25519"]},
        ED25519_JWK | {"crv": "Ed448"},
        ED25519_JWK | {"x": 5},
        ED25519_JWK | {"x": ED25519_JWK["x"] + "="},
        ED25519_JWK | {"x": ED25519_JWK["x"][:-1] + "p"},
        ED25519_JWK | {"x": b64url(bytes(31))},
        ED25519_JWK | {"x": b64url(bytes(33))},
        P256_JWK | {"y": P256_JWK["x"]},
        P256_JWK | {"x": b64url(bytes(32)), "y": b64url(bytes(32))},
        P256_JWK | {"x": b64url(b"\xff" * 32)},
        P256_JWK | {"crv": "P-384"},
        P256_JWK | {"d": b64url(SEED)},
        {"crv": "P-256", "kty": "EC", "x": P256_JWK["x"]},
    ],
)
def test_any_other_jwk_is_refused(jwk: dict[str, Any]) -> None:
    with pytest.raises(KeyFormatError) as caught:
        parse_public_jwk(jwk)
    assert caught.value.code == "KEY_MALFORMED"
    assert b64url(SEED) not in str(caught.value)


@pytest.mark.parametrize("kind", ["Ed25519", "P-256"])
def test_what_a_key_signs_holds_under_it_and_under_no_other(kind: Any) -> None:
    key, other = generate_private_key(kind), generate_private_key(kind)
    signature = key.sign(b"message")
    assert len(signature) == 64
    check_raw_signature(key.public, b"message", signature)
    for public, message, forged in [
        (other.public, b"message", signature),
        (key.public, b"Message", signature),
        (key.public, b"message", signature + b"\x00"),
        (key.public, b"message", signature[:63]),
        (key.public, b"message", bytes(64)),
        (key.public, b"message", signature[32:] + signature[:32]),
    ]:
        with pytest.raises(SignatureInvalidError):
            check_raw_signature(public, message, forged)


def test_both_ecdsa_signatures_of_one_message_hold_but_no_number_out_of_range() -> None:
    key = private_key_from_scalar(SCALAR)
    signature = key.sign(b"message")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    check_raw_signature(key.public, b"message", signature[:32] + (P256_ORDER - s).to_bytes(32, "big"))
    for forged_r, forged_s in [(r, 0), (0, s), (r, P256_ORDER), (P256_ORDER, s), (r, s ^ 1)]:
        forged = forged_r.to_bytes(32, "big") + forged_s.to_bytes(32, "big")
        with pytest.raises(SignatureInvalidError):
            check_raw_signature(key.public, b"message", forged)


@pytest.mark.parametrize("key", [private_key_from_seed(SEED), private_key_from_scalar(SCALAR)])
def test_a_private_key_shows_its_id_alone_and_is_not_copied(key: Any) -> None:
    assert repr(key) == f"PrivateKey(kid={key.public.kid!r})" == str(key)
    for leak in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            leak(key)


@pytest.mark.parametrize(
    ("kind", "raw"), [("Ed25519", bytes(33)), ("P-256", bytes(64)), ("Ed448", bytes(57))]
)
def test_a_public_key_of_another_length_is_refused(kind: Any, raw: bytes) -> None:
    with pytest.raises(KeyFormatError):
        PublicKey(kind, raw)


def test_private_values_out_of_range_are_refused() -> None:
    for scalar in (0, -1, P256_ORDER, 2**256):
        with pytest.raises(KeyFormatError):
            private_key_from_scalar(scalar)
    with pytest.raises(KeyFormatError):
        private_key_from_seed(bytes(31))
