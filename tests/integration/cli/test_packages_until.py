"""The date of packages from each place that states one, by ``runner plan`` and ``runner run``, without a network."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from runner.cli.exits import BAD_INPUT
from runner.cli.main import main
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.wiring.configuration import load
from tests.support.wheel_files import write_wheel

ALL, ONE, FILE, LINE = "2022-01-01", "2022-02-02", "2022-03-03", "2022-04-04"
PYTHON = "{}.{}".format(*sys.version_info[:2])
IN_ALL = f"packages_until: {ALL}\n"
IN_ONE = f"environments: {{train: {{packages_until: {ONE}}}}}\n"
IN_OTHER = f"environments: {{other: {{packages_until: {ONE}}}}}\n"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.py").write_text("import tiny")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("RUNNER_CONFIG", str(tmp_path / "none.yaml"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    write_wheel(tmp_path / "wheels", "tiny", "1.0")
    return folder


def _write(project: Path, config: str = "", date: str = "") -> None:
    """Write a configuration, and a pipeline whose environment states a date or none."""
    lines = [f"--no-index --find-links {project.parent / 'wheels'}", "tiny"]
    train = {"python": PYTHON, "pip": lines, **({"packages_until": date} if date else {})}
    document = {"environments": {"train": train}, "steps": {"one": {"script": "a.py"}}}
    (project / "pipe.yaml").write_text(json.dumps(document))
    (project / "runner.yaml").write_text(config)


def _json(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("config", "date", "expected"),
    [
        ("", "", ""),
        (IN_ALL, "", ALL),
        (IN_ALL, FILE, FILE),
        (IN_ALL + IN_OTHER, "", ALL),
        (IN_ALL + IN_ONE, FILE, ONE),
    ],
)
def test_the_configuration_states_the_date_of_one_environment_or_of_those_without_one(
    project: Path, config: str, date: str, expected: str
) -> None:
    _write(project, config, date)
    train = NamedEnvironment("train", EnvironmentSpec(packages_until=date))
    assert load(project, {"RUNNER_CONFIG": str(project / "none")}).dated(train).spec.packages_until == expected


def test_the_command_line_precedes_the_file_in_a_plan_that_is_written(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(project, IN_ALL + IN_ONE, FILE)
    assert main(["plan", "pipe.yaml", "-o", "json", "--packages-until", LINE]) == 0
    written = capsys.readouterr().out
    assert LINE in written
    assert FILE not in written


@pytest.mark.parametrize(("words", "expected"), [((), ONE), (("--packages-until", LINE), LINE)])
def test_a_run_installs_a_lock_of_that_date(
    project: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], expected: str
) -> None:
    _write(project, IN_ALL + IN_ONE, FILE)
    assert main(["run", "pipe.yaml", *words]) == 0
    capsys.readouterr()
    (used,) = _json(capsys, "show")["environments"]
    (stored,) = (project / ".runner" / "environments" / "locks").glob("*/*.json")
    lock = json.loads(stored.read_text())["lock"]
    assert (lock["date"], used["lock"] != "") == (expected, True)


def test_a_word_that_is_no_date_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(project)
    assert main(["plan", "pipe.yaml", "--packages-until", "June"]) == BAD_INPUT
    assert "packages_until 'June' is no date" in capsys.readouterr().err


def test_the_commands_for_environments_use_the_date_of_the_configuration(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(project, IN_ALL + IN_ONE, FILE)
    (found,) = _json(capsys, "environment", "show", "pipe.yaml")["environments"]
    assert found["date"] == ONE
