"""The life cycle as a page that people read: made from the table and the schemas, so that it can't differ."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import orjson

from ..rules.ruleset import RuleSet
from . import words
from .conditions import CONDITIONS
from .table import IN_USE_BARRED_TO, SELF_REVOKING, Row

_CHAINS: Final = {
    "log": "`log:<origin>`, the log itself · 日志",
    "org": "`org:<scheme>:<id>`, an organisation · 机构",
    "keys": "`keys:<scheme>:<id>`, an organisation's own keys · 机构密钥",
    "model": "`model:<org>/<name>`, a model · 型号",
    "battery": "`battery:<scheme>:<code>`, a pack, module or cell · 电池包、模块、单体",
    "vehicle": "`vehicle:<random>`, a vehicle · 车辆",
    "consignment": "`consignment:<org>/<name>`, what travels together · 运单",
    "batch": "`batch:<org>/<name>`, what is treated together · 处理批次",
    "lot": "`lot:<org>/<name>`, material without a code · 物料批次",
    "notes": "`notes:<subject>`, remarks on a subject · 备注",
}
_RELATIONS: Final = {
    "first": "whoever begins the chain",
    "custodian": "its custodian",
    "consignee": "the consignee of its open offer",
    "nobody": "where nobody holds it",
    "reporter": "who reported it lost",
    "anyone": "any enrolled organisation",
    "dismantler": "who dismantled its parent, in this group",
    "signer": "who signed what is undone",
    "registrar": "a registrar",
    "admin": "the organisation's admin key",
    "owner": "whose id the name carries",
    "receiver": "the consignee",
    "maker": "the maker with the code's vendor code",
    "authority": "an authority of the region",
    "group": "who leads the group",
    "author": "who signed what is corrected",
}
_STAGES: Final = {
    "same": "same",
    "waste": "waste by capacity",
    "intake": "in use: same for dealer and repairer; else waste by capacity",
    "waste_or_same": "waste or lost: waste by capacity; in use: same",
    "declared": "as declared; waste by capacity",
    "before": "that before the event",
    "parent": "the parent's before",
    "restored": "that before it was lost",
    "returned": "waste by capacity if it left as waste, else as declared",
    "remaining": "same while something remains, else charged",
}
_CUSTODY: Final = {
    "same": "same",
    "signer": "signer",
    "nobody": "nobody",
    "none": "none",
    "consignee": "consignee",
    "declared": "signer or nobody",
    "before": "that before",
    "parent": "follows the parent",
    "named": "who is named",
    "remaining": "same, or none",
}
_HOLDS: Final = {"bars": "refused", "passes": "allowed", "flags": "told", "silent": "refused on itself"}
_BARS: Final = {
    "damage": "an incident that no inspection has cleared",
    "contest": "an origin that its maker contests",
    "conflict": "another chain for the same code",
}
_NUMBERS: Final = {
    "offer_least_days": "an offer expires no sooner after its leaf",
    "offer_most_days": "and no later",
    "void_hours": "after its leaf, in which the signer alone may void an event",
    "unseen_labels_a_day": "that one organisation may take in from nobody, by the log's days in UTC",
    "repair_needs_licence": "1 where who opens a pack to repair it needs a licence for that, else 0",
    "recovery_delay_days": "before a key that registrars add for an organisation acts",
    "mass_tolerance_permille": "of what went into a batch, that may stay unexplained",
    "future_tolerance_s": "by which `occurred_at` may be later than the leaf",
    "clock_behind_s": "by which the log's clock may be behind the last entry before it stops",
    "clock_ahead_days": "and ahead of it",
}
"""What each number of the policy is, in its order."""

_HEADER: Final = """\
# The life cycle · 生命周期

`packtrace lifecycle` writes this page from the table and the schemas of rule set `{name}`,
digest `{digest}`. Where a row is silent, the statement is refused.
How a statement is written, signed and sent: [format.md](format.md).

## How to read a row · 读表

- **who** may sign, and the roles of which one must be valid at the leaf. Where a row says *as capacity*,
  `data.capacity` names the role in which the signer acts, and the signer must be enrolled with it. It may be
  another than the one in which it holds the battery, unless a line of the type says which it must be.
- **from** and **to** are stages; **custodian** is who holds it afterwards. *Waste by capacity*: {waste}.
- **offer**: what an open offer does: it *bars* the event, *stays* open, or is *closed* by it. An offer is
  open while `recorded_at < expires_at`.
- **hold**: whether the event is *refused*, *allowed* or *told* while an authority holds the subject, what it
  is in, its batch, its holder or the signer; *refused on itself*: a hold on the subject or on what it is in
  refuses it, one on an organisation or a batch does not.
- **leads**, **follows**: a group. What is led must stand at the next leaves, by the same signer, in the order
  in which `data` names it; a group is one line of a submission, all or nothing. Each follower names its
  leader's event id.
- **joint**: a registrar's act, with as many `data.approvals` as the threshold asks. **can be voided**: by
  its signer within {void_hours} hours, later with the other party's `note.agreed`, or by registrars, newest
  first.
- A battery in use can't be held as {barred}.
  A suspended organisation signs nothing but {revoking}.
- **an authority of the region**: a region covers itself and what lies in it: `CN` all of China, `CN-440000`
  every `CN-44…`, `CN-440300` every `CN-4403…`, `DE` every part of Germany.
- `offer_least_days` and the like are numbers of the policy, which stand below.
- A member of `data` in bold is required; *correctable*: `note.corrected` may give it another value;
  *withheld*: the log has a digest, and whoever may see the value is shown it.
- A remark on a subject stands in a chain of its own, named `notes:` and the subject: `notes:battery:…`,
  `notes:org:…`, likewise of a vehicle, model, consignment, batch or lot.

## Numbers of the policy · 规则数值

| number | value | what |
|---|---|---|
{numbers}
## Stages of a battery · 电池状态

| stage | 中文 | English | phase | EU status | answers for it |
|---|---|---|---|---|---|
"""


def format_document(rules: RuleSet) -> str:
    """The page in Markdown: stages, diagrams, a row for each type, and what each type's ``data`` holds."""
    capacities = ", ".join(
        f"{role} → `{words.waste_stage(role)}`"
        for role in (words.RECYCLER, words.REPURPOSER, words.PACK_DISMANTLER, words.VEHICLE_DISMANTLER)
    )
    parts = [
        _HEADER.format(
            name=rules.name,
            digest=rules.sha256,
            waste=f"{capacities}, every other role → `{words.RETIRED}`",
            void_hours=rules.policy.void_hours,
            numbers="".join(
                f"| `{name}` | {getattr(rules.policy, name)} | {what} |\n" for name, what in _NUMBERS.items()
            ),
            barred=", ".join(IN_USE_BARRED_TO),
            revoking=", ".join(f"`{each}`" for each in SELF_REVOKING),
        )
    ]
    parts += [
        f"| `{stage}` | {told.zh} | {told.en} | {told.phase} | {_eu_status(stage)} | {told.responsible} |\n"
        for stage, told in words.TOLD.items()
    ]
    rows = [row for row in rules.table if row.chain == "battery"]
    parts.append("\n## A battery's way · 电池流转图\n\n" + _diagram(rows, "battery"))
    lots = [row for row in rules.table if row.chain == "lot"]
    parts.append("\n## A lot's way · 物料流转图\n\n" + _diagram(lots, "lot"))
    for chain, title in _CHAINS.items():
        parts.append(f"\n## {title}\n")
        parts.append(_overview([row for row in rules.table if row.chain == chain]))
        parts += [_section(row, rules) for row in rules.table if row.chain == chain]
    return "".join(parts)


def _eu_status(stage: str) -> str:
    """What the passport says of a battery at a stage (Regulation (EU) 2023/1542, Annex XIII, 4(c))."""
    if stage in words.WASTE or stage in (words.DISMANTLED, words.RECYCLED):
        return words.WASTE_STATUS
    if stage in (words.LOST, words.EXPORTED, words.MERGED, words.ABSENT):
        return "as before" if stage != words.ABSENT else "-"
    if stage == words.USED_IN:
        return words.REPURPOSED
    return "original, or as requalified"


def _diagram(rows: Iterable[Row], chain: str) -> str:
    """A state diagram, in the notation that code hosts draw. An edge from or to all stages of a group is
    drawn from or to the group."""
    edges: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row.stage in ("same", "before"):
            continue
        for start, ends in _moves(row):
            for end in ends:
                edges.setdefault((start, end), []).append(row.type.removeprefix(f"{chain}."))
    lines = ["```mermaid", "stateDiagram-v2"]
    if chain == "battery":
        lines += [
            '    state "live · 存续" as standing {',
            *(f'        state "{_GROUP_NAMES[name]}" as {name} {{\n' + "\n".join(
                f'            state "{stage} · {words.TOLD[stage].zh}" as {stage}' for stage in _GROUPS[name]
            ) + "\n        }" for name in ("in_use", "waste")),
            "    }",
        ]  # fmt: skip
    drawn = {stage for group in _GROUPS.values() for stage in group} if chain == "battery" else set()
    for stage in dict.fromkeys(stage for edge in edges for stage in edge):
        if stage not in (words.ABSENT, *_GROUPS) and stage not in drawn:
            told = words.TOLD.get(stage)
            lines.append(f'    state "{stage}{" · " + told.zh if told else ""}" as {stage}')
    for (start, end), types in edges.items():
        left = "[*]" if start == words.ABSENT else start
        lines.append(f"    {left} --> {end}: {', '.join(dict.fromkeys(types))}")
    return "\n".join([*lines, "```", ""])


_LOOSE_IN_USE: Final = tuple(stage for stage in words.IN_USE if stage != words.IN_PACK)
_GROUPS: Final = {
    "standing": (*_LOOSE_IN_USE, *words.WASTE),
    "in_use": _LOOSE_IN_USE,
    "waste": words.WASTE,
}
_GROUP_NAMES: Final = {"in_use": "in use · 使用中", "waste": "waste by capacity · 废旧（按身份）"}


def _moves(row: Row) -> Iterator[tuple[str, tuple[str, ...]]]:
    """From which stage or group to which a row leads; what stays where it is is left out."""
    ends: dict[tuple[str, ...], list[str]] = {}
    for start in row.stages:
        ends_here = _ends(row, start)
        if set(ends_here) == set(words.WASTE) and start in words.WASTE:
            continue  # From one waste stage to another, by the capacity: the group's name says so.
        moved = tuple(_grouped(stage for stage in ends_here if stage != start))
        ends.setdefault(moved, []).append(start)
    for moved, starts in ends.items():
        for start in _grouped(starts):
            yield start, moved


def _grouped(stages: Iterable[str]) -> list[str]:
    """The stages, with whole groups in place of their members."""
    left = list(stages)
    for name, members in _GROUPS.items():
        if set(members) <= set(left):
            left = [name, *(stage for stage in left if stage not in members)]
    return left


def _ends(row: Row, start: str) -> tuple[str, ...]:
    """The stages to which a row leads from one."""
    match row.stage:
        case "waste" | "parent":
            return words.WASTE
        case "waste_or_same":
            return words.WASTE if start in (*words.WASTE, words.LOST) else (start,)
        case "intake":
            return (start, *words.WASTE) if start in words.IN_USE else words.WASTE
        case "declared":
            return (*_LOOSE_IN_USE, *words.WASTE)
        case "restored":
            return (*_LOOSE_IN_USE, *words.WASTE)
        case "returned":
            return (words.REMOVED, words.IN_VEHICLE, *words.WASTE)
        case "remaining":
            return (words.HELD, words.CHARGED)
        case stage:
            return (stage,)


def _overview(rows: Iterable[Row]) -> str:
    lines = ["", "| type | 中文 | who | from | to | custodian |", "|---|---|---|---|---|---|"]
    for row in rows:
        stage = _STAGES.get(row.stage, f"`{row.stage}`") if row.stages else "-"
        custody = _CUSTODY[row.custody] if row.stages else "-"
        who = "; ".join(_who(row))
        lines.append(f"| `{row.type}` | {row.zh} | {who} | {_from(row)} | {stage} | {custody} |")
    return "\n".join([*lines, ""])


def _who(row: Row) -> Iterator[str]:
    for by in row.by:
        roles = f" ({', '.join(by.roles)})" if by.roles else ""
        yield _RELATIONS[by.relation] + (" (any custodial role)" if by.roles == words.CUSTODIAL else roles)


def _from(row: Row) -> str:
    for name, group in (("any", words.STAGES), ("any live", words.LIVE), ("any", words.LOT_STAGES)):
        if row.stages == group:
            return name
    return ", ".join(f"`{stage}`" if stage != words.ABSENT else "no record" for stage in row.stages) or "-"


def _section(row: Row, rules: RuleSet) -> str:
    """Everything about one type: what the overview leaves out, what else is asked, and its members."""
    others = [each.chain for each in rules.table if each.type == row.type and each.chain != row.chain]
    if others and row.chain == "lot":
        return ""  # Told where batteries are.
    facts = [f"offer {row.offer}"] if row.stages else []
    if row.chain in ("battery", "lot", "batch"):
        facts.append(f"hold: {_HOLDS[row.hold]}")
    facts += ["as capacity"] if row.acts_as else []
    facts += [f"licence for `{row.licence}`"] if row.licence else []
    facts += [f"leads {_types(row.leads)}"] if row.leads else []
    facts += [f"follows {_types(row.follows)}"] if row.follows else []
    facts += ["joint"] if row.joint else []
    facts += ["can be voided"] if row.voidable else []
    facts += ["also of lots"] if others else []
    lines = ["", f"### `{row.type}` · {row.zh} · {row.en}", ""]
    lines += [f"{'; '.join(facts)}.", ""] if facts else []
    lines += [f"- Barred by {_BARS[bar]}." for bar in row.bars]
    lines += [f"- {_sentence(CONDITIONS[name].__doc__ or name)}" for name in row.also if name in CONDITIONS]
    schema: dict[str, Any] = orjson.loads(rules.shapes.sources[row.type])["properties"]["data"]
    if schema["properties"]:
        lines += ["", "| member of `data` | what |", "|---|---|", *_members(schema)]
    return "\n".join([*lines, ""])


def _types(types: Iterable[str]) -> str:
    return " or ".join(f"`{each}`" for each in types)


def _sentence(docstring: str) -> str:
    """The first paragraph of a docstring as one line of Markdown."""
    return re.sub(r"``?([^`]+)``?", r"`\1`", " ".join(docstring.split("\n\n")[0].split()))


def _members(schema: Mapping[str, Any], path: str = "", optional: bool = False) -> Iterator[str]:
    """One line a member, those of nested objects with their path."""
    needed = schema.get("required", ())
    for name, member in schema["properties"].items():
        must = name in needed and not optional
        here = f"{path}{name}"
        yield f"| {'**' if must else ''}`{here}`{'**' if must else ''} | {_says(member)} |"
        inner, step = (member.get("items", {}), "[].") if member.get("type") == "array" else (member, ".")
        if inner.get("type") == "object" and "x-disclosed" not in member:
            yield from _members(inner, here + step, optional or not must)


def _says(member: Mapping[str, Any]) -> str:
    """What a member is, in words."""
    remarks = []
    if "x-correctable" in member:
        remarks.append("correctable")
    if "x-disclosed" in member:
        return f"withheld: {_says(member['x-disclosed'])}"
    match member:
        case {"const": constant}:
            what = f"`{constant}`"
        case {"enum": options}:
            what = ", ".join(f"`{option}`" for option in options)
        case {"type": "array", "items": items}:
            of = "objects" if items.get("type") == "object" else f"each: {_says(items)}"
            what = f"{member['minItems']} to {member['maxItems']}; {of}"
        case {"type": "object"}:
            what = "object"
        case {"type": "integer"}:
            what = f"integer, {member['minimum']} to {member['maximum']}"
        case {"type": "boolean"}:
            what = "`true` or `false`"
        case {"description": description}:
            what = str(description).replace("|", "\\|")
        case _:
            what = f"text of {member['minLength']} to {member['maxLength']} characters"
    return "; ".join([what, *remarks])
