"""`packtrace rules` makes a rule set that the log can adopt."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from packtrace.tests.ledger.node import Node, append_one
from packtrace.tests.scene import Scene
from packtrace.tests.trace.test_log_chain import INSTALLED, adopted, other_rules
from packtrace.trace.cli.main import main
from packtrace.trace.ledger.home import Home

RULES = other_rules(void_hours=1)


def run(home: Path, *args: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["--home", str(home), "rules", *args])
    return result.exit_code, result.output


def test_a_rule_set_made_by_command_is_adopted_and_shown(tmp_path: Path) -> None:
    node = Node(Home.create(tmp_path / "home", Scene().origin))
    ledger = node.create()
    policy = tmp_path / "policy.json"
    policy.write_bytes(RULES.parts["policy.json"])
    assert run(node.home.path, "with", "--name", RULES.name, "--policy", str(policy)) == (
        0,
        f"{RULES.name} {RULES.sha256}\n",
    )
    assert append_one(ledger, adopted(node.scene, RULES)).status == "accepted"
    node.close()
    shown = f"{' '.join(INSTALLED.id)} (installed)\n{' '.join(RULES.id)} (in force)\n"
    assert run(node.home.path, "show") == (0, shown)


def test_no_rule_set_is_made_of_a_policy_that_lacks_a_number(tmp_path: Path) -> None:
    node = Node(Home.create(tmp_path / "home", Scene().origin))
    node.create()
    node.close()
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps({"version": 1, "values": {}}), encoding="utf-8")
    code, _ = run(node.home.path, "with", "--name", "x", "--policy", str(policy))
    assert code != 0
    assert not (node.home.path / "rules").exists()
