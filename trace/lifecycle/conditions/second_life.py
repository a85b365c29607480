"""What is asked before waste is used again, and of the product that is made of it."""

from __future__ import annotations

from ...codes.subjects import parse_subject
from .. import words
from ..state import Notes
from .case import Case


def no_longer_waste(case: Case) -> None:
    """The test and the contract are shown: a ``report`` and a ``contract`` among the evidence
    (Regulation (EU) 2023/1542, Art. 73)."""
    kinds = {item["kind"] for item in case.event.data["evidence"]}
    for kind in ("report", "contract"):
        if kind not in kinds:
            case.refuse(
                "EVIDENCE_MISSING", expected=f"a {kind}", got=", ".join(kinds), where="/data/evidence"
            )


def new_product(case: Case) -> None:
    """The product that is named has not begun yet, and is another battery (``battery.used_in``)."""
    product = case.event.data["product"]
    parse_subject(product)
    known = case.battery_of(product)
    if product == case.event.sub or (known and known.stage != words.ABSENT):
        case.refuse(
            "ILLEGAL_TRANSITION",
            expected="a product that has not begun yet",
            got="itself" if product == case.event.sub else f"{product}, {known.stage if known else ''}",
            where="/data/product",
        )


def own_product_code(case: Case) -> None:
    """The product has a code of its own, which the repurposer may give: under GB/T 34014 one of 19 characters
    with a vendor code that is allotted to it, a tag with its id, or a code of another scheme."""
    subject = parse_subject(case.event.sub)
    if subject.scheme == "tag":
        if f"org:{subject.party}" != case.event.iss:
            case.refuse(
                "FOREIGN_TAG", expected=f"a tag of {case.event.iss}", got=case.event.sub, where="/sub"
            )
        return
    code = subject.code
    vendors = case.org().vendor_codes
    if subject.scheme == "gbt34014" and not (code and code.echelon and code.vendor in vendors):
        case.refuse(
            "FOREIGN_VENDOR_CODE",
            expected=f"a 19-character code with vendor {' or '.join(vendors) or '(none allotted)'}",
            got=case.event.sub.removeprefix("battery:"),
            where="/sub",
        )


def sources(case: Case) -> None:
    """Every ``battery.used_in`` that names the product is cited, each once, and nothing else
    (``battery.repurposed``)."""
    cited = case.event.data["sources"]
    named = _naming(case)
    if len(set(cited)) != len(cited) or set(cited) != set(named):
        missing = sorted(set(named) - set(cited))
        case.refuse(
            "REFERENCE_ABSENT",
            expected=f"the {len(named)} battery.used_in that name this product, each once",
            got=f"{len(cited)}, without {', '.join(missing[:3])}" if missing else f"{len(cited)}",
            where="/data/sources",
        )
    for event, subject in named.items():
        chain = case.world.chain(f"notes:{subject}")
        if chain and isinstance(chain.state, Notes) and chain.state.contested:
            case.refuse(
                "ORIGIN_CONTESTED",
                expected=f"the origin of {subject} confirmed or decided",
                got=f"one that its maker contests, used in {event}",
                where="/data/sources",
            )


def _naming(case: Case) -> dict[str, str]:
    """Event id -> battery, of what the signer used in this product and did not undo."""
    named = {}
    for reference in case.world.references_to(case.event.sub):
        chain = case.world.chain(reference.subject)
        battery = case.battery_of(reference.subject)
        if (
            chain
            and chain.head == reference.event
            and battery
            and (battery.stage, battery.facts.into) == (words.USED_IN, case.event.sub)
        ):
            past = case.world.past(reference.subject)
            if past and past.iss == case.event.iss:
                named[reference.event] = reference.subject
    return named
