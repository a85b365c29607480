"""The Merkle tree of RFC 6962, section 2.1: hashes, compact ranges, proofs and their checks.

The tree is defined recursively: a tree of more than one leaf is split at the largest power of two smaller
than its size. `root_of` is that definition, word for word, and the referee of everything else here.
Hashes are SHA-256, 32 bytes; sizes and indexes count leaves from 0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from .errors import SigningError

HASH_SIZE = 32  # bytes
EMPTY_ROOT = hashlib.sha256(b"").digest()

Node = Callable[[int, int], bytes]
"""node(level, index): hash of the complete subtree over leaves [index * 2**level, (index + 1) * 2**level)."""


class MerkleError(SigningError):
    """A hash, size or compact range does not describe a tree."""

    code: ClassVar[str] = "LOG_TREE_INVALID"


class InclusionError(MerkleError):
    """The proof does not show that the leaf is at that index of that tree."""

    code: ClassVar[str] = "LOG_INCLUSION_INVALID"


class ConsistencyError(MerkleError):
    """The proof does not show that the new tree begins with the old one."""

    code: ClassVar[str] = "LOG_CONSISTENCY_INVALID"


def leaf_hash(data: bytes) -> bytes:
    """Hash of one leaf: SHA-256(0x00 || data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """Root of the tree over these leaf hashes, by the recursive definition of RFC 6962, 2.1."""
    size = len(leaf_hashes)
    if size == 0:
        return EMPTY_ROOT
    if size == 1:
        return leaf_hashes[0]
    split = _split(size)
    return node_hash(root_of(leaf_hashes[:split]), root_of(leaf_hashes[split:]))


def hash_pairs(row: Sequence[bytes]) -> list[bytes]:
    """The row of parents of an even number of sibling hashes. The inner loop of every bulk operation."""
    sha256 = hashlib.sha256
    siblings = iter(row)
    # zip over one iterator twice takes (0, 1), (2, 3), …
    return [sha256(b"\x01" + left + right).digest() for left, right in zip(siblings, siblings, strict=True)]


@dataclass(slots=True)
class Frontier:
    """A tree as its complete subtrees, largest first: one for each 1 bit of `size`.

    Enough to append for ever and to know the root after each append; 32 bytes for each 1 bit.
    Mutable: keep a `copy()` where an append may have to be undone.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0:
            raise MerkleError(f"tree size: expected 0 or more, got {self.size}")
        if len(self.hashes) != self.size.bit_count():
            raise MerkleError(
                f"frontier of size {self.size}: expected {self.size.bit_count()} hashes, "
                f"got {len(self.hashes)}"
            )
        _check_lengths(self.hashes, "frontier", MerkleError)

    def append(self, leaf_hash: bytes) -> None:
        """Append one leaf hash. Raises MerkleError unless it has 32 bytes."""
        self.extend((leaf_hash,))

    def extend(self, leaf_hashes: Iterable[bytes]) -> None:
        """Append leaf hashes in order, a row of the tree at a time.

        Raises:
            MerkleError: A hash that is not 32 bytes; then nothing is appended.
        """
        row = list(leaf_hashes)
        _check_lengths(row, "leaf hash", MerkleError)
        added = len(row)
        waiting = list(self.hashes)  # complete subtrees without a right neighbour, the smallest last
        kept: list[bytes] = []  # those of the new tree, the smallest first
        above = self.size
        while row:
            if above & 1:
                row.insert(0, waiting.pop())
            if len(row) & 1:
                kept.append(row.pop())
            row = hash_pairs(row)
            above >>= 1
        self.hashes = (*waiting, *reversed(kept))
        self.size += added

    def root(self) -> bytes:
        """Root of the tree so far; of the empty tree, SHA-256 of nothing."""
        if not self.hashes:
            return EMPTY_ROOT
        *larger, root = self.hashes
        for left in reversed(larger):
            root = node_hash(left, root)
        return root

    def copy(self) -> Frontier:
        """An independent frontier of the same tree."""
        return Frontier(self.size, self.hashes)

    def to_bytes(self) -> bytes:
        """The hashes, joined. The size is not in it: `from_bytes` wants both."""
        return b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> Frontier:
        """Inverse of `to_bytes`. Raises MerkleError unless data is 32 bytes for each 1 bit of size."""
        if size < 0:
            raise MerkleError(f"tree size: expected 0 or more, got {size}")
        expected = size.bit_count() * HASH_SIZE
        if len(data) != expected:
            raise MerkleError(f"frontier of size {size}: expected {expected} bytes, got {len(data)}")
        return cls(size, tuple(data[at : at + HASH_SIZE] for at in range(0, expected, HASH_SIZE)))


def node_from_leaves(leaf_hashes: Sequence[bytes]) -> Node:
    """A `node(level, index)` over leaves held in memory, for small trees."""
    rows = [list(leaf_hashes)]
    while len(rows[-1]) > 1:
        below = rows[-1]
        rows.append(hash_pairs(below[: len(below) & ~1]))

    def node(level: int, index: int) -> bytes:
        if not (0 <= level < len(rows) and 0 <= index < len(rows[level])):
            raise MerkleError(
                f"no complete subtree at level {level}, index {index}, of {len(rows[0])} leaves"
            )
        return rows[level][index]

    return node


def prove_inclusion(node: Node, index: int, size: int) -> tuple[bytes, ...]:
    """The audit path of RFC 6962, 2.1.1: siblings from the leaf's up to the root's child.

    Args:
        node: Hash of a complete subtree of the tree, by level and index.
        index: Which leaf, from 0.
        size: Of the tree that the proof leads to; `node` may know a larger one.

    Raises:
        InclusionError: Unless 0 <= index < size.
    """
    if not 0 <= index < size:
        raise InclusionError(f"leaf index: expected 0 to {size - 1} in a tree of size {size}, got {index}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:  # from the root down
        middle = start + _split(end - start)
        if index < middle:
            path.append(_subtree(node, middle, end))
            end = middle
        else:
            path.append(_subtree(node, start, middle))
            start = middle
    return tuple(reversed(path))


def root_at(node: Node, size: int) -> bytes:
    """Root of the tree of the first `size` leaves, of the empty tree included."""
    return _subtree(node, 0, size) if size else EMPTY_ROOT


def prove_consistency(node: Node, old: int, new: int) -> tuple[bytes, ...]:
    """The proof of RFC 6962, 2.1.2, that the tree of size `new` begins with that of size `old`.

    Raises:
        ConsistencyError: Unless 0 < old <= new. Every tree extends the empty one: that says nothing.
    """
    if not 0 < old <= new:
        raise ConsistencyError(f"old size: expected 1 to {new}, got {old}")
    path: list[bytes] = []
    start, end = 0, new
    while old != end:  # from the root down to the smallest subtree whose right edge is the old tree's
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_subtree(node, middle, end))
            end = middle
        else:
            path.append(_subtree(node, start, middle))
            start = middle
    if start:  # where start is 0 that subtree is the old tree itself, and its root is known
        path.append(_subtree(node, start, end))
    return tuple(reversed(path))


def check_inclusion(proof: Sequence[bytes], index: int, size: int, leaf_hash: bytes, root: bytes) -> None:
    """Check that `leaf_hash` is leaf number `index` of the tree of this size and root.

    Raises:
        InclusionError: index not below size, a hash that is not 32 bytes, a proof with a hash too few or
            too many, or a proof that leads to another root.
    """
    if not 0 <= index < size:
        raise InclusionError(f"leaf index: expected less than the tree size {size}, got {index}")
    _check_lengths((leaf_hash,), "leaf hash", InclusionError)
    _check_lengths((root,), "root hash", InclusionError)
    _check_lengths(proof, "inclusion proof", InclusionError)
    # Below this level the paths to this leaf and to the last one differ; above, all siblings are on the left.
    inner = (index ^ (size - 1)).bit_length()
    expected = inner + (index >> inner).bit_count()
    if len(proof) != expected:
        raise InclusionError(
            f"inclusion proof of leaf {index} in a tree of size {size}: "
            f"expected {expected} hashes, got {len(proof)}"
        )
    computed = leaf_hash
    for level, sibling in enumerate(proof):
        if level >= inner or index >> level & 1:
            computed = node_hash(sibling, computed)
        else:
            computed = node_hash(computed, sibling)
    if computed != root:
        raise InclusionError(
            f"root of the tree of size {size}: expected {root.hex()}, "
            f"got {computed.hex()} from leaf {index} and its proof"
        )


def check_consistency(
    proof: Sequence[bytes], old_size: int, new_size: int, old_root: bytes, new_root: bytes
) -> None:
    """Check that the tree of the new size and root begins with the tree of the old size and root.

    Raises:
        ConsistencyError: old size 0 or above the new one, a hash that is not 32 bytes, a proof with a hash
            too few or too many, or a proof that leads to another root.
    """
    if not 0 < old_size <= new_size:
        raise ConsistencyError(f"old size: expected 1 to {new_size} (the new size), got {old_size}")
    _check_lengths((old_root,), "old root hash", ConsistencyError)
    _check_lengths((new_root,), "new root hash", ConsistencyError)
    _check_lengths(proof, "consistency proof", ConsistencyError)

    # The proof starts at the largest complete subtree that ends where the old tree ends: `level` is its
    # height and `index` its place. It is omitted where it is the whole old tree, whose root is at hand.
    level = (old_size & -old_size).bit_length() - 1
    index = (old_size - 1) >> level
    is_whole = index == 0
    inner = (index ^ ((new_size - 1) >> level)).bit_length()
    siblings = inner + (index >> inner).bit_count()
    if old_size == new_size:
        expected = 0
    else:
        expected = siblings if is_whole else siblings + 1
    if len(proof) != expected:
        raise ConsistencyError(
            f"consistency proof from size {old_size} to {new_size}: "
            f"expected {expected} hashes, got {len(proof)}"
        )
    if old_size == new_size:
        if old_root != new_root:
            raise ConsistencyError(
                f"root of the tree of size {new_size}: expected {old_root.hex()}, got {new_root.hex()}"
            )
        return
    old = new = old_root if is_whole else proof[0]
    for height, sibling in enumerate(proof if is_whole else proof[1:]):
        if height >= inner or index >> height & 1:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
        else:
            new = node_hash(new, sibling)
    for size, computed, root in ((old_size, old, old_root), (new_size, new, new_root)):
        if computed != root:
            raise ConsistencyError(
                f"root of the tree of size {size}: expected {root.hex()}, got {computed.hex()} "
                f"from the consistency proof from size {old_size} to {new_size}"
            )


def _split(size: int) -> int:
    """The largest power of two smaller than size (size > 1)."""
    return 1 << ((size - 1).bit_length() - 1)


def _subtree(node: Node, start: int, end: int) -> bytes:
    """Root over leaves [start, end), a subtree that some tree's recursive definition reaches."""
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(size)
    return node_hash(_subtree(node, start, middle), _subtree(node, middle, end))


def _check_lengths(hashes: Sequence[bytes], what: str, error: type[MerkleError]) -> None:
    # The set of lengths is the cheapest way to look at all of them; the search runs on refusal only.
    if set(map(len, hashes)) <= {HASH_SIZE}:
        return
    at, wrong = next((at, value) for at, value in enumerate(hashes) if len(value) != HASH_SIZE)
    raise error(f"{what}, hash {at}: expected {HASH_SIZE} bytes, got {len(wrong)}")
