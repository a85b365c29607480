"""What the QR on a handover slip opens: what is on the truck and how it stands, for whoever holds the paper.

No account and no script are needed. The token in the address is derived from the dispatch itself, so it is
kept nowhere; without it, or with another, the page says nothing of any consignment (`docs/adr/0023`).
"""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from ...trace.codes.slip import is_slip_of, read_slip
from ...trace.errors import RefusedError
from ...trace.history import Told
from ...trace.labels.label import format_mass, groups_of
from ...trace.lifecycle.state import Log
from ..door.rates import count_items
from ..node import this_node
from ..reading.loads import Load, Standing, party_object, read_load
from ..reading.manifests import PACKING
from ..reading.shown import read_whole
from .passport import check_history

blueprint = Blueprint("slip", __name__)


@blueprint.get("/c/<path:text>")
def consignment(text: str) -> Response:
    """A consignment, by the address on its slip."""
    node = this_node()
    load = _load(text)
    if load is None:
        return _private(Response(render_template("no_slip.html"), 404))
    said = load.dispatched.event.data
    world = node.ledger.world()
    log = world.chain(f"log:{world.origin}")
    chain = read_whole(node.ledger, load.subject)
    page = render_template(
        "slip.html",
        load=load,
        name=load.subject.rpartition("/")[2],
        address=f"/consignments/{load.subject.removeprefix('consignment:')}",
        parties={
            role: party_object(party, world)
            for role, party in (
                ("consignor", load.dispatched.event.iss),
                ("consignee", said["consignee"]),
                ("carrier", said.get("carrier")),
            )
            if party
        },
        said=said,
        packing=PACKING[said["packing"]],
        rows=[(groups_of(each.subject.split(":", 2)[2]), each) for each in load.on_board],
        accepted=sum(each.standing is Standing.ACCEPTED for each in load.on_board),
        history=check_history(chain, world, node.ledger),
        mass=format_mass,
        purpose=log.state.purpose if log and isinstance(log.state, Log) else "",
    )
    return _private(Response(page))


def _load(text: str) -> Load | None:
    """What the slip is of. Whatever is wrong with it, one answer: nobody learns which part was right."""
    node = this_node()
    try:
        slip = read_slip(text.removesuffix("/"))
    except RefusedError:
        return None
    chain = _read(slip.subject)
    # The nonce is in the payload that was signed, and nowhere else.
    if not chain or not is_slip_of(slip, chain[0].event.jws.value["nonce"]):
        return None
    return read_load(slip.subject, _read, node.ledger.world(), node.clock())


def _read(subject: str) -> list[Told]:
    chain = read_whole(this_node().ledger, subject)
    count_items(len(chain))
    return chain


def _private(response: Response) -> Response:
    """What only the paper tells goes into no cache, and to no other site."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Accept-Language"
    return response
