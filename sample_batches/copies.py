"""A log as somebody hands it on: entries, hash tiles and checkpoints, which may not belong together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..signing.base64url import b64url, parse_b64url
from ..signing.compact import format_compact, parse_compact
from ..signing.jws import EVENT, sign_jws
from ..signing.keys import Signer
from ..signing.merkle import HASH_SIZE, leaf_hash, root_of
from ..signing.tiles import TILE_WIDTH, TileBuilder
from ..signing.tree_head import Checkpoint
from ..trace.statement import format_entry, parse_entry, parse_event_jws
from .keys import SampleLogSigner


@dataclass(frozen=True, slots=True)
class Leaf:
    """One entry, taken apart so that it can be changed."""

    entry: bytes

    @property
    def text(self) -> str:
        """The compact JWS."""
        return parse_entry(self.entry)[0]

    @property
    def id(self) -> str:
        """The id of the event."""
        return parse_event_jws(self.text).id

    @property
    def payload(self) -> dict[str, Any]:
        """What it says."""
        return parse_event_jws(self.text).value

    def edited(self, old: str, new: str) -> Leaf:
        """Other text in the payload, under the signature that was there."""
        header, payload, signature = self.text.split(".")
        said = parse_b64url(payload)
        if old.encode() not in said:
            raise ValueError(f"forgery: expected {old} in {said!r}")
        changed = said.replace(old.encode(), new.encode())
        parse_compact(changed)
        return self._with(f"{header}.{b64url(changed)}.{signature}")

    def signed(self, signer: Signer, **members: Any) -> Leaf:
        """Signed anew by whoever has the key, with some members changed."""
        return self._with(sign_jws(format_compact({**self.payload, **members}), signer, EVENT))

    def _with(self, text: str) -> Leaf:
        return Leaf(format_entry(text, parse_entry(self.entry)[1]))


@dataclass(frozen=True, slots=True)
class CopiedLog:
    """What a bundle is written from. It satisfies the writer's port."""

    origin: str
    leaves: tuple[bytes, ...]
    notes: tuple[tuple[int, bytes], ...]  # size -> signed checkpoint, smallest first
    hashed: tuple[bytes, ...] = field(default=())  # the leaves that tiles are made of, if they are others

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        """The entries from one leaf index up to another."""
        return iter(self.leaves[start:stop])

    def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
        """The first hashes of a tile, as the ledger gives them."""
        tiles = TileBuilder(0, lambda level, index: b"").extend(map(leaf_hash, self.hashed or self.leaves))
        return tiles[level, index][: width * HASH_SIZE]

    def checkpoint(self) -> bytes:
        """The newest checkpoint."""
        return self.notes[-1][1]

    def checkpoints(self) -> list[tuple[int, bytes]]:
        """Every published checkpoint, by size."""
        return list(self.notes)


def publish(origin: str, leaves: Sequence[bytes], sizes: Sequence[int]) -> CopiedLog:
    """The log over these entries, with a checkpoint of each size, signed as its operator signs."""
    signer = SampleLogSigner(origin)
    hashes = [leaf_hash(leaf) for leaf in leaves]
    notes = []
    for size in sizes:
        signed_at = int(max(parse_entry(leaf)[1] for leaf in leaves[:size]).timestamp()) + 1
        checkpoint = Checkpoint(origin, size, root_of(hashes[:size]))
        notes.append((size, signer.sign(checkpoint, time=signed_at)))
    return CopiedLog(origin, tuple(leaves), tuple(notes))


def only_entries(log: CopiedLog, leaves: Sequence[bytes]) -> CopiedLog:
    """Other entries under the old tiles and checkpoints: what somebody without the log's key can do."""
    return replace(log, leaves=tuple(leaves), hashed=log.leaves)


def relinked(leaves: Sequence[Leaf], renamed: dict[str, str]) -> list[bytes]:
    """Every later mention of an event follows its new id, through all chains, under the old signatures."""
    result = []
    for leaf in leaves:
        before, kept = leaf.id, leaf
        for old, new in renamed.items():
            if old in parse_b64url(leaf.text.split(".")[1]).decode():
                kept = kept.edited(old, new)
        if kept.id != before:
            renamed[before] = kept.id
        result.append(kept.entry)
    return result
