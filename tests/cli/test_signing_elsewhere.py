"""The program of docs/format.md signs what the log accepts, with nothing of ours."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from packtrace.signing.keyfile import save_private_key
from packtrace.tests.cli.command import call, call_well
from packtrace.tests.cli.conftest import CODE
from packtrace.tests.scene import Scene

PAGE = (Path(__file__).parents[2] / "docs" / "format.md").read_text(encoding="utf-8")


def program() -> str:
    """The program as the page shows it."""
    section = PAGE.partition("### 3.4 ")[2].partition("\n## ")[0]
    (found,) = re.findall(r"^```python\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    return str(found)


def signed_elsewhere(shown: str, iss: str, folder: Path) -> str:
    """What the program prints when it is run by itself."""
    (folder / "inspect_pack.py").write_text(program(), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning", "inspect_pack.py", "key.pem", iss],
        cwd=folder,
        input=shown,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_program_of_the_page_signs_what_the_log_accepts(home: Path, scene: Scene, tmp_path: Path) -> None:
    assert "packtrace." not in program() and "import packtrace" not in program()
    save_private_key(tmp_path / "key.pem", scene.maker.key, passphrase=None)
    shown = call_well("show", CODE, "--json", "--home", home)
    first, late = (signed_elsewhere(shown, scene.maker.org, tmp_path) for _ in range(2))
    assert ": accepted at leaf" in call_well("submit", "--home", home, stdin=first)
    assert "refused PLACE_TAKEN" in call("submit", "--home", home, stdin=late).stdout
