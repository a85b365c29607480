"""What is said of the log, of organisations and of their keys."""

from __future__ import annotations

from ..trace.codes.subjects import MAX_ORIGIN_LENGTH, PATTERN_ORIGIN
from ..trace.lifecycle.words import ROLES
from .fields import Choice, Many, Part, Shape, Text, Whole
from .members import (
    Evidence,
    Name,
    approvals,
    coordinate,
    digest,
    jws,
    reason,
    region,
    site,
    subject,
    time,
    vendor_code,
)


class Jwk(Shape):
    """A public key in exactly the members of its RFC 7638 thumbprint."""

    crv = Choice("Ed25519", "P-256", required=True)
    kty = Choice("OKP", "EC", required=True)
    x = coordinate(required=True)
    y = coordinate()


class Licence(Shape):
    number = Text(most=100, required=True)
    scope = Many(Text(pattern="^[a-z][a-z_]{0,39}$", most=40), most=16, required=True)


class Role(Shape):
    """A role, valid while ``from <= recorded_at < until``; without the bounds, from its leaf and for good."""

    role = Choice(*ROLES, required=True)
    licence = Part(Licence)
    valid_from = time(data_key="from")
    until = time()


class Site(Shape):
    site = site(required=True)
    region = region(required=True)
    name = Part(Name)


class NewKey(Shape):
    """A key and the proof that who registers it has it."""

    jwk = Part(Jwk, required=True)
    possession = jws(required=True)


class RuleSetName(Shape):
    name = Text(pattern="^[a-z][a-z0-9./-]{0,63}$", most=64, required=True)
    sha256 = digest(required=True)


class RegistrarKey(NewKey):
    org = subject("org", required=True)


class RegistrarKeptOrNew(Shape):
    """A registrar that stays needs no new proof of its key."""

    org = subject("org", required=True)
    jwk = Part(Jwk, required=True)
    possession = jws()


class Succeeds(Shape):
    """The log that this one goes on from, as it was sealed."""

    origin = Text(pattern=PATTERN_ORIGIN, says="the origin of a log", most=MAX_ORIGIN_LENGTH, required=True)
    size = Whole(least=1, required=True)
    root = digest(required=True)
    checkpoint = digest(required=True)


class LogOpened(Shape):
    """The log begins: who registers, under which threshold, with which log keys and rules."""

    purpose = Choice("production", "test", "demonstration", required=True)
    registrars = Many(Part(RegistrarKey), most=15, required=True)
    threshold = Whole(least=1, most=15, required=True)
    log_keys = Many(Text(pattern="^[!-~]+$", most=2000), least=1, most=4, required=True)
    rules = Part(RuleSetName, required=True)
    succeeds = Part(Succeeds)


class LogKeyChanged(Shape):
    """Other keys sign the checkpoints from the next one on."""

    log_keys = Many(Text(pattern="^[!-~]+$", most=2000), least=1, most=4, required=True)
    reason = reason(required=True)
    approvals = approvals()


class RegistrarKeyChanged(Shape):
    """Other registrars, or another threshold; each new key proves that its holder has it."""

    registrars = Many(Part(RegistrarKeptOrNew), most=15, required=True)
    threshold = Whole(least=1, most=15, required=True)
    reason = reason(required=True)
    approvals = approvals()


class RulesAdopted(Shape):
    """The rule set by which every later entry is judged."""

    rules = Part(RuleSetName, required=True)
    reason = reason(required=True)
    approvals = approvals()


class LogHeads(Shape):
    """The head of every chain at the size before this entry (`docs/format.md`): how many, and the root."""

    size = Whole(least=1, required=True)
    count = Whole(least=1, required=True)
    root = digest(required=True)


class LogSealed(Shape):
    """Nothing follows. The successor's ``log.opened`` names this log and its last checkpoint."""

    successor = Text(pattern=PATTERN_ORIGIN, says="the origin of a log", most=MAX_ORIGIN_LENGTH)
    reason = reason(required=True)
    approvals = approvals()


class OrgEnrolled(Shape):
    name = Part(Name, required=True)
    region = region(required=True)
    roles = Many(Part(Role), most=16, required=True)
    vendor_codes = Many(vendor_code(), most=64)
    sites = Many(Part(Site), most=128)
    admin = Part(NewKey, required=True)
    approvals = approvals()


class OrgChanged(Shape):
    """Each member that is given replaces what was enrolled, whole."""

    at_least = 1
    name = Part(Name)
    region = region()
    roles = Many(Part(Role), most=16)
    vendor_codes = Many(vendor_code(), least=0, most=64)
    sites = Many(Part(Site), least=0, most=128)
    approvals = approvals()


class Because(Shape):
    reason = reason(required=True)
    approvals = approvals()


class KeyRecovered(Shape):
    """An admin key that registrars add for an organisation that has lost its own; acts from ``from`` on."""

    jwk = Part(Jwk, required=True)
    possession = jws(required=True)
    valid_from = time(data_key="from", required=True)
    reason = reason(required=True)
    approvals = approvals()
    evidence = Many(Part(Evidence), most=32)


class KeyAdded(Shape):
    """A key of the organisation, valid while ``from <= recorded_at < until``."""

    use = Choice("admin", "sign", "read", required=True)
    jwk = Part(Jwk, required=True)
    possession = jws(required=True)
    name = Text(most=100)
    valid_from = time(data_key="from")
    until = time()
    types = Many(Text(pattern=r"^[a-z]+\.[a-z_]+$", most=40), most=64)
    sites = Many(site(), most=128)


class KeyRevoked(Shape):
    """Acts from the next leaf, whatever times it claims; ``compromised_since`` only adds warnings."""

    kid = digest(required=True)
    reason = Choice("compromised", "lost", "superseded", "left_use", required=True)
    compromised_since = time()
