"""What a state was, told by what it became: most of a state stays, so that this is a tenth of it.

An audit keeps the state before every event that may still be undone. Here that is a list: the number of each
member that changed and what it was; of a tuple, how much of both ends stayed and what stood between.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar, cast, get_args

from msgspec import Struct, convert
from msgspec.structs import FieldInfo, astuple, fields, replace

from .encoding import decode_part
from .state import KINDS, Facts, State

_S = TypeVar("_S", bound=Struct)

_MEMBERS: Final[dict[type[Struct], tuple[FieldInfo, ...]]] = {
    kind: fields(kind) for kind in (*KINDS.values(), Facts)
}


def difference_to(before: State | None, after: State | None) -> list[Any] | None:
    """What is to be kept of the state before an event, given the one after it.

    Returns:
        Values that MessagePack holds, but for keys, which `encoding.encode_part` writes. None if there was no
        state before.
    """
    return None if before is None else _changes(before, cast(State, after))  # None is left by a void alone


def before_of(after: State | None, difference: Sequence[Any] | None) -> State | None:
    """The state before an event, given the one after it: inverse of `difference_to`."""
    return None if difference is None else _undo(cast(State, after), difference)


def _changes(before: Struct, after: Struct) -> list[Any]:
    """Number and former value of each member that changed, one after the other."""
    now = astuple(after)
    changes: list[Any] = []
    number = 0
    for value in astuple(before):
        if value is not now[number]:
            if type(value) is tuple:
                value = _cut(value, now[number])
            elif type(value) is Facts:
                value = _changes(value, now[number])
            changes.append(number)
            changes.append(value)
        number += 1  # noqa: SIM113 -- for every member of every event of an audit
    return changes


def _cut(before: tuple[Any, ...], after: tuple[Any, ...]) -> tuple[int, int, tuple[Any, ...]]:
    """How many elements both begin with, with how many more both end, and what stood between."""
    most = min(len(before), len(after))
    start = next((at for at in range(most) if before[at] != after[at]), most)
    most -= start
    end = next((at for at in range(most) if before[-1 - at] != after[-1 - at]), most)
    return start, end, before[start : len(before) - end]


def _undo(after: _S, changes: Sequence[Any]) -> _S:
    was: dict[str, Any] = {}
    for number, value in zip(changes[::2], changes[1::2], strict=True):
        member = _MEMBERS[type(after)][number]
        now = getattr(after, member.name)
        if type(now) is tuple:
            start, end, between = value
            elements: Any = tuple[get_args(member.type)[0], ...]  # type: ignore[misc]
            between = convert(between, elements, dec_hook=decode_part)
            was[member.name] = now[:start] + between + now[len(now) - end :]
        elif type(now) is Facts:
            was[member.name] = _undo(now, value)
        else:
            was[member.name] = convert(value, member.type, dec_hook=decode_part)
    return replace(after, **was)
