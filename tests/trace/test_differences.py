"""What a verifier keeps of the state before an event gives that state back, and is small."""

from __future__ import annotations

import gc
import tracemalloc
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.msgpack import Decoder, Encoder
from msgspec.structs import replace

from packtrace.signing.log_key import generate_log_keys
from packtrace.tests.scene import ed25519_key, p256_key
from packtrace.trace.cli.bench_story import ORIGIN, Story
from packtrace.trace.lifecycle.differences import before_of, difference_to
from packtrace.trace.lifecycle.encoding import encode_part
from packtrace.trace.lifecycle.state import Battery, Facts, Key, Keys, Log, Lot, Offer, Residue, State
from packtrace.trace.lifecycle.table import ROWS
from packtrace.trace.rules.ruleset import load_rules
from packtrace.trace.statement import format_entry
from packtrace.trace.verify.findings import Findings
from packtrace.trace.verify.replay import Replay

NOW = datetime(2026, 11, 23, 4, 40, tzinfo=UTC)
A_EVENT = 450
"""Bytes that an event may add to what a verifier keeps: some 320, and room for what grows by doubling."""

names = st.sampled_from(["", "a", "b", "c"])
lists = st.lists(st.sampled_from("abcd"), max_size=5).map(tuple)
times = st.none() | st.integers(0, 9).map(lambda hours: NOW + timedelta(hours=hours, milliseconds=7))
keys = st.builds(
    Key,
    st.sampled_from([ed25519_key("one").public, p256_key("two").public]),
    names,
    names,
    times,
    times,
    lists,
)
offers = st.none() | st.builds(Offer, names, names, names, times.map(lambda at: at or NOW), names)
residues = st.lists(st.builds(Residue, st.integers(1, 2), names, st.integers(0, 2)), max_size=3).map(tuple)
facts = st.builds(
    Facts, maker=names, damaged=st.booleans(), packs=st.integers(0, 2), parts=lists, residues=residues
)
pairs = st.one_of(
    *(
        st.tuples(kind, kind)
        for kind in (
            st.builds(Battery, names, names, names, offers, facts),
            st.builds(Lot, names, offer=offers, g=st.integers(0, 3)),
            st.builds(Keys, st.lists(keys, max_size=3).map(tuple), lists),
            st.builds(Log, names, st.tuples(keys), st.just(1), lists, st.tuples(names, names)),
        )
    )
)


def kept(before: State | None, after: State) -> bytes:
    return Encoder(enc_hook=encode_part).encode(difference_to(before, after))


@given(pairs)
def test_a_state_is_told_by_what_it_became_and_how_that_differs(pair: tuple[State, State]) -> None:
    before, after = pair
    assert before_of(after, Decoder().decode(kept(before, after))) == before
    assert before_of(after, Decoder().decode(kept(None, after))) is None


def test_what_stays_is_not_kept_again() -> None:
    parts = tuple(f"battery:tag:uscc:91440300BENCH0001X/cell-{number}" for number in range(4_000))
    pack = Battery("in_use", "org:a", "dealer", None, Facts(model="model:a/b", components=parts))
    changed = tuple(part for part in parts if part != parts[1_000])
    repaired = replace(pack, facts=replace(pack.facts, components=(*changed, "battery:tag:new")))
    assert len(kept(pack, pack)) == 1
    assert len(kept(pack, replace(pack, stage="retired"))) < 20
    longer = replace(pack, facts=replace(pack.facts, components=(*parts, "battery:tag:new")))
    assert len(kept(pack, longer)) < 20
    assert before_of(repaired, Decoder().decode(kept(pack, repaired))) == pack


def test_a_void_names_nothing_by_which_it_is_found() -> None:
    """The trails keep a record of no void, to which a reference could lead."""
    shapes = load_rules().shapes
    voids = [name for name in ROWS if name.endswith(".voided")]
    assert voids and not [name for name in voids if shapes.references(name)]


def test_what_a_verifier_keeps_grows_by_a_bounded_size_for_each_event() -> None:
    story = Story(load_rules(), generate_log_keys(ORIGIN), NOW - timedelta(days=1))
    texts = [story.open_log(), *(text for one in story.enrol() for text in one.events)]
    texts += [text.partition("~")[0] for one in story.packs(3_800) for text in one.events]
    findings = Findings()
    replay = Replay(ORIGIN, load_rules(), findings, trust=None, check=lambda items: [True] * len(items))
    held: list[int] = []
    tracemalloc.start()
    try:
        for start, end in ((0, 1_000), (1_000, 3_800)):
            for first in range(start, end, 200):
                some = enumerate(texts[first : first + 200], first)
                replay.feed([(leaf, format_entry(text, NOW)) for leaf, text in some])
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert not list(findings)
    assert (held[1] - held[0]) / 2_800 < A_EVENT
