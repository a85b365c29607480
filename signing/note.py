"""Signed notes and verifier keys: C2SP signed-note.

A note is a text, an empty line, and a line for each signature: `— name base64(key id || signature)`.
Name and key id together say which key; its type says what was signed (`tree_head.signed_message`).
"""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from .ed25519 import KeyWeakError, check_ed25519_strict, check_prime_order
from .errors import SigningError
from .std_base64 import format_base64, parse_base64
from .tree_head import ED25519, ED25519_COSIGNATURE, MAX_TIME, ML_DSA_44, TIMESTAMPED, signed_message

MAX_NOTE: Final = 1 << 20  # bytes
MAX_SIGNATURES: Final = 100
KEY_ID_SIZE: Final = 4
KEY_SIZES: Final = {ED25519: 32, ED25519_COSIGNATURE: 32, ML_DSA_44: 1312}
SIGNATURE_SIZES: Final = {ED25519: 64, ED25519_COSIGNATURE: 64, ML_DSA_44: 2420}
_TIME_SIZE: Final = 8
_MAX_VKEY: Final = 4096  # characters; one of ML-DSA-44 has some 1,800
_MARK: Final = "\N{EM DASH} "
_KEY_ID_HEX: Final = re.compile(r"[0-9a-f]{8}")
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NoteError(SigningError):
    """Not a signed note."""

    code: ClassVar[str] = "NOTE_MALFORMED"


class NoteSignatureError(NoteError):
    """A key that is known did not make the signature that carries its name and id."""

    code: ClassVar[str] = "NOTE_SIGNATURE_INVALID"


class VerifierKeyError(SigningError):
    """Not a verifier key, or one that must not be used."""

    code: ClassVar[str] = "VERIFIER_KEY_INVALID"


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line. `signature` is what follows the key id: for types 0x04 and 0x06, a time first."""

    name: str
    key_id: bytes  # 4 bytes
    signature: bytes

    def __post_init__(self) -> None:
        _check_name(self.name, NoteError)
        if len(self.key_id) != KEY_ID_SIZE:
            raise NoteError(f"key id: expected {KEY_ID_SIZE} bytes, got {len(self.key_id)}")
        if not self.signature:
            raise NoteError(f"signature of {self.name}: expected some bytes after the key id, got none")


@dataclass(frozen=True, slots=True)
class Note:
    """A text, ended by a newline, and its signatures in the order of the note. Nothing is verified yet."""

    text: str
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name and signature type. A weak or malformed key cannot be built.

    Ed25519 keys are refused that are not canonical or not of prime order: under some of them one signature
    is valid for every message.
    """

    name: str
    algorithm: int
    key: bytes

    def __post_init__(self) -> None:
        _check_name(self.name, VerifierKeyError)
        size = KEY_SIZES.get(self.algorithm)
        if size is None:
            raise VerifierKeyError(
                f"signature type of {self.name}: expected 0x01, 0x04 or 0x06, got {self.algorithm:#04x}"
            )
        if len(self.key) != size:
            raise VerifierKeyError(f"public key of {self.name}: expected {size} bytes, got {len(self.key)}")
        if self.algorithm in (ED25519, ED25519_COSIGNATURE):
            try:
                check_prime_order(self.key)
            except KeyWeakError as error:
                raise VerifierKeyError(f"key {self.name}: {error}") from error

    @property
    def key_id(self) -> bytes:
        """SHA-256(name LF type key), first four bytes. A name for the key, no proof of it."""
        named = self.name.encode("utf-8") + b"\n" + self.algorithm.to_bytes(1, "big") + self.key
        return hashlib.sha256(named).digest()[:KEY_ID_SIZE]


def format_vkey(vkey: VerifierKey) -> str:
    """`name+hex(key id)+base64(type || key)`."""
    return f"{vkey.name}+{vkey.key_id.hex()}+{format_base64(vkey.algorithm.to_bytes(1, 'big') + vkey.key)}"


def parse_vkey(text: str) -> VerifierKey:
    """Parse a verifier key. The key id in it is computed again and compared.

    Raises:
        VerifierKeyError: Not in that form, an unknown type, a weak key, or an id of another key.
    """
    parts = text.split("+", 2) if len(text) <= _MAX_VKEY else []  # base64 may hold a plus, the rest may not
    if len(parts) != 3 or _KEY_ID_HEX.fullmatch(parts[1]) is None:
        raise VerifierKeyError(f"verifier key: expected name+key id in hex+base64, got {text[:80]!r}")
    name, key_id, encoded = parts
    try:
        data = parse_base64(encoded, f"verifier key of {name}")
    except SigningError as error:
        raise VerifierKeyError(str(error)) from error
    if not data:
        raise VerifierKeyError(f"verifier key of {name}: expected a signature type and a key, got nothing")
    vkey = VerifierKey(name, data[0], data[1:])
    if vkey.key_id != binascii.unhexlify(key_id):
        raise VerifierKeyError(f"key id of {name}: expected {vkey.key_id.hex()} for this key, got {key_id}")
    return vkey


def parse_note(data: bytes) -> Note:
    """Parse a signed note; verify nothing.

    Raises:
        NoteError: More than 1 MiB, not UTF-8, a control character other than newline, no signature or more
            than 100, or a signature line in another form. The message names the line.
    """
    if len(data) > MAX_NOTE:
        raise NoteError(f"note: expected at most {MAX_NOTE} bytes, got {len(data)}")
    try:
        note = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoteError(
            f"note: expected UTF-8, got byte {data[error.start]:#04x} at {error.start}"
        ) from error
    control = _CONTROL.search(note)
    if control is not None:
        raise NoteError(
            f"note: expected no control character but newline, got {control[0]!r} "
            f"at character {control.start()}"
        )
    text, separator, block = note.rpartition("\n\n")
    if not separator or not block:
        raise NoteError("note: expected a text, an empty line and signature lines, got no signature line")
    if not block.endswith("\n"):
        raise NoteError("note: expected a newline at the end, got none")
    lines = block[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise NoteError(f"note: expected at most {MAX_SIGNATURES} signatures, got {len(lines)}")
    first = text.count("\n") + 3  # number of the first signature line, counted from 1
    return Note(text + "\n", tuple(_parse_line(line, first + at) for at, line in enumerate(lines)))


def format_note(note: Note) -> bytes:
    """The bytes of a note.

    Raises:
        NoteError: What these bytes say is not this note, for example a text without its last newline.
    """
    lines = [note.text, "\n"]
    for each in note.signatures:
        lines.append(f"{_MARK}{each.name} {format_base64(each.key_id + each.signature)}\n")
    data = "".join(lines).encode("utf-8", errors="surrogatepass")  # which the parser then refuses
    if parse_note(data) != note:
        raise NoteError("note: expected a text that ends with one newline of its own, got another")
    return data


def signed_by(note: Note, vkeys: Iterable[VerifierKey]) -> tuple[VerifierKey, ...]:
    """Which of these keys signed the note: each at most once, in the order given.

    An empty result is no error here and must be one for the caller. Signatures of other keys are passed over.

    Raises:
        NoteSignatureError: A signature with the name and id of one of these keys that the key did not make;
            it takes the whole note with it.
        VerifierKeyError: Two of these keys share name and id.
    """
    known: dict[tuple[str, bytes], VerifierKey] = {}
    for vkey in vkeys:
        if known.setdefault((vkey.name, vkey.key_id), vkey) != vkey:
            raise VerifierKeyError(
                f"verifier keys: expected one key {vkey.name}+{vkey.key_id.hex()}, got two"
            )
    signers: set[VerifierKey] = set()
    for signature in note.signatures:
        signer = known.get((signature.name, signature.key_id))
        if signer is not None:
            check_signature(signer, note.text, signature)
            signers.add(signer)
    return tuple(vkey for vkey in known.values() if vkey in signers)


def check_signature(vkey: VerifierKey, text: str, signature: NoteSignature) -> None:
    """Check that this key made this signature of this text.

    Raises:
        NoteSignatureError: It did not.
    """
    try:
        time = signature_time(vkey, signature)
        raw = signature.signature if time is None else signature.signature[_TIME_SIZE:]
        if len(raw) != SIGNATURE_SIZES[vkey.algorithm]:
            raise NoteSignatureError(f"expected {SIGNATURE_SIZES[vkey.algorithm]} bytes, got {len(raw)}")
        message = signed_message(vkey.algorithm, vkey.name, text, time)
        if vkey.algorithm == ML_DSA_44:
            MLDSA44PublicKey.from_public_bytes(vkey.key).verify(raw, message)
        else:
            check_ed25519_strict(vkey.key, message, raw)
    except (SigningError, InvalidSignature) as error:
        why = str(error) or "it does not verify"
        raise NoteSignatureError(
            f"signature of {vkey.name}+{vkey.key_id.hex()} (type {vkey.algorithm:#04x}): "
            f"expected one that this key made of this text, got another: {why}"
        ) from error


def signature_time(vkey: VerifierKey, signature: NoteSignature) -> int | None:
    """The time that a signature of type 0x04 or 0x06 carries, POSIX seconds; None for type 0x01.

    It is a claim until `check_signature` has passed.

    Raises:
        NoteSignatureError: Too short to hold a time, or a time of 2**63 or more.
    """
    if vkey.algorithm not in TIMESTAMPED:
        return None
    expected = _TIME_SIZE + SIGNATURE_SIZES[vkey.algorithm]
    if len(signature.signature) != expected:
        raise NoteSignatureError(
            f"timestamped signature of {vkey.name}: expected {expected} bytes, got {len(signature.signature)}"
        )
    time = int.from_bytes(signature.signature[:_TIME_SIZE], "big")
    if time > MAX_TIME:
        raise NoteSignatureError(
            f"time of the signature of {vkey.name}: expected at most {MAX_TIME}, got {time}"
        )
    return time


def timestamped(time: int, raw: bytes) -> bytes:
    """`timestamped_signature` of tlog-cosignature: time in eight bytes, big-endian, then the signature."""
    return time.to_bytes(_TIME_SIZE, "big") + raw


def _parse_line(line: str, number: int) -> NoteSignature:
    parts = line.removeprefix(_MARK).split(" ")
    if not line.startswith(_MARK) or len(parts) != 2:
        raise NoteError(f"note, line {number}: expected an em dash, a name and base64, got {line[:80]!r}")
    name, encoded = parts
    try:
        data = parse_base64(encoded, f"note, line {number}")
    except SigningError as error:
        raise NoteError(str(error)) from error
    return NoteSignature(name, data[:KEY_ID_SIZE], data[KEY_ID_SIZE:])


def _check_name(name: str, error: type[SigningError]) -> None:
    if not name or "+" in name or any(character.isspace() or character < " " for character in name):
        raise error(f"key name: expected some text without spaces and plus, got {name[:80]!r}")
