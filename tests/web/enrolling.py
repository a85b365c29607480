"""A device that enrols, as the page does it, and an administrator who adds its key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from werkzeug.test import TestResponse

from packtrace.signing.keys import PrivateKey
from packtrace.signing.possession import sign_possession
from packtrace.tests.ledger.node import append_one
from packtrace.tests.scene import Party, ed25519_key
from packtrace.trace.ledger.sequence import Outcome
from packtrace.trace.read_token import sign_read_token

from .conftest import Served

V1 = "/api/v1"
INVITATION, REQUEST = f"{V1}/enrolment/invitation", f"{V1}/enrolment/request"


def bearer_of(served: Served, who: Party, key: PrivateKey | None = None) -> dict[str, str]:
    """The header of a token by a key of somebody, who need not be its owner."""
    text = sign_read_token(key or who.key, origin=served.scene.origin, org=who.org, at=served.played.clock())
    return {"Authorization": f"Bearer {text}"}


def invite(served: Served, who: Party, *, key: PrivateKey | None = None, **wishes: Any) -> TestResponse:
    return served.client.post(f"{V1}/invitations", json=wishes, headers=bearer_of(served, who, key))


def invited(served: Served, who: Party, *, key: PrivateKey | None = None, **wishes: Any) -> str:
    """The secret of a fresh invitation."""
    made = invite(served, who, key=key, **wishes)
    assert made.status_code == 201, made.data
    return str((made.json or {})["secret"])


def devices(served: Served, who: Party, key: PrivateKey | None = None) -> dict[str, Any]:
    """What the organisation is told of its devices."""
    told = served.client.get(f"{V1}/devices", headers=bearer_of(served, who, key))
    assert told.status_code == 200, told.data
    return told.json or {}


@dataclass
class Phone:
    """A device with an invitation, and the key that it made."""

    served: Served
    secret: str
    key: PrivateKey
    name: str = "phone at the gate"

    def look(self) -> TestResponse:
        return self.served.client.post(INVITATION, json={"secret": self.secret})

    def prove(self, told: dict[str, Any], **other: Any) -> str:
        """The proof that is asked for; `other` says what to prove in place of it."""
        said = {"aud": told["origin"], "sub": told["subject"], "head": told["head"]} | other
        return sign_possession(**({"signer": self.key} | said))

    def ask(self, possession: str | None = None, **other: Any) -> TestResponse:
        """Ask with the proof that the node wants, or with another."""
        if possession is None:
            looked = self.look().json or {}
            possession = self.prove(looked)
        body = {"secret": self.secret, "jwk": self.key.public.jwk(), "possession": possession}
        return self.served.client.post(REQUEST, json=body | {"name": self.name} | other)


def phone(served: Served, who: Party, label: str = "phone", /, **wishes: Any) -> Phone:
    """A device with a fresh invitation and a key of its own."""
    return Phone(served, invited(served, who, **wishes), ed25519_key(f"{who.name} {label}"))


def approve(
    served: Served, who: Party, request: dict[str, Any], *, by: PrivateKey | None = None
) -> Outcome:
    """The administrator, or who holds another key, adds the key that is asked for."""
    given = {name: request[name] for name in ("use", "jwk", "possession", "name") if request[name]}
    more = {name: request[name] for name in ("types", "sites") if request[name]}
    subject = f"keys:{who.id}"
    before = served.scene.heads.get(subject)
    text = served.scene.sign(who, "key.added", subject, given | more, key=by or who.admin)
    outcome = append_one(served.ledger, text)
    if outcome.error and before:
        served.scene.heads[subject] = before
    return outcome
