"""`POST /vehicles/find`: which packs belong in the vehicle that somebody stands before, by its VIN.

A VIN tells of a person. It comes in a body, stands in no address, log or answer, and is asked by those alone
who may take packs out of vehicles or put them in.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

from flask import Flask, Response, current_app, request
from flask.views import MethodView
from flask_smorest import Blueprint

from ...schemas.api.events import ProblemBody
from ...schemas.api.vehicles import VehiclesBody, VinQuery
from ...trace.codes.subjects import parse_subject
from ...trace.codes.vin import is_checked, parse_vin
from ...trace.errors import RefusedError
from ...trace.lifecycle.custody import holder_of
from ...trace.lifecycle.state import Battery, Vehicle
from ...trace.lifecycle.table import TABLE
from ...trace.lifecycle.words import IN_VEHICLE, TOLD
from ...trace.read_token import Reader
from ..door.bodies import JSON, BodyError, read_json
from ..door.rates import Rates, TooManyRequestsError
from ..node import Node, this_node
from ..office.vins import VinIndex, load_vin_key
from ..problems import MEDIA_TYPE
from ..reading.access import NotPermittedError, require_reader
from ..reading.search_index import CATCH_UP, SearchBehindError
from ..reading.tiers import Tier
from .reading import BEARER, Asked, answer

_INDEX: Final = "packtrace-vins"
_RATES: Final = "packtrace-vin-rates"
_STEPS: Final = ("battery.installed", "vehicle.scrapped")  # who holds a pack finds its vehicle by the pack
ROLES: Final = frozenset(role for row in TABLE if row.type in _STEPS for by in row.by for role in by.roles)
"""Who may say something for which the packs of a vehicle must be known."""

blueprint = Blueprint("vehicles", __name__, description="Vehicles, by those who stand before them.")


class VehicleUnknownError(RefusedError):
    """No event on record discloses this VIN, or none that the asker may be told of."""

    code = "VEHICLE_UNKNOWN"
    http_status = 404


def install_vins(app: Flask, node: Node) -> VinIndex:
    """Make known what finds vehicles."""
    index = app.extensions[_INDEX] = VinIndex(node.store, node.ledger, load_vin_key(node.home))
    app.extensions[_RATES] = Rates(node.limits.vins_a_minute)
    return index


def vin_index(app: Flask) -> VinIndex:
    """What finds vehicles."""
    return cast(VinIndex, app.extensions[_INDEX])


@blueprint.route("/vehicles/find")
class FindVehicle(MethodView):
    """Where a vehicle is found."""

    @blueprint.doc(
        summary="The vehicle of a VIN, and the packs that must be in it",
        security=[{BEARER: []}],
        requestBody={"required": True, "content": {JSON: {"schema": VinQuery}}},
    )
    @blueprint.response(200, VehiclesBody, description="More than one where two claim the same VIN.")
    @blueprint.alt_response(400, schema=ProblemBody, content_type=MEDIA_TYPE, description="Not such a body.")
    @blueprint.alt_response(401, schema=ProblemBody, content_type=MEDIA_TYPE, description="No good token.")
    @blueprint.alt_response(
        403, schema=ProblemBody, content_type=MEDIA_TYPE, description="A role that has no need of it."
    )
    @blueprint.alt_response(
        404, schema=ProblemBody, content_type=MEDIA_TYPE, description="No vehicle on record has this VIN."
    )
    @blueprint.alt_response(422, schema=ProblemBody, content_type=MEDIA_TYPE, description="No VIN.")
    @blueprint.alt_response(
        503, schema=ProblemBody, content_type=MEDIA_TYPE, description="The index is still being made."
    )
    def post(self) -> Response:
        """For who may fit packs into vehicles, take them out or scrap vehicles, and for an authority of the
        region. Nothing is listed: who asks has the VIN. It is neither kept nor logged.
        """
        who, node = require_reader(), this_node()
        if not (who.is_authority or ROLES & set(who.roles)):
            raise NotPermittedError(f"vehicle: expected one of {', '.join(sorted(ROLES))}, got {who.org}")
        rates: Rates = current_app.extensions[_RATES]
        if wait_s := rates.take(who.org):
            raise TooManyRequestsError("organisation", rates.most, wait_s)
        body = read_json(request, node.limits.json_bytes)
        if set(body) != {"vin"}:
            raise BodyError('body: expected {"vin": "…"}, got other members', where="body")
        vin = parse_vin(body["vin"])
        index = vin_index(current_app)
        if not index.bring_up(CATCH_UP):
            raise SearchBehindError("index: expected one of the whole log, got one that is still being made")
        asked = Asked()
        found = [said for subject in index.find(vin) if (said := _vehicle(asked, subject, who))]
        if not found:
            raise VehicleUnknownError("vin: expected that of a vehicle on record, got another one")
        return answer({"check_digit": is_checked(vin), "vehicles": found})


def _vehicle(asked: Asked, subject: str, who: Reader) -> dict[str, Any] | None:
    """A vehicle as it stands; None where its beginning was voided, or for an authority of elsewhere."""
    chain = asked.chain(subject)
    vehicle = chain[-1].after if chain else None
    if not isinstance(vehicle, Vehicle):
        return None
    if not ROLES & set(who.roles) and asked.view(parse_subject(subject)).tier is not Tier.AUTHORITY:
        return None
    last = chain[-1].event
    return {
        "subject": subject,
        "seq": last.seq,
        "head": last.id,
        "packs": vehicle.packs,
        "swap_model": vehicle.swap_model,
        "scrapped": vehicle.scrapped,
        "batteries": list(_batteries(asked, subject, vehicle)),
    }


def _batteries(asked: Asked, vehicle: str, state: Vehicle) -> Iterator[dict[str, Any]]:
    """The packs that were fitted and not taken out, and whether each must still be in it."""
    for subject in state.batteries:
        chain = asked.world.chain(subject)
        battery = chain.state if chain else None
        if chain is None or not isinstance(battery, Battery):
            continue
        told = TOLD[battery.stage]
        yield {
            "subject": subject,
            "seq": chain.seq,
            "head": chain.head,
            "stage": battery.stage,
            "stage_name": {"zh": told.zh, "en": told.en},
            "in_it": (battery.stage, battery.facts.vehicle) == (IN_VEHICLE, vehicle),
            "custodian": holder_of(asked.world, battery),
        }
