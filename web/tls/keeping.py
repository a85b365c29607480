"""Where the authority and the certificate of this machine lie, and when they are made anew.

The authority is made once and kept, since each phone that trusts it was told so by hand. The certificate is
made anew a month before it ends, and whenever the machine has other names or addresses; connections that are
there keep the one that they began with.
"""

from __future__ import annotations

import logging
import os
import ssl
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from ...trace.ledger.errors import HomeError
from ...trace.ledger.home import Home, sync_folder
from .authority import Authority
from .names import Names

LOOK_S: Final = 60.0
_GROUP_AND_OTHERS: Final = 0o077
_LOG: Final = logging.getLogger("packtrace.web")


class Certificates:
    """The authority of a home, and a context of TLS with the certificate that this machine needs now."""

    def __init__(self, home: Home, names: Callable[[], Names], clock: Callable[[], datetime]) -> None:
        """Args:
        names: Those of this machine at this moment.

        Raises:
            HomeError: What lies in the home is none, is open to others, or is over.
            OSError: The disk refused.
        """
        self._folder = home.path / "https"
        self._look_up, self._clock = names, clock
        self.names = names()
        self.authority = self._load_authority()
        self.context = self._context()
        self._ended = threading.Event()
        self._watch = threading.Thread(target=self._renew, name="packtrace-https")

    def start(self) -> None:
        """Look after the certificate until `close`."""
        self._watch.start()

    def close(self) -> None:
        """Look no longer."""
        self._ended.set()
        if self._watch.ident:
            self._watch.join()

    def refresh(self) -> bool:
        """See that the certificate fits this machine and has not ended; whether another was made."""
        names = self._look_up()
        path = self._folder / "machine.pem"
        if self.authority.still_serves(_read(path), self._vouched(names), self._clock()):
            return False
        self.names = names
        self.context = self._context()
        return True

    def _renew(self) -> None:
        while not self._ended.wait(LOOK_S):
            try:
                if self.refresh():
                    _LOG.info("https: a new certificate for %s", ", ".join(self.shown()))
            except OSError as error:  # a full disk: the old certificate serves until it ends
                _LOG.error("https: a new certificate: expected to write it, got %s", error.strerror)

    def shown(self) -> list[str]:
        """By which this machine is reached from others, the likeliest first."""
        old = [str(each) for each in self.names.reached_at if each.version == 4]
        new = [f"[{each}]" for each in self.names.reached_at if each.version == 6]
        hosts = [host for host in self._vouched(self.names).hosts if "." in host]
        return old + hosts + new

    def _vouched(self, names: Names) -> Names:
        """Without names that came after the authority was made and that it may not vouch for."""
        return Names(
            tuple(each for each in names.hosts if self.authority.may_vouch_for(each)), names.addresses
        )

    def _context(self) -> ssl.SSLContext:
        """TLS 1.2 and above, with a certificate that serves now."""
        path, names = self._folder / "machine.pem", self._vouched(self.names)
        if not self.authority.still_serves(_read(path), names, self._clock()):
            _replace(path, self.authority.issue(names, self._clock()))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
        context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")  # of TLS 1.2; those of 1.3 are all good
        context.set_alpn_protocols(["http/1.1"])
        context.load_cert_chain(path)
        return context

    def _load_authority(self) -> Authority:
        path = self._folder / "authority.pem"
        self._folder.mkdir(mode=0o700, exist_ok=True)
        if not path.exists():
            host = next((each for each in self.names.hosts if each not in ("localhost",)), "localhost")
            _create(path, Authority.make(host, self.names.hosts, self._clock()).format())
        if os.name == "posix" and path.stat().st_mode & _GROUP_AND_OTHERS:
            raise HomeError(f"{path}: expected mode 0600, got {path.stat().st_mode & 0o777:04o}")
        authority = Authority.parse(path.read_bytes(), str(path))
        if authority.ends_before(self._clock()):
            ended = authority.certificate.not_valid_after_utc
            raise HomeError(
                f"{path}: expected an authority that has not ended, got one that ended on {ended:%Y-%m-%d}: "
                "move the folder away, start again, and give every phone the new one"
            )
        return authority


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _create(path: Path, data: bytes) -> None:
    """Write a file that must not be there; whole or not at all, whatever kills the process."""
    beside = _write_beside(path, data)
    try:
        os.link(beside, path)
    except FileExistsError:  # another process was first: its authority is the one
        pass
    finally:
        beside.unlink()
    sync_folder(path.parent)


def _replace(path: Path, data: bytes) -> None:
    os.replace(_write_beside(path, data), path)
    sync_folder(path.parent)


def _write_beside(path: Path, data: bytes) -> Path:
    """A file of mode 0600 with the content, on the disk."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with open(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return beside
