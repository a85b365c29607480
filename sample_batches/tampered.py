"""Copies of the truck's log that somebody has tampered with, and what a verifier must say to each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .author import Author
from .copies import Leaf, only_entries, publish, relinked
from .firms import GARAGE, ORIGIN, RECYCLER, YARD
from .forgery import UNDECIDED, VERIFIED, Copy, Expected, Forgery
from .packs import NEXT, SHORT_OF_A_MODULE, WHOLE
from .truck import LEAKING, MIS_SCANNED


def published(author: Author) -> tuple[int, int]:
    """Sizes of the checkpoints: when the truck was unloaded, and the end."""
    kinds = [Leaf(entry).payload["type"] for entry in author.entries]
    declined = max(at for at, kind in enumerate(kinds) if kind == "handover.declined") + 1
    return declined, len(kinds)


def forge(copy: Copy) -> Iterator[Forgery]:
    """Every tampered copy."""
    yield _edited(copy)
    yield _edited_by_operator(copy)
    yield _dropped(copy)
    yield _dropped_and_relinked(copy)
    yield _cut(copy)
    yield _signed_by_another(copy)
    yield _swapped(copy)
    yield _accepted_by_another(copy)
    yield _two_faced(copy)


def _edited(copy: Copy) -> Forgery:
    subject = WHOLE[0].subject
    at = copy.find(subject, "battery.recycled")
    grams = copy.payloads[at]["data"]["mass"]["g"]
    forged = copy.leaves[at].edited(f'"g":{grams}', f'"g":{grams + 90_000}')
    return Forgery(
        "entry-edited",
        "Somebody with the files adds 90 kg to a pack that went into the shredder.",
        "拿到文件的人把一包入炉电池的质量改多了90 kg。",
        only_entries(copy.log, copy.with_leaf(at, forged)),
        (Expected("SIGNATURE_INVALID", subject, at), Expected("LOG_ROOT_MISMATCH")),
    )


def _edited_by_operator(copy: Copy) -> Forgery:
    subject = LEAKING.subject
    at = copy.find(subject, "battery.taken_in")
    forged = copy.leaves[at].edited('"condition":"leaking"', '"condition":"intact"')
    entries = [
        *(leaf.entry for leaf in copy.leaves[:at]),
        forged.entry,
        *relinked(copy.leaves[at + 1 :], {copy.leaves[at].id: forged.id}),
    ]
    return Forgery(
        "edited-by-the-operator",
        "The operator makes a leaking pack intact, links what follows to it and signs the new root.",
        "运营方把“渗液”改为“完好”，重连后续事件并用日志密钥重签树根，但没有当事方的密钥。",
        copy.rooted(entries),
        (Expected("SIGNATURE_INVALID", subject, at),),
    )


def _dropped(copy: Copy) -> Forgery:
    subject = LEAKING.subject
    at = copy.find(subject, "battery.inspected")
    entries = [leaf.entry for leaf in (*copy.leaves[:at], *copy.leaves[at + 1 :])]
    after = copy.find(subject, "handover.declined") - 1
    return Forgery(
        "event-dropped",
        "The operator leaves the inspection that found the leak out and signs the new root.",
        "运营方删去发现渗液的检查事件并重签树根。",
        copy.rooted(entries),
        (Expected("SEQUENCE_GAP", subject, after),),
    )


def _dropped_and_relinked(copy: Copy) -> Forgery:
    subject = LEAKING.subject
    at = copy.find(subject, "battery.inspected")
    next_at = copy.find(subject, "handover.declined")
    said, gone = copy.payloads[next_at], copy.payloads[at]
    follower = (
        copy.leaves[next_at]
        .edited(f'"seq":{said["seq"]}', f'"seq":{gone["seq"]}')
        .edited(said["prev"], gone["prev"])
    )
    leaves = [*copy.leaves[:at], *copy.leaves[at + 1 : next_at], follower]
    entries = [
        *(leaf.entry for leaf in leaves),
        *relinked(copy.leaves[next_at + 1 :], {copy.leaves[next_at].id: follower.id}),
    ]
    return Forgery(
        "event-dropped-and-relinked",
        "As before, and what follows is numbered and linked as if nothing had been there.",
        "同上，并把后续事件重新编号、重新链接。",
        copy.rooted(entries),
        (Expected("SIGNATURE_INVALID", subject, next_at - 1),),
    )


def _cut(copy: Copy) -> Forgery:
    size = copy.find(YARD.keys, "key.revoked")
    entries = [leaf.entry for leaf in copy.leaves[:size]]
    return Forgery(
        "tail-cut",
        "The operator hands out a shorter log that ends before a lost phone's key was revoked.",
        "运营方只给出吊销丢失终端密钥之前的日志：单独核验看不出，须有别处得到的检查点。",
        publish(ORIGIN, entries, [*(one for one in copy.sizes if one < size), size]),
        (Expected("CHECKPOINT_AHEAD"),),
        outcome=UNDECIDED,
        alone=VERIFIED,
    )


def _signed_by_another(copy: Copy) -> Forgery:
    subject = SHORT_OF_A_MODULE.subject
    at = copy.find(subject, "handover.declined")
    data: dict[str, Any] = {**copy.payloads[at]["data"], "reason": "not_expected"}
    forged = copy.leaves[at].signed(YARD.signer("sign"), data=data)
    return Forgery(
        "signed-by-another",
        "The yard signs a milder reason for the refusal in the dismantler's name, with its own key.",
        "拆车场用自己的密钥，以拆解企业的名义改签了较轻的拒收理由。",
        copy.rooted(copy.with_leaf(at, forged)),
        (Expected("KEY_FOREIGN", subject, at),),
    )


def _swapped(copy: Copy) -> Forgery:
    subject = MIS_SCANNED.subject
    at = copy.find(subject, "battery.voided")
    entries = [leaf.entry for leaf in copy.leaves]
    entries[at - 1 : at + 1] = [entries[at], entries[at - 1]]
    return Forgery(
        "entries-swapped",
        "An acceptance and the event that voids it have changed places; the root is signed anew.",
        "接收与其作废两个条目对调，树根重签。",
        copy.rooted(entries),
        (
            Expected("SEQUENCE_GAP", subject, at - 1),
            Expected("FORKED_CHAIN", subject, at),
            Expected("TIME_REGRESSION", None, at),
        ),
    )


def _accepted_by_another(copy: Copy) -> Forgery:
    subject = NEXT.subject
    offer = copy.leaves[copy.find(subject, "handover.offered")]
    said = offer.payload
    data = {
        "offer": offer.id,
        "capacity": said["data"]["capacity"],
        "condition": "intact",
        "read_by": "camera",
        "mass": said["data"]["mass"],
    }
    forged = offer.signed(
        RECYCLER.signer("sign"),
        type="handover.accepted",
        seq=said["seq"] + 1,
        prev=offer.id,
        iss=RECYCLER.org,
        data=data,
    )
    entries = [*(leaf.entry for leaf in copy.leaves), forged.entry]
    return Forgery(
        "accepted-by-another",
        "With the operator's help the recycler accepts, in its own name, what was offered to another.",
        "在运营方配合下，再生企业以自己的名义接收了发给拆解企业的电池。",
        publish(ORIGIN, entries, [copy.sizes[0], len(entries)]),
        (Expected("NOT_CUSTODIAN", subject, len(entries) - 1),),
    )


def _two_faced(copy: Copy) -> Forgery:
    at = copy.find(NEXT.subject, "handover.offered")
    data = {**copy.payloads[at]["data"], "consignee": GARAGE.org, "capacity": "repairer"}
    forged = copy.leaves[at].signed(YARD.signer("sign"), data=data)
    return Forgery(
        "two-faced",
        "The operator shows somebody else a log of the same size whose last offer went to another firm.",
        "运营方对不同的人出示同样大小、最后一条不同的日志：单独核验看不出，须有别处得到的检查点。",
        copy.rooted(copy.with_leaf(at, forged)),
        (Expected("TREE_SPLIT_VIEW"),),
        alone=VERIFIED,
    )
