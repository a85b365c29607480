"""By which names and addresses phones on the same network reach this machine.

Only those for which an authority of a yard may vouch: names that belong to no public domain, the machine's
own, and private addresses. Whoever is reached at a public address has a proxy with a public certificate.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PRIVATE: Final[tuple[Network, ...]] = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("192.168.0.0/16", "10.0.0.0/8", "172.16.0.0/12"),  # RFC 1918
        *("100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8"),  # RFC 6598, 3927, 1122
        *("fc00::/7", "::1/128"),  # RFC 4193, 4291
    )
)
"""Networks whose addresses mean another machine in each yard, so that vouching for them reaches nobody else.
"""

DOMAINS: Final = ("local", "localhost", "lan", "home.arpa", "internal")
"""Domains that nobody can own: RFC 6762, 6761, 8375, and what routers and ICANN (2024) use so."""

LOOPBACK: Final = ("127.0.0.1", "::1")
_NAME: Final = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)
# Nothing is sent to these: connecting a datagram socket asks the system which of its addresses it would use.
_FAR: Final = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))  # RFC 5737, 3849
_IF_INET6: Final = "/proc/net/if_inet6"
_SIOCGIFADDR: Final = 0x8915


@dataclass(frozen=True, slots=True)
class Names:
    """What a certificate is for: host names and addresses, each sorted and once."""

    hosts: tuple[str, ...]
    addresses: tuple[Address, ...]

    @classmethod
    def of(cls, hosts: Iterable[str], addresses: Iterable[str]) -> Names:
        """Those for which a yard's authority may vouch, and this machine's names for itself."""
        told = {host.lower().rstrip(".") for host in hosts} | {"localhost"}
        parsed = {ipaddress.ip_address(text) for text in (*addresses, *LOOPBACK)}
        return cls(
            tuple(sorted(host for host in told if is_name(host))),
            tuple(
                sorted((each for each in parsed if is_private(each)), key=lambda each: (each.version, each))
            ),
        )

    @property
    def reached_at(self) -> tuple[Address, ...]:
        """The addresses at which others reach this machine."""
        return tuple(each for each in self.addresses if not each.is_loopback)


def is_name(text: str) -> bool:
    """Whether it is a host name in ASCII and lower case (RFC 1123, 2.1), and not an address."""
    return bool(_NAME.fullmatch(text)) and not text.replace(".", "").isdigit()


def is_private(address: Address) -> bool:
    """Whether an address is in one of the networks that each yard has for itself."""
    return any(_is_in(address, network) for network in PRIVATE)


def names_of_this_machine(more: Iterable[str] = ()) -> Names:
    """Its host name, that name in `.local`, as it is announced by mDNS, and its addresses.

    Args:
        more: Names that a router or a server of names gives it.
    """
    host = socket.gethostname().lower()
    first = host.partition(".")[0]
    return Names.of((host, first, f"{first}.local", *more), _addresses(host))


def _is_in(address: Address, network: Network) -> bool:
    return address.version == network.version and address in network


def _likelihood(address: Address) -> tuple[int, int]:
    return next(place for place, network in enumerate(PRIVATE) if _is_in(address, network)), int(address)


def _addresses(host: str) -> set[str]:
    """What the system tells of its addresses; each way tells some on some systems, and none is an error."""
    found: set[str] = set()
    try:
        found.update(str(each[4][0]) for each in socket.getaddrinfo(host, None))
    except (OSError, UnicodeError):
        pass
    for family, far in _FAR:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as asking:
                asking.connect((far, 9))
                found.add(str(asking.getsockname()[0]))
        except OSError:
            pass
    found |= _linux_addresses()
    return {text for text in found if "%" not in text}  # one with a zone can't be in an address of the web


def _linux_addresses() -> set[str]:
    """One IPv4 address of each interface, and all of IPv6."""
    found: set[str] = set()
    try:
        import fcntl

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            for _, name in socket.if_nameindex():
                request: Any = name.encode()[:15].ljust(256, b"\0")
                try:
                    found.add(socket.inet_ntoa(fcntl.ioctl(asking.fileno(), _SIOCGIFADDR, request)[20:24]))
                except OSError:  # it has none
                    continue
        with open(_IF_INET6, encoding="ascii") as lines:
            found.update(str(ipaddress.IPv6Address(int(line.split()[0], 16))) for line in lines)
    except (ImportError, OSError, AttributeError):
        pass
    return found
