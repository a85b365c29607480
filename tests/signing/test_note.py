"""Signed notes: what is not one, whose signatures count, and which keys are refused."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from hypothesis import given
from hypothesis import strategies as st

from packtrace.signing.errors import SigningError
from packtrace.signing.note import (
    MAX_NOTE,
    Note,
    NoteError,
    NoteSignature,
    NoteSignatureError,
    VerifierKey,
    VerifierKeyError,
    format_note,
    format_vkey,
    parse_note,
    parse_vkey,
    signature_time,
    signed_by,
)
from packtrace.signing.tree_head import ED25519, ED25519_COSIGNATURE, ML_DSA_44
from packtrace.tests.deterministic_signer import published_seed

TEXT = "A text.\nIts second line.\n"


def signer(name: str) -> tuple[VerifierKey, NoteSignature]:
    private = Ed25519PrivateKey.from_private_bytes(published_seed(name))
    vkey = VerifierKey(name, ED25519, private.public_key().public_bytes_raw())
    return vkey, NoteSignature(name, vkey.key_id, private.sign(TEXT.encode()))


ALICE, BY_ALICE = signer("alice.example")
BOB, BY_BOB = signer("bob.example/log")
NOTE = Note(TEXT, (BY_ALICE, BY_BOB))
LINE = format_note(Note(TEXT, (BY_ALICE,))).decode().split("\n\n")[1]


def with_line(line: str, text: str = TEXT) -> bytes:
    return f"{text}\n{line}".encode()


def test_notes_of_go_are_judged_as_go_does(vectors: Path) -> None:
    cases = json.loads((vectors / "signed-note/x-mod-note-cases.json").read_bytes())
    assert (len(cases["open"]), len(cases["vkeys"]), len(cases["sign"])) == (7, 4, 1)
    for case in cases["open"]:
        vkeys = [parse_vkey(text) for text in case["vkeys"]]
        if case.get("error") == "malformed note":
            with pytest.raises(NoteError):
                parse_note(case["note"].encode())
            continue
        note = parse_note(case["note"].encode())
        assert format_note(note) == case["note"].encode()
        # Go's "no verifiable signatures" is an empty result here; `open_checkpoint` makes it an error.
        signers = signed_by(note, vkeys)
        assert bool(signers) == case["ok"], case["name"]
        if case["ok"]:
            assert [vkey.name for vkey in signers] == case["verified"]
    for row in cases["vkeys"]:
        if row["ok"]:
            assert format_vkey(parse_vkey(row["vkey"])) == row["vkey"]
        else:
            with pytest.raises(VerifierKeyError):
                parse_vkey(row["vkey"])


def test_note_signed_by_go_is_signed_the_same_here(vectors: Path) -> None:
    (row,) = json.loads((vectors / "signed-note/x-mod-note-cases.json").read_bytes())["sign"]
    *_, name, key_id, encoded = row["published_test_skey"].split("+", 4)
    private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(encoded)[1:])
    vkey = VerifierKey(name, ED25519, private.public_key().public_bytes_raw())
    assert vkey.key_id.hex() == key_id
    signature = NoteSignature(name, vkey.key_id, private.sign(row["text"].encode()))
    assert format_note(Note(row["text"], (signature,))) == row["note"].encode()


def test_examples_of_the_specification_parse_and_verify(vectors: Path) -> None:
    cases = json.loads((vectors / "signed-note/c2sp-spec-examples.json").read_bytes())
    for case in cases["verifiable"]:
        vkey = parse_vkey(case["vkey"])
        assert signed_by(parse_note(case["note"].encode()), [vkey]) == (vkey,)
    cosigned = parse_note(cases["parse_only"][0]["note"].encode())
    witness = VerifierKey("witness.example.com/w1", ED25519_COSIGNATURE, ALICE.key)
    time = signature_time(witness, cosigned.signatures[1])
    assert time == cases["parse_only"][0]["cosignature_unix_time"]
    # The second example is a request to a witness, tlog-witness: two parts before the note.
    _, _, note = cases["parse_only"][1]["body"].partition("\n\n")
    assert len(parse_note(note.encode()).signatures) == 2


def test_published_cosigner_keys_are_judged_strictly(vectors: Path) -> None:
    """The ML-DSA-44 key carries an id that is not its own; upstream does not look, here it is refused."""
    cases = json.loads((vectors / "signed-note/cosignature-vkeys.json").read_bytes())
    for row in cases["vkeys"]:
        if row["ok"]:
            assert format_vkey(parse_vkey(row["vkey"])) == row["vkey"]
        else:
            with pytest.raises(VerifierKeyError):
                parse_vkey(row["vkey"])
    for row in cases["timestamps"]:
        line = f"\N{EM DASH} w {row['sig_base64']}\n"
        witness = VerifierKey("w", ED25519_COSIGNATURE, ALICE.key)
        if row["ok"]:
            (signature,) = parse_note(with_line(line)).signatures
            assert signature_time(witness, signature) == row["unix_time"]
        else:
            with pytest.raises(NoteError):
                signature_time(witness, parse_note(with_line(line)).signatures[0])


def test_published_ml_dsa_verdicts_hold_in_the_library_used(vectors: Path) -> None:
    file = vectors / "ml-dsa/wycheproof-mldsa_44_verify_subset_a.json"
    count = 0
    for group in json.loads(file.read_bytes())["testGroups"]:
        public = bytes.fromhex(group["publicKey"])
        for case in group["tests"]:
            count += 1
            context = bytes.fromhex(case["ctx"]) if "ctx" in case else None
            try:
                VerifierKey("ml-dsa.example", ML_DSA_44, public)
                MLDSA44PublicKey.from_public_bytes(public).verify(
                    bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]), context
                )
            except (SigningError, InvalidSignature, ValueError):
                assert case["result"] == "invalid", case["tcId"]
            else:
                assert case["result"] == "valid", case["tcId"]
    assert count == 90


# Surrogates have no UTF-8, control characters are forbidden.
texts = st.text(st.characters(exclude_categories=["Cc", "Cs"], include_characters="\n"), max_size=80)
names = st.text(st.characters(exclude_categories=["Cc", "Cs", "Z"], exclude_characters="+"), min_size=1)
lines = st.tuples(names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80))


@given(texts, st.lists(lines, min_size=1, max_size=5))
def test_note_and_its_parser_invert_each_other(text: str, signed: list[tuple[str, bytes, bytes]]) -> None:
    note = Note(text + "\n", tuple(NoteSignature(*line) for line in signed))
    assert parse_note(format_note(note)) == note


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_a_note_or_refused(data: bytes) -> None:
    try:
        note = parse_note(data)
    except NoteError:
        return
    assert format_note(note) == data


@given(st.integers(0, len(format_note(NOTE)) - 1), st.integers(0, 7))
def test_note_with_any_bit_changed_loses_a_signature(at: int, bit: int) -> None:
    changed = bytearray(format_note(NOTE))
    changed[at] ^= 1 << bit
    try:
        signers = signed_by(parse_note(bytes(changed)), [ALICE, BOB])
    except NoteError:
        return
    assert signers != (ALICE, BOB)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"\n\n",
        TEXT.encode(),
        f"{TEXT}\n".encode(),
        f"{TEXT}{LINE}".encode(),
        with_line(LINE[:-1]),
        with_line(LINE + "\n"),
        with_line(LINE + "Unexpected line.\n"),
        with_line("Unexpected line.\n" + LINE),
        with_line(LINE.replace("\N{EM DASH}", "-")),
        with_line(LINE.replace("\N{EM DASH} ", "\N{EM DASH}")),
        with_line(LINE.replace("\N{EM DASH} ", "\N{EM DASH}  ")),
        with_line(LINE.replace("alice.example", "")),
        with_line(LINE.replace("alice.example", "alice+example")),
        with_line(LINE.replace("alice.example", "alice\N{NO-BREAK SPACE}example")),
        with_line(LINE.replace("alice.example", "alice example")),
        with_line(LINE.replace("=\n", "\n")),
        with_line(LINE.replace("\n", " \n")),
        with_line("\N{EM DASH} alice.example AAAAAA==\n"),
        with_line("\N{EM DASH} alice.example AAA=\n"),
        with_line("\N{EM DASH} alice.example AAAAAAB=\n"),
        with_line("\N{EM DASH} alice.example AAAA-_8=\n"),
        with_line(LINE, text="A\ttext.\n"),
        with_line(LINE, text="A text.\r\n"),
        with_line(LINE, text="A text.\x00\n"),
        b"\xff" + with_line(LINE),
        b"\xed\xa0\x80" + with_line(LINE),
        with_line(LINE * 101),
        with_line(LINE, text="x" * MAX_NOTE + "\n"),
    ],
)
def test_malformed_note_is_refused(data: bytes) -> None:
    with pytest.raises(NoteError):
        parse_note(data)


def test_up_to_100_signatures_are_taken() -> None:
    assert len(parse_note(with_line(LINE * 100)).signatures) == 100


def test_text_ends_at_the_last_empty_line() -> None:
    assert parse_note(with_line(LINE, text="one\n\n\ntwo\n\n")).text == "one\n\n\ntwo\n\n"


@pytest.mark.parametrize("text", ["no newline", "tab\t\n", "\ud800\n"])
def test_note_that_would_not_parse_again_is_not_written(text: str) -> None:
    with pytest.raises(NoteError):
        format_note(Note(text, (BY_ALICE,)))
    with pytest.raises(NoteError):
        format_note(Note(TEXT, ()))


def test_unknown_keys_are_passed_over() -> None:
    assert signed_by(NOTE, [ALICE]) == (ALICE,)
    assert signed_by(NOTE, []) == ()
    stranger, _ = signer("stranger.example")
    assert signed_by(NOTE, [stranger]) == ()


def test_known_key_with_a_bad_signature_rejects_the_whole_note() -> None:
    flipped = bytes([BY_ALICE.signature[0] ^ 1]) + BY_ALICE.signature[1:]
    forged = NoteSignature(ALICE.name, ALICE.key_id, flipped)
    for signatures in ((forged, BY_BOB), (BY_BOB, forged), (BY_ALICE, forged), (forged, BY_ALICE)):
        with pytest.raises(NoteSignatureError):
            signed_by(Note(TEXT, signatures), [ALICE, BOB])
    assert signed_by(Note(TEXT, (forged, BY_BOB)), [BOB]) == (BOB,)


def test_signature_of_another_text_or_length_is_refused() -> None:
    with pytest.raises(NoteSignatureError):
        signed_by(Note(TEXT + "more\n", (BY_ALICE,)), [ALICE])
    for wrong in (BY_ALICE.signature[:-1], BY_ALICE.signature + b"\0", b"\0"):
        with pytest.raises(NoteSignatureError):
            signed_by(Note(TEXT, (NoteSignature(ALICE.name, ALICE.key_id, wrong),)), [ALICE])


def test_signature_line_with_only_the_name_or_only_the_id_of_a_key_is_not_its() -> None:
    other_id = NoteSignature(ALICE.name, b"\0\0\0\0", BY_ALICE.signature)
    other_name = NoteSignature("mallory.example", ALICE.key_id, BY_ALICE.signature)
    assert signed_by(Note(TEXT, (other_id, other_name)), [ALICE]) == ()


def test_one_key_that_signed_twice_counts_once() -> None:
    assert signed_by(Note(TEXT, (BY_ALICE, BY_ALICE)), [ALICE, ALICE]) == (ALICE,)


def test_two_keys_with_one_name_and_id_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    # Finding two keys with one id takes some 2**32 trials; here the id is cut to nothing instead.
    monkeypatch.setattr(VerifierKey, "key_id", b"\0\0\0\0")
    twin = VerifierKey(ALICE.name, ED25519, BOB.key)
    with pytest.raises(VerifierKeyError):
        signed_by(NOTE, [ALICE, twin])


def test_signature_of_one_type_is_not_one_of_another() -> None:
    """The same Ed25519 key as a plain signer and as a cosigner: the messages differ, and so do the ids."""
    cosigner = VerifierKey(ALICE.name, ED25519_COSIGNATURE, ALICE.key)
    assert cosigner.key_id != ALICE.key_id
    stamped = NoteSignature(ALICE.name, cosigner.key_id, bytes(8) + BY_ALICE.signature)
    with pytest.raises(NoteSignatureError):
        signed_by(Note(TEXT, (stamped,)), [cosigner])


def test_ml_dsa_key_known_for_a_note_that_is_no_checkpoint_rejects_it() -> None:
    vkey = VerifierKey("ml-dsa.example", ML_DSA_44, bytes(1312))
    with pytest.raises(NoteSignatureError):
        signed_by(Note(TEXT, (NoteSignature(vkey.name, vkey.key_id, bytes(2428)),)), [vkey])


@pytest.mark.parametrize(
    "key",
    [
        "01" + "00" * 31,  # the identity: under it one signature holds for every message
        "00" * 32,  # order 4
        "ec" + "ff" * 30 + "7f",  # order 2
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",  # order 8
        "ee" + "ff" * 30 + "7f",  # the identity again, its y written as p + 1
        "02" + "00" * 31,  # no point
    ],
)
@pytest.mark.parametrize("algorithm", [ED25519, ED25519_COSIGNATURE])
def test_weak_ed25519_key_is_refused(key: str, algorithm: int) -> None:
    with pytest.raises(VerifierKeyError):
        VerifierKey("weak.example", algorithm, bytes.fromhex(key))


@pytest.mark.parametrize(
    ("name", "algorithm", "key"),
    [
        ("", ED25519, ALICE.key),
        ("a b", ED25519, ALICE.key),
        ("a+b", ED25519, ALICE.key),
        ("a\nb", ED25519, ALICE.key),
        ("a\N{IDEOGRAPHIC SPACE}b", ED25519, ALICE.key),
        ("a", 0x02, ALICE.key),
        ("a", 0x05, ALICE.key),
        ("a", 0xFF, ALICE.key),
        ("a", ED25519, ALICE.key[:-1]),
        ("a", ED25519, ALICE.key + b"\0"),
        ("a", ML_DSA_44, ALICE.key),
        ("a", ML_DSA_44, bytes(1311)),
    ],
)
def test_malformed_verifier_key_cannot_be_built(name: str, algorithm: int, key: bytes) -> None:
    with pytest.raises(VerifierKeyError):
        VerifierKey(name, algorithm, key)


def test_verifier_key_text_has_one_spelling() -> None:
    text = format_vkey(ALICE)
    assert parse_vkey(text) == ALICE
    name, key_id, encoded = text.split("+", 2)
    for wrong in (
        f"{name}+{key_id.upper()}+{encoded}",
        f"{name}+{key_id}+{encoded}=",
        f"{name}+{key_id}+{encoded.rstrip('=')} ",
        f"{name}+0{key_id}+{encoded}",
        f"{name}+{key_id}+",
        f"{name}+{key_id}",
        f" {text}",
        f"{text}\n",
        f"bob.example+{key_id}+{encoded}",
        f"{name}+00000000+{encoded}",
        "x" * 5000,
    ):
        if wrong != text:
            with pytest.raises(VerifierKeyError):
                parse_vkey(wrong)
