"""A bundle of one battery holds whatever its judgement rests on, however late that happened elsewhere."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from packtrace.signing.base64url import b64url, parse_b64url
from packtrace.signing.merkle import leaf_hash, root_of
from packtrace.tests.deterministic_signer import published_seed
from packtrace.tests.scene import Party, Scene, event_id, module_code, pack_code
from packtrace.tests.verify.small_log import SmallLog, entries_of_events, trust_of
from packtrace.trace.bundle.output import OutputExistsError
from packtrace.trace.bundle.write import write_battery_bundle
from packtrace.trace.times import format_time
from packtrace.trace.verify.findings import Outcome
from packtrace.trace.verify.report import format_text
from packtrace.trace.verify.verify_source import verify_source

A, B = (f"battery:gbt34014:{pack_code(number)}" for number in (1, 2))


def check_bundle(scene: Scene, texts: list[str], subject: str, folder: Path) -> int:
    """The whole log and the bundle of one battery both verify; gives the number of entries in the bundle."""
    log = SmallLog(scene.log_key, entries_of_events(texts))
    whole = verify_source(log.write(folder / "whole"), trust=trust_of(scene))
    assert whole.outcome is Outcome.VERIFIED, format_text(whole)
    write_battery_bundle(log, folder / "one", subject=subject, rules=scene.rules, vkeys=log.vkeys)
    one = verify_source(folder / "one", trust=trust_of(scene))
    assert one.outcome is Outcome.VERIFIED, format_text(one)
    return one.entries


def installed(scene: Scene, org: Party, sub: str, vehicle: str, position: int) -> list[str]:
    data = {"vehicle": vehicle, "position": position, "of": 2}
    text = scene.sign(org, "battery.installed", sub, data)
    fitted = {"battery": sub, "installed": event_id(text), "packs": 2, "swap_model": False}
    return [text, scene.sign(org, "vehicle.fitted", vehicle, fitted)]


def registered(scene: Scene, org: Party, sub: str, capacity: str, **changes: Any) -> str:
    data = {
        "stage": "waste",
        "capacity": capacity,
        "holder": "signer",
        "basis": "legacy",
        "read_by": "camera",
    }
    return scene.sign(org, "battery.registered", sub, data | changes)


def test_the_other_pack_of_the_vehicle_was_released_before_this_one_was_fitted(tmp_path: Path) -> None:
    scene = Scene()
    vehicle = "vehicle:" + b64url(published_seed("vehicle")[:16])
    texts = [*scene.founding(), scene.manufactured(pack_code(1)), scene.manufactured(pack_code(2))]
    texts += installed(scene, scene.maker, A, vehicle, 1)
    texts.append(scene.sign(scene.maker, "battery.released", A, {"reason": "sold"}))
    texts += [text for group in scene.handed_over(B, scene.maker, scene.garage, "repairer") for text in group]
    texts += installed(scene, scene.garage, B, vehicle, 2)
    check_bundle(scene, texts, B, tmp_path)


def test_the_battery_with_the_same_code_was_voided_before_this_one_was_recycled(tmp_path: Path) -> None:
    scene = Scene()
    tag, batch = f"battery:tag:{scene.recycler.id}/T1", f"batch:{scene.recycler.id}/B1"
    first = registered(scene, scene.dismantler, A, "pack_dismantler")
    texts = [*scene.founding(), first, registered(scene, scene.recycler, tag, "recycler", conflicts_with=A)]
    texts.append(scene.sign(scene.recycler, "batch.opened", batch, {"process": "mixed"}))
    undone = {"event": event_id(first), "reason": "mistake"}
    texts.append(scene.sign(scene.dismantler, "battery.voided", A, undone))
    charged = {"batch": batch, "mass": {"g": 1000, "basis": "measured"}}
    texts.append(scene.sign(scene.recycler, "battery.recycled", tag, charged))
    check_bundle(scene, texts, tag, tmp_path)


@pytest.mark.parametrize("subject", ["pack", "module"])
def test_a_batch_that_closed_over_others_is_not_drawn_in(tmp_path: Path, subject: str) -> None:
    scene = Scene()
    texts = scene.founding()
    for number in range(3):
        texts += [text for group in scene.life_of_a_pack(pack_code(number)) for text in group]
    code = pack_code(1) if subject == "pack" else module_code(pack_code(1))
    entries = check_bundle(scene, texts, f"battery:gbt34014:{code}", tmp_path)
    assert entries < len(texts) - 15


def test_a_mass_was_corrected_after_its_batch_closed_over_others_too(tmp_path: Path) -> None:
    """The correction looks at the batch, and the batch that closed answers for all that went in."""
    scene = Scene()
    batch = f"batch:{scene.recycler.id}/B1"
    texts = [*scene.founding(), *(registered(scene, scene.recycler, each, "recycler") for each in (A, B))]
    texts.append(scene.sign(scene.recycler, "batch.opened", batch, {"process": "mixed"}))
    charged = {"batch": batch, "mass": {"g": 438_000, "basis": "measured"}}
    recycled = [scene.sign(scene.recycler, "battery.recycled", each, charged) for each in (A, B)]
    texts += [*recycled, scene.batch_closed(batch, recycled, 876_000)]
    corrected = {
        "event": event_id(recycled[0]),
        "set": {"mass": {"g": 437_500, "basis": "measured"}},
        "reason": "weighed again",
    }
    texts.append(scene.sign(scene.recycler, "note.corrected", f"notes:{A}", corrected))
    check_bundle(scene, texts, A, tmp_path)


def test_a_battery_was_loaded_after_its_consignment_had_left(tmp_path: Path) -> None:
    """The late offer looks at the consignment, whose departure answers for all that was offered before."""
    scene = Scene()
    load = f"consignment:{scene.dismantler.id}/T1"
    offer = {
        "consignee": scene.recycler.org,
        "capacity": "recycler",
        "expires_at": format_time(scene.at + timedelta(days=30)),
        "consignment": load,
    }
    texts = [
        *scene.founding(),
        *(registered(scene, scene.dismantler, each, "pack_dismantler") for each in (A, B)),
    ]
    texts.append(scene.sign(scene.dismantler, "handover.offered", A, offer))
    offered = {"count": 1, "root": b64url(root_of([leaf_hash(parse_b64url(event_id(texts[-1])))]))}
    left = {
        "consignee": scene.recycler.org,
        "offers": offered,
        "un_number": "UN3480",
        "packing": "normal",
        "safety_check": {"passed": True},
    }
    texts.append(scene.sign(scene.dismantler, "consignment.dispatched", load, left))
    texts.append(scene.sign(scene.dismantler, "handover.offered", B, offer))
    check_bundle(scene, texts, B, tmp_path)


def test_what_is_no_bundle_is_not_overwritten(tmp_path: Path) -> None:
    scene = Scene()
    log = SmallLog(scene.log_key, entries_of_events([*scene.founding(), scene.manufactured(pack_code(1))]))
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("ten years")
    loose = tmp_path / "notes.zip"
    loose.write_text("no zip")
    for out in (precious, loose):
        with pytest.raises(OutputExistsError):
            write_battery_bundle(log, out, subject=A, rules=scene.rules, vkeys=log.vkeys, overwrite=True)
    assert (precious / "thesis.txt").read_text() == "ten years"
    out = tmp_path / "bundle"
    for overwrite in (False, True):
        write_battery_bundle(log, out, subject=A, rules=scene.rules, vkeys=log.vkeys, overwrite=overwrite)
    (out / "thesis.txt").write_text("ten years")
    with pytest.raises(OutputExistsError):
        write_battery_bundle(log, out, subject=A, rules=scene.rules, vkeys=log.vkeys, overwrite=True)
