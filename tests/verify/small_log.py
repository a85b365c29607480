"""A log in memory, signed with published keys, that a test can write as a bundle or tamper with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from packtrace.signing.checkpoint import Checkpoint, CosignerKey, sign_cosignature, with_signatures
from packtrace.signing.log_key import LogKey
from packtrace.signing.merkle import leaf_hash, root_of
from packtrace.signing.note import VerifierKey, format_note, parse_note
from packtrace.signing.policy import Policy
from packtrace.signing.tiles import TileBuilder
from packtrace.tests.scene import START, Scene, pack_code
from packtrace.trace.bundle.write import write_bundle
from packtrace.trace.lifecycle.state import Reference
from packtrace.trace.rules.ruleset import load_rules
from packtrace.trace.statement import format_entry, parse_entry, parse_event_jws, read_event
from packtrace.trace.verify.trust import Trust

SIGNED_AT = int((START + timedelta(days=1)).timestamp())


@dataclass
class SmallLog:
    """Entries, and the checkpoints over them."""

    key: LogKey
    leaves: list[bytes]
    sizes: tuple[int, ...] = ()  # of older checkpoints
    witnesses: tuple[CosignerKey, ...] = ()
    notes: dict[int, bytes] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return len(self.leaves)

    @property
    def vkeys(self) -> tuple[VerifierKey, ...]:
        return self.key.vkeys

    def note(self, size: int, *, time: int = SIGNED_AT) -> bytes:
        """The signed checkpoint of that size."""
        if size not in self.notes:
            root = root_of([leaf_hash(leaf) for leaf in self.leaves[:size]])
            data = self.key.sign(Checkpoint(self.key.origin, size, root), time=time)
            note = parse_note(data)
            cosigned = [sign_cosignature(note, witness, time) for witness in self.witnesses]
            self.notes[size] = format_note(with_signatures(note, cosigned))
        return self.notes[size]

    def checkpoint(self) -> bytes:
        return self.note(self.size)

    def checkpoints(self) -> Iterable[tuple[int, bytes]]:
        return [(size, self.note(size)) for size in (*self.sizes, self.size)]

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        return iter(self.leaves[start:stop])

    def tile(self, level: int, index: int) -> bytes:
        tiles = TileBuilder(0, lambda level, index: b"").extend(map(leaf_hash, self.leaves))
        return tiles[level, index]

    def entries_of(self, subject: str) -> list[tuple[int, bytes]]:
        return [(leaf, data) for leaf, data in enumerate(self.leaves) if payload(data)["sub"] == subject]

    def references_to(self, target: str) -> list[Reference]:
        """What names a target, read out of every entry."""
        rules = load_rules()
        events = [read_event(parse_event_jws(parse_entry(data)[0])) for data in self.leaves]
        return [
            Reference(target, leaf, event.sub, event.id)
            for leaf, event in enumerate(events)
            if target in rules.references(event)
        ]

    def subjects(self, kind: str) -> list[str]:
        found = (payload(data)["sub"] for data in self.leaves)
        return list(dict.fromkeys(sub for sub in found if sub.startswith(kind + ":")))

    def write(self, out: Path) -> Path:
        write_bundle(self, out, vkeys=self.vkeys)
        return out


def payload(entry: bytes) -> dict[str, Any]:
    return parse_event_jws(parse_entry(entry)[0]).value


def entries_of_events(texts: Iterable[str]) -> list[bytes]:
    """Entries as the log records them, a second apart; disclosures stay out."""
    return [
        format_entry(text.partition("~")[0], START + timedelta(seconds=at)) for at, text in enumerate(texts)
    ]


def trust_of(scene: Scene, *, quorum: str = "none", witnesses: tuple[CosignerKey, ...] = ()) -> Trust:
    keys = {witness.name: witness.vkey for witness in witnesses}
    return Trust(
        scene.origin,
        frozenset({scene.registrar.key.public.kid}),
        1,
        Policy(quorum, scene.log_key.vkeys, keys),
    )


@cache
def _life(packs: int) -> tuple[Scene, tuple[bytes, ...]]:
    scene = Scene()
    texts = scene.founding()
    for number in range(packs):
        for group in scene.life_of_a_pack(pack_code(number)):
            texts += group
    return scene, tuple(entries_of_events(texts))


def life(packs: int = 1) -> tuple[Scene, SmallLog]:
    """The log of some packs from manufacture to the closed batch."""
    scene, leaves = _life(packs)
    return scene, SmallLog(scene.log_key, list(leaves), sizes=(1, 9))
