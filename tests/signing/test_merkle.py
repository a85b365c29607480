"""The Merkle tree against its recursive definition, published probes, and trees that others built."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packtrace.signing.merkle import (
    EMPTY_ROOT,
    ConsistencyError,
    Frontier,
    InclusionError,
    MerkleError,
    check_consistency,
    check_inclusion,
    leaf_hash,
    node_from_leaves,
    node_hash,
    prove_consistency,
    prove_inclusion,
    root_of,
)

SIZES = [1, 2, 3, 7, 8, 9, 31, 32, 33, 64, 65, 100]  # both sides of powers of two
LEAVES = [leaf_hash(b"leaf %d" % number) for number in range(300)]
ROOTS = [root_of(LEAVES[:size]) for size in range(len(LEAVES) + 1)]

# Rows that upstream accepts and a verifier of 32-byte hashes refuses: its root is the text "don't care".
REFUSED_FOR_THEIR_LENGTH = {"consistency/additional/sizes-are-equal-one-and-proof-is-empty.json"}


def flip_bit(proof: tuple[bytes, ...], at: int, bit: int = 0) -> tuple[bytes, ...]:
    changed = bytearray(proof[at])
    changed[bit // 8] ^= 1 << bit % 8
    return (*proof[:at], bytes(changed), *proof[at + 1 :])


def b64(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def test_leaves_and_nodes_hash_under_different_prefixes() -> None:
    assert leaf_hash(b"ab") == hashlib.sha256(b"\x00ab").digest()
    assert node_hash(b"a" * 32, b"b" * 32) == hashlib.sha256(b"\x01" + b"a" * 32 + b"b" * 32).digest()
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_published_reference_tree_has_our_hashes(vectors: Path) -> None:
    tree = json.loads((vectors / "merkle/reference-tree.json").read_bytes())
    leaves = [leaf_hash(bytes.fromhex(text)) for text in tree["leaf_inputs_hex"]]
    node = node_from_leaves(leaves)
    for level, row in enumerate(tree["node_hashes_hex_by_level"]):
        assert [node(level, index).hex() for index in range(len(row))] == row
    for size, root in enumerate(tree["root_hashes_hex_by_tree_size"]):
        assert root_of(leaves[:size]).hex() == root


@pytest.mark.parametrize(("kind", "rows"), [("inclusion", 53), ("consistency", 57)])
def test_published_probes_are_judged_as_published(vectors: Path, kind: str, rows: int) -> None:
    folder = vectors / "merkle" / kind
    files = sorted(folder.rglob("*.json"))
    assert len(files) == rows
    for file in files:
        row: dict[str, Any] = json.loads(file.read_bytes())
        proof = [b64(text) for text in row["proof"] or []]
        name = f"{kind}/{file.relative_to(folder).as_posix()}"
        refused = row["wantErr"] or name in REFUSED_FOR_THEIR_LENGTH
        try:
            if kind == "inclusion":
                check_inclusion(
                    proof, row["leafIdx"], row["treeSize"], b64(row["leafHash"]), b64(row["root"])
                )
            else:
                roots = (b64(row["root1"]), b64(row["root2"]))
                check_consistency(proof, row["size1"], row["size2"], *roots)
        except InclusionError:
            assert kind == "inclusion" and refused, name
        except ConsistencyError:
            assert kind == "consistency" and refused, name
        else:
            assert not refused, name


def test_log_by_go_gives_our_roots_and_verdicts(vectors: Path) -> None:
    log = json.loads((vectors / "generated/log-by-go-xmod.json").read_bytes())
    leaves = [leaf_hash(b64(text)) for text in log["leaves_base64"]]
    node = node_from_leaves(leaves)
    for size, checkpoint in log["checkpoints_by_size"].items():
        assert root_of(leaves[: int(size)]) == b64(checkpoint.split("\n")[2])
    for row in log["inclusion"]:
        args = (row["leaf_index"], row["tree_size"], b64(row["leaf_hash"]), b64(row["root_hash"]))
        proof = tuple(map(b64, row["proof"]))
        if row["valid"]:
            check_inclusion(proof, *args)
            assert prove_inclusion(node, args[0], args[1]) == proof
        else:
            with pytest.raises(InclusionError):
                check_inclusion(proof, *args)
    for row in log["consistency"]:
        args = (row["old_size"], row["new_size"], b64(row["old_root"]), b64(row["new_root"]))
        proof = tuple(map(b64, row["proof"]))
        if row["valid"]:
            check_consistency(proof, *args)
            assert prove_consistency(node, args[0], args[1]) == proof
        else:
            with pytest.raises(ConsistencyError):
                check_consistency(proof, *args)


def test_proofs_of_a_public_log_hold(vectors: Path) -> None:
    for name in ("bundle_v3.txt.sigstore", "bundle_v3_alt.txt.sigstore"):
        bundle = json.loads((vectors / "sigstore-proofs" / name).read_bytes())
        (entry,) = bundle["verificationMaterial"]["tlogEntries"]
        proof = entry["inclusionProof"]
        leaf = leaf_hash(b64(entry["canonicalizedBody"]))
        hashes = list(map(b64, proof["hashes"]))
        place = (int(proof["logIndex"]), int(proof["treeSize"]))
        check_inclusion(hashes, *place, leaf, b64(proof["rootHash"]))
        with pytest.raises(InclusionError):
            check_inclusion(hashes, place[0] ^ 1, place[1], leaf, b64(proof["rootHash"]))


def test_frontier_has_the_root_of_the_definition_at_every_size() -> None:
    frontier = Frontier()
    for size in range(301):
        assert frontier.root() == ROOTS[size]
        assert Frontier.from_bytes(size, frontier.to_bytes()) == frontier
        if size < 300:
            frontier.append(LEAVES[size])
    assert frontier.size == 300


@given(st.lists(st.integers(0, 60), max_size=5))
def test_frontier_does_not_depend_on_how_leaves_are_batched(batches: list[int]) -> None:
    frontier = Frontier()
    for count in batches:
        frontier.extend(LEAVES[frontier.size : frontier.size + count])
    assert frontier.size == sum(batches)
    assert frontier.root() == ROOTS[frontier.size]


def test_copy_of_a_frontier_stands_still() -> None:
    frontier = Frontier()
    frontier.extend(LEAVES[:5])
    before = frontier.copy()
    frontier.append(LEAVES[5])
    assert (before.size, before.root()) == (5, ROOTS[5])


def test_frontier_of_another_length_is_refused() -> None:
    frontier = Frontier()
    frontier.extend(LEAVES[:7])
    data = frontier.to_bytes()
    for size, wrong in ((7, data[:-1]), (7, data + b"\0"), (8, data), (5, data), (-1, b""), (0, b"\0" * 32)):
        with pytest.raises(MerkleError):
            Frontier.from_bytes(size, wrong)
    with pytest.raises(MerkleError):
        Frontier(2, (b"short",))
    with pytest.raises(MerkleError):
        Frontier(3, (b"\0" * 32,))


def test_leaf_hash_of_another_length_is_refused_and_nothing_appended() -> None:
    frontier = Frontier()
    with pytest.raises(MerkleError):
        frontier.extend([LEAVES[0], LEAVES[1][:-1]])
    assert frontier == Frontier()


@pytest.mark.parametrize("size", SIZES)
def test_inclusion_proof_with_any_hash_changed_is_refused(size: int) -> None:
    node = node_from_leaves(LEAVES[:size])
    root = ROOTS[size]
    for index, leaf in enumerate(LEAVES[:size]):
        proof = prove_inclusion(node, index, size)
        check_inclusion(proof, index, size, leaf, root)
        for at in range(len(proof)):
            with pytest.raises(InclusionError):
                check_inclusion(flip_bit(proof, at), index, size, leaf, root)
        for wrong in (proof[:-1], proof[1:], (*proof, LEAVES[0]), (LEAVES[0], *proof)):
            if wrong != proof:
                with pytest.raises(InclusionError):
                    check_inclusion(wrong, index, size, leaf, root)
        for other in (index - 1, index + 1, size, index + size):
            with pytest.raises(InclusionError):
                check_inclusion(proof, other, size, leaf, root)
        with pytest.raises(InclusionError):
            check_inclusion(proof, index, size, LEAVES[299], root)
        with pytest.raises(InclusionError):
            check_inclusion(proof, index, size, leaf, ROOTS[size - 1])


@pytest.mark.parametrize("size", SIZES)
def test_consistency_proof_with_any_hash_changed_is_refused(size: int) -> None:
    node = node_from_leaves(LEAVES)  # that the tree has grown since changes no proof
    for old in range(1, size + 1):
        proof = prove_consistency(node, old, size)
        check_consistency(proof, old, size, ROOTS[old], ROOTS[size])
        for at in range(len(proof)):
            with pytest.raises(ConsistencyError):
                check_consistency(flip_bit(proof, at), old, size, ROOTS[old], ROOTS[size])
        for wrong in (proof[:-1], proof[1:], (*proof, LEAVES[0]), (LEAVES[0], *proof)):
            if wrong != proof:
                with pytest.raises(ConsistencyError):
                    check_consistency(wrong, old, size, ROOTS[old], ROOTS[size])
        with pytest.raises(ConsistencyError):
            check_consistency(proof, old, size, ROOTS[old - 1], ROOTS[size])
        with pytest.raises(ConsistencyError):
            check_consistency(proof, old, size, ROOTS[old], ROOTS[size + 1])


@given(st.data())
def test_every_proof_between_any_two_sizes_holds(data: st.DataObject) -> None:
    node = node_from_leaves(LEAVES)
    new = data.draw(st.integers(1, 300))
    old = data.draw(st.integers(1, new))
    check_consistency(prove_consistency(node, old, new), old, new, ROOTS[old], ROOTS[new])
    check_inclusion(prove_inclusion(node, old - 1, new), old - 1, new, LEAVES[old - 1], ROOTS[new])


def test_proof_from_the_empty_tree_is_refused() -> None:
    node = node_from_leaves(LEAVES[:3])
    with pytest.raises(ConsistencyError):
        prove_consistency(node, 0, 3)
    with pytest.raises(ConsistencyError):
        check_consistency((), 0, 3, EMPTY_ROOT, ROOTS[3])
    with pytest.raises(ConsistencyError):
        check_consistency((), 0, 0, EMPTY_ROOT, EMPTY_ROOT)


def test_smaller_new_tree_is_refused() -> None:
    node = node_from_leaves(LEAVES[:9])
    with pytest.raises(ConsistencyError):
        prove_consistency(node, 9, 8)
    with pytest.raises(ConsistencyError):
        check_consistency(prove_consistency(node, 8, 9), 9, 8, ROOTS[9], ROOTS[8])


def test_equal_sizes_with_other_roots_are_refused() -> None:
    check_consistency((), 4, 4, ROOTS[4], ROOTS[4])
    with pytest.raises(ConsistencyError):
        check_consistency((), 4, 4, ROOTS[4], ROOTS[5])


@pytest.mark.parametrize("index", [-1, 3, 2**64])
def test_leaf_outside_the_tree_is_refused(index: int) -> None:
    with pytest.raises(InclusionError):
        prove_inclusion(node_from_leaves(LEAVES[:3]), index, 3)
    with pytest.raises(InclusionError):
        check_inclusion((), index, 3, LEAVES[0], ROOTS[3])


@pytest.mark.parametrize("wrong", [b"", b"\0" * 31, b"\0" * 33])
def test_hashes_of_another_length_are_refused_everywhere(wrong: bytes) -> None:
    """An empty leaf hash under an empty root once passed a verifier that looked at no lengths."""
    with pytest.raises(InclusionError, match="leaf hash"):
        check_inclusion((), 0, 1, wrong, ROOTS[1])
    with pytest.raises(InclusionError, match="root hash"):
        check_inclusion((), 0, 1, LEAVES[0], wrong)
    with pytest.raises(InclusionError, match="inclusion proof, hash 0"):
        check_inclusion((wrong,), 0, 2, LEAVES[0], ROOTS[2])
    with pytest.raises(ConsistencyError, match="old root hash"):
        check_consistency((LEAVES[1],), 1, 2, wrong, ROOTS[2])
    with pytest.raises(ConsistencyError, match="new root hash"):
        check_consistency((LEAVES[1],), 1, 2, ROOTS[1], wrong)
    with pytest.raises(ConsistencyError, match="consistency proof, hash 0"):
        check_consistency((wrong,), 1, 2, ROOTS[1], ROOTS[2])


def test_bytes_moved_from_one_hash_to_its_neighbour_are_refused() -> None:
    """The hash of the two together would be the same: only their lengths tell."""
    both = LEAVES[0] + LEAVES[1]
    with pytest.raises(InclusionError):
        check_inclusion((both[31:],), 0, 2, both[:31], ROOTS[2])
    with pytest.raises(ConsistencyError):
        check_consistency((both[31:],), 1, 2, both[:31], ROOTS[2])


def test_node_outside_the_tree_is_refused() -> None:
    node = node_from_leaves(LEAVES[:3])
    assert node(1, 0) == ROOTS[2]
    for level, index in ((1, 1), (2, 0), (0, 3), (0, -1), (-1, 0)):
        with pytest.raises(MerkleError):
            node(level, index)
