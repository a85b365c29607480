"""A truckload as two phones hand it over, for the browser's own code to pack, show and check (`tests/js`)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from packtrace.signing.base64url import b64url, parse_b64url
from packtrace.signing.merkle import leaf_hash, root_of
from packtrace.tests.scene import MODEL_MASS_G, Scene, digest_of, event_id, p256_key, pack_code
from packtrace.trace.times import format_time


def root_over(offers: list[str]) -> str:
    """What `consignment.dispatched` says of its offers."""
    ids = sorted(parse_b64url(event_id(text)) for text in offers)
    return b64url(root_of([leaf_hash(each) for each in ids]))


def truckload(count: int) -> dict[str, Any]:
    """Offers of so many packs, the dispatch over them, and the answers, some signed by a P-256 key."""
    scene = Scene()
    consignor, consignee, phone = scene.dismantler, scene.recycler, p256_key("recycler phone")
    consignment = f"consignment:{consignor.id}/T-20260302-A"
    expires = format_time(scene.at + timedelta(days=30))
    offers, answers = [], []
    for number in range(1, count + 1):
        sub = f"battery:gbt34014:{pack_code(number)}"
        scene.heads[sub] = (3 + number % 3, digest_of(f"head {number}"))
        mass = {"g": MODEL_MASS_G + 500 * (number % 7), "basis": "measured", "scale_g": 500}
        offered = {
            "consignee": consignee.org, "capacity": "recycler", "mass": mass, "expires_at": expires,
            "consignment": consignment, "packing": "normal",
        }  # fmt: skip
        offers.append(scene.sign(consignor, "handover.offered", sub, offered))
        accepted = {
            "offer": event_id(offers[-1]), "capacity": "recycler", "mass": mass, "condition": "intact",
            "read_by": "camera",
        }  # fmt: skip
        answers.append(scene.sign(consignee, "handover.accepted", sub, accepted, key=phone))
    dispatched = {
        "consignee": consignee.org,
        "offers": {"count": count, "root": root_over(offers)},
        "un_number": "UN3480", "packing": "normal", "safety_check": {"passed": True},
    }  # fmt: skip
    return {
        "consignment": consignment,
        "consignor": consignor.org,
        "consignee": consignee.org,
        "offers": offers,
        "dispatched": scene.sign(consignor, "consignment.dispatched", consignment, dispatched),
        "answers": answers,
        "offer_ids": [event_id(text) for text in offers],
        "root": root_over(offers),
        "group": list(scene.installed(pack_code(99))),  # with a value withheld, and what opens it
        "keys": [
            {"org": org, "kid": key.public.kid, "jwk": key.public.jwk()}
            for org, key in ((consignor.org, consignor.key), (consignee.org, phone))
        ],
    }
