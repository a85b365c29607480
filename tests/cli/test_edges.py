"""What the command does at its edges: bad files, bad homes, closed pipes, and what it loads."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from packtrace.signing.keyfile import save_private_key
from packtrace.tests.cli.command import COMMAND, call, call_well, clean_environment, run
from packtrace.tests.cli.conftest import CODE
from packtrace.tests.scene import Scene, uscc_of
from packtrace.trace.cli import ledger_access
from packtrace.trace.cli.main import COMMANDS
from packtrace.trace.lifecycle.table import ROWS

SAMPLES = Path(__file__).parents[2] / "sample_batches" / "truck-of-legacy-packs"
REGISTRAR = f"uscc:{uscc_of(1)}"


@pytest.mark.parametrize("command", ["submit", "sign", "load"])
def test_missing_file_is_wrong_usage(command: str, home: Path, tmp_path: Path) -> None:
    args = ["--key", "x"] if command == "sign" else []
    result = call(command, tmp_path / "nothing", *args, "--home", home)
    assert result.exit_code == 2
    assert "expected a file, got nothing there" in result.stderr


@pytest.mark.parametrize("command", ["submit", "sign"])
def test_folder_in_place_of_a_file_is_wrong_usage(command: str, home: Path, tmp_path: Path) -> None:
    args = ["--key", "x"] if command == "sign" else []
    result = call(command, tmp_path, *args, "--home", home)
    assert (result.exit_code, "got a folder" in result.stderr) == (2, True)


@pytest.mark.parametrize("data", [b"", b"\n \n"])
def test_empty_input_is_no_success(data: bytes, home: Path) -> None:
    for command in (("submit",), ("sign", "--key", "x")):
        result = call(*command, "--home", home, stdin=data)
        assert (result.exit_code, "got none" in result.stderr) == (2, True)


def test_binary_file_is_refused_line_by_line(home: Path, tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 20)
    result = call("submit", tmp_path / "binary", "--home", home)
    assert result.exit_code == 1
    assert all("refused MALFORMED_JWS" in line for line in result.stdout.splitlines())
    result = call("sign", tmp_path / "binary", "--key", "x", "--home", home)
    assert (result.exit_code, "expected text in UTF-8" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("[1]", "expected a JSON object"),
        ("{", "expected a JSON object"),
        ('{"a":' * 100_000, "expected"),
        ('{"a":1,"a":2}', "'a' twice"),
        ('{"a":1.5}', "integers"),
        ('{"a":NaN}', "integers"),
        ('{"data":{"x":"<fill in: a text>"}}', "/data/x"),
        ("{}", "expected"),
        ('{"a":' * 900 + "1" + "}" * 900, "at most 16 deep"),
    ],
    ids=lambda value: value[:12],
)
def test_statement_that_no_log_would_take_is_not_signed(
    statement: str, says: str, home: Path, tmp_path: Path
) -> None:
    call_well("key", "new", "--out", tmp_path / "k.pem", "--home", home)
    result = call("sign", "--key", tmp_path / "k.pem", "--home", home, stdin=statement)
    assert result.exit_code in (1, 2)
    assert says in result.stderr
    assert result.stdout == ""


def test_home_without_a_log_is_wrong_usage(tmp_path: Path) -> None:
    for command in (("submit",), ("show", CODE), ("org", "list"), ("export", tmp_path / "o")):
        result = call(*command, "--home", tmp_path / "none", stdin=b"x")
        assert (result.exit_code, "HOME_INVALID" in result.stderr) == (2, True)


def test_home_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    args = ("init", "--origin", "x.example", "--registrar", REGISTRAR)
    result = call(*args, "--home", tmp_path / "file" / "home")
    assert result.exit_code == 3
    assert "expected" in result.stderr and "got" in result.stderr


def test_home_that_somebody_holds_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_access, "LOCK_WAIT_S", 0.05)
    with FileLock(home / "ledger.lock"):
        result = call("submit", "--home", home, stdin=b"x")
    assert result.exit_code == 3
    assert "another process holding it" in result.stderr


def test_log_is_never_founded_over_another(home: Path) -> None:
    before = (home / "home.json").read_bytes()
    result = call("init", "--origin", "x.example", "--registrar", REGISTRAR, "--home", home)
    assert (result.exit_code, "expected no log yet" in result.stderr) == (2, True)
    assert (home / "home.json").read_bytes() == before


@pytest.mark.parametrize(
    "args", [("--origin", "Upper.example"), ("--registrar", "uscc:914403000000000000"), ("--purpose", "fun")]
)
def test_log_that_cannot_be_opened_leaves_nothing_behind(args: tuple[str, str], tmp_path: Path) -> None:
    good = {"--origin": "x.example", "--registrar": REGISTRAR} | dict([args])
    result = call("init", *(part for pair in good.items() for part in pair), "--home", tmp_path / "home")
    assert result.exit_code in (1, 2)
    assert "expected" in result.stderr or "is not one of" in result.stderr
    assert not (tmp_path / "home").exists()


def test_private_keys_are_for_their_owner_alone_and_never_printed(tmp_path: Path) -> None:
    args = ("init", "--origin", "x.example", "--registrar", REGISTRAR, "--home", tmp_path)
    result = call(*args)
    for file in (tmp_path / "keys").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        secret = file.read_text().splitlines()[1]
        assert secret not in result.output


def test_passphrase_seals_every_key_and_opens_them_again(tmp_path: Path) -> None:
    (tmp_path / "phrase").write_text("correct horse\n")
    home = ("--home", tmp_path / "h")
    sealed = ("--passphrase-file", tmp_path / "phrase", *home)
    call_well("init", "--origin", "x.example", "--registrar", REGISTRAR, *sealed)
    for file in (tmp_path / "h" / "keys").iterdir():
        assert "BEGIN ENCRYPTED PRIVATE KEY" in file.read_text()
    enrol = ("org", "enrol", f"uscc:{uscc_of(2)}", "--name-en", "M", "--region", "CN", "--role", "dealer")
    refused = call(*enrol, *home)
    assert (refused.exit_code, "expected a passphrase" in refused.stderr) == (2, True)
    wrong = call(*enrol, *home, PACKTRACE_PASSPHRASE="wrong")
    assert wrong.exit_code != 0
    assert "wrong" not in wrong.output.replace("--passphrase", "")
    call_well(*enrol, *home, PACKTRACE_PASSPHRASE="correct horse")
    empty = call("org", "list", *home, PACKTRACE_PASSPHRASE="")
    assert empty.exit_code == 0  # a list asks for no key


def test_key_that_is_held_elsewhere_is_added_by_its_proof(home: Path, scene: Scene, tmp_path: Path) -> None:
    maker = scene.maker.id
    save_private_key(tmp_path / "maker.pem", scene.maker.admin, passphrase=None)
    admin = ("--admin-key", tmp_path / "maker.pem", "--home", home)
    made = json.loads(call_well("key", "new", maker, "--out", tmp_path / "new.pem", "--home", home))
    given = ("--jwk", json.dumps(made["jwk"]), "--possession", made["possession"])
    assert made["kid"] in call_well("key", "add", maker, *given, "--name", "phone", *admin)
    again = call("key", "add", maker, *given, *admin)
    assert (again.exit_code, "KEY_ALREADY_BOUND" in again.stderr) == (1, True)
    old = json.loads(call_well("key", "new", maker, "--out", tmp_path / "n2.pem", "--home", home))
    call_well("key", "add", maker, *admin)  # the head moves on, and the proof with it is worth nothing
    stale = ("--jwk", json.dumps(old["jwk"]), "--possession", old["possession"])
    assert "KEY_NOT_PROVEN" in call("key", "add", maker, *stale, *admin).stderr
    call_well("key", "revoke", maker, made["kid"], "--reason", "lost", *admin)
    (line,) = [
        json.loads(line)
        for line in call_well("key", "list", maker, "--json", "--home", home).splitlines()
        if made["kid"] in line
    ]
    assert (line["revoked"], line["name"]) == (True, "phone")


def test_organisation_is_enrolled_with_an_admin_key_held_elsewhere(tmp_path: Path) -> None:
    home = ("--home", tmp_path / "h")
    call_well("init", "--origin", "x.example", "--registrar", REGISTRAR, "--name", "Registry", *home)
    org = f"uscc:{uscc_of(2)}"
    new = ("key", "new", org, "--admin", "--origin", "x.example", "--out", tmp_path / "a.pem")
    made = json.loads(call_well(*new, "--home", tmp_path / "another"))
    (tmp_path / "jwk.json").write_text(json.dumps(made["jwk"]))
    (tmp_path / "proof").write_text(made["possession"])
    enrol = ("org", "enrol", org, "--name-zh", "厂", "--region", "CN-440300", "--role", "dealer")
    call_well(*enrol, "--admin-jwk", tmp_path / "jwk.json", "--possession", tmp_path / "proof", *home)
    assert made["kid"] in call_well("org", "list", "--json", *home)
    twice = call(*enrol, *home)
    assert (twice.exit_code, "ILLEGAL_TRANSITION" in twice.stderr) == (1, True)
    call_well("org", "suspend", org, "--reason", "licence withdrawn", *home)
    assert "suspended" in call_well("org", "list", *home)
    call_well("org", "reinstate", org, "--reason", "licence renewed", *home)


@pytest.mark.parametrize("role", ["baker", "recycler:shred", "recycler@L-1"])
def test_role_that_is_none_is_wrong_usage(role: str, home: Path) -> None:
    args = ("org", "enrol", f"uscc:{uscc_of(9)}", "--name-en", "X", "--region", "CN", "--role", role)
    result = call(*args, "--home", home)
    assert (result.exit_code, "--role: expected" in result.stderr) == (2, True)


def test_nothing_is_overwritten_without_being_asked(home: Path, tmp_path: Path) -> None:
    call_well("export", tmp_path / "b", "--home", home)
    again = call("export", tmp_path / "b", "--home", home)
    assert (again.exit_code, "expected nothing there" in again.stderr) == (2, True)
    call_well("export", tmp_path / "b", "--overwrite", "--home", home)
    call_well("key", "new", "--out", tmp_path / "k", "--home", home)
    assert call("key", "new", "--out", tmp_path / "k", "--home", home).exit_code == 2


@pytest.mark.parametrize("code", ["04QPB", "battery:none:1", "04QPB76836300JBC40000002", "事件", "x" * 500])
def test_code_of_no_battery_is_told(code: str, home: Path) -> None:
    result = call("show", code, "--home", home)
    assert result.exit_code == 1
    assert "expected" in result.stderr and "got" in result.stderr


def test_unknown_type_and_foreign_subject_have_no_template(home: Path) -> None:
    assert "type: expected one of" in call("template", "battery.melted", CODE, "--home", home).stderr
    wrong = call("template", "battery.retired", "org:" + REGISTRAR, "--home", home)
    assert (wrong.exit_code, "expected a subject battery:" in wrong.stderr) == (1, True)


def test_every_type_has_a_template(home: Path, scene: Scene) -> None:
    subjects = {
        "log": f"log:{scene.origin}",
        "org": scene.maker.org,
        "keys": f"keys:{scene.maker.id}",
        "battery": CODE,
        "vehicle": "vehicle:AAAAAAAAAAAAAAAAAAAAAA",
        "batch": f"batch:{scene.recycler.id}/1",
        "notes": f"notes:battery:gbt34014:{CODE}",
    }
    for row in ROWS.values():
        if row.chain in subjects:
            said = json.loads(call_well("template", row.type, subjects[row.chain], "--home", home))
            assert (said["type"], said["aud"]) == (row.type, scene.origin)


def test_verifier_loads_no_database_and_no_web_server(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom packtrace.trace.cli.main import main\n"
        "try: main(['verify', sys.argv[1]])\nexcept SystemExit: pass\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(SAMPLES / "bundle.zip")],
        cwd=tmp_path,
        env=clean_environment(HOME=str(tmp_path)),
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = done.stdout.splitlines()[-1]
    assert "packtrace" in loaded
    for name in ("sqlmodel", "sqlalchemy", "alembic", "flask", "marshmallow", "rich"):
        assert f"'{name}'" not in loaded


def test_verifier_needs_no_network(tmp_path: Path) -> None:
    alone = ["unshare", "-n"]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], capture_output=True).returncode:
        pytest.skip("this machine lets nobody give up the network")
    command = [*alone, COMMAND, "verify", SAMPLES / "bundle.zip", "--trust", SAMPLES / "trust.json"]
    done = subprocess.run(
        command, cwd=tmp_path, env=clean_environment(HOME=str(tmp_path)), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_closed_pipe_is_quiet(tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        [COMMAND, "verify", SAMPLES / "bundle.zip", "--json"],
        cwd=tmp_path,
        env=clean_environment(HOME=str(tmp_path)),
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(theirs)
    assert "Error" not in done.stderr and "Exception" not in done.stderr
    assert done.returncode == 141


@pytest.mark.parametrize("source", [".", "empty", "binary"])
def test_source_that_is_none_is_undecided(source: str, tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 50)
    trust = ("--trust", SAMPLES / "trust.json", "--home", tmp_path / "h")
    result = call("verify", tmp_path / source, *trust)
    assert result.exit_code == 3
    assert result.stdout.startswith("UNDECIDED")


def test_trust_file_that_is_none_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "trust.json").write_text("{}")
    for named in ("trust.json", "nothing", "."):
        result = call("verify", SAMPLES / "bundle.zip", "--trust", tmp_path / named, "--home", tmp_path)
        assert (result.exit_code, "expected" in result.stderr) == (2, True)


def test_verdict_stands_where_nothing_can_be_remembered(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    args = ("verify", SAMPLES / "bundle.zip", "--trust", SAMPLES / "trust.json")
    result = call(*args, "--home", tmp_path / "file" / "home")
    assert (result.exit_code, "pins: expected" in result.stderr) == (0, True), result.output


def test_colour_is_never_piped(home: Path, tmp_path: Path) -> None:
    done = run(tmp_path, "show", CODE, "--home", home, FORCE_COLOR="1")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout + done.stderr


def test_samples_are_loaded_at_the_times_of_their_story(tmp_path: Path) -> None:
    first = call("load", SAMPLES, "--home", tmp_path / "h")
    assert first.exit_code == 0, first.output
    assert "PUBLISHED" in first.stderr
    expected = json.loads((SAMPLES / "expected.json").read_text())
    call_well("export", tmp_path / "b", "--home", tmp_path / "h")
    args = ("verify", tmp_path / "b", "--trust", SAMPLES / "trust.json", "--home", tmp_path / "i", "--json")
    summary = json.loads(call_well(*args).splitlines()[-1])
    assert (summary["outcome"], summary["root"]) == ("VERIFIED", expected["root"])
    again = call_well("load", SAMPLES, "--home", tmp_path / "h")
    assert f"{expected['submissions']} known" in again


def test_samples_found_no_log_but_one_for_demonstration(home: Path, scene: Scene, tmp_path: Path) -> None:
    folder = tmp_path / "samples"
    folder.mkdir()
    shutil.copytree(SAMPLES.parent / "published_keys", folder / "published_keys")
    real = Scene(purpose="production")
    line = {"at": "2026-04-01T01:00:36.683Z", "events": [real.log_opened()]}
    (folder / "events.ndjson").write_text(json.dumps(line))
    result = call("load", folder, "--home", tmp_path / "new")
    assert (result.exit_code, "expected log.opened for demonstration" in result.stderr) == (2, True)
    assert not (tmp_path / "new").exists()
    # Into a log that is there already, samples of another are refused one by one.
    assert "WRONG_AUDIENCE" in call("load", SAMPLES, "--home", home).stdout


def test_demonstration_shows_a_verified_and_a_refuted_copy(tmp_path: Path) -> None:
    done = run(tmp_path, "demo", "--home", "demo", "--no-serve")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\nVERIFIED" in done.stdout and "\nREFUTED" in done.stdout
    others = {path.parent.name for path in SAMPLES.parent.glob("*/events.ndjson")} - {SAMPLES.name}
    assert others and done.stdout.count("\n  VERIFIED") == len(others)
    assert all(f"\n{name}: " in done.stdout for name in others)
    again = run(tmp_path, "demo", "--home", "demo", "--no-serve")
    assert (again.returncode, "expected an empty folder" in again.stderr) == (2, True)


def test_measurement_gives_ratios(tmp_path: Path) -> None:
    said = json.loads(call_well("bench", "--json", "--rounds", "1", "--events", "300"))
    assert {"audit", "audit_without_signatures", "ingest"} <= set(said["ratios"])
    assert {"http_batch", "http_single", "group_commit"} <= set(said["ratios"])
    assert all(ratio > 0 for ratio in said["ratios"].values())
    assert said["bytes"]["payload"] < said["bytes"]["bundle"] < said["bytes"]["database"]
    assert (said["events"] >= 300, said["verify_peak_bytes"] > 0) == (True, True)


@pytest.mark.parametrize(("allowed", "exit_code"), [(128, 0), (1, 1)])
def test_memory_beyond_what_is_allowed_is_a_failure(allowed: int, exit_code: int) -> None:
    done = call("bench", "--events", "300", "--memory", str(allowed), "--json")
    assert done.exit_code == exit_code
    assert 10 << 20 < json.loads(done.stdout)["verify_peak_bytes"] < 128 << 20


@pytest.mark.parametrize("args", [(), ("--help",), ("verify", "--help"), ("--version",)])
def test_help_comes_without_loading_what_it_does_not_need(args: tuple[str, ...]) -> None:
    code = (
        "import sys\nfrom packtrace.trace.cli.main import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit: pass\n"
        "sys.stderr.write(' '.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, check=True)
    heavy = {"sqlalchemy", "cryptography", "jsonschema_rs", "filelock", "packtrace.trace.verify.audit"}
    assert not heavy & set(done.stderr.split())


def test_every_command_is_in_the_help() -> None:
    text = call_well("--help")
    for name, line in COMMANDS.items():
        assert f"  {name} " in text
        assert line.split()[0] in text


def test_unknown_command_is_wrong_usage() -> None:
    result = call("fly")
    assert (result.exit_code, "No such command" in result.stderr) == (2, True)


def test_ledger_lies_in_a_sqlite_file_that_was_named(tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "elsewhere.db"
    named = ("--home", home, "--db", f"sqlite:///{file}")
    call_well("init", "--origin", "x.example/elsewhere", "--registrar", REGISTRAR, *named)
    assert file.stat().st_mode & 0o077 == 0 and not (home / "ledger.db").exists()
    assert "log.opened" in call_well("show", "log:x.example/elsewhere", "--home", home)  # it remembers
    call_well("export", tmp_path / "b.zip", "--home", home)
    trust = ("--trust", home / "trust.json")
    for source in (tmp_path / "b.zip", file, f"sqlite:///{file}"):
        assert call("verify", source, *trust, "--home", tmp_path / "regulator").exit_code == 0, source
    assert call("verify", home, *trust, "--home", home).exit_code == 0
    sent = call("verify", home, *trust, "--home", tmp_path / "regulator")
    assert (sent.exit_code, "got one elsewhere" in sent.stdout) == (3, True)
    own = call("verify", file, "--home", home)  # the trust file beside the database decides nothing
    assert own.exit_code == 3
    lost = call("init", "--origin", "y.example", "--registrar", REGISTRAR, "--home", tmp_path / "other",
                "--db", f"sqlite:///{tmp_path}/nowhere/x.db")  # fmt: skip
    assert (lost.exit_code, "expected a folder for the database" in lost.stderr) == (2, True)


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite:///", "nothing"])
def test_database_that_holds_no_ledger_is_wrong_usage(url: str, home: Path, tmp_path: Path) -> None:
    founded = ("init", "--origin", "x.example", "--registrar", REGISTRAR, "--home", tmp_path / "new")
    for command in ((*founded, "--db", url), ("show", CODE, "--home", home, "--db", url)):
        result = call(*command)
        assert (result.exit_code, "--db: expected a URL postgresql://" in result.stderr) == (2, True)
    assert not (tmp_path / "new").exists()


def test_database_that_does_not_answer_leaves_nothing_behind_and_tells_no_password(tmp_path: Path) -> None:
    url = "postgresql://someone:secret@127.0.0.1:1/none"
    args = ("init", "--origin", "x.example", "--registrar", REGISTRAR, "--home", tmp_path / "new")
    result = call(*args, "--db", url)
    assert (result.exit_code, "expected an answer" in result.stderr) == (3, True)
    assert "secret" not in result.output
    assert not (tmp_path / "new").exists()


def test_keys_of_nobody_are_not_listed(home: Path) -> None:
    result = call("key", "list", f"uscc:{uscc_of(77)}", "--home", home)
    assert (result.exit_code, "expected one that is enrolled" in result.stderr) == (2, True)


def test_home_is_said_before_or_after_and_the_last_word_holds(home: Path, tmp_path: Path) -> None:
    assert call("--home", home, "org", "list").exit_code == 0
    assert call("org", "--home", home, "list").exit_code == 0
    assert call("--home", tmp_path / "none", "org", "list", "--home", home).exit_code == 0
    assert call("--home", home, "org", "list", PACKTRACE_HOME=str(tmp_path / "none")).exit_code == 0
    assert call("org", "list", PACKTRACE_HOME=str(home)).exit_code == 0


def test_key_id_that_begins_with_a_hyphen_is_no_option(home: Path, scene: Scene, tmp_path: Path) -> None:
    save_private_key(tmp_path / "maker.pem", scene.maker.admin, passphrase=None)
    kid = "-" + "A" * 42
    args = ("--reason", "lost", "--admin-key", tmp_path / "maker.pem", "--home", home)
    assert "KEY_UNKNOWN" in call("key", "revoke", scene.maker.id, kid, *args).stderr
    assert f"got {kid}, nothing there" in call("sign", "--key", kid, "--home", home, stdin="{}").stderr


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_verdict_is_told_in_whatever_letters_there_are(encoding: str, home: Path, tmp_path: Path) -> None:
    call_well("export", tmp_path / "copy", "--home", home)
    done = run(
        tmp_path, "verify", "copy", "--trust", home / "trust.json", PYTHONIOENCODING=encoding, PYTHONUTF8="0"
    )
    assert (done.returncode, done.stdout[:9]) == (0, "VERIFIED ")


HALF = b'{"\\ud800":1}\n{"\\u001b[2J\\nline 9: accepted":1}\n'


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_line_that_quotes_half_a_character_is_refused_and_the_rest_is_answered(
    options: tuple[str, ...], home: Path, tmp_path: Path
) -> None:
    done = run(tmp_path, "submit", "--home", home, *options, stdin=HALF)
    assert (done.returncode, len(done.stdout.splitlines())) == (1, 2)
    assert "\x1b" not in done.stdout


def test_name_of_an_organisation_adds_no_line_to_the_list(tmp_path: Path) -> None:
    home = tmp_path / "home"
    call_well("init", "--origin", "log.packtrace.example/x", "--registrar", REGISTRAR, "--home", home)
    forged = f"A\norg:uscc:{uscc_of(9)}  Honest  CN  recycler"
    org, role = f"uscc:{uscc_of(2)}", "battery_maker"
    args = ("org", "enrol", org, "--name-en", forged, "--region", "CN", "--role", role, "--home", home)
    call_well(*args)
    for command in (("org", "list"), ("show", f"org:{org}")):
        lines = call_well(*command, "--home", home).splitlines()
        assert not [line for line in lines if line.startswith(f"org:uscc:{uscc_of(9)}")]


@pytest.mark.parametrize("given", ["nothing", "."])
def test_passphrase_file_that_is_none_is_wrong_usage(given: str, home: Path, tmp_path: Path) -> None:
    result = call("submit", "--home", home, "--passphrase-file", tmp_path / given, stdin=b"x")
    assert result.exit_code == 2, result.output


def test_log_key_that_does_not_open_is_wrong_usage(home: Path, tmp_path: Path) -> None:
    (home / "keys" / "log.pem").chmod(0o644)
    result = call("submit", "--home", home, stdin=b"x")
    assert (result.exit_code, "LOG_KEY_INVALID" in result.stderr) == (2, True)


def test_folder_that_was_there_is_for_its_owner_alone_once_a_log_lives_in_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    call_well("init", "--origin", "log.packtrace.example/x", "--registrar", REGISTRAR, "--home", home)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
