"""The next statement of a chain, as far as the log knows it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from packtrace.tests.scene import Scene, pack_code
from packtrace.trace.lifecycle.batches import batch_inputs
from packtrace.trace.lifecycle.judge import judge
from packtrace.trace.lifecycle.keyring import find_key
from packtrace.trace.lifecycle.world import EmptyWorld, Memory
from packtrace.trace.rules.ruleset import RuleSet, load_rules
from packtrace.trace.rules.shapes import ShapeError
from packtrace.trace.statement import Moment, parse_event_jws, read_event
from packtrace.trace.template import (
    TemplateError,
    data_skeleton,
    find_placeholders,
    next_statement,
    optional_members,
)

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
CODE = pack_code(1)
PACK = f"battery:gbt34014:{CODE}"


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_rules()


def follow(scene: Scene, texts: list[str]) -> Memory:
    """The world after these events, without the ledger's other checks."""
    world = Memory(scene.origin, scene.rules)
    demands = []
    for leaf, text in enumerate(texts):
        event = read_event(parse_event_jws(text.partition("~")[0]))
        moment = Moment(leaf, AT)
        key = find_key(event, AT, world)
        step = judge(event, moment, key, world, demands.pop(0) if demands else None)
        demands[:0] = step.demands
        world.keep(event, moment, step.chain, step.references)
    return world


def test_every_type_has_a_skeleton_that_no_schema_takes_before_it_is_filled_in(rules: RuleSet) -> None:
    for kind in rules.shapes.types:
        skeleton = data_skeleton(rules, kind)
        left = dict(find_placeholders(skeleton))
        assert all(text.startswith("<fill in: ") and text.endswith(">") for text in left.values())
        assert not set(skeleton) & set(optional_members(rules, kind))
        assert bool(left) == bool(skeleton)


def test_first_statement_has_no_prev_and_the_next_names_the_head() -> None:
    scene = Scene()
    first = next_statement(
        EmptyWorld(scene.origin, scene.rules), "battery.manufactured", PACK, occurred_at=AT, nonce=bytes(16)
    )
    assert (first["seq"], "prev" in first, first["iss"][:1]) == (0, False, "<")
    world = follow(scene, [*scene.founding(), scene.manufactured(CODE)])
    second = next_statement(world, "battery.inspected", PACK, occurred_at=AT, nonce=bytes(16))
    assert (second["seq"], second["prev"], second["iss"]) == (1, scene.heads[PACK][1], scene.maker.org)
    with pytest.raises(ShapeError):
        scene.rules.shapes.check(second)
    second["data"]["condition"] = "intact"
    scene.rules.shapes.check(second)


def test_answer_to_an_offer_names_it_and_its_consignee() -> None:
    scene = Scene()
    texts = [*scene.founding(), scene.manufactured(CODE)]
    ((offer,), _) = scene.handed_over(PACK, scene.maker, scene.garage, "dealer")
    world = follow(scene, [*texts, offer])
    answer = next_statement(world, "handover.accepted", PACK, occurred_at=AT, nonce=bytes(16))
    assert answer["iss"] == scene.garage.org
    assert (answer["data"]["offer"], answer["data"]["capacity"]) == (world.chains[PACK].head, "dealer")


def test_inputs_of_a_batch_are_those_that_its_close_must_name() -> None:
    scene = Scene()
    texts = scene.founding()
    *groups, closing = scene.life_of_a_pack(CODE)
    world = follow(scene, [*texts, *(text for group in groups for text in group)])
    closed = read_event(parse_event_jws(closing[0]))
    assert batch_inputs(world, closed.sub) == closed.data["inputs"]
    filled = next_statement(world, "batch.closed", closed.sub, occurred_at=AT, nonce=bytes(16))
    assert filled["data"]["inputs"] == closed.data["inputs"]


@pytest.mark.parametrize(
    ("kind", "subject"),
    [("battery.melted", PACK), ("battery.retired", "log:x.example"), ("log.opened", PACK)],
)
def test_statement_about_a_subject_of_another_kind_is_refused(
    kind: str, subject: str, rules: RuleSet
) -> None:
    with pytest.raises(TemplateError, match="expected"):
        next_statement(EmptyWorld("x.example", rules), kind, subject, occurred_at=AT, nonce=bytes(16))
