"""A pack from the maker to the shredder and its history verified elsewhere, by commands alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from packtrace.signing.base64url import b64url
from packtrace.tests.cli.command import call, call_well, run
from packtrace.tests.cli.yard import Yard
from packtrace.tests.scene import VIN, digest_of, module_code, pack_code, uscc_of

CODE, MODULE = pack_code(7), module_code(pack_code(7))
PACK, MODULE_SUBJECT = f"battery:gbt34014:{CODE}", f"battery:gbt34014:{MODULE}"
VEHICLE = f"vehicle:{b64url(bytes(16))}"
ORIGIN = "log.packtrace.example/slice"
MAKER, DISMANTLER, RECYCLER = (f"uscc:{uscc_of(number)}" for number in (2, 4, 5))
BATCH = f"batch:{RECYCLER}/B1"
MODEL = f"model:{MAKER}/LFP-438"


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Yard:
    """The log after the whole life of one pack."""
    folder = tmp_path_factory.mktemp("slice")
    done = run(folder, "init", "--origin", ORIGIN, "--registrar", f"uscc:{uscc_of(1)}", "--home", "home")
    assert done.returncode == 0, done.stderr
    assert "six words" in done.stdout
    yard = Yard(folder / "home")
    yard.enrol(MAKER, "--role", "battery_maker", "--role", "vehicle_maker", "--vendor-code", "04Q")
    yard.enrol(DISMANTLER, "--role", "pack_dismantler:open_packs@L-7")
    yard.enrol(RECYCLER, "--role", "recycler:open_packs,shred@L-8")
    mass = {"g": 438_000, "basis": "nameplate"}
    published = {"name": {"en": "LFP 438"}, "category": "ev", "chemistry": "LFP", "level": "pack"}
    yard.say(MAKER, "model.published", MODEL, **published, mass_g=438_000)
    made = {"model": MODEL, "chemistry": "LFP", "mass": mass, "label": digest_of("label")}
    yard.say(MAKER, "battery.manufactured", CODE, **made)
    installed = yard.sign(MAKER, "battery.installed", CODE, vehicle=VEHICLE, position=1, of=1)
    fitted = yard.sign(
        MAKER,
        "vehicle.fitted",
        VEHICLE,
        battery=PACK,
        installed=installed["id"],
        vin=VIN,
        packs=1,
        swap_model=False,
    )
    assert fitted["event"].count("~") == 2
    yard.submit({"events": [installed["event"], fitted["event"]]})
    yard.say(MAKER, "battery.retired", CODE, capacity="vehicle_maker", reason="vehicle_scrapped")
    yard.hand_over(MAKER, DISMANTLER, "pack_dismantler", CODE)
    module_mass = {"g": 400_000, "basis": "measured"}
    dismantled = yard.sign(
        DISMANTLER,
        "battery.dismantled",
        CODE,
        mass={"g": 438_000, "basis": "measured"},
        children=[{"battery": MODULE_SUBJECT, "g": 400_000}],
        residues=[{"line": 1, "kind": "casing", "g": 38_000}],
    )
    extracted = yard.sign(
        DISMANTLER,
        "battery.extracted",
        MODULE,
        parent=PACK,
        dismantled=dismantled["id"],
        capacity="pack_dismantler",
        mass=module_mass,
    )
    yard.submit({"events": [dismantled["event"], extracted["event"]]})
    yard.hand_over(DISMANTLER, RECYCLER, "recycler", MODULE)
    yard.say(RECYCLER, "batch.opened", BATCH, process="mechanical")
    yard.say(RECYCLER, "battery.recycled", MODULE, batch=BATCH, mass=module_mass)
    # Count, grams and root of the inputs are filled in by the template.
    yard.say(RECYCLER, "batch.closed", BATCH, outputs=[{"kind": "black_mass", "g": 200_000}], losses=[])
    return yard


@pytest.fixture
def elsewhere(yard: Yard, tmp_path: Path) -> Path:
    """An inspector's folder: the bundle that was handed over, and the trust file that came another way."""
    call_well("export", tmp_path / "bundle", "--home", yard.home)
    shutil.copy(yard.home / "trust.json", tmp_path / "trust.json")
    return tmp_path


def test_exported_log_is_verified_elsewhere(elsewhere: Path) -> None:
    done = run(elsewhere, "verify", "bundle", "--trust", "trust.json")
    assert (done.returncode, done.stdout[:8]) == (0, "VERIFIED"), done.stdout
    assert "Trusted" in done.stdout and "Not proven" in done.stdout and done.stderr == ""


def test_bundle_of_one_battery_is_verified(yard: Yard, tmp_path: Path) -> None:
    call_well("export", tmp_path / "one.zip", "--battery", MODULE, "--home", yard.home)
    result = call("verify", tmp_path / "one.zip", "--trust", yard.home / "trust.json", "--home", tmp_path)
    assert (result.exit_code, result.stdout[:8]) == (0, "VERIFIED"), result.stdout


def test_trust_file_of_the_home_that_is_named_is_taken(yard: Yard, elsewhere: Path) -> None:
    named = call("verify", elsewhere / "bundle", "--home", yard.home)
    by_environment = call("verify", elsewhere / "bundle", PACKTRACE_HOME=str(yard.home))
    before = call("--home", yard.home, "verify", elsewhere / "bundle")
    assert (named.exit_code, by_environment.exit_code, before.exit_code) == (0, 0, 0)


def test_without_trust_nothing_is_verified(elsewhere: Path) -> None:
    done = run(elsewhere, "verify", "bundle")
    assert (done.returncode, done.stdout[:9]) == (3, "UNDECIDED")
    assert "expected --trust FILE, got none" in done.stderr


def test_home_is_not_trusted_about_itself(yard: Yard, tmp_path: Path) -> None:
    for source in (yard.home, yard.home / "ledger.db", f"sqlite:///{yard.home / 'ledger.db'}"):
        result = call("verify", source, "--home", yard.home)
        assert (result.exit_code, result.stdout[:9]) == (3, "UNDECIDED")
        assert "the source lies in" in result.stderr
    copy = shutil.copy(yard.home / "trust.json", tmp_path / "trust.json")
    assert call("verify", yard.home, "--trust", copy, "--home", tmp_path).exit_code == 0


def test_damaged_copy_is_refuted(elsewhere: Path) -> None:
    entries = next((elsewhere / "bundle" / "tile" / "entries").rglob("*"))
    while entries.is_dir():
        entries = next(entries.iterdir())
    data = bytearray(entries.read_bytes())
    data[len(data) // 2] ^= 1
    entries.write_bytes(data)
    done = run(elsewhere, "verify", "bundle", "--trust", "trust.json", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, lines[-1]["outcome"]) == (1, "REFUTED")
    assert "LOG_ROOT_MISMATCH" in lines[-1]["findings"]
    assert not (elsewhere / ".config" / "packtrace" / "pins.json").exists()


def test_shorter_copy_is_noticed_by_what_was_verified_before(
    yard: Yard, elsewhere: Path, tmp_path: Path
) -> None:
    trust = ("--trust", elsewhere / "trust.json", "--home", tmp_path / "inspector")
    assert call("verify", elsewhere / "bundle", *trust).exit_code == 0
    pins = json.loads((tmp_path / "inspector" / "pins.json").read_text())
    (size,) = pins["logs"][0]["roots"]
    pins["logs"][0]["roots"] = {str(int(size) + 1): pins["logs"][0]["roots"][size]}
    (tmp_path / "inspector" / "pins.json").write_text(json.dumps(pins))
    assert "OLDER_THAN_PIN" in call("verify", elsewhere / "bundle", *trust).stdout


def test_checkpoint_from_elsewhere_must_fit(yard: Yard, elsewhere: Path, tmp_path: Path) -> None:
    note = elsewhere / "bundle" / "checkpoint"
    args = ("verify", elsewhere / "bundle", "--trust", elsewhere / "trust.json", "--home", tmp_path / "i")
    assert call(*args, "--checkpoint", note).exit_code == 0
    other = tmp_path / "other"
    other.write_bytes(note.read_bytes().replace(b"slice", b"slide"))
    assert call(*args, "--checkpoint", other).exit_code != 0


def test_history_tells_custody_masses_and_children(yard: Yard) -> None:
    text = call_well("show", f"]Q1{CODE.lower()}", "--home", yard.home)
    for said in ("dismantled", "438 kg", MODULE_SUBJECT, f"held by {DISMANTLER}", "recorded 20", "拆解"):
        assert said in text
    told = json.loads(call_well("show", MODULE, "--json", "--home", yard.home))
    assert (told["stage"], told["parent"], told["batch"]) == ("recycled", PACK, BATCH)
    assert told["events"][0]["type"] == "battery.extracted"
    assert "withheld" in call_well("show", VEHICLE, "--home", yard.home)
    assert VIN not in call_well("show", VEHICLE, "--json", "--home", yard.home)


def test_database_of_the_home_is_as_good_a_source(yard: Yard, tmp_path: Path) -> None:
    result = call(
        "verify",
        yard.home / "ledger.db",
        "--trust",
        shutil.copy(yard.home / "trust.json", tmp_path / "t.json"),
        "--home",
        tmp_path,
    )
    assert result.exit_code == 0, result.stdout


def lists(*command: str) -> Callable[[Path], list[dict[str, Any]]]:
    def read(home: Path) -> list[dict[str, Any]]:
        return [json.loads(line) for line in call_well(*command, "--json", "--home", home).splitlines()]

    return read


def test_organisations_and_keys_are_listed(yard: Yard) -> None:
    orgs = lists("org", "list")(yard.home)
    assert {org["org"] for org in orgs} == {f"org:{org}" for org in (MAKER, DISMANTLER, RECYCLER)}
    keys = lists("key", "list")(yard.home)
    assert {key["kid"] for key in keys if key["use"] == "sign"} == set(yard.keys.values())
    assert len(lists("key", "list", MAKER)(yard.home)) == 2
    assert MAKER in call_well("org", "list", "--home", yard.home)
