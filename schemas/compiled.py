"""Compiles the declared statements to the JSON Schema files that are published and hashed.

``python -m packtrace.schemas.compiled`` rewrites them. The ledger and the verifier read those files alone,
so that neither needs marshmallow; a test holds that the files are what this module writes, and another that
both refuse the same.

The files use only what every validator of 2020-12 has, without references, and these remarks:

``x-chain``
    The kinds of chain that the type extends.
``x-reference``, ``x-correctable``
    As in `statements`.
``x-disclosed``
    At a withheld member: what its value must be once it is shown.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from .envelope import VERSION, envelope_of
from .statements import STATEMENTS

FOLDER: Final = Path(__file__).with_name("statements")
BASE: Final = f"https://packtrace.example/schemas/{VERSION}/"


def compile_statement(name: str) -> dict[str, Any]:
    """The JSON Schema of a whole payload of one type.

    Raises:
        KeyError: No such type.
    """
    chains, _ = STATEMENTS[name]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{BASE}{name}.json",
        "title": name,
        "x-chain": list(chains),
        **envelope_of(name).json_schema(),
    }


def format_files() -> dict[str, bytes]:
    """Every file by its name, members in the order of their declaration, with a newline at the end."""
    return {
        f"{name}.json": (json.dumps(compile_statement(name), indent=2, ensure_ascii=False) + "\n").encode()
        for name in STATEMENTS
    }


def save_files(folder: Path) -> None:
    """Write every file, and remove those of types that are no more."""
    folder.mkdir(exist_ok=True)
    files = format_files()
    for stray in folder.glob("*.json"):
        if stray.name not in files:
            stray.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    save_files(FOLDER)
