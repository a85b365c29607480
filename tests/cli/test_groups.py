"""Every kind of group, once: what `template --group` prints is signed and submitted as it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from packtrace.tests.cli.command import call_well, run
from packtrace.tests.cli.yard import Yard
from packtrace.tests.scene import digest_of, module_code, pack_code, uscc_of
from packtrace.trace.times import format_time

ORIGIN = "log.packtrace.example/groups"
REGISTRAR, MAKER, YARD, SECOND, RECYCLER, REGULATOR = (f"uscc:{uscc_of(number)}" for number in range(1, 7))
MASS = {"g": 400_000, "basis": "measured"}
REPORT = {"kind": "report", "sha256": digest_of("report"), "media_type": "application/pdf", "bytes": 1}


def coded(code: str) -> str:
    return f"battery:gbt34014:{code}"


def legacy(number: int) -> str:
    """A pack of a maker that nobody enrolled."""
    return coded(f"DJ3{pack_code(number)[3:]}")


def tag(org: str, name: str) -> str:
    return f"battery:tag:{org}/{name}"


def lot(org: str, name: str) -> str:
    return f"lot:{org}/{name}"


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Yard:
    folder = tmp_path_factory.mktemp("groups")
    done = run(folder, "init", "--origin", ORIGIN, "--registrar", REGISTRAR, "--home", "home")
    assert done.returncode == 0, done.stderr
    yard = Yard(folder / "home")
    yard.enrol(MAKER, "--role", "battery_maker:open_packs@L-2", "--vendor-code", "04Q")
    yard.enrol(YARD, "--role", "pack_dismantler:open_packs@L-3")
    yard.enrol(SECOND, "--role", "repurposer:open_packs@L-4")
    yard.enrol(RECYCLER, "--role", "recycler:open_packs@L-5")
    yard.enrol(REGULATOR, "--role", "regulator")
    for level in ("pack", "module"):
        named = {"name": {"en": level}, "category": "ev", "chemistry": "LFP", "level": level}
        yard.say(MAKER, "model.published", f"model:{MAKER}/{level}", **named, mass_g=400_000)
    return yard


@pytest.fixture(autouse=True)
def _verified(yard: Yard, tmp_path: Path) -> object:
    """Whatever a test recorded, a verifier says the same of."""
    yield
    call_well("export", tmp_path / "copy", "--home", yard.home)
    call_well("verify", tmp_path / "copy", "--trust", yard.home / "trust.json", "--home", yard.home)


def made(level: str) -> dict[str, object]:
    return {"model": f"model:{MAKER}/{level}", "chemistry": "LFP", "mass": MASS, "label": digest_of(level)}


def registered(capacity: str, stage: str) -> dict[str, object]:
    said = {"capacity": capacity, "stage": stage, "holder": "signer"}
    return said | {"basis": "legacy", "read_by": "camera"}


def test_pack_is_made_with_coded_modules_and_one_is_replaced(yard: Yard) -> None:
    first, second = (coded(module_code(pack_code(number))) for number in (1, 2))
    pack = coded(pack_code(1))
    for module in (first, second):
        yard.say(MAKER, "battery.manufactured", module, **made("module"))
    yard.say_group(MAKER, "battery.manufactured", pack, {}, **made("pack"), put_in=[first])
    inside = yard.show(first)
    assert (inside["stage"], inside["custodian"], inside["parent"]) == ("in_pack", "parent", pack)
    assert f"held by {MAKER} with {pack}" in call_well("show", first, "--home", yard.home)
    repair = {"work": "parts_replaced", "opened": True, "took_out": [first], "put_in": [second]}
    group = yard.say_group(MAKER, "battery.repaired", pack, {}, {}, **repair)
    assert [one["type"] for one in group] == ["battery.repaired", "battery.taken_out", "battery.fitted"]
    assert (yard.show(first)["stage"], yard.show(second)["stage"]) == ("removed", "in_pack")
    assert yard.show(pack)["parts"] == [second]
    undone = yard.say_group(MAKER, "battery.voided", pack, {}, {}, reason="the other module was meant")
    assert {one["type"] for one in undone} == {"battery.voided"}
    assert yard.show(pack)["parts"] == [first]


def test_code_that_is_found_is_registered_with_the_link(yard: Yard) -> None:
    unread, found = tag(YARD, "T-1"), legacy(11)
    said = registered("pack_dismantler", "waste") | {"basis": "label_unreadable", "read_by": "unreadable"}
    yard.say(YARD, "battery.registered", unread, **said, condition="intact")
    rest = {"basis": "legacy", "read_by": "camera"}
    yard.say_group(YARD, "identity.linked", unread, rest, battery=found, basis="code_found")
    assert (yard.show(unread)["stage"], yard.show(unread)["into"]) == ("merged", found)
    now = yard.show(found)
    assert (now["stage"], now["custodian"], now["condition"]) == ("at_dismantler", f"org:{YARD}", "intact")


def test_product_of_a_second_life_cites_what_went_into_it(yard: Yard) -> None:
    pack, product = legacy(21), tag(SECOND, "P-1")
    module = coded("DJ3" + module_code(pack_code(22))[3:])
    for subject in (pack, module):
        yard.say(SECOND, "battery.registered", subject, **registered("repurposer", "removed"))
    used = yard.say(SECOND, "battery.used_in", pack, product=product)
    said = {"category": "stationary", "intended_use": "stationary_storage", "chemistry": "LFP"}
    more = {"mass": MASS, "label": digest_of("product"), "put_in": [module]}
    leader, follower = yard.say_group(SECOND, "battery.repurposed", product, {}, **said, **more)
    assert leader["data"]["sources"] == [used]
    assert (follower["type"], follower["sub"]) == ("battery.fitted", module)
    assert (yard.show(product)["status"], yard.show(module)["parent"]) == ("repurposed", product)


def test_lot_is_split_put_together_and_charged(yard: Yard) -> None:
    pack = legacy(31)
    yard.say(YARD, "battery.registered", pack, **registered("pack_dismantler", "waste"))
    residues = [{"line": 1, "kind": "modules", "g": 300_000}, {"line": 2, "kind": "casing", "g": 100_000}]
    dismantled = yard.say(YARD, "battery.dismantled", pack, mass=MASS, children=[], residues=residues)
    whole, left, right, again = (lot(YARD, name) for name in ("A", "A1", "A2", "B"))
    source = {"parent": pack, "dismantled": dismantled, "line": 1}
    mass = {"g": 300_000, "basis": "measured"}
    yard.say(YARD, "lot.made", whole, capacity="pack_dismantler", kind="modules", mass=mass, **source)
    measured = {"mass": {"g": 100_000, "basis": "measured"}}, {"mass": {"g": 200_000, "basis": "measured"}}
    into = [{"lot": left, "g": 100_000}, {"lot": right, "g": 200_000}]
    group = yard.say_group(YARD, "lot.split", whole, *measured, into=into)
    assert [(one["type"], one["sub"]) for one in group[1:]] == [("lot.made", left), ("lot.made", right)]
    said = {"capacity": "pack_dismantler", "kind": "modules", "mass": mass, "lots": [left, right]}
    group = yard.say_group(YARD, "lot.made", again, {}, {}, **said)
    assert [one["type"] for one in group] == ["lot.made", "lot.merged", "lot.merged"]
    undone = yard.say_group(YARD, "lot.voided", again, {}, {}, reason="kept apart")
    assert len(undone) == 3
    assert (yard.show(left)["stage"], yard.show(left)["g"]) == ("held", 100_000)

    yard.hand_over(YARD, RECYCLER, "recycler", left)
    yard.say(RECYCLER, "batch.opened", f"batch:{RECYCLER}/1", process="mechanical")
    charged = {"batch": f"batch:{RECYCLER}/1", "mass": {"g": 60_000, "basis": "measured"}}
    yard.say(RECYCLER, "lot.charged", left, **charged)
    now = yard.show(left)
    assert (now["custodian"], now["g"], len(now["charges"])) == (f"org:{RECYCLER}", 40_000, 1)
    told = call_well("show", left, "--home", yard.home)
    assert "  material   40 kg modules" in told and "  charged    60 kg into batch:" in told
    closed = {"outputs": [{"kind": "black_mass", "g": 30_000}], "losses": [{"kind": "dust", "g": 30_000}]}
    yard.say(RECYCLER, "batch.closed", f"batch:{RECYCLER}/1", **closed)  # its inputs are filled in
    assert yard.show(f"batch:{RECYCLER}/1")["outputs"] == [{"kind": "black_mass", "g": 30_000}]


def test_offers_of_a_consignment_are_counted_for_its_consignor(yard: Yard) -> None:
    load, packs = f"consignment:{YARD}/T1", [legacy(41), legacy(42)]
    until = format_time(datetime.now(UTC).replace(microsecond=0) + timedelta(days=30))
    for pack in packs:
        yard.say(YARD, "battery.registered", pack, **registered("pack_dismantler", "waste"))
        offer = {"consignee": f"org:{RECYCLER}", "capacity": "recycler", "expires_at": until}
        yard.say(YARD, "handover.offered", pack, **offer, consignment=load)
    check = {"un_number": "UN3480", "packing": "normal", "safety_check": {"passed": True}}
    yard.say(YARD, "consignment.dispatched", load, **check)  # consignee, count and root are filled in
    yard.say(RECYCLER, "consignment.arrived", load, arrived=1, missing=[packs[1]], unexpected=[])
    assert (yard.show(load)["consignee"], yard.show(load)["arrived"]) == (f"org:{RECYCLER}", True)
    assert f"from {YARD} to {RECYCLER}, arrived" in call_well("show", load, "--home", yard.home)


def test_hold_is_shown_and_lifted_by_its_name(yard: Yard) -> None:
    pack = legacy(51)
    yard.say(YARD, "battery.registered", pack, **registered("pack_dismantler", "waste"))
    hold = yard.say(REGULATOR, "hold.placed", f"notes:{pack}", basis="safety", reason="smoke")
    assert yard.show(pack)["holds"] == [{"event": hold, "authority": f"org:{REGULATOR}"}]
    assert f"  held by    {REGULATOR}, hold {hold}" in call_well("show", pack, "--home", yard.home)
    lifted = json.loads(call_well("template", "hold.lifted", f"notes:{pack}", "--home", yard.home))
    assert (lifted["iss"], lifted["data"]["hold"]) == (f"org:{REGULATOR}", hold)
    yard.say(REGULATOR, "hold.lifted", f"notes:{pack}", reason="cooled down")
    assert yard.show(pack)["holds"] == []


def test_custody_that_a_court_assigns_is_signed_by_the_registrar(yard: Yard) -> None:
    pack = legacy(61)
    yard.say(YARD, "battery.registered", pack, **registered("pack_dismantler", "waste"))
    drafted = json.loads(call_well("template", "custody.assigned", pack, "--home", yard.home))
    assert drafted["iss"] == f"org:{REGISTRAR}"
    assert set(drafted["data"]) == {"party", "capacity", "basis", "reason"}


def test_damage_is_shown_until_an_inspection_clears_it(yard: Yard) -> None:
    pack = coded(pack_code(71))
    yard.say(MAKER, "battery.manufactured", pack, **made("pack"))
    yard.say(MAKER, "battery.incident", pack, kind="drop")
    assert "  damaged    by an incident" in call_well("show", pack, "--home", yard.home)
    cleared = {"condition": "intact", "clears_damage": True, "evidence": [REPORT]}
    yard.say(MAKER, "battery.inspected", pack, **cleared)
    assert yard.show(pack)["damaged"] is False
    model = call_well("show", f"model:{MAKER}/pack", "--home", yard.home)
    assert f"  model of   {MAKER}" in model and "  each       LFP, 400 kg" in model
