"""What the optional looks at the pages need: programs that `make look` and `make firefox` fetch."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from packtrace.tests.browser.conftest import browser, chromium, launch, playwright  # noqa: F401  # fixtures


@pytest.fixture(scope="session")
def packages() -> Path:
    """The folder of npm packages that the target in the Makefile has filled."""
    return Path(os.environ["PACKTRACE_LOOK"]) / "node_modules"
