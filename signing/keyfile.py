"""Private keys on disk: PKCS#8 in PEM, readable by its owner alone, never overwritten.

With a passphrase the file is encrypted by PBES2 (RFC 8018): AES-256-CBC under PBKDF2-HMAC-SHA256, which
OpenSSL, Java and .NET read.  The container is written here because the library's own writer counts 2,048
rounds and offers no other number; a guess must cost hundreds of times as much.
"""

from __future__ import annotations

import base64
import os
import secrets
import stat
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from .errors import SigningError
from .keys import PrivateKey

_ROUNDS: Final = 600_000  # OWASP's figure for PBKDF2-HMAC-SHA256: a fraction of a second
_FILE_LIMIT: Final = 65_536
_PLAIN: Final = "PRIVATE KEY"
_ENCRYPTED: Final = "ENCRYPTED PRIVATE KEY"

# Object identifiers, as DER writes them: RFC 8018, A.2 and A.4, B.1; NIST for AES.
_PBES2: Final = bytes.fromhex("06092a864886f70d01050d")
_PBKDF2: Final = bytes.fromhex("06092a864886f70d01050c")
_HMAC_SHA256: Final = bytes.fromhex("06082a864886f70d02090500")  # with its NULL parameters
_AES_256_CBC: Final = bytes.fromhex("060960864801650304012a")
_INTEGER, _OCTETS, _SEQUENCE = 0x02, 0x04, 0x30


class KeyFileError(SigningError):
    """The file holds no private key that can be read with what was given."""

    code = "KEY_FILE_UNREADABLE"


class KeyFileExistsError(SigningError):
    """There is something at the path already, and a key is never overwritten."""

    code = "KEY_FILE_EXISTS"


class KeyFileUnsafeError(SigningError):
    """The key is not encrypted and others than its owner can get at the file."""

    code = "KEY_FILE_UNSAFE"


def save_private_key(path: str | os.PathLike[str], key: PrivateKey, *, passphrase: bytes | None) -> None:
    """Write a private key to a new file of mode 0600, on the disk when this returns.

    Args:
        path: Where nothing is yet.
        key: The key to keep.
        passphrase: Encrypts the file; None leaves it to the file's mode alone.

    Raises:
        KeyFileExistsError: There is something at `path`.
        KeyFileError: The passphrase is empty.
        OSError: The disk refused; nothing is left at `path`.
    """
    text = _format_pem(key.to_pkcs8_der(), passphrase)
    target = Path(path)
    try:
        # The name comes into being with this mode, and only if nobody else has it.
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    except FileExistsError:
        raise KeyFileExistsError(f"{target}: expected nothing at this path, got a file") from None
    try:
        with open(handle, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    if os.name == "posix":
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def load_private_key(path: str | os.PathLike[str], *, passphrase: bytes | None) -> PrivateKey:
    """Read a private key that `save_private_key`, OpenSSL or another tool wrote as PKCS#8 in PEM.

    Raises:
        KeyFileUnsafeError: It is not encrypted and its group or others may read or write the file (POSIX).
        KeyFileError: Not a PKCS#8 key of an accepted kind, the wrong passphrase, one missing, or one given
        for
            a file that is not encrypted.
        OSError: The file cannot be read.
    """
    with open(path, "rb") as file:
        status = os.fstat(file.fileno())
        text = file.read(_FILE_LIMIT + 1)
    if len(text) > _FILE_LIMIT:
        raise KeyFileError(f"{path}: expected at most {_FILE_LIMIT} bytes, got more")
    encrypted = _begin(_ENCRYPTED) in text
    if not encrypted and _begin(_PLAIN) not in text:
        raise KeyFileError(f"{path}: expected a PKCS#8 private key in PEM, got something else")
    if not encrypted and os.name == "posix" and status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        mode = stat.S_IMODE(status.st_mode)
        raise KeyFileUnsafeError(f"{path}: expected mode 0600 for a key without passphrase, got {mode:04o}")
    if encrypted != (passphrase is not None):
        expected, got = ("a passphrase", "none") if encrypted else ("an encrypted key", "one in the clear")
        raise KeyFileError(f"{path}: expected {expected}, got {got}")
    try:
        key = serialization.load_pem_private_key(text, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The library's words are left out: they come from parsing secret bytes.
        expected = "a private key that this passphrase opens" if encrypted else "a private key"
        raise KeyFileError(f"{path}: expected {expected}, got something else") from None
    if not isinstance(key, ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey):
        raise KeyFileError(f"{path}: expected an Ed25519 or P-256 key, got another kind")
    return PrivateKey(key)


def _format_pem(pkcs8: bytes, passphrase: bytes | None) -> bytes:
    label, der = (_PLAIN, pkcs8) if passphrase is None else (_ENCRYPTED, _encrypt(pkcs8, passphrase))
    encoded = base64.b64encode(der)
    # Lines of 64 characters, as RFC 7468 asks.
    lines = [encoded[at : at + 64] for at in range(0, len(encoded), 64)]
    return b"\n".join([_begin(label), *lines, f"-----END {label}-----".encode("ascii"), b""])


def _begin(label: str) -> bytes:
    return f"-----BEGIN {label}-----".encode("ascii")


def _encrypt(pkcs8: bytes, passphrase: bytes) -> bytes:
    """Wrap a key as EncryptedPrivateKeyInfo (RFC 5958, 3) with PBES2 parameters (RFC 8018, A.4)."""
    if not passphrase:
        raise KeyFileError("passphrase: expected at least one byte, or None for no encryption, got none")
    salt, iv = secrets.token_bytes(16), secrets.token_bytes(16)
    secret = PBKDF2HMAC(algorithm=hashes.SHA256(), length=32, salt=salt, iterations=_ROUNDS).derive(
        passphrase
    )
    padder = padding.PKCS7(algorithms.AES.block_size).padder()
    encryptor = Cipher(algorithms.AES(secret), modes.CBC(iv)).encryptor()
    ciphertext = encryptor.update(padder.update(pkcs8) + padder.finalize()) + encryptor.finalize()
    rounds = _der(_INTEGER, _ROUNDS.to_bytes(3, "big"))
    derivation = _der(
        _SEQUENCE, _PBKDF2, _der(_SEQUENCE, _der(_OCTETS, salt), rounds, _der(_SEQUENCE, _HMAC_SHA256))
    )
    cipher = _der(_SEQUENCE, _AES_256_CBC, _der(_OCTETS, iv))
    algorithm = _der(_SEQUENCE, _PBES2, _der(_SEQUENCE, derivation, cipher))
    return _der(_SEQUENCE, algorithm, _der(_OCTETS, ciphertext))


def _der(tag: int, *contents: bytes) -> bytes:
    body = b"".join(contents)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body
