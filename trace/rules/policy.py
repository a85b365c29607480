"""The numbers that a rule set sets: data, each with where it comes from and whether that is confirmed."""

from __future__ import annotations

from dataclasses import dataclass, fields
from importlib.resources import files
from typing import Any, Final, Literal, cast

import orjson

from ..errors import TraceError
from .problems import describe

Mark = Literal["confirmed", "assumed"]

MARKS: Final = ("confirmed", "assumed")
VERSION: Final = 1
MAX_VALUE: Final = 1_000_000
"""Of a number of any unit: a hundred years in hours; beyond that, sums with a date have no result."""


class PolicyError(TraceError):
    """The policy file is not one that this version reads."""

    code = "POLICY_INVALID"

    def __init__(self, *, expected: str, got: str, where: str) -> None:
        super().__init__(f"policy: expected {expected}, got {got}, at {where}", where=where)
        self.expected = expected
        self.got = got


@dataclass(frozen=True, slots=True)
class Source:
    """Where a number of the policy comes from."""

    name: str
    mark: Mark  # assumed: chosen here, nobody with authority has said so
    text: str


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers in force, with their units in the names."""

    offer_least_days: int  # an offer expires no sooner after its leaf
    offer_most_days: int  # and no later
    void_hours: int  # in which the signer alone may void an event, from its leaf
    unseen_labels_a_day: int  # that one organisation may take in from nobody, by the log's days in UTC
    repair_needs_licence: int  # 1 where who opens a pack to repair it needs a licence for that, else 0
    recovery_delay_days: int  # before a key that registrars add for an organisation acts
    mass_tolerance_permille: int  # of what went into a batch, that may stay unexplained
    future_tolerance_s: int  # by which occurred_at may be later than the leaf
    clock_behind_s: int  # by which the log's clock may be behind the last entry before the writer stops
    clock_ahead_days: int  # by which it may be ahead
    sources: tuple[Source, ...] = ()


def parse_policy(source: bytes) -> Policy:
    """Parse a policy file: every number there, none besides, none negative or beyond `MAX_VALUE`.

    Raises:
        PolicyError: Anything else.
    """
    try:
        document: Any = orjson.loads(source)
    except orjson.JSONDecodeError as error:
        raise PolicyError(expected="JSON", got=str(error), where="the whole file") from error
    members = set(document) if isinstance(document, dict) else set()
    if members != {"version", "values"} or document["version"] != VERSION:
        raise PolicyError(
            expected=f"version {VERSION} and values", got=describe(document), where="the whole file"
        )
    values = document["values"]
    names = [field.name for field in fields(Policy) if field.name != "sources"]
    if not isinstance(values, dict) or sorted(values) != sorted(names):
        raise PolicyError(expected=", ".join(names), got=describe(values), where="/values")
    sources = tuple(_source(name, values[name]) for name in names)
    policy = Policy(**{name: values[name]["value"] for name in names}, sources=sources)
    if policy.offer_least_days > policy.offer_most_days:
        raise PolicyError(
            expected=f"at most {policy.offer_most_days}",
            got=str(policy.offer_least_days),
            where="/values/offer_least_days",
        )
    return policy


def load_policy_source() -> bytes:
    """The policy file that is installed with this package, as it is hashed into the rule set."""
    return (files(__package__) / "policy.json").read_bytes()


def _source(name: str, entry: Any) -> Source:
    """Check one number with its mark and source."""
    where = f"/values/{name}"
    if not isinstance(entry, dict) or set(entry) != {"value", "mark", "source"}:
        raise PolicyError(expected="value, mark and source", got=describe(entry), where=where)
    value, mark, text = entry["value"], entry["mark"], entry["source"]
    if type(value) is not int or not 0 <= value <= MAX_VALUE:
        expected = f"an integer from 0 to {MAX_VALUE}"
        raise PolicyError(expected=expected, got=describe(value), where=f"{where}/value")
    if mark not in MARKS:
        raise PolicyError(expected=" or ".join(MARKS), got=describe(mark), where=f"{where}/mark")
    if not isinstance(text, str) or not text:
        raise PolicyError(expected="a text", got=describe(text), where=f"{where}/source")
    return Source(name, cast(Mark, mark), text)
