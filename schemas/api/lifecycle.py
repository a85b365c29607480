"""Body of the life cycle: stages, roles, and which statement may follow where."""

from __future__ import annotations

from marshmallow import Schema, fields

from .statements import RulesBody


class LifecycleStageBody(Schema):
    """A stage of a battery, for people."""

    stage = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    phase = fields.String(required=True, metadata={"description": "Where in its life the battery is."})
    responsible = fields.String(required=True, metadata={"description": "Who answers for it."})


class LifecycleRoleBody(Schema):
    """A role. What is waste has the stage of the capacity in which its custodian holds it."""

    role = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    custodial = fields.Boolean(required=True, metadata={"description": "Whether it can hold a battery."})
    waste_stage = fields.String(metadata={"description": "Of what it holds as waste."})


class SignerBody(Schema):
    """Who may sign: how they stand to the subject, and the roles of which one must be valid, if any."""

    relation = fields.String(required=True)
    roles = fields.List(fields.String(), required=True)


class LifecycleRowBody(Schema):
    """A row of the table, with its columns as `docs/format.md` explains them."""

    type = fields.String(required=True)
    chain = fields.String(required=True, metadata={"description": "Kind of chain that it extends."})
    by = fields.List(fields.Nested(SignerBody), required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    stages = fields.List(fields.String(), required=True, metadata={"description": "From which."})
    stage = fields.String(required=True, metadata={"description": "After it."})
    custody = fields.String(required=True, metadata={"description": "After it."})
    offer = fields.String(required=True, metadata={"enum": ["bars", "stays", "closed"]})
    hold = fields.String(required=True, metadata={"enum": ["bars", "passes", "flags", "silent"]})
    bars = fields.List(fields.String(), required=True, metadata={"description": "What is settled first."})
    licence = fields.String(required=True, metadata={"description": "Scope that a licence must name."})
    acts_as = fields.Boolean(required=True, metadata={"description": "`capacity` names the signer's role."})
    leads = fields.List(fields.String(), required=True)
    follows = fields.List(fields.String(), required=True)
    joint = fields.Boolean(required=True, metadata={"description": "Carries approvals of registrars."})
    voidable = fields.Boolean(required=True)
    also = fields.List(
        fields.String(), required=True, metadata={"description": "Checks that no column says, by name."}
    )


class LifecycleBody(Schema):
    """The table by which this node judges, for programs that tell people what comes next."""

    rules = fields.Nested(RulesBody, required=True)
    stages = fields.List(fields.Nested(LifecycleStageBody), required=True)
    roles = fields.List(fields.Nested(LifecycleRoleBody), required=True)
    in_use = fields.List(fields.String(), required=True)
    waste = fields.List(fields.String(), required=True)
    ended = fields.List(fields.String(), required=True, metadata={"description": "Of batteries and lots."})
    in_use_barred_to = fields.List(
        fields.String(), required=True, metadata={"description": "Capacities that hold nothing in use."}
    )
    unsafe = fields.List(
        fields.String(), required=True, metadata={"description": "Conditions that bar use until cleared."}
    )
    clearers = fields.List(
        fields.String(), required=True, metadata={"description": "Roles that can clear damage."}
    )
    rows = fields.List(fields.Nested(LifecycleRowBody), required=True)
    policy = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata={"description": "The rule set's numbers, with their units in the names."},
    )
