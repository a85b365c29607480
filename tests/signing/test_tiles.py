"""Tiles: one spelling for each path, and the same tree whichever way they are built."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packtrace.signing.merkle import (
    Frontier,
    check_consistency,
    check_inclusion,
    leaf_hash,
    node_from_leaves,
    prove_consistency,
    prove_inclusion,
    root_of,
)
from packtrace.signing.tiles import (
    ENTRIES,
    TileBuilder,
    TileError,
    TileId,
    TileReader,
    entries_path,
    format_entry_bundle,
    new_tiles,
    parse_entry_bundle,
    parse_tile_path,
    tile_path,
    tiles_of,
)

LEAVES = [leaf_hash(b"leaf %d" % number) for number in range(70_000)]
NODE = node_from_leaves(LEAVES)


def tiles_from_scratch(leaves: list[bytes]) -> dict[tuple[int, int], bytes]:
    """By the formula of tlog-tiles, "Merkle Tree": a hash at level l is the root over 256**l leaves."""
    tiles: dict[tuple[int, int], bytes] = {}
    level, row = 0, leaves
    while row:
        for at in range(0, len(row), 256):
            tiles[level, at // 256] = b"".join(row[at : at + 256])
        row = [root_of(row[at : at + 256]) for at in range(0, len(row) - 255, 256)]
        level += 1
    return tiles


def no_partial_tile(level: int, index: int) -> bytes:
    raise AssertionError(f"an empty tree has no tile {level}/{index}")


def test_paths_are_those_of_the_specification() -> None:
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path(0, 0) == "tile/0/000"
    assert tile_path(63, 1000, 17) == "tile/63/x001/000.p/17"
    assert entries_path(273, 112) == "tile/entries/273.p/112"


@given(
    st.one_of(st.just(ENTRIES), st.integers(0, 63)),
    st.integers(0, 10**15),
    st.integers(1, 256),
)
def test_tile_path_and_its_parser_invert_each_other(level: int, index: int, width: int) -> None:
    tile = TileId(level, index, width)
    assert parse_tile_path(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/data/000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001/x002",
        "tile/0/X001/002",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/000\n",
        "tile/0/\u0660\u0660\u0661",
        "tile/0/../000",
        "tile/8/0/000",
        "tile/0/" + "x001/" * 40 + "000",
    ],
)
def test_other_spellings_of_a_tile_path_are_refused(path: str) -> None:
    with pytest.raises(TileError):
        parse_tile_path(path)


@pytest.mark.parametrize(
    ("level", "index", "width"), [(-1, 0, 1), (64, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)]
)
def test_tile_that_no_tree_has_is_refused(level: int, index: int, width: int) -> None:
    with pytest.raises(TileError):
        tile_path(level, index, width)


def test_tree_of_70000_has_the_tiles_that_the_specification_counts() -> None:
    tiles = list(tiles_of(70_000))
    hashes = [tile for tile in tiles if tile.level != ENTRIES]
    assert sum(tile.level == 0 and tile.width == 256 for tile in hashes) == 273
    assert [tile for tile in hashes if tile.width < 256] == [
        TileId(0, 273, 112),
        TileId(1, 1, 17),
        TileId(2, 0, 1),
    ]
    assert [tile for tile in hashes if tile.level == 1 and tile.width == 256] == [TileId(1, 0)]
    assert len(tiles) - len(hashes) == 274


def test_tree_of_256_has_a_full_tile_and_a_partial_one_above() -> None:
    assert set(tiles_of(256)) == {TileId(ENTRIES, 0), TileId(0, 0), TileId(1, 0, 1)}
    assert list(tiles_of(0)) == []


@given(st.integers(0, 70_000), st.integers(0, 70_000))
def test_new_tiles_are_those_that_only_the_larger_tree_has(one: int, other: int) -> None:
    old, new = sorted((one, other))
    # A width differs or an index is new: every tile that the old tree lacks.
    assert set(new_tiles(old, new)) == set(tiles_of(new)) - set(tiles_of(old))


def test_new_tiles_of_a_shrinking_tree_are_refused() -> None:
    with pytest.raises(TileError):
        list(new_tiles(2, 1))


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=256))
def test_entry_bundle_and_its_parser_invert_each_other(entries: list[bytes]) -> None:
    bundle = format_entry_bundle(entries)
    assert parse_entry_bundle(bundle, len(entries)) == entries
    for wrong in (bundle + b"\0", bundle[:-1]):
        with pytest.raises(TileError):
            parse_entry_bundle(wrong, len(entries))


def test_entry_bundle_with_another_count_is_refused() -> None:
    bundle = format_entry_bundle([b"one", b"two"])
    for count in (0, 1, 3, 257):
        with pytest.raises(TileError):
            parse_entry_bundle(bundle, count)


def test_entry_bundle_of_none_or_too_many_or_too_long_entries_is_refused() -> None:
    assert len(format_entry_bundle([b"x" * 65_535])) == 65_537
    for entries in ([], [b""] * 257, [b"x" * 65_536]):
        with pytest.raises(TileError):
            format_entry_bundle(entries)


@pytest.mark.parametrize("batch", [1, 7, 255, 256, 257, 1000])
def test_builder_gives_the_tiles_of_the_definition(batch: int) -> None:
    leaves = LEAVES[: 66_000 if batch == 1000 else 1_100]
    builder = TileBuilder(0, no_partial_tile)
    stored: dict[tuple[int, int], bytes] = {}
    for at in range(0, len(leaves), batch):
        before = builder.size
        touched = builder.extend(leaves[at : at + batch])
        expected = {
            (tile.level, tile.index) for tile in new_tiles(before, builder.size) if tile.level != ENTRIES
        }
        assert set(touched) == expected
        stored |= touched
    assert stored == tiles_from_scratch(leaves)


@given(st.integers(0, 66_500), st.integers(0, 900))
def test_builder_goes_on_from_stored_partial_tiles(old: int, more: int) -> None:
    def stored(level: int, index: int, width: int) -> bytes:
        return b"".join(NODE(8 * level, index * 256 + at) for at in range(width))

    builder = TileBuilder(old, lambda level, index: stored(level, index, (old >> (8 * level)) % 256))
    touched = builder.extend(LEAVES[old : old + more])
    assert builder.size == old + more
    hash_tiles = [tile for tile in new_tiles(old, old + more) if tile.level != ENTRIES]
    assert touched == {(t.level, t.index): stored(int(t.level), t.index, t.width) for t in hash_tiles}


@pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 256, 257, 511, 512, 700])
def test_builder_knows_the_complete_subtrees_of_its_tree(size: int) -> None:
    builder, frontier = TileBuilder(0, lambda level, index: b""), Frontier()
    builder.extend(LEAVES[:size])
    frontier.extend(LEAVES[:size])
    assert builder.frontier() == frontier
    assert builder.frontier().root() == root_of(LEAVES[:size])


def test_builder_refuses_a_partial_tile_of_another_width() -> None:
    for data in (b"", b"\0" * 31, b"\0" * 32 * 4, b"\0" * 32 * 6):
        with pytest.raises(TileError):
            TileBuilder(5, lambda level, index, data=data: data)


def test_builder_refuses_a_short_leaf_hash_and_appends_nothing() -> None:
    builder = TileBuilder(0, no_partial_tile)
    with pytest.raises(TileError):
        builder.extend([LEAVES[0], b"short"])
    assert builder.size == 0
    assert builder.extend([LEAVES[0]]) == {(0, 0): LEAVES[0]}


@pytest.mark.parametrize("size", [1, 255, 256, 257, 600, 65_536, 65_537, 66_000])
def test_proofs_from_tiles_hold(size: int) -> None:
    tiles = tiles_from_scratch(LEAVES[:size])
    reads: list[TileId] = []

    def read(tile: TileId) -> bytes:
        reads.append(tile)
        assert isinstance(tile.level, int)
        return tiles[tile.level, tile.index]

    reader = TileReader(read, size)
    frontier = Frontier()
    frontier.extend(LEAVES[:size])
    root = frontier.root()
    for index in {0, size // 3, size - 1}:
        check_inclusion(prove_inclusion(reader.node, index, size), index, size, LEAVES[index], root)
    old = max(1, size * 2 // 3)
    older = Frontier()
    older.extend(LEAVES[:old])
    check_consistency(prove_consistency(reader.node, old, size), old, size, older.root(), root)
    assert set(reads) <= set(tiles_of(size))
    assert len(reads) == len(set(reads)), "a tile was read twice"


def test_reader_refuses_a_tile_of_another_length_and_a_node_outside_the_tree() -> None:
    reader = TileReader(lambda tile: b"\0" * 32, 3)
    with pytest.raises(TileError):
        reader.node(0, 0)
    for level, index in ((0, 3), (1, 1), (2, 0), (-1, 0), (0, -1)):
        with pytest.raises(TileError):
            reader.node(level, index)


def test_log_by_tessera_is_rebuilt_from_its_entries(vectors: Path) -> None:
    folder = vectors / "tlog-tiles/tessera-log"
    about = json.loads((vectors / "tlog-tiles/tessera-log.json").read_bytes())
    entries = [text.encode() for text in about["leaves_utf8_in_order"]]
    builder = TileBuilder(0, no_partial_tile)
    for size in range(1, 9):
        paths = [tile.path for tile in tiles_of(size)]
        assert paths == [f"tile/entries/000.p/{size}", f"tile/0/000.p/{size}"]
        bundle = (folder / paths[0]).read_bytes()
        assert parse_entry_bundle(bundle, size) == entries[:size]
        assert format_entry_bundle(entries[:size]) == bundle
        touched = builder.extend([leaf_hash(entries[size - 1])])
        assert touched == {(0, 0): (folder / paths[1]).read_bytes()}
        root = (folder / f"checkpoint.{size}").read_text("utf-8").split("\n")[2]
        assert root_of([leaf_hash(entry) for entry in entries[:size]]) == base64.b64decode(root)
