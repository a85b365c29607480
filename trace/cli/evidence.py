"""`packtrace evidence`: the documents and photos that events refer to, kept beside the log."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import click

from ...signing.base64url import b64url, parse_b64url
from ...signing.errors import SigningError
from ..codes.quote import quote
from ..documents import KINDS, MAX_MEDIA_TYPE, PATTERN_MEDIA_TYPE, Document, documents_of, parse_file_name
from ..ledger.evidence_store import EvidenceStore, open_plain
from ..ledger.ledger import Ledger
from ..media_types import HEAD, guess_media_type
from ..statement import parse_entry, parse_event_jws
from ..verify.report import plain_text
from .ledger_access import load_home, read_ledger
from .place import Place, place_options
from .progress import progress
from .text_input import InputError, check_is_file

State = Literal["there", "missing", "damaged", "misstated", "unreferenced", "unexpected"]

_DIGEST: Final = 32  # bytes


@dataclass(slots=True)
class Listed:
    """A document that events refer to, or that is in the store, or both."""

    state: State
    sha256: bytes
    said: tuple[Document, ...] = ()  # by the events, each way of saying it once
    events: list[dict[str, Any]] = field(default_factory=list)  # leaf_index, subject and id of each
    size: int | None = None  # bytes, of the file


@click.group(no_args_is_help=True)
@place_options
def evidence() -> None:
    """Keep the documents and photos that events refer to."""


@evidence.command()
@click.argument("files", metavar="FILE…", nargs=-1, required=True)
@click.option(
    "--kind", type=click.Choice(KINDS), help="What it is.  [default: photo for an image, else other]"
)
@click.option("--media-type", metavar="TYPE", help="As image/jpeg.  [default: what its first bytes say]")
@place_options
@click.pass_obj
def add(place: Place, files: tuple[str, ...], kind: str | None, media_type: str | None) -> None:
    """Store each FILE in the home, and print what `data.evidence` of a statement is to say of it.

    A file is kept under its SHA-256. The same file again is the same document.
    """
    if media_type is not None and not (
        PATTERN_MEDIA_TYPE.fullmatch(media_type) and len(media_type) <= MAX_MEDIA_TYPE
    ):
        raise click.UsageError(
            f"--media-type: expected a type like image/jpeg in lower case, got {quote(media_type)}"
        )
    store = EvidenceStore(load_home(place).evidence)
    for named in files:
        check_is_file(named)
        with open_plain(Path(named)) as file:
            head = file.read(HEAD)
            file.seek(0)
            stored = store.add(file, named)
        guessed = media_type or guess_media_type(head, named)
        said = {
            "kind": kind or ("photo" if guessed.startswith("image/") else "other"),
            "sha256": b64url(stored.sha256),
            "media_type": guessed,
            "bytes": stored.size,
        }
        click.echo(json.dumps(said, separators=(",", ":")))


@evidence.command("list")
@click.option("--json", "as_json", is_flag=True, help="One object a line.")
@place_options
@click.pass_obj
def list_documents(place: Place, as_json: bool) -> int:
    """List the documents that events refer to, and say whether the home has them. Reads every file.

    Ends with 1 where a file is damaged, or an event states another size than the document has.
    """
    store = EvidenceStore(load_home(place).evidence)
    with read_ledger(place) as ledger:
        referred = _read_references(ledger)
    worst = 0
    with progress("reading", None) as advance:
        for listed in _list(store, referred):
            click.echo(json.dumps(_as_object(listed), ensure_ascii=False) if as_json else _as_line(listed))
            worst |= listed.state in ("damaged", "misstated")
            advance(1)
    for path in store.strays():
        said = {"state": "unexpected", "file": str(path)}
        click.echo(json.dumps(said, ensure_ascii=False) if as_json else plain_text(f"unexpected    {path}"))
    return worst


@evidence.command()
@click.argument("digest", metavar="DIGEST")
@click.option(
    "--out", required=True, metavar="FILE", type=click.Path(path_type=Path), help="Where to write it."
)
@place_options
@click.pass_obj
def get(place: Place, digest: str, out: Path) -> None:
    """Write the document with this SHA-256 to a file, if it still is that document.

    DIGEST is as in an event, 43 characters, or as `list` prints it, 64 digits.
    """
    sha256 = _parse_digest(digest)
    if os.path.lexists(out):
        raise click.UsageError(f"--out: expected nothing there, got something, at {out}")
    if not out.absolute().parent.is_dir():
        raise click.UsageError(f"--out: expected a folder to write into, got nothing there, at {out}")
    store = EvidenceStore(load_home(place).evidence)
    # It appears whole and checked, or not at all.
    with tempfile.TemporaryDirectory(prefix=".packtrace-", dir=out.parent) as beside:
        made = Path(beside) / "document"
        with made.open("xb") as file:
            for chunk in store.chunks(sha256):
                file.write(chunk)
        os.replace(made, out)
    click.echo(f"{out}: {out.stat().st_size} bytes")


def _parse_digest(text: str) -> bytes:
    """Raises:
    InputError: No SHA-256.
    """
    sha256 = parse_file_name(text.lower())
    if sha256 is None:
        try:
            sha256 = parse_b64url(text)
        except SigningError:
            sha256 = b""
    if len(sha256) != _DIGEST:
        raise InputError(f"DIGEST: expected a SHA-256 of 43 characters or 64 digits, got {quote(text)}")
    return sha256


def _read_references(ledger: Ledger) -> dict[bytes, Listed]:
    """Every document that an event refers to, in the order of the log."""
    found: dict[bytes, Listed] = {}
    for leaf, entry in enumerate(ledger.entries(0, ledger.size)):
        jws = parse_event_jws(parse_entry(entry)[0])
        for document in documents_of(jws.value):
            listed = found.setdefault(document.sha256, Listed("missing", document.sha256))
            if document not in listed.said:
                listed.said += (document,)
            listed.events.append({"leaf_index": leaf, "subject": jws.value["sub"], "id": jws.id})
    return found


def _list(store: EvidenceStore, referred: dict[bytes, Listed]) -> Iterator[Listed]:
    for listed in referred.values():
        state = store.state(listed.sha256)
        if state == "there":
            listed.size = store.size(listed.sha256)
            right = all(document.size == listed.size for document in listed.said)
            listed.state = "there" if right else "misstated"
        else:
            listed.state = state
        yield listed
    for sha256 in store.digests():
        if sha256 not in referred:
            is_there = store.state(sha256) == "there"
            size = store.size(sha256) if is_there else None
            yield Listed("unreferenced" if is_there else "damaged", sha256, size=size)


def _as_line(listed: Listed) -> str:
    words = [f"{listed.state:<13}", listed.sha256.hex()]
    for document in listed.said[:1]:
        words += [document.kind, document.media_type, f"{document.size} bytes"]
    if listed.state == "misstated":
        words.append(f"(the file has {listed.size})")
    if listed.state == "unreferenced":
        words.append(f"{listed.size} bytes")
    for event in listed.events[:1]:
        words.append(f"leaf {event['leaf_index']} {event['subject']}")
    if len(listed.events) > 1:
        words.append(f"and {len(listed.events) - 1} more")
    return plain_text(" ".join(words))


def _as_object(listed: Listed) -> dict[str, Any]:
    document = listed.said[0] if listed.said else None
    return {
        "state": listed.state,
        "sha256": b64url(listed.sha256),
        "file": listed.sha256.hex(),
        "kind": document.kind if document else None,
        "media_type": document.media_type if document else None,
        "bytes": document.size if document else listed.size,
        "events": listed.events,
    }
