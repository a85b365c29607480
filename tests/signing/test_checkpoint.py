"""Checkpoints: strict text, both signatures of the log, cosignatures with their times, keys in files."""

from __future__ import annotations

import base64
import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dilithium_py.ml_dsa import ML_DSA_44 as DILITHIUM
from hypothesis import given
from hypothesis import strategies as st

from packtrace.signing.checkpoint import (
    Checkpoint,
    CheckpointError,
    CheckpointMalformedError,
    CheckpointOriginError,
    CheckpointSignatureError,
    CosignerKey,
    LogKeyError,
    check_cosignatures,
    format_checkpoint_text,
    generate_log_keys,
    load_log_key,
    open_checkpoint,
    parse_checkpoint_text,
    save_log_key,
    sign_cosignature,
    with_signatures,
)
from packtrace.signing.errors import SigningError
from packtrace.signing.log_key import LogKey, format_log_key, parse_log_key
from packtrace.signing.merkle import EMPTY_ROOT
from packtrace.signing.note import (
    Note,
    NoteSignature,
    NoteSignatureError,
    VerifierKey,
    VerifierKeyError,
    format_note,
    parse_note,
    parse_vkey,
    signature_time,
)
from packtrace.signing.tree_head import ED25519, ED25519_COSIGNATURE, ML_DSA_44, signed_message
from packtrace.tests.deterministic_signer import DeterministicLogSigner, published_seed

ORIGIN = "log.packtrace.example/test"
TIME = 1_795_000_000
HEAD = Checkpoint(ORIGIN, 20_852_163, bytes(range(32)))
SIGNER = DeterministicLogSigner.published(ORIGIN)
LOG_KEY = SIGNER.log_key()
KEYS = SIGNER.vkeys
SIGNED = SIGNER.sign(HEAD, time=TIME)
TEXT = format_checkpoint_text(HEAD)


def witness(name: str) -> CosignerKey:
    return CosignerKey(name, Ed25519PrivateKey.from_private_bytes(published_seed(name)))


def resigned(*signatures: NoteSignature, text: str = TEXT) -> bytes:
    return format_note(Note(text, signatures))


def test_published_checkpoint_texts_are_judged_strictly(vectors: Path) -> None:
    cases = json.loads((vectors / "signed-note/checkpoint-parse-cases.json").read_bytes())
    assert len(cases) == 6
    for case in cases:
        if case["strict_c2sp_ok"]:
            assert format_checkpoint_text(parse_checkpoint_text(case["text"])) == case["text"]
        else:
            with pytest.raises(CheckpointMalformedError):
                parse_checkpoint_text(case["text"])


def test_checkpoints_of_public_logs_open(vectors: Path) -> None:
    about = json.loads((vectors / "tlog-tiles/tessera-log.json").read_bytes())
    vkey = parse_vkey(about["vkey"])
    for size in range(9):
        data = (vectors / f"tlog-tiles/tessera-log/checkpoint.{size}").read_bytes()
        opened = open_checkpoint(data, origin=vkey.name, log_keys=[vkey])
        assert (opened.checkpoint.size, opened.signed_at) == (size, None)
        assert format_note(opened.note) == data
    log = json.loads((vectors / "generated/log-by-go-xmod.json").read_bytes())
    vkey = parse_vkey(log["vkey"])
    for size, note in log["checkpoints_by_size"].items():
        opened = open_checkpoint(note.encode(), origin=log["origin"], log_keys=[vkey])
        assert opened.checkpoint.size == int(size)


def test_checkpoint_of_sigstore_names_the_root_of_its_proof(vectors: Path) -> None:
    """Signatures are out of scope: the keys of that log are not in the set, and they are ECDSA."""
    for name in ("bundle_v3.txt.sigstore", "bundle_v3_alt.txt.sigstore"):
        bundle = json.loads((vectors / "sigstore-proofs" / name).read_bytes())
        proof = bundle["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]
        checkpoint = parse_checkpoint_text(parse_note(proof["checkpoint"]["envelope"].encode()).text)
        assert checkpoint.size == int(proof["treeSize"])
        assert checkpoint.root == base64.b64decode(proof["rootHash"])


roots = st.binary(min_size=32, max_size=32)
origins = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40)


@given(origins, st.integers(1, 2**63 - 1), roots)
def test_checkpoint_text_and_its_parser_invert_each_other(origin: str, size: int, root: bytes) -> None:
    checkpoint = Checkpoint(origin, size, root)
    assert parse_checkpoint_text(format_checkpoint_text(checkpoint)) == checkpoint


def test_empty_tree_has_one_checkpoint() -> None:
    text = format_checkpoint_text(Checkpoint(ORIGIN, 0, EMPTY_ROOT))
    assert parse_checkpoint_text(text).size == 0
    with pytest.raises(CheckpointMalformedError):
        Checkpoint(ORIGIN, 0, HEAD.root)
    with pytest.raises(CheckpointMalformedError):
        Checkpoint(ORIGIN, 1, EMPTY_ROOT)


ROOT_TEXT = TEXT.split("\n")[2]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        f"{ORIGIN}\n1\n",
        f"{ORIGIN}\n1\n{ROOT_TEXT}",
        f"{ORIGIN}\n1\n{ROOT_TEXT}\n\n",
        f"{ORIGIN}\n1\n{ROOT_TEXT}\nextension\n",
        f"\n1\n{ROOT_TEXT}\n",
        f"{ORIGIN}\n\n{ROOT_TEXT}\n",
        f"{ORIGIN}\n01\n{ROOT_TEXT}\n",
        f"{ORIGIN}\n+1\n{ROOT_TEXT}\n",
        f"{ORIGIN}\n-1\n{ROOT_TEXT}\n",
        f"{ORIGIN}\n1 \n{ROOT_TEXT}\n",
        f"{ORIGIN}\n1_0\n{ROOT_TEXT}\n",
        f"{ORIGIN}\n\u0661\n{ROOT_TEXT}\n",
        f"{ORIGIN}\n9223372036854775808\n{ROOT_TEXT}\n",
        f"{ORIGIN}\n99999999999999999999\n{ROOT_TEXT}\n",
        f"{ORIGIN}\n1\n{ROOT_TEXT[:-1]}\n",
        f"{ORIGIN}\n1\n{ROOT_TEXT[:-2]}9=\n",
        f"{ORIGIN}\n1\n{ROOT_TEXT}=\n",
        f"{ORIGIN}\n1\n {ROOT_TEXT}\n",
        f"{ORIGIN}\n1\nAAAA\n",
        f"{ORIGIN}\r\n1\r\n{ROOT_TEXT}\r\n",
    ],
)
def test_malformed_checkpoint_text_is_refused(text: str) -> None:
    with pytest.raises(CheckpointMalformedError):
        parse_checkpoint_text(text)


def test_messages_that_are_signed_are_those_of_the_specification() -> None:
    """Written out by hand from tlog-cosignature, so that a change of `signed_message` is seen."""
    assert signed_message(ED25519, ORIGIN, TEXT) == TEXT.encode()
    expected = f"cosignature/v1\ntime 1679315147\n{TEXT}".encode()
    assert signed_message(ED25519_COSIGNATURE, "w", TEXT, 1_679_315_147) == expected
    origin = ORIGIN.encode()
    assert signed_message(ML_DSA_44, "见证", TEXT, 1_679_315_147) == (
        b"subtree/v1\n\0"
        + bytes([6])  # bytes of the name, not characters
        + "见证".encode()
        + (1_679_315_147).to_bytes(8, "big")
        + bytes([len(origin)])
        + origin
        + bytes(8)
        + (20_852_163).to_bytes(8, "big")
        + bytes(range(32))
    )


@pytest.mark.parametrize(
    ("algorithm", "name", "text", "time"),
    [
        (ED25519, "w", TEXT, 1),
        (ED25519_COSIGNATURE, "w", TEXT, None),
        (ED25519_COSIGNATURE, "w", TEXT, -1),
        (ML_DSA_44, "w", TEXT, 2**63),
        (ML_DSA_44, "", TEXT, 1),
        (ML_DSA_44, "w" * 256, TEXT, 1),
        (ML_DSA_44, "w", TEXT.replace(ORIGIN, "o" * 256), 1),
        (ML_DSA_44, "w", "no checkpoint\n", 1),
        (0x02, "w", TEXT, None),
    ],
)
def test_message_that_no_type_covers_is_refused(
    algorithm: int, name: str, text: str, time: int | None
) -> None:
    with pytest.raises(SigningError):
        signed_message(algorithm, name, text, time)


def test_checkpoint_signed_here_opens() -> None:
    for data in (SIGNED, LOG_KEY.sign(HEAD, time=TIME)):
        opened = open_checkpoint(data, origin=ORIGIN, log_keys=KEYS)
        assert (opened.checkpoint, opened.log_keys, opened.signed_at) == (HEAD, KEYS, TIME)
        assert format_note(opened.note) == data
        assert open_checkpoint(data, origin=ORIGIN, log_keys=KEYS[:1]).signed_at is None


def test_both_signers_have_the_same_keys_and_one_is_reproducible() -> None:
    assert LOG_KEY.vkeys == KEYS
    assert SIGNER.sign(HEAD, time=TIME) == SIGNED
    assert LOG_KEY.sign(HEAD, time=TIME) != LOG_KEY.sign(HEAD, time=TIME)  # hedged


def test_ml_dsa_signature_made_here_verifies_in_another_implementation() -> None:
    _, signature = parse_note(LOG_KEY.sign(HEAD, time=TIME)).signatures
    message = signed_message(ML_DSA_44, ORIGIN, TEXT, TIME)
    assert DILITHIUM.verify(KEYS[1].key, message, signature.signature[8:])
    assert not DILITHIUM.verify(KEYS[1].key, message + b"\0", signature.signature[8:])


@pytest.mark.parametrize("left", [0, 1])
def test_checkpoint_without_one_of_the_trusted_signatures_is_refused(left: int) -> None:
    stripped = resigned(parse_note(SIGNED).signatures[left])
    open_checkpoint(stripped, origin=ORIGIN, log_keys=[KEYS[left]])
    with pytest.raises(CheckpointSignatureError):
        open_checkpoint(stripped, origin=ORIGIN, log_keys=KEYS)


@pytest.mark.parametrize("which", [0, 1])
def test_checkpoint_with_one_forged_signature_is_refused(which: int) -> None:
    signatures = list(parse_note(SIGNED).signatures)
    good = signatures[which]
    for at in (0, 8, len(good.signature) - 1):  # for ML-DSA-44 the first byte is of the time
        forged = bytearray(good.signature)
        forged[at] ^= 1
        signatures[which] = replace(good, signature=bytes(forged))
        with pytest.raises(CheckpointSignatureError):
            open_checkpoint(resigned(*signatures), origin=ORIGIN, log_keys=KEYS)


@pytest.mark.parametrize(
    "head",
    [
        replace(HEAD, size=HEAD.size + 1),
        replace(HEAD, root=HEAD.root[::-1]),
    ],
)
def test_signatures_of_another_head_are_refused(head: Checkpoint) -> None:
    signatures = parse_note(SIGNED).signatures
    text = format_checkpoint_text(head)
    for vkey in KEYS:
        with pytest.raises(CheckpointSignatureError):
            open_checkpoint(resigned(*signatures, text=text), origin=ORIGIN, log_keys=[vkey])


def test_checkpoint_of_another_log_is_refused() -> None:
    other = DeterministicLogSigner("staging.packtrace.example", SIGNER.ed25519_seed, SIGNER.ml_dsa_44_seed)
    data = other.sign(replace(HEAD, origin=other.origin), time=TIME)
    with pytest.raises(CheckpointOriginError) as caught:
        open_checkpoint(data, origin=ORIGIN, log_keys=KEYS)
    assert caught.value.code == "CHECKPOINT_ORIGIN_MISMATCH"
    with pytest.raises(CheckpointOriginError):
        open_checkpoint(data, origin=ORIGIN, log_keys=other.vkeys)
    with pytest.raises(CheckpointOriginError):
        open_checkpoint(SIGNED, origin=ORIGIN, log_keys=[*KEYS, *other.vkeys])
    with pytest.raises(CheckpointOriginError):
        open_checkpoint(SIGNED, origin=other.origin, log_keys=other.vkeys)


def test_checkpoint_signed_by_a_stranger_under_our_name_is_refused() -> None:
    stranger = LogKey.from_seeds(ORIGIN, ed25519_seed=bytes(32), ml_dsa_44_seed=bytes(32))
    with pytest.raises(CheckpointSignatureError) as caught:
        open_checkpoint(stranger.sign(HEAD, time=TIME), origin=ORIGIN, log_keys=KEYS)
    assert caught.value.code == "CHECKPOINT_SIGNATURE_INVALID"


def test_no_trusted_key_opens_nothing() -> None:
    with pytest.raises(CheckpointSignatureError):
        open_checkpoint(SIGNED, origin=ORIGIN, log_keys=[])


def test_witness_key_is_no_log_key() -> None:
    key = CosignerKey(ORIGIN, LOG_KEY.ed25519)
    note = with_signatures(parse_note(SIGNED), [sign_cosignature(parse_note(SIGNED), key, TIME)])
    with pytest.raises(VerifierKeyError):
        open_checkpoint(format_note(note), origin=ORIGIN, log_keys=[key.vkey])


@pytest.mark.parametrize("data", [b"", TEXT.encode(), b"\xff" + SIGNED, SIGNED[:-1]])
def test_what_is_no_note_is_a_malformed_checkpoint(data: bytes) -> None:
    with pytest.raises(CheckpointMalformedError) as caught:
        open_checkpoint(data, origin=ORIGIN, log_keys=KEYS)
    assert caught.value.code == "CHECKPOINT_MALFORMED"


def test_signed_note_with_an_extension_line_is_refused() -> None:
    text = TEXT + "extension\n"
    raw = LOG_KEY.ed25519.sign(text.encode())
    data = resigned(NoteSignature(ORIGIN, KEYS[0].key_id, raw), text=text)
    with pytest.raises(CheckpointMalformedError):
        open_checkpoint(data, origin=ORIGIN, log_keys=KEYS[:1])


def test_arbitrary_bytes_never_open() -> None:
    @given(st.one_of(st.binary(max_size=300), st.integers(0, len(SIGNED) - 1)))
    def refuse(change: bytes | int) -> None:
        data = change
        if isinstance(data, int):
            flipped = bytearray(SIGNED)
            flipped[data] ^= 0x10
            data = bytes(flipped)
        with pytest.raises(CheckpointError):
            open_checkpoint(data, origin=ORIGIN, log_keys=KEYS)

    refuse()


def test_log_key_signs_no_other_origin() -> None:
    with pytest.raises(LogKeyError):
        LOG_KEY.sign(replace(HEAD, origin="other.example"), time=TIME)


def test_unknown_signatures_and_cosignatures_do_not_matter_to_the_log_keys() -> None:
    grease = NoteSignature("grease.example", b"\1\2\3\4", b"anything")
    note = parse_note(SIGNED)
    note = with_signatures(note, [grease, sign_cosignature(note, witness("w1.example"), TIME)])
    opened = open_checkpoint(format_note(note), origin=ORIGIN, log_keys=KEYS)
    assert opened.checkpoint == HEAD
    assert check_cosignatures(opened.note, []) == {}


def test_cosignatures_count_with_their_times() -> None:
    first, second, absent = witness("w1.example"), witness("w2.example"), witness("w3.example")
    # A witness may be another log signer too: its type 0x06 is the same cosignature.
    post_quantum = LogKey.from_seeds("w4.example", ed25519_seed=bytes(32), ml_dsa_44_seed=bytes(32))
    vkey = post_quantum.vkeys[1]
    message = signed_message(ML_DSA_44, vkey.name, TEXT, TIME + 3)
    stamped = (TIME + 3).to_bytes(8, "big") + post_quantum.ml_dsa_44.sign(message)
    note = parse_note(SIGNED)
    note = with_signatures(
        note,
        [
            sign_cosignature(note, first, TIME + 1),
            sign_cosignature(note, second, TIME + 2),
            NoteSignature(vkey.name, vkey.key_id, stamped),
        ],
    )
    assert check_cosignatures(note, [first.vkey, second.vkey, absent.vkey, vkey]) == {
        first.vkey: TIME + 1,
        second.vkey: TIME + 2,
        vkey: TIME + 3,
    }


def test_witness_that_cosigned_again_counts_once_with_its_earliest_time() -> None:
    key = witness("w1.example")
    note = parse_note(SIGNED)
    cosignatures = [sign_cosignature(note, key, TIME + late) for late in (9, 1, 5)]
    assert check_cosignatures(with_signatures(note, cosignatures), [key.vkey]) == {key.vkey: TIME + 1}
    assert len(with_signatures(note, cosignatures * 2).signatures) == 5


def test_cosignature_with_another_time_or_key_or_text_is_refused() -> None:
    key, other = witness("w1.example"), witness("w2.example")
    note = parse_note(SIGNED)
    good = sign_cosignature(note, key, TIME)
    later = replace(good, signature=(TIME + 1).to_bytes(8, "big") + good.signature[8:])
    by_other = replace(sign_cosignature(note, other, TIME), name=key.name, key_id=key.vkey.key_id)
    too_late = replace(good, signature=(2**63).to_bytes(8, "big") + good.signature[8:])
    plain = replace(good, signature=good.signature[8:])
    for forged in (later, by_other, too_late, plain):
        with pytest.raises(CheckpointSignatureError):
            check_cosignatures(with_signatures(note, [forged]), [key.vkey])
    moved = Note(format_checkpoint_text(replace(HEAD, size=HEAD.size + 1)), (good,))
    with pytest.raises(CheckpointSignatureError):
        check_cosignatures(moved, [key.vkey])
    with pytest.raises(CheckpointSignatureError):
        check_cosignatures(with_signatures(note, [good, later]), [key.vkey])


def test_plain_note_key_is_no_witness_key() -> None:
    with pytest.raises(VerifierKeyError):
        check_cosignatures(parse_note(SIGNED), KEYS[:1])


def test_times_are_read_from_timestamped_signatures_only() -> None:
    plain, stamped = parse_note(SIGNED).signatures
    assert signature_time(KEYS[0], plain) is None
    assert signature_time(KEYS[1], stamped) == TIME
    with pytest.raises(NoteSignatureError):
        signature_time(KEYS[1], replace(stamped, signature=(2**63).to_bytes(8, "big") + bytes(2420)))


@pytest.mark.parametrize("passphrase", [None, "口令".encode()])
def test_saved_log_key_loads_again_and_only_its_owner_may_read_it(
    tmp_path: Path, passphrase: bytes | None
) -> None:
    key = generate_log_keys(ORIGIN)
    path = tmp_path / "log.key"
    save_log_key(path, key, passphrase=passphrase)
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_log_key(path, ORIGIN, passphrase=passphrase).vkeys == key.vkeys
    with pytest.raises(FileExistsError):
        save_log_key(path, key)
    with pytest.raises(LogKeyError):
        load_log_key(path, ORIGIN, passphrase=b"wrong" if passphrase else b"superfluous")
    if passphrase:
        with pytest.raises(LogKeyError):
            load_log_key(path, ORIGIN)


@pytest.mark.skipif(os.name != "posix", reason="modes say nothing on this system")
def test_log_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    save_log_key(path, LOG_KEY)
    path.chmod(0o640)
    with pytest.raises(LogKeyError):
        load_log_key(path, ORIGIN)


def test_generated_keys_differ() -> None:
    first, second = generate_log_keys(ORIGIN), generate_log_keys(ORIGIN)
    assert not set(first.vkeys) & set(second.vkeys)


def test_private_keys_are_in_no_repr_and_no_message() -> None:
    data = format_log_key(LOG_KEY)
    secrets = [SIGNER.ed25519_seed, SIGNER.ml_dsa_44_seed]
    told = repr(LOG_KEY) + repr(witness("w1.example"))
    for wrong in (data[:-20], data[:100], data.replace(b"PRIVATE", b"PUBLIC"), data.replace(b"M", b"N")):
        with pytest.raises(LogKeyError) as caught:
            parse_log_key(wrong, ORIGIN)
        told += repr(caught.value) + repr(caught.value.__cause__)
    for secret in secrets:
        assert secret.hex() not in told
        assert base64.b64encode(secret).decode()[:20] not in told


def test_file_of_other_keys_is_refused() -> None:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    ed25519, ml_dsa = LOG_KEY.ed25519.private_bytes(*form), LOG_KEY.ml_dsa_44.private_bytes(*form)
    assert parse_log_key(ed25519 + ml_dsa, ORIGIN).vkeys == KEYS
    for wrong in (
        b"",
        ed25519,
        ml_dsa + ed25519,
        ed25519 + ed25519,
        ed25519 + ml_dsa + ml_dsa,
        ed25519 + ml_dsa + b"x",
    ):
        with pytest.raises(LogKeyError):
            parse_log_key(wrong, ORIGIN)
    with pytest.raises(LogKeyError):
        LogKey.from_seeds(ORIGIN, ed25519_seed=bytes(31), ml_dsa_44_seed=bytes(32))


def test_ml_dsa_key_is_saved_as_its_seed() -> None:
    block = format_log_key(LOG_KEY).decode().split("-----BEGIN PRIVATE KEY-----")[2].split("-----END")[0]
    der = base64.b64decode("".join(block.split()))
    assert der.endswith(SIGNER.ml_dsa_44_seed)
    assert len(der) == 54


def test_verifier_keys_of_a_log_bear_its_origin() -> None:
    assert [(vkey.name, vkey.algorithm) for vkey in KEYS] == [(ORIGIN, ED25519), (ORIGIN, ML_DSA_44)]
    assert all(isinstance(vkey, VerifierKey) for vkey in KEYS)
