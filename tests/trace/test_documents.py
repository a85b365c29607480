"""How statements refer to documents, what their files are called, and of what kind they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packtrace.schemas.fields import Choice, Text
from packtrace.schemas.members import Evidence
from packtrace.signing.base64url import b64url
from packtrace.trace.documents import (
    KINDS,
    MAX_MEDIA_TYPE,
    PATTERN_MEDIA_TYPE,
    Document,
    documents_of,
    format_file_name,
    parse_file_name,
)
from packtrace.trace.media_types import HEAD, UNKNOWN, guess_media_type
from packtrace.trace.rules.ruleset import load_rules

SHA256 = bytes(range(32))
SAID = {"kind": "photo", "sha256": b64url(SHA256), "media_type": "image/jpeg", "bytes": 7}
DOCUMENT = Document(SHA256, 7, "photo", "image/jpeg")


@pytest.mark.parametrize("data", [{"evidence": [SAID]}, {"documents": [SAID]}, {"set": {"evidence": [SAID]}}])
def test_statement_model_and_correction_refer_to_documents(data: dict[str, Any]) -> None:
    assert list(documents_of({"data": data})) == [DOCUMENT]


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"evidence": None},
        {"evidence": {"sha256": b64url(SHA256)}},
        {"evidence": [{"...": b64url(SHA256)}]},  # withheld
        {"evidence": ["photo"]},
        {"evidence": [SAID | {"bytes": True}]},
        {"evidence": [SAID | {"bytes": "7"}]},
        {"evidence": [SAID | {"sha256": 7}]},
        {"evidence": [SAID | {"sha256": b64url(SHA256[:31])}]},
        {"evidence": [SAID | {"sha256": b64url(SHA256)[:-1] + "9"}]},  # not canonical
        {"set": {"evidence": 7}},
        {"set": [SAID]},
    ],
)
def test_what_is_in_another_shape_refers_to_nothing(data: object) -> None:
    assert list(documents_of({"data": data})) == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["data", "evidence", "set", "sha256", "bytes", "kind"]), inner)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["data", "type"]), json_values))
def test_any_payload_can_be_asked(payload: dict[str, Any]) -> None:
    assert list(documents_of(payload)) == []  # No text of five characters is a digest.


@given(st.binary(min_size=32, max_size=32))
def test_file_names_lead_back_to_the_digest(sha256: bytes) -> None:
    assert parse_file_name(format_file_name(sha256)) == sha256


@pytest.mark.parametrize(
    "name",
    ["", "ab", "0" * 63, "0" * 65, "A" * 64, "g" * 64, "0" * 64 + "\n", "../" + "0" * 61, "٠" * 64],
)
def test_other_names_are_no_documents(name: str) -> None:
    assert parse_file_name(name) is None


def documents_in(schema: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where the schema of a statement has room for lists of documents."""
    if not isinstance(schema, dict):
        return
    for name, member in schema.get("properties", {}).items():
        if isinstance(member, dict) and {"sha256", "bytes"} <= {
            *member.get("items", {}).get("properties", {})
        }:
            yield (*path, name)
        yield from documents_in(member, (*path, name))


def test_every_document_that_a_schema_has_room_for_is_found() -> None:
    found = 0
    for name, source in load_rules().shapes.sources.items():
        for path in documents_in(orjson.loads(source)):
            payload: Any = [SAID]
            for member in reversed(path):
                payload = {member: payload}
            assert list(documents_of(payload)) == [DOCUMENT], f"{name}: {path}"
            found += 1
    assert found > 10, "the schemas are looked at"


def test_kinds_and_media_types_are_those_of_the_schema() -> None:
    kind, media_type = Evidence().fields["kind"], Evidence().fields["media_type"]
    assert isinstance(kind, Choice) and isinstance(media_type, Text)
    assert kind.words == KINDS
    schema = media_type.json_schema()
    assert schema["pattern"] == f"^{PATTERN_MEDIA_TYPE.pattern}$"
    assert schema["maxLength"] == MAX_MEDIA_TYPE


@pytest.mark.parametrize(
    ("head", "name", "media_type"),
    [
        (b"\xff\xd8\xff\xe0....", "DSC_1.JPG", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "a", "image/png"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "a.webp", "image/webp"),
        (b"\0\0\0\x18ftypheic", "IMG_1.HEIC", "image/heic"),
        (b"\0\0\0\x18ftypisom", "a.mp4", "video/mp4"),
        (b"%PDF-1.7", "a.pdf", "application/pdf"),
        (b"PK\x03\x04", "a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (b"PK\x03\x04", "a.ofd", "application/ofd"),
        (b"PK\x03\x04", "a.jpg", "application/zip"),
        (b"1;2\n", "scale.csv", "text/csv"),
        (b"GIF89a", "a.csv", "image/gif"),
        (b"", "a", UNKNOWN),
    ],
)
def test_media_type_is_what_the_content_says(head: bytes, name: str, media_type: str) -> None:
    assert guess_media_type(head, name) == media_type


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.pdf", "a.mp4", "a.docx"])
def test_name_alone_makes_no_photo(name: str) -> None:
    assert guess_media_type(b"#!/bin/sh", name) == UNKNOWN


@given(st.binary(max_size=HEAD), st.text(max_size=12))
def test_any_guess_fits_the_schema(head: bytes, name: str) -> None:
    assert PATTERN_MEDIA_TYPE.fullmatch(guess_media_type(head, name))
