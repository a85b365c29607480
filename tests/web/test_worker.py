"""The service worker's script names what a device keeps: each file of one version, a shell for each page."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest

from packtrace.tests.web.conftest import Served
from packtrace.web.pages.files import names, version_of_all
from packtrace.web.pages.worker import rule_of
from packtrace.web.pages.yard import SHELLS, Shell


@pytest.fixture
def build(served: Served) -> dict[str, Any]:
    answer = served.client.get("/sw.js")
    assert answer.content_type.startswith("text/javascript") and answer.headers["Cache-Control"] == "no-cache"
    found = re.search(rb"serve\(self, (.*)\);", answer.data)
    assert found
    said: dict[str, Any] = orjson.loads(found[1])
    return said


def test_every_file_is_kept_under_an_address_that_is_for_ever(served: Served, build: dict[str, Any]) -> None:
    assert set(names()) - set(build["files"]) == {"docs.css"}
    for name in build["files"]:
        answer = served.client.get(f"/static/{build['version']}/{name}")
        assert answer.status_code == 200 and "immutable" in answer.headers["Cache-Control"]


def test_every_page_is_kept_in_both_languages_and_names_the_same_version(
    served: Served, build: dict[str, Any]
) -> None:
    assert build["languages"] == ["zh", "en"] and len(build["shells"]) == len(SHELLS)
    for shell in build["shells"]:
        for language in build["languages"]:
            answer = served.client.get(f"{shell['path']}?lang={language}")
            assert answer.status_code == 200, shell
            assert set(re.findall(r"/static/([0-9a-f]+)/", answer.text)) == {version_of_all()}


@pytest.mark.parametrize(
    ("path", "shell"),
    [
        ("/scan", "scan"),
        ("/batteries/04QPB76836300JBC40000903", "timeline"),
        ("/batteries/battery:tag:uscc:91440300MA5000002N/a/b", "timeline"),
        ("/consignments/uscc:91440300MA5000002N/7", "consignment"),
        ("/scanner", None),
        ("/scan/x", None),
        ("/batteries/", None),
        ("/api/v1/batteries/04QPB76836300JBC40000903", None),
        ("/p/04QPB76836300JBC40000903", None),
        ("/", None),
    ],
)
def test_an_address_has_the_shell_that_the_node_answers_it_with(path: str, shell: str | None) -> None:
    assert [each.name for each in SHELLS if re.search(rule_of(each), path)] == ([shell] if shell else [])


def test_a_rule_keeps_apart_what_is_one_part_of_an_address_and_what_is_many() -> None:
    rule = rule_of(Shell("x", "/a/<one>/b/<path:many>"))
    assert re.search(rule, "/a/1/b/2/3") and not re.search(rule, "/a/1/2/b/3")
