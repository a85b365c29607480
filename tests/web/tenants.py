"""A pack between organisations, and everybody who might ask about it.

The maker made it, fitted it into a vehicle whose VIN is withheld, retired it and handed it to the dismantler,
who holds it now and offers it to the recycler. The garage has no part in it. One authority is of the province
in which all of them are, one of another country.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from werkzeug.test import TestResponse

from packtrace.signing.base64url import b64url
from packtrace.tests.deterministic_signer import published_seed
from packtrace.tests.ledger.node import Node as Played
from packtrace.tests.scene import Party, Scene, event_id, pack_code
from packtrace.trace.ledger.home import Home
from packtrace.trace.ledger.ledger import Submission
from packtrace.trace.read_token import sign_read_token
from packtrace.trace.times import format_time

from .conftest import Served

CODE = pack_code(1)
SUB = f"battery:gbt34014:{CODE}"
VEHICLE = f"vehicle:{b64url(published_seed(CODE)[:16])}"
SALT = b64url(published_seed(f"salt {CODE}")[:16])
ASKERS = ("stranger", "any", "past", "holder", "consignee", "region", "elsewhere")


@dataclass
class Tenants:
    """Who they are, and the events in order."""

    served: Served
    parties: dict[str, Party | None]
    pack: list[str]  # ids of the events of the pack
    vehicle: str  # id of the one event of the vehicle
    note: str  # id of the one note on the pack, by who has no part in it

    def ask(self, asker: str, path: str, /, method: str = "GET", **headers: str) -> TestResponse:
        """Ask for something, with a fresh token of whoever asks."""
        return self.served.client.open(path, method=method, headers=self.header(asker) | headers)

    def header(self, asker: str) -> dict[str, str]:
        party = self.parties[asker]
        return {"Authorization": f"Bearer {self.token(party)}"} if party else {}

    def token(self, party: Party) -> str:
        scene = self.served.scene
        return sign_read_token(party.key, origin=scene.origin, org=party.org, at=self.served.played.clock())


@contextmanager
def settled(folder: Path) -> Iterator[Tenants]:
    """A node on which the story has been played, for as long as the block lasts."""
    played = Played(Home.create(folder / "home", Scene().origin))
    served = Served(played, played.create())
    yield settle(served)
    served.close()
    played.close()


def settle(served: Served) -> Tenants:
    """Play the story on a node."""
    scene = served.scene
    elsewhere = scene.party("elsewhere", 8, "regulator")
    enrolled = [
        scene.enrolled(scene.regulator, region="CN-440000"),
        scene.enrolled(elsewhere, region="DE-BY"),
    ]
    enrolled += [scene.key_added(party, party.key) for party in (scene.regulator, elsewhere)]
    record(served, *((text,) for text in enrolled))
    made = scene.manufactured(CODE)
    installed, fitted = scene.installed(CODE)
    retired = scene.sign(
        scene.maker, "battery.retired", SUB, {"capacity": "vehicle_maker", "reason": "vehicle_scrapped"}
    )
    (offered,), (accepted,) = scene.handed_over(SUB, scene.maker, scene.dismantler, "pack_dismantler")
    onwards = scene.sign(
        scene.dismantler,
        "handover.offered",
        SUB,
        {
            "consignee": scene.recycler.org,
            "capacity": "recycler",
            "expires_at": format_time(served.played.now.replace(day=20)),
        },
    )
    incident = {"kind": "fire", "note": "smoke was seen"}
    note = scene.sign(scene.garage, "note.incident", f"notes:{SUB}", incident)
    record(served, (made,), (installed, fitted), (retired,), (offered,), (accepted,), (onwards,), (note,))
    parties = {
        "stranger": None,
        "any": scene.garage,
        "past": scene.maker,
        "holder": scene.dismantler,
        "consignee": scene.recycler,
        "region": scene.regulator,
        "elsewhere": elsewhere,
    }
    pack = [event_id(text) for text in (made, installed, retired, offered, accepted, onwards)]
    return Tenants(served, parties, pack, event_id(fitted), event_id(note))


def record(served: Served, *groups: tuple[str, ...]) -> None:
    """Append groups of events, each of which must be accepted."""
    for outcome in served.ledger.append([Submission(group) for group in groups]):
        assert outcome.status == "accepted", outcome.error
