"""What one row of the life cycle can say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Relation = Literal[
    "first",
    "custodian",
    "consignee",
    "nobody",
    "reporter",
    "anyone",
    "dismantler",
    "signer",
    "registrar",
    "admin",
    "owner",
    "receiver",
    "maker",
    "authority",
    "group",
    "author",
]
"""How the signer stands to the subject.

first       the chain is absent (or its beginning was voided)
custodian   the signer holds the subject; what is inside another battery is held by who holds that one
consignee   the signer is named by the open offer
nobody      no enrolled organisation holds it
reporter    the signer reported it lost
anyone      any enrolled organisation
dismantler  the signer has just dismantled the parent, in this group
signer      the signer signed the event that is voided, within the policy's hours or with the other's consent
registrar   a registrar's key signs; where the row is joint, with as many approvals as the threshold asks
admin       the organisation's own admin key signs
owner       the subject's name carries the signer's id
receiver    the consignment is addressed to the signer
maker       the vendor code in the battery's code is the signer's
authority   the signer's region covers where the subject is, or who holds it
group       the signer leads the group to which this event belongs
author      the signer signed the event that is corrected
"""

Hold = Literal["bars", "passes", "flags", "silent"]
"""What a hold does to an event: refuses it; lets it pass; lets it pass with a remark. Where the rules are
silent, a hold on the subject itself or on its parent refuses it, one on an organisation or a batch does
not."""


@dataclass(frozen=True, slots=True)
class By:
    """Who may sign: a relation, and the roles of which one must be valid at the leaf.

    Without roles the relation is enough.
    """

    relation: Relation
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One type of event on one kind of chain.

    ``stage`` is the stage after it: a stage, or ``same``, ``waste`` (by capacity), ``intake`` (same for
    dealer and repairer of what is in use, else waste), ``waste_or_same`` (waste and what was lost follow the
    capacity, what is in use stays), ``declared`` (the statement says it), ``before`` (what the voided event
    changed), ``parent`` (the parent's stage before it was dismantled), ``restored`` (the stage before it was
    lost), ``returned`` (waste if it left as waste, else as declared), ``remaining`` (held while something of
    the lot remains). ``custody`` is the custodian after it: ``same``, ``signer``, ``nobody``, ``none``,
    ``consignee``, ``declared``, ``before``, ``parent``, ``named``. ``offer`` says what an open offer does: it
    ``bars`` the event, ``stays``, or is ``closed`` by it.
    """

    type: str
    chain: str
    by: tuple[By, ...]
    zh: str
    en: str
    stages: tuple[str, ...] = ()
    stage: str = "same"
    custody: str = "same"
    offer: Literal["bars", "stays", "closed"] = "bars"
    hold: Hold = "silent"
    bars: tuple[Literal["damage", "contest", "conflict"], ...] = ()  # what must be settled first
    licence: str = ""  # scope that the signer's licence must name
    acts_as: bool = False  # `data.capacity` names the role in which the signer acts
    leads: tuple[str, ...] = ()  # types of the events that must follow in the group
    follows: tuple[str, ...] = ()  # types of which one must lead the group
    joint: bool = False  # carries approvals of further registrars
    voidable: bool = False
    also: tuple[str, ...] = ()  # further checks, by their names in `conditions`
