"""The library that reads pictures on the phone is whole, and its two files are of one release."""

from __future__ import annotations

import hashlib
import re

import pytest

from packtrace.tests.conftest import lacks
from packtrace.web.pages.files import FOLDER

VENDOR = FOLDER / "vendor" / "zxing-wasm"


@pytest.fixture(scope="module")
def reader() -> str:
    if not VENDOR.is_dir():
        lacks("no files of npm: make .venv/vendor.stamp")
    return (VENDOR / "reader.js").read_text("utf-8")


def test_compiled_code_is_the_one_whose_digest_the_script_carries(reader: str) -> None:
    digest = hashlib.sha256((VENDOR / "zxing_reader.wasm").read_bytes()).hexdigest()
    assert re.findall(r"\b[0-9a-f]{64}\b", reader) == [digest]


def test_library_is_shipped_with_its_licence(reader: str) -> None:
    assert "MIT" in (VENDOR / "LICENSE").read_text("utf-8")
