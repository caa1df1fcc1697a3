"""`runner ui` as a process: its address, its one-time token, its end, and what others of the machine may try."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from runner.cli import serving
from runner.cli.commands import ui
from runner.config.serve import ServeConfig, TrustedProxy
from runner.errors import BadInput
from tests.support.projects import Project


@dataclass
class Shown:
    """A running `runner ui`."""

    process: subprocess.Popen[str]
    address: str

    @property
    def base(self) -> str:
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}"

    def get(self, address: str, **headers: str) -> httpx.Response:
        return httpx.get(address, headers=headers, timeout=30)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project", tmp_path / "cache")


@pytest.fixture
def shown(project: Project) -> Iterator[Shown]:
    process = project.start("ui", "--no-browser")
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"(http://127\.0\.0\.1:\d+/login\?once=\S+)", line)
        assert found, line
        yield Shown(process, found[1])
    finally:
        process.kill()
        process.wait(30)


def test_the_address_opens_one_session_of_the_machines_user(shown: Shown) -> None:
    assert shown.get(f"{shown.base}/runs").status_code == 303
    opened = shown.get(shown.address)
    assert (opened.status_code, 'url=/runs"' in opened.text) == (200, True)
    cookie = opened.headers["set-cookie"].partition(";")[0]
    page = shown.get(f"{shown.base}/runs", Cookie=cookie)
    assert (page.status_code, "There are no runs yet" in page.text) == (200, True)
    replayed = shown.get(shown.address)
    assert (replayed.status_code, "set-cookie" in replayed.headers) == (401, False)
    assert shown.get(f"{shown.base}/runs", Cookie=cookie, Host="evil.example").status_code == 421
    command = Path(f"/proc/{shown.process.pid}/cmdline")
    if command.exists():
        assert shown.address.rpartition("=")[2] not in command.read_text(encoding="utf-8")
    shown.process.send_signal(signal.SIGINT)
    _, said = shown.process.communicate(timeout=60)
    assert shown.process.returncode == 0
    assert shown.address.rpartition("=")[2] not in said
    assert cookie.partition("=")[2] not in said


def test_it_listens_on_this_machine_alone_whatever_the_server_does() -> None:
    configured = ServeConfig(
        url="https://runs.example",
        host="0.0.0.0",
        port=443,
        behind_proxy=True,
        trusted_proxy=TrustedProxy(addresses=("0.0.0.0/0",)),
    )
    made = ui.settings_of(configured, Namespace(port=None))
    assert (made.host, made.port, made.url, made.behind_proxy, made.trusted_proxy) == ("127.0.0.1", 0, "", False, None)


def test_another_address_needs_encryption(project: Project) -> None:
    refused = project.run("ui", "--host", "0.0.0.0", "--no-browser")
    assert refused.returncode == 2
    assert "plain text" in refused.stderr
    assert "behind_proxy" not in refused.stderr
    assert "ssh -L" in refused.stderr


def test_the_page_of_a_run_can_be_asked_for(project: Project) -> None:
    refused = project.run("ui", "nothing", "--no-browser")
    assert refused.returncode == 2
    assert "there is no run 'nothing' here" in refused.stderr


def test_the_address_leads_to_the_page_of_a_run() -> None:
    settings = ServeConfig(port=8000)
    assert ui.address_of(settings, "a b", "/runs/x") == "http://127.0.0.1:8000/login?once=a+b&next=%2Fruns%2Fx"


def test_without_its_packages_it_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(BadInput) as refused, serving.packages_of("runner ui", "web"):
        import jinja2  # noqa: F401
    assert refused.value.problems[0].remedy == "pip install 'kube-runner[web]'"
    with pytest.raises(ModuleNotFoundError), serving.packages_of("runner ui", "web"):
        import not_a_package_of_ours  # type: ignore[import-not-found]  # noqa: F401


@pytest.mark.parametrize(
    ("environ", "platform", "terminal", "expected"),
    [
        ({"DISPLAY": ":0"}, "linux", True, True),
        ({"WAYLAND_DISPLAY": "w"}, "linux", True, True),
        ({}, "linux", True, False),
        ({}, "darwin", True, True),
        ({"DISPLAY": ":0"}, "linux", False, False),
        ({"DISPLAY": ":0", "SSH_CONNECTION": "1"}, "linux", True, False),
    ],
)
def test_a_browser_is_opened_where_there_is_one(
    environ: dict[str, str], platform: str, terminal: bool, expected: bool
) -> None:
    assert ui.has_browser(environ, platform, terminal) is expected


def test_others_of_the_machine_do_not_see_the_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """They see the arguments of a browser's process."""
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    ui._open("http://127.0.0.1:1/login?once=secret&next=/runs", tmp_path)
    (address,) = opened
    assert "secret" not in address
    file = tmp_path / "open.html"
    assert address == file.as_uri()
    assert file.stat().st_mode & 0o077 == 0
    assert "once=secret&amp;next=/runs" in file.read_text(encoding="utf-8")
