from __future__ import annotations

import json
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from runner.cli.main import main
from runner.errors import BadInput
from runner.model.token import parsed
from runner.operations import tokens
from runner.sdk.base import session as sdk_session
from runner.sdk.base.exceptions import AuthenticationException
from runner.sdk.workspaces.authentication import InteractiveLoginAuthentication, ServicePrincipalAuthentication
from runner.sdk.workspaces.workspace import Workspace
from runner.wiring import OpenWorkspace, open_session, server_token
from runner.wiring.clock import SystemClock
from tests.support.fake_clock import FakeClock
from tests.support.memory_store import MemoryStore


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenWorkspace:
    """A workspace with a store, and an empty configuration folder."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("RUNNER_TOKEN", raising=False)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    made = open_session()
    assert made.store_id
    return made


def test_a_token_is_printed_once_and_stored_as_a_digest(
    workspace: OpenWorkspace, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", "create", "ci", "--scope", "read", "--scope", "submit"]) == 0
    out, err = capfd.readouterr()
    text = out.strip()
    record = tokens.Verifier(workspace.store, SystemClock()).verify(text)
    assert (record.name, record.scopes) == ("ci", ("read", "submit"))
    assert text not in err
    assert main(["token", "list"]) == 0
    assert main(["token", "list", "--json"]) == 0
    listed = capfd.readouterr().out
    assert "ci" in listed
    secret = text.rpartition("_")[2]
    assert secret not in listed
    assert record.digest not in listed
    files = [path for path in workspace.config.root.rglob("*") if path.is_file()]
    assert not any(secret.encode() in path.read_bytes() for path in files)
    assert main(["token", "revoke", "ci"]) == 0
    capfd.readouterr()
    assert main(["token", "list", "--json"]) == 0
    assert json.loads(capfd.readouterr().out) == {"tokens": []}
    assert main(["token", "list", "--json", "--all"]) == 0
    (document,) = json.loads(capfd.readouterr().out)["tokens"]
    assert (document["id"], document["valid"]) == (record.id, False)


def test_a_saved_token_is_the_header_of_every_login(
    workspace: OpenWorkspace, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["token", "create", "me", "--scope", "submit", "--expires", "never", "--save"]) == 0
    assert capfd.readouterr().out == ""
    file = server_token.token_file(workspace.store_id)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text().strip()
    assert tokens.Verifier(workspace.store, SystemClock()).verify(text).expires is None
    sdk_session.use(open_session())
    try:
        expected = {"Authorization": f"Bearer {text}"}
        assert InteractiveLoginAuthentication(tenant_id="t").get_authentication_header() == expected
        assert ServicePrincipalAuthentication("t", "i", "p").get_authentication_header() == expected
        assert Workspace.from_config()._auth.get_authentication_header() == expected
        monkeypatch.setenv("RUNNER_TOKEN", "rt_of_ci")
        assert InteractiveLoginAuthentication().get_authentication_header() == {"Authorization": "Bearer rt_of_ci"}
        monkeypatch.delenv("RUNNER_TOKEN")
        file.chmod(0o644)
        with pytest.raises(AuthenticationException, match="can be read by others"):
            InteractiveLoginAuthentication().get_authentication_header()
    finally:
        sdk_session.use(None)


def test_without_a_token_the_header_is_empty_and_a_note_says_how_to_make_one(
    workspace: OpenWorkspace, capfd: pytest.CaptureFixture[str]
) -> None:
    sdk_session.use(workspace)
    try:
        assert InteractiveLoginAuthentication().get_authentication_header() == {}
    finally:
        sdk_session.use(None)
    assert "runner token create" in capfd.readouterr().err
    assert tokens.all_of(workspace.store) == []


def test_the_first_server_of_a_machine_makes_its_token_once_for_each_store(workspace: OpenWorkspace) -> None:
    clock, one, two = FakeClock(), MemoryStore(), MemoryStore()
    assert server_token.ensure(one, "1111", clock, "ann")
    assert not server_token.ensure(one, "1111", clock, "ann")
    assert server_token.ensure(two, "2222", clock, "ann")
    first, second = server_token.known_token("1111"), server_token.known_token("2222")
    assert tokens.Verifier(one, clock).verify(first).scopes == ("read", "submit")
    with pytest.raises(BadInput):
        tokens.Verifier(one, clock).verify(second)
    assert server_token.known_token(workspace.store_id) == ""
    assert server_token.known_token("") == ""


def test_an_expired_or_unknown_token_of_the_machine_is_replaced_and_a_revoked_one_stays(
    workspace: OpenWorkspace,
) -> None:
    clock, store = FakeClock(), MemoryStore()
    server_token.ensure(store, "1111", clock, "")
    clock.advance(timedelta(days=91).total_seconds())
    assert server_token.ensure(store, "1111", clock, "")
    renewed = server_token.known_token("1111")
    given = parsed(renewed)
    assert given is not None
    tokens.revoke(store, given.id, clock.now())
    assert not server_token.ensure(store, "1111", clock, "")
    assert server_token.known_token("1111") == renewed
    assert server_token.ensure(MemoryStore(), "1111", clock, "")


@pytest.mark.parametrize(
    "argv",
    [
        ["token", "create", "ci"],
        ["token", "create", "ci", "--scope", "admin"],
        ["token", "create", "ci", "--scope", "submit:nothing"],
        ["token", "revoke", "nobody"],
    ],
)
def test_wrong_input_is_refused_and_makes_nothing(workspace: OpenWorkspace, argv: list[str]) -> None:
    assert main(argv) == 2
    assert tokens.all_of(workspace.store) == []


@pytest.mark.parametrize("time", ["-1d", "0", "5x", "4000d", "tomorrow"])
def test_a_lifetime_that_is_none_is_refused(workspace: OpenWorkspace, time: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["token", "create", "ci", "--scope", "read", f"--expires={time}"])
    assert ended.value.code == 2
    assert tokens.all_of(workspace.store) == []


def test_a_local_step_gets_no_token_of_the_machine_and_its_log_shows_none(
    workspace: OpenWorkspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server_token.ensure(workspace.store, workspace.store_id, SystemClock(), "ann")
    text = server_token.known_token(workspace.store_id)
    monkeypatch.setenv("RUNNER_TOKEN", "rt_of_the_environment")
    (tmp_path / "work" / "steps").mkdir()
    (tmp_path / "work" / "steps" / "leak.py").write_text(
        "import os\n"
        f"print('file', open({str(server_token.token_file(workspace.store_id))!r}).read())\n"
        "print('variable', os.environ.get('RUNNER_TOKEN'))\n"
    )
    (tmp_path / "work" / "pipeline.yaml").write_text("steps:\n  leak:\n    source: steps\n    script: leak.py\n")
    done = subprocess.run(
        [sys.executable, "-m", "runner", "run", "pipeline.yaml"],
        cwd=tmp_path / "work",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    run = open_session().runs()[0]
    log = open_session().logs(run, "leak")
    assert "file ***" in log
    assert "variable None" in log
    stored = [path for path in (tmp_path / "work").rglob("*") if path.is_file()]
    assert not any(text.encode() in path.read_bytes() for path in stored)
