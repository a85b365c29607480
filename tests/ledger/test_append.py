"""Appending: places, repetitions, groups, and what a refusal does to its neighbours."""

from __future__ import annotations

from dataclasses import replace

import pytest

from packtrace.signing.checkpoint import open_checkpoint
from packtrace.signing.disclosures import format_presentation, withhold
from packtrace.signing.merkle import check_inclusion, leaf_hash
from packtrace.signing.tlog_proof import parse_tlog_proof
from packtrace.tests.ledger.node import Node, append_one, check_whole_log, codes, resigned, statuses
from packtrace.tests.scene import digest_of, event_id, p256_key, pack_code
from packtrace.trace.codes.label import label_digest
from packtrace.trace.ledger.errors import RulesUnknownError
from packtrace.trace.ledger.ledger import Ledger, Submission
from packtrace.trace.lifecycle.judge import ChainLinkError
from packtrace.trace.rules.ruleset import load_rules
from packtrace.trace.statement import parse_entry


def units(*texts: str) -> list[Submission]:
    return [Submission((text,)) for text in texts]


def check_receipt(node: Node, ledger: Ledger, text: str) -> int:
    """The receipt proves that the log has the event, to somebody who has nothing but the log's keys."""
    receipt = ledger.receipt(event_id(text))
    proof = parse_tlog_proof(receipt.proof)
    opened = open_checkpoint(proof.checkpoint, origin=node.scene.origin, log_keys=node.signer.vkeys)
    head = opened.checkpoint
    check_inclusion(proof.hashes, proof.index, head.size, leaf_hash(receipt.entry), head.root)
    assert proof.extra == receipt.entry
    recorded, _ = parse_entry(receipt.entry)
    assert event_id(recorded) == event_id(text) == receipt.id
    return proof.index


def test_life_of_a_pack_is_recorded_in_order_with_receipts(node: Node) -> None:
    ledger = node.create()
    life = node.scene.life_of_a_pack(pack_code(1))
    first = ledger.size
    outcomes = ledger.append([Submission(group) for group in life])
    assert statuses(outcomes) == ["accepted"] * len(life), codes(outcomes)
    placed = [place for outcome in outcomes for place in outcome.events]
    texts = [text for group in life for text in group]
    assert [place.leaf_index for place in placed] == list(range(first, first + len(texts)))
    assert [place.event_id for place in placed] == [event_id(text) for text in texts]
    assert [check_receipt(node, ledger, text) for text in texts] == [place.leaf_index for place in placed]
    entries = list(ledger.entries(first, ledger.size))
    assert [parse_entry(entry)[0] for entry in entries] == [text.partition("~")[0] for text in texts]


def test_same_event_again_has_its_first_place(node: Node) -> None:
    ledger = node.create()
    text = node.scene.manufactured(pack_code(1))
    first, twice = ledger.append(units(text, text))
    again = append_one(ledger, text)
    assert (first.status, twice.status, again.status) == ("accepted", "known", "known")
    assert first.events == twice.events == again.events
    assert append_one(node.open(), text).events == first.events


def test_second_signature_over_the_same_event_has_its_first_place(node: Node) -> None:
    ledger = node.create()
    key = p256_key("maker P-256")
    assert append_one(ledger, node.scene.key_added(node.scene.maker, key)).status == "accepted"
    node.scene.maker.key = key
    text = node.scene.manufactured(pack_code(1))
    other = resigned(text, key)
    assert other != text
    first, second = append_one(ledger, text), append_one(ledger, other)
    assert (first.status, second.status) == ("accepted", "known")
    assert first.events == second.events
    (place,) = first.events
    assert [parse_entry(e)[0] for e in ledger.entries(place.leaf_index, place.leaf_index + 1)] == [text]


def test_wrong_signature_over_a_known_event_is_refused(node: Node) -> None:
    ledger = node.create()
    text = node.scene.manufactured(pack_code(1))
    append_one(ledger, text)
    forged = append_one(ledger, resigned(text, node.scene.recycler.key))
    assert (forged.status, codes([forged])) == ("refused", ["SIGNATURE_INVALID"])


def test_second_event_for_one_place_is_refused_with_the_head(node: Node) -> None:
    ledger = node.create()
    code, maker = pack_code(1), node.scene.maker
    made = node.scene.manufactured(code)
    one = node.scene.inspected(maker, code, seq=1, prev=event_id(made))
    other = node.scene.inspected(maker, code, seq=1, prev=event_id(made))
    outcomes = ledger.append(units(made, one, other))
    assert statuses(outcomes) == ["accepted", "accepted", "refused"]
    error = outcomes[2].error
    assert isinstance(error, ChainLinkError)
    assert (error.finding_code, error.head_seq, error.head) == ("PLACE_TAKEN", 1, event_id(one))
    assert codes([append_one(node.open(), other)]) == ["PLACE_TAKEN"]


def test_group_is_recorded_whole_or_not_at_all(node: Node) -> None:
    ledger = node.create()
    code = pack_code(1)
    append_one(ledger, node.scene.manufactured(code))
    size = ledger.size
    installed, fitted = node.scene.installed(code)
    assert codes([append_one(ledger, installed)]) == ["GROUP_INCOMPLETE"]
    assert codes([append_one(ledger, fitted)]) == ["GROUP_INCOMPLETE"]
    assert codes([append_one(ledger, fitted, installed)]) == ["GROUP_INCOMPLETE"]
    unrelated = node.scene.manufactured(pack_code(2))
    assert codes([append_one(ledger, installed, unrelated, fitted)]) == ["GROUP_INCOMPLETE"]
    assert ledger.size == size
    whole = append_one(ledger, installed, fitted)
    assert [place.leaf_index for place in whole.events] == [size, size + 1]
    assert append_one(ledger, installed, fitted).events == whole.events
    assert codes([append_one(ledger, installed, fitted, unrelated)]) == ["GROUP_INCOMPLETE"]


def test_last_event_of_a_group_refused_takes_the_others_along(node: Node) -> None:
    ledger = node.create()
    one, other = node.scene.manufactured(pack_code(1)), node.scene.manufactured(pack_code(2))
    wrong = node.scene.inspected(node.scene.recycler, pack_code(2))
    size = ledger.size
    assert codes([append_one(ledger, one, other, wrong)]) == ["NOT_CUSTODIAN"]
    assert ledger.size == size
    assert statuses(ledger.append(units(other, one))) == ["accepted", "accepted"]


def test_refusal_lets_the_others_pass_or_stops_them_or_undoes_all(node: Node) -> None:
    ledger = node.create()
    wrong = node.scene.inspected(node.scene.recycler, pack_code(9))
    made = [node.scene.manufactured(pack_code(number)) for number in range(4)]
    known = append_one(ledger, made[0])
    batch = units(made[0], made[1], wrong, made[2])
    size = ledger.size

    rolled_back = ledger.append(batch, on_error="rollback")
    assert statuses(rolled_back) == ["known", "skipped", "refused", "skipped"]
    assert ledger.size == size
    stopped = ledger.append(batch, on_error="stop")
    assert statuses(stopped) == ["known", "accepted", "refused", "skipped"]
    assert ledger.size == size + 1
    gone_on = ledger.append(batch)
    assert statuses(gone_on) == ["known", "known", "refused", "accepted"]
    assert rolled_back[0].events == stopped[0].events == gone_on[0].events == known.events


def test_event_repeated_in_a_batch_that_is_undone_is_not_known(node: Node) -> None:
    ledger = node.create()
    made = node.scene.manufactured(pack_code(1))
    wrong = node.scene.inspected(node.scene.recycler, pack_code(9))
    outcomes = ledger.append(units(made, made, wrong), on_error="rollback")
    assert statuses(outcomes) == ["skipped", "skipped", "refused"]


def test_nothing_submitted_is_nothing_recorded(node: Node) -> None:
    ledger = node.create()
    size = ledger.size
    assert ledger.append([]) == []
    assert codes([append_one(ledger)]) == ["GROUP_TOO_LARGE"]
    assert ledger.size == size


def test_token_of_another_label_takes_nothing_in(node: Node) -> None:
    ledger = node.create()
    scene, code, token = node.scene, pack_code(1), "A" * 20
    sub = f"battery:gbt34014:{code}"
    found = {"stage": "removed", "capacity": "repairer", "holder": "nobody", "basis": "legacy"}
    found |= {"read_by": "camera", "label": label_digest(code, token)}
    append_one(ledger, scene.sign(scene.garage, "battery.registered", sub, found))
    taken = {"capacity": "pack_dismantler", "read_by": "camera", "condition": "intact"}
    for shown, outcome in (("B" * 20, "LABEL_MISMATCH"), (token, None)):
        slot, disclosure = withhold(shown, bytes(16))
        heads = dict(scene.heads)
        text = scene.sign(scene.dismantler, "battery.taken_in", sub, taken | {"token": slot})
        assert codes([append_one(ledger, format_presentation(text, [disclosure]))]) == [outcome]
        scene.heads = heads if outcome else scene.heads


def test_ledgers_on_one_home_take_turns(node: Node) -> None:
    """What one remembers of the chains and tiles is of no use once another has appended."""
    ledgers = [node.create(), node.open()]
    append_one(ledgers[0], node.scene.manufactured(pack_code(1)))
    for turn in range(6):
        text = node.scene.inspected(node.scene.maker, pack_code(1))
        assert append_one(ledgers[turn % 2], text).status == "accepted"
        check_receipt(node, ledgers[turn % 2], text)
    stale = node.scene.inspected(node.scene.maker, pack_code(1), seq=6, prev="A" * 43)
    assert codes([append_one(ledger, stale) for ledger in ledgers]) == ["PLACE_TAKEN"] * 2
    check_whole_log(ledgers[0], node)


def test_vendor_code_is_one_organisations_from_one_append_to_the_next(node: Node) -> None:
    ledger, scene = node.create(), node.scene
    rival = scene.party("rival", 6, "battery_maker", vendor_codes=("04Q",))
    enrolled = scene.enrolled(rival)
    assert codes([append_one(ledger, enrolled)]) == ["VENDOR_CODE_TAKEN"]
    given_up = scene.sign(scene.registrar, "org.changed", scene.maker.org, {"vendor_codes": []})
    assert append_one(ledger, given_up).status == "accepted"
    assert append_one(ledger, enrolled).status == "accepted"
    third = scene.party("third", 7, "battery_maker", vendor_codes=("04Q",))
    assert codes([append_one(ledger, scene.enrolled(third))]) == ["VENDOR_CODE_TAKEN"]


def test_log_of_other_rules_is_read_and_not_written(node: Node) -> None:
    text = node.scene.manufactured(pack_code(1))
    node.scene.heads.clear()
    node.create()
    node.close()
    newer = replace(load_rules(), sha256=digest_of("rules of a later version"))
    ledger = Ledger.open(node.home, node.signer, node.clock, rules=newer)
    node.opened.append(ledger)
    size = ledger.size
    with pytest.raises(RulesUnknownError, match=newer.sha256):
        append_one(ledger, text)
    assert ledger.size == size == len(list(ledger.entries(0, size)))
    assert append_one(node.open(), text).status == "accepted"
