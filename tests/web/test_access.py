"""Who asks, by the header of a request."""

from __future__ import annotations

import pytest
from flask import Response

from packtrace.tests.scene import Party
from packtrace.trace.errors import TraceError
from packtrace.trace.read_token import sign_read_token
from packtrace.web.reading.access import reader, require_reader

from .conftest import Served, check_problem


def token(served: Served, party: Party) -> str:
    return sign_read_token(party.key, origin=served.scene.origin, org=party.org, at=served.played.clock())


def ask(served: Served, *headers: tuple[str, str]) -> Response | str:
    """What a view learns that needs a reader, or the problem that is answered in its place."""
    with served.app.test_request_context("/api/v1/health/live", headers=list(headers)):
        try:
            return require_reader().org
        except TraceError as error:
            response = served.app.make_response(served.app.handle_user_exception(error))
            return response


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_good_token_tells_who_reads(served: Served, scheme: str) -> None:
    garage = served.scene.garage
    assert ask(served, ("Authorization", f"{scheme} {token(served, garage)}")) == garage.org


def test_who_shows_nothing_is_a_stranger(served: Served) -> None:
    with served.app.test_request_context("/"):
        assert reader() is None
    answer = ask(served)
    assert isinstance(answer, Response)
    check_problem(answer, 401, "TOKEN_REQUIRED")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer  {}", "Basic {}", "{}", "Bearer {} ", "Bearer {}, Bearer {}"]
)
def test_a_header_that_is_no_token_is_not_taken_for_none(served: Served, header: str) -> None:
    answer = ask(served, ("Authorization", header.replace("{}", token(served, served.scene.garage))))
    assert isinstance(answer, Response), answer
    check_problem(answer, 401, "TOKEN_INVALID")
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_a_token_is_read_from_the_header_alone(served: Served) -> None:
    text = token(served, served.scene.garage)
    with served.app.test_request_context(f"/?access_token={text}", headers={"Cookie": f"token={text}"}):
        assert reader() is None
