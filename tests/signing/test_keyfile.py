"""Private keys on disk: only for their owner, never over another, and never in a message."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519

from packtrace.signing.keyfile import (
    KeyFileError,
    KeyFileExistsError,
    KeyFileUnsafeError,
    load_private_key,
    save_private_key,
)
from packtrace.signing.keys import KeyFormatError, PrivateKey, private_key_from_scalar, private_key_from_seed

KEYS = [private_key_from_seed(bytes(range(32))), private_key_from_scalar(2**200 + 1)]
PASSPHRASE = "一个 long passphrase".encode()

posix_only = pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
each_key = pytest.mark.parametrize("key", KEYS, ids=["Ed25519", "P-256"])


@each_key
@pytest.mark.parametrize("passphrase", [None, PASSPHRASE], ids=["plain", "encrypted"])
def test_a_saved_key_loads_and_signs_the_same(
    tmp_path: Path, key: PrivateKey, passphrase: bytes | None
) -> None:
    path = tmp_path / "key.pem"
    save_private_key(path, key, passphrase=passphrase)
    loaded = load_private_key(path, passphrase=passphrase)
    assert loaded.public == key.public
    if key.public.kind == "Ed25519":
        assert loaded.sign(b"m") == key.sign(b"m")


@posix_only
@pytest.mark.parametrize("mask", [0o000, 0o022])
def test_the_file_is_its_owners_alone_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        save_private_key(tmp_path / "key.pem", KEYS[0], passphrase=None)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    save_private_key(path, KEYS[0], passphrase=None)
    before = path.read_bytes()
    with pytest.raises(KeyFileExistsError) as caught:
        save_private_key(path, KEYS[1], passphrase=None)
    assert caught.value.code == "KEY_FILE_EXISTS"
    assert path.read_bytes() == before


@posix_only
def test_a_link_is_not_followed_to_write_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "key.pem").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyFileExistsError):
        save_private_key(tmp_path / "key.pem", KEYS[0], passphrase=None)
    assert not (tmp_path / "elsewhere").exists()


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(handle: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="Input/output"):
        save_private_key(tmp_path / "key.pem", KEYS[0], passphrase=None)
    assert list(tmp_path.iterdir()) == []


@posix_only
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o666, 0o601])
def test_a_plain_key_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key.pem"
    save_private_key(path, KEYS[0], passphrase=None)
    path.chmod(mode)
    with pytest.raises(KeyFileUnsafeError, match=f"got {mode:04o}") as caught:
        load_private_key(path, passphrase=None)
    assert caught.value.code == "KEY_FILE_UNSAFE"


@posix_only
def test_an_encrypted_key_may_be_readable(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    save_private_key(path, KEYS[0], passphrase=PASSPHRASE)
    path.chmod(0o644)
    assert load_private_key(path, passphrase=PASSPHRASE).public == KEYS[0].public


def test_the_passphrase_must_be_the_one_and_be_asked_for(tmp_path: Path) -> None:
    plain, encrypted = tmp_path / "plain.pem", tmp_path / "encrypted.pem"
    save_private_key(plain, KEYS[0], passphrase=None)
    save_private_key(encrypted, KEYS[0], passphrase=PASSPHRASE)
    for path, passphrase in [(encrypted, b"wrong"), (encrypted, None), (plain, PASSPHRASE), (encrypted, b"")]:
        with pytest.raises(KeyFileError) as caught:
            load_private_key(path, passphrase=passphrase)
        assert caught.value.code == "KEY_FILE_UNREADABLE"
        assert "passphrase'" not in str(caught.value)
    with pytest.raises(KeyFileError, match="at least one byte"):
        save_private_key(tmp_path / "empty.pem", KEYS[0], passphrase=b"")
    assert not (tmp_path / "empty.pem").exists()


def private_pem(key: x25519.X25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption())


def test_what_holds_no_accepted_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    for content in [
        b"",
        b"\xff" * 100,
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN PRIVATE KEY-----\n",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"x" * 70_000,
        private_pem(x25519.X25519PrivateKey.generate()),
        private_pem(ec.generate_private_key(ec.SECP384R1())),
    ]:
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises((KeyFileError, KeyFormatError)):
            load_private_key(path, passphrase=None)


def test_what_another_tool_encrypted_is_read(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    key = ec.derive_private_key(2**200 + 1, ec.SECP256R1())
    path.write_bytes(key.private_bytes(encoding, form, serialization.BestAvailableEncryption(PASSPHRASE)))
    assert load_private_key(path, passphrase=PASSPHRASE).public == KEYS[1].public


@each_key
def test_openssl_reads_the_encrypted_file(tmp_path: Path, key: PrivateKey) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("the openssl command is not installed")
    path = tmp_path / "key.pem"
    save_private_key(path, key, passphrase=b"secret")
    command = [openssl, "pkcs8", "-in", str(path), "-passin", "pass:secret", "-outform", "DER"]
    shown = subprocess.run(command, capture_output=True, check=True).stdout
    opened = serialization.load_der_private_key(shown, None)
    assert isinstance(opened, ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey)
    assert PrivateKey(opened).public == key.public
    command = [openssl, "asn1parse", "-in", str(path)]
    structure = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    assert "PBKDF2" in structure
    assert "hmacWithSHA256" in structure
    assert "aes-256-cbc" in structure
    assert f":{600_000:06X}" in structure
