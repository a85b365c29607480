"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_BESIDE_THE_CHECKOUT = Path(__file__).parents[2] / "shared" / "vectors"


@pytest.fixture(scope="session")
def vectors() -> Path:
    """Folder of published test data: `PACKTRACE_VECTORS`, else `../shared/vectors` beside the checkout."""
    folder = Path(os.environ.get("PACKTRACE_VECTORS") or _BESIDE_THE_CHECKOUT)
    if not folder.is_dir():
        reason = f"no published test data at {folder}; set PACKTRACE_VECTORS to the folder that holds it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
