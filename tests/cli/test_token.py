"""`packtrace token`: an organisation's key signs what it reads with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from packtrace.signing.jws import READ, parse_jws
from packtrace.signing.keyfile import save_private_key
from packtrace.signing.keys import PrivateKey
from packtrace.tests.scene import Scene
from packtrace.trace.cli.key_store import key_file
from packtrace.trace.cli.ledger_access import read_ledger
from packtrace.trace.cli.place import Place
from packtrace.trace.read_token import Reader, check_read_token

from .command import call, call_well


def keep(home: Path, key: PrivateKey) -> None:
    path = key_file(home, key.public.kid)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    save_private_key(path, key, passphrase=None)


def read(home: Path, text: str) -> Reader:
    with read_ledger(Place(home)) as ledger:
        return check_read_token(text.strip(), ledger.world(), datetime.now(UTC))


def test_the_key_in_the_home_makes_a_token_that_the_log_takes(home: Path, scene: Scene) -> None:
    keep(home, scene.recycler.admin)  # which reads nothing, and is not taken
    keep(home, scene.recycler.key)
    text = call_well("--home", home, "token", "--org", scene.recycler.id)
    assert read(home, text).org == scene.recycler.org


def test_with_key_and_origin_no_log_is_needed(home: Path, scene: Scene, tmp_path: Path) -> None:
    key = tmp_path / "k.pem"
    save_private_key(key, scene.garage.key, passphrase=None)
    text = call_well(
        *("--home", tmp_path / "nothing", "token", "--org", scene.garage.org),
        *("--key", key, "--origin", scene.origin, "--seconds", 900),
    )
    said = parse_jws(text.strip(), typ=READ).value
    assert said["exp"] - said["iat"] == 900
    assert read(home, text).org == scene.garage.org


def test_without_a_key_of_the_organisation_there_is_no_token(home: Path, scene: Scene) -> None:
    keep(home, scene.garage.key)
    keep(home, scene.recycler.admin)
    refused = call("--home", home, "token", "--org", scene.recycler.id)
    assert refused.exit_code == 1 and "KEY_UNKNOWN" in refused.output and refused.stdout == ""


def test_no_token_is_made_for_longer_than_one_holds(home: Path, scene: Scene) -> None:
    keep(home, scene.garage.key)
    assert call("--home", home, "token", "--org", scene.garage.id, "--seconds", 901).exit_code == 2
