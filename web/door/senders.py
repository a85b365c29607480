"""Who sends something, as far as a node keeps senders apart: an organisation, or an address."""

from __future__ import annotations

from flask import request

from ...trace.read_token import ReadTokenError
from ..reading.access import reader
from .rates import client_of


def sender() -> str:
    """Who sends this request: the organisation of a good token, else the address that it comes from.

    An event needs no token, since it is signed. One that is shown keeps what is its sender's own from whoever
    shares an address with it, or guesses what it calls its requests.
    """
    try:
        who = reader()
    except ReadTokenError:  # it counts for nobody, and is not needed here
        who = None
    return who.org if who else f"address:{client_of(request.remote_addr or '')}"
