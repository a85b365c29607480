"""Proofs that stand alone: one text for each, and together with a log key they verify offline."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packtrace.signing.checkpoint import Checkpoint, open_checkpoint
from packtrace.signing.merkle import (
    InclusionError,
    check_inclusion,
    leaf_hash,
    node_from_leaves,
    prove_inclusion,
    root_of,
)
from packtrace.signing.tlog_proof import TlogProof, TlogProofError, format_tlog_proof, parse_tlog_proof
from packtrace.tests.deterministic_signer import DeterministicLogSigner

HASH = base64.b64encode(bytes(range(32))).decode()
HEADER = "c2sp.org/tlog-proof@v1\n"


def test_published_proofs_are_judged_as_published(vectors: Path) -> None:
    cases = json.loads((vectors / "signed-note/tlog-proof-cases.json").read_bytes())
    assert len(cases) == 7
    for case in cases:
        data = case["proof"].encode()
        if not case["ok"]:
            with pytest.raises(TlogProofError):
                parse_tlog_proof(data)
            continue
        extra = case["extra_b64"]
        expected = TlogProof(
            case["index"],
            tuple(map(base64.b64decode, case["hashes"])),
            case["checkpoint"].encode(),
            None if extra is None else base64.b64decode(extra),
        )
        assert parse_tlog_proof(data) == expected
        assert format_tlog_proof(expected) == data


@given(
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    st.binary(min_size=1, max_size=200),
    st.none() | st.binary(min_size=1, max_size=200),
)
def test_proof_and_its_parser_invert_each_other(
    index: int, hashes: list[bytes], checkpoint: bytes, extra: bytes | None
) -> None:
    proof = TlogProof(index, tuple(hashes), checkpoint, extra)
    assert parse_tlog_proof(format_tlog_proof(proof)) == proof


@given(st.binary(max_size=200).map(lambda data: HEADER.encode() + data))
def test_arbitrary_bytes_are_a_proof_or_refused(data: bytes) -> None:
    try:
        proof = parse_tlog_proof(data)
    except TlogProofError:
        return
    assert format_tlog_proof(proof) == data


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        HEADER,
        f"{HEADER}index 0\n",
        f"{HEADER}index 0\n\n",
        f"{HEADER}\nindex 0\n\ncheckpoint\n",
        f"{HEADER}index 00\n\ncheckpoint\n",
        f"{HEADER}index +1\n\ncheckpoint\n",
        f"{HEADER}index 1 \n\ncheckpoint\n",
        f"{HEADER}index  1\n\ncheckpoint\n",
        f"{HEADER}index \u0661\n\ncheckpoint\n",
        f"{HEADER}index 9223372036854775808\n\ncheckpoint\n",
        f"{HEADER}Index 1\n\ncheckpoint\n",
        f"{HEADER}extra \nindex 1\n\ncheckpoint\n",
        f"{HEADER}extra\nindex 1\n\ncheckpoint\n",
        f"{HEADER}extra AA\nindex 1\n\ncheckpoint\n",
        f"{HEADER}extra AB==\nindex 1\n\ncheckpoint\n",
        f"{HEADER}extra AA==\nextra AA==\nindex 1\n\ncheckpoint\n",
        f"{HEADER}index 1\nextra AA==\n\ncheckpoint\n",
        f"{HEADER}index 1\nindex 1\n\ncheckpoint\n",
        f"{HEADER}index 1\n{HASH[:-2]}9=\n\ncheckpoint\n",
        f"{HEADER}index 1\n{HASH} \n\ncheckpoint\n",
        f"{HEADER}index 1\nAAAA\n\ncheckpoint\n",
        HEADER + "index 1\n" + f"{HASH}\n" * 64 + "\ncheckpoint\n",
        f"{HEADER}index 1\r\n\r\ncheckpoint\n".replace("@v1\n", "@v1\r\n"),
        HEADER.replace("v1", "v2") + "index 1\n\ncheckpoint\n",
    ],
)
def test_malformed_proof_is_refused(text: str) -> None:
    with pytest.raises(TlogProofError):
        parse_tlog_proof(text.encode())


def test_proof_that_has_no_text_cannot_be_built() -> None:
    for wrong in (
        lambda: TlogProof(-1, (), b"c"),
        lambda: TlogProof(0, (b"short",), b"c"),
        lambda: TlogProof(0, (), b""),
        lambda: TlogProof(0, (), b"c", b""),
        lambda: TlogProof(0, (), b"c", bytes((1 << 20) + 1)),
    ):
        with pytest.raises(TlogProofError):
            wrong()


def test_receipt_with_its_entry_verifies_offline() -> None:
    signer = DeterministicLogSigner.published("log.packtrace.example/test")
    entries = [f'{{"event":"事件 {number}"}}'.encode() for number in range(11)]
    leaves = [leaf_hash(entry) for entry in entries]
    head = Checkpoint(signer.origin, 11, root_of(leaves))
    path = prove_inclusion(node_from_leaves(leaves), 8, 11)
    receipt = format_tlog_proof(TlogProof(8, path, signer.sign(head, time=1), extra=entries[8]))

    proof = parse_tlog_proof(receipt)
    opened = open_checkpoint(proof.checkpoint, origin=signer.origin, log_keys=signer.vkeys)
    assert proof.extra is not None
    place = (proof.index, opened.checkpoint.size)
    check_inclusion(proof.hashes, *place, leaf_hash(proof.extra), opened.checkpoint.root)
    with pytest.raises(InclusionError):  # nothing but the leaf hash binds the extra bytes
        check_inclusion(proof.hashes, *place, leaf_hash(proof.extra + b" "), opened.checkpoint.root)
