"""`runner serve` as a process: where it listens, what it refuses, and how it ends."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from runner.cli.commands import serve as command
from runner.config.serve import ServeConfig
from runner.errors import BadInput
from runner.server import process
from tests.support.needs import cannot_run
from tests.support.projects import Project
from tests.support.rest_server import served, token_of


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "w").mkdir()
    return Project(tmp_path / "w", tmp_path / "cache", bare=True)


def pair(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key."""
    if shutil.which("openssl") is None:
        cannot_run("openssl is not installed")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "1", "-subj", "/CN=runner",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


def test_it_serves_this_machine_and_ends_well(project: Project) -> None:
    with served(project, "--port", "0") as server:
        assert httpx.get(f"{server.url}/healthz").json() == {"status": "ok"}
        assert httpx.get(f"{server.url}/api/v1/runs").status_code == 401
        header = {"Authorization": f"Bearer {token_of(project)}"}
        assert httpx.get(f"{server.url}/api/v1/runs", headers=header).status_code == 200
        assert "server" not in httpx.get(f"{server.url}/healthz").headers
    assert [json.loads(line)["status"] for line in server.audit] == [401, 200]
    with served(project, "--port", "0", "--no-schedules") as again:
        assert httpx.get(f"{again.url}/api/v1/runs", headers=header).status_code == 200, "a start makes no second token"
    assert "schedules are not fired" in "".join(again.said)


def test_it_encrypts(project: Project, tmp_path: Path) -> None:
    certificate, key = pair(tmp_path)
    with served(project, "--port", "0", "--tls-cert", str(certificate), "--tls-key", str(key)) as server:
        assert server.url.startswith("https://127.0.0.1:")
        trusted = ssl.create_default_context(cafile=str(certificate))
        assert httpx.get(f"{server.url}/healthz", verify=trusted).status_code == 200
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"{server.url}/healthz".replace("https:", "http:"))


def test_a_call_that_has_begun_is_answered_after_sigterm(project: Project) -> None:
    with served(project, "--port", "0") as server:
        header = f"Authorization: Bearer {token_of(project)}\r\n"
        path = "/pipelines/v1.0/PipelineRuns/PipelineSubmit/11111111-1111-4111-8111-111111111111"
        with socket.create_connection(server.address) as connection:
            connection.sendall(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}Content-Length: 2\r\n\r\n".encode())
            time.sleep(0.5)
            ending = threading.Timer(0.1, server.process.terminate)
            ending.start()
            time.sleep(1)
            connection.sendall(b"{}")
            assert connection.recv(65536).startswith(b"HTTP/1.1 404 ")
            ending.join()


def test_another_address_needs_encryption(project: Project) -> None:
    ended = project.run("serve", "--host", "0.0.0.0", "--port", "0")
    assert ended.returncode == 2
    assert "plain text" in ended.stderr
    assert "--tls-cert" in ended.stderr


def test_what_cannot_be_used_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="--tls-cert FILE --tls-key FILE"):
        process.Encryption("a.pem").check(ServeConfig())
    with pytest.raises(BadInput, match="cannot be used"):
        process.Encryption(str(tmp_path / "none"), str(tmp_path / "none")).check(ServeConfig())
    process.Encryption().check(ServeConfig(host="0.0.0.0", behind_proxy=True))
    process.Encryption().check(ServeConfig(host="::1"))
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(BadInput, match="--port N"):
        process.bound(ServeConfig(port=taken.getsockname()[1]))


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from runner.cli.arguments import parse

    for name in [
        name for name in sys.modules if name.partition(".")[0] == "starlette" or name.startswith("runner.server")
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "starlette", None)
    with pytest.raises(BadInput, match=r"kube-runner\[serve\]"):
        command.run(parse(["serve"]))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("{url: 'ftp://x'}", "address of a server"),
        ("{url: 'https://host/Id/x'}", "v1's clients"),
        ("{host: example.org}", "no IP address"),
        ("{port: 0}", "out of range"),
        ("{prot: 1}", "did you mean 'port'"),
        ("{limits: {submissions: 0}}", "out of range"),
        ("{trusted_proxy: {addresses: [10.0.0.1/8]}}", "no IP address and no network"),
        ("{hosts: ['a b']}", "name of a host"),
    ],
)
def test_the_section_of_the_configuration_is_checked(tmp_path: Path, text: str, part: str) -> None:
    from runner.wiring.configuration import load

    (tmp_path / "runner.yaml").write_text(f"serve: {text}\n", encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        load(tmp_path, {"RUNNER_CONFIG": str(tmp_path / "none")})
    assert part in str(caught.value)
