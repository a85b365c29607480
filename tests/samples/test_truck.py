"""The truck of legacy packs: what the script writes, the judge accepts, and the README says."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

from packtrace.sample_batches.author import Author
from packtrace.sample_batches.firms import RECYCLER
from packtrace.sample_batches.packs import IN_USE, SHORT_OF_A_MODULE, TAGGED, UNEXPECTED, pack
from packtrace.sample_batches.samples import TRUCK as SAMPLE
from packtrace.sample_batches.truck import (
    CONSIGNMENT,
    LEAKING,
    LFP_BATCH,
    LOAD,
    MIS_SCANNED,
    TERNARY_BATCH,
)
from packtrace.signing.base64url import b64url
from packtrace.signing.disclosures import check_disclosures, split_presentation
from packtrace.signing.jws import check_signature
from packtrace.signing.keys import private_key_from_scalar, private_key_from_seed
from packtrace.signing.merkle import leaf_hash, root_of
from packtrace.trace.errors import RefusedError
from packtrace.trace.lifecycle.judge import judge
from packtrace.trace.lifecycle.keyring import find_key
from packtrace.trace.lifecycle.state import Battery, Demand
from packtrace.trace.lifecycle.world import Memory
from packtrace.trace.rules.ruleset import load_rules
from packtrace.trace.statement import Event, Moment, format_entry, parse_event_jws, read_event
from packtrace.trace.times import parse_log_time

SAMPLES = Path(__file__).parents[2] / "sample_batches"
TRUCK = SAMPLES / "truck-of-legacy-packs"


def load(name: str) -> Any:
    return orjson.loads((SAMPLES / name).read_bytes())


@cache
def replayed() -> tuple[Memory, list[bytes], list[Event]]:
    """The committed events, judged anew from nothing."""
    world = Memory(load(f"{TRUCK.name}/expected.json")["origin"], load_rules())
    entries: list[bytes] = []
    events: list[Event] = []
    for line in (TRUCK / "events.ndjson").read_bytes().splitlines():
        submission = orjson.loads(line)
        at = parse_log_time(submission["at"])
        demands: list[Demand] = []
        for text in submission["events"]:
            jws_text, disclosures = split_presentation(text)
            jws = parse_event_jws(jws_text)
            world.rules.shapes.check(jws.value)
            opened = check_disclosures(jws.value, disclosures)
            shown = {pointer: one.value for pointer, one in opened.items()}
            world.rules.shapes.check_disclosed(jws.value, shown)
            event = read_event(jws)
            key = find_key(event, at, world)
            check_signature(jws, key.public)
            moment = Moment(len(entries), at)
            step = judge(event, moment, key, world, demands.pop(0) if demands else None)
            demands[:0] = step.demands
            world.keep(event, moment, step.chain, step.references)
            entries.append(format_entry(jws_text, at))
            events.append(event)
        assert not demands
    return world, entries, events


@pytest.fixture(scope="module")
def author() -> Author:
    return SAMPLE.tell()


def said(subject: str) -> list[str]:
    """The types of one chain's events, in order."""
    return [event.type for event in replayed()[2] if event.sub == subject]


def battery(subject: str) -> Battery:
    chain = replayed()[0].chain(subject)
    assert chain is not None and isinstance(chain.state, Battery)
    return chain.state


def test_committed_events_are_accepted_and_give_the_expected_log() -> None:
    _, entries, events = replayed()
    expected = load(f"{TRUCK.name}/expected.json")
    assert len(entries) == expected["size"]
    assert b64url(root_of([leaf_hash(entry) for entry in entries])) == expected["root"]
    assert Counter(event.type for event in events) == expected["types"]
    for name, where in expected["batteries"].items():
        assert where == {"stage": battery(name).stage, "custodian": battery(name).custodian}


def test_forty_offered_forty_one_there_thirty_eight_accepted() -> None:
    _, _, events = replayed()
    offered = {e.id: e.sub for e in events if e.data.get("consignment") == CONSIGNMENT}
    assert len(offered) == 40 == len(LOAD) == len(set(offered.values()))
    answers = [e for e in events if e.data.get("offer") in offered]
    accepted = {e.sub for e in answers if e.type == "handover.accepted"}
    declined = {e.sub: e.data["reason"] for e in answers if e.type == "handover.declined"}
    assert len(accepted) == 38
    assert declined == {LEAKING.subject: "damaged", SHORT_OF_A_MODULE.subject: "mass_differs"}
    assert UNEXPECTED.subject not in offered.values()
    assert said(UNEXPECTED.subject) == ["battery.registered", "battery.dismantled"]


def test_mis_scans_are_voided_and_done_right() -> None:
    assert said(MIS_SCANNED.subject)[-5:] == [
        "handover.offered",
        "handover.accepted",
        "battery.voided",
        "handover.accepted",
        "battery.dismantled",
    ]
    in_use = said(pack(*IN_USE).subject)
    assert in_use[-4:] == ["battery.installed", "battery.voided", "battery.installed", "battery.released"]
    assert battery(pack(*IN_USE).subject).stage == "in_vehicle"


def test_unreadable_label_goes_under_a_tag_of_the_yard() -> None:
    assert TAGGED.subject.startswith("battery:tag:")
    assert said(TAGGED.subject)[0] == "battery.registered"
    assert battery(TAGGED.subject).stage == "dismantled"


def test_closed_batch_states_its_inputs_and_loses_little() -> None:
    _, _, events = replayed()
    closed = next(e for e in events if e.type == "batch.closed")
    assert closed.sub == LFP_BATCH
    charged = [e for e in events if e.type == "battery.recycled" and e.data["batch"] == LFP_BATCH]
    inputs = closed.data["inputs"]
    assert (inputs["count"], inputs["g"]) == (20, sum(e.data["mass"]["g"] for e in charged))
    out = sum(line["g"] for name in ("outputs", "losses") for line in closed.data[name])
    assert 0 <= inputs["g"] - out < inputs["g"] // 100
    assert sum(e.data.get("batch") == TERNARY_BATCH for e in events) == 8


def test_dismantled_packs_weigh_what_came_out_of_them() -> None:
    for event in (e for e in replayed()[2] if e.type == "battery.dismantled"):
        parts = [part["g"] for name in ("children", "residues") for part in event.data[name]]
        assert sum(parts) == event.data["mass"]["g"]


def test_story_stays_between_april_and_the_twentieth_of_november() -> None:
    _, _, events = replayed()
    lines = (orjson.loads(line) for line in (TRUCK / "events.ndjson").read_bytes().splitlines())
    times = [parse_log_time(line["at"]) for line in lines]
    assert times == sorted(times)
    assert min(e.occurred_at for e in events) >= datetime(2026, 3, 31, tzinfo=UTC)
    assert times[-1] < datetime(2026, 11, 21, tzinfo=UTC)


def test_no_vin_is_in_an_entry() -> None:
    _, _, events = replayed()
    fitted = [e for e in events if e.type == "vehicle.fitted"]
    assert sum("vin" in e.data for e in fitted) == len(fitted) - 1  # the lorry's second pack brings none
    assert not any("LX9EV" in e.jws.payload.decode() for e in events)


def test_published_keys_are_what_their_names_say() -> None:
    published = load("published_keys/keys.json")
    for key in published["parties"]:
        seed = hashlib.sha256(b"packtrace sample key/v1 " + key["name"].encode()).digest()
        assert key["seed"] == seed.hex()
        order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
        if key["kind"] == "P-256":
            private = private_key_from_scalar(int.from_bytes(seed) % (order - 1) + 1)
        else:
            private = private_key_from_seed(seed)
        assert private.public.kid == key["kid"]


def test_story_that_breaks_a_rule_is_not_written(author: Author) -> None:
    """The judge is asked, and not only told: the recycler can't charge a pack that is not there."""
    with pytest.raises(RefusedError) as refused:
        author.say(
            RECYCLER,
            "battery.recycled",
            LEAKING.subject,
            {"batch": TERNARY_BATCH, "mass": LEAKING.weighed()},
        )
    assert refused.value.finding_code == "ILLEGAL_TRANSITION"


def test_readme_counts_what_is_there() -> None:
    expected = load(f"{TRUCK.name}/expected.json")
    text = (TRUCK / "README.md").read_text(encoding="utf-8")
    assert f"{expected['size']} events in {expected['submissions']} submissions" in text
    assert f"about {len(expected['batteries'])}" in text
