"""What the chains of the log, of organisations and of keys ask."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from ....signing.base64url import b64url, parse_b64url
from ....signing.errors import SigningError
from ....signing.keys import parse_public_jwk
from ....signing.merkle import leaf_hash, root_of
from ....signing.note import parse_vkey
from ...codes.subjects import parse_subject
from ...errors import RefusedError, UndecidedError
from ...times import later, parse_time, show_time
from ..keyring import check_new_key, log_state
from ..state import Keys, Org
from ..world import keys_in
from .case import Case


def origin(case: Case) -> None:
    """It is the first entry, and opens the log whose origin it names."""
    if case.event.sub != f"log:{case.world.origin}" or case.at.leaf_index != 0:
        case.refuse(
            "LOG_NOT_OPENED",
            expected=f"log:{case.world.origin} as the first entry",
            got=f"{case.event.sub} at leaf {case.at.leaf_index}",
            where="/sub",
        )


def founding_keys(case: Case) -> None:
    """Every registrar proves its key, the log keys carry the origin, and the threshold can be met."""
    data = case.event.data
    for registrar in data["registrars"]:
        parse_subject(registrar["org"])
    kids = [
        check_new_key(registrar, case.event, None, case.world, f"/data/registrars/{index}").kid
        for index, registrar in enumerate(data["registrars"])
    ]
    if len(set(kids)) != len(kids):
        case.refuse(
            "KEY_ALREADY_BOUND", expected="different keys", got="one key twice", where="/data/registrars"
        )
    _check_log_keys(case)
    if data["threshold"] > len(kids):
        case.refuse(
            "REGISTRY_QUORUM_UNMET",
            expected=f"at most {len(kids)}",
            got=str(data["threshold"]),
            where="/data/threshold",
        )


def _check_log_keys(case: Case) -> None:
    for index, text in enumerate(case.event.data["log_keys"]):
        where = f"/data/log_keys/{index}"
        try:
            vkey = parse_vkey(text)
        except SigningError as error:
            raise RefusedError(str(error), code=error.code, where=where) from error
        if vkey.name != case.world.origin:
            case.refuse("VERIFIER_KEY_INVALID", expected=case.world.origin, got=vkey.name, where=where)


def log_opened(case: Case) -> None:
    """The log is open, and this is its own chain."""
    log_state(case.world)
    if case.event.sub != f"log:{case.world.origin}":
        case.refuse("WRONG_AUDIENCE", expected=f"log:{case.world.origin}", got=case.event.sub, where="/sub")


def new_log_keys(case: Case) -> None:
    """Other keys than those that sign now (``log.key_changed``), which this version does not follow.

    Raises:
        UndecidedError: Always, of what is not wrong: no checkpoint by other keys is verified here, so no
            ledger records that there will be any.
    """
    _check_log_keys(case)
    if tuple(case.event.data["log_keys"]) == log_state(case.world).log_keys:
        case.refuse(
            "KEY_ALREADY_BOUND", expected="other keys", got="those that sign now", where="/data/log_keys"
        )
    raise UndecidedError(
        "log.key_changed: expected the keys with which the log was opened, got others, which no checkpoint "
        "can be verified with yet; seal the log and open its successor with them",
        code="UNKNOWN_EVENT_VERSION",
        where="/type",
    )


def new_registrars(case: Case) -> None:
    """Whoever is new proves that it has its key; who stays keeps it (``registrar.key_changed``)."""
    data = case.event.data
    known = {key.public.kid: key for key in log_state(case.world).registrars}
    kids = []
    for index, registrar in enumerate(data["registrars"]):
        where = f"/data/registrars/{index}"
        parse_subject(registrar["org"])
        try:
            kid = parse_public_jwk(registrar["jwk"]).kid
        except SigningError as error:
            raise RefusedError(str(error), code=error.code, where=f"{where}/jwk") from error
        if kid in known:
            if known[kid].org != registrar["org"]:
                case.refuse(
                    "KEY_FOREIGN", expected=known[kid].org, got=registrar["org"], where=f"{where}/org"
                )
        elif "possession" not in registrar:
            case.refuse(
                "KEY_NOT_PROVEN", expected="a proof of possession", got="none", where=f"{where}/possession"
            )
        else:
            check_new_key(registrar, case.event, case.head, case.world, where)
        kids.append(kid)
    if len(set(kids)) != len(kids):
        case.refuse(
            "KEY_ALREADY_BOUND", expected="different keys", got="one key twice", where="/data/registrars"
        )
    if data["threshold"] > len(kids):
        case.refuse(
            "REGISTRY_QUORUM_UNMET",
            expected=f"at most {len(kids)}",
            got=str(data["threshold"]),
            where="/data/threshold",
        )


def other_rules(case: Case) -> None:
    """A rule set that is known here, and not the one in force (``log.rules_adopted``)."""
    known_rules(case)
    rules = case.event.data["rules"]
    if (rules["name"], rules["sha256"]) == case.world.rules.id:
        case.refuse(
            "ILLEGAL_TRANSITION",
            expected="another rule set than the one in force",
            got=f"{rules['name']} {rules['sha256']}",
            where="/data/rules",
        )


def all_heads(case: Case) -> None:
    """The root over the heads of all chains is what it says (``log.heads``).

    A world that lacks chains, as that of a bundle of one battery, leaves it unchecked: there it bears on
    nothing.
    """
    heads = case.world.heads()
    if heads is None:
        return
    found = [
        hashlib.sha256(subject.encode()).digest() + seq.to_bytes(8, "big") + parse_b64url(head)
        for subject, seq, head in heads
    ]
    root = root_of([leaf_hash(leaf) for leaf in sorted(found)])
    expected = {"size": case.at.leaf_index, "count": len(found), "root": b64url(root)}
    for name, value in expected.items():
        over = " over their leaves in the order of their bytes" if name == "root" else ""
        if case.event.data[name] != value:
            case.refuse(
                "HEADS_MISMATCH",
                expected=f"{value}{over}",
                got=str(case.event.data[name]),
                where=f"/data/{name}",
            )


def recovered_key(case: Case) -> None:
    """A key for whoever lost its own: ``from`` is ``recovery_delay_days`` after the leaf at the earliest; it
    is always told."""
    data = case.event.data
    key = check_new_key(data, case.event, case.head, case.world, "/data")
    days = case.world.rules.policy.recovery_delay_days
    earliest = later(case.at.recorded_at, timedelta(days=days))
    if parse_time(data["from"], "/data/from") < earliest:
        case.refuse(
            "RECOVERY_TOO_SOON",
            expected=f"{show_time(earliest)} or later, {days} days from now",
            got=data["from"],
            where="/data/from",
        )
    case.remark("KEY_ADDED_BY_REGISTRAR", f"{key.kid} for {case.event.sub}, from {data['from']}")


def known_rules(case: Case) -> None:
    """A rule set that is at hand."""
    rules = case.event.data["rules"]
    case.world.book.find(rules["name"], rules["sha256"])


def chain_absent(case: Case) -> None:
    """The chain has not begun."""
    if case.head is not None:
        case.refuse(
            "ILLEGAL_TRANSITION", expected="a chain that has not begun", got=case.event.sub, where="/type"
        )


def chain_present(case: Case) -> None:
    """The chain has begun."""
    if case.head is None:
        case.refuse(
            "ILLEGAL_TRANSITION",
            expected="an organisation that is enrolled",
            got=case.event.sub,
            where="/sub",
        )


def not_suspended(case: Case) -> None:
    """The organisation is not suspended."""
    if isinstance(case.state, Org) and case.state.suspended:
        case.refuse(
            "ILLEGAL_TRANSITION", expected="an organisation in good standing", got="suspended", where="/type"
        )


def is_suspended(case: Case) -> None:
    """The organisation is suspended."""
    if isinstance(case.state, Org) and not case.state.suspended:
        case.refuse(
            "ILLEGAL_TRANSITION", expected="a suspended organisation", got="one that is not", where="/type"
        )


def vendor_codes_free(case: Case) -> None:
    """No vendor code is another organisation's."""
    for index, code in enumerate(case.event.data.get("vendor_codes", ())):
        holder = case.world.vendor(code)
        if holder not in (None, case.event.sub):
            case.refuse(
                "VENDOR_CODE_TAKEN",
                expected=f"{code} to be nobody's",
                got=f"{code} of {holder}",
                where=f"/data/vendor_codes/{index}",
            )


def new_admin_key(case: Case) -> None:
    """The admin key is sound, nobody's yet, and in the hands of who shows it."""
    check_new_key(case.event.data["admin"], case.event, case.head, case.world, "/data/admin")


def new_key(case: Case) -> None:
    """The key is sound, nobody's yet, in the hands of who shows it, and valid for some time."""
    check_new_key(case.event.data, case.event, case.head, case.world, "/data")
    data = case.event.data
    if (
        "from" in data
        and "until" in data
        and (parse_time(data["from"], "/data/from") >= parse_time(data["until"], "/data/until"))
    ):
        case.refuse(
            "TIME_INVALID", expected=f"a time after {data['from']}", got=data["until"], where="/data/until"
        )


def key_of_org(case: Case) -> None:
    """The key that is revoked belongs to the organisation and is not revoked yet."""
    kid = case.event.data["kid"]
    if "compromised_since" in case.event.data:
        parse_time(
            case.event.data["compromised_since"], "/data/compromised_since"
        )  # whoever lists what it touched reads it later
    name = case.event.sub.partition(":")[2]
    chains = [case.world.chain(f"{kind}:{name}") for kind in ("org", "keys")]
    if not any(key.public.kid == kid for chain in chains if chain for key in keys_in(chain)):
        case.refuse("KEY_UNKNOWN", expected=f"a key of org:{name}", got=kid, where="/data/kid")
    if any(chain and isinstance(chain.state, Org | Keys) and kid in chain.state.revoked for chain in chains):
        case.refuse(
            "KEY_REVOKED_AT_SIGNING",
            expected="a key in force",
            got=f"{kid}, revoked before",
            where="/data/kid",
        )
