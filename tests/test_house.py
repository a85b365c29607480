"""The house rules that a machine can see: who imports whom, what is packed, what has no place in the tree."""

from __future__ import annotations

import ast
import functools
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FOLDERS = ("signing", "trace", "schemas", "web", "sample_batches")

# What each folder may import beside itself and the standard library (DESIGN of the layout, README "Layout").
ALLOWED = {
    "signing": {"cryptography", "msgspec", "nacl", "orjson"},
    "trace": {"packtrace.signing", "jsonschema_rs", "msgspec", "orjson", "stdnum"},
    "schemas": {"packtrace.signing", "packtrace.trace", "jsonschema_rs", "marshmallow", "orjson"},
    "web": {"*"},
    # A script that writes data; its library for reproducible signatures is one of the tests'.
    "sample_batches": {"packtrace.signing", "packtrace.trace", "cryptography", "dilithium_py"}
    | {"orjson", "stdnum"},
}
# Edges: where the world is touched. First match wins; the core must not import an edge.
EDGES = {
    "trace/cli/*": {"*"},
    "trace/store/*": {"sqlmodel", "sqlalchemy", "alembic", "filelock", "psycopg"},
    # Symbols and print are for the command and the pages; the core knows addresses and digests alone.
    "trace/labels/*": {"qrcode", "fpdf", "PIL"},
    "trace/ledger/*": {"sqlmodel", "sqlalchemy", "alembic", "filelock", "psycopg"},
    "trace/filing/*": {"sqlalchemy"},
    "trace/workbook/*": {"openpyxl"},  # as with labels
    "trace/verify/*source*": {"psycopg"},  # imported when a PostgreSQL database is verified, not before
}
# What the root hands on, and imports when somebody asks for it.
HANDED_ON = "packtrace.web.client"
# Where files are read and written: keys, bundles, what a verifier is handed, and data that the wheel carries.
FILE_EDGES = (
    *("signing/keyfile.py", "signing/log_key.py"),
    *("trace/bundle/*", "trace/verify/*source*"),
    *("trace/rules/policy.py", "trace/rules/shapes.py"),
)
# The verifier is installed where neither a web server nor a database is, and must start quickly.
VERIFIER = ("packtrace.trace.verify", "packtrace.trace.bundle")
NOT_IN_VERIFIER = {"alembic", "flask", "marshmallow", "sqlalchemy", "sqlmodel"}
# The core takes time, randomness and keys as arguments; it opens no connection and logs nothing.
NOT_IN_CORE = {"asyncio", "logging", "random", "socket", "sqlite3", "subprocess", "time", "urllib.request"}


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement: the module that has it, and the absolute name of what it takes."""

    path: str  # of the module, from the root
    module: str
    target: str
    line: int
    absolute: bool

    def __str__(self) -> str:
        return f"{self.path}:{self.line} imports {self.target}"


def module_name(path: Path) -> str:
    parts = ["packtrace", *path.relative_to(ROOT).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def modules() -> dict[str, Path]:
    """Every module of the package, by its absolute name."""
    found = [ROOT / "__init__.py"]
    for folder in FOLDERS:
        found += (ROOT / folder).rglob("*.py")
    return {module_name(path): path for path in found if "node_modules" not in path.parts}


def imports_of(source: str, path: str, module: str, *, package: bool) -> Iterator[Import]:
    """Every import in `source`, relative ones resolved; under TYPE_CHECKING and in functions, too."""
    for node in ast.walk(ast.parse(source, path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(path, module, alias.name, node.lineno, absolute=True)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = module.split(".")
                above = above[: len(above) - node.level + (1 if package else 0)]
                base = ".".join([*above, *filter(None, [base])])
            for alias in node.names:
                # `from ..trace import errors` takes a module, `from ..trace.errors import X` a name in one.
                target = f"{base}.{alias.name}"
                target = target if target in modules() else base
                yield Import(path, module, target, node.lineno, absolute=not node.level)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("__import__", "import_module")):
            yield Import(path, module, "a name computed at run time", node.lineno, absolute=True)


@functools.cache
def all_imports() -> tuple[Import, ...]:
    found: list[Import] = []
    for module, path in modules().items():
        source = path.read_text(encoding="utf-8")
        name = path.relative_to(ROOT).as_posix()
        found += imports_of(source, name, module, package=path.name == "__init__.py")
    return tuple(found)


def is_edge(path: str) -> bool:
    return any(fnmatch(path, pattern) for pattern in EDGES)


def is_in(target: str, names: set[str]) -> bool:
    return "*" in names or any(target == name or target.startswith(name + ".") for name in names)


def broken_rule(found: Import) -> str | None:
    """Which rule of the table the import breaks, if any."""
    folder = found.path.partition("/")[0]
    if folder not in ALLOWED:  # the root's own __init__.py
        ours = found.target.startswith("packtrace") and found.target != HANDED_ON
        return f"the root imports nothing but {HANDED_ON}" if ours else None
    top = found.target.partition(".")[0]
    if top == "packtrace" and found.absolute:
        return "folders import each other relatively"
    if found.target == "packtrace" or found.target.startswith(f"packtrace.{folder}"):
        target = modules().get(found.target)
        inside_edge = target is not None and is_edge(target.relative_to(ROOT).as_posix())
        return "the core does not import its edges" if inside_edge and not is_edge(found.path) else None
    if top in sys.stdlib_module_names:
        core = folder in ("signing", "trace") and not is_edge(found.path)
        return "the core has no clock, network or log" if core and is_in(found.target, NOT_IN_CORE) else None
    allowed = set(ALLOWED[folder])
    for pattern, more in EDGES.items():
        if fnmatch(found.path, pattern):
            allowed |= more
    return None if is_in(found.target, allowed) else f"{folder} does not import it"


def test_every_import_is_in_the_table() -> None:
    assert len(all_imports()) > 20
    broken = [f"{found}: {rule}" for found in all_imports() if (rule := broken_rule(found))]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("signing/forged.py", "from ..trace import errors"),
        ("signing/forged.py", "from ..trace.errors import TraceError"),
        ("signing/forged.py", "import marshmallow"),
        ("signing/deep/forged.py", "from ...trace.errors import TraceError"),
        ("signing/forged.py", "import time"),
        ("trace/codes/forged.py", "import packtrace.signing.errors"),
        ("trace/codes/forged.py", "from packtrace.trace import errors"),
        ("trace/codes/forged.py", "from ...schemas import fields"),
        ("trace/codes/forged.py", "from ... import web"),
        ("trace/codes/forged.py", "def f():\n    import sqlalchemy.orm"),
        ("trace/codes/forged.py", "if TYPE_CHECKING:\n    from flask import Flask"),
        ("trace/codes/forged.py", "import importlib\nimportlib.import_module('flask')"),
        ("schemas/forged.py", "from ..web import app"),
        ("schemas/forged.py", "import flask"),
        ("trace/store/forged.py", "import flask"),
        ("__init__.py", "from packtrace.trace import errors"),
        ("__init__.py", "from packtrace.web import app"),
    ],
)
def test_import_against_the_table_is_noticed(path: str, line: str) -> None:
    found = list(imports_of(line, path, module_name(ROOT / path), package=False))
    assert any(broken_rule(one) for one in found)


def test_the_root_imports_the_client_only_when_it_is_asked_for() -> None:
    root = ast.parse((ROOT / "__init__.py").read_text(encoding="utf-8"))
    at_once = [node for node in root.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert {ast.unparse(node).split()[1] for node in at_once} <= {"__future__", "typing"}


def test_verifier_reaches_neither_web_server_nor_database() -> None:
    """Through whatever it imports: a module that it needs brings its own imports along."""
    reached = {name for name in modules() if name.startswith(VERIFIER)}
    queue = sorted(reached)
    while queue:
        module = queue.pop()
        for found in (one for one in all_imports() if one.module == module):
            assert not is_in(found.target, NOT_IN_VERIFIER), f"{found}, which the verifier reaches"
            if found.target in modules() and found.target not in reached:
                reached.add(found.target)
                queue.append(found.target)


def calls_of(source: str, *names: str) -> list[str]:
    """Calls in `source` of a function or method with one of the names."""
    calls = (ast.unparse(node.func) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [call for call in calls if call.rpartition(".")[2] in names]


def core_calls(*names: str, except_in: tuple[str, ...] = ()) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}: {call}"
        for name, path in modules().items()
        if name.startswith(("packtrace.signing", "packtrace.trace"))
        and not is_edge(path.relative_to(ROOT).as_posix())
        and not any(fnmatch(path.relative_to(ROOT).as_posix(), pattern) for pattern in except_in)
        for call in calls_of(path.read_text(encoding="utf-8"), *names)
    ]


def test_core_reads_no_clock() -> None:
    assert not core_calls("now", "utcnow", "today")
    assert calls_of("datetime.now(tz=UTC)\ndate.today()", "now", "today") == ["datetime.now", "date.today"]


def test_core_opens_no_file() -> None:
    assert not core_calls("open", "read_bytes", "write_bytes", "write_text", except_in=FILE_EDGES)
    assert calls_of("open(path)\npath.open()\nreopen()", "open") == ["open", "path.open"]


def test_every_package_is_listed() -> None:
    """A folder that is not listed is missing from the wheel, though an editable install has it."""
    listed = PYPROJECT["tool"]["setuptools"]["packages"]
    present = sorted(name for name, path in modules().items() if path.name == "__init__.py")
    assert sorted(listed) == present
    for name, path in modules().items():
        assert (path.parent / "__init__.py").is_file(), f"{name} lies in a folder without __init__.py"


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout: what is tracked is not known")
    return [ROOT / name for name in done.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def test_every_data_file_of_the_package_is_packed() -> None:
    listed = PYPROJECT["tool"]["setuptools"]["package-data"]
    packed = {
        path
        for package, patterns in listed.items()
        for pattern in patterns
        for path in ROOT.joinpath(*package.split(".")[1:]).glob(pattern)
    }
    data = [
        path
        for path in tracked()
        if path.relative_to(ROOT).parts[0] in FOLDERS
        and path.suffix not in (".py", ".md", ".po", ".pot")
        and path.parent != ROOT / "web" / "vendor"  # what npm is told; what it fetches is packed
    ]
    missing = [str(path.relative_to(ROOT)) for path in data if path not in packed]
    assert not missing, f"no pattern of package-data in pyproject.toml covers {missing}"


# Put together here, so that this file does not hold what it looks for.
OF_MACHINES = "|".join(("work", "root", "Users", "farm"))
MACHINE_PATHS = re.compile(rf"(?<![\w.}}>:/-])/(?:(?:{OF_MACHINES})/[\w.]|home/[a-z])")
REGISTRIES = re.compile(
    "|".join(
        re.escape(".".join(parts))
        for parts in (
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("registry", "npmjs", "org"),
            ("registry", "yarnpkg", "com"),
            ("proxy", "golang", "org"),
        )
    )
)


def test_nothing_that_npm_fetches_is_in_the_repository() -> None:
    names = [path.relative_to(ROOT) for path in tracked()]
    fetched = ("node_modules", "web/static/vendor")
    assert [name for name in names if name.suffix == ".wasm"] == []
    assert [name for name in names if name.as_posix().startswith(fetched)] == []


def test_no_path_of_a_machine_and_no_registry_is_in_the_tree() -> None:
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for pattern in (MACHINE_PATHS, REGISTRIES):
            found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in pattern.finditer(text)]
    assert not found, found


def test_machine_paths_and_registries_would_be_noticed() -> None:
    assert MACHINE_PATHS.search("see " + "/wo" + "rk/main")
    assert MACHINE_PATHS.search("'" + "/ho" + "me/someone")
    assert not MACHINE_PATHS.search("https://node.example/" + "work/1")
    assert REGISTRIES.search("--index-url https://py" + "pi.org/simple")


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock"])
def test_lock_file_has_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="ascii")
    assert "://" not in text
    assert not re.search(r"^\s*-(?!-hash=)", text, re.MULTILINE), "an option other than a hash"
    pin = r"^([a-z0-9][a-z0-9-]*)(?:\[[^\]]*\])?==\S+(?: ;[^\\\n]*)? \\\n    --hash="
    pins = re.findall(pin, text, re.MULTILINE)
    starts = re.findall(r"^[^\s#].*", text, re.MULTILINE)
    assert len(pins) == len(starts) > 20, set(starts)
    wanted = PYPROJECT["project"]["dependencies"] + PYPROJECT["dependency-groups"]["build"]
    if "test" in name:
        wanted = wanted + PYPROJECT["project"]["optional-dependencies"]["test"]
    for requirement in wanted:
        project = re.split(r"[^\w-]", requirement, maxsplit=1)[0].lower().replace("_", "-")
        assert project in pins, f"{name} lacks {project}: run make lock"


def test_test_lock_has_the_versions_of_the_other() -> None:
    pins = [
        set(re.findall(r"^[a-z0-9-]+==\S+", (ROOT / name).read_text(encoding="ascii"), re.MULTILINE))
        for name in ("requirements.lock", "requirements-test.lock")
    ]
    assert pins[0] <= pins[1], pins[0] - pins[1]


def run_elsewhere(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder that has nothing of ours, with the environment that tests run in."""
    env = os.environ | {"NO_COLOR": "1", "PYTHONWARNINGS": "error"}
    env.pop("PYTHONPATH", None)
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=60
    )


def test_standard_library_keeps_its_trace(tmp_path: Path) -> None:
    code = "import packtrace.trace.errors, trace; print(trace.__file__, trace.Trace.__module__)"
    done = run_elsewhere(tmp_path, sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr
    file, module = done.stdout.rsplit(maxsplit=1)
    assert module == "trace"
    assert not Path(file).is_relative_to(ROOT / "trace")


def test_every_module_is_imported_from_another_folder(tmp_path: Path) -> None:
    """An import that works only in the root, or only after another one, fails here."""
    names = sorted(name for name in modules() if "migrations" not in name)
    code = f"import importlib\nfor name in {names!r}:\n    importlib.import_module(name)"
    done = run_elsewhere(tmp_path, sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr


def test_changelog_has_unreleased_on_top_and_names_the_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert sections[0] == "[Unreleased]"
    assert PYPROJECT["project"]["version"] in text


def test_decisions_are_numbered_without_gaps_and_say_status_and_date() -> None:
    pages = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [page.name[:4] for page in pages] == [f"{number:04d}" for number in range(1, len(pages) + 1)]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert re.search(r"^Status: \w+.*Date: \d{4}-\d\d-\d\d\.", text, re.MULTILINE), page.name


def test_makefile_explains_every_target() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)[0].split()
    explained = re.findall(r"^([a-z-]+):.*## \w", text, re.MULTILINE)
    assert sorted(phony) == sorted(explained)
