"""Ed25519: one set of accepted signatures and keys, whichever library looks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.bindings import crypto_scalarmult_ed25519_base_noclamp

from packtrace.signing.ed25519 import (
    KeyWeakError,
    SignatureInvalidError,
    check_ed25519_strict,
    check_ed25519_strict_by_openssl,
    check_prime_order,
)
from packtrace.signing.keys import private_key_from_seed

ORDER = 2**252 + 27742317777372353535851937790883648493
KEY = private_key_from_seed(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
MESSAGE = "一块电池".encode()
SIGNATURE = KEY.sign(MESSAGE)

Check = Callable[[bytes, bytes, bytes], None]
both = pytest.mark.parametrize("check", [check_ed25519_strict, check_ed25519_strict_by_openssl])


def holds(check: Check, public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        check(public, message, signature)
    except SignatureInvalidError:
        return False
    return True


def wycheproof(vectors: Path) -> list[tuple[bytes, dict[str, Any]]]:
    groups = json.loads((vectors / "ed25519/wycheproof-ed25519_test.json").read_text())["testGroups"]
    return [(bytes.fromhex(group["publicKey"]["pk"]), test) for group in groups for test in group["tests"]]


@both
def test_every_wycheproof_verdict_is_met(vectors: Path, check: Check) -> None:
    tests = wycheproof(vectors)
    assert len(tests) == 151
    for public, test in tests:
        held = holds(check, public, bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"]))
        assert held == (test["result"] == "valid"), test


@both
def test_of_the_speccheck_cases_only_the_mixed_order_one_with_a_strict_equation_holds(
    vectors: Path, check: Check
) -> None:
    cases = json.loads((vectors / "ed25519/speccheck-cases.json").read_text())
    row = [
        holds(check, *(bytes.fromhex(case[name]) for name in ("pub_key", "message", "signature")))
        for case in cases
    ]
    assert row == [number == 3 for number in range(12)]


@both
def test_a_weak_key_makes_no_signature_valid(vectors: Path, check: Check) -> None:
    rows = json.loads((vectors / "ed25519/weak-public-keys.json").read_text())
    assert len(rows) == 14
    universal = b"\x01" + bytes(63)
    for row in rows:
        public = bytes.fromhex(row["public_key_hex"])
        for number in range(16):
            assert not holds(check, public, b"message %d" % number, universal), row
        with pytest.raises(KeyWeakError):
            check_prime_order(public)


@both
def test_a_neutral_key_is_refused_also_with_an_r_that_is_sound(check: Check) -> None:
    # Under the neutral element the equation is [S]B = R for every message; anybody can write that down.
    scalar = (1234567).to_bytes(32, "little")
    universal = crypto_scalarmult_ed25519_base_noclamp(scalar) + scalar
    above_p = (2**255 - 18).to_bytes(32, "little")
    for public in [b"\x01" + bytes(31), b"\x01" + bytes(30) + b"\x80", above_p, above_p[:31] + b"\xff"]:
        assert not holds(check, public, MESSAGE, universal), public.hex()


def test_the_neutral_key_would_otherwise_verify_anything() -> None:
    scalar = (1234567).to_bytes(32, "little")
    universal = crypto_scalarmult_ed25519_base_noclamp(scalar) + scalar
    Ed25519PublicKey.from_public_bytes(b"\x01" + bytes(31)).verify(universal, MESSAGE)
    Ed25519PublicKey.from_public_bytes((2**255 - 18).to_bytes(32, "little")).verify(universal, MESSAGE)


@both
def test_a_malleated_signature_is_refused(check: Check) -> None:
    r, s = SIGNATURE[:32], int.from_bytes(SIGNATURE[32:], "little")
    public = KEY.public.raw
    assert holds(check, public, MESSAGE, SIGNATURE)
    forgeries = [
        r + (s + ORDER).to_bytes(32, "little"),
        r + (s + 2**255).to_bytes(32, "little"),
        SIGNATURE + b"\x00",
        SIGNATURE[:-1],
        b"",
        bytes(64),
        b"\x01" + bytes(63),
        (1).to_bytes(32, "little") + SIGNATURE[32:],
        (2**255 - 18).to_bytes(32, "little") + SIGNATURE[32:],
    ]
    for forgery in forgeries:
        assert not holds(check, public, MESSAGE, forgery), forgery.hex()
    assert not holds(check, public, MESSAGE + b"\x00", SIGNATURE)
    assert not holds(check, public + b"\x00", MESSAGE, SIGNATURE)
    assert not holds(check, public[:-1], MESSAGE, SIGNATURE)


@settings(max_examples=200)
@given(st.integers(0, 511), st.binary(max_size=20), st.sampled_from(["signature", "public"]))
def test_both_libraries_give_one_verdict_on_damaged_input(bit: int, message: bytes, where: str) -> None:
    signature, public = bytearray(KEY.sign(message)), bytearray(KEY.public.raw)
    damaged = signature if where == "signature" else public
    damaged[bit // 8 % len(damaged)] ^= 1 << bit % 8
    verdicts = {
        holds(check, bytes(public), message, bytes(signature))
        for check in (check_ed25519_strict, check_ed25519_strict_by_openssl)
    }
    assert verdicts == {False}


def test_a_key_of_mixed_order_is_not_registered(vectors: Path) -> None:
    # Speccheck's cases 3 and 4 use keys with a part of small order: canonical, not small, and still refused.
    cases = json.loads((vectors / "ed25519/speccheck-cases.json").read_text())
    for case in cases[3:6]:
        with pytest.raises(KeyWeakError):
            check_prime_order(bytes.fromhex(case["pub_key"]))
    check_prime_order(KEY.public.raw)


def test_bytes_that_are_no_point_are_not_registered() -> None:
    refused = 0
    for y in range(2, 40):
        try:
            check_prime_order(y.to_bytes(32, "little"))
        except KeyWeakError:
            refused += 1
    assert refused >= 19  # half of all y have no x, and of the rest one point in eight is of prime order
