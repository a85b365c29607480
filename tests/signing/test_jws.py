"""JWS: what we sign others verify, what others sign we verify, and nothing else is let in."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws as joserfc_jws
from joserfc.jwk import ECKey, OKPKey

from packtrace.signing.base64url import b64url, parse_b64url
from packtrace.signing.compact import CompactFormError
from packtrace.signing.errors import SigningError
from packtrace.signing.jws import (
    APPROVAL,
    EVENT,
    NOTICE,
    POP,
    READ,
    TYPES,
    AlgorithmNotAllowedError,
    JwsEncodingError,
    JwsFormatError,
    KeyMismatchError,
    SignatureInvalidError,
    WrongTypError,
    check_signature,
    parse_jws,
    sign_jws,
    verify_signatures,
)
from packtrace.signing.keys import PrivateKey, PublicKey, private_key_from_scalar, private_key_from_seed

# Published test keys: RFC 8037, A.1, and RFC 7515, A.3.1.
SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
SCALAR = bytes.fromhex("8e9b109e719098bf980487df1f5d77e9cb29606ebed2263b5f57c213df84f4b2")
ED25519 = private_key_from_seed(SEED)
P256 = private_key_from_scalar(int.from_bytes(SCALAR, "big"))
OTHER = private_key_from_seed(bytes(range(32)))

PAYLOAD = '{"v":1,"data":{"name":"电池 <&>","mass":{"g":438000}}}'.encode()
ORDER = 2**252 + 27742317777372353535851937790883648493
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

every_algorithm = pytest.mark.parametrize(
    ("key", "alg"),
    [(ED25519, "Ed25519"), (ED25519, "EdDSA"), (P256, "ES256")],
    ids=["Ed25519", "EdDSA", "ES256"],
)


def encoded(header: object, payload: bytes = PAYLOAD, signature: bytes = bytes(64)) -> str:
    """Write a JWS with any header, as an attacker can."""
    written = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    return ".".join(map(b64url, (written, payload, signature)))


def header(**changes: object) -> dict[str, object]:
    return {"alg": "Ed25519", "kid": ED25519.public.kid, "typ": EVENT} | changes


def joserfc_key(key: PrivateKey, *, private: bool) -> Any:
    jwk: dict[str, Any] = dict(key.public.jwk())
    if private:
        jwk["d"] = b64url(SEED if key.public.kind == "Ed25519" else SCALAR)
    return (OKPKey if key.public.kind == "Ed25519" else ECKey).import_key(jwk)


@every_algorithm
def test_what_is_signed_is_read_back(key: PrivateKey, alg: str) -> None:
    text = sign_jws(PAYLOAD, key, EVENT, alg=alg)
    jws = parse_jws(text, typ=EVENT)
    assert (jws.text, jws.alg, jws.kid, jws.typ) == (text, alg, key.public.kid, EVENT)
    assert jws.payload == PAYLOAD
    assert jws.value == json.loads(PAYLOAD)
    assert jws.signing_input == text.rpartition(".")[0].encode()
    assert jws.id == b64url(hashlib.sha256(jws.signing_input).digest())
    assert len(jws.id) == 43
    again = parse_jws(text.encode(), typ=EVENT)
    assert again == jws
    assert hash(again) == hash(jws)
    assert not again != jws  # noqa: SIM202 - each operator is asked
    assert jws != text
    check_signature(jws, key.public)
    assert "438000" not in repr(jws)


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # it is; older libraries know no other name
@every_algorithm
def test_another_library_verifies_what_we_sign(key: PrivateKey, alg: str) -> None:
    text = sign_jws(PAYLOAD, key, EVENT, alg=alg)
    seen = joserfc_jws.deserialize_compact(text, joserfc_key(key, private=False), algorithms=[alg])
    assert seen.payload == PAYLOAD
    assert seen.protected == {"alg": alg, "kid": key.public.kid, "typ": EVENT}


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # it is; older libraries know no other name
@every_algorithm
def test_we_verify_what_another_library_signs_whatever_order_its_header_has(
    key: PrivateKey, alg: str
) -> None:
    protected = {"typ": EVENT, "kid": key.public.kid, "alg": alg}
    text = joserfc_jws.serialize_compact(protected, PAYLOAD, joserfc_key(key, private=True), algorithms=[alg])
    check_signature(parse_jws(text, typ=EVENT), key.public)


def test_the_default_algorithm_fits_the_key() -> None:
    assert parse_jws(sign_jws(PAYLOAD, ED25519, READ), typ=READ).alg == "Ed25519"
    assert parse_jws(sign_jws(PAYLOAD, P256, READ), typ=READ).alg == "ES256"


def test_nothing_signed_for_one_purpose_is_read_for_another() -> None:
    assert {EVENT, POP, APPROVAL, READ, NOTICE} == TYPES
    for signed in TYPES:
        text = sign_jws(PAYLOAD, ED25519, signed)
        for wanted in TYPES - {signed}:
            with pytest.raises(WrongTypError) as caught:
                parse_jws(text, typ=wanted)
            assert caught.value.code == "WRONG_TYP"
            # Rewriting the header makes it readable, and breaks the signature.
            moved = encoded(header(typ=wanted), signature=parse_b64url(text.rpartition(".")[2]))
            with pytest.raises(SignatureInvalidError):
                check_signature(parse_jws(moved, typ=wanted), ED25519.public)


def test_signing_refuses_what_a_reader_would_refuse() -> None:
    with pytest.raises(WrongTypError):
        sign_jws(PAYLOAD, ED25519, "JWT")
    for alg, key in [
        ("ES256", ED25519),
        ("none", ED25519),
        ("EdDSA", P256),
        ("Ed25519", P256),
        ("HS256", P256),
    ]:
        with pytest.raises(AlgorithmNotAllowedError):
            sign_jws(PAYLOAD, key, EVENT, alg=alg)
    for payload in [b'{"a": 1}', b'{"a":1.0}', b"", b"[]", b'{"a":"' + b"x" * 32_768 + b'"}']:
        with pytest.raises(CompactFormError):
            sign_jws(payload, ED25519, EVENT)


class DerSigner:
    """A device whose driver answers with DER, a mistake that is common."""

    public = P256.public

    def sign(self, message: bytes) -> bytes:
        return b"\x30\x44" + P256.sign(message) + bytes(6)


def test_a_signer_that_does_not_answer_in_the_form_of_jose_is_noticed() -> None:
    with pytest.raises(SignatureInvalidError, match="form of JOSE, got 72"):
        sign_jws(PAYLOAD, DerSigner(), EVENT)


@pytest.mark.parametrize(
    ("forged", "error"),
    [
        (header(alg="none"), AlgorithmNotAllowedError),
        (header(alg="HS256"), AlgorithmNotAllowedError),
        (header(alg="ed25519"), AlgorithmNotAllowedError),
        (header(alg="ES256K"), AlgorithmNotAllowedError),
        (header(alg="RS256"), AlgorithmNotAllowedError),
        (header(alg=1), JwsFormatError),
        (header(kid=["x"]), JwsFormatError),
        (header(typ={"a": EVENT}), JwsFormatError),
        (header(crit="b64"), JwsFormatError),
        (header(b64=False), JwsFormatError),
        (header(jwk={"kty": "OKP"}), JwsFormatError),
        ({"alg": "Ed25519", "kid": ED25519.public.kid}, JwsFormatError),
        ({"alg": "Ed25519", "typ": EVENT}, JwsFormatError),
        ({}, JwsFormatError),
        (header(kid=""), JwsFormatError),
        (header(kid=b64url(bytes(31))), JwsFormatError),
        (header(kid=b64url(bytes(33))), JwsFormatError),
        (header(kid="A" * 42 + "B"), JwsEncodingError),
        (header(kid="é" * 43), JwsEncodingError),
        (header(kid=ED25519.public.kid + "="), JwsEncodingError),
        (header(typ="JWT"), WrongTypError),
        (header(typ=EVENT.upper()), WrongTypError),
        (header(typ="application/" + EVENT), WrongTypError),
        (header(typ="x" * 600), JwsFormatError),
        (b'{"alg":"none","alg":"Ed25519"}', JwsEncodingError),
        (b'{ "alg":"Ed25519"}', JwsEncodingError),
        (b"", JwsEncodingError),
        (b"[]", JwsEncodingError),
        (b"\xff", JwsEncodingError),
    ],
    ids=lambda value: ascii(value)[:50],
)
def test_any_other_header_is_refused(forged: object, error: type[JwsFormatError]) -> None:
    with pytest.raises(JwsFormatError) as caught:
        parse_jws(encoded(forged), typ=EVENT)
    assert type(caught.value) is error


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "...",
        "a.b",
        "a.b.c.d",
        "{}",
        b"\xff.a.b",
        "é.a.b",
        "\ud800",
        b"\x00",
        "a" * 60_000,
        "." * 60_000,
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_what_is_no_jws_is_refused(text: str | bytes) -> None:
    with pytest.raises(JwsFormatError) as caught:
        parse_jws(text, typ=EVENT)
    assert caught.value.code in {"MALFORMED_JWS", "NON_CANONICAL_ENCODING"}


def test_a_payload_beyond_the_limit_or_not_in_compact_form_is_refused() -> None:
    for payload in [b'{"a":"' + b"x" * 32_768 + b'"}', b'{"a": 1}', b"", b"[]", b"\xff", b'{"a":1.5}']:
        with pytest.raises(SigningError):
            parse_jws(encoded(header(), payload), typ=EVENT)
    with pytest.raises(CompactFormError):
        parse_jws(encoded(header(), b'{"a":"xxxxxxxxx"}'), typ=EVENT, limit=16)
    largest = b'{"a":"' + b"x" * (32_768 - 8) + b'"}'
    assert parse_jws(sign_jws(largest, ED25519, EVENT), typ=EVENT).payload == largest


@pytest.mark.parametrize("size", [0, 1, 63, 65, 72, 128])
def test_a_signature_of_any_other_size_is_refused(size: int) -> None:
    with pytest.raises(JwsFormatError, match="expected 64 bytes"):
        parse_jws(encoded(header(), signature=bytes(size)), typ=EVENT)


@every_algorithm
def test_a_text_changed_in_any_character_is_refused(key: PrivateKey, alg: str) -> None:
    text = sign_jws(PAYLOAD, key, EVENT, alg=alg)
    for at in range(len(text)):
        for other in "A_." if text[at] not in "A_." else "Bx":
            with pytest.raises(SigningError):
                check_signature(parse_jws(text[:at] + other + text[at + 1 :], typ=EVENT), key.public)


@every_algorithm
def test_spare_bits_padding_and_trailing_text_are_refused(key: PrivateKey, alg: str) -> None:
    text = sign_jws(PAYLOAD, key, EVENT, alg=alg)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spare = text[:-1] + alphabet[alphabet.index(text[-1]) + 1]
    for forged in [
        spare,
        text + "==",
        text + "\n",
        " " + text,
        text + ".",
        text + "AA",
        text.replace(".", "=.", 1),
    ]:
        with pytest.raises(JwsFormatError):
            parse_jws(forged, typ=EVENT)


def test_a_malleated_signature_makes_no_second_event() -> None:
    text = sign_jws(PAYLOAD, ED25519, EVENT)
    signing_input, _, last = text.rpartition(".")
    signature = parse_b64url(last)
    larger = int.from_bytes(signature[32:], "little") + ORDER
    forged = f"{signing_input}.{b64url(signature[:32] + larger.to_bytes(32, 'little'))}"
    with pytest.raises(SignatureInvalidError) as caught:
        check_signature(parse_jws(forged, typ=EVENT), ED25519.public)
    assert caught.value.code == "SIGNATURE_INVALID"

    first = parse_jws(sign_jws(PAYLOAD, P256, EVENT), typ=EVENT)
    negated = P256_ORDER - int.from_bytes(first.signature[32:], "big")
    twin_signature = first.signature[:32] + negated.to_bytes(32, "big")
    twin = parse_jws(f"{first.signing_input.decode()}.{b64url(twin_signature)}", typ=EVENT)
    check_signature(twin, P256.public)
    assert twin.text != first.text
    assert twin.id == first.id


def test_a_signature_is_checked_only_with_the_key_and_kind_that_the_header_names() -> None:
    jws = parse_jws(sign_jws(PAYLOAD, ED25519, EVENT), typ=EVENT)
    with pytest.raises(KeyMismatchError) as mismatch:
        check_signature(jws, OTHER.public)
    assert mismatch.value.code == "KEY_MISMATCH"

    under_another_name = sign_jws(PAYLOAD, Impostor(OTHER, ED25519.public), EVENT)
    with pytest.raises(SignatureInvalidError):
        check_signature(parse_jws(under_another_name, typ=EVENT), ED25519.public)

    confused = parse_jws(encoded(header(alg="ES256"), signature=jws.signature), typ=EVENT)
    with pytest.raises(AlgorithmNotAllowedError) as kind:
        check_signature(confused, ED25519.public)
    assert kind.value.code == "ALG_NOT_ALLOWED"
    for alg in ("Ed25519", "EdDSA"):
        text = encoded(header(alg=alg, kid=P256.public.kid), signature=P256.sign(b""))
        with pytest.raises(AlgorithmNotAllowedError):
            check_signature(parse_jws(text, typ=EVENT), P256.public)


class Impostor:
    """Signs with one key in the name of another."""

    def __init__(self, key: PrivateKey, public: PublicKey) -> None:
        self.key = key
        self.public = public

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_many_signatures_are_judged_each_and_in_order(threads: int) -> None:
    items: list[tuple[bytes, bytes, PublicKey]] = []
    expected = []
    for number in range(11):
        key = (ED25519, P256, OTHER)[number % 3]
        message = b"message %d" % number
        signature = key.sign(message)
        good = number not in {0, 4, 10}
        items.append((message if good else message + b"!", signature, key.public))
        expected.append(good)
    with ThreadPoolExecutor(threads) as pool:
        check = partial(verify_signatures, pool=pool, threads=threads)
        assert check(items) == expected
        assert check(items[:1]) == expected[:1]
        assert check([]) == []
    assert verify_signatures(items) == expected


def test_no_weak_key_or_odd_length_passes_in_bulk() -> None:
    identity = PublicKey("Ed25519", b"\x01" + bytes(31))
    items = [(b"m", b"\x01" + bytes(63), identity), (b"m", b"", ED25519.public), (b"m", b"", P256.public)]
    assert verify_signatures(items) == [False, False, False]
    off_curve = PublicKey("P-256", b"\x04" + bytes(64))
    assert verify_signatures([(b"m", P256.sign(b"m"), off_curve)]) == [False]


@settings(max_examples=300)
@given(st.binary(max_size=80) | st.text(max_size=60) | st.text("eyJhbG.-_=", max_size=60))
def test_arbitrary_input_is_read_or_refused_but_never_crashes(text: str | bytes) -> None:
    with pytest.raises(SigningError):
        parse_jws(text, typ=EVENT)
