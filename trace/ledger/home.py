"""The folder in which a ledger lives: which files it has, and which log and database it is of."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from ...signing.note import VerifierKey, parse_vkey
from ..bundle.layout import RULES_DIGEST, VKEYS, rules_path, vkey_files
from ..codes.subjects import parse_origin
from .errors import HomeError

_SQLITE = "sqlite:///"
_POSTGRESQL = ("postgresql://", "postgres://", "postgresql+psycopg://")


@dataclass(frozen=True, slots=True)
class Home:
    """Paths of one ledger's files. The register and the lock lie beside the database, never in it."""

    path: Path
    origin: str
    db: str = ""  # URL of another database; empty for `ledger.db` in this folder

    @classmethod
    def create(cls, path: Path, origin: str, *, db: str = "") -> Home:
        """Make the folder of a new ledger, readable by its owner alone.

        Raises:
            HomeError: There is one already, or the URL is of no database that is known here.
            SubjectError: Not an origin.
        """
        home = cls(path, parse_origin(origin), check_database_url(db))
        if home.description.exists():
            raise HomeError(f"{path}: expected no ledger, got one")
        for folder in (path, home.keys, home.register.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)  # also one that was there: it will hold VINs, and perhaps a password in `db`
        value = {"origin": origin} | ({"db": home.db} if home.db else {})
        save_durably(home.description, orjson.dumps(value, option=orjson.OPT_INDENT_2))
        return home

    @classmethod
    def load(cls, path: Path) -> Home:
        """Read which ledger lives in the folder.

        Raises:
            HomeError: None does, or `home.json` says something else than an origin and a database.
        """
        try:
            value = orjson.loads((path / "home.json").read_bytes())
        except OSError as error:
            raise HomeError(
                f"{path / 'home.json'}: expected the home of a log, got {error.strerror}"
            ) from error
        except orjson.JSONDecodeError as error:
            raise HomeError(f"{path / 'home.json'}: expected the home of a log, got {error}") from error
        if not isinstance(value, dict) or not {"origin"} <= value.keys() <= {"origin", "db"}:
            raise HomeError(f"{path / 'home.json'}: expected origin and perhaps db, got something else")
        return cls(path, parse_origin(str(value["origin"])), check_database_url(str(value.get("db", ""))))

    @property
    def description(self) -> Path:
        return self.path / "home.json"

    @property
    def register(self) -> Path:
        return self.path / "register" / "checkpoint"

    @property
    def lock(self) -> Path:
        """Held round every write. It lies beside a SQLite file, which the homes of others may share."""
        if self.db.startswith(_SQLITE):
            return Path(self.db.removeprefix(_SQLITE) + ".lock")
        return self.path / "ledger.lock"

    @property
    def trust(self) -> Path:
        return self.path / "trust.json"

    @property
    def pins(self) -> Path:
        return self.path / "pins.json"

    @property
    def evidence(self) -> Path:
        """The documents that events refer to, each under its SHA-256."""
        return self.path / "evidence"

    def read_rules(self, sha256: str) -> bytes | None:
        """The file with the rule set that is said to have this digest, if somebody put one here."""
        if not RULES_DIGEST.fullmatch(sha256):
            return None
        try:
            return (self.path / rules_path(sha256)).read_bytes()
        except FileNotFoundError:
            return None

    @property
    def keys(self) -> Path:
        return self.path / "keys"

    @property
    def log_key(self) -> Path:
        return self.keys / "log.pem"

    def key(self, kid: str) -> Path:
        """Where the private key of a party is kept that lives on this machine."""
        return self.keys / f"{kid}.pem"

    @property
    def database_url(self) -> str:
        """The database as SQLAlchemy names it."""
        if not self.db:
            return f"sqlite:///{self.path / 'ledger.db'}"
        if self.db.startswith(_SQLITE):
            return self.db
        return "postgresql+psycopg://" + self.db.partition("://")[2]

    def save_vkeys(self, vkeys: Sequence[VerifierKey]) -> None:
        """Write the public keys of the log, a file each."""
        for name, line in vkey_files(vkeys).items():
            save_durably(self.path / name, line)

    def load_vkeys(self) -> tuple[VerifierKey, ...]:
        """Read the public keys of the log.

        Raises:
            HomeError: The file can't be read.
            VerifierKeyError: A line is no verifier key.
        """
        keys = []
        for name in VKEYS:
            try:
                text = (self.path / name).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise HomeError(f"{self.path / name}: expected the log's public key, got {error}") from error
            keys.append(parse_vkey(text.removesuffix("\n")))
        return tuple(keys)


def save_durably(path: Path, data: bytes) -> None:
    """Replace a file; after a power cut it holds the old content or the new, on return the new.

    Raises:
        OSError: What is on the disk is not known.
    """
    beside = path.with_name(f"{path.name}.new")
    with open(beside, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """See a folder's new names on the disk.

    Raises:
        OSError: What is on the disk is not known.
    """
    if os.name == "posix":  # Elsewhere a folder can't be opened, and the rename is written through.
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def check_database_url(url: str) -> str:
    """The URL of a database that can hold a ledger, its path absolute; empty for the home's own.

    Raises:
        HomeError: Another kind of database. The rest of the URL is left out, as it may hold a password.
    """
    if url.startswith(_SQLITE) and len(url) > len(_SQLITE):
        return _SQLITE + os.path.abspath(url.removeprefix(_SQLITE))
    if url and not url.startswith(_POSTGRESQL):
        scheme = url.partition(":")[0][:20]
        raise HomeError(f"--db: expected a URL postgresql://… or sqlite:///FILE, got one of {scheme}")
    return url
