"""The authority of a yard: for whom it may vouch, and how long what it signed serves."""

from __future__ import annotations

import plistlib
import shutil
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from packtrace.tests.conftest import lacks
from packtrace.trace.ledger.errors import HomeError
from packtrace.trace.ledger.home import Home
from packtrace.web.tls.authority import LEAF_DAYS, RENEW_DAYS, Authority
from packtrace.web.tls.keeping import Certificates
from packtrace.web.tls.names import Names, is_name, is_private
from packtrace.web.tls.profile import mobile_config

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@dataclass
class Machine:
    """A machine that moves about in time and networks."""

    home: Home
    hosts: tuple[str, ...] = ("yard", "yard.local")
    addresses: tuple[str, ...] = ("192.168.7.9", "fd00::9")
    at: datetime = NOW
    kept: Certificates = field(init=False)

    def start(self) -> Certificates:
        self.kept = Certificates(self.home, lambda: Names.of(self.hosts, self.addresses), lambda: self.at)
        return self.kept

    @property
    def folder(self) -> Path:
        return self.home.path / "https"

    @property
    def leaf(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate((self.folder / "machine.pem").read_bytes())


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(Home.create(tmp_path / "home", "log.packtrace.example/yard"))
    made.start()
    return made


def verdict(folder: Path, authority: Authority, leaf: x509.Certificate, *asked: str) -> str:
    """What OpenSSL says of a certificate, asked as a browser asks: ``OK``, or why not."""
    if shutil.which("openssl") is None:
        lacks("no openssl: apt-get install openssl")
    (folder / "authority.crt").write_bytes(authority.pem)
    (folder / "leaf.crt").write_bytes(leaf.public_bytes(Encoding.PEM))
    said = subprocess.run(
        ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-attime", f"{NOW.timestamp():.0f}"]
        + ["-CAfile", str(folder / "authority.crt"), *asked, str(folder / "leaf.crt")],
        capture_output=True,
        text=True,
        check=False,
    )
    return "OK" if said.returncode == 0 else said.stderr


@pytest.mark.parametrize(
    "asked",
    [
        ("-verify_hostname", "yard.local"),
        ("-verify_hostname", "localhost"),
        ("-verify_ip", "192.168.7.9"),
        ("-verify_ip", "fd00::9"),
        ("-verify_ip", "127.0.0.1"),
    ],
)
def test_openssl_takes_the_certificate_for_each_name_of_the_machine(
    tmp_path: Path, machine: Machine, asked: tuple[str, str]
) -> None:
    assert verdict(tmp_path, machine.kept.authority, machine.leaf, *asked) == "OK"


@pytest.mark.parametrize(
    "asked", [("-verify_hostname", "other.local"), ("-verify_ip", "192.168.7.10"), ("-verify_ip", "8.8.8.8")]
)
def test_openssl_refuses_it_for_any_other_name(
    tmp_path: Path, machine: Machine, asked: tuple[str, str]
) -> None:
    assert "mismatch" in verdict(tmp_path, machine.kept.authority, machine.leaf, *asked)


@pytest.mark.parametrize(
    "forged",
    [
        Names(("bank.example",), ()),
        Names(("local.example",), ()),
        Names((), (ip_address("8.8.8.8"),)),
        Names((), (ip_address("192.169.0.1"),)),
        Names((), (ip_address("2001:db8::1"),)),
    ],
)
def test_a_stolen_authority_vouches_for_nobody_elses_name(
    tmp_path: Path, machine: Machine, forged: Names
) -> None:
    authority = machine.kept.authority
    leaf = x509.load_pem_x509_certificate(authority.issue(forged, NOW))
    assert "permitted subtree violation" in verdict(tmp_path, authority, leaf)


def test_another_yards_authority_is_not_this_ones(tmp_path: Path, machine: Machine) -> None:
    other = Authority.make("yard", (), NOW)
    assert "unable to get local issuer" in verdict(tmp_path, other, machine.leaf)
    assert not other.still_serves((machine.folder / "machine.pem").read_bytes(), machine.kept.names, NOW)


def test_everything_with_a_key_in_it_is_its_owners_alone(machine: Machine) -> None:
    assert machine.folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in machine.folder.iterdir()} == {
        "authority.pem": 0o600,
        "machine.pem": 0o600,
    }


def test_an_authority_that_others_can_read_is_not_used(machine: Machine) -> None:
    (machine.folder / "authority.pem").chmod(0o640)
    with pytest.raises(HomeError, match="expected mode 0600, got 0640"):
        machine.start()


def test_the_authority_is_made_once_and_the_certificate_serves_until_it_is_about_to_end(
    machine: Machine,
) -> None:
    authority, first = machine.kept.authority.fingerprint, machine.leaf
    machine.at = first.not_valid_after_utc - timedelta(days=RENEW_DAYS, seconds=1)
    assert machine.start().authority.fingerprint == authority
    assert machine.leaf == first and not machine.kept.refresh()
    machine.at += timedelta(seconds=1)
    context = machine.kept.context
    assert machine.kept.refresh() and machine.kept.context is not context
    assert machine.leaf.not_valid_after_utc > first.not_valid_after_utc
    assert machine.kept.authority.fingerprint == authority


def test_a_certificate_that_ended_while_the_machine_was_off_is_made_anew(machine: Machine) -> None:
    first = machine.leaf
    machine.at = first.not_valid_after_utc + timedelta(days=5)
    machine.start()
    assert machine.leaf.not_valid_before_utc <= machine.at < machine.leaf.not_valid_after_utc
    assert machine.leaf != first


def test_another_address_makes_another_certificate_and_the_same_ones_none(machine: Machine) -> None:
    first = machine.leaf
    assert not machine.kept.refresh()
    machine.addresses = ("10.1.2.3",)
    assert machine.kept.refresh()
    names = machine.leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert ip_address("10.1.2.3") in names.get_values_for_type(x509.IPAddress)
    assert ip_address("192.168.7.9") not in names.get_values_for_type(x509.IPAddress)
    assert machine.leaf != first and machine.kept.shown() == ["10.1.2.3", "yard.local"]


def test_a_machine_with_another_name_leaves_out_what_its_authority_may_not_vouch_for(
    tmp_path: Path, machine: Machine
) -> None:
    machine.hosts = ("office.example", "office.local")
    machine.start()
    assert verdict(tmp_path, machine.kept.authority, machine.leaf, "-verify_hostname", "office.local") == "OK"
    assert machine.kept.shown() == ["192.168.7.9", "office.local", "[fd00::9]"]
    with pytest.raises(HomeError, match=r"got office\.example"):
        machine.kept.authority.check_may_vouch_for("office.example")


def test_an_authority_that_is_over_is_said_to_be_and_never_replaced_in_silence(machine: Machine) -> None:
    before = (machine.folder / "authority.pem").read_bytes()
    machine.at = NOW + timedelta(days=3_652)
    with pytest.raises(HomeError, match="got one that ended on 2036-11-"):
        machine.start()
    assert (machine.folder / "authority.pem").read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\n", b"\0" * 40])
def test_a_broken_file_is_no_authority(machine: Machine, content: bytes) -> None:
    (machine.folder / "authority.pem").write_bytes(content)
    with pytest.raises(HomeError, match="expected a key and a certificate"):
        machine.start()


def test_the_key_of_another_authority_is_refused(machine: Machine) -> None:
    own, other = machine.kept.authority, Authority.make("yard", (), NOW)
    key = other.format().partition(b"-----BEGIN CERTIFICATE")[0]
    (machine.folder / "authority.pem").write_bytes(key + own.pem)
    with pytest.raises(HomeError, match="expected the key of the certificate"):
        machine.start()


@pytest.mark.parametrize("content", [b"", b"half a file"])
def test_a_broken_certificate_of_the_machine_is_made_anew(machine: Machine, content: bytes) -> None:
    (machine.folder / "machine.pem").write_bytes(content)
    machine.start()
    assert machine.kept.authority.still_serves(
        (machine.folder / "machine.pem").read_bytes(), machine.kept.names, NOW
    )


def test_browsers_take_the_times_of_the_certificate(machine: Machine) -> None:
    leaf, authority = machine.leaf, machine.kept.authority.certificate
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == timedelta(days=LEAF_DAYS)
    assert LEAF_DAYS < 397 and leaf.not_valid_before_utc < NOW
    assert authority.not_valid_after_utc.year == 2036


def test_only_private_networks_are_told_of(machine: Machine) -> None:
    for text in ("10.0.0.1", "172.31.9.9", "192.168.0.1", "100.64.0.1", "127.0.0.1", "fd12::1", "::1"):
        assert is_private(ip_address(text)), text
    for text in ("8.8.8.8", "172.32.0.1", "100.128.0.1", "192.169.0.1", "2001:db8::1", "::"):
        assert not is_private(ip_address(text)), text
    machine.addresses = ("203.0.113.7",)
    machine.start()
    assert machine.kept.shown() == ["yard.local"]


@pytest.mark.parametrize(
    "text", ["", "a b", "a..b", "-a", "a_b", "192.168.1.1", "x" * 64, "电池.local", "A.local"]
)
def test_what_is_no_host_name_is_never_in_a_certificate(text: str) -> None:
    assert not is_name(text)


def test_the_profile_of_iphones_holds_the_certificate_and_is_the_same_each_time(machine: Machine) -> None:
    authority = machine.kept.authority
    profile = plistlib.loads(mobile_config(authority))
    (payload,) = profile["PayloadContent"]
    assert (profile["PayloadType"], payload["PayloadType"]) == ("Configuration", "com.apple.security.root")
    assert x509.load_der_x509_certificate(payload["PayloadContent"]) == authority.certificate
    assert mobile_config(authority) == mobile_config(machine.start().authority)
    assert mobile_config(authority) != mobile_config(Authority.make("yard", (), NOW))
