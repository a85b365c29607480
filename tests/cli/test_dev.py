"""`packtrace dev`: a node with test organisations that leaves nothing behind."""

from __future__ import annotations

import json
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from packtrace.signing.base64url import b64url, parse_b64url
from packtrace.signing.keyfile import load_private_key
from packtrace.signing.keys import PrivateKey, private_key_from_scalar, private_key_from_seed
from packtrace.tests.web.dev_node import DevNode, dev_node
from packtrace.web.client import Client

ROLES = {
    "maker": ["battery_maker"],
    "vehicle-maker": ["vehicle_maker"],
    "dismantler": ["vehicle_dismantler", "pack_dismantler"],
    "recycler": ["recycler"],
    "regulator": ["regulator"],
}


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevNode]:
    folder = tmp_path_factory.mktemp("dev") / "dev"
    with dev_node(folder) as node:
        yield node
    assert not folder.exists()


def test_everybody_is_told_with_roles(dev: DevNode) -> None:
    assert {each["name"]: each["roles"] for each in dev.told["organisations"]} == ROLES


@pytest.mark.parametrize("kind", ["Ed25519", "P-256"])
@pytest.mark.parametrize("name", ROLES)
def test_each_key_is_enrolled_and_lies_where_it_says_as_pem_and_as_jwk(
    dev: DevNode, name: str, kind: str
) -> None:
    each = dev.organisation(name)
    told = each["keys"][kind]
    key = load_private_key(told["pem"], passphrase=None)
    jwk = json.loads(Path(told["jwk"]).read_text(encoding="ascii"))
    secret = parse_b64url(jwk["d"])
    again: PrivateKey
    again = (
        private_key_from_seed(secret)
        if kind == "Ed25519"
        else private_key_from_scalar(int.from_bytes(secret, "big"))
    )
    assert key.public == again.public and {**key.public.jwk(), "d": b64url(secret), "kid": told["kid"]} == jwk
    for path in (told["pem"], told["jwk"]):
        assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600
    with Client(dev.url, trust=dev.told["trust"], signer=key, org=each["org"]) as client:
        assert [page.complete for page in client.feed()][-1]  # a token by this key is good


def test_the_model_is_published_and_a_shell_is_told_where_everything_is(dev: DevNode) -> None:
    done = subprocess.run(
        [
            "sh",
            "-c",
            '. "$0"/env && echo "$DEV_URL $DEV_MODEL $DEV_MAKER $DEV_VEHICLE_MAKER"',
            str(dev.folder),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    orgs = [dev.organisation(name)["org"] for name in ("maker", "vehicle-maker")]
    assert done.stdout.split() == [dev.url, dev.told["model"], *orgs]
    with Client(dev.url) as client:
        assert client.heads([dev.told["model"]])[0].seq == 0


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("mine", encoding="ascii")
    with pytest.raises(AssertionError, match="expected nothing there yet"), dev_node(tmp_path):
        pass
    assert (tmp_path / "kept").read_text(encoding="ascii") == "mine"
