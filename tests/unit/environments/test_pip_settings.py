from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.environments import pip_settings
from runner.environments.pip_settings import config_files, read_settings, uv_variables


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Variables with which all files of pip lie below a folder of the test."""
    monkeypatch.setattr(pip_settings, "OF_MACHINE", tmp_path / "pip.conf")
    return {
        "HOME": str(tmp_path / "home"),
        "XDG_CONFIG_DIRS": str(tmp_path / "etc"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "VIRTUAL_ENV": str(tmp_path / "venv"),
        "PIP_CONFIG_FILE": str(tmp_path / "named.conf"),
    }


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_later_places_precede_earlier_ones(machine: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path / "etc" / "pip" / "pip.conf", "[global]\nindex-url = https://machine/simple\ntimeout = 1\n")
    write(tmp_path / "config" / "pip" / "pip.conf", "[install]\nindex_url = https://user/simple\n[global]\ncert = /a\n")
    assert read_settings(machine) == {"index-url": "https://user/simple", "timeout": "1", "cert": "/a"}
    write(tmp_path / "venv" / "pip.conf", "[global]\ncert = /b\n")
    write(tmp_path / "named.conf", "[global]\nindex-url = https://named/simple\n")
    assert read_settings(machine)["cert"] == "/b"
    assert read_settings(machine)["index-url"] == "https://named/simple"
    assert read_settings({**machine, "PIP_INDEX_URL": "https://var/simple"})["index-url"] == "https://var/simple"


def test_a_broken_file_and_the_null_device_mean_no_settings(machine: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path / "named.conf", "no section\n")
    assert read_settings(machine) == {}
    assert config_files({**machine, "PIP_CONFIG_FILE": os.devnull}) == ()


def test_each_setting_becomes_the_variable_of_uv() -> None:
    settings = {
        "index-url": "https://a/simple",
        "extra-index-url": "https://b/simple\nhttps://c/simple",
        "find-links": "/wheels https://d/",
        "trusted-host": "a\nb",
        "cert": "/a path/ca.pem",
        "no-index": "false",
        "proxy": "http://proxy:8080",
        "quiet": "1",
    }
    assert uv_variables(settings) == {
        "UV_DEFAULT_INDEX": "https://a/simple",
        "UV_INDEX": "https://b/simple https://c/simple",
        "UV_FIND_LINKS": "/wheels,https://d/",
        "UV_INSECURE_HOST": "a b",
        "SSL_CERT_FILE": "/a path/ca.pem",
        "ALL_PROXY": "http://proxy:8080",
        "HTTP_PROXY": "http://proxy:8080",
        "HTTPS_PROXY": "http://proxy:8080",
    }
    assert uv_variables({"no-index": "1"}) == {"UV_NO_INDEX": "1"}
