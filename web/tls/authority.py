"""The certificate authority of a yard: what it is for, and the certificates that it signs.

It can vouch for nothing but private addresses and names that nobody owns (RFC 5280, 4.2.1.10), so that a
phone which trusts it trusts it for this network alone, even if its key is stolen. P-256 and SHA-256
throughout: what every phone takes. Pure: no clock, no file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ...trace.ledger.errors import HomeError
from ...trace.verify.six_words import SIX, words_of
from .names import DOMAINS, PRIVATE, Names, is_name

AUTHORITY_DAYS: Final = 3_652
LEAF_DAYS: Final = 396
"""Browsers take at most 397 from the public's authorities; Apple 825 from those that a user adds."""
RENEW_DAYS: Final = 30
_SKEW: Final = timedelta(days=1)  # clocks of phones that are wrong by hours
_ORGANISATION: Final = "Packtrace yard"
_KEY_USAGE: Final = dict.fromkeys(
    (
        *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
        *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    ),
    False,
)


@dataclass(frozen=True, slots=True)
class Authority:
    """The certificate that phones are given, and its key, which stays in the home."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def make(cls, host: str, more: Iterable[str], now: datetime) -> Authority:
        """A new one.

        Args:
            host: Name of the machine, by which people tell one authority from another.
            more: Further names for which it may vouch, beside the domains that nobody owns.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        whose = f"{_ORGANISATION} {host[:30]} {now:%Y-%m-%d}"
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANISATION),
                x509.NameAttribute(NameOID.COMMON_NAME, whose),
            ]
        )
        hosts = sorted({each.lower() for each in (host, *more) if is_name(each.lower())} | set(DOMAINS))
        permitted = [*map(x509.DNSName, hosts), *map(x509.IPAddress, PRIVATE)]
        usage = _KEY_USAGE | {"key_cert_sign": True, "crl_sign": True}
        certificate = (
            _begin(name, name, key.public_key(), now, AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.NameConstraints(permitted, None), critical=True)
            .add_extension(x509.KeyUsage(**usage), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        return cls(certificate, key)

    @classmethod
    def parse(cls, pem: bytes, where: str) -> Authority:
        """Read what `format` gave.

        Raises:
            HomeError: Something else.
        """
        try:
            key = serialization.load_pem_private_key(pem, None)
            certificate = x509.load_pem_x509_certificate(pem)
        except (ValueError, TypeError):
            raise HomeError(f"{where}: expected a key and a certificate in PEM, got something else") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise HomeError(f"{where}: expected the key of the certificate, got another")
        return cls(certificate, key)

    def format(self) -> bytes:
        """Key and certificate as PEM; whoever has this can vouch for what the authority may vouch for."""
        return _pem_of(self.key) + self.certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, names: Names, now: datetime) -> bytes:
        """A certificate for this machine with a key of its own, as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _ORGANISATION)])
        usage = _KEY_USAGE | {"digital_signature": True}
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        certificate = (
            _begin(who, self.certificate.subject, key.public_key(), now, LEAF_DAYS)
            .add_extension(x509.SubjectAlternativeName(_general(names)), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(**usage), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(issuer, critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return _pem_of(key) + certificate.public_bytes(serialization.Encoding.PEM)

    def still_serves(self, pem: bytes, names: Names, now: datetime) -> bool:
        """Whether a certificate is this authority's, for just these names, and not about to end."""
        try:
            key = serialization.load_pem_private_key(pem, None)
            leaf = x509.load_pem_x509_certificate(pem)
            leaf.verify_directly_issued_by(self.certificate)
            said = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
            return False
        if key.public_key() != leaf.public_key() or set(said) != set(_general(names)):
            return False
        return leaf.not_valid_before_utc <= now < leaf.not_valid_after_utc - timedelta(days=RENEW_DAYS)

    def may_vouch_for(self, host: str) -> bool:
        """Whether it was made for names such as this one."""
        return any(host == each or host.endswith(f".{each}") for each in self._permitted())

    def check_may_vouch_for(self, host: str) -> None:
        """Check a name that somebody wants for this machine.

        Raises:
            HomeError: It is no host name, or the authority was made without it, which can't be mended.
        """
        if not is_name(host):
            raise HomeError(f"name: expected a host name in lower case, got {host[:80]!r}")
        if not self.may_vouch_for(host):
            raise HomeError(
                f"name: expected one of or below {', '.join(self._permitted())}, for which the authority of "
                f"this home was made, got {host}"
            )

    def _permitted(self) -> list[str]:
        constraints = self.certificate.extensions.get_extension_for_class(x509.NameConstraints).value
        return [each.value for each in constraints.permitted_subtrees or () if isinstance(each, x509.DNSName)]

    def ends_before(self, now: datetime) -> bool:
        """Whether it is over."""
        return self.certificate.not_valid_after_utc <= now

    @property
    def der(self) -> bytes:
        """The certificate as phones take it."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        """The certificate as programs take it."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def title(self) -> str:
        """By which people find it in the settings of a phone."""
        (attribute,) = self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(attribute.value)

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of the certificate, as phones show it."""
        return hashlib.sha256(self.der).digest()

    @property
    def six_words(self) -> str:
        """Words for the first 48 bits of the fingerprint, to be compared by eye."""
        return " ".join(words_of(self.fingerprint[:SIX]))


def _begin(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    begins = now.replace(microsecond=0) - _SKEW
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
    )


def _general(names: Names) -> list[x509.GeneralName]:
    return [*map(x509.DNSName, names.hosts), *map(x509.IPAddress, names.addresses)]


def _pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
