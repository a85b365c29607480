"""`packtrace dev`: a throw-away node with test organisations, for whoever writes a program against it."""

from __future__ import annotations

import json
import shlex
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

import click
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from stdnum.cn import uscc

from ...signing.base64url import b64url
from ...signing.keyfile import save_private_key
from ...signing.keys import KeyKind, PrivateKey, generate_private_key
from ...signing.log_key import generate_log_keys
from ..ledger.ledger import Ledger, system_clock
from .act import act, prove_key
from .init import found_log
from .place import Place

ORIGIN: Final = "log.packtrace.example/dev"
VENDOR_CODE: Final = "04Q"
MODEL: Final = "LFP-438"
ENVIRONMENT: Final = "env"
"""Of the folder: the file that tells a shell what is where."""
TRUST: Final = "trust.json"

_MODEL: Final = {
    "name": {"en": "Test pack"},
    "category": "ev",
    "chemistry": "LFP",
    "level": "pack",
    "mass_g": 438_000,
}
_REGION: Final = "CN-440300"
_COORDINATE_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Organisation:
    """Somebody who is enrolled, by an invented code whose check digit fits."""

    name: str  # of its files and variables
    title: str
    number: int
    roles: tuple[dict[str, Any], ...]
    vendor_codes: tuple[str, ...] = ()

    @property
    def org(self) -> str:
        stem = f"91440300MA5{self.number:06d}"
        return f"org:uscc:{stem}{uscc.calc_check_digit(stem)}"


_LICENCE: Final = {"number": "TEST-1", "scope": ["open_packs"]}
ORGANISATIONS: Final = (
    Organisation("maker", "Test battery maker", 101, ({"role": "battery_maker"},), (VENDOR_CODE,)),
    Organisation("vehicle-maker", "Test vehicle maker", 102, ({"role": "vehicle_maker"},)),
    Organisation(
        "dismantler",
        "Test dismantler",
        103,
        ({"role": "vehicle_dismantler"}, {"role": "pack_dismantler", "licence": _LICENCE}),
    ),
    Organisation("recycler", "Test recycler", 104, ({"role": "recycler"},)),
    Organisation("regulator", "Test regulator", 105, ({"role": "regulator"},)),
)
_REGISTRAR: Final = Organisation("registrar", "Test registrar", 100, ())
_KINDS: Final[tuple[tuple[KeyKind, str], ...]] = (("Ed25519", ""), ("P-256", "-es256"))


@click.command()
@click.option("--port", type=click.IntRange(0, 65_535), default=8321, show_default=True, help="0 for any.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the keys and the log lie; it must not be there yet.  [default: a temporary one]",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object in place of the text.")
def dev(port: int, folder: Path | None, as_json: bool) -> None:
    """Start a node with test organisations, and print their ids and where their keys lie. It takes requests
    of this machine alone; at its end, by SIGTERM or Ctrl-C, all of it is removed.
    """
    from ...web.serve import serve_node  # a web server, which no other command needs

    with _throw_away(folder) as place:
        log_key, registrar = generate_log_keys(ORIGIN), generate_private_key("Ed25519")
        home, _ = found_log(
            Place(home=place / "home"),
            log_key,
            registrar,
            _REGISTRAR.org,
            purpose="demonstration",
            passphrase=None,
            db="",
        )
        shutil.copyfile(home.trust, place / TRUST)
        with Ledger.open(home, log_key, system_clock, threads=2) as ledger:
            organisations = [_enrol(ledger, registrar, each, place) for each in ORGANISATIONS]
            told: dict[str, Any] = {
                "origin": ORIGIN,
                "folder": str(place),
                "trust": str(place / TRUST),
                "model": f"model:{ORGANISATIONS[0].org.removeprefix('org:')}/{MODEL}",
                "vendor_code": VENDOR_CODE,
                "organisations": organisations,
            }
            serve_node(
                ledger,
                host="127.0.0.1",
                port=port,
                ready=lambda url: _tell(place, {"url": url} | told, as_json=as_json),
                public_entries=True,
                webhooks_to_private=True,
            )


@contextmanager
def _throw_away(named: Path | None) -> Iterator[Path]:
    """A folder of our own making, removed whatever happens, but for a kill that nobody can answer.

    Raises:
        click.UsageError: There is something at the path.
    """
    signal.signal(signal.SIGTERM, _stop)  # until the server does so itself
    if named is None:
        folder = Path(tempfile.mkdtemp(prefix="packtrace-dev-"))
    else:
        try:
            named.mkdir(mode=0o700)
        except FileExistsError:
            raise click.UsageError(f"--folder: expected nothing there yet, got {named}") from None
        folder = named.resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _enrol(ledger: Ledger, registrar: PrivateKey, each: Organisation, folder: Path) -> dict[str, Any]:
    """The registrar enrols it; its admin key, which nobody keeps, adds its keys; a maker publishes a model.

    Returns:
        What is told of it.
    """
    admin = generate_private_key("Ed25519")
    data: dict[str, Any] = {
        "name": {"en": each.title},
        "region": _REGION,
        "roles": list(each.roles),
        "admin": prove_key(ledger.world(), admin, each.org),
    }
    if each.vendor_codes:
        data["vendor_codes"] = list(each.vendor_codes)
    act(ledger, registrar, "org.enrolled", each.org, iss=_REGISTRAR.org, data=data)
    keys = {}
    for kind, suffix in _KINDS:
        key, subject = generate_private_key(kind), f"keys:{each.org.removeprefix('org:')}"
        added = {"use": "sign", **prove_key(ledger.world(), key, subject)}
        act(ledger, admin, "key.added", subject, iss=each.org, data=added)
        keys[kind] = _save_key(key, folder / f"{each.name}{suffix}")
        if each.vendor_codes and kind == "Ed25519":
            model, about = f"model:{each.org.removeprefix('org:')}/{MODEL}", _MODEL
            act(ledger, key, "model.published", model, iss=each.org, data=about)
    return {
        "name": each.name,
        "org": each.org,
        "roles": [role["role"] for role in each.roles],
        "keys": keys,
    }


def _save_key(key: PrivateKey, path: Path) -> dict[str, str]:
    """Write a key as PEM and as JWK; where, and its id."""
    pem, jwk = path.with_suffix(".pem"), path.with_suffix(".jwk")
    save_private_key(pem, key, passphrase=None)
    jwk.touch(mode=0o600)
    jwk.write_text(json.dumps(private_jwk(key)) + "\n", encoding="ascii")
    return {"kid": key.public.kid, "pem": str(pem), "jwk": str(jwk)}


def private_jwk(key: PrivateKey) -> dict[str, str]:
    """The key as a JWK with its private part (RFC 8037, 2; RFC 7518, 6.2.2) and its id.

    For test keys alone: any other stays in an encrypted file, or in a device.
    """
    opened = serialization.load_der_private_key(key.to_pkcs8_der(), None)
    if isinstance(opened, ec.EllipticCurvePrivateKey):
        secret = opened.private_numbers().private_value.to_bytes(_COORDINATE_BYTES, "big")
    else:
        secret = opened.private_bytes_raw()  # type: ignore[union-attr]  # PrivateKey has the two kinds alone
    return {**key.public.jwk(), "d": b64url(secret), "kid": key.public.kid}


def _tell(folder: Path, told: dict[str, Any], *, as_json: bool) -> None:
    """Print what there is, and leave it for shells in a file."""
    (folder / ENVIRONMENT).write_text(_environment(told), encoding="utf-8")
    click.echo(json.dumps(told) if as_json else _text(told))


def _environment(told: dict[str, Any]) -> str:
    named = {"URL": told["url"], "ORIGIN": told["origin"], "MODEL": told["model"], "FOLDER": told["folder"]}
    for each in told["organisations"]:
        name = each["name"].upper().replace("-", "_")
        named[name] = each["org"]
        for kind, suffix in _KINDS:
            named[f"{name}{suffix.upper().replace('-', '_')}_KID"] = each["keys"][kind]["kid"]
    return "".join(f"export DEV_{name}={shlex.quote(value)}\n" for name, value in named.items())


def _text(told: dict[str, Any]) -> str:
    lines = [
        f"serving {told['url']}",
        f"log        {told['origin']}, for demonstration; all of it goes when this process ends",
        f"folder     {told['folder']}",
        f"trust      {told['trust']}",
        f"model      {told['model']}, battery codes begin with {told['vendor_code']}",
    ]
    for each in told["organisations"]:
        lines.append(f"{each['name']}: {each['org']}, {', '.join(each['roles'])}")
        for kind, key in each["keys"].items():
            lines.append(f"  {kind:<8} {key['kid']}  {key['pem']}  {key['jwk']}")
    return "\n".join([*lines, f"In a shell: . {shlex.quote(told['folder'])}/{ENVIRONMENT}"])


def _stop(*_: object) -> NoReturn:
    raise SystemExit(0)
